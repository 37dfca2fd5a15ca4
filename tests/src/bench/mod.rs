//! What the built plugin costs a host: [`process`] times its blocks, [`instances`] how soon it plays and what each
//! instance takes.
//!
//! Both play in real time, as a sound card has it: faster, the plugin would take it for an export and wait for its
//! model.

pub mod instances;
pub mod process;

use std::time::{Duration, Instant};

use crate::clap::HostTransport;

/// What the host runs at.
pub const SAMPLE_RATE: f64 = 48_000.0;
/// Samples a block.
pub const BLOCK: u32 = 64;
/// Live, as the parameter Look-ahead counts its choices.
const LIVE: f64 = 4.0;

/// Lets blocks begin when a sound card would ask for them.
#[derive(Debug)]
struct SoundCard {
    due: Instant,
}

/// What a sound card has in store: a host that is later than this has a gap, and is not asked to make up for it.
const STORE: Duration = Duration::from_millis(3);

impl SoundCard {
    fn new() -> Self {
        Self { due: Instant::now() }
    }

    /// Returns when the next block is due.
    fn wait(&mut self) {
        let now = Instant::now();
        if now > self.due + STORE {
            self.due = now;
        }
        std::thread::sleep(self.due.saturating_duration_since(now));
        self.due += Duration::from_secs_f64(f64::from(BLOCK) / SAMPLE_RATE);
    }
}

/// The song at a sample, at 120 beats a minute.
fn transport(sample: u64, playing: bool) -> HostTransport {
    let seconds = sample as f64 / SAMPLE_RATE;
    HostTransport { playing, beats: 2.0 * seconds, seconds, tempo: 120.0, loop_beats: None, signature: (4, 4) }
}
