//! Measures how soon the plugin plays and how much memory each instance takes.

use std::path::Path;
use std::time::{Duration, Instant};

use tonenet_core::midi::MidiMessage;

use super::{BLOCK, CONFIG, LIVE, SoundCard, transport_at};
use crate::HostError;
use crate::clap::ClapHost;
use crate::host::{Block, BlockInput, BlockOutput, Host};
use crate::memory::resident_bytes;

/// Blocks from one note to the next, about 20 ms. Each note lasts half as long.
const BLOCKS_PER_NOTE: u64 = 16;
/// How long to wait for a restyled note.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The costs of loading instances.
#[derive(Debug, Clone, Copy)]
pub struct InstanceCosts {
    /// The time to scan the bundle.
    pub scan: Duration,
    /// The time to load an instance and activate it.
    pub ready: Duration,
    /// The time from loading an instance to its first restyled note, in Live.
    pub first_note: Duration,
    /// The memory of a further instance that has played, in bytes; `None` where the system does not report it.
    pub bytes_per_instance: Option<i64>,
}

/// Measures the plugin in `clap`. The process must not have loaded it yet. Memory is the mean over `more` instances.
///
/// # Errors
/// When the plugin cannot be hosted or never restyles a note.
pub fn measure(clap: &Path, more: u32) -> Result<InstanceCosts, HostError> {
    let started = Instant::now();
    ClapHost::scan(clap)?;
    let scan = started.elapsed();
    let first = play_until_restyled(clap)?;
    let (ready, first_note) = (first.ready, first.first_note);
    let before = resident_bytes();
    let mut instances = vec![first];
    for _ in 0..more {
        instances.push(play_until_restyled(clap)?);
    }
    let per_instance = |(before, after): (i64, i64)| (after - before) / i64::from(more.max(1));
    Ok(InstanceCosts { scan, ready, first_note, bytes_per_instance: before.zip(resident_bytes()).map(per_instance) })
}

/// An instance that has restyled a note.
struct PlayedInstance {
    /// Kept loaded while memory is measured.
    _host: ClapHost,
    ready: Duration,
    first_note: Duration,
}

fn play_until_restyled(clap: &Path) -> Result<PlayedInstance, HostError> {
    let started = Instant::now();
    let mut host = ClapHost::load(clap)?;
    host.enable_report()?;
    host.set_parameter("Look-ahead", LIVE)?;
    host.activate(&CONFIG)?;
    let ready = started.elapsed();
    let mut card = SoundCard::new();
    for block in 0.. {
        let message = note_message(block);
        let inputs: Vec<BlockInput> = message.iter().map(|message| BlockInput::Message(0, message)).collect();
        card.wait();
        let mut first_note = None;
        let mut on_output = |out: BlockOutput| {
            if matches!(out.message, MidiMessage::Channel([0x90..=0x9F, ..])) {
                first_note = Some(started.elapsed());
            }
        };
        let transport = transport_at(block * u64::from(BLOCK), true);
        host.process(&Block::new(BLOCK).with_transport(&transport).with_inputs(&inputs), &mut on_output)?;
        if let Some(first_note) = first_note
            && host.report()?.restyled > 0
        {
            return Ok(PlayedInstance { _host: host, ready, first_note });
        }
        if started.elapsed() > TIMEOUT {
            break;
        }
    }
    Err(HostError::plugin(clap, "play", format!("no note was restyled in {} s", TIMEOUT.as_secs())))
}

/// The message of a block, if it has one.
fn note_message(block: u64) -> Option<MidiMessage> {
    let key = 48 + (block / BLOCKS_PER_NOTE % 24) as u8;
    match block % BLOCKS_PER_NOTE {
        0 => Some(MidiMessage::Channel([0x90, key, 64])),
        8 => Some(MidiMessage::Channel([0x80, key, 0])),
        _ => None,
    }
}
