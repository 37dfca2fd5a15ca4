//! This machine, as far as the choice of a provider concerns it: what identifies it, and what its providers do.

use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use crate::embedded::EmbeddedModel;
use crate::hop::{HopTimes, most_apart, predictions};
use crate::manifest::Sha256;
use crate::provider_choice::{ChoiceKey, Machine};
use crate::runtime::{Provider, ProviderConfig, Runtime};

/// Velocity steps that an accelerator may be apart from the processor.
const MOST_APART: f32 = 1.0;

/// The same where it may compute in 16 bits.
const MOST_APART_IN_HALF: f32 = 8.0;

/// This machine, with a runtime.
pub(super) struct Here {
    pub runtime: Runtime,
    pub half_precision: bool,
}

impl Here {
    /// The runtime on a provider, with graphs of its own: the lock of the shared ones must not be held by a driver.
    fn on(&self, provider: Provider) -> Result<Runtime, String> {
        let config = ProviderConfig { provider, half_precision: self.half_precision };
        self.runtime.on(config).map(|runtime| runtime.unshared())
    }
}

impl Machine for Here {
    fn key(&self) -> ChoiceKey {
        let library = fs::read(self.runtime.library()).map(|bytes| Sha256::digest(&bytes).to_string());
        ChoiceKey {
            library: format!("{} {}", self.runtime.name(), library.unwrap_or_default()),
            devices: self.runtime.devices().into_iter().chain(nvidia_cards(Path::new(NVIDIA_CARDS))).collect(),
            driver: driver(),
            model: EmbeddedModel::Note.checksum().to_string(),
            half_precision: self.half_precision,
        }
    }

    fn accelerators(&self) -> &[Provider] {
        Provider::ACCELERATORS
    }

    fn has(&self, provider: Provider) -> Result<(), String> {
        self.runtime.has(provider)
    }

    fn try_provider(&self, provider: Provider) -> Result<(), String> {
        self.on(provider).map(drop)
    }

    fn time_hop(&self, provider: Provider) -> Result<Duration, String> {
        let load = |runtime: &Runtime| EmbeddedModel::Note.load(runtime).map_err(|error| error.to_string());
        let runtime = self.on(provider)?;
        let model = load(&runtime)?;
        let computed_by = model.computed_by();
        if !provider.has_computed(&computed_by) {
            return Err(format!("the note model is computed by {computed_by}"));
        }
        if provider != Provider::Cpu {
            let processor = load(&self.runtime.on_processor())?;
            let [own, expected] = [&model, &processor].map(predictions);
            let [own, expected] = [own, expected].map(|result| result.map_err(|error| error.to_string()));
            let limit = if runtime.provider().half_precision { MOST_APART_IN_HALF } else { MOST_APART };
            let apart = most_apart(&own?, &expected?);
            if apart > limit {
                return Err(format!("its velocities are {apart:.0} steps apart from those of the processor"));
            }
        }
        HopTimes::measure(&model).map(|times| times.mean()).map_err(|error| error.to_string())
    }
}

/// Where Linux names NVIDIA's cards, each in a folder. ONNX Runtime sees only the processor there.
const NVIDIA_CARDS: &str = "/proc/driver/nvidia/gpus";

/// The models of NVIDIA's cards, sorted.
fn nvidia_cards(folder: &Path) -> Vec<String> {
    let cards = fs::read_dir(folder).into_iter().flatten().flatten();
    let texts = cards.filter_map(|card| fs::read_to_string(card.path().join("information")).ok());
    let mut models: Vec<String> = texts
        .filter_map(|text| {
            let model = text.lines().find_map(|line| line.strip_prefix("Model:"))?;
            Some(format!("GPU {}", model.trim()))
        })
        .collect();
    models.sort();
    models
}

/// What tells that the graphics driver or the system has changed; empty where nothing does.
fn driver() -> String {
    // Linux: the version of NVIDIA's module. macOS: that of the system, which Core ML is a part of.
    let texts = ["/sys/module/nvidia/version", "/System/Library/CoreServices/SystemVersion.plist"];
    let version = |text: String| match text.len() {
        ..=40 => text.trim().to_owned(),
        _ => Sha256::digest(text.as_bytes()).to_string(),
    };
    let found = texts.into_iter().find_map(|file| fs::read_to_string(file).ok()).map(version);
    // Windows: the date of NVIDIA's library and that of Direct3D's.
    let system = std::env::var_os("SystemRoot").filter(|_| cfg!(windows));
    let dates = system.into_iter().flat_map(|root| {
        ["nvcuda.dll", "d3d12.dll"].map(|name| {
            let changed = fs::metadata(Path::new(&root).join("System32").join(name)).and_then(|m| m.modified());
            let seconds =
                changed.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs());
            format!("{name} {}", seconds.unwrap_or_default())
        })
    });
    found.into_iter().chain(dates).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nvidias_cards_are_named_by_their_models() {
        let folder = tempfile::tempdir().unwrap();
        for (bus, text) in [
            ("0000:02:00.0", "Model: \t\t NVIDIA GeForce RTX 4090\nIRQ:   \t\t 12\n"),
            ("0000:01:00.0", "Model: \t\t NVIDIA H200\nGPU UUID: \t GPU-1\n"),
        ] {
            fs::create_dir(folder.path().join(bus)).unwrap();
            fs::write(folder.path().join(bus).join("information"), text).unwrap();
        }
        fs::create_dir(folder.path().join("unreadable")).unwrap();
        assert_eq!(nvidia_cards(folder.path()), ["GPU NVIDIA GeForce RTX 4090", "GPU NVIDIA H200"]);
        assert!(nvidia_cards(&folder.path().join("none")).is_empty());
    }
}
