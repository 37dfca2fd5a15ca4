//! How far the song should have come by its tempo, and how far it says it has: what makes a position worth believing.

use super::Transport;

/// Where a host says that the song is, in the unit that it tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// Quarter notes; the tempo says how fast they go by.
    Beats(f64),
    /// Seconds.
    Seconds(f64),
}

impl Place {
    /// Beats where the host tells them: seconds alone do not show where a loop is.
    pub fn from_transport(transport: &Transport) -> Option<Self> {
        transport.beats.map(Self::Beats).or(transport.seconds.map(Self::Seconds))
    }

    /// How far another place of the same unit lies after this one.
    pub fn distance(self, to: Self) -> Option<f64> {
        match (self, to) {
            (Self::Beats(from), Self::Beats(to)) | (Self::Seconds(from), Self::Seconds(to)) => Some(to - from),
            (Self::Beats(_), Self::Seconds(_)) | (Self::Seconds(_), Self::Beats(_)) => None,
        }
    }
}

/// The least and the most that a song can have come in some time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Advance {
    pub least: f64,
    pub most: f64,
}

impl Advance {
    /// In so many seconds between two blocks whose tempi the host tells: it may have changed from one to the other anywhere
    /// between. `None` where no tempo tells how fast beats go by.
    pub fn in_seconds(seconds: f64, place: Place, tempi: [Option<f64>; 2]) -> Option<Self> {
        let [before, after] = match place {
            Place::Seconds(_) => [1.0, 1.0],
            Place::Beats(_) => {
                let [before, after] = tempi.map(|tempo| tempo.map(|tempo| tempo / 60.0));
                [before.or(after)?, after.or(before)?]
            }
        };
        Some(Self { least: seconds * before.min(after), most: seconds * before.max(after) })
    }

    /// How far beside it an advance lies; 0 within.
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

/// A span is judged as soon as it is so long, in seconds, and finely; one that fails goes on …
const SHORT: f64 = 0.05;
/// … until it is so long, and is judged coarsely: some hosts round positions to a 24th of a beat.
const LONG: f64 = 0.5;
/// What rounding does to a place, in its unit: where it is judged finely, and coarsely.
const FINE: f64 = 0.002;
const COARSE: f64 = 0.05;
/// Share of the advance that the song may lie beside it.
const SHARE: f64 = 0.05;
/// Share of the advance below which the song stands still.
const STANDS: f64 = 0.1;

/// What a stretch of playing shows of the host's positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// They move as the tempo says.
    Fits,
    /// They move, but not as the tempo says.
    Differs,
    /// They do not move.
    Stands,
}

/// A stretch of playing without a jump, long enough to tell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    from: Place,
    seconds: f64,
    due: Advance,
}

impl Span {
    /// One that begins here.
    pub fn new(from: Place) -> Self {
        Self { from, seconds: 0.0, due: Advance::default() }
    }

    /// Goes on to a place, and begins anew there where it has shown something.
    pub fn go_on(&mut self, to: Place, seconds: f64, due: Advance) -> Option<Verdict> {
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
        } else if advance.abs() <= STANDS * self.due.most {
            Verdict::Stands
        } else {
            Verdict::Differs
        };
        *self = Self::new(to);
        Some(verdict)
    }
}
