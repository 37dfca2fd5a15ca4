//! Tries providers of a machine one by one, and remembers what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Machine;
use super::memory::{ChoiceMemory, Entry};
use crate::runtime::{Provider, Refusal};

/// After so many trials in a row that did not end, a provider is refused. The first may have been interrupted by the user:
/// TensorRT compiles for minutes. After the second the driver is to blame.
const MOST_UNFINISHED: u32 = 2;

/// The trials of one choice.
pub(super) struct Trials<'a, M> {
    machine: &'a M,
    memory: &'a ChoiceMemory,
    /// What is remembered of this machine.
    entry: Entry,
    has_run: BTreeSet<Provider>,
    refusals: Vec<Refusal>,
}

impl<'a, M: Machine> Trials<'a, M> {
    /// No trial yet. `forgets` ignores what is remembered.
    pub fn new(machine: &'a M, memory: &'a ChoiceMemory, refusals: Vec<Refusal>, forgets: bool) -> Self {
        let key = machine.key();
        let remembered = if forgets { None } else { memory.find(&key) };
        let entry = remembered.unwrap_or_else(|| Entry::new(key));
        Self { machine, memory, entry, has_run: BTreeSet::new(), refusals }
    }

    /// Whether a provider has not failed earlier. One that has is refused with the same reason.
    pub fn may_run(&mut self, provider: Provider) -> bool {
        let unfinished = self.entry.unfinished.get(&provider).filter(|unfinished| **unfinished >= MOST_UNFINISHED);
        let interrupted = || Some(format!("the program crashed or was stopped during its last {} trials", unfinished?));
        let failure = self.entry.failures.get(&provider).cloned().or_else(interrupted);
        let refusal = failure.map(|reason| Refusal { provider, reason, is_remembered: true });
        let is_refused = refusal.is_some();
        self.refusals.extend(refusal);
        !is_refused
    }

    /// Runs the model on a provider, and remembers its time if there is none. Returns whether it ran.
    pub fn run(&mut self, provider: Provider) -> bool {
        let unfinished = self.entry.unfinished.entry(provider).or_default();
        *unfinished = unfinished.saturating_add(1);
        self.memory.replace(&self.entry);
        let loaded = self.machine.try_provider(provider);
        let has_loaded = loaded.is_ok();
        let timed = loaded.and_then(|()| self.machine.time_hop(provider));
        self.entry.unfinished.remove(&provider);
        self.entry.failures.remove(&provider);
        let has_run = timed.is_ok();
        match timed {
            Ok(time) => {
                self.entry.times.entry(provider).or_insert(in_micros(time));
                self.has_run.insert(provider);
            }
            Err(reason) => {
                // What does not load may be installed later, and what ran earlier may run again.
                let is_remembered = has_loaded && !self.entry.times.contains_key(&provider);
                if is_remembered {
                    self.entry.failures.insert(provider, reason.clone());
                }
                self.refusals.push(Refusal { provider, reason, is_remembered });
            }
        }
        self.memory.replace(&self.entry);
        has_run
    }

    /// Times the processor, unless its time is remembered.
    pub fn time_processor(&mut self) {
        if self.entry.times.contains_key(&Provider::Cpu) {
            return;
        }
        match self.machine.time_hop(Provider::Cpu) {
            Ok(time) => {
                self.entry.times.insert(Provider::Cpu, in_micros(time));
                self.memory.replace(&self.entry);
            }
            Err(reason) => self.refusals.push(Refusal { provider: Provider::Cpu, reason, is_remembered: false }),
        }
    }

    /// Whether a provider has run in this choice.
    pub fn has_run(&self, provider: Provider) -> bool {
        self.has_run.contains(&provider)
    }

    /// The time of a provider, if it is known.
    pub fn time_of(&self, provider: Provider) -> Option<Duration> {
        self.entry.times.get(&provider).copied().map(Duration::from_micros)
    }

    /// The known times of the processor and some accelerators.
    pub fn times(&self, accelerators: &[Provider]) -> BTreeMap<Provider, Duration> {
        let all = std::iter::once(Provider::Cpu).chain(accelerators.iter().copied());
        all.filter_map(|provider| Some((provider, self.time_of(provider)?))).collect()
    }

    /// Why providers were refused.
    pub fn into_refusals(self) -> Vec<Refusal> {
        self.refusals
    }
}

fn in_micros(time: Duration) -> u64 {
    time.as_micros().try_into().unwrap_or(u64::MAX)
}
