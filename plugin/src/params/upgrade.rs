//! Brings a saved state up to date before the framework reads it.

use std::sync::Arc;

use nice_plug::plugin::ParamValue;
use nice_plug::prelude::*;
use tonenet_core::style::StyleIndex;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_engine::generator::SavedClips;
use tonenet_engine::style_store::SavedStyles;

use tonenet_engine::model_versions::ModelVersions;

use crate::history::Slots;

use super::{
    LookAheadChoice, ModelChoice, PartChoice, PedalChoice, STATE_VERSION, TimelineLookAheadChoice, ToneNetParams,
    style_value,
};

/// The parameters that choose a style.
pub(super) const STYLES: [&str; 2] = ["style", "style_b"];

/// Upgrades a state of any version to [`STATE_VERSION`].
///
/// These parameters get their default, because the framework handles them badly:
///
/// - **A missing one.** The framework would leave it as the instance has it.
/// - **A number beyond 32 bits.** JSON can hold one. The framework reads it as infinity, and saves infinity as a value
///   that no project can be opened with.
/// - **An unknown choice**, such as a style of a later version. The framework panics if the choice is a number, and
///   leaves the parameter as it was if it is an id.
/// - **A value of another kind than the parameter.** The framework would leave the parameter as it was.
pub fn upgrade(state: &mut PluginState) {
    place_styles(state);
    for (id, default) in defaults() {
        let is_valid = match state.params.get(id).filter(|value| is_same_kind(value, &default)) {
            Some(ParamValue::F32(value)) => value.is_finite(),
            Some(ParamValue::I32(value)) => choice_count(id).is_none_or(|count| (0..count as i32).contains(value)),
            Some(ParamValue::String(chosen)) => choices(id).is_some_and(|ids| ids.contains(&chosen.as_str())),
            Some(ParamValue::Bool(_)) => true,
            None => false,
        };
        if !is_valid {
            state.params.insert(id.into(), default);
        }
    }
    // Without these fields in the state, the instance would keep its own.
    let no_performance = serde_json::to_string(&TimelineSnapshot::default()).expect("an empty snapshot serialises");
    state.fields.entry("timeline".into()).or_insert(no_performance);
    let no_styles = serde_json::to_string(&SavedStyles::default()).expect("an empty store serialises");
    state.fields.entry("styles".into()).or_insert(no_styles);
    let no_clips = serde_json::to_string(&SavedClips::default()).expect("an empty store serialises");
    state.fields.entry("clips".into()).or_insert(no_clips);
    let no_versions = serde_json::to_string(&ModelVersions::default()).expect("an empty map serialises");
    state.fields.entry("model_versions".into()).or_insert(no_versions);
    let no_slots = serde_json::to_string(&Slots::default()).expect("empty slots serialise");
    state.fields.entry("slots".into()).or_insert(no_slots);
    state.fields.entry("take_locked".into()).or_insert("false".into());
    state.fields.insert("state_version".into(), STATE_VERSION.to_string());
}

/// Replaces the ids of styles, which states up to version 5 hold, and their places, which version 6 holds, by values.
fn place_styles(state: &mut PluginState) {
    let holds_places = state.fields.get("state_version").is_some_and(|version| version == "6");
    for id in STYLES {
        let Some(value) = state.params.get_mut(id) else { continue };
        match value {
            ParamValue::String(style) => {
                if let Some(style) = StyleIndex::from_id(style) {
                    *value = ParamValue::I32(style_value::of(style));
                }
            }
            ParamValue::I32(place) if holds_places => *value = ParamValue::I32(style_value::of_place(*place)),
            _ => {}
        }
    }
}

/// How many choices a parameter has; `None` if it is not a choice.
fn choice_count(id: &str) -> Option<usize> {
    let values = style_value::LARGEST as usize + 1;
    if STYLES.contains(&id) { Some(values) } else { choices(id).map(<[&str]>::len) }
}

/// The ids of a parameter's choices; `None` if it is not a choice of ids.
pub(super) fn choices(id: &str) -> Option<&'static [&'static str]> {
    match id {
        "part" => PartChoice::ids(),
        "model" => ModelChoice::ids(),
        "look_ahead" => LookAheadChoice::ids(),
        "pedal" => PedalChoice::ids(),
        "timeline_delay" => TimelineLookAheadChoice::ids(),
        _ => None,
    }
}

/// Whether the framework accepts both values for the same parameter.
fn is_same_kind(value: &ParamValue, default: &ParamValue) -> bool {
    let is_choice = |value: &ParamValue| matches!(value, ParamValue::I32(_) | ParamValue::String(_));
    std::mem::discriminant(value) == std::mem::discriminant(default) || is_choice(value) && is_choice(default)
}

/// The default of every parameter under its id, as a state holds it.
pub(super) fn defaults() -> [(&'static str, ParamValue); 24] {
    fn choice<T: Enum + PartialEq + 'static>(param: &EnumParam<T>) -> ParamValue {
        ParamValue::I32(param.default_plain_value().to_index() as i32)
    }
    let share = |param: &FloatParam| ParamValue::F32(param.default_plain_value());
    let count = |param: &IntParam| ParamValue::I32(param.default_plain_value());
    let new = ToneNetParams::new(Arc::default());
    [
        ("style", count(&new.style)),
        ("style_b", count(&new.style_b)),
        ("blend", share(&new.blend)),
        ("amount", share(&new.amount)),
        ("keep_accents", share(&new.keep_accents)),
        ("hear_player", ParamValue::Bool(new.hear_player.default_plain_value())),
        ("level", count(&new.level)),
        ("range", share(&new.range)),
        ("floor", count(&new.floor)),
        ("ceiling", count(&new.ceiling)),
        ("take", count(&new.take)),
        ("key_low", count(&new.key_low)),
        ("key_high", count(&new.key_high)),
        ("part", choice(&new.part)),
        ("model", choice(&new.model)),
        ("look_ahead", choice(&new.look_ahead)),
        ("bypass", ParamValue::Bool(new.bypass.default_plain_value())),
        ("generate", ParamValue::Bool(new.generate.default_plain_value())),
        ("timing", share(&new.timing)),
        ("swing", count(&new.swing)),
        ("articulation", share(&new.articulation)),
        ("chord_spread", share(&new.chord_spread)),
        ("pedal", choice(&new.pedal)),
        ("timeline_delay", choice(&new.timeline_delay)),
    ]
}
