//! What the host and the user can set, and what a project keeps besides.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nice_plug::prelude::*;
use tonenet_core::genre::Genre;
use tonenet_core::scheduler::WindowLength;

use crate::status::{ReportField, Status};

/// The version of the saved state; older ones must load for ever.
pub const STATE_VERSION: u32 = 1;

/// The tempo assumed where no host has told one, in thousandths of a beat a minute.
const DEFAULT_TEMPO: u32 = 120_000;

/// [`Genre`] as a host parameter; ids are stored in projects.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum StyleChoice {
    /// See [`Genre::Classical`].
    #[id = "classical"]
    Classical,
    /// See [`Genre::Jazz`].
    #[id = "jazz"]
    Jazz,
    /// See [`Genre::Pop`].
    #[id = "pop"]
    Pop,
}

impl From<StyleChoice> for Genre {
    fn from(choice: StyleChoice) -> Self {
        match choice {
            StyleChoice::Classical => Self::Classical,
            StyleChoice::Jazz => Self::Jazz,
            StyleChoice::Pop => Self::Pop,
        }
    }
}

impl From<Genre> for StyleChoice {
    fn from(genre: Genre) -> Self {
        match genre {
            Genre::Classical => Self::Classical,
            Genre::Jazz => Self::Jazz,
            Genre::Pop => Self::Pop,
        }
    }
}

/// [`WindowLength`] as a host parameter; ids are stored in projects.
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
}

impl From<LookAheadChoice> for WindowLength {
    fn from(choice: LookAheadChoice) -> Self {
        match choice {
            LookAheadChoice::HalfBeat => Self::HalfBeat,
            LookAheadChoice::OneBeat => Self::OneBeat,
            LookAheadChoice::TwoBeats => Self::TwoBeats,
            LookAheadChoice::FourBeats => Self::FourBeats,
        }
    }
}

impl From<WindowLength> for LookAheadChoice {
    fn from(length: WindowLength) -> Self {
        match length {
            WindowLength::HalfBeat => Self::HalfBeat,
            WindowLength::OneBeat => Self::OneBeat,
            WindowLength::TwoBeats => Self::TwoBeats,
            WindowLength::FourBeats => Self::FourBeats,
        }
    }
}

/// All parameters and the rest of the state.
#[derive(Params)]
pub struct ToneNetParams {
    /// Whose dynamics the notes get.
    #[id = "style"]
    pub style: EnumParam<StyleChoice>,
    /// How much of them: 0 is the player's own velocity, 1 the model's.
    #[id = "amount"]
    pub amount: FloatParam,
    /// How long notes are held; takes effect at the next activation.
    #[id = "look_ahead"]
    pub look_ahead: EnumParam<LookAheadChoice>,
    /// Passes everything with its own velocity, still delayed.
    #[id = "bypass"]
    pub bypass: BoolParam,
    /// The last tempo seen, in thousandths of a beat a minute: what the next activation computes the latency from.
    #[persist = "tempo_millibpm"]
    tempo: AtomicU32,
    /// See [`STATE_VERSION`].
    #[persist = "state_version"]
    version: AtomicU32,
    /// What the instance has done, told to hosts that ask.
    #[persist = "report"]
    report: ReportField,
}

impl ToneNetParams {
    /// Parameters at their defaults, of the instance with this status.
    pub fn new(status: Arc<Status>) -> Self {
        Self {
            style: EnumParam::new("Style", StyleChoice::Jazz),
            amount: FloatParam::new("Amount", 1.0, FloatRange::Linear { min: 0.0, max: 1.0 })
                .with_unit(" %")
                .with_value_to_string(formatters::v2s_f32_percentage(0))
                .with_string_to_value(formatters::s2v_f32_percentage()),
            look_ahead: EnumParam::new("Look-ahead", LookAheadChoice::OneBeat).non_automatable(),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            tempo: AtomicU32::new(DEFAULT_TEMPO),
            version: AtomicU32::new(STATE_VERSION),
            report: ReportField::new(status),
        }
    }

    /// The last tempo seen, in beats a minute.
    pub fn tempo(&self) -> f64 {
        f64::from(self.tempo.load(Ordering::Relaxed)) / 1000.0
    }

    /// Keeps a tempo for the next activation; one that no song has is left out.
    pub fn remember_tempo(&self, beats_per_minute: f64) {
        if (1.0..=2000.0).contains(&beats_per_minute) {
            self.tempo.store((beats_per_minute * 1000.0).round() as u32, Ordering::Relaxed);
        }
    }
}
