//! The transport that a host reports with each block, correct or not.

/// A host's transport at the start of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostTransport {
    /// Whether it plays.
    pub playing: bool,
    /// Whether it records.
    pub recording: bool,
    /// Quarter notes from the start of the song.
    pub beats: f64,
    /// Whether the host reports the position in quarter notes; some hosts report only seconds.
    pub has_beats: bool,
    /// Seconds from the start of the song.
    pub seconds: f64,
    /// Quarter notes per minute.
    pub tempo: f64,
    /// Start and end of the loop in quarter notes, while looping is on.
    pub loop_beats: Option<(f64, f64)>,
    /// Time signature, numerator and denominator.
    pub signature: (u16, u16),
}

impl Default for HostTransport {
    /// Stopped at the start of a song of 120 beats per minute in four-four time.
    fn default() -> Self {
        Self {
            playing: false,
            recording: false,
            beats: 0.0,
            has_beats: true,
            seconds: 0.0,
            tempo: 120.0,
            loop_beats: None,
            signature: (4, 4),
        }
    }
}

impl HostTransport {
    /// The current bar's start in quarter notes, and its number.
    pub(crate) fn current_bar(&self) -> (f64, f64) {
        let length = f64::from(self.signature.0) * 4.0 / f64::from(self.signature.1);
        let number = (self.beats / length).floor();
        (number * length, number)
    }
}

/// How the position that a host reports relates to the true one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ReportedPosition {
    /// The true position.
    Correct,
    /// Only seconds since the host started, and no quarter notes.
    SecondsOnly,
    /// Always this many quarter notes; may be NaN.
    Constant(f64),
    /// The true position in quarter notes times a factor.
    Scaled(f64),
}

impl ReportedPosition {
    /// The transport as the host reports it; `elapsed` is the time in seconds since the host started.
    pub fn apply(self, transport: HostTransport, elapsed: f64) -> HostTransport {
        match self {
            Self::Correct => transport,
            Self::SecondsOnly => HostTransport { has_beats: false, seconds: elapsed, ..transport },
            Self::Constant(beats) => HostTransport { beats, ..transport },
            Self::Scaled(factor) => HostTransport { beats: transport.beats * factor, ..transport },
        }
    }
}
