#![no_main]

use tonenet_fuzz_targets::event_stream::{self, Script};

libfuzzer_sys::fuzz_target!(|script: Script| event_stream::check(&script));
