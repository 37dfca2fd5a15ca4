//! Generators of tunes: a model, or one of the references that a model must beat.

use anyhow::Result;
use rand::distr::weighted::WeightedIndex;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonenet_core::tune::{Metre, Symbol, Tonality, Tune, Vocabulary};
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};

use super::likeness::BARS;

/// The metre and key of a tune to generate.
#[derive(Debug, Clone, Copy)]
pub struct TuneRequest {
    pub seed: u64,
    pub metre: Metre,
    /// A key without signs.
    pub tonality: Tonality,
}

impl TuneRequest {
    /// Draws `count` requests with the metres and keys of random tunes.
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
    /// Draws each row independently, with weights.
    Rows {
        title: &'static str,
        vocabulary: Vocabulary,
        weights: Vec<f64>,
    },
}

impl Writer {
    /// Draws rows as often as they occur in tunes.
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

    /// Generates the ids of [`BARS`] bars for each request; only models use the temperature.
    pub fn write_all(&self, requests: &[TuneRequest], temperature: f32) -> Result<Vec<Vec<usize>>> {
        requests.iter().map(|request| self.write(request, temperature)).collect()
    }

    fn write(&self, request: &TuneRequest, temperature: f32) -> Result<Vec<usize>> {
        let TuneRequest { seed, metre, tonality } = *request;
        match self {
            Self::Model(_, model) => {
                let wish = TuneSettings { seed, bars: BARS, metre, tonality, temperature, ..TuneSettings::default() };
                Ok(model.symbols(&wish, &Cancellation::default())?)
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
