//! Measures what the built plugin costs a host: [`process`] times its blocks, [`instances`] measures loading and memory.
//!
//! Both play in real time, like a sound card. If they played faster, the plugin would detect an offline render and wait
//! for its model.
#![forbid(unsafe_code)]

pub mod instances;
pub mod process;
mod thread_usage;

use std::time::{Duration, Instant};

use crate::host::{ActivationConfig, HostTransport};

/// Samples per second.
pub const SAMPLE_RATE: f64 = 48_000.0;
/// Samples per block.
pub const BLOCK: u32 = 64;
/// Live, as a value of the parameter Look-ahead.
const LIVE: f64 = 4.0;

/// How the plugin is activated.
const CONFIG: ActivationConfig = ActivationConfig { sample_rate: SAMPLE_RATE, max_block_size: BLOCK, offline: false };

/// Starts blocks at the times at which a sound card would ask for them.
#[derive(Debug)]
struct SoundCard {
    due: Instant,
}

/// How late a host may be without a dropout. After a dropout it does not catch up.
const BUFFERED: Duration = Duration::from_millis(3);

impl SoundCard {
    fn new() -> Self {
        Self { due: Instant::now() }
    }

    /// Returns when the next block is due.
    fn wait(&mut self) {
        let now = Instant::now();
        if now > self.due + BUFFERED {
            self.due = now;
        }
        std::thread::sleep(self.due.saturating_duration_since(now));
        self.due += Duration::from_secs_f64(f64::from(BLOCK) / SAMPLE_RATE);
    }
}

/// The transport at a sample, at 120 beats per minute.
fn transport_at(sample: u64, playing: bool) -> HostTransport {
    let seconds = sample as f64 / SAMPLE_RATE;
    HostTransport { playing, beats: 2.0 * seconds, seconds, ..HostTransport::default() }
}
