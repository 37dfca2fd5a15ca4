//! How soon the plugin plays, and what each instance takes.

use std::path::Path;
use std::time::{Duration, Instant};

use tonenet_core::midi::MidiMessage;

use super::{BLOCK, LIVE, SAMPLE_RATE, SoundCard, transport};
use crate::HostError;
use crate::clap::{BlockOutput, ClapHost, InputEvent, Running};
use crate::memory::resident_bytes;

/// Blocks from one note to the next, each of which lasts half as long: some 20 ms.
const BLOCKS_A_NOTE: u64 = 16;
/// When no note will be restyled any more.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// To read the bundle as a host that scans does.
    pub scan: Duration,
    /// From there to an instance that is active.
    pub ready: Duration,
    /// From the making of the instance to when the first restyled note left, in Live.
    pub first_note: Duration,
    /// What another instance that has played takes, in bytes; `None` where the system does not tell.
    pub another: Option<i64>,
}

/// Measures the plugin in `clap`, in a process that has not loaded it yet; memory over some more instances.
///
/// # Errors
/// When the plugin cannot be hosted, or never restyles a note.
pub fn measure(clap: &Path, more: u32) -> Result<Measured, HostError> {
    let started = Instant::now();
    ClapHost::scan(clap)?;
    let scan = started.elapsed();
    let (first, ready, first_note) = instance(clap)?;
    let before = resident_bytes();
    let mut instances = vec![first];
    for _ in 0..more {
        instances.push(instance(clap)?.0);
    }
    let another = before.zip(resident_bytes()).map(|(before, after)| (after - before) / i64::from(more.max(1)));
    for (mut host, running) in instances {
        host.stop(running);
    }
    Ok(Measured { scan, ready, first_note, another })
}

/// An instance that has restyled a note; the time until it was active, and until that note left.
fn instance(clap: &Path) -> Result<((ClapHost, Running), Duration, Duration), HostError> {
    let started = Instant::now();
    let mut host = ClapHost::load(clap)?;
    host.ask_for_report()?;
    host.set_parameter("Look-ahead", LIVE)?;
    let mut running = host.start(SAMPLE_RATE, BLOCK, false)?;
    let ready = started.elapsed();
    let failed = |reason: String| HostError::Plugin { bundle: clap.display().to_string(), step: "play", reason };
    let mut card = SoundCard::new();
    for block in 0.. {
        let key = 48 + (block / BLOCKS_A_NOTE % 24) as u8;
        let message = match block % BLOCKS_A_NOTE {
            0 => Some(MidiMessage::Channel([0x90, key, 64])),
            8 => Some(MidiMessage::Channel([0x80, key, 0])),
            _ => None,
        };
        let events: Vec<InputEvent> = message.iter().map(|message| InputEvent::Message(0, message)).collect();
        card.wait();
        let mut left = None;
        let each = |out: BlockOutput| {
            if matches!(out.message, MidiMessage::Channel([0x90..=0x9F, ..])) {
                left = Some(started.elapsed());
            }
        };
        running.block(&transport(block * u64::from(BLOCK), true), BLOCK, &events, each).map_err(failed)?;
        if let Some(left) = left
            && host.report()?.restyled > 0
        {
            return Ok(((host, running), ready, left));
        }
        if started.elapsed() > PATIENCE {
            break;
        }
    }
    Err(failed(format!("no note was restyled in {} s", PATIENCE.as_secs())))
}
