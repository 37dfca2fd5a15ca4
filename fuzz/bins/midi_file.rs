//! Fuzzes the MIDI parser with any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tonenet_fuzz_targets::midi_file::check(bytes));
