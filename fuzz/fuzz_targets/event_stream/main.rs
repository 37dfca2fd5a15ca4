//! Arbitrary events, blocks, transports, settings, answers and delays, through core's scheduler alone and through the
//! plugin's whole engine with its inference thread; [`oracle`] says what may come out.

#![no_main]

mod engine;
mod oracle;
mod scheduler;
mod script;

use libfuzzer_sys::fuzz_target;

use script::{Script, Through};

fuzz_target!(|script: Script| {
    match script.through() {
        Through::Scheduler => scheduler::play(&script),
        Through::Engine => engine::play(&script),
    }
});
