//! The parameters that have a slider: their labels, tooltips, values and gestures.

use nice_plug::prelude::*;

use crate::params::ToneNetParams;

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

/// The parameter of a [`Dial`].
enum DialParam<'a> {
    Float(&'a FloatParam),
    Int(&'a IntParam),
}

impl Dial {
    /// Every dial, in the order of the enum.
    pub const ALL: [Self; 7] =
        [Self::Blend, Self::Amount, Self::KeepAccents, Self::Level, Self::Range, Self::Floor, Self::Ceiling];

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
        }
    }

    /// The state of the dial's slider.
    pub(super) fn view(self, params: &ToneNetParams) -> DialView {
        match self.param(params) {
            DialParam::Float(param) => DialView::new(param),
            DialParam::Int(param) => DialView::new(param),
        }
    }

    /// Passes a gesture on to the host.
    pub(super) fn apply(self, gesture: DialGesture, params: &ToneNetParams, setter: &ParamSetter) {
        match self.param(params) {
            DialParam::Float(param) => gesture.apply(param, setter),
            DialParam::Int(param) => gesture.apply(param, setter),
        }
    }

    /// Sets the parameter to what the user typed, read as the host's generic editor would. Text that is no value changes
    /// nothing.
    pub(super) fn set_text(self, text: &str, params: &ToneNetParams, setter: &ParamSetter) {
        let value = match self.param(params) {
            DialParam::Float(param) => param.string_to_normalized_value(text),
            DialParam::Int(param) => param.string_to_normalized_value(text),
        };
        if let Some(value) = value.filter(|value| value.is_finite()) {
            let whole = [DialGesture::Begin, DialGesture::To(value), DialGesture::End];
            whole.into_iter().for_each(|gesture| self.apply(gesture, params, setter));
        }
    }

    fn param(self, params: &ToneNetParams) -> DialParam<'_> {
        match self {
            Self::Blend => DialParam::Float(&params.blend),
            Self::Amount => DialParam::Float(&params.amount),
            Self::KeepAccents => DialParam::Float(&params.keep_accents),
            Self::Level => DialParam::Int(&params.level),
            Self::Range => DialParam::Float(&params.range),
            Self::Floor => DialParam::Int(&params.floor),
            Self::Ceiling => DialParam::Int(&params.ceiling),
        }
    }
}

impl DialView {
    fn new<P: Param>(param: &P) -> Self {
        let value = param.modulated_normalized_value();
        Self {
            value,
            default: param.default_normalized_value(),
            steps: param.step_count(),
            text: param.normalized_value_to_string(value, true),
        }
    }
}

impl DialGesture {
    fn apply<P: Param>(self, param: &P, setter: &ParamSetter) {
        match self {
            Self::Begin => setter.begin_set_parameter(param),
            Self::To(value) => setter.set_parameter_normalized(param, value),
            Self::End => setter.end_set_parameter(param),
        }
    }
}
