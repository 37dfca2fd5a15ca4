//! `evaluate --pairs`: scores a folder of predictions, made by anything, against a folder of originals.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::metrics::bootstrap::bootstrap_interval;
use crate::metrics::velocities::{FileScore, score_file, summarise};
use anyhow::{Context, Result, bail};
use tonenet_core::midi::Song;
use tonenet_files::midi_files::{self, read_song};

/// Scores the MIDI files in `predicted` and below against those of the same names in `original`.
///
/// # Errors
/// When a folder cannot be read, when a pair could not be scored, or none; the others' scores are printed first.
pub fn run(predicted: &Path, original: &Path) -> Result<()> {
    let (names, originals) = (names(predicted)?, names(original)?);
    if names.is_empty() {
        bail!("there is no MIDI file ({}) in {}", midi_files::endings(), predicted.display());
    }
    let mut scores = Vec::new();
    let mut failed = 0;
    println!("{:40} {:>6}  {:>6} {:>6} {:>8}", "file", "notes", "r", "MAEc", "SD ratio");
    for name in &names {
        match score(&predicted.join(name), &original.join(name)) {
            Ok(Some(score)) => {
                let FileScore { r, mae, sd_ratio, notes, .. } = score;
                println!("{:40} {notes:6}  {r:6.3} {mae:6.2} {sd_ratio:8.2}", name.display());
                scores.push(score);
            }
            Ok(None) => println!("{:40} the original's velocities do not vary; left out", name.display()),
            Err(error) => {
                failed += 1;
                println!("{:40} {error:#}", name.display());
            }
        }
    }
    let alone = originals.difference(&names).count();
    if alone > 0 {
        println!("originals without a prediction: {alone}");
    }
    print_summary(&scores);
    match failed {
        0 if scores.is_empty() => bail!("no file could be scored"),
        0 => Ok(()),
        _ => bail!("{failed} of {} pairs could not be scored; the reasons stand above", names.len()),
    }
}

/// The MIDI files of a folder, by relative path.
fn names(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let found = midi_files::find(folder, None)?;
    Ok(found.files.iter().map(|file| file.strip_prefix(folder).unwrap_or(file).to_owned()).collect())
}

/// The score of a pair, or `None` where the original's velocities do not vary.
fn score(predicted: &Path, original: &Path) -> Result<Option<FileScore>> {
    let (predicted, original) = (read_song(predicted)?, read_song(original)?);
    same_notes(&predicted, &original).context("it is not the same part in both folders")?;
    let velocities = |song: &Song| -> Vec<f32> {
        let notes = song.notes().iter().filter(|n| n.note.is_restylable());
        notes.map(|n| f32::from(n.note.velocity)).collect()
    };
    Ok(score_file(&velocities(&predicted), &velocities(&original)))
}

fn print_summary(scores: &[FileScore]) {
    let Some(summary) = summarise(scores) else { return };
    let mean_r = |files: &[FileScore]| summarise(files).map_or(0.0, |s| s.r);
    let (low, high) = bootstrap_interval(scores, mean_r, 2000, 1).unwrap_or((summary.r, summary.r));
    println!(
        "{} files: r {:.3} ({low:.3} – {high:.3}), R²c {:.3}, MAEc {:.2}, SD ratio {:.2}",
        scores.len(),
        summary.r,
        summary.r2,
        summary.mae,
        summary.sd_ratio
    );
}

/// Pitch, onset, release and channel must be equal, or velocities of different notes would be compared.
fn same_notes(a: &Song, b: &Song) -> Result<()> {
    if a.notes().len() != b.notes().len() {
        bail!("one has {} notes, the other {}", a.notes().len(), b.notes().len());
    }
    for (place, (a, b)) in a.notes().iter().zip(b.notes()).enumerate() {
        let key = |n: &tonenet_core::midi::NoteRef| (n.onset_tick, n.release_tick, n.note.channel, n.note.key);
        if key(a) != key(b) {
            bail!("note {} differs in more than velocity", place + 1);
        }
    }
    Ok(())
}
