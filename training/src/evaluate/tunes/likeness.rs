//! How much tunes resemble each other: BLEU-4, shared runs of symbols, and histograms of their contents.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use crate::metrics::bleu::{References, self_bleu};
use serde::Serialize;
use tonenet_core::tune::{Tune, Vocabulary};

/// Bars of the tunes that are compared: a phrase.
pub const BARS: u32 = 8;

/// Symbols in the runs that are searched for in training tunes.
const RUN: usize = 8;

/// The tunes that generated tunes are compared with.
pub struct Phrases {
    /// The held-out tunes' phrases of [`BARS`] bars.
    pub held_out: Vec<Tune>,
    held_out_ids: Vec<Vec<usize>>,
    /// The phrases of each held-out tune, as a range of `held_out`.
    held_out_tunes: Vec<Range<usize>>,
    /// The runs of each training tune.
    train_runs: Vec<HashSet<Vec<usize>>>,
}

/// Likeness and sameness at a temperature: BLEU-4 of each tune against held-out ones and against the others.
#[derive(Debug, Serialize)]
pub struct Point {
    pub temperature: f32,
    pub bleu: f64,
    pub self_bleu: f64,
    #[serde(skip)]
    pub bleus: Vec<f64>,
    #[serde(skip)]
    pub self_bleus: Vec<f64>,
}

impl Phrases {
    pub fn new(vocabulary: &Vocabulary, train: &[Tune], held_out: &[Tune]) -> Self {
        let (mut all, mut held_out_tunes) = (Vec::new(), Vec::new());
        for tune in held_out {
            let from = all.len();
            all.extend(phrases(tune));
            held_out_tunes.push(from..all.len());
        }
        let held_out = all;
        let held_out_ids = held_out.iter().map(|phrase| ids_of(vocabulary, phrase)).collect();
        let train_runs =
            train.iter().map(|tune| ids_of(vocabulary, tune).windows(RUN).map(<[usize]>::to_vec).collect()).collect();
        Self { held_out, held_out_ids, held_out_tunes, train_runs }
    }

    pub fn point(&self, temperature: f32, written: &[Vec<usize>]) -> Point {
        let references = References::new(self.held_out_ids.iter().map(Vec::as_slice));
        let bleus: Vec<f64> = written.iter().map(|ids| references.score(ids)).collect();
        let texts: Vec<&[usize]> = written.iter().map(Vec::as_slice).collect();
        let self_bleus = self_bleu(&texts);
        Point { temperature, bleu: mean(&bleus), self_bleu: mean(&self_bleus), bleus, self_bleus }
    }

    /// BLEU-4 of the held-out phrases against those of other tunes, because a tune repeats itself.
    pub fn held_out_bleu(&self) -> f64 {
        let mut scores = Vec::new();
        for own in &self.held_out_tunes {
            let others = self.held_out_ids.iter().enumerate().filter(|(at, _)| !own.contains(at));
            let references = References::new(others.map(|(_, ids)| ids.as_slice()));
            scores.extend(self.held_out_ids[own.clone()].iter().map(|ids| references.score(ids)));
        }
        mean(&scores)
    }

    /// The largest share of a tune's runs of [`RUN`] symbols that one training tune contains.
    pub fn copied(&self, ids: &[usize]) -> f64 {
        let runs: HashSet<&[usize]> = ids.windows(RUN).collect();
        let shared = |of: &HashSet<Vec<usize>>| runs.iter().filter(|run| of.contains(**run)).count();
        let most = self.train_runs.iter().map(shared).max().unwrap_or(0);
        most as f64 / runs.len().max(1) as f64
    }
}

/// A tune's complete phrases of [`BARS`] bars; a shorter tune is one phrase.
fn phrases(tune: &Tune) -> Vec<Tune> {
    let count = (tune.bar_count() / BARS).max(1);
    (0..count).map(|at| tune.bars(at * BARS..(at + 1) * BARS)).collect()
}

pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// The ids of a phrase, without a start and an end.
fn ids_of(vocabulary: &Vocabulary, phrase: &Tune) -> Vec<usize> {
    let ids = vocabulary.encode(phrase);
    ids[1..ids.len() - 1].to_vec()
}

/// Frequencies, as shares.
pub type Histogram = BTreeMap<String, f64>;

/// The contents of tunes that are counted.
pub const HISTOGRAMS: [&str; 4] = ["pitch class", "interval", "duration", "chord"];

/// The [`HISTOGRAMS`] of some tunes.
pub fn histograms<'a>(tunes: impl IntoIterator<Item = &'a Tune>) -> [Histogram; 4] {
    let mut counts: [Histogram; 4] = Default::default();
    for tune in tunes {
        for note in &tune.notes {
            *counts[0].entry((note.key % 12).to_string()).or_default() += 1.0;
            *counts[2].entry(note.steps.to_string()).or_default() += 1.0;
        }
        for pair in tune.notes.windows(2) {
            *counts[1].entry((i32::from(pair[1].key) - i32::from(pair[0].key)).to_string()).or_default() += 1.0;
        }
        for change in &tune.chords {
            *counts[3].entry(format!("{} {:?}", change.chord.class(), change.chord.quality)).or_default() += 1.0;
        }
    }
    for histogram in &mut counts {
        let all: f64 = histogram.values().sum();
        histogram.values_mut().for_each(|count| *count /= all.max(1.0));
    }
    counts
}

/// The overlap of two histograms, 0–1.
pub fn overlap(a: &Histogram, b: &Histogram) -> f64 {
    a.iter().map(|(what, share)| share.min(b.get(what).copied().unwrap_or(0.0))).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::tune::{MelodyNote, Metre, Tonality};

    fn tune(keys: &[u8]) -> Tune {
        let notes = keys.iter().enumerate().map(|(at, &key)| MelodyNote { onset: at as u32 * 24, steps: 24, key });
        let tonality = Tonality { tonic: 0, is_minor: false };
        Tune { metre: Metre::FourFour, tonality, notes: notes.collect(), chords: Vec::new() }
    }

    #[test]
    fn a_copy_shares_all_its_runs_and_an_unrelated_tune_none() {
        let scale: Vec<u8> = (60..84).collect();
        let (copied, other) = (tune(&scale), tune(&scale.iter().rev().copied().collect::<Vec<_>>()));
        let vocabulary = Vocabulary::from_tunes([&copied, &other], 100);
        let phrases = Phrases::new(&vocabulary, &[other.clone(), copied.clone()], std::slice::from_ref(&other));
        let ids = ids_of(&vocabulary, &copied);
        assert_eq!(phrases.copied(&ids), 1.0);
        let without = Phrases::new(&vocabulary, std::slice::from_ref(&other), std::slice::from_ref(&other));
        assert_eq!(without.copied(&ids), 0.0);
    }

    #[test]
    fn histograms_overlap_by_what_they_share() {
        let [a, ..] = histograms([&tune(&[60, 60, 62, 64])]);
        let [b, ..] = histograms([&tune(&[72, 62, 65, 67])]);
        assert!((overlap(&a, &b) - 0.5).abs() < 1e-12);
        assert!((overlap(&a, &a) - 1.0).abs() < 1e-12);
    }
}
