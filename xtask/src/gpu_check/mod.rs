//! `cargo xtask gpu-check`: computes and trains on an NVIDIA graphics card, compares with the processor, and reports.
//!
//! ONNX Runtime with CUDA and TensorRT, and libtorch with CUDA, come from pinned Python packages into `target/gpu-check`.
//! A step that fails is reported, and the next one runs.

mod card;
mod libraries;
mod report;
mod restyle;
mod training;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::cli::GpuCheckArgs;
use crate::workspace;
use card::Card;
use libraries::Libraries;
use report::Report;

/// The whole check takes less than this; what is not done by then has failed.
const LIMIT: Duration = Duration::from_secs(8 * 60 - 10);

/// Preparing downloads some gigabytes and compiles libtorch's bindings.
const PREPARATION_LIMIT: Duration = Duration::from_secs(60 * 60);

/// The folder of everything that the check makes.
fn folder() -> PathBuf {
    workspace::root().join("target/gpu-check")
}

/// Runs the check, or only prepares it.
///
/// # Errors
/// When there is no card, or a step failed; the report is written before.
pub fn run(args: &GpuCheckArgs) -> Result<()> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("gpu-check needs x86-64 Linux, for which its packages are made; nothing was installed");
    }
    let started = Instant::now();
    let card = if args.prepare { None } else { Some(Card::find(Path::new("nvidia-smi"))?) };
    let folder = folder();
    fs::create_dir_all(&folder)?;
    let limit = if args.prepare { PREPARATION_LIMIT } else { LIMIT };
    let bench = Bench { folder: folder.clone(), ends: started + limit };
    let libraries = Libraries::install(&bench)?;
    let tonenet = build(&bench)?;
    let Some(card) = card else {
        libraries.install_tensor_rt(&bench)?;
        training::build(&bench, &libraries)?;
        println!("everything is in {}; run `cargo xtask gpu-check` on a machine with a card", folder.display());
        return Ok(());
    };
    let mut report = Report::new(card, libraries.versions(), started);
    let program = restyle::Tonenet { program: tonenet, libraries: &libraries, bench: &bench };
    report.step("libraries of tensorrt", |_| libraries.install_tensor_rt(&bench));
    report.step("doctor on each provider", |figures| program.doctor(figures));
    for (provider, options) in restyle::PROVIDERS {
        let name = format!("restyle on {provider}{}", if options.is_empty() { "" } else { " in 16 bits" });
        report.step(&name, |figures| program.restyle(provider, options, figures));
    }
    report.step("train on cuda", |figures| training::train(&bench, &libraries, &program, figures));
    report.write(&folder)?;
    match report.failures() {
        0 => Ok(()),
        failures => bail!("{failures} steps failed; {} says why", folder.join("report.md").display()),
    }
}

/// Builds `tonenet` for speed, without the long link of a release.
fn build(bench: &Bench) -> Result<PathBuf> {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--release", "--locked", "--package", "tonenet-cli"]);
    cargo.args(["--config", "profile.release.lto=\"off\"", "--config", "profile.release.codegen-units=16"]);
    // A separate folder, so that the user's own release build stays.
    let target = bench.folder.join("cargo");
    bench.run("build", cargo.arg("--target-dir").arg(&target))?;
    Ok(target.join("release/tonenet"))
}

/// Runs programs within the time that is left, with what they print kept in files.
struct Bench {
    folder: PathBuf,
    ends: Instant,
}

impl Bench {
    /// Runs a program; returns what it printed on standard output.
    ///
    /// # Errors
    /// When it cannot be started, fails, or is not done in time; with the end of what it printed.
    fn run(&self, name: &str, command: &mut Command) -> Result<String> {
        let logs = self.folder.join("logs");
        fs::create_dir_all(&logs)?;
        let [out, err] = ["out", "err"].map(|stream| logs.join(format!("{name}.{stream}")));
        command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(File::create(&err)?);
        println!("+ {name}");
        let program = command.get_program().to_string_lossy().into_owned();
        let child = command.spawn().with_context(|| format!("cannot run {program}"))?;
        let status = workspace::wait(child, self.ends.saturating_duration_since(Instant::now()))?;
        let printed = fs::read_to_string(&out).unwrap_or_default();
        match status {
            Some(status) if status.success() => Ok(printed),
            Some(status) => bail!("{name} ended with {status}: {}", last_line(&err).unwrap_or_default()),
            None => bail!("{name} was not done in the time that is left; {} has what it printed", err.display()),
        }
    }
}

/// The last line of a log that says something.
fn last_line(log: &Path) -> Option<String> {
    let text = fs::read(log).ok()?;
    let text = String::from_utf8_lossy(&text).into_owned();
    text.lines().rev().find(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_program_has_only_the_time_that_is_left_and_its_end_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let shell = |script: &str, left: Duration| {
            let bench = Bench { folder: folder.path().into(), ends: Instant::now() + left };
            bench.run("it", Command::new("/bin/sh").args(["-c", script])).map_err(|error| format!("{error:#}"))
        };
        let minute = Duration::from_secs(60);
        assert_eq!(shell("echo one", minute), Ok("one\n".into()));
        let failed = shell("echo first >&2; echo why >&2; echo >&2; exit 3", minute).unwrap_err();
        assert!(failed.contains("it ended with") && failed.ends_with(": why"), "{failed}");
        assert!(shell("read line < /dev/zero", Duration::ZERO).unwrap_err().contains("not done in the time"));
        let bench = Bench { folder: folder.path().into(), ends: Instant::now() + minute };
        let missing = bench.run("it", &mut Command::new("/nowhere/tonenet")).unwrap_err();
        assert!(missing.to_string().contains("cannot run /nowhere/tonenet"), "{missing}");
    }
}
