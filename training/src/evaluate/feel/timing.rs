//! Scores shifts beside what else could be done, and the swing of pairs of eighths.

use tonenet_learn::feel::{Paged, PlayedChord};
use tonenet_learn::page::NoteLengths;

use super::{Line, Predicted, mean};
use crate::data::performances::Performance;
use crate::metrics::feel::{correlation, median};
use crate::target::Target;

/// Places within the beat in the table.
const PLACES: usize = 12;

/// How far from its place within the beat a page's chord may be, in beats.
const TOLERANCE: f64 = 1e-6;

/// The least correlation within a file, and the most that a median of swing may be off.
const LEAST_R: f64 = 0.5;
const MOST_SWING_ERROR: f64 = 0.15;

/// The mean shift at each place within the beat and each third of the tempi, over training files.
pub struct Table {
    /// Beats in seconds at which one third ends and the next begins.
    bounds: [f64; 2],
    means: [[f64; PLACES]; 3],
    /// The median swing in each third.
    swing: [f64; 3],
}

impl Table {
    /// The table of some performances with beats.
    pub fn new(performances: impl Iterator<Item = Performance>) -> Self {
        let pages: Vec<Paged> =
            performances.map(|file| Paged::new(&file.view(), NoteLengths::ToNearestOnset)).collect();
        let bounds = thirds(pages.iter().map(|page| page.beat_seconds).collect());
        let mut sums = [[(0.0, 0.0); PLACES]; 3];
        let mut swings = [const { Vec::new() }; 3];
        for page in &pages {
            let third = third(bounds, page.beat_seconds);
            if page.has_timing {
                let [beats, shifts] = [|chord: &PlayedChord| chord.beats, |chord: &PlayedChord| chord.shift]
                    .map(|of| page.chords.iter().map(of).collect::<Vec<f64>>());
                swings[third].extend(swing(&beats, &shifts));
            }
            let of_tempo = &mut sums[third];
            for chord in &page.chords {
                let sum = &mut of_tempo[place(chord)];
                *sum = (sum.0 + chord.shift, sum.1 + 1.0);
            }
        }
        Self {
            bounds,
            means: sums.map(|places| places.map(|(sum, count)| if count > 0.0 { sum / count } else { 0.0 })),
            swing: swings.map(median),
        }
    }

    fn shift(&self, page: &Paged, chord: &PlayedChord) -> f64 {
        self.means[third(self.bounds, page.beat_seconds)][place(chord)]
    }
}

fn thirds(mut beats: Vec<f64>) -> [f64; 2] {
    beats.sort_by(f64::total_cmp);
    [1, 2].map(|third| beats.get(third * beats.len() / 3).copied().unwrap_or(0.5))
}

fn third(bounds: [f64; 2], beat: f64) -> usize {
    bounds.iter().filter(|&&bound| beat >= bound).count()
}

fn place(chord: &PlayedChord) -> usize {
    (chord.beats.rem_euclid(1.0) * PLACES as f64).round() as usize % PLACES
}

/// The shifts of a file's chords: played, predicted, of the table.
struct Shifts {
    beat_seconds: f64,
    beats: Vec<f64>,
    played: Vec<f64>,
    predicted: Vec<f64>,
    table: Vec<f64>,
}

impl Shifts {
    fn new(page: &Predicted, table: &Table) -> Self {
        let paged = &page.rows.paged;
        let mut predicted = vec![0.0; paged.chords.len()];
        // The first row of each chord has its shift.
        for row in (0..page.feels.len()).rev() {
            predicted[page.rows.played(row).chord] = f64::from(page.feels[row].shift);
        }
        Self {
            beat_seconds: paged.beat_seconds,
            beats: paged.chords.iter().map(|chord| chord.beats).collect(),
            played: paged.chords.iter().map(|chord| chord.shift).collect(),
            table: paged.chords.iter().map(|chord| table.shift(paged, chord)).collect(),
            predicted,
        }
    }

    fn milliseconds(&self, predicted: &[f64]) -> f64 {
        let squares = self.played.iter().zip(predicted).map(|(played, predicted)| (played - predicted).powi(2));
        mean(squares).sqrt() * self.beat_seconds * 1000.0
    }
}

/// Of each pair of eighths, how many times as long as the second the first is, with the shifts of chords. A pair fills a
/// beat.
fn swing(beats: &[f64], shifts: &[f64]) -> Vec<f64> {
    let near = |beats: f64, place: f64| (beats - place).abs() < TOLERANCE;
    let of_pair = |at: usize| {
        let (beats, shifts) = (beats.get(at..at + 3)?, shifts.get(at..at + 3)?);
        let is_pair =
            near(beats[0], beats[0].round()) && near(beats[1], beats[0] + 0.5) && near(beats[2], beats[0] + 1.0);
        let played = |at: usize| beats[at] + shifts[at];
        is_pair.then(|| (played(1) - played(0)) / (played(2) - played(1)).max(TOLERANCE))
    };
    (0..beats.len()).filter_map(of_pair).collect()
}

/// The figures of a genre's files with beats.
pub fn lines(pages: &[Predicted], table: &Table) -> Vec<Line> {
    let files: Vec<Shifts> =
        pages.iter().filter(|page| page.rows.paged.has_timing).map(|page| Shifts::new(page, table)).collect();
    let r = |of: &dyn Fn(&Shifts) -> f64| mean(files.iter().map(of));
    let error = |of: &dyn Fn(&Shifts) -> Vec<f64>| mean(files.iter().map(|file| file.milliseconds(&of(file))));
    let none = |file: &Shifts| vec![0.0; file.played.len()];
    // Random shifts with the same spread are as far off as both spreads together.
    let jitter = |file: &Shifts| {
        let about = mean(file.played.iter().copied());
        let variance = mean(file.played.iter().map(|shift| (shift - about).powi(2)));
        (file.milliseconds(&vec![0.0; file.played.len()]).powi(2) + variance * (file.beat_seconds * 1000.0).powi(2))
            .sqrt()
    };
    let mut lines = vec![
        Line::Target(
            format!("shift, mean r over {} files with beats", files.len()),
            Target::at_least(r(&|file| correlation(&file.predicted, &file.played)), LEAST_R, 3),
        ),
        Line::Figure(format!(
            "shift, r of a table of beat position and tempo: {:.3}; median r of files: {:.3}",
            r(&|file| correlation(&file.table, &file.played)),
            median(files.iter().map(|file| correlation(&file.predicted, &file.played)).collect())
        )),
        Line::Figure(format!(
            "shift, error in ms: {:.1}; as written {:.1}, table {:.1}, jitter of the same σ {:.1}",
            error(&|file| file.predicted.clone()),
            error(&none),
            error(&|file| file.table.clone()),
            mean(files.iter().map(jitter))
        )),
    ];
    let bounds = thirds(files.iter().map(|file| file.beat_seconds).collect());
    for (index, name) in ["fast", "middle", "slow"].into_iter().enumerate() {
        let of_third = || files.iter().filter(|file| third(bounds, file.beat_seconds) == index);
        let all = |of: &dyn Fn(&Shifts) -> Vec<f64>| {
            median(of_third().flat_map(|file| swing(&file.beats, &of(file))).collect())
        };
        let (played, predicted) = (all(&|file| file.played.clone()), all(&|file| file.predicted.clone()));
        let pairs: usize = of_third().map(|file| swing(&file.beats, &file.played).len()).sum();
        lines.push(Line::Target(
            format!(
                "swing, {name} third ({pairs} pairs of eighths): median {predicted:.2}, played {played:.2}, in training files {:.2}; difference",
                table.swing[index]
            ),
            Target::at_most((predicted - played).abs(), MOST_SWING_ERROR, 2),
        ));
    }
    lines
}
