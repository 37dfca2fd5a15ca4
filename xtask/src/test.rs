//! `cargo xtask test`: everything CI runs, in the order in which a mistake shows soonest.

use std::time::Instant;

use anyhow::Result;

use crate::bundle;
use crate::daw_test;
use crate::setup;
use crate::workspace::{cargo, run};

/// Runs all of it; stops at the first failure.
pub fn all() -> Result<()> {
    let started = Instant::now();
    setup::onnxruntime()?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]))?;
    run(cargo().env("RUSTDOCFLAGS", "--deny warnings").args(["doc", "--workspace", "--no-deps", "--locked"]))?;
    let bundles = bundle::for_tests_of_all()?;
    run(cargo().env("TONENET_BUNDLES", &bundles.folder).args(["test", "--workspace", "--locked"]))?;
    let tested = match daw_test::install() {
        Ok(()) => daw_test::run(&bundles).map(|()| "all passed")?,
        Err(error) => {
            println!("not tested in a DAW: {error:#}");
            "all but the DAW test, which was left out, passed"
        }
    };
    println!("{tested} in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}
