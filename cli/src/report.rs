//! What `--json` prints: one object on standard output, with keys that stay.

use anyhow::{Context, Result};
use serde::Serialize;
use tonenet_core::entered::EntryEvidence;
use tonenet_core::midi::parts::Instrument;
use tonenet_core::midi::{Song, SongPart};
use tonenet_core::note::Note;
use tonenet_files::outputs::Messages;
use tonenet_inference::runtime::RuntimeReport;

use crate::terminal;
use crate::usage::{UsageError, wrong};

/// The version of the keys and their meaning; new keys may come without a new version.
const FORMAT: u32 = 1;

/// What all reports begin with.
#[derive(Debug, Serialize)]
pub struct Head {
    format: u32,
    command: &'static str,
    version: &'static str,
}

impl Head {
    /// The head of a command's report.
    pub fn new(command: &'static str) -> Self {
        Self { format: FORMAT, command, version: env!("CARGO_PKG_VERSION") }
    }
}

/// A model, as it was named and as it is called.
#[derive(Debug, Serialize)]
pub struct ModelEntry {
    /// The word of `--model`, or the generator's name.
    pub name: String,
    /// Its title.
    pub title: String,
}

/// What computes.
#[derive(Debug, Serialize)]
pub struct RuntimeEntry {
    /// The runtime and its version.
    pub name: String,
    /// What computes, such as `CPU` or `CUDA`.
    pub provider: String,
    /// Why that provider, where there was a choice.
    pub reason: Option<String>,
    /// ONNX Runtime's file, if that is used.
    pub library: Option<String>,
    /// Why other libraries and providers are not used.
    pub notes: Vec<String>,
}

impl From<&RuntimeReport> for RuntimeEntry {
    fn from(report: &RuntimeReport) -> Self {
        Self {
            name: report.runtime.clone(),
            provider: report.provider.clone(),
            reason: report.reason.clone(),
            library: report.library.as_ref().map(|path| path.display().to_string()),
            notes: report.all_notes(),
        }
    }
}

/// What a part is; everything is counted from 1, as on the command line.
#[derive(Debug, Serialize)]
pub struct PartEntry {
    /// Its tracks' names, or empty.
    pub name: String,
    /// As it is printed: name, tracks, channels, instrument and why they are one part.
    pub label: String,
    /// Numbers of its tracks.
    pub tracks: Vec<usize>,
    /// Numbers of its channels.
    pub channels: Vec<u8>,
    /// General MIDI programs that the file sets for it.
    pub programs: Vec<u8>,
    /// `keyboard`, `drums` or `other`.
    pub instrument: &'static str,
    /// Its notes.
    pub notes: usize,
}

impl From<&SongPart> for PartEntry {
    fn from(part: &SongPart) -> Self {
        Self {
            name: part.name.clone(),
            label: part.to_string(),
            tracks: part.tracks.iter().map(|track| track + 1).collect(),
            channels: part.channels.iter().map(|channel| channel + 1).collect(),
            programs: part.programs.iter().map(|program| program + 1).collect(),
            instrument: match part.instrument {
                Instrument::Keyboard => "keyboard",
                Instrument::Drums => "drums",
                Instrument::Other(_) => "other",
            },
            notes: part.notes.len(),
        }
    }
}

/// What speaks for a part being entered, with the mouse or from notation, and not played. Shares are 0 to 1.
#[derive(Debug, Serialize)]
pub struct EntryEvidenceEntry {
    /// Whether it was entered.
    pub is_entered: bool,
    on_grid: f64,
    in_tempo: f64,
    repeated_lengths: f64,
    repeated_velocities: f64,
    #[serde(skip)]
    evidence: EntryEvidence,
}

impl EntryEvidenceEntry {
    /// The evidence of a part; `None` for too few notes to tell.
    pub fn from_part(song: &Song, part: &SongPart) -> Option<Self> {
        let notes: Vec<Note> = part.notes.iter().map(|&place| song.notes()[place].note).collect();
        let evidence = EntryEvidence::from_notes(&notes)?;
        let EntryEvidence { on_grid, in_tempo, repeated_lengths, repeated_velocities } = evidence;
        let is_entered = evidence.is_entered();
        Some(Self { is_entered, on_grid, in_tempo, repeated_lengths, repeated_velocities, evidence })
    }

    /// The line for people, if the part was entered.
    pub fn line(&self) -> Option<String> {
        self.is_entered.then(|| format!("entered, not played: {}", self.evidence))
    }
}

/// Prints a report.
///
/// # Errors
/// When standard output takes nothing.
pub fn print(report: &impl Serialize) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(report).context("the report cannot be written as JSON")?;
    text.push(b'\n');
    terminal::print(&text)
}

/// Refuses a report where standard output carries a file.
///
/// # Errors
/// When both are asked for.
pub fn keep_stdout_for_report(is_json: bool, messages: Messages) -> Result<()> {
    match is_json && messages.are_on_stderr() {
        true => Err(wrong("--json needs standard output for its report; choose a file with -o")),
        false => Ok(()),
    }
}

/// Ends a command that may report in JSON: what went wrong is part of the report. A wrong command line has none.
///
/// # Errors
/// The command's own error, or that the report could not be printed.
pub fn finish<R: Serialize>(
    is_json: bool,
    mut report: R,
    result: Result<()>,
    errors: impl FnOnce(&mut R) -> &mut Vec<String>,
) -> Result<()> {
    let is_wrong = result.as_ref().is_err_and(|error| error.is::<UsageError>());
    if is_json && !is_wrong {
        if let Err(error) = &result {
            errors(&mut report).push(format!("{error:#}"));
        }
        print(&report)?;
    }
    result
}
