//! The report of the check, as Markdown for people and as JSON for programs.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::card::Card;

/// The version of the JSON's keys.
const FORMAT: u32 = 1;

/// What was checked.
pub(super) struct Report {
    card: Card,
    versions: Vec<String>,
    started: Instant,
    steps: Vec<Step>,
}

/// A step and what came of it.
struct Step {
    name: String,
    result: Result<String, String>,
    seconds: f64,
    figures: Value,
}

impl Report {
    /// A report without steps, of a check that began at `started`.
    pub fn new(card: Card, versions: Vec<String>, started: Instant) -> Self {
        Self { card, versions, started, steps: Vec::new() }
    }

    /// Runs a step, which may fill in figures, and says how it ended.
    pub fn step(&mut self, name: &str, run: impl FnOnce(&mut Value) -> Result<String>) {
        let (started, mut figures) = (Instant::now(), Value::Null);
        let result = run(&mut figures).map_err(|error| format!("{error:#}"));
        let (mark, words) = match &result {
            Ok(words) => ("ok", words),
            Err(words) => ("FAILED", words),
        };
        println!("{mark} {name}: {}", words.replace("<br>", "\n   "));
        let seconds = started.elapsed().as_secs_f64();
        self.steps.push(Step { name: name.into(), result, seconds, figures });
    }

    /// The steps that failed.
    pub fn failures(&self) -> usize {
        self.steps.iter().filter(|step| step.result.is_err()).count()
    }

    /// Writes `report.md` and `report.json`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let seconds = self.started.elapsed().as_secs_f64();
        fs::write(folder.join("report.md"), self.markdown(seconds)).context("the report cannot be written")?;
        let json = serde_json::to_vec_pretty(&self.json(seconds))?;
        fs::write(folder.join("report.json"), json).context("the report cannot be written")?;
        println!("the report is in {}", folder.display());
        Ok(())
    }

    fn markdown(&self, seconds: f64) -> String {
        let Card { name, driver, memory } = &self.card;
        let mut text = format!(
            "# ToneNet on {name}\n\nDriver {driver}, {memory}; {seconds:.0} s in all; `cargo xtask gpu-check`.\n\n\
             | step | result | s | what it found |\n|---|---|---|---|\n"
        );
        for Step { name, result, seconds, .. } in &self.steps {
            let (mark, words) = match result {
                Ok(words) => ("passed", words),
                Err(words) => ("**failed**", words),
            };
            text += &format!("| {name} | {mark} | {seconds:.1} | {} |\n", words.replace('|', "\\|").replace('\n', " "));
        }
        text + &format!("\nPackages: {}.\n", self.versions.join(", "))
    }

    fn json(&self, seconds: f64) -> Value {
        let Card { name, driver, memory } = &self.card;
        let step = |step: &Step| {
            json!({
                "name": step.name, "passed": step.result.is_ok(), "seconds": step.seconds, "figures": step.figures,
                "words": match &step.result { Ok(words) | Err(words) => words },
            })
        };
        json!({
            "format": FORMAT,
            "command": "gpu-check",
            "card": { "name": name, "driver": driver, "memory": memory },
            "packages": self.versions,
            "seconds": seconds,
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[test]
    fn a_failed_step_is_reported_and_counted_and_the_next_one_runs() {
        let card = Card { name: "NVIDIA H200".into(), driver: "580.95".into(), memory: "143771 MiB".into() };
        let mut report = Report::new(card, vec!["torch==2.13.0".into()], Instant::now());
        report.step("first", |figures| {
            *figures = json!({ "steps_apart": 1 });
            bail!("it | does not\ncompute")
        });
        report.step("second", |_| Ok("0.90 ms".into()));
        assert_eq!(report.failures(), 1);
        let folder = tempfile::tempdir().unwrap();
        report.write(folder.path()).unwrap();
        let text = fs::read_to_string(folder.path().join("report.md")).unwrap();
        assert!(text.starts_with("# ToneNet on NVIDIA H200\n"), "{text}");
        assert!(text.contains("| first | **failed** | 0.0 | it \\| does not compute |"), "{text}");
        assert!(text.contains("| second | passed | 0.0 | 0.90 ms |") && text.contains("torch==2.13.0"), "{text}");
        let json: Value = serde_json::from_slice(&fs::read(folder.path().join("report.json")).unwrap()).unwrap();
        assert_eq!((&json["format"], &json["card"]["name"]), (&1.into(), &"NVIDIA H200".into()));
        assert_eq!(json["steps"][0]["figures"]["steps_apart"], 1);
        assert_eq!((&json["steps"][0]["passed"], &json["steps"][1]["passed"]), (&false.into(), &true.into()));
    }
}
