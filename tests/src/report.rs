//! What the plugin tells of itself through its saved state.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// What an instance has done since it was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Report {
    /// Notes that left with the model's velocity.
    pub restyled: u64,
    /// Notes that were due before the model had answered.
    pub late: u64,
    /// Notes that a mode without latency did not know yet.
    #[serde(default)]
    pub new: u64,
    /// The runtime with its version and what computes it.
    pub runtime: String,
    /// The model's title; empty where none could be opened.
    pub model: String,
    /// What went wrong, and what to do.
    #[serde(default)]
    pub error: Option<String>,
}

/// A CLAP state begins with its length.
const LENGTH: usize = size_of::<u64>();

impl Report {
    /// The state with a wish for reports in it.
    pub(crate) fn ask_in(state: &[u8]) -> Result<Vec<u8>, String> {
        let mut state = parse(state)?;
        // The framework keeps each field as JSON in a string.
        *state.pointer_mut("/fields/report").ok_or("its state has no place for one")? = json!("{}");
        let json = state.to_string();
        Ok([&(json.len() as u64).to_le_bytes(), json.as_bytes()].concat())
    }

    pub(crate) fn of_state(state: &[u8]) -> Result<Self, String> {
        let state = parse(state)?;
        let report = state.pointer("/fields/report").and_then(Value::as_str).unwrap_or("null");
        serde_json::from_str(report).map_err(|e| format!("its state has no report ({e})"))
    }
}

/// How many notes of the song a state remembers.
pub(crate) fn remembered(state: &[u8]) -> Result<usize, String> {
    #[derive(Deserialize)]
    struct Take {
        notes: Vec<IgnoredAny>,
    }
    let state = parse(state)?;
    let take = state.pointer("/fields/timeline").and_then(Value::as_str).ok_or("its state remembers no song")?;
    let take: Take = serde_json::from_str(take).map_err(|e| e.to_string())?;
    Ok(take.notes.len())
}

fn parse(state: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(state.get(LENGTH..).unwrap_or_default()).map_err(|e| e.to_string())
}
