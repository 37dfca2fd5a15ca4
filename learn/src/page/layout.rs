//! Places the chords of a performance on the grid of a page, in ticks.

use super::{Chord, SIXTEENTH, TICKS_PER_BEAT};

/// Divisions of a beat, with the error in beats that each must save to be chosen over an eighth.
const DIVISIONS: [(i64, f64); 6] = [(2, 0.0), (4, 0.012), (3, 0.016), (6, 0.03), (8, 0.032), (12, 0.045)];
/// What it costs in the same unit when two chords fall on one place.
const COLLISION: f64 = 0.06;
/// Chords so close before a beat belong to it, in beats.
const EARLY: f64 = 1.0 / 16.0;

/// Where a swung eighth is played, as a part of the beat; it is written in the middle.
const SWUNG: f64 = 0.66;
/// How far chords may be from 0 and [`SWUNG`] for their beat to count as one of swung eighths.
const SWING_TOLERANCE: f64 = 0.1;

/// Shortest and longest step that follows a player, in seconds.
const STEP: (f64, f64) = (0.07, 0.28);
/// The usual step in seconds, and what an octave of distance from it costs, in steps of rounding error.
const USUAL_STEP: (f64, f64) = (0.14, 0.03);
/// How much of an interval's deviation from whole steps moves the step.
const FOLLOWING: f64 = 0.12;
/// Intervals over more steps than this say little about the step.
const LONGEST_FOLLOWED: f64 = 6.0;
/// Chords that the first step is chosen on.
const FIRST_CHORDS: usize = 64;

/// The ticks of chords whose file has beats: each beat is divided into what its chords suggest.
pub(super) fn on_file_beats(chords: &[Chord]) -> Vec<i64> {
    let beats: Vec<f64> = chords.iter().map(|c| c.sixteenths / 4.0).collect();
    let is_swung = is_swung(&beats);
    let beat_of = |beats: f64| (beats + EARLY).floor();
    let mut ticks = Vec::with_capacity(chords.len());
    for beat in beats.chunk_by(|&a, &b| beat_of(a) == beat_of(b)) {
        let start = beat_of(beat[0]);
        let phases: Vec<f64> = beat.iter().map(|beats| beats - start).collect();
        let start = start as i64 * TICKS_PER_BEAT;
        ticks.extend(phase_ticks(&phases, is_swung).into_iter().map(|tick| start + tick));
    }
    in_order(ticks)
}

/// The ticks of the chords of one beat, counted from its start.
fn phase_ticks(phases: &[f64], is_swung: bool) -> Vec<i64> {
    let is_eighth = |phase: f64| phase > SWUNG / 2.0;
    let near = |&phase: &f64| (phase - if is_eighth(phase) { SWUNG } else { 0.0 }).abs() <= SWING_TOLERANCE;
    let is_pair = phases.len() <= 2 && phases.iter().filter(|&&phase| is_eighth(phase)).count() <= 1;
    if is_swung && is_pair && phases.iter().all(near) {
        return phases.iter().map(|&phase| if is_eighth(phase) { TICKS_PER_BEAT / 2 } else { 0 }).collect();
    }
    let place = |phase: f64, division: i64| (phase * division as f64).round() as i64;
    let cost = |division: i64, penalty: f64| {
        let error: f64 = phases.iter().map(|&p| (p - place(p, division) as f64 / division as f64).abs()).sum();
        let collides = |pair: &[f64]| place(pair[0], division) == place(pair[1], division);
        let collisions = phases.windows(2).filter(|pair| collides(pair)).count();
        error / phases.len() as f64 + penalty + COLLISION * collisions as f64
    };
    let cheapest = DIVISIONS.into_iter().min_by(|a, b| cost(a.0, a.1).total_cmp(&cost(b.0, b.1)));
    let division = cheapest.map_or(4, |(division, _)| division);
    phases.iter().map(|&phase| place(phase, division) * (TICKS_PER_BEAT / division)).collect()
}

/// Whether the off-beat eighths lie at two thirds of the beat, rather than in its middle or on sixteenths.
fn is_swung(beats: &[f64]) -> bool {
    let count = |from: f64, to: f64| beats.iter().filter(|b| (from..to).contains(&b.rem_euclid(1.0))).count();
    let (swung, straight) = (count(0.59, 0.73), count(0.44, 0.56));
    let sixteenths = count(0.19, 0.29) + count(0.73, 0.81);
    20 * swung > beats.len() && swung > 2 * straight && swung > sixteenths
}

/// The ticks of chords played without beats: each interval is a whole number of steps, at least one.
///
/// A step is a sixteenth. The beats begin where the most and lowest notes lie.
pub(super) fn on_followed_steps(chords: &[Chord]) -> Vec<i64> {
    let mut step = first_step(chords);
    let mut steps = vec![0];
    let mut last = 0;
    for pair in chords.windows(2) {
        let interval = (pair[1].onset - pair[0].onset) / step;
        let whole = interval.round().max(1.0);
        if whole <= LONGEST_FOLLOWED && interval > 0.5 {
            step = (step * (interval / whole).powf(FOLLOWING)).clamp(STEP.0, STEP.1);
        }
        last += whole as i64;
        steps.push(last);
    }
    let weight = |offset: i64| {
        let on_beat = steps.iter().zip(chords).filter(|(step, _)| (*step + offset) % 4 == 0);
        on_beat.map(|(_, c)| c.size as f64 + f64::from(127 - c.lowest) / 24.0).sum::<f64>()
    };
    let offset = (0..4).max_by(|&a, &b| weight(a).total_cmp(&weight(b))).unwrap_or(0);
    steps.into_iter().map(|step| (step + offset) * SIXTEENTH).collect()
}

/// The step that the first intervals are nearest to whole multiples of, in seconds.
fn first_step(chords: &[Chord]) -> f64 {
    let chords = &chords[..chords.len().min(FIRST_CHORDS)];
    let cost = |step: f64| {
        let error = |pair: &[Chord]| {
            let interval = (pair[1].onset - pair[0].onset) / step;
            (interval - interval.round().max(1.0)).abs().min(0.5)
        };
        let errors: f64 = chords.windows(2).map(error).sum();
        errors / (chords.len() - 1).max(1) as f64 + USUAL_STEP.1 * (step / USUAL_STEP.0).log2().abs()
    };
    const CANDIDATES: i32 = 48;
    let candidate = |i: i32| STEP.0 * (STEP.1 / STEP.0).powf(f64::from(i) / f64::from(CANDIDATES));
    (0..=CANDIDATES).map(candidate).min_by(|&a, &b| cost(a).total_cmp(&cost(b))).unwrap_or(USUAL_STEP.0)
}

/// Ticks in strictly rising order: a chord on the place of the one before it moves to the next triplet of a sixteenth.
fn in_order(mut ticks: Vec<i64>) -> Vec<i64> {
    for i in 1..ticks.len() {
        if ticks[i] <= ticks[i - 1] {
            ticks[i] = ticks[i - 1] + SIXTEENTH / 3;
        }
    }
    ticks
}
