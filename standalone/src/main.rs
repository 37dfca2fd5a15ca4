//! `tonenet-standalone`: ToneNet without a host, with MIDI ports, a player of MIDI files and ToneNet's window.
//!
//! The program hosts the plugin's `Plugin` implementation itself, and not through the framework's own standalone. That one has
//! no player, ignores the plugin's wish to be restarted, assumes 48,000 Hz whatever JACK says, needs an audio device for MIDI,
//! sends a block's messages all at once, opens no virtual ports, and restarts the plugin on its audio thread. To cure all of
//! this would have meant to patch every one of its files.
//!
//! [`song`] reads a file, [`player`] plays it, [`host`] runs the plugin, [`backend`] has the ports. Each block goes
//! back end → host → player → plugin → host → back end.

mod args;
mod backend;
mod host;
mod player;
mod session;
mod settings;
mod song;
mod sounding;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use args::Args;

fn main() -> ExitCode {
    tonenet_files::console::end_with_reader();
    match run(&Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("tonenet-standalone: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<ExitCode> {
    if args.list_ports {
        list_ports();
        return Ok(ExitCode::SUCCESS);
    }
    session::run(args)
}

/// Prints the ports of each kind, or why there are none.
fn list_ports() {
    for (kind, ports) in backend::list() {
        match ports {
            Ok(ports) => {
                for (what, names) in [("inputs", ports.inputs), ("outputs", ports.outputs)] {
                    println!("{kind} {what}:{}", if names.is_empty() { " none" } else { "" });
                    names.iter().for_each(|name| println!("  {name}"));
                }
            }
            Err(error) => println!("{kind}: {error}"),
        }
    }
}
