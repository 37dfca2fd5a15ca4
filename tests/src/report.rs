//! What the plugin reports about itself in its saved state.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Read};

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// What an instance has done since it was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Report {
    /// Notes that left with the model's velocity.
    pub restyled: u64,
    /// Notes that were due before the model's result was available.
    pub late: u64,
    /// Notes that a mode without latency did not know yet.
    #[serde(default)]
    pub new: u64,
    /// The runtime with its version and processor.
    pub runtime: String,
    /// The model's title; empty where no model could be opened.
    pub model: String,
    /// The user's styles that cannot play, and what plays in their place.
    #[serde(default)]
    pub styles: Vec<String>,
    /// The error that the editor shows, with its remedy.
    #[serde(default)]
    pub error: Option<String>,
}

impl Report {
    /// The JSON of a state with reports enabled.
    pub(crate) fn enable_in(state: &[u8]) -> Result<Vec<u8>, String> {
        let mut state = parse(state)?;
        // The plugin framework stores each field as JSON in a string.
        *state.pointer_mut("/fields/report").ok_or("it has no field for a report")? = json!("{}");
        Ok(state.to_string().into_bytes())
    }

    /// The report within the JSON of a state.
    pub(crate) fn from_state(state: &[u8]) -> Result<Self, String> {
        let state = parse(state)?;
        let report = state.pointer("/fields/report").and_then(Value::as_str).unwrap_or("null");
        serde_json::from_str(report).map_err(|e| format!("it contains no report ({e})"))
    }
}

/// How many notes the Timeline memory in a state holds.
///
/// The state of a long performance is large. It is parsed in place, so that a host that asks often does not allocate
/// memory for it.
pub(crate) fn remembered_notes(state: &[u8]) -> Result<usize, String> {
    #[derive(Deserialize)]
    struct State<'a> {
        #[serde(borrow)]
        fields: BTreeMap<&'a str, &'a RawValue>,
    }
    #[derive(Deserialize)]
    struct SavedTimeline {
        notes: ListLength,
    }
    let state: State = serde_json::from_slice(state).map_err(|e| e.to_string())?;
    let timeline = state.fields.get("timeline").ok_or("it has no Timeline memory")?;
    let timeline: SavedTimeline =
        serde_json::from_reader(UnescapedReader::new(timeline.get())).map_err(|e| e.to_string())?;
    Ok(timeline.notes.0)
}

/// The length of a list whose elements are skipped.
struct ListLength(usize);

impl<'de> Deserialize<'de> for ListLength {
    fn deserialize<D: Deserializer<'de>>(list: D) -> Result<Self, D::Error> {
        struct LengthVisitor;
        impl<'de> Visitor<'de> for LengthVisitor {
            type Value = ListLength;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<ListLength, A::Error> {
                let mut count = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(ListLength(count))
            }
        }
        list.deserialize_seq(LengthVisitor)
    }
}

/// Reads the content of a JSON string without a copy. Supports only the escapes that JSON within JSON needs.
struct UnescapedReader<'a>(std::slice::Iter<'a, u8>);

impl<'a> UnescapedReader<'a> {
    /// A reader of a string in quotes.
    fn new(quoted: &'a str) -> Self {
        Self(quoted.trim_matches('"').as_bytes().iter())
    }
}

impl Read for UnescapedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        for byte_out in buffer {
            *byte_out = match self.0.next() {
                None => break,
                Some(b'\\') => match self.0.next() {
                    Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
                    Some(b'n' | b't' | b'r') => b' ',
                    _ => return Err(io::Error::other("unsupported escape in a JSON string")),
                },
                Some(&byte) => byte,
            };
            count += 1;
        }
        Ok(count)
    }
}

fn parse(state: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(state).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_notes_are_counted_in_place() {
        let state =
            |timeline: &str| json!({"version": "1", "params": {}, "fields": {"timeline": timeline}}).to_string();
        let timeline = json!({"model": "a \"name\" \\ of\n it", "notes": [{"a": [1, 2]}, [3, 4], 5]}).to_string();
        assert_eq!(remembered_notes(state(&timeline).as_bytes()), Ok(3));
        assert_eq!(remembered_notes(state(r#"{"notes": []}"#).as_bytes()), Ok(0));
        assert!(remembered_notes(state("{}").as_bytes()).is_err());
        assert!(remembered_notes(br#"{"fields": {}}"#).is_err());
    }
}
