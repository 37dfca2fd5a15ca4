//! Fuzzes a session in a host: through core's scheduler alone, or through the whole engine with its inference thread.
//!
//! The fuzzer chooses events, blocks, transport, settings, predictions and delays; `oracle` checks the output.

mod engine;
mod feel;
mod hands;
mod oracle;
mod scheduler;
mod script;

pub use script::Script;
use script::Through;
use tonenet_core::scheduler::Event;

/// How much a script made sound.
#[derive(Debug, Clone, Copy, Default)]
pub struct Played {
    /// Note-ons that left.
    pub notes: u64,
    /// Those of them that did not leave when due.
    pub moved: u64,
}

impl Played {
    /// Counts an event that left so many samples before or after it was due.
    fn count(&mut self, event: Event, away: u64) {
        if matches!(event, Event::NoteOn { .. } | Event::PlainNoteOn { .. }) {
            self.notes += 1;
            self.moved += u64::from(away > 0);
        }
    }
}

/// Plays a script and checks everything that is emitted.
pub fn check(script: &Script) -> Played {
    match script.through() {
        Through::Scheduler => scheduler::play(script),
        Through::Engine => engine::play(script),
    }
}
