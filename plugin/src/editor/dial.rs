//! The parameters that have a slider: their labels, tooltips and values.

use tonenet_engine::Settings;
use tonenet_inference::embedded::EmbeddedModel;

use crate::params::{ToneNetParams, UserParam};

/// A parameter with a slider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dial {
    /// See [`ToneNetParams::blend`].
    Blend,
    /// See [`ToneNetParams::amount`].
    Amount,
    /// See [`ToneNetParams::keep_accents`].
    KeepAccents,
    /// See [`ToneNetParams::level`].
    Level,
    /// See [`ToneNetParams::range`].
    Range,
    /// See [`ToneNetParams::floor`].
    Floor,
    /// See [`ToneNetParams::ceiling`].
    Ceiling,
    /// See [`ToneNetParams::key_low`].
    KeyLow,
    /// See [`ToneNetParams::key_high`].
    KeyHigh,
    /// See [`ToneNetParams::timing`].
    Timing,
    /// See [`ToneNetParams::swing`].
    Swing,
    /// See [`ToneNetParams::articulation`].
    Articulation,
    /// See [`ToneNetParams::chord_spread`].
    ChordSpread,
}

/// The state of a slider. Values are normalised to 0–1.
#[derive(Debug, Clone, PartialEq)]
pub struct DialView {
    /// The parameter's value.
    pub value: f32,
    /// The parameter's default.
    pub default: f32,
    /// Steps from one end to the other; `None` if the parameter is continuous.
    pub steps: Option<usize>,
    /// The value as the host shows it.
    pub text: String,
}

/// A step in moving a slider. Hosts record automation from `Begin` to `End`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DialGesture {
    /// The user grabs the slider.
    Begin,
    /// The user moves it to a normalised value.
    To(f32),
    /// The user releases it.
    End,
}

impl Dial {
    /// Every dial, in the order of the enum.
    pub const ALL: [Self; 13] = [
        Self::Blend,
        Self::Amount,
        Self::KeepAccents,
        Self::Level,
        Self::Range,
        Self::Floor,
        Self::Ceiling,
        Self::KeyLow,
        Self::KeyHigh,
        Self::Timing,
        Self::Swing,
        Self::Articulation,
        Self::ChordSpread,
    ];

    /// The text before the slider.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Blend => "Blend",
            Self::Amount => "Amount",
            Self::KeepAccents => "Keep my accents",
            Self::Level => "Level",
            Self::Range => "Range",
            Self::Floor => "Floor",
            Self::Ceiling => "Ceiling",
            Self::KeyLow => "Lowest key",
            Self::KeyHigh => "Highest key",
            Self::Timing => "Timing",
            Self::Swing => "Swing",
            Self::Articulation => "Articulation",
            Self::ChordSpread => "Chord spread",
        }
    }

    /// The tooltip, without a full stop at its end.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Blend => "Mixes the two styles: 0 % is style A alone, 100 % is style B alone",
            Self::Amount => "0 % keeps your own velocities, 100 % plays the style's around your running level",
            Self::KeepAccents => "Adds your own accents: how far you play above or below your running level",
            Self::Level => "Makes the whole part louder or softer; 0 keeps your running level",
            Self::Range => "How far apart loud and soft are: 100 % is the style's own spread, 0 % is flat",
            Self::Floor => "The style plays nothing softer than this velocity",
            Self::Ceiling => "The style plays nothing louder than this velocity",
            Self::KeyLow => "Notes below this key keep your velocities",
            Self::KeyHigh => "Notes above this key keep your velocities",
            Self::Timing => {
                "How far the style moves notes off the beat: 0 % leaves them where you play them, 100 % is the style's own"
            }
            Self::Swing => {
                "Where off-beat eighths go. Style, at the left end, follows Timing; the others are a part of the beat: 50 % is straight, 67 % a triplet"
            }
            Self::Articulation => "How far notes get the style's lengths: 0 % keeps yours",
            Self::ChordSpread => {
                "How far the style rolls chords and has one note lead: 0 % keeps your chords as they are"
            }
        }
    }

    /// Why it does nothing at present, and what to do; `None` if it works.
    pub(super) fn unavailable(self, settings: &Settings) -> Option<&'static str> {
        match self {
            Self::Timing | Self::Articulation | Self::ChordSpread => feel_unavailable(settings, true),
            // A set swing needs no model.
            Self::Swing => feel_unavailable(settings, false),
            _ => None,
        }
    }

    /// The state of the dial's slider. Modulation by the host does not move it, because the user edits what lies below.
    pub(super) fn view(self, params: &ToneNetParams) -> DialView {
        let param = self.param().of(params);
        let value = param.value();
        DialView { value, default: param.default_value(), steps: param.steps(), text: param.text(value) }
    }

    /// The parameter that it sets.
    pub(super) fn param(self) -> UserParam {
        match self {
            Self::Blend => UserParam::Blend,
            Self::Amount => UserParam::Amount,
            Self::KeepAccents => UserParam::KeepAccents,
            Self::Level => UserParam::Level,
            Self::Range => UserParam::Range,
            Self::Floor => UserParam::Floor,
            Self::Ceiling => UserParam::Ceiling,
            Self::KeyLow => UserParam::KeyLow,
            Self::KeyHigh => UserParam::KeyHigh,
            Self::Timing => UserParam::Timing,
            Self::Swing => UserParam::Swing,
            Self::Articulation => UserParam::Articulation,
            Self::ChordSpread => UserParam::ChordSpread,
        }
    }
}

/// Why a control of the feel does nothing at present; `None` if it works.
pub(super) fn feel_unavailable(settings: &Settings, needs_model: bool) -> Option<&'static str> {
    if settings.bypass {
        Some("Bypass leaves every note as you play it")
    } else if needs_model && settings.model != EmbeddedModel::Note {
        Some("Only ToneNet's own network knows the feel of a style. Choose it under Model")
    } else {
        None
    }
}
