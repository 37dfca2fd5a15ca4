//! Fuzzes the loading of saved states with any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tonenet_fuzz_targets::state::check(bytes));
