//! Samples the process's memory during a soak and computes its growth.
//!
//! Memory in use varies with what was freed last, so the minimum of several rests counts. Notes that Timeline remembers
//! take memory, as they must. So growth is measured from when it remembers nearly as many as it ever does: a leak goes on
//! after that.

use crate::HostError;
use crate::clap::ClapHost;
use crate::host::Host;
use crate::memory::{allocated_bytes, resident_bytes};
use crate::report;

/// Growth is measured from the first rests after at least this many notes.
pub const WARM_UP_NOTES: u64 = 50_000;

/// Growth is measured once Timeline remembers this share of the most that it ever remembers.
const WARM_SHARE: f64 = 0.75;

/// How many rests a minimum is taken over.
const RESTS: usize = 8;

/// The memory in use at a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Notes played so far.
    pub notes: u64,
    /// Notes in the plugin's Timeline memory.
    pub remembered: usize,
    /// Resident memory in bytes: the minimum of this rest and those shortly before.
    pub bytes: i64,
    /// Allocated bytes, where the allocator reports them.
    pub allocated: Option<i64>,
}

/// How much memory a soak has cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// Notes played when the warm-up ended.
    pub since: u64,
    /// The growth since then in bytes, between minima of several rests.
    pub bytes: i64,
}

/// The footprints of a soak.
#[derive(Debug, Default)]
pub struct FootprintLog {
    /// Each with its own bytes, not yet a minimum.
    samples: Vec<Footprint>,
}

impl FootprintLog {
    /// Records the memory in use after this many notes. `state` is the host's buffer for the plugin's state.
    ///
    /// # Errors
    /// When the plugin's state cannot be saved or read.
    pub fn record(&mut self, notes: u64, host: &mut ClapHost, state: &mut Vec<u8>) -> Result<(), HostError> {
        // Measured first, because saving the state takes memory too.
        let (bytes, allocated) = (resident_bytes(), allocated_bytes());
        host.save_state_into(state)?;
        let remembered = report::remembered_notes(host.json_of_state(state)).map_err(HostError::State)?;
        self.samples.extend(bytes.map(|bytes| Footprint { notes, remembered, bytes, allocated }));
        Ok(())
    }

    /// The growth from the first rests after the warm-up to the last rests; `None` where the soak was too short.
    pub fn growth(&self) -> Option<Growth> {
        let most = self.samples.iter().map(|f| f.remembered).max()? as f64;
        let is_warm = |f: &Footprint| f.notes >= WARM_UP_NOTES && f.remembered as f64 >= WARM_SHARE * most;
        let warm = &self.samples[self.samples.iter().position(is_warm)?..];
        let first = warm.get(..RESTS)?;
        Some(Growth { since: warm[0].notes, bytes: minimum_of_last(&self.samples)? - minimum_of_last(first)? })
    }

    /// All footprints.
    pub fn into_footprints(self) -> Vec<Footprint> {
        let ends = 1..=self.samples.len();
        ends.filter_map(|end| {
            let bytes = minimum_of_last(&self.samples[..end])?;
            Some(Footprint { bytes, ..self.samples[end - 1] })
        })
        .collect()
    }
}

fn minimum_of_last(rests: &[Footprint]) -> Option<i64> {
    rests.iter().rev().take(RESTS).map(|f| f.bytes).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(rests: impl Iterator<Item = Footprint>) -> FootprintLog {
        FootprintLog { samples: rests.collect() }
    }

    fn rest(i: u64) -> Footprint {
        Footprint { notes: i * 10_000, remembered: 0, bytes: 100 + 2 * i as i64 + i as i64 % 2, allocated: None }
    }

    #[test]
    fn growth_compares_the_minimum_of_the_first_warm_rests_with_that_of_the_last() {
        assert_eq!(log((0..12).map(rest)).growth(), None, "seven warm rests");
        assert_eq!(log((0..13).map(rest)).growth(), Some(Growth { since: 50_000, bytes: 0 }));
        assert_eq!(log((0..23).map(rest)).growth(), Some(Growth { since: 50_000, bytes: 20 }));
        let all = log((0..23).map(rest)).into_footprints();
        assert_eq!((all[0].bytes, all[22].bytes), (100, 131));
    }

    #[test]
    fn growth_counts_once_timeline_is_nearly_as_full_as_it_gets() {
        let filling = |i: u64| Footprint { remembered: 1_000 * i.min(20) as usize, ..rest(i) };
        assert_eq!(log((0..40).map(filling)).growth(), Some(Growth { since: 150_000, bytes: 164 - 131 }));
    }
}
