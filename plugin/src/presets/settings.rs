//! The values of parameters as presets and the slots A and B store them: by ids, with styles by their keys.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tonenet_core::style::{StyleIndex, StyleKey};
use tonenet_engine::style_store::StyleStore;
use tonenet_inference::styles::user_key;

use crate::params::{ToneNetParams, UserParam, style_value};

/// Values of parameters by their ids. What this version does not know stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SavedSettings(Map<String, Value>);

/// Settings that were read for an instance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReadSettings {
    /// Parameters and their values from 0 to 1. What was not stored has its default.
    pub values: Vec<(UserParam, f32)>,
    /// Which styles are missing, and what to do.
    pub problems: Vec<String>,
}

impl SavedSettings {
    /// The settings that an instance has.
    pub fn from_params(params: &ToneNetParams, which: impl Fn(UserParam) -> bool) -> Self {
        Self::from_values(params, which, |param| param.of(params).value())
    }

    /// Settings with these values from 0 to 1.
    pub fn from_values(
        params: &ToneNetParams,
        which: impl Fn(UserParam) -> bool,
        value: impl Fn(UserParam) -> f32,
    ) -> Self {
        let styles = params.styles();
        let stored = |param: UserParam| {
            let plain = param.of(params).to_json(value(param));
            let stored = if param.is_style() { style_to_json(&plain, &styles) } else { plain };
            (param.id().to_owned(), stored)
        };
        Self(UserParam::ALL.into_iter().filter(|param| which(*param)).map(stored).collect())
    }

    /// The values for an instance. A style that it does not have stays as it is there, and is named.
    pub fn read(&self, params: &ToneNetParams, which: impl Fn(UserParam) -> bool) -> ReadSettings {
        let styles = params.styles();
        let mut read = ReadSettings::default();
        for param in UserParam::ALL.into_iter().filter(|param| which(*param)) {
            let there = param.of(params);
            let value = match self.0.get(param.id()) {
                None => Some(there.default_value()),
                Some(stored) if param.is_style() => match style_from_json(stored, &styles) {
                    Ok(style) => there.read_json(&json!(style_value::of(style))),
                    Err(title) => {
                        read.problems.push(missing(&title, there.title()));
                        None
                    }
                },
                // A project may hold anything; files are checked before.
                Some(stored) => Some(there.read_json(stored).unwrap_or(there.default_value())),
            };
            read.values.extend(value.map(|value| (param, value)));
        }
        read
    }

    /// The id of a setting whose value is of the wrong kind, if one is.
    pub(super) fn invalid(&self, params: &ToneNetParams) -> Option<&'static str> {
        let is_invalid = |param: &UserParam| {
            self.0.get(param.id()).is_some_and(|stored| match param.is_style() {
                true => style_key(stored).is_none(),
                false => param.of(params).read_json(stored).is_none(),
            })
        };
        UserParam::ALL.into_iter().find(is_invalid).map(UserParam::id)
    }
}

/// The sentence for a style that is not there.
fn missing(title: &str, param: &str) -> String {
    format!("The style {title} is not in this project, so {param} stays as it was. Import the style under Styles")
}

/// The key and the title of the style that a value of Style A or B means.
fn style_to_json(value: &Value, store: &StyleStore) -> Value {
    let value = value.as_i64().and_then(|value| i32::try_from(value).ok());
    let style = value.and_then(style_value::place).unwrap_or(StyleIndex::JAZZ);
    // An empty place plays as the place before it.
    let key = store.keys()[style.index()].clone();
    let place = key.as_ref().and_then(|key| place(key.as_str(), store)).unwrap_or(style);
    json!({ "key": key.as_ref().map(StyleKey::as_str), "title": store.title(place) })
}

/// The key of a stored style, and its title.
fn style_key(stored: &Value) -> Option<(&str, &str)> {
    let key = stored.get("key").unwrap_or(stored).as_str()?;
    Some((key, stored.get("title").and_then(Value::as_str).unwrap_or(key)))
}

/// The place of a stored style, or its title if it has none. A style that was learned again has another key, so a user's style
/// of the same title counts, too.
fn style_from_json(stored: &Value, store: &StyleStore) -> Result<StyleIndex, String> {
    let (key, title) = style_key(stored).ok_or("of a later version")?;
    let by_title = || StyleIndex::all().find(|style| style.slot().is_some() && store.title(*style) == title);
    place(key, store).or_else(by_title).ok_or_else(|| title.into())
}

/// The place of the style with a key.
fn place(key: &str, store: &StyleStore) -> Option<StyleIndex> {
    let slot = || store.slots().iter().position(|style| style.as_ref().is_some_and(|s| user_key(s).as_str() == key));
    StyleIndex::from_id(key).or_else(|| StyleIndex::from_slot(slot()?))
}
