//! A progress bar with the time left, on standard error where that is a terminal.

use std::fs;

use indicatif::{ProgressBar, ProgressStyle};
use tonenet_files::jobs::Job;
use tonenet_files::midi_files::Source;
use tonenet_inference::song::PartOutcome;

/// How far a command is.
///
/// A file counts by its length, which is known before it is read and grows with its notes; each of its parts counts by
/// its share of the notes.
pub struct Progress {
    bar: ProgressBar,
}

const TEMPLATE: &str = "{bar:32} {percent}% · {msg} · {eta} left";

impl Progress {
    /// A bar for all files.
    pub fn new(jobs: &[Job]) -> Self {
        let bar = ProgressBar::new(jobs.iter().map(length).sum());
        let style = ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar());
        let files = if jobs.len() == 1 { "1 file".into() } else { format!("{} files", jobs.len()) };
        Self { bar: bar.with_style(style).with_message(files) }
    }

    /// A part of a file with so many `notes` is done.
    pub fn part_done(&self, job: &Job, outcome: &PartOutcome, notes: usize) {
        let share = outcome.part.notes.len() as f64 / notes.max(1) as f64;
        self.bar.inc((length(job) as f64 * share) as u64);
    }

    /// Nothing more comes of a file.
    pub fn failed(&self, job: &Job) {
        self.bar.inc(length(job));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The length of a job's file in bytes.
pub fn length(job: &Job) -> u64 {
    match &job.input {
        Source::File(path) => fs::metadata(path).map_or(0, |metadata| metadata.len()),
        Source::Stdin => 1,
    }
}
