//! Targets that measured figures must not exceed.

use anyhow::{Result, bail};

/// Prints figures next to their targets and collects those that miss.
#[derive(Debug, Default)]
pub struct Targets {
    missed: Vec<String>,
}

impl Targets {
    /// Prints a figure in a unit, and the target that it must not exceed.
    pub fn check(&mut self, what: &str, found: f64, target: f64, unit: &str) {
        let is_met = found <= target;
        let verdict = if is_met { "met" } else { "missed" };
        println!("  {what:<28} {found:>9.2} {unit:<3} target {target:>6} {unit:<3} {verdict}");
        if !is_met {
            self.missed.push(format!("{what}: {found:.2} {unit} of {target} {unit}"));
        }
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
