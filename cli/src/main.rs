//! `tonenet`: another genre's dynamics for MIDI files, and new material, without a host.

mod args;
mod generate;
mod models;
mod restyle;

use anyhow::Result;
use clap::Parser;

use args::{Cli, Command};

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
        Command::Restyle(args) => restyle::run(&args),
        Command::Generate(args) => generate::run(&args),
    }
}
