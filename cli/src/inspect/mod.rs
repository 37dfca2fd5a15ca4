//! `tonenet inspect`: what is in MIDI files, and what restyling would change.

mod describe;
mod plot;

use std::path::PathBuf;

use anyhow::{Result, bail};
use serde::Serialize;
use tonenet_files::error::FileError;
use tonenet_files::midi_files::{self, Source};
use tonenet_inference::song::Selection;

use crate::args::InspectArgs;
use crate::report::{Head, finish};
use crate::restyle::selection;
use crate::terminal;
use describe::{SongEntry, describe};
use plot::Glyphs;

/// The report of `tonenet inspect --json`.
#[derive(Debug, Serialize)]
struct InspectReport {
    #[serde(flatten)]
    head: Head,
    files: Vec<FileEntry>,
    errors: Vec<String>,
}

/// A file and what is in it.
#[derive(Debug, Serialize)]
struct FileEntry {
    input: String,
    #[serde(flatten)]
    song: Option<SongEntry>,
    errors: Vec<String>,
}

/// `tonenet inspect`.
///
/// # Errors
/// When a file could not be read.
pub fn run(args: &InspectArgs) -> Result<()> {
    let mut report = InspectReport { head: Head::new("inspect"), files: Vec::new(), errors: Vec::new() };
    let result = inspect(args, &mut report);
    finish(args.json, report, result, |report| &mut report.errors)
}

fn inspect(args: &InspectArgs, report: &mut InspectReport) -> Result<()> {
    let selection = selection(&args.selection);
    let glyphs = Glyphs::for_terminal(terminal::is_utf8());
    for source in sources(&args.inputs)? {
        let file = inspect_file(&source, &selection);
        if !args.json {
            tell(&file, glyphs);
        }
        report.files.push(file);
    }
    let failed = report.files.iter().filter(|file| !file.errors.is_empty()).count();
    match (failed, report.files.len()) {
        (0, _) => Ok(()),
        (_, 1) => bail!("the file could not be inspected"),
        (_, all) => bail!("{failed} of {all} files could not be inspected"),
    }
}

/// The files that are named, and those in folders that are named.
fn sources(inputs: &[PathBuf]) -> Result<Vec<Source>, FileError> {
    let mut sources = Vec::new();
    for input in inputs {
        if input.is_dir() {
            let found = midi_files::find(input, None)?;
            if found.files.is_empty() {
                return Err(FileError::NoMidiFile { path: input.clone() });
            }
            sources.extend(found.files.into_iter().map(Source::File));
        } else {
            sources.push(Source::from_argument(input));
        }
    }
    Ok(sources)
}

fn inspect_file(source: &Source, selection: &Selection) -> FileEntry {
    let song = source.read_song().map_err(anyhow::Error::from).and_then(|song| Ok(describe(&song, selection)?));
    let (song, errors) = match song {
        Ok(song) => (Some(song), Vec::new()),
        Err(error) => (None, vec![format!("{error:#}")]),
    };
    FileEntry { input: source.to_string(), song, errors }
}

fn tell(file: &FileEntry, glyphs: Glyphs) {
    if let Some(song) = &file.song {
        anstream::println!("{}{}{:#}", terminal::HEADING, file.input, terminal::HEADING);
        println!("  {song}");
        for warning in &song.warnings {
            println!("  warning: {warning}");
        }
        for part in &song.parts {
            println!("{}", part.lines(glyphs));
        }
    }
    for error in &file.errors {
        eprintln!("error: {}: {error}", file.input);
    }
}
