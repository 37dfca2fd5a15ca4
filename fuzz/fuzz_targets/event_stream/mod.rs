//! Arbitrary events, blocks, transports, settings, answers and delays, through core's scheduler alone and through the
//! whole session with its inference thread; `oracle` says what may come out.

mod engine;
mod oracle;
mod scheduler;
mod script;

pub use script::Script;
use script::Through;

/// A session in a host.
pub fn check(script: &Script) {
    match script.through() {
        Through::Scheduler => scheduler::play(script),
        Through::Engine => engine::play(script),
    }
}
