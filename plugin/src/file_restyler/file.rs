//! Restyles one file.

use std::fs;
use std::path::{Path, PathBuf};

use tonenet_core::midi::Song;
use tonenet_core::style::StyleBlend;
use tonenet_engine::Settings;
use tonenet_engine::style_store::StyleStore;
use tonenet_files::outputs::Inputs;
use tonenet_files::result_names::ResultNames;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::error::InferenceError;
use tonenet_inference::performance::{LoadedModel, LookAhead, RestyleSettings};
use tonenet_inference::song::{PartOutcome, RestyleSongError, Selection, SongRestyling, restyle_song_with};

/// The most bytes of a file. The largest MIDI files that people share have a tenth of it.
const MOST_BYTES: u64 = 64 << 20;

/// The most results of one name that lie beside each other.
const MOST_RESULTS: usize = 999;

/// What came of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The name of the result.
    pub result: String,
    /// All notes of the file.
    pub notes: usize,
    /// Notes that have another velocity now.
    pub changed: usize,
}

/// Why there is no result.
#[derive(Debug)]
pub(super) enum FileError {
    /// The user cancelled.
    Cancelled,
    /// It was refused, for this reason.
    Refused(String),
}

impl From<String> for FileError {
    fn from(refusal: String) -> Self {
        Self::Refused(refusal)
    }
}

/// A file's name without its folder.
pub(super) fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Restyles a file, and writes the result beside it under a name that is free. Cancellation and progress come as a pair.
pub(super) fn restyle(
    path: &Path,
    model: &LoadedModel,
    label: &str,
    settings: &Settings,
    (cancellation, progress): (&Cancellation, &dyn Fn(f32)),
) -> Result<Outcome, FileError> {
    let shown = name(path);
    progress(0.0);
    cancellation.check().map_err(|_| FileError::Cancelled)?;
    let song = read(path, &shown)?;
    let notes = song.notes().len();
    let mut done = 0;
    let mut on_part = |outcome: &PartOutcome| {
        done += outcome.part.notes.len();
        progress(done as f32 / notes.max(1) as f32);
    };
    let restyled = restyle_song_with(model, &song, &song_restyling(settings, model), cancellation, &mut on_part);
    let restyled = restyled.map_err(|error| match error {
        RestyleSongError::Inference(InferenceError::Cancelled) => FileError::Cancelled,
        error => FileError::Refused(format!("{shown} was not restyled: {error}")),
    })?;
    if restyled.parts.iter().all(|part| part.left_alone.is_some()) {
        return Err(format!("{shown} has no keyboard part; `tonenet restyle --all` restyles other instruments").into());
    }
    let changed = restyled.parts.iter().map(|part| part.changed).sum();
    let bytes = restyled.to_midi(&song).map_err(|error| format!("{shown}: {error}"))?;
    let result = write(path, label, &bytes)?;
    Ok(Outcome { result: name(&result), notes, changed })
}

/// The settings of an instance, for files.
fn song_restyling(settings: &Settings, model: &LoadedModel) -> SongRestyling {
    let restyling = RestyleSettings {
        style: settings.style,
        source_style: None,
        take: settings.take,
        expression: settings.expression,
        look_ahead: LookAhead::WholePerformance,
    };
    let condition_on_player = settings.condition_on_player && model.reads_player_velocities();
    SongRestyling {
        restyling,
        condition_on_player,
        selection: Selection::Keyboards,
        scope: settings.scope,
        feel: settings.feel,
    }
}

/// Reads a song. `shown` is the file's name, for errors.
fn read(path: &Path, shown: &str) -> Result<Song, String> {
    let metadata = fs::metadata(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    if metadata.is_dir() {
        return Err(format!("{shown} is a folder; choose MIDI files"));
    }
    if !metadata.is_file() || metadata.len() > MOST_BYTES {
        return Err(format!("{shown} is no MIDI file, or too large; choose a .mid file"));
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    Song::parse(bytes).map_err(|error| format!("{shown}: {error}"))
}

/// Writes a result beside its original: `song-jazz.mid`, or with a number if that is there. Nothing is replaced.
fn write(original: &Path, label: &str, bytes: &[u8]) -> Result<PathBuf, String> {
    let path = |number: usize| {
        let label = if number == 1 { label.to_owned() } else { format!("{label}-{number}") };
        ResultNames { all_labels: vec![label.clone()], label }.result_of(original)
    };
    let free = (1..=MOST_RESULTS).map(path).find(|path| fs::symlink_metadata(path).is_err());
    let free = free.ok_or_else(|| format!("{} has too many results beside it; move some away", name(original)))?;
    let output = Inputs::default().files([original]).outputs().new_file(&free).map_err(|error| error.to_string())?;
    output.write(bytes).map_err(|error| error.to_string())?;
    Ok(free)
}

/// What results are called after: the styles that count, in lower case with hyphens.
pub(super) fn label(styles: &StyleStore, StyleBlend { a, b, share_of_b }: StyleBlend) -> String {
    let words = |title: String| {
        let lower = title.to_lowercase();
        let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-")
    };
    let titles = [(a, share_of_b < 1.0), (b, share_of_b > 0.0 && a != b || share_of_b >= 1.0)];
    let titles = titles.into_iter().filter(|(_, counts)| *counts).map(|(style, _)| words(styles.title(style)));
    let label = titles.filter(|title| !title.is_empty()).collect::<Vec<_>>().join("-");
    if label.is_empty() { "style".into() } else { label }
}
