//! What the host's transport means for the notes under way and for the grid.
//!
//! [`Transport`] is what a host tells of a block, [`TransportWatch`] what has happened since the block before and where
//! in the block the song wraps, [`StepClock`] the place of each sample on the grid and in the song. What each change does to
//! notes is written in `docs/architecture.md`.

mod loops;
mod span;
mod step_clock;
mod watch;

pub use loops::Wrap;
pub use step_clock::StepClock;
pub use watch::{JUMP_AHEAD, JUMP_BACK, TransportChange, TransportWatch};

/// Tempi that a host can mean, in quarter notes a minute.
const TEMPI: std::ops::RangeInclusive<f64> = 1.0..=9999.0;

/// The tempo of a song of which the host tells none, in quarter notes a minute.
const FREE_TEMPO: f64 = 120.0;

/// Beyond this a position has no room for a fraction of a beat: nobody's song is there. 2^52.
const FARTHEST: f64 = 4_503_599_627_370_496.0;

/// The host's transport at the start of a block, as far as the host tells.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Transport {
    /// Whether it plays.
    pub playing: bool,
    /// Tempo in quarter notes a minute.
    pub tempo: Option<f64>,
    /// Position in quarter notes from the start of the song.
    pub beats: Option<f64>,
    /// Position in seconds from the start of the song. It shows jumps where the host tells no beats.
    pub seconds: Option<f64>,
    /// Start and end of the loop in quarter notes, while looping is on.
    pub loop_beats: Option<(f64, f64)>,
}

impl Transport {
    /// The same without what no song can have: tempi and positions that are no numbers or out of all range, loops that
    /// end before they begin.
    pub fn plausible(self) -> Self {
        let is_place = |place: &f64| place.abs() <= FARTHEST;
        Self {
            playing: self.playing,
            tempo: self.tempo.filter(|tempo| TEMPI.contains(tempo)),
            beats: self.beats.filter(is_place),
            seconds: self.seconds.filter(is_place),
            loop_beats: self.loop_beats.filter(|(start, end)| is_place(start) && is_place(end) && start < end),
        }
    }

    /// How long a beat lasts, in seconds; half a second where the host tells no tempo.
    pub fn beat_seconds(&self) -> f64 {
        60.0 / self.tempo.unwrap_or(FREE_TEMPO)
    }

    /// Where the song is, in quarter notes: as the host tells it, else as far as the seconds come at its tempo.
    pub fn song_beats(&self) -> Option<f64> {
        self.beats.or_else(|| Some(self.seconds? * self.tempo? / 60.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_song_can_have_is_not_told() {
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300] {
            let told = Transport {
                playing: true,
                tempo: Some(odd),
                beats: Some(odd),
                seconds: Some(odd),
                loop_beats: Some((0.0, odd)),
            };
            assert_eq!(told.plausible(), Transport { playing: true, ..Transport::default() }, "{odd}");
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
    fn what_a_host_can_mean_is_left_as_it_is() {
        let told = Transport {
            playing: true,
            tempo: Some(120.0),
            beats: Some(-0.1),
            seconds: Some(-0.05),
            loop_beats: Some((-4.0, 0.0)),
        };
        assert_eq!(told.plausible(), told);
    }
}
