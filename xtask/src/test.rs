//! `cargo xtask test`: everything that CI runs, in the order that finds mistakes soonest.

use std::process::Command;
use std::time::Instant;

use anyhow::Result;

use crate::bundle;
use crate::daw_test;
use crate::deny;
use crate::setup::{self, Screen};
use crate::snapshots;
use crate::vendor::{self, VendorArgs};
use crate::workspace::{cargo, run};

/// The feature of the training crate.
///
/// Every cargo step gets it. It enables features of shared crates, which would otherwise be built twice.
const TRAINING: &str = "tonenet-training/torch";

/// The feature with which clippy checks the programs for libFuzzer. What they call is replayed in the tests.
const FUZZ_PROGRAMS: &str = "tonenet-fuzz-targets/programs";

/// The feature of the standalone program that ends it where its audio thread allocates.
const STANDALONE: &str = "tonenet-standalone/assert_process_allocs";

/// Runs all of it; stops at the first failure.
pub fn all() -> Result<()> {
    let started = Instant::now();
    setup::onnxruntime()?;
    setup::midi_headers()?;
    let mut left_out = Vec::new();
    let features: &[&str] = if setup::libtorch_if_there_is_one()? {
        &[TRAINING]
    } else {
        println!("not compiled nor tested: training, for which there is no libtorch here; export LIBTORCH to have it");
        left_out.push("training");
        &[]
    };
    run(cargo().args(["fmt", "--all", "--check"]))?;
    vendor::run(&VendorArgs { check: true })?;
    if deny::check()? == deny::Checked::AllButAdvisories {
        left_out.push("advisories");
    }
    run(whole("clippy", &[features, &[FUZZ_PROGRAMS]].concat()).args(["--all-targets", "--", "--deny", "warnings"]))?;
    // As evaluation builds it.
    run(cargo().args(["clippy", "--package", "tonenet-training", "--locked", "--", "--deny", "warnings"]))?;
    // Their own lock file must fit.
    run(cargo().args(["tree", "--manifest-path", "fuzz/Cargo.toml", "--locked", "--depth", "1"]))?;
    run(whole("doc", features).env("RUSTDOCFLAGS", "--deny warnings").arg("--no-deps"))?;
    let bundles = bundle::for_tests_of_all(&[features, &[STANDALONE]].concat())?;
    match setup::jack_server() {
        // With the features that the bundles were built with, so that little is built for it.
        Ok(()) => run(whole("test", &[features, &[STANDALONE, bundle::TEST_FEATURES]].concat()).args([
            "--test",
            "jack",
            "--",
            "--ignored",
            "--test-threads",
            "1",
        ]))?,
        Err(error) => {
            println!("not tested on a JACK server: {error:#}");
            left_out.push("the standalone on a JACK server");
        }
    }
    run(whole("test", features).env("TONENET_BUNDLES", &bundles.folder))?;
    match setup::software_vulkan() {
        Ok(driver) => snapshots::compare(&mut whole("test", features), &driver)?,
        Err(error) => {
            println!("not compared with pictures: {error:#}");
            left_out.push("pictures of the window");
        }
    }
    match Screen::open() {
        // Including the tests that other runs ignore. One at a time: they count what the process has open, and their windows
        // would cover each other.
        Ok(screen) => run(whole("test", features)
            .env("TONENET_BUNDLES", &bundles.folder)
            .env("DISPLAY", screen.display())
            .args(["--test", "window", "--", "--ignored", "--test-threads", "1"]))?,
        Err(error) => {
            println!("not tested on a screen: {error:#}");
            left_out.push("the window on a screen");
        }
    }
    match daw_test::install() {
        Ok(()) => daw_test::run(&bundles, whole("build", features))?,
        Err(error) => {
            println!("not tested in a DAW: {error:#}");
            left_out.push("the DAW test");
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    match left_out[..] {
        [] => println!("all passed in {seconds:.0} s"),
        _ => println!("all that could be run passed in {seconds:.0} s; LEFT OUT: {}", left_out.join(", ")),
    }
    Ok(())
}

/// One of cargo's commands over the whole workspace.
fn whole(command: &str, features: &[&str]) -> Command {
    let mut cargo = cargo();
    cargo.args([command, "--workspace", "--locked", "--features", &features.join(",")]);
    cargo
}
