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
const LIVE: f64 = 0.0;

/// Lets blocks begin when a sound card would ask for them.
#[derive(Debug)]
struct SoundCard {
    started: Instant,
    samples: u64,
}

impl SoundCard {
    fn new() -> Self {
        Self { started: Instant::now(), samples: 0 }
    }

    /// Returns when the next block is due.
    fn wait(&mut self) {
        let due = self.started + Duration::from_secs_f64(self.samples as f64 / SAMPLE_RATE);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        self.samples += u64::from(BLOCK);
    }
}

/// The song at a sample, at 120 beats a minute.
fn transport(sample: u64, playing: bool) -> HostTransport {
    let seconds = sample as f64 / SAMPLE_RATE;
    HostTransport { playing, beats: 2.0 * seconds, seconds, tempo: 120.0, loop_beats: None, signature: (4, 4) }
}
