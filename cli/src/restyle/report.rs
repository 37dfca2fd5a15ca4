//! What became of each file, for people and for programs.

use std::fmt;

use serde::Serialize;
use tonenet_core::midi::Song;
use tonenet_files::jobs::{Job, LeftOut};
use tonenet_inference::song::{LeftAlone, PartOutcome};

use super::styles::StyleEntry;
use crate::args::{PedalArg, RestyleArgs, StyleName, SwingArg};
use crate::report::{EntryEvidenceEntry, Head, ModelEntry, PartEntry, RuntimeEntry};

/// The report of `tonenet restyle --json`.
#[derive(Debug, Serialize)]
pub struct RestyleReport {
    #[serde(flatten)]
    head: Head,
    /// The model, once it is loaded.
    pub model: Option<ModelEntry>,
    /// What computes, once that is known.
    pub runtime: Option<RuntimeEntry>,
    settings: Settings,
    /// The user's styles among the settings, once they are open.
    pub styles: Vec<StyleEntry>,
    /// The files that were to be restyled.
    pub files: Vec<FileEntry>,
    /// Results of earlier runs among the inputs, which were not restyled.
    pub left_out: Vec<LeftOutEntry>,
    /// Why the command failed, if it did.
    pub errors: Vec<String>,
}

/// The options, by their names on the command line.
#[derive(Debug, Serialize)]
struct Settings {
    style: StyleName,
    style_b: Option<StyleName>,
    blend: Option<u8>,
    from: Option<StyleName>,
    take: u16,
    amount: u8,
    keep_accents: u8,
    level: i8,
    range: u8,
    floor: u8,
    ceiling: u8,
    timing: u8,
    swing: SwingArg,
    articulation: u8,
    chord_spread: u8,
    pedal: PedalArg,
    hear_player: bool,
    look_ahead: Option<f64>,
}

impl RestyleReport {
    /// The report of a command that has done nothing yet.
    pub fn new(args: &RestyleArgs) -> Self {
        let settings = Settings {
            style: args.style.clone(),
            style_b: args.style_b.clone(),
            blend: args.style_b.as_ref().map(|_| args.blend),
            from: args.from.clone(),
            take: args.take,
            amount: args.amount,
            keep_accents: args.keep_accents,
            level: args.level,
            range: args.range,
            floor: args.floor,
            ceiling: args.ceiling,
            timing: args.feel.timing,
            swing: args.feel.swing,
            articulation: args.feel.articulation,
            chord_spread: args.feel.chord_spread,
            pedal: args.feel.pedal,
            hear_player: args.hear_player,
            look_ahead: args.look_ahead,
        };
        Self {
            head: Head::new("restyle"),
            model: None,
            runtime: None,
            settings,
            styles: Vec::new(),
            files: Vec::new(),
            left_out: Vec::new(),
            errors: Vec::new(),
        }
    }
}

/// What became of a file.
#[derive(Debug, Serialize)]
pub struct FileEntry {
    /// What was read.
    pub input: String,
    /// What was written, if anything was.
    pub output: Option<String>,
    /// All its notes.
    pub notes: usize,
    /// Notes that were given a velocity by the model.
    pub restyled: usize,
    /// Notes whose velocity is another one now.
    pub changed: usize,
    /// Notes that begin at another tick now.
    pub moved: usize,
    /// Its parts.
    pub parts: Vec<PartOutcomeEntry>,
    /// What is wrong with it and was put up with.
    pub warnings: Vec<String>,
    /// Why nothing was written.
    pub errors: Vec<String>,
}

impl FileEntry {
    /// A file of which nothing is known yet.
    pub fn new(job: &Job) -> Self {
        Self {
            input: job.input.to_string(),
            output: None,
            notes: 0,
            restyled: 0,
            changed: 0,
            moved: 0,
            parts: Vec::new(),
            warnings: Vec::new(),
            errors: Vec::new(),
        }
    }
}

/// What became of a part.
#[derive(Debug, Serialize)]
pub struct PartOutcomeEntry {
    #[serde(flatten)]
    part: PartEntry,
    restyled: usize,
    changed: usize,
    left_alone: Option<LeftAloneEntry>,
    /// Whether it was entered or played, unless it has too few notes to tell.
    entry: Option<EntryEvidenceEntry>,
}

impl PartOutcomeEntry {
    /// The outcome of a part of a song.
    pub fn new(song: &Song, outcome: &PartOutcome) -> Self {
        Self {
            part: PartEntry::from(&outcome.part),
            entry: EntryEvidenceEntry::from_part(song, &outcome.part),
            restyled: outcome.restyled,
            changed: outcome.changed,
            left_alone: outcome.left_alone.as_ref().map(LeftAloneEntry::from),
        }
    }
}

impl fmt::Display for PartOutcomeEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, restyled, changed, left_alone, entry } = self;
        write!(f, "{}: ", part.label)?;
        if let Some(left_alone) = left_alone {
            return write!(f, "{left_alone}");
        }
        write!(f, "{restyled} of {} notes restyled, {changed} changed", part.notes)?;
        match entry.as_ref().and_then(EntryEvidenceEntry::line) {
            Some(line) => write!(f, "\n    {line}"),
            None => Ok(()),
        }
    }
}

/// Why a part is left alone.
#[derive(Debug, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum LeftAloneEntry {
    /// Other parts were named.
    NotNamed,
    /// It is not played on a keyboard.
    NoKeyboard {
        /// The word that `--tracks` takes for this part alone, if there is one.
        tracks: Option<String>,
    },
}

impl From<&LeftAlone> for LeftAloneEntry {
    fn from(left_alone: &LeftAlone) -> Self {
        match left_alone {
            LeftAlone::NotNamed => Self::NotNamed,
            LeftAlone::NoKeyboard { word } => Self::NoKeyboard { tracks: word.clone() },
        }
    }
}

impl fmt::Display for LeftAloneEntry {
    /// As "left alone" and what to do about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNamed => f.write_str("left alone, as --tracks does not name it"),
            Self::NoKeyboard { tracks: Some(word) } => {
                write!(f, "left alone; --all or --tracks {word} restyles it")
            }
            Self::NoKeyboard { tracks: None } => f.write_str("left alone; --all restyles it"),
        }
    }
}

/// A result of an earlier run that was found among the inputs.
#[derive(Debug, Serialize)]
pub struct LeftOutEntry {
    file: String,
    original: String,
}

impl From<&LeftOut> for LeftOutEntry {
    fn from(left: &LeftOut) -> Self {
        Self { file: left.result.display().to_string(), original: left.original.display().to_string() }
    }
}

impl fmt::Display for LeftOutEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: left out, as it is {} restyled", self.file, self.original)
    }
}
