//! Fuzzes the readers of model files with any bytes.
#![no_main]

use tonenet_fuzz_targets::model_metadata;

libfuzzer_sys::fuzz_target!(init: model_metadata::ignore_runtime_panics(), |bytes: &[u8]| model_metadata::check(bytes));
