//! Opens the runtime that the user wants: the fastest provider of ONNX Runtime, a certain one, or the built-in runtime.

mod choices;
mod machine;
mod trial;

use std::sync::LazyLock;
use std::time::Duration;

use crate::cancellation::{Cancellation, Cancelled};
use crate::library::{self, Candidate};
use crate::provider_choice::{ChoiceMemory, check, choose};
use crate::runtime::{Provider, ProviderConfig, ProviderPreference, Runtime, RuntimePreference, RuntimeReport};
use crate::runtime_settings::RuntimeSettings;
use choices::{Choices, Chosen, Patience};
use machine::Here;

/// The choices of this process.
static CHOICES: LazyLock<Choices> = LazyLock::new(Choices::default);

/// Whether what is remembered is good enough, and how long providers have otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// Providers are timed where nothing is remembered of them. An instance waits, so they have 15 seconds.
    Soon,
    /// The same, with five minutes: TensorRT may have to compile the model.
    Once,
    /// They are timed now, also those that failed earlier. They have five minutes.
    Anew,
}

impl Timing {
    fn patience(self) -> Patience {
        // What an instance does not wait for goes on, and is remembered for the next start.
        let seconds = if self == Self::Soon { 15 } else { 300 };
        Patience { chooses_anew: self == Self::Anew, limit: Duration::from_secs(seconds) }
    }
}

/// Opens a runtime on the provider that the settings ask for. It may load libraries and try providers, so it belongs on
/// the inference thread.
///
/// Where the provider does not compute, or does not answer in time, the processor computes, and the report says why.
///
/// # Errors
/// [`Cancelled`] on cancellation, while providers are tried.
pub fn open(
    settings: RuntimeSettings,
    timing: Timing,
    candidates: &[Candidate],
    cancellation: &Cancellation,
) -> Result<(Runtime, RuntimeReport), Cancelled> {
    open_with(ChoiceMemory::of_user(), settings, timing, (candidates, cancellation))
}

fn open_with(
    memory: ChoiceMemory,
    settings: RuntimeSettings,
    timing: Timing,
    (candidates, cancellation): (&[Candidate], &Cancellation),
) -> Result<(Runtime, RuntimeReport), Cancelled> {
    let RuntimeSettings { provider: preference, half_precision } = settings;
    let (runtime, mut report) = open_on_processor(settings, candidates);
    if report.library.is_none() {
        return Ok((runtime, report));
    }
    let only = match preference {
        ProviderPreference::Only(Provider::Cpu) => {
            report.reason = Some(BY_CHOICE.into());
            return Ok((runtime, report));
        }
        ProviderPreference::Only(provider) => Some(provider),
        ProviderPreference::Auto | ProviderPreference::BuiltIn => None,
    };
    let here = Here { runtime: runtime.clone(), half_precision };
    let times_anew = timing == Timing::Anew;
    let choose = move || match only {
        Some(provider) => check(&here, &memory, provider, times_anew),
        None => choose(&here, &memory, times_anew),
    };
    let chosen = CHOICES.get((preference, half_precision), &timing.patience(), cancellation, choose)?;
    tell(&chosen, only, &mut report);
    let provider = chosen.map_or(Provider::Cpu, |choice| choice.provider);
    // It has just computed, so it does so again.
    Ok(match runtime.on(ProviderConfig { provider, half_precision }) {
        Ok(runtime) => (runtime, report),
        Err(_) => (runtime, RuntimeReport { provider: Provider::Cpu.to_string(), reason: None, ..report }),
    })
}

/// Puts a choice into a report.
fn tell(chosen: &Chosen, only: Option<Provider>, report: &mut RuntimeReport) {
    match chosen {
        Ok(choice) => {
            report.provider = choice.provider.to_string();
            report.reason = choice.reason();
            report.providers = choice.providers();
            report.refusals.clone_from(&choice.refusals);
        }
        Err(why) => report.notes.push(why.clone()),
    }
    if let Some(only) = only {
        let computes = chosen.as_ref().is_ok_and(|choice| choice.provider == only);
        let refused = || format!("{only} was chosen and does not compute here");
        report.reason = Some(if computes { BY_CHOICE.into() } else { refused() });
    }
}

/// The reason where the user has chosen.
const BY_CHOICE: &str = "chosen by you";

/// Opens a runtime on the processor: ONNX Runtime where its library is found, unless the settings ask for the built-in
/// runtime. Nothing is tried.
pub fn open_on_processor(settings: RuntimeSettings, candidates: &[Candidate]) -> (Runtime, RuntimeReport) {
    match settings.provider {
        ProviderPreference::BuiltIn => {
            let (runtime, report) = Runtime::open(RuntimePreference::BuiltIn, &[]);
            (runtime, RuntimeReport { reason: Some(BY_CHOICE.into()), ..report })
        }
        ProviderPreference::Only(_) => Runtime::open(RuntimePreference::OnnxRuntime, candidates),
        ProviderPreference::Auto => Runtime::open(RuntimePreference::Auto, candidates),
    }
}

/// Opens a runtime as the user has set it, from where the library is looked for.
///
/// # Errors
/// [`Cancelled`] on cancellation, while providers are tried.
pub fn open_for_user(cancellation: &Cancellation) -> Result<(Runtime, RuntimeReport), Cancelled> {
    open(RuntimeSettings::load(), Timing::Soon, &library::candidates(None), cancellation)
}

/// The user's runtime on the processor, for what must be the same on all machines.
pub fn open_on_processor_for_user() -> (Runtime, RuntimeReport) {
    open_on_processor(RuntimeSettings::load(), &library::candidates(None))
}

#[cfg(test)]
mod tests;
