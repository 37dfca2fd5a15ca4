//! Learns how the feel of some performances differs from that of a built-in style.

use rayon::prelude::*;
use tonenet_core::grid::Grid;
use tonenet_core::note_rows::PLACES;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::feel::{FeelStyle, OwnFeel};
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::LookAhead;

use super::{PageRows, View};
use crate::error::LearnError;
use crate::page::NoteLengths;
use crate::performance::Performance;

/// Notes of each performance that are read, at most. More of one piece tell little more of its feel.
const MOST_NOTES: usize = 400;

/// The shares of the nearest style's shifts that are tried.
const SHARES: [f64; 3] = [1.0, 0.5, 0.0];

/// As how many performances without a difference the nearest style counts, in the places' means. All are tried.
const SHRINKAGES: [f64; 3] = [0.5, 2.0, 8.0];

/// The same for all that is not tried on performances that were left out.
const SHRINKAGE: f64 = 1.0;

/// With so many chords at a place, a performance counts half there.
const CHORDS_AT_PLACE: f64 = 4.0;

/// A difference between performances counts where it is this many times its standard error.
const SURELY: f64 = 1.0;

/// The fewest performances with beats that tell how shifts differ. Two agree too often by chance.
const FEWEST_ON_BEATS: usize = 3;

/// The fewest notes in chords, and chords under a pedal, that a performance tells something with.
const FEWEST: usize = 16;

/// The narrowest and widest factors on offsets within chords. Wider ones would be heard as errors.
const CHORD_SPREADS: (f64, f64) = (0.1, 2.0);

/// The largest difference in the log odds of the pedal that is tried, and steps up to it.
const MOST_PEDAL: f64 = 4.0;
const PEDAL_STEPS: i32 = 16;

/// A feel that was learned.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LearnedFeel {
    /// How it differs from the nearest style's.
    pub own: OwnFeel,
    /// How much later than the nearest style's its off-beat eighths come, in beats.
    pub off_beats: f64,
}

/// What a performance tells.
#[derive(Debug, Clone, Default)]
struct Told {
    /// Of each chord on the beats: its place, and its shift as the nearest style has it and as played, in beats.
    chords: Vec<(usize, f64, f64)>,
    /// The root mean squares of offsets within chords as the nearest style has them and as played, in seconds.
    spread: Option<(f64, f64)>,
    /// The mean logarithm of lengths as shares of the nearest style's.
    stretch: Option<f64>,
    /// Of each chord, the nearest style's log odds that the pedal is down, and whether it was.
    pedal: Vec<(f64, bool)>,
}

/// Learns how the feel of performances differs from that of the style to which they come nearest.
///
/// Shifts differ only where that predicts performances that are left out better, so one or two tell nothing of them; nor
/// do performances without beats. Lengths, chord spread and pedal differ only where most performances agree on how. `done`
/// is called after each performance, from several threads.
///
/// # Errors
/// When the runtime fails, or on cancellation.
pub fn own_feel(
    network: &NoteNetwork,
    nearest: &FeelStyle,
    performances: &[Performance],
    done: &(dyn Fn() + Sync),
    cancellation: &Cancellation,
) -> Result<LearnedFeel, LearnError> {
    let tell = |performance: &Performance| {
        cancellation.check()?;
        let told = Told::new(network, nearest, performance)?;
        done();
        Ok(told)
    };
    let told: Vec<Told> = performances.par_iter().map(tell).collect::<Result<_, LearnError>>()?;
    let shifts = Shifts::learn(&told);
    let spreads = told.iter().filter_map(|told| told.spread).map(|(predicted, played)| {
        let (least, most) = CHORD_SPREADS;
        (played / predicted).clamp(least, most).ln()
    });
    let stretches = told.iter().filter_map(|told| told.stretch);
    Ok(LearnedFeel {
        off_beats: shifts.later_off_beats(&told),
        own: OwnFeel {
            shift_share: shifts.share as f32,
            shifts: shifts.places.map(|shift| shift as f32),
            chord_spread: sure_mean(spreads).exp() as f32,
            stretch: sure_mean(stretches) as f32,
            pedal_down: pedal_odds(&told) as f32,
        }
        .clamped(),
    })
}

impl Told {
    fn new(network: &NoteNetwork, nearest: &FeelStyle, performance: &Performance) -> Result<Self, LearnError> {
        let mut performance = performance.clone();
        performance.notes.sort_by(|a, b| a.onset.total_cmp(&b.onset));
        performance.notes.truncate(MOST_NOTES);
        let view = View {
            lengths: NoteLengths::ToNearestOnset,
            on_beats: performance.grid == Grid::Sixteenths,
            look_ahead: LookAhead::WholePerformance,
        };
        let page = PageRows::new(network, &performance.view(), view, None)?;
        let feels = page.predict(nearest, &OwnFeel::NEAREST);
        let mut told = Self::default();
        let (mut offsets, mut stretches) = (Vec::new(), Vec::new());
        for (index, (row, feel)) in page.rows.iter().zip(&feels).enumerate() {
            let played = page.played(index);
            let chord = &page.paged.chords[played.chord];
            offsets.extend(played.offset.map(|offset| (played.chord, f64::from(feel.chord_offset), offset)));
            stretches.push(played.stretch - f64::from(feel.stretch));
            if !row.begins_chord {
                continue;
            }
            if let Some(place) = row.place.filter(|_| page.paged.has_timing) {
                told.chords.push((place, f64::from(feel.shift), chord.shift));
            }
            if page.paged.has_pedal {
                told.pedal.push((log_odds(f64::from(feel.pedal_down)), chord.pedal));
            }
        }
        told.spread = spread(&offsets);
        told.stretch = mean(stretches);
        Ok(told)
    }
}

/// The root mean squares of offsets within chords, from chord, predicted and played offset of some notes.
fn spread(offsets: &[(usize, f64, f64)]) -> Option<(f64, f64)> {
    if offsets.len() < FEWEST {
        return None;
    }
    let (mut predicted, mut played) = (Vec::new(), Vec::new());
    for chord in offsets.chunk_by(|a, b| a.0 == b.0) {
        // Played offsets are about their chord's mean, predicted ones are not.
        let about = mean(chord.iter().map(|note| note.1))?;
        predicted.extend(chord.iter().map(|note| (note.1 - about).powi(2)));
        played.extend(chord.iter().map(|note| note.2.powi(2)));
    }
    let (predicted, played) = (mean(predicted)?.sqrt(), mean(played)?.sqrt());
    (predicted > 0.0).then_some((predicted, played))
}

/// How shifts differ from the nearest style's.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Shifts {
    share: f64,
    places: [f64; PLACES],
}

/// The sum and number at each place.
type PlaceSums = [(f64, f64); PLACES];

impl Shifts {
    const NEAREST: Self = Self { share: 1.0, places: [0.0; PLACES] };

    /// Those that predict performances best that were left out.
    fn learn(told: &[Told]) -> Self {
        let told: Vec<&Told> = told.iter().filter(|told| !told.chords.is_empty()).collect();
        if told.len() < FEWEST_ON_BEATS {
            return Self::NEAREST;
        }
        let nearest: Vec<f64> = told.iter().map(|told| Self::NEAREST.error(told)).collect();
        let mut best = (0.0, Self::NEAREST);
        for share in SHARES {
            let sums: Vec<PlaceSums> = told.iter().map(|told| place_means(told, share)).collect();
            let all = sums.iter().fold([(0.0, 0.0); PLACES], |all, one| combined(all, one, 1.0));
            for shrinkage in SHRINKAGES {
                let gains: Vec<f64> = told
                    .iter()
                    .zip(&sums)
                    .zip(&nearest)
                    .map(|((told, own), nearest)| {
                        let others = combined(all, own, -1.0);
                        nearest - Self { share, places: shrunk(&others, shrinkage) }.error(told)
                    })
                    .collect();
                let gain = sure_gain(&gains);
                if gain > best.0 {
                    best = (gain, Self { share, places: shrunk(&all, shrinkage) });
                }
            }
        }
        best.1
    }

    /// The mean square of what it leaves of a performance's shifts.
    fn error(&self, told: &Told) -> f64 {
        let squares = told.chords.iter().map(|&(place, predicted, played)| {
            let left = played - self.share * predicted - self.places[place];
            left * left
        });
        squares.sum::<f64>() / told.chords.len().max(1) as f64
    }

    fn later_off_beats(&self, told: &[Told]) -> f64 {
        let off_beats = told.iter().flat_map(|told| &told.chords).filter(|chord| chord.0 == PLACES / 2);
        mean(off_beats.map(|(place, predicted, _)| (self.share - 1.0) * predicted + self.places[*place])).unwrap_or(0.0)
    }
}

/// At each place, the mean of what is left with a share of the nearest style's shifts, times how much it counts.
fn place_means(told: &Told, share: f64) -> PlaceSums {
    let mut sums = [(0.0, 0.0); PLACES];
    for &(place, predicted, played) in &told.chords {
        sums[place].0 += played - share * predicted;
        sums[place].1 += 1.0;
    }
    sums.map(|(sum, count)| {
        let counts = count / (count + CHORDS_AT_PLACE);
        (if count > 0.0 { sum / count * counts } else { 0.0 }, counts)
    })
}

fn combined(mut all: PlaceSums, one: &PlaceSums, sign: f64) -> PlaceSums {
    for (all, one) in all.iter_mut().zip(one) {
        *all = (all.0 + sign * one.0, all.1 + sign * one.1);
    }
    all
}

fn shrunk(sums: &PlaceSums, shrinkage: f64) -> [f64; PLACES] {
    sums.map(|(sum, count)| sum / (count + shrinkage))
}

/// The mean gain, if it is surely one; 0 otherwise.
fn sure_gain(gains: &[f64]) -> f64 {
    match (mean(gains.iter().copied()), standard_error(gains)) {
        (Some(gain), Some(error)) if gain > SURELY * error => gain,
        _ => 0.0,
    }
}

/// The mean of what some performances tell, drawn towards 0; 0 where it is not surely something else.
fn sure_mean(differences: impl Iterator<Item = f64>) -> f64 {
    let differences: Vec<f64> = differences.collect();
    match (mean(differences.iter().copied()), standard_error(&differences)) {
        (Some(mean), Some(error)) if mean.abs() > SURELY * error => {
            let count = differences.len() as f64;
            mean * count / (count + SHRINKAGE)
        }
        _ => 0.0,
    }
}

/// What is to be added to the log odds so that the pedal is down most as played, drawn towards 0.
fn pedal_odds(told: &[Told]) -> f64 {
    let files: Vec<&[(f64, bool)]> = told.iter().map(|t| &t.pedal[..]).filter(|pedal| pedal.len() >= FEWEST).collect();
    let nearest: Vec<f64> = files.iter().map(|chords| agreement(chords, 0.0)).collect();
    let gain = |added: f64| {
        let gains = files.iter().zip(&nearest).map(|(chords, nearest)| agreement(chords, added) - nearest);
        sure_gain(&gains.collect::<Vec<f64>>())
    };
    let tried = (-PEDAL_STEPS..=PEDAL_STEPS).map(|step| MOST_PEDAL * f64::from(step) / f64::from(PEDAL_STEPS));
    let best = tried.map(|added| (gain(added), added)).max_by(|a, b| a.0.total_cmp(&b.0));
    let count = files.len() as f64;
    best.filter(|best| best.0 > 0.0).map_or(0.0, |(_, added)| added * count / (count + SHRINKAGE))
}

/// The share of chords at which the pedal is as played.
fn agreement(chords: &[(f64, bool)], added: f64) -> f64 {
    let agrees = chords.iter().filter(|(odds, played)| (odds + added > 0.0) == *played).count();
    agrees as f64 / chords.len().max(1) as f64
}

/// The log odds of a probability, within what an f32 tells apart.
fn log_odds(probability: f64) -> f64 {
    let probability = probability.clamp(1e-6, 1.0 - 1e-6);
    (probability / (1.0 - probability)).ln()
}

fn mean(numbers: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (sum, count) = numbers.into_iter().fold((0.0, 0.0), |(sum, count), number| (sum + number, count + 1.0));
    (count > 0.0).then(|| sum / count)
}

/// The standard error of a mean; `None` with a single number.
fn standard_error(numbers: &[f64]) -> Option<f64> {
    let count = numbers.len() as f64;
    let mean = mean(numbers.iter().copied())?;
    let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
    (numbers.len() > 1).then(|| (squares / (count - 1.0) / count).sqrt())
}
