//! The host's transport: its state, its changes, and the position of each sample.
//!
//! [`Transport`] is the host's state at the start of a block. [`TransportWatch`] detects changes since the block before
//! and loop wraps within a block. [`StepClock`] gives the grid position and the song position of each sample. The effect
//! of each change on notes is described in `docs/architecture.md`.

mod loops;
mod span;
mod step_clock;
mod watch;

pub use loops::Wrap;
pub use step_clock::StepClock;
pub use watch::{JUMP_AHEAD, JUMP_BACK, TransportChange, TransportWatch};

/// Plausible tempi, in quarter notes a minute.
const TEMPI: std::ops::RangeInclusive<f64> = 1.0..=9999.0;

/// The tempo if the host tells none, in quarter notes a minute.
const FREE_TEMPO: f64 = 120.0;

/// The farthest plausible position, 2^52: beyond it an `f64` cannot hold a fraction of a beat.
const FARTHEST: f64 = 4_503_599_627_370_496.0;

/// The host's transport at the start of a block; a field that the host does not tell is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Transport {
    /// Whether the transport plays.
    pub playing: bool,
    /// Tempo in quarter notes a minute.
    pub tempo: Option<f64>,
    /// Position in quarter notes from the start of the song.
    pub beats: Option<f64>,
    /// Position in seconds from the start of the song. It shows jumps if the host tells no beats.
    pub seconds: Option<f64>,
    /// Start and end of the loop in quarter notes, while looping is on.
    pub loop_beats: Option<(f64, f64)>,
}

impl Transport {
    /// The transport without implausible fields.
    ///
    /// It removes tempi and positions that are not numbers or out of range, and loops that end before they begin.
    pub fn plausible(self) -> Self {
        let is_position = |position: &f64| position.abs() <= FARTHEST;
        Self {
            playing: self.playing,
            tempo: self.tempo.filter(|tempo| TEMPI.contains(tempo)),
            beats: self.beats.filter(is_position),
            seconds: self.seconds.filter(is_position),
            loop_beats: self.loop_beats.filter(|(start, end)| is_position(start) && is_position(end) && start < end),
        }
    }

    /// Length of a beat in seconds; half a second if the host tells no tempo.
    pub fn beat_seconds(&self) -> f64 {
        60.0 / self.tempo.unwrap_or(FREE_TEMPO)
    }

    /// The song position in quarter notes: the host's, or computed from its seconds and tempo.
    pub fn song_beats(&self) -> Option<f64> {
        self.beats.or_else(|| Some(self.seconds? * self.tempo? / 60.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implausible_fields_are_removed() {
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
            let transport = Transport {
                playing: true,
                tempo: Some(odd),
                beats: Some(odd),
                seconds: Some(odd),
                loop_beats: Some((0.0, odd)),
            };
            assert_eq!(transport.plausible(), Transport { playing: true, ..Transport::default() }, "{odd}");
        }
        let backwards = Transport { loop_beats: Some((4.0, 4.0)), tempo: Some(0.0), ..Transport::default() };
        assert_eq!(backwards.plausible(), Transport::default());
    }

    #[test]
    fn without_a_tempo_beats_last_half_a_second() {
        let seconds = |tempo| Transport { tempo, ..Transport::default() }.beat_seconds();
        assert_eq!([None, Some(60.0)].map(seconds), [0.5, 1.0]);
    }

    #[test]
    fn plausible_fields_are_kept() {
        let transport = Transport {
            playing: true,
            tempo: Some(120.0),
            beats: Some(-0.1),
            seconds: Some(-0.05),
            loop_beats: Some((-4.0, 0.0)),
        };
        assert_eq!(transport.plausible(), transport);
    }
}
