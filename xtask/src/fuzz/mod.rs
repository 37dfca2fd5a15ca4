//! `cargo xtask fuzz`: runs the targets in `fuzz/` one after the other and reports what each found.

mod log;
mod seeds;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::cli::{FuzzArgs, FuzzTarget};
use crate::workspace::{cargo, root, run as run_shown};
use log::Log;

/// Time limit for an input, in seconds.
const TIMEOUT: u32 = 20;
/// Memory limit for an input, in MiB.
const MEMORY: u32 = 2_048;

/// An input that made a target crash.
struct Crash {
    target: FuzzTarget,
    artifact: Option<PathBuf>,
}

/// Runs one target, or all.
///
/// # Errors
/// When there is a crash, with the input and how to reproduce it; when cargo-fuzz cannot be installed or run.
pub fn run(args: &FuzzArgs) -> Result<()> {
    install_cargo_fuzz()?;
    let compiler = Compiler::find()?;
    let targets = args.target.map_or_else(|| FuzzTarget::value_variants().to_vec(), |target| vec![target]);
    let mut crashes = Vec::new();
    for target in targets {
        seeds::copy(target)?;
        let log = fuzz(target, args.minutes, &compiler)?;
        println!("{}: {log}", target.name());
        if log.crashed() {
            crashes.push(Crash { target, artifact: log.artifact().map(PathBuf::from) });
        }
    }
    if crashes.is_empty() {
        return Ok(());
    }
    let messages: Vec<String> = crashes.iter().map(|crash| crash.describe(&compiler)).collect();
    bail!("{}", messages.join("\n"))
}

impl Crash {
    /// Names the target, the input and the command to reproduce it.
    fn describe(&self, compiler: &Compiler) -> String {
        let name = self.target.name();
        match &self.artifact {
            Some(artifact) => {
                let artifact = artifact.strip_prefix(root()).unwrap_or(artifact).display();
                format!("{name} crashes on {artifact}; reproduce it with: {} {name} {artifact}", compiler.shown())
            }
            None => format!("{name} ended without an input to show; read what it printed above"),
        }
    }
}

/// Installs cargo-fuzz where it is missing.
fn install_cargo_fuzz() -> Result<()> {
    let known = cargo().args(["fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if known.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    run_shown(cargo().args(["install", "cargo-fuzz", "--locked"]))
        .context("cargo-fuzz cannot be installed; install it by hand: cargo install cargo-fuzz --locked")
}

/// The abilities of the compiler in use.
struct Compiler {
    nightly: bool,
    /// Whether it brings AddressSanitizer's runtime; overflows in unsafe code go unseen without.
    address_sanitizer: bool,
}

impl Compiler {
    fn find() -> Result<Self> {
        let ask = |argument: &[&str]| -> Result<String> {
            let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
            let output = Command::new(rustc).args(argument).current_dir(root()).output();
            let output = output.context("cannot run rustc; install Rust with rustup")?;
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        let libraries = PathBuf::from(ask(&["--print", "target-libdir"])?);
        let files = libraries.read_dir().with_context(|| format!("cannot read {}", libraries.display()))?;
        let address_sanitizer =
            files.filter_map(Result::ok).any(|file| file.file_name().to_string_lossy().contains("rt.asan"));
        Ok(Self { nightly: ask(&["--version"])?.contains("nightly"), address_sanitizer })
    }

    /// cargo-fuzz, to run a target with.
    fn fuzz(&self) -> Command {
        let mut command = cargo();
        command.args(["fuzz", "run"]);
        if !self.address_sanitizer {
            command.args(["--sanitizer", "none"]);
        }
        if !self.nightly {
            // Sanitizers are switched on with -Z flags, which a stable compiler has but refuses without this. It is for
            // this child alone: nothing that is shipped is built so.
            command.env("RUSTC_BOOTSTRAP", "1");
        }
        command
    }

    /// The same as a user types it.
    fn shown(&self) -> String {
        let bootstrap = if self.nightly { "" } else { "RUSTC_BOOTSTRAP=1 " };
        let sanitizer = if self.address_sanitizer { "" } else { " --sanitizer none" };
        format!("{bootstrap}cargo fuzz run{sanitizer}")
    }
}

/// Runs a target for some minutes with one job; passes on its output except progress.
fn fuzz(target: FuzzTarget, minutes: f64, compiler: &Compiler) -> Result<Log> {
    let seconds = (minutes * 60.0).round().max(1.0);
    println!("fuzzing {} for {seconds} s", target.name());
    let mut child = compiler
        .fuzz()
        .arg(target.name())
        .arg("--")
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={TIMEOUT}"))
        .arg(format!("-rss_limit_mb={MEMORY}"))
        .arg("-print_final_stats=1")
        .stderr(Stdio::piped())
        .spawn()
        .context("cannot run cargo fuzz; install it with: cargo install cargo-fuzz --locked")?;
    let mut log = Log::default();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).split(b'\n') {
            let line = line.context("cannot read what cargo fuzz prints")?;
            let line = String::from_utf8_lossy(&line);
            if !log.read(&line) {
                eprintln!("{line}");
            }
        }
    }
    log.ends(child.wait().context("cannot wait for cargo fuzz")?.success());
    if log.never_ran() {
        bail!("the target {} cannot be built or run; the reason stands above", target.name());
    }
    Ok(log)
}
