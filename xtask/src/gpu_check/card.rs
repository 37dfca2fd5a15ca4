//! Finds the graphics card, by NVIDIA's own program.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The oldest driver that runs CUDA 13.
const OLDEST_DRIVER: u32 = 580;

/// A graphics card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    pub name: String,
    pub driver: String,
    pub memory: String,
}

impl Card {
    /// The first card that `nvidia-smi` lists.
    ///
    /// # Errors
    /// When there is none, or its driver is too old.
    pub fn find(nvidia_smi: &Path) -> Result<Self> {
        let mut query = Command::new(nvidia_smi);
        query.args(["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]);
        let none = "there is no NVIDIA graphics card here that its driver finds, and gpu-check needs one; nothing was \
                    installed (`cargo xtask gpu-check --prepare` downloads and builds without a card)";
        let output = query.output().with_context(|| format!("{} cannot be run", nvidia_smi.display())).context(none)?;
        let printed = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!("{none}: nvidia-smi says {}", printed.lines().next().unwrap_or("nothing"));
        }
        Self::from_list(&printed).context(none)
    }

    fn from_list(list: &str) -> Result<Self> {
        let line = list.lines().next().context("nvidia-smi lists no card")?;
        let [name, driver, memory] = line.split(", ").collect::<Vec<_>>()[..] else {
            bail!("nvidia-smi says {line}");
        };
        let release = driver.split('.').next().and_then(|major| major.parse::<u32>().ok());
        if release.is_none_or(|release| release < OLDEST_DRIVER) {
            bail!("the driver of {name} is {driver}; CUDA 13 needs {OLDEST_DRIVER} or newer: install it first");
        }
        Ok(Self { name: name.into(), driver: driver.into(), memory: memory.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_read_from_the_list() {
        let card = Card::from_list("NVIDIA H200, 580.95.05, 143771 MiB\nNVIDIA H200, 580.95.05, 143771 MiB\n").unwrap();
        assert_eq!((card.name.as_str(), card.driver.as_str()), ("NVIDIA H200", "580.95.05"));
        assert_eq!(card.memory, "143771 MiB");
    }

    #[test]
    fn old_drivers_and_lists_without_a_card_are_refused_in_words() {
        let refusal = |list: &str| format!("{:#}", Card::from_list(list).unwrap_err());
        assert!(refusal("NVIDIA A100, 535.183.01, 40960 MiB\n").contains("CUDA 13 needs 580 or newer"));
        assert!(refusal("").contains("lists no card"));
        assert!(refusal("No devices were found\n").contains("No devices were found"));
        assert!(refusal("Card, new, 1 MiB").contains("580"));
    }

    #[test]
    fn without_the_driver_nothing_happens() {
        let refusal = format!("{:#}", Card::find(Path::new("/nowhere/nvidia-smi")).unwrap_err());
        assert!(refusal.contains("no NVIDIA graphics card") && refusal.contains("nothing was installed"), "{refusal}");
    }
}
