//! Fuzzes a session in a host: any events, blocks and transport.
#![no_main]

use tonenet_fuzz_targets::event_stream::{self, Script};

libfuzzer_sys::fuzz_target!(|script: Script| {
    event_stream::check(&script);
});
