//! `tonenet`, the program that users install: gives MIDI files another genre's dynamics and writes new material, without
//! a DAW.
#![forbid(unsafe_code)]

mod args;
mod doctor;
mod generate;
mod inspect;
mod learn;
mod manual;
mod models;
mod report;
mod restyle;
mod terminal;
mod usage;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use args::{Cli, Command};

fn main() -> ExitCode {
    tonenet_files::console::end_with_reader();
    match run(&Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            usage::exit_code(&error)
        }
    }
}

fn run(command: &Command) -> Result<()> {
    match command {
        Command::Restyle(args) => restyle::run(args),
        Command::Generate(args) => generate::run(args),
        Command::Learn(args) => learn::run(args),
        Command::Inspect(args) => inspect::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Completions(args) => manual::completions(args),
        Command::Man(args) => manual::man(args),
    }
}
