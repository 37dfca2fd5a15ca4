//! `cargo xtask …`: everything a developer or a newcomer of ToneNet runs.

mod bench;
mod bundle;
mod cli;
mod dataset;
mod daw_test;
mod demo;
mod deny;
mod evaluate;
#[cfg(feature = "train")]
mod export;
mod forward;
mod fuzz;
mod graphs;
mod phrases;
mod plot;
mod quantise;
mod setup;
mod soak;
mod test;
#[cfg(feature = "train")]
mod train;
mod training;
mod tunes;
mod validate;
mod vendor;
mod workspace;

use anyhow::Result;
use clap::Parser;

use cli::{Cli, Command, Library};

fn main() -> std::process::ExitCode {
    tonenet_files::console::end_with_reader();
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
        Command::Vendor(args) => vendor::run(&args),
        Command::Deny => deny::check().map(drop),
        Command::Validate(args) => validate::run(&args),
        Command::Bundle => bundle::release().map(drop),
        Command::Install => bundle::install(),
        Command::Evaluate(args) => evaluate::run(&args),
        Command::Quantise(args) => quantise::run(&args),
        Command::Generate(args) => forward::to_tonenet("generate", &args),
        Command::Restyle(args) => forward::to_tonenet("restyle", &args),
        Command::Setup { library: Library::Onnxruntime } => setup::onnxruntime().map(drop),
        Command::Setup { library: Library::Libtorch } => setup::libtorch(),
        Command::Train(args) => training::check_run(&args).and_then(|()| train(&args)),
        Command::Export(args) => training::check_export(&args).and_then(|()| export(&args)),
    }
}

#[cfg(feature = "train")]
use {export::run as export, train::train};

#[cfg(not(feature = "train"))]
fn train(_args: &cli::TrainArgs) -> Result<()> {
    with_libtorch()
}

#[cfg(not(feature = "train"))]
fn export(_args: &cli::ExportArgs) -> Result<()> {
    with_libtorch()
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
