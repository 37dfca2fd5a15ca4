//! Fuzzes the reading of users' styles with any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tonenet_fuzz_targets::user_style::check(bytes));
