//! The programs of a release, and what they say of themselves: manual pages and shell completions.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::contents::{Contents, read};
use crate::platform::Platform;
use crate::release_build::{self, Output};
use crate::setup;

/// A program and the crate that it is built from.
pub struct Program {
    pub package: &'static str,
    pub name: &'static str,
}

/// All programs of a release. A new one needs a line here.
pub const PROGRAMS: &[Program] = &[
    Program { package: "tonenet-cli", name: "tonenet" },
    Program { package: "tonenet-standalone", name: "tonenet-standalone" },
];

/// The program that writes manual pages and completions.
const DESCRIBED: &str = "tonenet";

/// Shells with the paths where they look for completions, below `share`.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "bash-completion/completions/tonenet"),
    ("zsh", "zsh/site-functions/_tonenet"),
    ("fish", "fish/vendor_completions.d/tonenet.fish"),
];

/// Builds the programs and adds them at `bin`.
///
/// # Errors
/// When one does not compile.
pub fn add(contents: &mut Contents, platform: Platform) -> Result<()> {
    setup::midi_headers()?;
    for Program { package, name } in PROGRAMS {
        let built = release_build::build(platform, package, Output::Program(name))?;
        contents.add_program(format!("bin/{}", platform.program(name)), read(&built)?)?;
        if *name == DESCRIBED && platform != Platform::WindowsX64 {
            add_descriptions(contents, &built)?;
        }
    }
    Ok(())
}

/// Adds manual pages and completions at `share`, as the built program writes them.
fn add_descriptions(contents: &mut Contents, program: &Path) -> Result<()> {
    let work = tempfile::tempdir()?;
    let pages: PathBuf = work.path().join("man1");
    print(program, &["man", "--output", pages.to_str().context("the folder for temporary files is not Unicode")?])?;
    contents.add_from("share/man/man1", &pages)?;
    for (shell, path) in COMPLETIONS {
        contents.add(format!("share/{path}"), print(program, &["completions", shell])?)?;
    }
    Ok(())
}

fn print(program: &Path, arguments: &[&str]) -> Result<Vec<u8>> {
    // Pages are filled to the terminal's width where there is one.
    let output = Command::new(program).args(arguments).env_remove("COLUMNS").output();
    let output = output.with_context(|| format!("cannot run {}", program.display()))?;
    ensure!(output.status.success(), "tonenet {} fails: {}", arguments[0], String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}
