//! What the user wants to compute with, remembered in the user's configuration folder.
//!
//! It belongs to the machine and not to a project: another machine has other accelerators.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::folders;
use crate::runtime::ProviderPreference;

/// The user's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuntimeSettings {
    /// What computes.
    pub provider: ProviderPreference,
    /// Whether an accelerator may compute in 16 bits. Velocities may then differ by more than a step.
    pub half_precision: bool,
}

impl RuntimeSettings {
    /// What is remembered; the default where nothing is, or nothing that can be read.
    ///
    /// It reads a file, so it is not for the audio thread or a scan.
    pub fn load() -> Self {
        file().map_or_else(Self::default, |file| Self::load_from(&file))
    }

    /// A choice that another system has, and this one has not, counts as none.
    fn load_from(file: &Path) -> Self {
        let stored = std::fs::read(file).ok().and_then(|json| serde_json::from_slice::<Self>(&json).ok());
        let is_known = |set: &Self| ProviderPreference::choices().any(|known| known == set.provider);
        stored.filter(is_known).unwrap_or_default()
    }

    /// Remembers it: the whole file or nothing.
    ///
    /// # Errors
    /// When there is no configuration folder, or the file cannot be written.
    pub fn store(&self) -> io::Result<()> {
        self.store_in(&file().ok_or(io::ErrorKind::NotFound)?)
    }

    fn store_in(&self, file: &Path) -> io::Result<()> {
        write_whole(file, &serde_json::to_vec_pretty(self)?)
    }
}

/// The file that remembers it.
fn file() -> Option<PathBuf> {
    folders::config().map(|folder| folder.join("runtime.json"))
}

/// Replaces a file by a whole one, or leaves it as it is. Makes its folder.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().ok_or(io::ErrorKind::NotFound)?;
    std::fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(bytes)?;
    new.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::runtime::Provider;

    #[test]
    fn settings_are_read_as_they_were_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("für mich/runtime.json");
        let settings = RuntimeSettings { provider: ProviderPreference::Only(Provider::Cuda), half_precision: true };
        settings.store_in(&file).unwrap();
        assert_eq!(RuntimeSettings::load_from(&file), settings);
        assert_eq!(RuntimeSettings::load_from(&folder.path().join("none")), RuntimeSettings::default());
        std::fs::write(&file, r#"{"provider": "abacus"}"#).unwrap();
        assert_eq!(RuntimeSettings::load_from(&file), RuntimeSettings::default());
    }

    /// Texts that are settings, or nearly.
    fn settings_text() -> impl Strategy<Value = String> {
        let ids = ["auto", "cpu", "cuda", "tensorrt", "coreml", "directml", "built-in", "abacus"];
        let text = (prop::sample::select(ids.to_vec()), any::<bool>())
            .prop_map(|(id, half)| format!("{{\"provider\": \"{id}\", \"half_precision\": {half}}}"));
        (text, any::<prop::sample::Index>(), any::<Option<char>>()).prop_map(|(mut text, place, damage)| {
            if let Some(damage) = damage {
                let place = place.index(text.len());
                text.replace_range(place..=place, &damage.to_string());
            }
            text
        })
    }

    proptest! {
        #[test]
        fn any_file_gives_settings_that_can_be_chosen_here(text in settings_text(), bytes: Vec<u8>) {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("runtime.json");
            for contents in [text.as_bytes(), &bytes] {
                std::fs::write(&file, contents).unwrap();
                let settings = RuntimeSettings::load_from(&file);
                prop_assert!(ProviderPreference::choices().any(|known| known == settings.provider));
            }
        }
    }

    #[test]
    fn each_choice_of_this_system_is_kept_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("runtime.json");
        let all = Provider::ALL.map(ProviderPreference::Only).into_iter();
        for provider in all.chain([ProviderPreference::BuiltIn]) {
            RuntimeSettings { provider, half_precision: false }.store_in(&file).unwrap();
            let is_here = ProviderPreference::choices().any(|known| known == provider);
            let expected = if is_here { provider } else { ProviderPreference::Auto };
            assert_eq!(RuntimeSettings::load_from(&file).provider, expected);
        }
    }
}
