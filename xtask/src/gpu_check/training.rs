//! Trains the note model for a few steps with libtorch's CUDA build.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Bench;
use super::libraries::Libraries;
use super::restyle::Tonenet;
use crate::workspace;

/// Steps of training.
const BATCHES: &str = "20";

/// The genres of the data that is made, each with as many performances as there are splits.
const GENRES: [&str; 3] = ["classical", "jazz", "pop"];
const SPLITS: [&str; 3] = ["train", "train", "valid"];

/// Builds the training program, which compiles libtorch's bindings.
///
/// # Errors
/// When it cannot be built.
pub(super) fn build(bench: &Bench, libraries: &Libraries) -> Result<()> {
    bench.run("build-training", &mut cargo("build", bench, libraries)?).map(drop)
}

/// Trains on performances that the shipped model plays: they need no data set, and nothing is learned from them.
///
/// # Errors
/// When the data cannot be made, or the training fails.
pub(super) fn train(
    bench: &Bench,
    libraries: &Libraries,
    tonenet: &Tonenet<'_>,
    figures: &mut Value,
) -> Result<String> {
    build(bench, libraries)?;
    let data = bench.folder.join("data");
    make_data(&data, |genre, take, output| {
        let mut command = tonenet.command()?;
        command.arg("restyle").arg(workspace::root().join("assets/demo/bach-prelude-bwv-846.mid"));
        command.arg("-o").arg(output).args(["--style", genre, "--take", take, "--provider", "cpu"]);
        bench.run("data", &mut command).map(drop)
    })?;
    let run = bench.folder.join("run");
    if run.exists() {
        fs::remove_dir_all(&run).context("cannot remove the run of an earlier check")?;
    }
    let mut cargo = cargo("run", bench, libraries)?;
    cargo.args(["--", "train", "note", "--device", "cuda", "--epochs", "1", "--batches", BATCHES]);
    let printed = bench.run("train", cargo.arg("--data").arg(&data).arg("--run").arg(&run))?;
    let epoch = printed.lines().rev().find(|line| line.starts_with("epoch")).unwrap_or_default().trim();
    *figures = json!({ "batches": BATCHES, "epoch": epoch });
    Ok(format!("{BATCHES} steps; {epoch}"))
}

/// Makes a folder with `performances.csv` and the performances that `restyle` writes.
fn make_data(data: &Path, restyle: impl Fn(&str, &str, &Path) -> Result<()>) -> Result<()> {
    fs::create_dir_all(data)?;
    let mut list = "path,genre,source,sub,alignment,split\n".to_owned();
    for genre in GENRES {
        for (at, split) in SPLITS.into_iter().enumerate() {
            let (name, take) = (format!("{genre}-{at}.mid"), (at + 1).to_string());
            restyle(genre, &take, &data.join(&name))?;
            list += &format!("{name},{genre},made,made,free,{split}\n");
        }
    }
    fs::write(data.join("performances.csv"), list).context("the list of performances cannot be written")
}

/// Cargo with the training program and libtorch's CUDA build.
fn cargo(what: &str, bench: &Bench, libraries: &Libraries) -> Result<Command> {
    let mut cargo = workspace::cargo();
    cargo.args([what, "--quiet", "--release", "--locked", "--package", "tonenet-training", "--features", "torch"]);
    cargo.args(["--config", "profile.release.lto=\"off\"", "--config", "profile.release.codegen-units=16"]);
    cargo.arg("--target-dir").arg(bench.folder.join("cargo-training"));
    cargo.env("LIBTORCH", libraries.libtorch()).env("LD_LIBRARY_PATH", libraries.search_path()?);
    cargo.env("TONENET_ORT_DYLIB", libraries.onnx_runtime());
    Ok(cargo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_names_each_performance_that_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        make_data(&data, |genre, take, output| Ok(fs::write(output, format!("{genre} {take}"))?)).unwrap();
        let list = fs::read_to_string(data.join("performances.csv")).unwrap();
        let rows: Vec<Vec<&str>> = list.lines().skip(1).map(|row| row.split(',').collect()).collect();
        assert_eq!(rows.len(), 9);
        for row in &rows {
            assert!(fs::read_to_string(data.join(row[0])).unwrap().starts_with(row[1]), "{row:?}");
        }
        for genre in GENRES {
            let splits: Vec<&str> = rows.iter().filter(|row| row[1] == genre).map(|row| row[5]).collect();
            assert_eq!(splits, SPLITS);
        }
    }
}
