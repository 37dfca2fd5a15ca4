//! `cargo xtask …`: everything a developer or a newcomer of ToneNet runs.

mod bench;
mod bundle;
mod cli;
mod dataset;
mod daw_test;
mod demo;
mod evaluate;
#[cfg(feature = "train")]
mod export;
mod files;
mod fuzz;
mod generate;
mod graphs;
mod phrases;
mod plot;
mod quantise;
mod restyle;
mod setup;
mod soak;
mod test;
#[cfg(feature = "train")]
mod train;
mod tunes;
mod validate;
mod workspace;

use anyhow::Result;
use clap::Parser;

use cli::{Cli, Command, Library};

fn main() -> std::process::ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Demo(args) => demo::run(&args),
        Command::Test => test::all(),
        Command::Soak(args) => soak::run(&args),
        Command::Bench(what) => bench::run(&what),
        Command::DawTest => daw_test::install().and_then(|()| daw_test::run(&bundle::for_tests()?)),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Bundle => bundle::release().map(drop),
        Command::Install => bundle::install(),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Quantise(args) => quantise::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Restyle(args) => restyle::run(&args),
        Command::Setup { library: Library::Onnxruntime } => setup::onnxruntime().map(drop),
        Command::Setup { library: Library::Libtorch } => setup::libtorch(),
        #[cfg(feature = "train")]
        Command::Train(args) => train::train(&args),
        #[cfg(feature = "train")]
        Command::Export(args) => export::run(&args),
        #[cfg(not(feature = "train"))]
        Command::Train(_) | Command::Export(_) => with_libtorch(),
    }
}

/// Installs libtorch where it is missing, builds this program again with it, and hands over.
#[cfg(not(feature = "train"))]
fn with_libtorch() -> Result<()> {
    if !setup::has_libtorch() {
        setup::libtorch()?;
    }
    // A folder of its own, or every other command would build again after a training.
    let status = workspace::cargo()
        // Linking libtorch's bindings across crates takes minutes and gains a training nothing.
        .args(["--config", "profile.release.lto=\"off\"", "--config", "profile.release.codegen-units=16"])
        .args(["run", "--release", "--package", "xtask", "--features", "train", "--target-dir", "target/train", "--"])
        .args(std::env::args_os().skip(1))
        .status()?;
    std::process::exit(status.code().unwrap_or(1))
}
