//! Restyles files on all cores, a few at a time on each, because files that are restyled together take less time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context, Error, Result};
use tonenet_core::midi::Song;
use tonenet_files::jobs::Job;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::note::LANES;
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::song::{Restyled, SongRestyling, restyle_song, restyle_songs};

use super::progress::{Progress, length};
use super::report::{FileEntry, PartOutcomeEntry};

/// The most bytes of files that are restyled together. The notes of larger ones would take much memory.
const GROUP_BYTES: u64 = 1 << 20;

/// The model of each worker. A worker that shared its graphs would wait for the others.
pub struct Models<'a> {
    /// The first worker's.
    pub first: &'a LoadedModel,
    /// Loads another worker's.
    pub another: &'a (dyn Fn() -> LoadedModel + Sync),
}

/// Restyles every file. If one fails, the others are still restyled.
pub fn restyle_all(models: &Models<'_>, jobs: &[Job], settings: &SongRestyling) -> Vec<FileEntry> {
    let progress = Progress::new(jobs);
    let cores = rayon::current_num_threads();
    let groups = groups(jobs, cores);
    let next = AtomicUsize::new(0);
    let work = |model: &LoadedModel| {
        let mut files = Vec::new();
        while let Some(group) = groups.get(next.fetch_add(1, Ordering::Relaxed)) {
            files.extend(restyle_group(model, group, settings, &progress));
        }
        files
    };
    let mut files = thread::scope(|scope| {
        let others: Vec<_> = (1..cores.min(groups.len())).map(|_| scope.spawn(|| work(&(models.another)()))).collect();
        let mut files = work(models.first);
        for other in others {
            files.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        files
    });
    files.sort_by_key(|(place, _)| *place);
    files.into_iter().map(|(_, file)| file).collect()
}

/// A job, and its place in the order of the command line.
type Placed<'a> = (usize, &'a Job);

/// Groups files of about the same length, the longest first.
fn groups(jobs: &[Job], cores: usize) -> Vec<Vec<Placed<'_>>> {
    let mut by_length: Vec<(u64, Placed<'_>)> = jobs.iter().enumerate().map(|job| (length(job.1), job)).collect();
    by_length.sort_by_key(|(length, (place, _))| (std::cmp::Reverse(*length), *place));
    // No core is idle because others have all files.
    let most = jobs.len().div_ceil(cores).clamp(1, LANES);
    let mut groups: Vec<Vec<Placed<'_>>> = Vec::new();
    let mut bytes = 0;
    for (length, job) in by_length {
        bytes += length;
        match groups.last_mut() {
            Some(group) if group.len() < most && bytes <= GROUP_BYTES => group.push(job),
            _ => {
                groups.push(vec![job]);
                bytes = length;
            }
        }
    }
    groups
}

/// Reads, restyles and writes some files.
fn restyle_group(
    model: &LoadedModel,
    group: &[Placed<'_>],
    settings: &SongRestyling,
    progress: &Progress,
) -> Vec<(usize, FileEntry)> {
    let mut files = Vec::new();
    let mut read: Vec<(Placed<'_>, Song)> = Vec::new();
    for &(place, job) in group {
        match job.input.read_song() {
            Ok(song) => read.push(((place, job), song)),
            Err(error) => files.push((place, entry(job, progress, |_| Err(error.into())))),
        }
    }
    let restyled = restyle_together(model, &read, settings, progress);
    for (((place, job), song), restyled) in read.iter().zip(restyled) {
        files.push((*place, entry(job, progress, |file| write(job, song, restyled, file))));
    }
    files
}

/// The outcome of each song, in their order.
fn restyle_together(
    model: &LoadedModel,
    read: &[(Placed<'_>, Song)],
    settings: &SongRestyling,
    progress: &Progress,
) -> Vec<Result<Restyled>> {
    let songs: Vec<&Song> = read.iter().map(|(_, song)| song).collect();
    let on_part = &mut |index: usize, outcome: &_| {
        let ((_, job), song) = &read[index];
        progress.part_done(job, outcome, song.notes().len());
    };
    match restyle_songs(model, &songs, settings, &Cancellation::default(), on_part) {
        Ok(restyled) => restyled.into_iter().map(|result| result.map_err(Error::from)).collect(),
        Err(error) if songs.len() == 1 => vec![Err(error.into())],
        // An error of several songs tells of none of them. Alone, each fails with its own or not at all.
        Err(_) => songs.into_iter().map(|song| Ok(restyle_song(model, song, settings)?)).collect(),
    }
}

/// The entry of a file, which `fill` completes or whose error it gives.
fn entry(job: &Job, progress: &Progress, fill: impl FnOnce(&mut FileEntry) -> Result<()>) -> FileEntry {
    let mut file = FileEntry::new(job);
    if let Err(error) = fill(&mut file) {
        file.errors.push(format!("{error:#}"));
        progress.failed(job);
    }
    file
}

/// Writes a restyled song.
fn write(job: &Job, song: &Song, restyled: Result<Restyled>, file: &mut FileEntry) -> Result<()> {
    file.warnings = song.warnings().iter().map(ToString::to_string).collect();
    file.notes = song.notes().len();
    let restyled = restyled.with_context(|| format!("cannot restyle {}", job.input))?;
    job.output.write(&restyled.to_midi(song)?)?;
    file.output = Some(job.output.name().display().to_string());
    file.parts = restyled.parts.iter().map(|part| PartOutcomeEntry::new(song, part)).collect();
    file.restyled = restyled.parts.iter().map(|part| part.restyled).sum();
    file.moved = restyled.moved.as_ref().map_or(0, |moved| moved.notes);
    file.changed = restyled.parts.iter().map(|part| part.changed).sum();
    Ok(())
}
