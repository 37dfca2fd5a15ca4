//! Performances to learn from, and which of them fit.

use thiserror::Error;
use tonenet_core::grid::Grid;
use tonenet_core::midi::{PartPedals, Song, SongPart};
use tonenet_core::note::{Note, piano_key};
use tonenet_core::note_rows::CHORD_SECONDS;
use tonenet_inference::performance::PerformanceView;

use crate::error::LearnError;
use crate::{FEWEST_NOTES_IN_ALL, MOST_PERFORMANCES};

/// The fewest notes of a performance; fewer say nothing about dynamics.
pub const FEWEST_NOTES: usize = 50;

/// The most notes of a performance that are learned from. A longer one is cut, so that no file takes all the time.
const MOST_NOTES: usize = 5_000;

/// The standard deviation of velocities under which a performance is flat.
pub const FLAT_SPREAD: f64 = 4.0;

/// One performance to learn from.
#[derive(Debug, Clone, PartialEq)]
pub struct Performance {
    /// Its name in messages.
    pub name: String,
    /// Its notes on piano keys, in any order.
    pub notes: Vec<Note>,
    /// Movements of the sustain pedal by time: when, in seconds, and whether it is down then.
    pub pedals: Vec<(f64, bool)>,
    /// Its grid. Only on sixteenths do its beats mean something.
    pub grid: Grid,
}

impl Performance {
    /// The keyboard part of a song that has the most notes; without notes if the song has no such part.
    pub fn from_song(name: &str, song: &Song) -> Self {
        let parts = song.parts();
        let on_keys = |part: &SongPart| -> Vec<Note> {
            let notes = part.notes.iter().map(|&place| song.notes()[place].note);
            notes.filter(|note| piano_key(note.key).is_some()).collect()
        };
        let keyboards = parts.iter().filter(|part| part.is_restylable()).map(|part| (part, on_keys(part)));
        // Of equally long parts, the first.
        let longest = keyboards.rev().max_by_key(|(_, notes)| notes.len());
        let (pedals, notes) =
            longest.map_or_else(Default::default, |(part, notes)| (PartPedals::from_song(song).movements(part), notes));
        let grid = Grid::from_notes(&notes, song.tempo());
        Self { name: name.into(), notes, pedals, grid }
    }

    /// The performance in up to `count` sections of about equally many notes, in the order of time. No chord is parted.
    ///
    /// A style can be tested on sections of a single performance: it is learned from some and predicts the others.
    pub fn sections(&self, count: usize) -> Vec<Self> {
        let mut notes = self.notes.clone();
        notes.sort_by(|a, b| a.onset.total_cmp(&b.onset));
        let least = notes.len().div_ceil(count.max(1)).max(1);
        let mut sections = Vec::new();
        let mut rest = &notes[..];
        while let Some(first) = rest.first() {
            let begins_chord = |&at: &usize| rest[at].onset - rest[at - 1].onset > CHORD_SECONDS;
            let (section, others) = rest.split_at((least..rest.len()).find(begins_chord).unwrap_or(rest.len()));
            let end = others.first().map_or(f64::INFINITY, |next| next.onset);
            // The last movement before a section says where the pedal is.
            let from = self.pedals.partition_point(|(time, _)| *time <= first.onset).saturating_sub(1);
            let to = self.pedals.partition_point(|(time, _)| *time < end).max(from);
            sections.push(Self {
                name: format!("{}, section {}", self.name, sections.len() + 1),
                notes: section.to_vec(),
                pedals: self.pedals[from..to].to_vec(),
                grid: self.grid,
            });
            rest = others;
        }
        sections
    }

    /// The view of it that the note model gets.
    pub fn view(&self) -> PerformanceView<'_> {
        PerformanceView { notes: &self.notes, pedals: &self.pedals, grid: self.grid, player_level: None }
    }

    /// The standard deviation of its velocities.
    fn spread(&self) -> f64 {
        let count = self.notes.len().max(1) as f64;
        let velocities = || self.notes.iter().map(|note| f64::from(note.velocity));
        let mean = velocities().sum::<f64>() / count;
        (velocities().map(|velocity| (velocity - mean).powi(2)).sum::<f64>() / count).sqrt()
    }

    /// Why nothing can be learned from it, if that is so.
    fn unfit(&self) -> Option<LeftOutReason> {
        let notes = self.notes.len();
        let spread = self.spread();
        match notes {
            0 => Some(LeftOutReason::NoPianoNotes),
            _ if notes < FEWEST_NOTES => Some(LeftOutReason::TooFewNotes { notes }),
            _ => (spread < FLAT_SPREAD).then_some(LeftOutReason::Flat { spread }),
        }
    }

    /// Its first notes, if it is too long.
    fn cut(&self) -> Self {
        let mut notes = self.notes.clone();
        notes.sort_by(|a, b| a.onset.total_cmp(&b.onset));
        notes.truncate(MOST_NOTES);
        Self { notes, ..self.clone() }
    }
}

/// A performance from which nothing was learned.
#[derive(Debug, Clone, PartialEq)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why nothing was learned from a performance.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum LeftOutReason {
    /// It has no notes of a piano.
    #[error("it has no piano notes")]
    NoPianoNotes,
    /// It has too few notes.
    #[error("it has {notes} piano notes, under {FEWEST_NOTES}")]
    TooFewNotes {
        /// Its notes.
        notes: usize,
    },
    /// Its velocities hardly vary.
    #[error("its velocities hardly vary (a standard deviation of {spread:.1}, under {FLAT_SPREAD})")]
    Flat {
        /// Their standard deviation.
        spread: f64,
    },
    /// There are enough performances without it.
    #[error("{MOST_PERFORMANCES} performances are enough")]
    Enough,
}

/// The performances that fit, in their order, and those that do not.
///
/// # Errors
/// When too few notes fit.
pub(crate) fn select(performances: &[Performance]) -> Result<(Vec<Performance>, Vec<LeftOut>), LearnError> {
    let (mut fit, mut left_out) = (Vec::new(), Vec::new());
    let leave_out = |performance: &Performance, reason| LeftOut { name: performance.name.clone(), reason };
    for performance in performances {
        match performance.unfit() {
            Some(reason) => left_out.push(leave_out(performance, reason)),
            None => fit.push(performance),
        }
    }
    let notes = fit.iter().map(|performance| performance.notes.len()).sum::<usize>();
    if notes < FEWEST_NOTES_IN_ALL {
        return Err(why_too_few(notes, &left_out));
    }
    let all = fit.len();
    let is_kept = |index: usize| is_chosen_evenly(index, all, MOST_PERFORMANCES);
    let (kept, enough): (Vec<_>, Vec<_>) = fit.into_iter().enumerate().partition(|&(index, _)| is_kept(index));
    left_out.extend(enough.into_iter().map(|(_, performance)| leave_out(performance, LeftOutReason::Enough)));
    Ok((kept.into_iter().map(|(_, performance)| performance.cut()).collect(), left_out))
}

/// Whether an index is one of at most `most` that are chosen evenly from `all`: neighbours in a folder are often alike.
pub fn is_chosen_evenly(index: usize, all: usize, most: usize) -> bool {
    all <= most || (index * most) % all < most
}

/// Why so few notes fit.
fn why_too_few(notes: usize, left_out: &[LeftOut]) -> LearnError {
    let spreads = left_out.iter().filter_map(|left| match left.reason {
        LeftOutReason::Flat { spread } => Some(spread),
        _ => None,
    });
    match spreads.reduce(f64::max) {
        Some(spread) if notes == 0 => LearnError::Flat { spread },
        _ if left_out.iter().all(|left| left.reason == LeftOutReason::NoPianoNotes) && notes == 0 => {
            LearnError::NoPianoNotes
        }
        _ => LearnError::TooFewNotes { notes, least: FEWEST_NOTES_IN_ALL },
    }
}
