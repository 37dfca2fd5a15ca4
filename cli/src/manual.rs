//! Shell completions and manual pages, made of the command line's own description.

use std::io::Write;

use anyhow::{Context, Result};
use clap::CommandFactory;
use tonenet_files::outputs::Inputs;

use crate::args::{Cli, CompletionsArgs, ManArgs};

/// The program's name, whatever it was called by.
const NAME: &str = "tonenet";

/// `tonenet completions`.
///
/// # Errors
/// When standard output takes nothing.
pub fn completions(args: &CompletionsArgs) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), NAME, &mut script);
    print(&script)
}

/// `tonenet man`.
///
/// # Errors
/// When a page cannot be written.
pub fn man(args: &ManArgs) -> Result<()> {
    // Built, commands know their full names and the help command is among them.
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    let Some(folder) = &args.output else { return print(&page(&program, NAME)?) };
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
    let man = clap_mangen::Man::new(command.clone()).title(name);
    man.render(&mut page).with_context(|| format!("cannot make the page of {name}"))?;
    Ok(page)
}

fn print(bytes: &[u8]) -> Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(bytes).and_then(|()| stdout.flush()).context("cannot write to standard output")
}
