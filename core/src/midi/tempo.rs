//! Converts between ticks, beats and seconds by a file's tempo changes.

/// Default length of a quarter note in microseconds: 120 beats a minute.
pub(super) const DEFAULT_MICROS_PER_BEAT: u32 = 500_000;

/// The tempo of a song over its ticks, piecewise constant.
#[derive(Debug, Clone, PartialEq)]
pub struct TempoMap {
    ticks_per_beat: u16,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Segment {
    tick: u64,
    seconds: f64,
    micros_per_beat: u32,
}

impl TempoMap {
    /// A map from `(tick, microseconds a beat)` changes in any order; if several are at one tick, the last counts.
    ///
    /// `ticks_per_beat` must not be 0. A change to 0 microseconds is ignored.
    pub fn new(ticks_per_beat: u16, changes: impl IntoIterator<Item = (u64, u32)>) -> Self {
        let mut changes: Vec<_> = changes.into_iter().filter(|&(_, micros)| micros > 0).collect();
        changes.sort_by_key(|&(tick, _)| tick);
        let mut map = Self {
            ticks_per_beat,
            segments: vec![Segment { tick: 0, seconds: 0.0, micros_per_beat: DEFAULT_MICROS_PER_BEAT }],
        };
        for (tick, micros_per_beat) in changes {
            let seconds = map.seconds(tick);
            let segment = Segment { tick, seconds, micros_per_beat };
            match map.segments.last_mut() {
                Some(last) if last.tick == tick => *last = segment,
                _ => map.segments.push(segment),
            }
        }
        map
    }

    /// Ticks in a quarter note.
    pub fn ticks_per_beat(&self) -> u16 {
        self.ticks_per_beat
    }

    /// Seconds from the start of the song at a tick.
    pub fn seconds(&self, tick: u64) -> f64 {
        let segment = self.segments[self.segments.partition_point(|s| s.tick <= tick).max(1) - 1];
        segment.seconds + (tick - segment.tick) as f64 * self.seconds_per_tick(segment)
    }

    /// Beats from the start of the song at a time in seconds; negative before the start.
    pub fn beats_at(&self, seconds: f64) -> f64 {
        let segment = self.segments[self.segments.partition_point(|s| s.seconds <= seconds).max(1) - 1];
        let ticks = segment.tick as f64 + (seconds - segment.seconds) / self.seconds_per_tick(segment);
        ticks / f64::from(self.ticks_per_beat)
    }

    /// The tempo at a time in seconds, in quarter notes a minute.
    pub fn beats_per_minute_at(&self, seconds: f64) -> f64 {
        let segment = self.segments[self.segments.partition_point(|s| s.seconds <= seconds).max(1) - 1];
        60e6 / f64::from(segment.micros_per_beat)
    }

    /// The tempo changes as `(tick, microseconds a beat)`, the first at tick 0.
    pub fn changes(&self) -> impl Iterator<Item = (u64, u32)> + '_ {
        self.segments.iter().map(|s| (s.tick, s.micros_per_beat))
    }

    fn seconds_per_tick(&self, segment: Segment) -> f64 {
        f64::from(segment.micros_per_beat) * 1e-6 / f64::from(self.ticks_per_beat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_tempo_event_a_song_runs_at_120() {
        let map = TempoMap::new(480, []);
        assert_eq!(map.seconds(960), 1.0);
        assert_eq!(map.beats_per_minute_at(0.0), 120.0);
    }

    #[test]
    fn each_tempo_change_takes_effect_at_its_tick() {
        let map = TempoMap::new(100, [(300, 250_000), (100, 1_000_000), (300, 2_000_000)]);
        assert_eq!(map.seconds(100), 0.5);
        assert_eq!(map.seconds(300), 2.5);
        assert_eq!(map.seconds(350), 3.5);
        assert_eq!(map.beats_at(3.5), 3.5);
        assert_eq!(map.beats_per_minute_at(3.0), 30.0);
    }

    #[test]
    fn beats_and_seconds_are_inverse() {
        let map = TempoMap::new(96, [(0, 600_000), (500, 333_333), (777, 1_234_567)]);
        for tick in (0..2000).step_by(7) {
            assert!((map.beats_at(map.seconds(tick)) * 96.0 - tick as f64).abs() < 1e-6);
        }
    }
}
