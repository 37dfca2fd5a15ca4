//! What generates tunes: a model, or one of the references that a model must beat.

use anyhow::Result;
use rand::distr::weighted::WeightedIndex;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonenet_core::tune::{Metre, Symbol, Tonality, Tune, Vocabulary};
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};

use super::likeness::BARS;

/// A tune to be written.
#[derive(Debug, Clone, Copy)]
pub struct Commission {
    pub seed: u64,
    pub metre: Metre,
    /// A key without signs.
    pub tonality: Tonality,
}

impl Commission {
    /// So many, in the metres and keys of tunes drawn at random.
    pub fn draw(tunes: &[Tune], count: usize) -> Vec<Self> {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        (0..count)
            .map(|at| {
                let tune = &tunes[random.random_range(0..tunes.len())];
                Self { seed: at as u64, metre: tune.metre, tonality: tune.tonality }
            })
            .collect()
    }
}

pub enum Writer {
    Model(&'static str, TuneModel),
    /// Draws each row by itself, as often as weights say.
    Rows {
        title: &'static str,
        vocabulary: Vocabulary,
        weights: Vec<f64>,
    },
}

impl Writer {
    /// Draws rows as often as they are met in tunes.
    pub fn unigram(vocabulary: &Vocabulary, tunes: &[Tune]) -> Self {
        let mut weights = vec![0.0; vocabulary.size()];
        for id in tunes.iter().flat_map(|tune| vocabulary.encode(tune)) {
            weights[id] += 1.0;
        }
        Self::Rows { title: "unigram", vocabulary: vocabulary.clone(), weights }
    }

    /// Draws any row.
    pub fn random(vocabulary: &Vocabulary) -> Self {
        Self::Rows { title: "random", vocabulary: vocabulary.clone(), weights: vec![1.0; vocabulary.size()] }
    }

    pub fn title(&self) -> &'static str {
        match self {
            Self::Model(title, _) | Self::Rows { title, .. } => title,
        }
    }

    /// The ids of [`BARS`] bars for each commission; only models know temperatures.
    pub fn write_all(&self, commissions: &[Commission], temperature: f32) -> Result<Vec<Vec<usize>>> {
        commissions.iter().map(|commission| self.write(commission, temperature)).collect()
    }

    fn write(&self, commission: &Commission, temperature: f32) -> Result<Vec<usize>> {
        let Commission { seed, metre, tonality } = *commission;
        match self {
            Self::Model(_, model) => {
                let wish = TuneSettings { seed, bars: BARS, metre, tonality, temperature, ..TuneSettings::default() };
                Ok(model.generate_symbols(&wish, &Cancellation::default())?)
            }
            Self::Rows { vocabulary, weights, .. } => {
                let mut random = ChaCha8Rng::seed_from_u64(seed);
                let mut ids = Vec::new();
                for _ in 0..BARS {
                    let mut left = metre.bar();
                    while left > 0 {
                        let fitting = weights.iter().enumerate().map(|(id, weight)| match vocabulary.symbol(id) {
                            Some(Symbol::Row(token)) if token.steps <= left => *weight,
                            _ => 0.0,
                        });
                        let id = WeightedIndex::new(fitting)?.sample(&mut random);
                        if let Some(Symbol::Row(token)) = vocabulary.symbol(id) {
                            left -= token.steps;
                        }
                        ids.push(id);
                    }
                }
                Ok(ids)
            }
        }
    }
}
