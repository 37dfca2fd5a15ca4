//! The figures of a run: printed as they come, and written as JSON.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::machine;

/// Version of the JSON's shape.
const SCHEMA: u32 = 1;

/// A bound that a figure must meet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    AtLeast(f64),
    AtMost(f64),
}

/// A figure must be at least this.
pub fn at_least(bound: f64) -> Option<Target> {
    Some(Target::AtLeast(bound))
}

/// A figure must be at most this.
pub fn at_most(bound: f64) -> Option<Target> {
    Some(Target::AtMost(bound))
}

/// The figures so far.
#[derive(Debug, Default)]
pub struct Report {
    section: String,
    figures: Vec<Value>,
    missed: Vec<String>,
}

impl Report {
    /// Begins a section.
    pub fn section(&mut self, name: &str) {
        println!("\n{name}");
        self.section = name.into();
    }

    /// Adds a figure, with its target if it has one.
    pub fn add(&mut self, what: &str, found: f64, unit: &str, target: Option<Target>) {
        let (sign, bound, is_met) = match target {
            None => ("", None, None),
            Some(Target::AtLeast(bound)) => ("≥", Some(bound), Some(found >= bound)),
            Some(Target::AtMost(bound)) => ("≤", Some(bound), Some(found <= bound)),
        };
        let verdict = match (bound, is_met) {
            (Some(bound), Some(true)) => format!("{sign} {bound}"),
            (Some(bound), _) => format!("{sign} {bound} missed"),
            _ => String::new(),
        };
        println!("  {what:<52} {found:>11.2} {unit:<8} {verdict}");
        if is_met == Some(false) {
            self.missed.push(format!("{what}: {found:.2} {unit} ({sign} {})", bound.unwrap_or_default()));
        }
        let target = target.map(|target| match target {
            Target::AtLeast(bound) => json!({ "at_least": bound }),
            Target::AtMost(bound) => json!({ "at_most": bound }),
        });
        self.figures.push(json!({
            "section": self.section, "what": what, "found": found, "unit": unit, "target": target, "met": is_met,
        }));
    }

    /// The report as JSON. It describes the machine and does not name it.
    pub fn to_json(&self) -> Value {
        json!({
            "schema": SCHEMA,
            "version": env!("CARGO_PKG_VERSION"),
            "machine": machine::description(),
            "figures": self.figures,
        })
    }

    /// Writes the report.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(&self.to_json())? + "\n";
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reports the targets that were missed.
    ///
    /// # Errors
    /// When there are any.
    pub fn finish(self) -> Result<()> {
        if !self.missed.is_empty() {
            bail!("targets were missed: {}", self.missed.join("; "));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_keeps_its_target_and_whether_it_is_met() {
        let mut report = Report::default();
        report.section("speed");
        report.add("fast", 3.0, "notes/s", at_least(2.0));
        report.add("large", 3.0, "MB", at_most(2.0));
        report.add("beside", 1.0, "x", None);
        let json = report.to_json();
        assert_eq!(json["schema"], SCHEMA);
        assert_eq!(json["figures"][0]["met"], true);
        assert_eq!(json["figures"][1]["target"]["at_most"], 2.0);
        assert!(json["figures"][2]["target"].is_null());
        assert_eq!(report.finish().unwrap_err().to_string(), "targets were missed: large: 3.00 MB (≤ 2)");
    }
}
