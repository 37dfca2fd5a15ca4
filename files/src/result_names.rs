//! Names results after their originals where the user names none: `song-jazz.mid` for `song.mid`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tonenet_core::midi::Song;

/// Names of results: the original's name, a hyphen and a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultNames {
    /// The label of this command's results.
    pub label: String,
    /// Every label that a command may add, to recognise results of earlier runs.
    pub all_labels: Vec<String>,
}

impl ResultNames {
    /// The path of the result beside an original.
    pub fn result_of(&self, original: &Path) -> PathBuf {
        named(original, original.file_stem().unwrap_or_default().to_owned(), &self.label)
    }

    /// The files beside a result that may be its original, by their names.
    pub fn originals_of(&self, result: &Path) -> Vec<PathBuf> {
        let stem = result.file_stem().unwrap_or_default().to_string_lossy();
        let original = |label: &String| {
            let stem = stem.strip_suffix(label.as_str())?.strip_suffix('-')?;
            Some(with_stem(result, stem.into()))
        };
        self.all_labels.iter().filter_map(original).collect()
    }
}

fn named(path: &Path, mut stem: OsString, label: &str) -> PathBuf {
    stem.push("-");
    stem.push(label);
    with_stem(path, stem)
}

fn with_stem(path: &Path, mut stem: OsString) -> PathBuf {
    if let Some(ending) = path.extension() {
        stem.push(".");
        stem.push(ending);
    }
    path.with_file_name(stem)
}

/// Whether two MIDI files differ in velocities only, as an original and its result do.
pub fn differ_in_velocities_alone(one: &Path, other: &Path) -> bool {
    let length = |path: &Path| fs::metadata(path).map(|metadata| metadata.len()).ok();
    // Most files need not be read, because their lengths differ.
    if length(one).is_none() || length(one) != length(other) {
        return false;
    }
    let level = |path: &Path| {
        let song = Song::parse(fs::read(path).ok()?).ok()?;
        song.with_velocities(&vec![64; song.notes().len()]).ok()
    };
    level(one).is_some_and(|one| level(other) == Some(one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> ResultNames {
        ResultNames { label: "jazz".into(), all_labels: ["jazz", "pop", "jazz-pop"].map(Into::into).to_vec() }
    }

    #[test]
    fn a_result_has_its_originals_name_and_extension() {
        for (original, result) in [
            ("in/song.mid", "in/song-jazz.mid"),
            ("a.b.MIDI", "a.b-jazz.MIDI"),
            ("song", "song-jazz"),
            (".mid", ".mid-jazz"),
        ] {
            assert_eq!(names().result_of(Path::new(original)), Path::new(result));
        }
    }

    #[test]
    fn a_results_name_identifies_its_original() {
        for (result, originals) in [
            ("in/song-pop.mid", &["in/song.mid"][..]),
            ("song-jazz-pop.kar", &["song-jazz.kar", "song.kar"]),
            ("song.mid", &[]),
            ("songjazz.mid", &[]),
        ] {
            let originals: Vec<PathBuf> = originals.iter().map(PathBuf::from).collect();
            assert_eq!(names().originals_of(Path::new(result)), originals, "{result}");
        }
    }
}
