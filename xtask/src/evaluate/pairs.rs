//! `--pairs`: scores any folder of predictions against a folder of originals, whoever made them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use tonenet_core::metrics::{FileScore, bootstrap_interval, score_file, summarise};
use tonenet_core::midi::Song;

/// Scores the MIDI files of `predicted` against those of the same name in `original`.
pub fn run(predicted: &Path, original: &Path) -> Result<()> {
    let mut names = Vec::new();
    let entries = fs::read_dir(predicted).with_context(|| format!("cannot read the folder {}", predicted.display()))?;
    for entry in entries {
        let name = entry?.file_name();
        if Path::new(&name).extension().is_some_and(|e| e.eq_ignore_ascii_case("mid") || e.eq_ignore_ascii_case("midi"))
        {
            names.push(name);
        }
    }
    names.sort();
    if names.is_empty() {
        bail!("{} holds no .mid file", predicted.display());
    }
    let mut scores = Vec::new();
    println!("{:40} {:>6}  {:>6} {:>6} {:>8}", "file", "notes", "r", "MAEc", "SD ratio");
    for name in &names {
        let (a, b) = (read(&predicted.join(name))?, read(&original.join(name))?);
        let velocities = |song: &Song| -> Vec<f32> {
            let notes = song.notes().iter().filter(|n| n.note.is_restylable());
            notes.map(|n| f32::from(n.note.velocity)).collect()
        };
        same_notes(&a, &b).with_context(|| format!("{} is not the same part in both folders", name.display()))?;
        match score_file(&velocities(&a), &velocities(&b)) {
            Some(score) => {
                let FileScore { r, mae, sd_ratio, notes, .. } = score;
                println!("{:40} {notes:6}  {r:6.3} {mae:6.2} {sd_ratio:8.2}", name.display());
                scores.push(score);
            }
            None => println!("{:40} the original's velocities do not vary; left out", name.display()),
        }
    }
    let Some(summary) = summarise(&scores) else { bail!("no file could be scored") };
    let mean_r = |files: &[FileScore]| summarise(files).map_or(0.0, |s| s.r);
    let (low, high) = bootstrap_interval(&scores, mean_r, 2000, 1).unwrap_or((summary.r, summary.r));
    println!(
        "{} files: r {:.3} ({low:.3} – {high:.3}), R²c {:.3}, MAEc {:.2}, SD ratio {:.2}",
        scores.len(),
        summary.r,
        summary.r2,
        summary.mae,
        summary.sd_ratio
    );
    Ok(())
}

fn read(path: &Path) -> Result<Song> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Song::parse(bytes).with_context(|| format!("cannot use {}", path.display()))
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
