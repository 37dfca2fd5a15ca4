//! Opens the runtime that the user wants: the fastest provider of ONNX Runtime, a certain one, or the built-in runtime.

use std::fs;
use std::time::{Duration, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::embedded::EmbeddedModel;
use crate::hop::HopTimes;
use crate::library::{self, Candidate};
use crate::manifest::Sha256;
use crate::provider_choice::{Choice, ChoiceKey, ChoiceMemory, Machine, choose};
use crate::runtime::{Provider, ProviderConfig, ProviderPreference, Runtime, RuntimePreference, RuntimeReport};
use crate::runtime_settings::RuntimeSettings;

/// The choices that this process has made, so that its instances compute with one provider.
static CHOSEN: Mutex<Vec<(ChoiceKey, Choice)>> = Mutex::new(Vec::new());

/// Whether a remembered choice is good enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// Providers are timed where nothing is remembered of them.
    Once,
    /// They are timed now.
    Anew,
}

/// Opens a runtime on the provider that the settings ask for. It may load libraries and time providers, so it belongs on
/// the inference thread.
///
/// It never fails: where the provider does not compute, the processor does, and the report says why.
pub fn open(settings: RuntimeSettings, timing: Timing, candidates: &[Candidate]) -> (Runtime, RuntimeReport) {
    let RuntimeSettings { provider: preference, half_precision } = settings;
    if preference == ProviderPreference::BuiltIn {
        let (runtime, report) = Runtime::open(RuntimePreference::BuiltIn, &[]);
        return (runtime, RuntimeReport { reason: Some(BY_CHOICE.into()), ..report });
    }
    let is_certain = matches!(preference, ProviderPreference::Only(_));
    let wanted = if is_certain { RuntimePreference::OnnxRuntime } else { RuntimePreference::Auto };
    let (runtime, mut report) = Runtime::open(wanted, candidates);
    if report.library.is_none() {
        return (runtime, report);
    }
    if let ProviderPreference::Only(provider) = preference {
        return match runtime.on(ProviderConfig { provider, half_precision }) {
            Ok(runtime) => {
                report.provider = provider.to_string();
                report.reason = Some(BY_CHOICE.into());
                report.providers.extend((provider != Provider::Cpu).then_some(provider));
                (runtime, report)
            }
            Err(reason) => {
                report.reason = Some(format!("{provider} was chosen and does not compute here"));
                report.provider_notes.push(refusal(&runtime, provider, &reason));
                (runtime, report)
            }
        };
    }
    let choice = chosen(&Here::new(&runtime, half_precision), timing);
    report.provider = choice.provider.to_string();
    report.reason = choice.reason();
    report.providers = choice.providers();
    report.provider_notes.extend(choice.refusals.iter().map(|(provider, reason)| refusal(&runtime, *provider, reason)));
    // It was tried while it was chosen. A failure now means that it is gone since.
    let chosen = runtime.on(ProviderConfig { provider: choice.provider, half_precision });
    match chosen {
        Ok(runtime) => (runtime, report),
        Err(reason) => {
            report.provider_notes.push(refusal(&runtime, choice.provider, &reason));
            (report.provider, report.reason) = (Provider::Cpu.to_string(), None);
            (runtime, report)
        }
    }
}

/// The reason where the user has chosen.
const BY_CHOICE: &str = "chosen by you";

/// The sentence that says why a provider is not used, and what to do.
pub fn refusal(runtime: &Runtime, provider: Provider, reason: &str) -> String {
    format!("{provider} is not used by {}: {reason}. {}", runtime.name(), provider.remedy())
}

/// The choice for a machine, made once in a process.
fn chosen(machine: &Here<'_>, timing: Timing) -> Choice {
    let key = machine.key();
    // Locked meanwhile, so that two instances that start together choose once.
    let mut chosen = CHOSEN.lock();
    if timing == Timing::Once
        && let Some((_, choice)) = chosen.iter().find(|(known, _)| *known == key)
    {
        return choice.clone();
    }
    let choice = choose(machine, &ChoiceMemory::of_user(), timing == Timing::Anew);
    chosen.retain(|(known, _)| *known != key);
    chosen.push((key, choice.clone()));
    choice
}

/// This machine, with a runtime.
struct Here<'a> {
    runtime: &'a Runtime,
    half_precision: bool,
}

impl<'a> Here<'a> {
    fn new(runtime: &'a Runtime, half_precision: bool) -> Self {
        Self { runtime, half_precision }
    }

    fn config(&self, provider: Provider) -> ProviderConfig {
        ProviderConfig { provider, half_precision: self.half_precision }
    }
}

impl Machine for Here<'_> {
    fn key(&self) -> ChoiceKey {
        ChoiceKey {
            library: format!("{} {}", self.runtime.name(), self.runtime.library().display()),
            devices: self.runtime.devices(),
            driver: driver(),
            model: EmbeddedModel::Note.checksum().to_string(),
            half_precision: self.half_precision,
        }
    }

    fn accelerators(&self) -> &[Provider] {
        Provider::ACCELERATORS
    }

    fn try_provider(&self, provider: Provider) -> Result<(), String> {
        self.runtime.on(self.config(provider)).map(drop)
    }

    fn time_hop(&self, provider: Provider) -> Result<Duration, String> {
        let runtime = self.runtime.on(self.config(provider))?;
        let model = EmbeddedModel::Note.load(&runtime).map_err(|error| error.to_string())?;
        let computed_by = model.computed_by();
        if !computed_by.starts_with(&provider.to_string()) {
            return Err(format!("the note model is computed by {computed_by}"));
        }
        HopTimes::measure(&model).map(|times| times.mean()).map_err(|error| error.to_string())
    }
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
            let changed =
                fs::metadata(std::path::Path::new(&root).join("System32").join(name)).and_then(|m| m.modified());
            let seconds =
                changed.ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs());
            format!("{name} {}", seconds.unwrap_or_default())
        })
    });
    found.into_iter().chain(dates).collect::<Vec<_>>().join(", ")
}

/// Opens a runtime as the user has set it, from where the library is looked for.
pub fn open_for_user() -> (Runtime, RuntimeReport) {
    open(RuntimeSettings::load(), Timing::Once, &library::candidates(None))
}
