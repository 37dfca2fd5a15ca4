//! Drives the processor by the system's clock, for MIDI ports that have none of their own.
//!
//! A block is processed when its time has passed, and each message is sent at its own moment, one block later. So all messages
//! are late by the same time, and none is late by more than the system's timer is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rtrb::Consumer;

use super::PortError;
use crate::host::Processor;

/// The sample rate in Hz. The system's clock is finer.
pub const SAMPLE_RATE: f64 = 48_000.0;

/// The length of a block in samples: 2.7 ms.
pub const BLOCK: u32 = 128;

/// After a longer pause, such as a suspended computer, the clock begins anew.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// The most bytes of a message that comes in. Longer ones are system-exclusive, which the plugin does not pass either.
pub const LONGEST_MESSAGE: usize = 47;

/// A message that came in.
#[derive(Debug, Clone, Copy)]
pub struct Arrived {
    /// When it came.
    pub at: Instant,
    /// How many of the bytes it has.
    pub length: u8,
    /// Its bytes.
    pub bytes: [u8; LONGEST_MESSAGE],
}

/// The thread that drives the processor. It ends when this is dropped.
pub struct Clock {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Clock {
    /// Starts the thread. `send` sends a message at once, and returns whether it could.
    ///
    /// # Errors
    /// [`PortError::NoThread`] if the system gives none.
    pub fn start(
        mut processor: Processor,
        mut arrived: Option<Consumer<Arrived>>,
        mut send: impl FnMut(&[u8]) -> bool + Send + 'static,
    ) -> Result<Self, PortError> {
        let stop = Arc::<AtomicBool>::default();
        let stopped = stop.clone();
        let drive = move || {
            let mut start = Instant::now();
            while !stopped.load(Ordering::Acquire) {
                let end = start + samples(BLOCK);
                sleep_until(end);
                while let Some(message) = arrived.as_mut().and_then(|arrived| arrived.pop().ok()) {
                    processor.receive(frame(message.at, start), &message.bytes[..message.length.into()]);
                }
                processor.process(BLOCK, |frame, bytes| {
                    sleep_until(end + samples(frame));
                    send(bytes)
                });
                let now = Instant::now();
                start = if now > end + LONGEST_PAUSE { now } else { end };
            }
        };
        let thread = thread::Builder::new().name("tonenet midi".into()).spawn(drive);
        let thread = thread.map_err(|error| PortError::NoThread(error.to_string()))?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The frame of a moment in the block that has begun at `start`. What comes later than the block belongs to its end.
fn frame(moment: Instant, start: Instant) -> u32 {
    let frame = moment.saturating_duration_since(start).as_secs_f64() * SAMPLE_RATE;
    (frame as u32).min(BLOCK - 1)
}

fn samples(samples: u32) -> Duration {
    Duration::from_secs_f64(f64::from(samples) / SAMPLE_RATE)
}

fn sleep_until(moment: Instant) {
    let wait = moment.saturating_duration_since(Instant::now());
    if !wait.is_zero() {
        thread::sleep(wait);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_arrives_keeps_its_frame_within_the_block() {
        let start = Instant::now();
        for (micros, expected) in [(0, 0), (1_000, 48), (2_600, 124), (2_667, 127), (900_000, 127)] {
            assert_eq!(frame(start + Duration::from_micros(micros), start), expected, "{micros} µs");
        }
        assert_eq!(frame(start, start + Duration::from_millis(1)), 0, "before the block");
    }
}
