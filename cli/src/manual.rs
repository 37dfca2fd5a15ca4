//! Shell completions and manual pages, made of the command line's own description.

use std::io;

use anyhow::{Context, Result};
use clap::CommandFactory;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};
use tonenet_files::outputs::Inputs;

use crate::args::{Cli, CompletionsArgs, ManArgs};
use crate::terminal;

/// The program's name, whatever it was called by.
const NAME: &str = "tonenet";

/// `tonenet completions`.
///
/// # Errors
/// When standard output takes nothing.
pub fn completions(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut script);
    terminal::print(&script)
}

/// `tonenet man`.
///
/// # Errors
/// When a page cannot be written.
pub fn man(args: &ManArgs) -> Result<()> {
    // Built, commands know their full names and the help command is among them.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let Some(folder) = &args.output else { return terminal::print(&page(&program, NAME)?) };
    let mut outputs = Inputs::default().outputs();
    let mut pages = vec![(NAME.to_owned(), page(&program, NAME)?)];
    for command in program.get_subcommands() {
        let name = format!("{NAME}-{}", command.get_name());
        pages.push((name.clone(), page(command, &name)?));
    }
    let pages = pages.into_iter().map(|(name, page)| Ok((outputs.file(&folder.join(format!("{name}.1")))?, page)));
    for (file, page) in pages.collect::<Result<Vec<_>>>()? {
        file.write(&page)?;
        println!("{}", file.name().display());
    }
    Ok(())
}

fn page(command: &clap::Command, name: &str) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let man = Man::new(command.clone()).title(name).source(format!("{NAME} {}", env!("CARGO_PKG_VERSION")));
    sections(&man, command, &mut page).with_context(|| format!("cannot make the page of {name}"))?;
    Ok(page)
}

/// Writes a page with the examples as they are laid out; clap_mangen would fill their lines.
fn sections(man: &Man, command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(page)?;
    }
    if let Some(examples) = command.get_after_help() {
        let mut section = Roff::new();
        section.control("SH", ["EXAMPLES AND NOTES"]).control("nf", []);
        for line in examples.to_string().lines() {
            section.text([roman(line)]);
        }
        section.control("fi", []).to_writer(page)?;
    }
    Ok(())
}
