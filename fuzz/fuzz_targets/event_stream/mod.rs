//! Fuzzes a session in a host: through core's scheduler alone, or through the whole engine with its inference thread.
//!
//! The fuzzer chooses events, blocks, transport, settings, predictions and delays; `oracle` checks the output.

mod engine;
mod oracle;
mod scheduler;
mod script;

pub use script::Script;
use script::Through;

/// Plays a script and checks everything that is emitted.
pub fn check(script: &Script) {
    match script.through() {
        Through::Scheduler => scheduler::play(script),
        Through::Engine => engine::play(script),
    }
}
