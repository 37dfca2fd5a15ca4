//! Brings a saved state up to date before the framework reads it.

use std::sync::Arc;

use nice_plug::plugin::ParamValue;
use nice_plug::prelude::*;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_engine::generator::SavedClips;

use super::{LookAheadChoice, ModelChoice, STATE_VERSION, StyleChoice, ToneNetParams};

/// Makes a state, which may be older, one of this version.
///
/// What it lacks gets its default: an instance that had other settings would keep them otherwise. So does a number that
/// is none: JSON can hold one beyond 32 bits, it would be read as infinity, and infinity is written as what no project
/// can be opened with. And so does a choice that there is not, over which the framework panics when it is read where it
/// is a number, and which it leaves as it was where it is an id (a style of a later version's, say); and what is of
/// another kind than its parameter, which it leaves as it was too.
pub fn upgrade(state: &mut PluginState) {
    for (id, default) in defaults() {
        let is_sound = match state.params.get(id).filter(|value| is_of_kind(value, &default)) {
            Some(ParamValue::F32(value)) => value.is_finite(),
            Some(ParamValue::I32(value)) => choices(id).is_none_or(|ids| (0..ids.len() as i32).contains(value)),
            Some(ParamValue::String(chosen)) => choices(id).is_some_and(|ids| ids.contains(&chosen.as_str())),
            Some(ParamValue::Bool(_)) => true,
            None => false,
        };
        if !is_sound {
            state.params.insert(id.into(), default);
        }
    }
    let no_take = serde_json::to_string(&TimelineSnapshot::default()).expect("an empty take has a JSON");
    state.fields.entry("timeline".into()).or_insert(no_take);
    let no_clips = serde_json::to_string(&SavedClips::default()).expect("no clips have a JSON");
    state.fields.entry("clips".into()).or_insert(no_clips);
    state.fields.insert("state_version".into(), STATE_VERSION.to_string());
}

/// The ids of a parameter's choices, if it is one.
pub(super) fn choices(id: &str) -> Option<&'static [&'static str]> {
    match id {
        "style" | "style_b" => StyleChoice::ids(),
        "model" => ModelChoice::ids(),
        "look_ahead" => LookAheadChoice::ids(),
        _ => None,
    }
}

/// Whether the framework reads both into the same parameter.
fn is_of_kind(value: &ParamValue, default: &ParamValue) -> bool {
    let is_choice = |value: &ParamValue| matches!(value, ParamValue::I32(_) | ParamValue::String(_));
    std::mem::discriminant(value) == std::mem::discriminant(default) || is_choice(value) && is_choice(default)
}

/// The default of every parameter by its id, as states hold them.
pub(super) fn defaults() -> [(&'static str, ParamValue); 14] {
    fn choice<T: Enum + PartialEq + 'static>(param: &EnumParam<T>) -> ParamValue {
        ParamValue::I32(param.default_plain_value().to_index() as i32)
    }
    let share = |param: &FloatParam| ParamValue::F32(param.default_plain_value());
    let count = |param: &IntParam| ParamValue::I32(param.default_plain_value());
    let new = ToneNetParams::new(Arc::default());
    [
        ("style", choice(&new.style)),
        ("style_b", choice(&new.style_b)),
        ("blend", share(&new.blend)),
        ("amount", share(&new.amount)),
        ("keep_accents", share(&new.keep_accents)),
        ("level", count(&new.level)),
        ("range", share(&new.range)),
        ("floor", count(&new.floor)),
        ("ceiling", count(&new.ceiling)),
        ("take", count(&new.take)),
        ("model", choice(&new.model)),
        ("look_ahead", choice(&new.look_ahead)),
        ("bypass", ParamValue::Bool(new.bypass.default_plain_value())),
        ("generate", ParamValue::Bool(new.generate.default_plain_value())),
    ]
}
