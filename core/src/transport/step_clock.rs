//! Converts sample times to grid positions and song positions, following the host's transport.
//!
//! A grid step is a sixteenth at the host's tempo, or at 120 beats a minute if the host tells none.

use super::Transport;
use crate::scheduler::SampleTime;

/// The grid's tempo if the host tells none, in beats a minute: a step of 125 ms.
const FREE_TEMPO: f64 = 120.0;

/// Largest difference from the host's position that is not corrected, in steps. Without it, rounding in the host's
/// positions would move the grid from block to block.
const SLACK: f64 = 1e-3;

/// Positions closer than this to a sample count as on it, in samples; it covers rounding errors.
const ON_A_SAMPLE: f64 = 1e-3;

/// A clock that counts grid steps. The count grows through loops and seeks; only its phase follows the host.
#[derive(Debug, Clone, Copy)]
pub struct StepClock {
    sample_rate: f64,
    song: Option<SongAnchor>,
    anchor_time: SampleTime,
    anchor_position: f64,
    steps_per_sample: f64,
}

/// The song position at a sample, while the host plays and tells its position.
#[derive(Debug, Clone, Copy)]
struct SongAnchor {
    time: SampleTime,
    beats: f64,
    beats_per_sample: f64,
}

impl SongAnchor {
    fn beats(&self, time: SampleTime) -> f64 {
        self.beats + (time as f64 - self.time as f64) * self.beats_per_sample
    }
}

impl StepClock {
    /// A clock that is at step 0 at sample 0; `sample_rate` in Hz.
    pub fn new(sample_rate: f64) -> Self {
        Self {
            sample_rate,
            song: None,
            anchor_time: 0,
            anchor_position: 0.0,
            steps_per_sample: steps_per_sample(FREE_TEMPO, sample_rate),
        }
    }

    /// Follows the host's transport at `time`.
    pub fn follow(&mut self, time: SampleTime, transport: &Transport) {
        let transport = transport.plausible();
        let tempo = transport.tempo.unwrap_or(FREE_TEMPO);
        let rate = steps_per_sample(tempo, self.sample_rate);
        let expected = self.position(time);
        let beats = transport.song_beats().filter(|_| transport.playing);
        self.follow_song(time, beats, rate / 4.0);
        let host = beats.map(|beats| beats * 4.0);
        let shift = host.map_or(0.0, |host| {
            let ahead = (host - expected).rem_euclid(1.0);
            let shift = if ahead > 0.5 { ahead - 1.0 } else { ahead };
            if shift.abs() > SLACK { shift } else { 0.0 }
        });
        if rate != self.steps_per_sample || shift != 0.0 {
            *self = Self { anchor_time: time, anchor_position: expected + shift, steps_per_sample: rate, ..*self };
        }
    }

    fn follow_song(&mut self, time: SampleTime, beats: Option<f64>, beats_per_sample: f64) {
        let known = |anchor: &SongAnchor, beats: f64| {
            anchor.beats_per_sample == beats_per_sample && (anchor.beats(time) - beats).abs() <= SLACK / 4.0
        };
        self.song = match (beats, self.song) {
            (Some(beats), Some(anchor)) if known(&anchor, beats) => Some(anchor),
            (Some(beats), _) => Some(SongAnchor { time, beats, beats_per_sample }),
            (None, _) => None,
        };
    }

    /// The song position of a sample, in beats (quarter notes); `None` while it is unknown or the host is stopped.
    pub fn beats(&self, time: SampleTime) -> Option<f64> {
        Some(self.song?.beats(time))
    }

    /// The first sample at or after a song position in beats; `None` while the position is unknown or the host stopped.
    ///
    /// A position before sample 0 gives 0.
    pub fn sample_at(&self, beats: f64) -> Option<SampleTime> {
        let song = self.song?;
        let sample = song.time as f64 + (beats - song.beats) / song.beats_per_sample;
        Some((sample - ON_A_SAMPLE).ceil() as SampleTime)
    }

    /// The grid position of a sample, in steps.
    pub fn position(&self, time: SampleTime) -> f64 {
        self.anchor_position + (time as f64 - self.anchor_time as f64) * self.steps_per_sample
    }
}

fn steps_per_sample(tempo: f64, sample_rate: f64) -> f64 {
    tempo / 60.0 * 4.0 / sample_rate
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playing(beats: f64, tempo: f64) -> Transport {
        Transport { playing: true, tempo: Some(tempo), beats: Some(beats), ..Transport::default() }
    }

    #[test]
    fn without_a_transport_a_step_is_125_ms() {
        let mut clock = StepClock::new(48_000.0);
        clock.follow(0, &Transport::default());
        assert_eq!(clock.position(6_000), 1.0);
    }

    #[test]
    fn a_sixteenth_of_the_host_is_at_a_whole_step() {
        let mut clock = StepClock::new(48_000.0);
        clock.follow(1_000, &playing(7.125, 90.0));
        let from_a_step = |position: f64| (position - position.round()).abs();
        assert!((from_a_step(clock.position(1_000)) - 0.5).abs() < 1e-9);
        assert!(from_a_step(clock.position(1_000 + 4_000)) < 1e-9, "half a sixteenth at 90 is 4,000 samples");
    }

    #[test]
    fn the_song_position_is_known_while_the_host_plays() {
        let mut clock = StepClock::new(48_000.0);
        assert_eq!(clock.beats(0), None);
        clock.follow(0, &playing(4.0, 120.0));
        assert_eq!(clock.beats(24_000), Some(5.0));
        clock.follow(48_000, &playing(1.5, 120.0));
        assert_eq!(clock.beats(48_000), Some(1.5));
        clock.follow(96_000, &Transport { playing: false, ..playing(0.0, 120.0) });
        assert_eq!(clock.beats(96_000), None);
    }

    #[test]
    fn the_sample_of_a_song_position_is_the_first_at_or_after_it() {
        let mut clock = StepClock::new(48_000.0);
        assert_eq!(clock.sample_at(0.0), None);
        clock.follow(1_000, &playing(4.0, 110.0));
        for place in [4.0, 4.25, 5.0, 1_234.5] {
            let sample = clock.sample_at(place).unwrap();
            assert!(
                clock.beats(sample).unwrap() >= place - 1e-7 && clock.beats(sample - 1).unwrap() < place,
                "{place}"
            );
        }
        assert_eq!(clock.sample_at(-1e9), Some(0), "long ago");
    }

    #[test]
    fn a_loop_of_whole_beats_does_not_move_the_grid() {
        let mut clock = StepClock::new(48_000.0);
        clock.follow(0, &playing(4.0, 120.0));
        let before = clock.position(96_000);
        clock.follow(96_000, &playing(0.0, 120.0));
        assert!((clock.position(96_000) - before).abs() < 1e-9);
    }

    #[test]
    fn rounding_in_the_host_does_not_move_the_grid() {
        let mut coarse = StepClock::new(44_100.0);
        let mut fine = coarse;
        coarse.follow(0, &playing(0.0, 97.0));
        for block in 0..1_000u64 {
            let time = block * 64;
            fine.follow(time, &playing(time as f64 / 44_100.0 * 97.0 / 60.0 + 1e-7, 97.0));
        }
        assert_eq!(coarse.position(63_000), fine.position(63_000));
    }
}
