//! Names results after their originals where the user names none: `song-jazz.mid` for `song.mid`.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use tonenet_core::midi::{MidiMessage, NoteRef, Song};

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

/// How far a result's note may be from its original's, in seconds.
const MOST_MOVED: f64 = 0.5;

/// Whether a MIDI file has what a result of another keeps: everything but velocities, or everything but velocities, the
/// pedal, and when its messages come, with no note far from where it was.
pub fn is_result_of(result: &Path, original: &Path) -> bool {
    let read = |path: &Path| Song::parse(fs::read(path).ok()?).ok();
    let Some((result, original)) = read(result).zip(read(original)) else { return false };
    differ_in_velocities_alone(&result, &original) || is_moved(&result, &original)
}

fn differ_in_velocities_alone(one: &Song, other: &Song) -> bool {
    let level = |song: &Song| song.with_velocities(&vec![64; song.notes().len()]).ok();
    one.bytes().len() == other.bytes().len() && level(one).is_some_and(|one| level(other) == Some(one))
}

/// A note by what moving it leaves as it is, and its onset in seconds.
struct KeyedNote {
    track: usize,
    channel: u8,
    number: u8,
    onset: f64,
}

impl KeyedNote {
    fn key(&self) -> (usize, u8, u8) {
        (self.track, self.channel, self.number)
    }
}

/// The notes of each key in their order: of no key does one note pass another.
fn notes_by_key(song: &Song) -> Vec<KeyedNote> {
    let keyed = |note: &NoteRef| KeyedNote {
        track: note.track,
        channel: note.note.channel,
        number: note.note.key,
        onset: note.note.onset,
    };
    let mut notes: Vec<KeyedNote> = song.notes().iter().map(keyed).collect();
    notes.sort_by(|a, b| a.key().cmp(&b.key()).then(a.onset.total_cmp(&b.onset)));
    notes
}

fn is_moved(one: &Song, other: &Song) -> bool {
    let (notes_of_one, notes_of_other) = (notes_by_key(one), notes_by_key(other));
    notes_of_one.len() == notes_of_other.len()
        && notes_of_one
            .iter()
            .zip(&notes_of_other)
            .all(|(note, other)| note.key() == other.key() && (note.onset - other.onset).abs() <= MOST_MOVED)
        && other_messages(one) == other_messages(other)
        && one.tempo() == other.tempo()
        && (one.track_names(), one.time_signatures(), one.key_signature())
            == (other.track_names(), other.time_signatures(), other.key_signature())
}

/// What a song's tracks send besides notes and the sustain pedal.
fn other_messages(song: &Song) -> Vec<(usize, Vec<u8>)> {
    const NOTE_OFF: u8 = 0x80;
    const NOTE_ON: u8 = 0x90;
    const CONTROLLER: u8 = 0xb0;
    const SUSTAIN: u8 = 64;
    let bytes = |message: &MidiMessage| match message {
        MidiMessage::Channel(channel @ [status, first, _]) => match (status & 0xf0, first) {
            (NOTE_OFF | NOTE_ON, _) | (CONTROLLER, &SUSTAIN) => None,
            _ => Some(channel.to_vec()),
        },
        MidiMessage::SysEx(bytes) => Some(bytes.clone()),
    };
    let mut others: Vec<(usize, Vec<u8>)> =
        song.messages().iter().filter_map(|sent| Some((sent.track, bytes(&sent.message)?))).collect();
    others.sort();
    others
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
