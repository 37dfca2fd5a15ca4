#![no_main]

use tonenet_fuzz_targets::model_metadata;

libfuzzer_sys::fuzz_target!(init: model_metadata::survive_the_runtimes_panics(), |bytes: &[u8]| model_metadata::check(bytes));
