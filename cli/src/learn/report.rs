//! What was learned, for people and for programs.

use std::fmt;
use std::path::Path;

use serde::Serialize;
use tonenet_learn::{Learned, LeftOut, Used};

use crate::report::{Head, RuntimeEntry};

/// The report of `tonenet learn --json`.
#[derive(Debug, Serialize)]
pub struct LearnReport {
    #[serde(flatten)]
    head: Head,
    /// What computes, once that is known.
    pub runtime: Option<RuntimeEntry>,
    /// The style, if one was learned.
    pub style: Option<StyleEntry>,
    /// The files that it was learned from.
    pub files: Vec<FileEntry>,
    /// Files that were left out.
    pub left_out: Vec<LeftOutEntry>,
    /// Why the command failed, if it did.
    pub errors: Vec<String>,
}

impl Default for LearnReport {
    /// The report of a command that has done nothing yet.
    fn default() -> Self {
        Self {
            head: Head::new("learn"),
            runtime: None,
            style: None,
            files: Vec::new(),
            left_out: Vec::new(),
            errors: Vec::new(),
        }
    }
}

/// A learned style.
#[derive(Debug, Serialize)]
pub struct StyleEntry {
    id: String,
    name: String,
    /// What was written.
    pub output: String,
    notes: usize,
    nearest: &'static str,
    r: Option<f32>,
    nearest_r: f32,
    is_reliable: bool,
    /// How it differs from the nearest built-in style.
    pub description: String,
}

impl StyleEntry {
    /// The entry of a style that was written to `output`.
    pub fn new(learned: &Learned, output: &Path) -> Self {
        let contents = learned.style.contents();
        Self {
            id: learned.style.id().to_string(),
            name: contents.name.clone(),
            output: output.display().to_string(),
            notes: contents.card.notes,
            nearest: contents.nearest.id(),
            r: contents.card.r,
            nearest_r: contents.card.nearest_r,
            is_reliable: learned.evidence.is_reliable,
            description: contents.card.description.clone(),
        }
    }
}

impl fmt::Display for StyleEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, notes, nearest, r, nearest_r, .. } = self;
        write!(f, "{name}: learned from {notes} notes; ")?;
        match r {
            Some(r) => write!(f, "on files left out r {r:.3}, the nearest built-in style ({nearest}) {nearest_r:.3}"),
            None => write!(f, "the nearest built-in style ({nearest}) has r {nearest_r:.3}"),
        }
    }
}

/// A file that a style was learned from.
#[derive(Debug, Serialize)]
pub struct FileEntry {
    file: String,
    notes: usize,
}

impl From<&Used> for FileEntry {
    fn from(used: &Used) -> Self {
        Self { file: used.name.clone(), notes: used.notes }
    }
}

impl fmt::Display for FileEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} notes", self.file, self.notes)
    }
}

/// A file that was left out.
#[derive(Debug, Serialize)]
pub struct LeftOutEntry {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}

impl From<&LeftOut> for LeftOutEntry {
    fn from(left_out: &LeftOut) -> Self {
        Self { file: left_out.name.clone(), reason: left_out.reason.to_string() }
    }
}

impl fmt::Display for LeftOutEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: left out, as {}", self.file, self.reason)
    }
}
