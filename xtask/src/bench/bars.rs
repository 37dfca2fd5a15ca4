//! The bars that figures are held to.

use anyhow::{Result, bail};

/// Tells of each figure whether it keeps its bar, and in the end which did not.
#[derive(Debug, Default)]
pub struct Bars {
    missed: Vec<String>,
}

impl Bars {
    /// Prints a figure, in a unit, and the bar under which it must stay.
    pub fn hold(&mut self, what: &str, found: f64, bar: f64, unit: &str) {
        let kept = found <= bar;
        let verdict = if kept { "kept" } else { "missed" };
        println!("  {what:<28} {found:>9.2} {unit:<3} bar {bar:>6} {unit:<3} {verdict}");
        if !kept {
            self.missed.push(format!("{what}: {found:.2} {unit} of {bar} {unit}"));
        }
    }

    /// An error where bars were missed.
    pub fn finish(self) -> Result<()> {
        if !self.missed.is_empty() {
            bail!("bars were missed: {}", self.missed.join("; "));
        }
        Ok(())
    }
}
