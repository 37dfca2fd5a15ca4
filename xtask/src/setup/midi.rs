//! What the standalone program is built from and tested with on Linux: the headers of ALSA and JACK, and a JACK server.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use super::require_packages;

/// What pkg-config calls the libraries.
const LIBRARIES: [&str; 2] = ["alsa", "jack"];

/// Debian's packages of their headers, and pkg-config itself.
const PACKAGES: [&str; 3] = ["pkg-config", "libasound2-dev", "libjack-jackd2-dev"];

/// Installs the headers with apt where they are missing. Other systems need none.
///
/// # Errors
/// When they are missing and apt cannot install them.
pub fn midi_headers() -> Result<()> {
    if !cfg!(target_os = "linux") || runs("pkg-config", &[&["--exists"][..], &LIBRARIES].concat()) {
        return Ok(());
    }
    require_packages(&PACKAGES).context("the crate standalone needs the headers of ALSA and JACK")
}

/// Installs a JACK server with apt where it is missing.
///
/// # Errors
/// When there is none and apt cannot install it.
pub fn jack_server() -> Result<()> {
    if runs("jackd", &["--version"]) {
        return Ok(());
    }
    require_packages(&["jackd2"])
}

fn runs(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
