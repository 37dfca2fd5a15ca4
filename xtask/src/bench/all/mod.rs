//! `cargo xtask bench all`: every figure of speed, size and start in one run, next to what a user would use instead.

mod files;
mod machine;
mod models;
mod pieces;
mod python;
mod report;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tonenet_hosts::bench::{instances, process};

use crate::bundle::{self, Bundles};
use crate::cli::BenchAllArgs;
use crate::setup;
use crate::workspace;
use report::{Report, at_most};

/// Further instances, whose memory is measured.
const MORE_INSTANCES: u32 = 8;

/// What is measured: built programs.
struct Programs {
    bundles: Bundles,
    tonenet: PathBuf,
    onnxruntime: PathBuf,
}

/// Measures everything, prints it and writes it as JSON.
///
/// # Errors
/// When something cannot be built or run, or a target is missed.
pub fn run(args: &BenchAllArgs) -> Result<()> {
    let programs = Programs::build(args)?;
    let folder = workspace::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    let mut report = Report::default();
    report.section("size");
    sizes(&programs, &mut report)?;
    report.section("start and memory of the plugin");
    start(&programs, &mut report)?;
    report.section("process(), 64 samples at 48 kHz, 128 notes sounding");
    blocks(&programs, args.seconds, &mut report)?;
    report.section("models, one thread; two for performances of over 8,192 notes");
    let figures = models::measure(&folder, !args.without_torch, !args.without_python)?;
    models::compare(&figures, &mut report);
    report.section("files, the program tonenet");
    files::measure(&programs, &folder, &mut report)?;
    let json = args.json.clone().unwrap_or_else(|| folder.join("bench.json"));
    report.write(&json)?;
    println!("\n{}", json.display());
    report.finish()
}

impl Programs {
    /// The given programs; those that are not given are built.
    fn build(args: &BenchAllArgs) -> Result<Self> {
        let bundles = match &args.bundles {
            Some(folder) => Bundles { folder: folder.clone() },
            None => bundle::release()?,
        };
        let tonenet = match &args.tonenet {
            Some(program) => program.clone(),
            None => {
                workspace::run(workspace::cargo().args([
                    "build",
                    "--release",
                    "--locked",
                    "--package",
                    "tonenet-cli",
                ]))?;
                workspace::root().join("target/release/tonenet")
            }
        };
        Ok(Self { bundles, tonenet, onnxruntime: setup::onnxruntime()? })
    }
}

/// Bytes of a file, or of all files in a folder.
fn bytes(path: &Path) -> Result<u64> {
    let metadata = fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?;
    if !metadata.is_dir() {
        return Ok(metadata.len());
    }
    fs::read_dir(path)?.map(|entry| bytes(&entry?.path())).sum()
}

fn sizes(programs: &Programs, report: &mut Report) -> Result<()> {
    let bundles = &programs.bundles;
    for (what, path, most) in [
        ("ToneNet.clap", bundles.clap(), 20.0),
        ("ToneNet.vst3, with ONNX Runtime", bundles.vst3(), 45.0),
        ("tonenet", programs.tonenet.clone(), 25.0),
    ] {
        report.add(what, bytes(&path)? as f64 / 1e6, "MB", at_most(most));
    }
    Ok(())
}

fn start(programs: &Programs, report: &mut Report) -> Result<()> {
    let costs = instances::measure(&programs.bundles.clap(), MORE_INSTANCES)?;
    for (what, time, most) in [
        ("scan", costs.scan, 20.0),
        ("instance ready", costs.ready, 50.0),
        ("first restyled note, Live", costs.first_note, 500.0),
    ] {
        report.add(what, time.as_secs_f64() * 1e3, "ms", at_most(most));
    }
    if let Some(bytes) = costs.bytes_per_instance {
        report.add("another instance", bytes as f64 / 1e6, "MB", at_most(5.0));
    }
    Ok(())
}

fn blocks(programs: &Programs, seconds: f64, report: &mut Report) -> Result<()> {
    let block = f64::from(tonenet_hosts::bench::BLOCK) / tonenet_hosts::bench::SAMPLE_RATE * 1e6;
    for mode in process::MODES {
        let measured = process::measure(&programs.bundles.clap(), mode, seconds)?;
        let took = super::distribution::Distribution::new(measured.blocks.iter().map(|block| block.duration).collect());
        let least = super::distribution::Distribution::new(measured.fastest.clone());
        let percent = |micros: f64| micros / block * 100.0;
        report.add(&format!("{}, median of a block", mode.name), percent(took.micros(0.5)), "%", at_most(0.5));
        report.add(&format!("{}, worst block", mode.name), percent(took.micros(1.0)), "%", at_most(5.0));
        report.add(&format!("{}, worst, least of 3 passes", mode.name), percent(least.micros(1.0)), "%", None);
    }
    Ok(())
}
