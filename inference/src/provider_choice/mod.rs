//! Chooses what computes: the processor, or an accelerator that is faster at the plugin's work.
//!
//! A hop of the model is timed on each provider that loads. Times and failures are remembered by device, driver, library
//! and model ([`ChoiceMemory`]), so that a project sounds the same each time on one machine: providers round differently,
//! and velocities may differ by a step. Where only the processor computes, nothing is timed.
//!
//! A driver may end the process or hang while it is tried, and a user may end the process meanwhile. A trial is therefore
//! remembered as unfinished until it is over, and after two such trials in a row the provider is refused.

mod memory;
mod trials;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::hop::in_milliseconds;
pub(crate) use crate::runtime::MEASURE_AGAIN;
use crate::runtime::{Provider, Refusal};
pub(crate) use memory::ChoiceMemory;
use trials::Trials;

/// The share of the processor's time that an accelerator may take at most. Where both are nearly as fast, each measurement
/// would choose another one.
const FASTER: f64 = 0.9;

/// What a choice holds for; anything else is timed anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChoiceKey {
    /// ONNX Runtime's release and the checksum of its file.
    pub library: String,
    /// The devices that are found.
    pub devices: Vec<String>,
    /// The graphics driver.
    pub driver: String,
    /// The model's checksum.
    pub model: String,
    /// Whether an accelerator may compute in 16 bits.
    pub half_precision: bool,
}

/// A machine, as far as the choice concerns it.
pub(crate) trait Machine {
    /// What the choice holds for.
    fn key(&self) -> ChoiceKey;

    /// The accelerators that it may have.
    fn accelerators(&self) -> &[Provider];

    /// Whether the library has a provider at all. Loads nothing.
    ///
    /// # Errors
    /// Why it has not, as a clause.
    fn has(&self, provider: Provider) -> Result<(), String>;

    /// Checks that a provider computes. It may take seconds, hang or end the process.
    ///
    /// # Errors
    /// Why it does not, as a clause.
    fn try_provider(&self, provider: Provider) -> Result<(), String>;

    /// Checks that the model runs on a provider as on the processor, and times a hop. Like [`Self::try_provider`].
    ///
    /// # Errors
    /// Why it does not, as a clause.
    fn time_hop(&self, provider: Provider) -> Result<Duration, String>;
}

/// What was chosen, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The provider.
    pub provider: Provider,
    /// The time of a hop on each provider that computes; none where there was no choice.
    pub times: BTreeMap<Provider, Duration>,
    /// Why the others do not compute.
    pub refusals: Vec<Refusal>,
}

impl Choice {
    /// The reason for people, such as `a hop of 1 or 16 notes takes 0.25 ms on average; CUDA would take 0.90 ms`; `None`
    /// where there was no choice.
    pub fn reason(&self) -> Option<String> {
        let own = in_milliseconds(*self.times.get(&self.provider)?);
        let others = self.times.iter().filter(|(provider, _)| **provider != self.provider);
        let others: Vec<String> =
            others.map(|(other, time)| format!("{other} would take {}", in_milliseconds(*time))).collect();
        let all = || format!("a hop of 1 or 16 notes takes {own} on average; {}", others.join(", "));
        (!others.is_empty()).then(all)
    }

    /// The providers that compute, the processor first.
    pub fn providers(&self) -> Vec<Provider> {
        let all: BTreeSet<Provider> = self.times.keys().copied().chain([Provider::Cpu, self.provider]).collect();
        all.into_iter().collect()
    }
}

/// Chooses a provider. `times_anew` ignores what is remembered.
///
/// An accelerator that lost earlier is not loaded again. One that won, or was not there, is tried.
pub(crate) fn choose(machine: &impl Machine, memory: &ChoiceMemory, times_anew: bool) -> Choice {
    let (mut here, refusals) = accelerators(machine, machine.accelerators());
    if here.is_empty() {
        return Choice { provider: Provider::Cpu, times: BTreeMap::new(), refusals };
    }
    // One process at a time, so that one choice holds for all.
    let _alone = memory.lock();
    let mut trials = Trials::new(machine, memory, refusals, times_anew);
    here.retain(|&provider| trials.may_run(provider) && (trials.time_of(provider).is_some() || trials.run(provider)));
    if !here.is_empty() {
        trials.time_processor();
    }
    let provider = loop {
        let best = fastest(&trials.times(&here));
        if best == Provider::Cpu || trials.has_run(best) || trials.run(best) {
            break best;
        }
        here.retain(|&provider| provider != best);
    };
    Choice { provider, times: trials.times(&here), refusals: trials.into_refusals() }
}

/// Checks the accelerator that the user has chosen. Where it does not compute, the choice is the processor. `tries_anew`
/// ignores an earlier failure.
pub(crate) fn check(machine: &impl Machine, memory: &ChoiceMemory, provider: Provider, tries_anew: bool) -> Choice {
    let (here, refusals) = accelerators(machine, &[provider]);
    if here.is_empty() {
        return Choice { provider: Provider::Cpu, times: BTreeMap::new(), refusals };
    }
    let _alone = memory.lock();
    let mut trials = Trials::new(machine, memory, refusals, false);
    let computes = (tries_anew || trials.may_run(provider)) && trials.run(provider);
    let provider = if computes { provider } else { Provider::Cpu };
    Choice { provider, times: BTreeMap::new(), refusals: trials.into_refusals() }
}

/// Those accelerators that the library has, and why it lacks the others.
fn accelerators(machine: &impl Machine, all: &[Provider]) -> (Vec<Provider>, Vec<Refusal>) {
    let mut refusals = Vec::new();
    let here = all.iter().copied().filter(|&provider| match machine.has(provider) {
        Ok(()) => true,
        Err(reason) => {
            refusals.push(Refusal { provider, reason, is_remembered: false });
            false
        }
    });
    (here.collect(), refusals)
}

/// The processor, or an accelerator that is clearly faster.
fn fastest(times: &BTreeMap<Provider, Duration>) -> Provider {
    let accelerators = times.iter().filter(|(provider, _)| **provider != Provider::Cpu);
    match (accelerators.min_by_key(|(_, time)| **time), times.get(&Provider::Cpu)) {
        (Some((provider, time)), Some(processor)) if time.as_secs_f64() <= processor.as_secs_f64() * FASTER => {
            *provider
        }
        (Some((provider, _)), None) => *provider,
        _ => Provider::Cpu,
    }
}

#[cfg(test)]
mod tests;
