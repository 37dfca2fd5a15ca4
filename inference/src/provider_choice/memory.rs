//! Remembers times and failures of providers in a small file of the configuration folder.
//!
//! It lies beside the settings and not in the cache folder: who clears a cache must not change how a project sounds.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ChoiceKey;
use crate::folders;
use crate::runtime::Provider;
use crate::runtime_settings::write_whole;

/// The version of the file; another one is ignored.
const FORMAT: u32 = 2;

/// Machines that are kept; the oldest give way.
const MOST: usize = 16;

/// The largest file that is read.
const LARGEST: u64 = 1 << 20;

/// What is remembered of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub key: ChoiceKey,
    /// The time of a hop in microseconds.
    pub times: BTreeMap<Provider, u64>,
    /// Why providers must not be tried again, as clauses.
    pub failures: BTreeMap<Provider, String>,
    /// How many trials in a row the program did not outlive.
    #[serde(default)]
    pub unfinished: BTreeMap<Provider, u32>,
}

impl Entry {
    /// Nothing is known of a machine.
    pub fn new(key: ChoiceKey) -> Self {
        Self { key, times: BTreeMap::new(), failures: BTreeMap::new(), unfinished: BTreeMap::new() }
    }

    fn is_empty(&self) -> bool {
        self.times.is_empty() && self.failures.is_empty() && self.unfinished.is_empty()
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    format: u32,
    machines: Vec<Entry>,
}

/// The file. What cannot be read is ignored, and what cannot be written is timed again.
#[derive(Debug, Clone)]
pub(crate) struct ChoiceMemory {
    pub(super) file: Option<PathBuf>,
}

impl ChoiceMemory {
    /// The user's file.
    pub fn of_user() -> Self {
        Self { file: folders::config().map(|folder| folder.join("provider.json")) }
    }

    /// Another file.
    #[cfg(test)]
    pub fn in_file(file: PathBuf) -> Self {
        Self { file: Some(file) }
    }

    /// Waits until no other process, and no other thread, has the lock. Where there are no locks, nothing is locked.
    pub(super) fn lock(&self) -> Option<File> {
        // A file of its own, because the one with the entries is replaced.
        let file = self.file.as_ref()?.with_extension("lock");
        fs::create_dir_all(file.parent()?).ok()?;
        let lock = File::options().create(true).truncate(false).write(true).open(file).ok()?;
        lock.lock().ok()?;
        Some(lock)
    }

    /// What is remembered of a machine.
    pub(super) fn find(&self, key: &ChoiceKey) -> Option<Entry> {
        self.read().into_iter().find(|entry| entry.key == *key)
    }

    /// Remembers an entry in place of the one with its key. The caller has the lock.
    pub(super) fn replace(&self, entry: &Entry) {
        let Some(file) = &self.file else { return };
        let others = self.read().into_iter().filter(|other| other.key != entry.key).take(MOST - 1);
        let own = (!entry.is_empty()).then(|| entry.clone());
        let contents = Contents { format: FORMAT, machines: own.into_iter().chain(others).collect() };
        // Without the file the choice holds for this process; the next one times again.
        let json = serde_json::to_vec_pretty(&contents);
        let _ = json.map_err(std::io::Error::from).and_then(|json| write_whole(file, &json));
    }

    fn read(&self) -> Vec<Entry> {
        let read = || {
            let file = self.file.as_ref()?;
            if fs::metadata(file).ok()?.len() > LARGEST {
                return None;
            }
            let contents: Contents = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
            (contents.format == FORMAT).then_some(contents.machines)
        };
        read().unwrap_or_default()
    }
}
