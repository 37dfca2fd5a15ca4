//! The enumerated host parameters, and the types that they stand for.

use nice_plug::prelude::*;
use tonenet_core::feel::PedalMode;
use tonenet_core::scheduler::{Mode, WindowLength};
use tonenet_core::scope::ScopePart;
use tonenet_inference::embedded::EmbeddedModel;

/// [`EmbeddedModel`] as a host parameter. Projects store the ids.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelChoice {
    /// See [`EmbeddedModel::Note`].
    #[id = "note"]
    Note,
    /// See [`EmbeddedModel::Attention`].
    #[id = "attention"]
    Attention,
    /// See [`EmbeddedModel::Baseline`].
    #[id = "baseline"]
    Baseline,
}

impl From<ModelChoice> for EmbeddedModel {
    fn from(choice: ModelChoice) -> Self {
        match choice {
            ModelChoice::Note => Self::Note,
            ModelChoice::Attention => Self::Attention,
            ModelChoice::Baseline => Self::Baseline,
        }
    }
}

impl From<EmbeddedModel> for ModelChoice {
    fn from(model: EmbeddedModel) -> Self {
        match model {
            EmbeddedModel::Note => Self::Note,
            EmbeddedModel::Attention => Self::Attention,
            EmbeddedModel::Baseline => Self::Baseline,
        }
    }
}

/// [`ScopePart`] as a host parameter. Projects store the ids.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartChoice {
    /// See [`ScopePart::All`].
    #[id = "all"]
    #[name = "All notes"]
    All,
    /// See [`ScopePart::Melody`].
    #[id = "melody"]
    Melody,
    /// See [`ScopePart::Bass`].
    #[id = "bass"]
    Bass,
    /// See [`ScopePart::Inner`].
    #[id = "inner"]
    #[name = "Inner voices"]
    Inner,
}

impl From<PartChoice> for ScopePart {
    fn from(choice: PartChoice) -> Self {
        match choice {
            PartChoice::All => Self::All,
            PartChoice::Melody => Self::Melody,
            PartChoice::Bass => Self::Bass,
            PartChoice::Inner => Self::Inner,
        }
    }
}

impl From<ScopePart> for PartChoice {
    fn from(part: ScopePart) -> Self {
        match part {
            ScopePart::All => Self::All,
            ScopePart::Melody => Self::Melody,
            ScopePart::Bass => Self::Bass,
            ScopePart::Inner => Self::Inner,
        }
    }
}

/// [`PedalMode`] as a host parameter. Projects store the ids.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum PedalChoice {
    /// See [`PedalMode::Mine`].
    #[id = "mine"]
    Mine,
    /// See [`PedalMode::Fill`].
    #[id = "fill"]
    Fill,
    /// See [`PedalMode::Replace`].
    #[id = "replace"]
    Replace,
}

impl From<PedalChoice> for PedalMode {
    fn from(choice: PedalChoice) -> Self {
        match choice {
            PedalChoice::Mine => Self::Mine,
            PedalChoice::Fill => Self::Fill,
            PedalChoice::Replace => Self::Replace,
        }
    }
}

impl From<PedalMode> for PedalChoice {
    fn from(mode: PedalMode) -> Self {
        match mode {
            PedalMode::Mine => Self::Mine,
            PedalMode::Fill => Self::Fill,
            PedalMode::Replace => Self::Replace,
        }
    }
}

/// How much earlier Timeline mode may play a note. Projects store the ids.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimelineLookAheadChoice {
    /// Notes only move later, and the mode has no latency.
    #[id = "off"]
    Off,
    /// By up to 30 ms, which is the mode's latency.
    #[id = "30-ms"]
    #[name = "30 ms"]
    ThirtyMilliseconds,
}

impl TimelineLookAheadChoice {
    /// The time in seconds.
    pub fn seconds(self) -> f64 {
        match self {
            Self::Off => 0.0,
            Self::ThirtyMilliseconds => 0.03,
        }
    }
}

/// [`Mode`] as a host parameter. Projects store the ids.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookAheadChoice {
    /// See [`WindowLength::HalfBeat`].
    #[id = "half-beat"]
    #[name = "1/2 beat"]
    HalfBeat,
    /// See [`WindowLength::OneBeat`].
    #[id = "one-beat"]
    #[name = "1 beat"]
    OneBeat,
    /// See [`WindowLength::TwoBeats`].
    #[id = "two-beats"]
    #[name = "2 beats"]
    TwoBeats,
    /// See [`WindowLength::FourBeats`].
    #[id = "four-beats"]
    #[name = "4 beats"]
    FourBeats,
    /// See [`Mode::Live`]. New choices go to the end, because hosts store the index.
    #[id = "live"]
    Live,
    /// See [`Mode::LiveZeroLatency`].
    #[id = "live-at-once"]
    #[name = "Live, no latency"]
    LiveZeroLatency,
    /// See [`Mode::Timeline`].
    #[id = "timeline"]
    Timeline,
}

impl From<LookAheadChoice> for Mode {
    fn from(choice: LookAheadChoice) -> Self {
        match choice {
            LookAheadChoice::HalfBeat => Self::Window(WindowLength::HalfBeat),
            LookAheadChoice::OneBeat => Self::Window(WindowLength::OneBeat),
            LookAheadChoice::TwoBeats => Self::Window(WindowLength::TwoBeats),
            LookAheadChoice::FourBeats => Self::Window(WindowLength::FourBeats),
            LookAheadChoice::Live => Self::Live,
            LookAheadChoice::LiveZeroLatency => Self::LiveZeroLatency,
            LookAheadChoice::Timeline => Self::Timeline,
        }
    }
}

impl From<Mode> for LookAheadChoice {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Window(WindowLength::HalfBeat) => Self::HalfBeat,
            Mode::Window(WindowLength::OneBeat) => Self::OneBeat,
            Mode::Window(WindowLength::TwoBeats) => Self::TwoBeats,
            Mode::Window(WindowLength::FourBeats) => Self::FourBeats,
            Mode::Live => Self::Live,
            Mode::LiveZeroLatency => Self::LiveZeroLatency,
            Mode::Timeline => Self::Timeline,
        }
    }
}
