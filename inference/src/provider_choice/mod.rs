//! Chooses what computes: the processor, or an accelerator that is faster at the plugin's work.
//!
//! A hop of the model is timed on each provider that truly loads. The choice is remembered by device, driver, library and
//! model ([`ChoiceMemory`]), so that a project sounds the same each time on one machine: providers round differently, and
//! velocities may differ by a step. Where only the processor computes, nothing is timed.

mod memory;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::hop::in_milliseconds;
use crate::runtime::Provider;
pub use memory::ChoiceMemory;

/// The share of the processor's time that an accelerator may take at most. Where both are nearly as fast, each measurement
/// would choose another one.
const FASTER: f64 = 0.9;

/// What a choice holds for; anything else is timed anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceKey {
    /// ONNX Runtime's release and path.
    pub library: String,
    /// The devices that ONNX Runtime sees.
    pub devices: Vec<String>,
    /// The graphics driver.
    pub driver: String,
    /// The model's checksum.
    pub model: String,
    /// Whether an accelerator may compute in 16 bits.
    pub half_precision: bool,
}

/// A machine, as far as the choice concerns it.
pub trait Machine {
    /// What the choice holds for.
    fn key(&self) -> ChoiceKey;

    /// The accelerators that it may have.
    fn accelerators(&self) -> &[Provider];

    /// Checks that a provider computes. It may take seconds.
    ///
    /// # Errors
    /// Why it does not, as a clause.
    fn try_provider(&self, provider: Provider) -> Result<(), String>;

    /// Times a hop of the model on a provider.
    ///
    /// # Errors
    /// Why the model does not run there, as a clause.
    fn time_hop(&self, provider: Provider) -> Result<Duration, String>;
}

/// What was chosen, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The provider.
    pub provider: Provider,
    /// The time of a hop on each provider that computes; none where there was no choice.
    pub times: BTreeMap<Provider, Duration>,
    /// Why the others do not compute.
    pub refusals: Vec<(Provider, String)>,
}

impl Choice {
    /// The reason for people, such as `a hop takes 0.25 ms; CUDA would take 0.90 ms`; `None` where there was no choice.
    pub fn reason(&self) -> Option<String> {
        let own = in_milliseconds(*self.times.get(&self.provider)?);
        let others = self.times.iter().filter(|(provider, _)| **provider != self.provider);
        let others: Vec<String> =
            others.map(|(other, time)| format!("{other} would take {}", in_milliseconds(*time))).collect();
        if others.is_empty() { None } else { Some(format!("a hop takes {own}; {}", others.join(", "))) }
    }

    /// The providers that compute, the processor first.
    pub fn providers(&self) -> Vec<Provider> {
        let others = self.times.keys().copied().filter(|&provider| provider != Provider::Cpu);
        std::iter::once(Provider::Cpu).chain(others).collect()
    }
}

/// Chooses a provider. `times_anew` ignores what is remembered.
///
/// An accelerator that lost earlier is not loaded again. One that won, or was not there, is tried.
pub fn choose(machine: &impl Machine, memory: &ChoiceMemory, times_anew: bool) -> Choice {
    let key = machine.key();
    let remembered = if times_anew { None } else { memory.find(&key) };
    let has_lost = |provider: Provider| {
        remembered.as_ref().is_some_and(|entry| entry.provider != provider && entry.hop_micros.contains_key(&provider))
    };
    let mut refusals = Vec::new();
    let mut compute = Vec::new();
    for &provider in machine.accelerators() {
        match if has_lost(provider) { Ok(()) } else { machine.try_provider(provider) } {
            Ok(()) => compute.push(provider),
            Err(reason) => refusals.push((provider, reason)),
        }
    }
    if compute.is_empty() {
        return Choice { provider: Provider::Cpu, times: BTreeMap::new(), refusals };
    }
    compute.insert(0, Provider::Cpu);
    let is_for_these = |entry: &memory::Entry| {
        entry.hop_micros.len() == compute.len() && compute.iter().all(|p| entry.hop_micros.contains_key(p))
    };
    let entry = match remembered.filter(is_for_these) {
        Some(entry) => entry,
        None => {
            let entry = time(machine, key, &compute, &mut refusals);
            // Another process may have timed them meanwhile; one choice holds for all.
            if times_anew { memory.replace(entry) } else { memory.add(entry, is_for_these) }
        }
    };
    let times = entry.hop_micros.iter().filter_map(|(&p, micros)| Some((p, Duration::from_micros((*micros)?))));
    Choice { provider: entry.provider, times: times.collect(), refusals }
}

/// Times the providers, and finds the one to keep.
fn time(
    machine: &impl Machine,
    key: ChoiceKey,
    providers: &[Provider],
    refusals: &mut Vec<(Provider, String)>,
) -> memory::Entry {
    let mut hop_micros = BTreeMap::new();
    for &provider in providers {
        let time = machine.time_hop(provider);
        let micros = time.as_ref().ok().map(|time| time.as_micros().try_into().unwrap_or(u64::MAX));
        hop_micros.insert(provider, micros);
        refusals.extend(time.err().map(|reason| (provider, reason)));
    }
    memory::Entry { provider: fastest(&hop_micros), key, hop_micros }
}

/// The processor, or an accelerator that is clearly faster.
fn fastest(hop_micros: &BTreeMap<Provider, Option<u64>>) -> Provider {
    let timed = hop_micros.iter().filter_map(|(&provider, &micros)| Some((provider, micros?)));
    let accelerator = timed.filter(|(provider, _)| *provider != Provider::Cpu).min_by_key(|(_, micros)| *micros);
    let processor = hop_micros.get(&Provider::Cpu).copied().flatten();
    match (accelerator, processor) {
        (Some((provider, micros)), Some(processor)) if micros as f64 <= processor as f64 * FASTER => provider,
        (Some((provider, _)), None) => provider,
        _ => Provider::Cpu,
    }
}

#[cfg(test)]
mod tests;
