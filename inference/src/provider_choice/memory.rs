//! Remembers choices in a small file of the cache folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ChoiceKey;
use crate::folders;
use crate::runtime::Provider;
use crate::runtime_settings::write_whole;

/// The version of the file; another one is ignored.
const FORMAT: u32 = 1;

/// Choices that are kept; the oldest give way.
const MOST: usize = 16;

/// The largest file that is read.
const LARGEST: u64 = 1 << 20;

/// A remembered choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub key: ChoiceKey,
    pub provider: Provider,
    /// The time of a hop in microseconds; `None` where the model did not run.
    pub hop_micros: BTreeMap<Provider, Option<u64>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    format: u32,
    choices: Vec<Entry>,
}

/// The file with the choices. What cannot be read is ignored, and what cannot be written is timed again.
#[derive(Debug, Clone)]
pub struct ChoiceMemory {
    pub(super) file: Option<PathBuf>,
}

impl ChoiceMemory {
    /// The user's file.
    pub fn of_user() -> Self {
        Self { file: folders::cache().map(|folder| folder.join("provider.json")) }
    }

    /// Another file.
    pub fn in_file(file: PathBuf) -> Self {
        Self { file: Some(file) }
    }

    /// The choice for a key.
    pub(super) fn find(&self, key: &ChoiceKey) -> Option<Entry> {
        self.read().into_iter().find(|entry| entry.key == *key)
    }

    /// Remembers a choice, unless there is one for its key that `holds`; returns the one that is remembered.
    pub(super) fn add(&self, entry: Entry, holds: impl Fn(&Entry) -> bool) -> Entry {
        match self.find(&entry.key).filter(holds) {
            Some(other) => other,
            None => self.replace(entry),
        }
    }

    /// Remembers a choice in place of the one for its key.
    pub(super) fn replace(&self, entry: Entry) -> Entry {
        if let Some(file) = &self.file {
            let others = self.read().into_iter().filter(|other| other.key != entry.key).take(MOST - 1);
            let choices = std::iter::once(entry.clone()).chain(others).collect();
            // Without the file the choice holds for this process; the next one times again.
            let json = serde_json::to_vec_pretty(&Contents { format: FORMAT, choices });
            let _ = json.map_err(std::io::Error::from).and_then(|json| write_whole(file, &json));
        }
        entry
    }

    fn read(&self) -> Vec<Entry> {
        let read = || {
            let file = self.file.as_ref()?;
            if std::fs::metadata(file).ok()?.len() > LARGEST {
                return None;
            }
            let contents: Contents = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
            (contents.format == FORMAT).then_some(contents.choices)
        };
        // The provider that was chosen must have been timed.
        let is_sound = |entry: &Entry| entry.hop_micros.get(&entry.provider).is_some_and(Option::is_some);
        read().into_iter().flatten().filter(is_sound).collect()
    }
}
