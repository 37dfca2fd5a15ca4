//! The parameters that the user sets, whatever their types: what undo, presets and the slots A and B go through.

use nice_plug::prelude::*;
use serde_json::Value;

use super::ToneNetParams;

/// A parameter that the user sets. Generate is a trigger and none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UserParam {
    /// See [`ToneNetParams::style`].
    Style,
    /// See [`ToneNetParams::style_b`].
    StyleB,
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
    /// See [`ToneNetParams::take`].
    Take,
    /// See [`ToneNetParams::model`].
    Model,
    /// See [`ToneNetParams::look_ahead`].
    LookAhead,
    /// See [`ToneNetParams::bypass`].
    Bypass,
    /// See [`ToneNetParams::hear_player`].
    HearPlayer,
    /// See [`ToneNetParams::key_low`].
    KeyLow,
    /// See [`ToneNetParams::key_high`].
    KeyHigh,
    /// See [`ToneNetParams::part`].
    Part,
    /// See [`ToneNetParams::timing`].
    Timing,
    /// See [`ToneNetParams::swing`].
    Swing,
    /// See [`ToneNetParams::articulation`].
    Articulation,
    /// See [`ToneNetParams::chord_spread`].
    ChordSpread,
    /// See [`ToneNetParams::pedal`].
    Pedal,
    /// See [`ToneNetParams::timeline_delay`].
    TimelineLookAhead,
}

impl UserParam {
    /// Every parameter that the user sets.
    pub const ALL: [Self; 23] = [
        Self::Style,
        Self::StyleB,
        Self::Blend,
        Self::Amount,
        Self::KeepAccents,
        Self::Level,
        Self::Range,
        Self::Floor,
        Self::Ceiling,
        Self::Take,
        Self::Model,
        Self::LookAhead,
        Self::Bypass,
        Self::HearPlayer,
        Self::KeyLow,
        Self::KeyHigh,
        Self::Part,
        Self::Timing,
        Self::Swing,
        Self::Articulation,
        Self::ChordSpread,
        Self::Pedal,
        Self::TimelineLookAhead,
    ];

    /// The id that projects and presets store.
    pub fn id(self) -> &'static str {
        match self {
            Self::Style => "style",
            Self::StyleB => "style_b",
            Self::Blend => "blend",
            Self::Amount => "amount",
            Self::KeepAccents => "keep_accents",
            Self::Level => "level",
            Self::Range => "range",
            Self::Floor => "floor",
            Self::Ceiling => "ceiling",
            Self::Take => "take",
            Self::Model => "model",
            Self::LookAhead => "look_ahead",
            Self::Bypass => "bypass",
            Self::HearPlayer => "hear_player",
            Self::KeyLow => "key_low",
            Self::KeyHigh => "key_high",
            Self::Part => "part",
            Self::Timing => "timing",
            Self::Swing => "swing",
            Self::Articulation => "articulation",
            Self::ChordSpread => "chord_spread",
            Self::Pedal => "pedal",
            Self::TimelineLookAhead => "timeline_delay",
        }
    }

    /// The parameter of an instance.
    pub fn of(self, params: &ToneNetParams) -> &dyn AnyParam {
        match self {
            Self::Style => &params.style,
            Self::StyleB => &params.style_b,
            Self::Blend => &params.blend,
            Self::Amount => &params.amount,
            Self::KeepAccents => &params.keep_accents,
            Self::Level => &params.level,
            Self::Range => &params.range,
            Self::Floor => &params.floor,
            Self::Ceiling => &params.ceiling,
            Self::Take => &params.take,
            Self::Model => &params.model,
            Self::LookAhead => &params.look_ahead,
            Self::Bypass => &params.bypass,
            Self::HearPlayer => &params.hear_player,
            Self::KeyLow => &params.key_low,
            Self::KeyHigh => &params.key_high,
            Self::Part => &params.part,
            Self::Timing => &params.timing,
            Self::Swing => &params.swing,
            Self::Articulation => &params.articulation,
            Self::ChordSpread => &params.chord_spread,
            Self::Pedal => &params.pedal,
            Self::TimelineLookAhead => &params.timeline_delay,
        }
    }

    /// Whether its value is the index of a style, which another project may have elsewhere.
    pub fn is_style(self) -> bool {
        matches!(self, Self::Style | Self::StyleB)
    }

    /// Whether presets hold it: what shapes the sound, in every mode and with every model.
    pub fn is_in_presets(self) -> bool {
        !matches!(self, Self::Model | Self::LookAhead | Self::TimelineLookAhead | Self::Bypass)
    }

    /// Whether the slots A and B hold it: also the model, but nothing that needs a restart.
    pub fn is_in_slots(self) -> bool {
        !matches!(self, Self::LookAhead | Self::TimelineLookAhead | Self::Bypass)
    }
}

/// A parameter of any type. Values are normalised to 0–1.
pub trait AnyParam {
    /// The name that hosts show.
    fn title(&self) -> &str;
    /// The value that the user or the host set, without modulation.
    fn value(&self) -> f32;
    /// The default.
    fn default_value(&self) -> f32;
    /// Steps from one end to the other; `None` if the parameter is continuous.
    fn steps(&self) -> Option<usize>;
    /// The nearest value that the parameter can have.
    fn nearest(&self, value: f32) -> f32;
    /// A value as hosts show it.
    fn text(&self, value: f32) -> String;
    /// The value that a text means, as hosts read it; `None` if it means none.
    fn read_text(&self, text: &str) -> Option<f32>;
    /// Begins a gesture. Hosts record automation from here.
    fn begin(&self, setter: &ParamSetter);
    /// Sets the value within a gesture.
    fn set(&self, setter: &ParamSetter, value: f32);
    /// Ends a gesture.
    fn end(&self, setter: &ParamSetter);
    /// A value as presets store it.
    fn to_json(&self, value: f32) -> Value;
    /// The value that a preset stores, within the parameter's range; `None` if it is of another kind.
    fn read_json(&self, stored: &Value) -> Option<f32>;
}

impl<P: Param + StoredAsJson> AnyParam for P {
    fn title(&self) -> &str {
        self.name()
    }

    fn value(&self) -> f32 {
        self.unmodulated_normalized_value()
    }

    fn default_value(&self) -> f32 {
        self.default_normalized_value()
    }

    fn steps(&self) -> Option<usize> {
        self.step_count()
    }

    fn nearest(&self, value: f32) -> f32 {
        match self.step_count() {
            Some(_) => self.preview_normalized(self.preview_plain(value)),
            None => value.clamp(0.0, 1.0),
        }
    }

    fn text(&self, value: f32) -> String {
        self.normalized_value_to_string(value, true)
    }

    fn read_text(&self, text: &str) -> Option<f32> {
        self.string_to_normalized_value(text).filter(|value| value.is_finite())
    }

    fn begin(&self, setter: &ParamSetter) {
        setter.begin_set_parameter(self);
    }

    fn set(&self, setter: &ParamSetter, value: f32) {
        setter.set_parameter_normalized(self, value);
    }

    fn end(&self, setter: &ParamSetter) {
        setter.end_set_parameter(self);
    }

    fn to_json(&self, value: f32) -> Value {
        self.plain_to_json(self.preview_plain(value))
    }

    fn read_json(&self, stored: &Value) -> Option<f32> {
        // Values beyond the range are normalised to its ends.
        self.plain_from_json(stored).map(|plain| self.preview_normalized(plain).clamp(0.0, 1.0))
    }
}

/// A type of parameter that JSON can hold.
trait StoredAsJson: Param {
    fn plain_to_json(&self, plain: Self::Plain) -> Value;
    fn plain_from_json(&self, stored: &Value) -> Option<Self::Plain>;
}

impl StoredAsJson for FloatParam {
    fn plain_to_json(&self, plain: f32) -> Value {
        // By its shortest text, because the nearest f64 to 0.8 of 32 bits has many more digits.
        plain.to_string().parse::<f64>().map_or(Value::Null, Value::from)
    }

    fn plain_from_json(&self, stored: &Value) -> Option<f32> {
        // Beyond 32 bits it becomes infinite, which is clamped like any value beyond the range.
        stored.as_f64().map(|plain| plain as f32)
    }
}

impl StoredAsJson for IntParam {
    fn plain_to_json(&self, plain: i32) -> Value {
        plain.into()
    }

    fn plain_from_json(&self, stored: &Value) -> Option<i32> {
        // No range is wider, and the framework subtracts its end, which must not overflow.
        stored.as_f64().map(|plain| plain.round().clamp(-1e6, 1e6) as i32)
    }
}

impl StoredAsJson for BoolParam {
    fn plain_to_json(&self, plain: bool) -> Value {
        plain.into()
    }

    fn plain_from_json(&self, stored: &Value) -> Option<bool> {
        stored.as_bool()
    }
}

impl<T: Enum + PartialEq + 'static> StoredAsJson for EnumParam<T> {
    fn plain_to_json(&self, plain: T) -> Value {
        T::ids().and_then(|ids| ids.get(plain.to_index())).map_or(Value::Null, |id| (*id).into())
    }

    fn plain_from_json(&self, stored: &Value) -> Option<T> {
        let stored = stored.as_str()?;
        T::ids()?.iter().position(|id| *id == stored).map(T::from_index)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn every_parameter_but_the_trigger_is_the_users() {
        let params = ToneNetParams::new(Arc::default());
        let mut all = params.param_map();
        all.retain(|(id, ..)| id != "generate");
        assert_eq!(UserParam::ALL.map(UserParam::id).to_vec(), all.iter().map(|(id, ..)| id).collect::<Vec<_>>());
        for (param, (_, pointer, _)) in UserParam::ALL.into_iter().zip(all) {
            // SAFETY: the parameters that the pointer leads to are alive.
            assert_eq!(param.of(&params).title(), unsafe { pointer.name() }, "{param:?} leads to its own parameter");
        }
    }

    #[test]
    fn every_value_comes_back_from_json() {
        let params = ToneNetParams::new(Arc::default());
        for param in UserParam::ALL {
            let param = param.of(&params);
            for value in [0.0, 0.25, 0.5, 0.8, 1.0] {
                let stored = param.to_json(value);
                let again = param.read_json(&stored).expect("its own text");
                assert_eq!(param.text(again), param.text(value), "{} {stored}", param.title());
                assert_eq!(param.to_json(again), stored);
            }
        }
    }

    #[test]
    fn a_value_beyond_the_range_is_the_nearest_one_and_another_kind_is_none() {
        let params = ToneNetParams::new(Arc::default());
        let read = |param: UserParam, json: &str| {
            let param = param.of(&params);
            param.read_json(&serde_json::from_str(json).unwrap()).map(|value| param.to_json(value).to_string())
        };
        assert_eq!(read(UserParam::Amount, "7").as_deref(), Some("1.0"));
        assert_eq!(read(UserParam::Amount, "-1e300").as_deref(), Some("0.0"));
        assert_eq!(read(UserParam::Level, "1e12").as_deref(), Some("40"));
        assert_eq!(read(UserParam::Floor, "0").as_deref(), Some("1"));
        assert_eq!(read(UserParam::Take, "3.4").as_deref(), Some("3"));
        assert_eq!(read(UserParam::Amount, "\"loud\""), None);
        assert_eq!(read(UserParam::Model, "\"a model to come\""), None);
        assert_eq!(read(UserParam::Bypass, "1"), None);
    }
}
