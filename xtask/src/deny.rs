//! `cargo xtask deny`: checks every crate that ToneNet is built from against the rules in `deny.toml`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::setup;
use crate::workspace::{cargo, root, run, wait};

/// Time limit for downloading the database of advisories.
const DOWNLOAD: Duration = Duration::from_secs(120);

/// Which checks were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    All,
    /// The database of advisories could not be downloaded.
    AllButAdvisories,
}

/// Checks licences, sources and, where their database can be downloaded, advisories.
///
/// # Errors
/// When a crate breaks a rule, or cargo-deny cannot be installed or run.
pub fn check() -> Result<Checked> {
    let program = setup::cargo_deny()?;
    let checked = if download_advisories(&program)? {
        Checked::All
    } else {
        println!("not checked: advisories, whose database cannot be downloaded; the reason stands above");
        Checked::AllButAdvisories
    };
    let mut deny = deny(&program);
    // The statistics count the warnings; `cargo deny check` shows them.
    deny.args(["--locked", "--log-level", "error", "check", "--show-stats", "bans", "licenses", "sources"]);
    if checked == Checked::All {
        deny.arg("advisories");
    }
    run(&mut deny)?;
    Ok(checked)
}

/// Whether the newest advisories are there now.
fn download_advisories(program: &Path) -> Result<bool> {
    let child = deny(program).args(["fetch", "db"]).spawn().context("cannot run cargo-deny")?;
    Ok(wait(child, DOWNLOAD)?.is_some_and(|status| status.success()))
}

fn deny(program: &Path) -> Command {
    let mut command = Command::new(program);
    // Cargo's subcommands expect their own name first. They run the cargo that runs us.
    command.arg("deny").current_dir(root()).env("CARGO", cargo().get_program());
    // Nobody can type a password.
    command.env("GIT_TERMINAL_PROMPT", "0");
    command
}
