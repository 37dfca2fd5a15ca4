//! What the process has in use as notes go by.
//!
//! What is in use sways with what was last freed, so the least of several rests counts.

use crate::HostError;
use crate::clap::ClapHost;
use crate::host::Host;
use crate::memory::{allocated_bytes, resident_bytes};
use crate::report;

/// What the plugin may keep is what it has in the first rests after so many notes.
pub const WARM_UP_NOTES: u64 = 50_000;

/// Rests whose least counts.
const RESTS: usize = 8;

/// What was in use at a rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Footprint {
    /// Notes played until then.
    pub notes: u64,
    /// Notes of the song that the plugin remembered.
    pub remembered: usize,
    /// Memory of the process in bytes: the least of this rest and those shortly before.
    pub bytes: i64,
    /// What was allocated then and not freed, in bytes, where that is known.
    pub allocated: Option<i64>,
}

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Footprints {
    /// Each with its own bytes.
    all: Vec<Footprint>,
}

impl Footprints {
    /// Looks at the process after so many notes, and at what the plugin in it remembers, by its state; `state` is the
    /// host's buffer for it.
    ///
    /// # Errors
    /// When the plugin does not tell.
    pub fn look(&mut self, notes: u64, host: &mut ClapHost, state: &mut Vec<u8>) -> Result<(), HostError> {
        // Before the host asks, which takes memory too.
        let (bytes, allocated) = (resident_bytes(), allocated_bytes());
        host.save_state_into(state)?;
        let remembered = report::remembered(host.json(state)).map_err(HostError::Report)?;
        self.all.extend(bytes.map(|bytes| Footprint { notes, remembered, bytes, allocated }));
        Ok(())
    }

    /// From the first rests after the warm-up to the last.
    pub fn growth(&self) -> Option<i64> {
        let warm = self.all.iter().position(|f| f.notes >= WARM_UP_NOTES)?;
        let warm = self.all[warm..].chunks(RESTS).next().filter(|rests| rests.len() == RESTS)?;
        Some(least(&self.all)? - least(warm)?)
    }

    /// All rests.
    pub fn into_all(self) -> Vec<Footprint> {
        let ends = 1..=self.all.len();
        ends.filter_map(|end| Some(Footprint { bytes: least(&self.all[..end])?, ..self.all[end - 1] })).collect()
    }
}

/// Of the last rests.
fn least(rests: &[Footprint]) -> Option<i64> {
    rests.iter().rev().take(RESTS).map(|f| f.bytes).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_told_between_the_least_of_the_first_warm_rests_and_of_the_last() {
        let rest = |i: u64| Footprint {
            notes: i * 10_000,
            remembered: 0,
            bytes: 100 + 2 * i as i64 + i as i64 % 2,
            allocated: None,
        };
        let footprints = |count| Footprints { all: (0..count).map(rest).collect() };
        assert_eq!(footprints(12).growth(), None, "seven warm rests");
        assert_eq!(footprints(13).growth(), Some(0));
        assert_eq!(footprints(23).growth(), Some(20));
        let all = footprints(23).into_all();
        assert_eq!((all[0].bytes, all[22].bytes), (100, 131));
    }
}
