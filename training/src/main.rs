//! The program behind `cargo xtask train`, `export`, `evaluate`, `quantise` and `bench`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use tonenet_training::arguments::{Cli, Command};
use tonenet_training::models::Trainee;
use tonenet_training::workspace::Missing;
use tonenet_training::{bench, checks, evaluate, feel, quantise};

fn main() -> ExitCode {
    tonenet_files::console::end_with_reader();
    match run(&Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // `cargo xtask` installs what is missing and calls again.
            if let Some(missing) = error.downcast_ref::<Missing>() {
                eprintln!("{missing}");
                return missing.exit_code();
            }
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command) -> Result<()> {
    match command {
        Command::Train(args) => {
            checks::check_run(args)?;
            // It is solved in closed form, without libtorch.
            if args.model == Trainee::Feel { feel::train(args) } else { train(args) }
        }
        Command::Export(args) => checks::check_export(args).and_then(|()| export(args)),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Quantise(args) => quantise::run(args),
        Command::Bench(what) => bench::run(what),
    }
}

#[cfg(feature = "torch")]
use tonenet_training::{export::run as export, train::train};

#[cfg(not(feature = "torch"))]
fn train(_args: &tonenet_training::arguments::TrainArgs) -> Result<()> {
    Err(Missing::Libtorch.into())
}

#[cfg(not(feature = "torch"))]
fn export(_args: &tonenet_training::arguments::ExportArgs) -> Result<()> {
    Err(Missing::Libtorch.into())
}
