//! What the plugin tells of itself through its saved state.

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

impl Report {
    /// The JSON of a state with a wish for reports in it.
    pub(crate) fn ask_in(state: &[u8]) -> Result<Vec<u8>, String> {
        let mut state = parse(state)?;
        // The framework keeps each field as JSON in a string.
        *state.pointer_mut("/fields/report").ok_or("its state has no place for one")? = json!("{}");
        Ok(state.to_string().into_bytes())
    }

    pub(crate) fn of_state(state: &[u8]) -> Result<Self, String> {
        let state = parse(state)?;
        let report = state.pointer("/fields/report").and_then(Value::as_str).unwrap_or("null");
        serde_json::from_str(report).map_err(|e| format!("its state has no report ({e})"))
    }
}

/// How many notes of the song a state remembers.
///
/// A state of a long take is large; it is read where it lies, so that a host that asks often needs no more memory for it.
pub(crate) fn remembered(state: &[u8]) -> Result<usize, String> {
    #[derive(Deserialize)]
    struct State<'a> {
        #[serde(borrow)]
        fields: BTreeMap<&'a str, &'a RawValue>,
    }
    #[derive(Deserialize)]
    struct Take {
        notes: Count,
    }
    let state: State = serde_json::from_slice(state).map_err(|e| e.to_string())?;
    let take = state.fields.get("timeline").ok_or("its state remembers no song")?;
    let take: Take = serde_json::from_reader(Unescaped::new(take.get())).map_err(|e| e.to_string())?;
    Ok(take.notes.0)
}

/// How many elements a list has.
struct Count(usize);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(list: D) -> Result<Self, D::Error> {
        struct Counting;
        impl<'de> Visitor<'de> for Counting {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Count, A::Error> {
                let mut count = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Count(count))
            }
        }
        list.deserialize_seq(Counting)
    }
}

/// The text in a JSON string, byte by byte. Of escapes it knows those that JSON within JSON needs.
struct Unescaped<'a>(std::slice::Iter<'a, u8>);

impl<'a> Unescaped<'a> {
    /// Of a string with its quotes.
    fn new(quoted: &'a str) -> Self {
        Self(quoted.trim_matches('"').as_bytes().iter())
    }
}

impl Read for Unescaped<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut count = 0;
        for place in buffer {
            *place = match self.0.next() {
                None => break,
                Some(b'\\') => match self.0.next() {
                    Some(&byte @ (b'"' | b'\\' | b'/')) => byte,
                    Some(b'n' | b't' | b'r') => b' ',
                    _ => return Err(io::Error::other("an escape that JSON within JSON has no need for")),
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
    fn remembered_notes_are_counted_where_they_lie() {
        let state = |take: &str| json!({"version": "1", "params": {}, "fields": {"timeline": take}}).to_string();
        let take = json!({"model": "a \"name\" \\ of\n it", "notes": [{"a": [1, 2]}, [3, 4], 5]}).to_string();
        assert_eq!(remembered(state(&take).as_bytes()), Ok(3));
        assert_eq!(remembered(state(r#"{"notes": []}"#).as_bytes()), Ok(0));
        assert!(remembered(state("{}").as_bytes()).is_err());
        assert!(remembered(br#"{"fields": {}}"#).is_err());
    }
}
