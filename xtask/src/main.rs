//! `cargo xtask …`: the commands that build, check and measure ToneNet.

#![forbid(unsafe_code)]

mod bench;
mod bundle;
mod chroot;
mod cli;
mod daw_test;
mod demo;
mod deny;
mod dist;
mod forward;
mod fuzz;
mod gpu_check;
mod platform;
mod property_list;
mod release_build;
mod setup;
mod snapshots;
mod soak;
mod test;
mod validate;
mod vendor;
mod workflow;
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
        Command::Snapshots(args) => snapshots::run_alone(&args),
        Command::Soak(args) => soak::run(&args),
        Command::Bench { what } => bench::run(what.as_ref()),
        Command::DawTest => daw_test::install().and_then(|()| daw_test::run(&bundle::for_tests()?, daw_test::build())),
        Command::Fuzz(args) => fuzz::run(&args),
        Command::GpuCheck(args) => gpu_check::run(&args),
        Command::Validate(args) => validate::run(&args),
        Command::Vendor(args) => vendor::run(&args),
        Command::Deny => deny::check().map(drop),
        Command::Bundle => bundle::release().map(drop),
        Command::Dist(args) => dist::run(&args),
        Command::Workflow(args) => workflow::run(&args),
        Command::Install => bundle::install(),
        Command::Train(args) => forward::to_training(&["train"], &args),
        Command::Export(args) => forward::to_training(&["export"], &args),
        Command::Evaluate(args) => forward::to_training(&["evaluate"], &args),
        Command::Quantise(args) => forward::to_training(&["quantise"], &args),
        Command::Generate(args) => forward::to_tonenet("generate", &args),
        Command::Restyle(args) => forward::to_tonenet("restyle", &args),
        Command::Setup { library: Library::Onnxruntime } => setup::onnxruntime().map(drop),
        Command::Setup { library: Library::Libtorch } => setup::libtorch(),
    }
}
