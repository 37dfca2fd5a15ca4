//! Runs `tonenet` on each provider, and compares the velocities with those of the processor.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tonenet_core::midi::Song;

use super::Bench;
use super::libraries::Libraries;
use crate::workspace;

/// The providers in the order in which they run, each with options. All are compared with the first.
pub(super) const PROVIDERS: [(&str, &[&str]); 4] =
    [("cpu", &[]), ("cuda", &[]), ("tensorrt", &[]), ("tensorrt", &["--half-precision"])];

/// Steps by which a provider may differ from the processor; in 16 bits it may differ by more.
const MOST_STEPS_APART: u8 = 1;

/// The program `tonenet` with the libraries.
pub(super) struct Tonenet<'a> {
    pub program: PathBuf,
    pub libraries: &'a Libraries,
    pub bench: &'a Bench,
}

impl Tonenet<'_> {
    /// A command that finds all libraries, and keeps its settings and caches apart from the user's.
    ///
    /// # Errors
    /// When the libraries cannot be listed.
    pub fn command(&self) -> Result<Command> {
        let mut command = Command::new(&self.program);
        command.env("TONENET_ORT_DYLIB", self.libraries.onnx_runtime());
        command.env("LD_LIBRARY_PATH", self.libraries.search_path()?);
        command.env("XDG_CACHE_HOME", self.bench.folder.join("cache"));
        command.env("XDG_CONFIG_HOME", self.bench.folder.join("config"));
        Ok(command)
    }

    /// Checks that CUDA and TensorRT compute, and notes their times.
    ///
    /// # Errors
    /// When one does not compute, or its velocities differ.
    pub fn doctor(&self, figures: &mut Value) -> Result<String> {
        let report = self.bench.run("doctor", self.command()?.args(["doctor", "--json"]))?;
        *figures = serde_json::from_str(&report).context("tonenet doctor --json printed no JSON")?;
        in_words(figures)
    }

    /// Restyles the demo piece twice, because TensorRT builds its engines in the first run.
    ///
    /// # Errors
    /// When a run fails, or velocities differ by more than a step.
    pub fn restyle(&self, provider: &str, options: &[&str], figures: &mut Value) -> Result<String> {
        let piece = workspace::root().join("assets/demo/bach-prelude-bwv-846.mid");
        let name = format!("{provider}{}", options.concat());
        let output = self.bench.folder.join(format!("{name}.mid"));
        let mut seconds = Vec::new();
        for _ in 0..2 {
            let mut command = self.command()?;
            command.arg("restyle").arg(&piece).arg("-o").arg(&output).args(["--provider", provider]).args(options);
            let started = Instant::now();
            self.bench.run(&name, &mut command)?;
            seconds.push(started.elapsed().as_secs_f64());
        }
        let reference = self.bench.folder.join(format!("{}.mid", PROVIDERS[0].0));
        let apart = steps_apart(&velocities(&reference)?, &velocities(&output)?)?;
        *figures = json!({ "seconds": seconds, "steps_apart": apart });
        if apart > MOST_STEPS_APART && options.is_empty() {
            bail!("its velocities differ from the processor's by {apart} steps; at most {MOST_STEPS_APART} is allowed");
        }
        Ok(format!(
            "{:.2} s, then {:.2} s, with start and load; at most {apart} steps from the processor",
            seconds[0], seconds[1]
        ))
    }
}

/// What `doctor` found, or what is missing.
fn in_words(report: &Value) -> Result<String> {
    let providers = report["providers"].as_array().context("doctor lists no providers")?;
    for wanted in ["cuda", "tensorrt"] {
        let provider = providers.iter().find(|provider| provider["id"] == wanted);
        let provider = provider.with_context(|| format!("doctor does not list {wanted}"))?;
        if provider["computes"] != true {
            bail!("{wanted} does not compute: {}", provider["reason"].as_str().unwrap_or("no reason is given"));
        }
    }
    let tests = report["self_tests"].as_array().context("doctor lists no tests")?;
    let line = |test: &Value| {
        format!(
            "{} by {}: a hop of one note {:.2} ms, of 16 notes {:.2} ms; {} notes in {:.0} ms",
            test["computed_by"].as_str().unwrap_or_default(),
            test["runtime"].as_str().unwrap_or_default(),
            test["hop_of_one_note_ms"].as_f64().unwrap_or_default(),
            test["hop_of_sixteen_notes_ms"].as_f64().unwrap_or_default(),
            test["notes"],
            test["restyle_ms"].as_f64().unwrap_or_default(),
        )
    };
    let chosen = format!(
        "chosen: {} ({})",
        report["runtime"]["provider"].as_str().unwrap_or_default(),
        report["runtime"]["reason"].as_str().unwrap_or("no choice")
    );
    Ok(tests.iter().map(line).chain([chosen]).collect::<Vec<_>>().join("<br>"))
}

fn velocities(file: &std::path::Path) -> Result<Vec<u8>> {
    let bytes = fs::read(file).with_context(|| format!("{} was not written", file.display()))?;
    let song = Song::parse(bytes).with_context(|| format!("{} is damaged", file.display()))?;
    Ok(song.notes().iter().map(|note| note.note.velocity).collect())
}

/// The largest difference between velocities of the same notes.
fn steps_apart(one: &[u8], other: &[u8]) -> Result<u8> {
    if one.len() != other.len() || one.is_empty() {
        bail!("one file has {} notes, the other {}", one.len(), other.len());
    }
    Ok(one.iter().zip(other).map(|(one, other)| one.abs_diff(*other)).max().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use tonenet_test_support::doctor_report;

    use super::*;

    #[test]
    fn velocities_are_compared_note_by_note() {
        assert_eq!(steps_apart(&[60, 70, 80], &[60, 71, 79]).unwrap(), 1);
        assert_eq!(steps_apart(&[60, 1], &[60, 127]).unwrap(), 126);
        assert!(steps_apart(&[60], &[60, 61]).is_err());
        assert!(steps_apart(&[], &[]).is_err(), "nothing was compared");
    }

    #[test]
    fn both_accelerators_must_compute() {
        let report = doctor_report();
        let told = in_words(&report).unwrap();
        let test = "CUDA, in part CPU by ONNX Runtime 1.28.0: a hop of one note 0.90 ms, of 16 notes 2.50 ms; 549 notes in 80 ms";
        assert!(told.starts_with(test), "{told}");
        assert!(told.contains("<br>chosen: CPU (a hop of 1 or 16 notes takes 0.25 ms on average; "), "{told}");
        for missing in ["cuda", "tensorrt"] {
            let mut report = report.clone();
            let providers = report["providers"].as_array_mut().unwrap();
            let provider = providers.iter_mut().find(|provider| provider["id"] == missing).unwrap();
            (provider["computes"], provider["reason"]) = (false.into(), "libcudnn is missing".into());
            let refusal = in_words(&report).unwrap_err().to_string();
            assert_eq!(refusal, format!("{missing} does not compute: libcudnn is missing"));
        }
        assert!(in_words(&json!({})).is_err());
    }
}
