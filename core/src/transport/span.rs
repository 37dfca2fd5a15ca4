//! Compares the host's positions with its tempo, to decide whether the positions can be trusted.

use super::Transport;

/// The host's song position, in the unit that the host tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Position {
    /// Quarter notes; the tempo gives their speed.
    Beats(f64),
    /// Seconds.
    Seconds(f64),
}

impl Position {
    /// The host's beats, or its seconds if it tells no beats; only beats can be compared with the loop.
    pub fn from_transport(transport: &Transport) -> Option<Self> {
        transport.beats.map(Self::Beats).or(transport.seconds.map(Self::Seconds))
    }

    /// How far another position of the same unit lies after this one.
    pub fn distance(self, to: Self) -> Option<f64> {
        match (self, to) {
            (Self::Beats(from), Self::Beats(to)) | (Self::Seconds(from), Self::Seconds(to)) => Some(to - from),
            (Self::Beats(_), Self::Seconds(_)) | (Self::Seconds(_), Self::Beats(_)) => None,
        }
    }
}

/// Bounds of the distance that a song covers in a given time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Advance {
    pub least: f64,
    pub most: f64,
}

impl Advance {
    /// The distance covered in `seconds` between two blocks with the given tempi.
    ///
    /// The tempo may have changed anywhere between the two blocks. `None` if the position is in beats and neither tempo
    /// is known.
    pub fn in_seconds(seconds: f64, position: Position, tempi: [Option<f64>; 2]) -> Option<Self> {
        let [before, after] = match position {
            Position::Seconds(_) => [1.0, 1.0],
            Position::Beats(_) => {
                let [before, after] = tempi.map(|tempo| tempo.map(|tempo| tempo / 60.0));
                [before.or(after)?, after.or(before)?]
            }
        };
        Some(Self { least: seconds * before.min(after), most: seconds * before.max(after) })
    }

    /// How far an advance lies outside the bounds; 0 within.
    fn error(self, advance: f64) -> f64 {
        (self.least - advance).max(advance - self.most).max(0.0)
    }
}

impl std::ops::AddAssign for Advance {
    fn add_assign(&mut self, other: Self) {
        self.least += other.least;
        self.most += other.most;
    }
}

/// Shortest span that is compared, in seconds, with the tolerance [`FINE`]; if it does not fit, the span continues.
const SHORT: f64 = 0.05;
/// Span that is compared with the tolerance [`COARSE`], in seconds: some hosts round positions to 1/24 of a beat.
const LONG: f64 = 0.5;
/// Tolerances for rounded positions, in their unit.
const FINE: f64 = 0.002;
const COARSE: f64 = 0.05;
/// Further tolerance, as a share of the distance.
const SHARE: f64 = 0.05;
/// Share of the distance below which the song does not move.
const STOPPED_SHARE: f64 = 0.1;

/// How the host's positions compare with its tempo over a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They move at the tempo.
    Fits,
    /// They move, but not at the tempo.
    Differs,
    /// They do not move.
    Stopped,
}

/// A span of playing without a jump.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    from: Position,
    seconds: f64,
    due: Advance,
}

impl Span {
    /// A span that begins at a position.
    pub fn new(from: Position) -> Self {
        Self { from, seconds: 0.0, due: Advance::default() }
    }

    /// Extends the span to a position; if the verdict is clear, returns it and begins a new span there.
    pub fn extend(&mut self, to: Position, seconds: f64, due: Advance) -> Option<Verdict> {
        self.seconds += seconds;
        self.due += due;
        let advance = self.from.distance(to)?;
        let error = self.due.error(advance);
        let share = SHARE * self.due.most;
        let verdict = if self.seconds >= SHORT && error <= FINE + share {
            Verdict::Fits
        } else if self.seconds < LONG {
            return None;
        } else if error <= COARSE + share {
            Verdict::Fits
        } else if advance.abs() <= STOPPED_SHARE * self.due.most {
            Verdict::Stopped
        } else {
            Verdict::Differs
        };
        *self = Self::new(to);
        Some(verdict)
    }
}
