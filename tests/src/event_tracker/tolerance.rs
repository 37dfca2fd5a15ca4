//! How far from when they are due events may leave.

use std::ops::RangeInclusive;

/// Farthest that the plugin moves a note before it is due, in seconds.
const EARLY: f64 = 0.060;
/// Farthest that it moves an event after it is due, in seconds.
const LATE: f64 = 0.350;
/// Farthest beyond that it delays the end of a longer note, in seconds.
const LONGER: f64 = 1.0;

/// How far from when they are due events may leave, in samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tolerance {
    /// Before.
    pub early: u64,
    /// After.
    pub late: u64,
    /// A note's end after that.
    pub longer: u64,
    /// From when an event comes until it is due.
    pub latency: u64,
}

impl Tolerance {
    /// How far the feel may move events; `sample_rate` in Hz, `latency` in samples.
    pub fn of_feel(sample_rate: f64, latency: u32) -> Self {
        let samples = |seconds: f64| (seconds * sample_rate).round() as u64;
        let latency = u64::from(latency);
        Self { early: samples(EARLY).min(latency), late: samples(LATE), longer: samples(LONGER), latency }
    }

    /// The longest time, from a stop on, until all that was pending has left and ended.
    pub fn settling(&self) -> u64 {
        2 * self.late + self.longer
    }
}

/// Where events may move at present.
#[derive(Debug, Clone, Copy, Default)]
pub struct Movement {
    tolerance: Tolerance,
    /// What is due from here on leaves when due; `None` while events may move.
    still_from: Option<u64>,
}

impl Movement {
    /// Nothing moves.
    pub const NONE: Self =
        Self { tolerance: Tolerance { early: 0, late: 0, longer: 0, latency: 0 }, still_from: Some(0) };

    /// From `now` on events move within a tolerance, or no more events do.
    pub fn set(&mut self, tolerance: Option<Tolerance>, now: u64) {
        match tolerance {
            Some(tolerance) => *self = Self { tolerance, still_from: None },
            None => {
                // A shortened note's end is decided as soon as it has come.
                let decided = self.tolerance.latency + self.tolerance.late;
                let settling = self.tolerance.settling();
                self.still_from.get_or_insert(now + decided + settling);
            }
        }
    }

    /// When an event that is due then may leave.
    pub fn times(&self, due: u64) -> RangeInclusive<u64> {
        let Tolerance { early, late, .. } = self.tolerance_at(due);
        due.saturating_sub(early)..=due + late
    }

    /// When a note-off that is due then, and came then, may leave.
    pub fn times_of_end(&self, came: u64, due: u64) -> RangeInclusive<u64> {
        let tolerance = self.tolerance_at(due);
        if tolerance == Tolerance::default() { due..=due } else { came..=due + tolerance.late + tolerance.longer }
    }

    fn tolerance_at(&self, due: u64) -> Tolerance {
        if self.still_from.is_some_and(|still| due >= still) { Tolerance::default() } else { self.tolerance }
    }
}
