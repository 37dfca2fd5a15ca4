//! Installs Debian packages that a build or test needs in addition to Rust and a C compiler.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// Installs packages with apt, unless dpkg lists them as installed.
///
/// # Errors
/// When a package is missing and apt cannot install it, with the command that would.
pub fn require_packages(packages: &[&str]) -> Result<()> {
    let missing: Vec<_> = packages.iter().filter(|p| !is_installed(p)).copied().collect();
    if missing.is_empty() {
        return Ok(());
    }
    println!("installing {} with apt-get", missing.join(", "));
    let cure = format!("install by hand what is missing: sudo apt-get install {}", missing.join(" "));
    for arguments in [vec!["update"], [vec!["install", "-y", "--no-install-recommends"], missing].concat()] {
        let status = Command::new("apt-get")
            .args(&arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .stdout(Stdio::null())
            .status()
            .with_context(|| format!("cannot run apt-get; {cure}"))?;
        if !status.success() {
            bail!("apt-get {} ended with {status}; {cure}", arguments[0]);
        }
    }
    Ok(())
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .stderr(Stdio::null())
        .output()
        .is_ok_and(|output| output.stdout == b"installed")
}
