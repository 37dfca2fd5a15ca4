//! `cargo xtask test`: everything that CI runs, in the order that finds mistakes soonest.

use std::fmt::{self, Display, Formatter};
use std::process::Command;
use std::time::{Duration, Instant};

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
/// Every cargo step gets it, as it gets [`bundle::TEST_FEATURES`] from the first build on. Both enable features of shared
/// crates, which would otherwise be built twice.
const TRAINING: &str = "tonenet-training/torch";

/// The feature with which clippy checks the programs for libFuzzer. What they call is replayed in the tests.
const FUZZ_PROGRAMS: &str = "tonenet-fuzz-targets/programs";

/// The feature of the standalone program that ends it where its audio thread allocates.
const STANDALONE: &str = "tonenet-standalone/assert_process_allocs";

/// Runs all of it; stops at the first failure.
pub fn all() -> Result<()> {
    let mut steps = Steps::default();
    let mut left_out = Vec::new();
    let libtorch = steps.run("set-up", || {
        setup::onnxruntime()?;
        setup::midi_headers()?;
        setup::libtorch_if_there_is_one()
    })?;
    let features: &[&str] = if libtorch {
        &[TRAINING]
    } else {
        println!("not compiled nor tested: training, for which there is no libtorch here; export LIBTORCH to have it");
        left_out.push("training");
        &[]
    };
    steps.run("form", || {
        run(cargo().args(["fmt", "--all", "--check"]))?;
        vendor::run(&VendorArgs { check: true })?;
        // Their own lock file must fit.
        run(cargo().args(["tree", "--manifest-path", "fuzz/Cargo.toml", "--locked", "--depth", "1"]))
    })?;
    if steps.run("licences and advisories", deny::check)? == deny::Checked::AllButAdvisories {
        left_out.push("advisories");
    }
    steps.run("clippy", || {
        let all = [features, &[FUZZ_PROGRAMS]].concat();
        run(whole("clippy", &all).args(["--all-targets", "--", "--deny", "warnings"]))?;
        // As evaluation builds it.
        run(cargo().args(["clippy", "--package", "tonenet-training", "--locked", "--", "--deny", "warnings"]))
    })?;
    steps
        .run("documentation", || run(whole("doc", features).env("RUSTDOCFLAGS", "--deny warnings").arg("--no-deps")))?;
    let bundles = steps.run("compiler", || bundle::for_tests_of_all(features))?;
    let features = &[features, &[bundle::TEST_FEATURES]].concat();
    match setup::jack_server() {
        Ok(()) => steps.run("JACK", || {
            let features = [features.as_slice(), &[STANDALONE]].concat();
            run(whole("test", &features).args(["--test", "jack", "--", "--ignored", "--test-threads", "1"]))
        })?,
        Err(error) => {
            println!("not tested on a JACK server: {error:#}");
            left_out.push("the standalone on a JACK server");
        }
    }
    steps.run("tests", || run(whole("test", features).env("TONENET_BUNDLES", &bundles.folder)))?;
    match setup::software_vulkan() {
        Ok(driver) => steps.run("pictures", || snapshots::compare(&mut whole("test", features), &driver))?,
        Err(error) => {
            println!("not compared with pictures: {error:#}");
            left_out.push("pictures of the window");
        }
    }
    match Screen::open() {
        // Including the tests that other runs ignore. One at a time: they count what the process has open, and their windows
        // would cover each other.
        Ok(screen) => steps.run("windows", || {
            run(whole("test", features)
                .env("TONENET_BUNDLES", &bundles.folder)
                .env("DISPLAY", screen.display())
                .args(["--test", "window", "--", "--ignored", "--test-threads", "1"]))
        })?,
        Err(error) => {
            println!("not tested on a screen: {error:#}");
            left_out.push("the window on a screen");
        }
    }
    match daw_test::install() {
        Ok(()) => steps.run("DAW", || daw_test::run(&bundles, whole("build", features)))?,
        Err(error) => {
            println!("not tested in a DAW: {error:#}");
            left_out.push("the DAW test");
        }
    }
    println!("{steps}");
    let seconds = steps.sum().as_secs_f64();
    match left_out[..] {
        [] => println!("all passed in {seconds:.0} s"),
        _ => println!("all that could be run passed in {seconds:.0} s; LEFT OUT: {}", left_out.join(", ")),
    }
    Ok(())
}

/// How long each step took.
#[derive(Default)]
struct Steps(Vec<(&'static str, Duration)>);

impl Steps {
    /// Does a step and counts its time.
    fn run<T>(&mut self, name: &'static str, step: impl FnOnce() -> Result<T>) -> Result<T> {
        let started = Instant::now();
        let result = step()?;
        self.0.push((name, started.elapsed()));
        Ok(result)
    }

    fn sum(&self) -> Duration {
        self.0.iter().map(|(_, time)| *time).sum()
    }
}

impl Display for Steps {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let steps: Vec<_> = self.0.iter().map(|(name, time)| format!("{name} {:.0} s", time.as_secs_f64())).collect();
        f.write_str(&steps.join(", "))
    }
}

/// One of cargo's commands over the whole workspace.
fn whole(command: &str, features: &[&str]) -> Command {
    let mut cargo = cargo();
    cargo.args([command, "--workspace", "--locked", "--features", &features.join(",")]);
    cargo
}
