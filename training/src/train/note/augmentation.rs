//! Changed copies of excerpts: another key or tempo, fewer notes, quantised, or read from the page.

use std::ops::Range;

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::note::{HIGHEST_KEY, LOWEST_KEY, Note};
use tonenet_core::note_rows::{Part, PartNote};
use tonenet_learn::page::{Notation, NoteLengths, page};

use crate::data::genre::GenreId;
use crate::data::performances::Performance;
use crate::graphs::OUTPUT_SCALE;

/// Standard deviation of the tempo augmentation, as a factor's natural logarithm.
const TEMPO_SPREAD: f64 = 0.18;
/// How often notes are removed, and the largest share removed: it imitates a thinner arrangement.
const THIN_SHARE: f64 = 0.3;
const THINNEST: f64 = 0.2;
/// Largest standard deviation of the onset jitter, in seconds.
const JITTER: f64 = 0.005;
/// How often a known beat is withheld from the model.
const NO_BEAT_SHARE: f64 = 0.25;
/// How often a known beat is wrong, moved by some sixteenths: hosts count bars that a player did not follow.
const WRONG_BEAT_SHARE: f64 = 0.06;
/// How often a performance without beats gets the beats of a host's metronome, which mean nothing.
const METRONOME_SHARE: f64 = 0.05;
/// How often the page of a performance without beats shows the beats that were guessed for it.
const GUESSED_BEAT_SHARE: f64 = 0.5;
/// How often a page's tempo mark is far off, and by how much, as a factor's natural logarithm.
const FAR_TEMPO_SHARE: f64 = 0.2;
const FAR_TEMPO_SPREAD: f64 = 0.45;
/// How often a page doubles notes in another voice, and the largest share of them.
const DOUBLING_SHARE: f64 = 0.15;
const MOST_DOUBLED: f64 = 0.05;
/// How often onsets are quantised, the pedal removed, and durations made equal, each by itself.
const STEP_SHARE: f64 = 0.08;
/// The error of the player's velocities that the model gets, as a standard deviation in steps.
///
/// The larger the error, the more the model follows the style and the less the player. Pop has the narrowest dynamics, so
/// the same error would hide more of its player.
fn player_error(genre: &GenreId) -> f64 {
    match genre.built_in() {
        Some(Genre::Pop) => 4.5,
        _ => 6.0,
    }
}

/// How the excerpts of a batch are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// From the page ([`tonenet_learn::page`]) instead of the performance.
    pub is_page: bool,
    /// With the player's velocities.
    pub with_player: bool,
}

/// An excerpt as the model reads it, and what it should predict.
pub struct Augmented {
    /// Its notes and pedal.
    pub part: Part,
    /// The human deviation of each note of the part from the file's mean, in units of [`OUTPUT_SCALE`].
    pub deviations: Vec<f32>,
}

/// What a changed copy of an excerpt has in place of the performance's times and pedal.
struct Rendering {
    /// The excerpt's notes in the same order, before the change of key and tempo.
    notes: Vec<Note>,
    pedals: Vec<(f64, bool)>,
    beats: Beats,
    /// Largest standard deviation of the onsets, in seconds.
    jitter: f64,
    /// Largest share of notes that are doubled in another voice.
    doubling: f64,
}

/// Where beats come from.
#[derive(Debug, Clone, Copy)]
enum Beats {
    /// The model gets none.
    Hidden,
    /// From the notes' sixteenths, moved by so many.
    FromNotes(f64),
    /// From a metronome of so many seconds a beat.
    Metronome(f64),
}

/// A changed copy of some of a performance's notes.
pub fn augmented(
    performance: &Performance,
    range: Range<usize>,
    Reading { is_page, with_player }: Reading,
    random: &mut ChaCha8Rng,
) -> Augmented {
    let (mean, _) = performance.level();
    let source = &performance.notes[range];
    let lowest = source.iter().map(|n| n.key).min().unwrap_or(LOWEST_KEY);
    let highest = source.iter().map(|n| n.key).max().unwrap_or(HIGHEST_KEY);
    let down = i16::from(lowest - LOWEST_KEY).min(5);
    let up = i16::from(HIGHEST_KEY - highest).min(6);
    let transposition = random.random_range(-down..=up);
    let mut tempo = (TEMPO_SPREAD * normal(random)).exp();
    if is_page && random.random_bool(FAR_TEMPO_SHARE) {
        tempo *= (FAR_TEMPO_SPREAD * normal(random)).exp();
    }
    let thinning = if random.random_bool(THIN_SHARE) { random.random::<f64>() * THINNEST } else { 0.0 };
    let rendering =
        if is_page { from_page(performance, source, random) } else { performed(performance, source, random) };

    let jitter = random.random::<f64>() * rendering.jitter;
    let player_error = player_error(&performance.genre);
    let mut notes: Vec<(PartNote, f32)> = Vec::with_capacity(source.len());
    for (source, note) in source.iter().zip(&rendering.notes) {
        if random.random_bool(thinning) {
            continue;
        }
        let onset = note.onset + jitter * normal(random);
        let length = (note.release - note.onset).max(0.01);
        let deviation = f64::from(source.velocity) - mean;
        let beats = match rendering.beats {
            Beats::Hidden => None,
            Beats::FromNotes(moved) => Some((note.onset_sixteenths + moved) / 4.0),
            Beats::Metronome(seconds) => Some(note.onset / seconds),
        };
        let part_note = PartNote {
            onset: onset * tempo,
            release: (onset + length) * tempo,
            key: (i16::from(note.key) + transposition) as u8,
            beat_phase: beats.map(|beats| beats.rem_euclid(1.0)),
            deviation: with_player.then(|| (deviation + player_error * normal(random)) as f32),
        };
        let target = (deviation / OUTPUT_SCALE) as f32;
        notes.push((part_note, target));
        if rendering.doubling > 0.0 && random.random_bool(rendering.doubling) {
            let longer = [0.5, 2.0][random.random_range(0..2)];
            notes.push((PartNote { release: (onset + length * longer) * tempo, ..part_note }, target));
        }
    }
    notes.sort_by(|(a, _), (b, _)| a.onset.total_cmp(&b.onset).then(a.key.cmp(&b.key)));

    let mut part = Part::default();
    for (time, down) in rendering.pedals {
        part.pedal(time * tempo, down);
    }
    let mut deviations = Vec::with_capacity(notes.len());
    for (note, deviation) in notes {
        part.push(note);
        deviations.push(deviation);
    }
    Augmented { part, deviations }
}

/// An excerpt as it was played; now and then quantised, without pedal, or with equal lengths.
fn performed(performance: &Performance, source: &[Note], random: &mut ChaCha8Rng) -> Rendering {
    let mut one = || random.random_bool(STEP_SHARE);
    let (quantised, no_pedal, equal) = (one(), one(), one());
    // Without beats in the file, any steady grid can imitate step entry.
    let free_step = 0.125 * (0.3 * normal(random)).exp();
    let has_beats = performance.grid == Grid::Sixteenths;
    let step = if has_beats { sixteenth(source).unwrap_or(free_step) } else { free_step };
    let equal_length = step * f64::from(random.random_range(1u8..=4)) * random.random_range(0.7..1.0);
    let beats = if !has_beats {
        // Any tempo from 70 to 180.
        let metronome = Beats::Metronome(60.0 / random.random_range(70.0..180.0));
        if random.random_bool(METRONOME_SHARE) { metronome } else { Beats::Hidden }
    } else if random.random_bool(NO_BEAT_SHARE) {
        Beats::Hidden
    } else {
        Beats::FromNotes(wrong_beat(random))
    };
    let note = |n: &Note| {
        let sixteenths = if quantised { n.onset_sixteenths.round() } else { n.onset_sixteenths };
        let onset = match quantised {
            false => n.onset,
            true if has_beats => sixteenths * step,
            true => (n.onset / step).round() * step,
        };
        let length = if equal { equal_length } else { n.release - n.onset };
        Note { onset, release: onset + length, onset_sixteenths: sixteenths, ..*n }
    };
    let pedals = if no_pedal || quantised { Vec::new() } else { pedals_of(performance, source) };
    Rendering { notes: source.iter().map(note).collect(), pedals, beats, jitter: JITTER, doubling: 0.0 }
}

/// An excerpt from the page.
fn from_page(performance: &Performance, source: &[Note], random: &mut ChaCha8Rng) -> Rendering {
    let lengths = match random.random_range(0..10) {
        0..6 => NoteLengths::ToNearestOnset,
        6..8 => NoteLengths::ToNextChord,
        _ => NoteLengths::Sixteenths([1, 2, 4, 8][random.random_range(0..4)]),
    };
    let gap = if random.random_bool(0.5) { 0.0 } else { random.random_range(0.02..0.15) };
    let has_beats = performance.grid == Grid::Sixteenths;
    let shown = if has_beats { 1.0 - NO_BEAT_SHARE } else { GUESSED_BEAT_SHARE };
    let beats = if random.random_bool(shown) { Beats::FromNotes(wrong_beat(random)) } else { Beats::Hidden };
    let notes = page(source, performance.grid, Notation { lengths, gap, tempo: 1.0 });
    let doubling = if random.random_bool(DOUBLING_SHARE) { random.random::<f64>() * MOST_DOUBLED } else { 0.0 };
    Rendering { notes, pedals: Vec::new(), beats, jitter: 0.0, doubling }
}

/// By how many sixteenths the beats are moved: mostly by none.
fn wrong_beat(random: &mut ChaCha8Rng) -> f64 {
    let moved = f64::from(random.random_range(1u8..4));
    if random.random_bool(WRONG_BEAT_SHARE) { moved } else { 0.0 }
}

/// The pedal's movements around an excerpt.
fn pedals_of(performance: &Performance, source: &[Note]) -> Vec<(f64, bool)> {
    let pedals = &performance.pedals;
    let from = pedals.partition_point(|p| p.0 < source[0].onset).saturating_sub(1);
    let until = source.last().map_or(0.0, |n| n.onset) + 3.0;
    pedals[from.min(pedals.len())..].iter().take_while(|p| p.0 <= until).copied().collect()
}

/// The mean length of a sixteenth in seconds, over some notes.
fn sixteenth(notes: &[Note]) -> Option<f64> {
    let (first, last) = (notes.first()?, notes.last()?);
    let sixteenths = last.onset_sixteenths - first.onset_sixteenths;
    (sixteenths >= 1.0).then(|| (last.onset - first.onset) / sixteenths)
}

/// A sum of uniforms is near enough to a standard normal distribution.
fn normal(random: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0
}
