//! Training the note model.
//!
//! [`excerpts`] cuts training data, [`augmentation`] changes it, [`batch`] is one step's share of it, [`network`] learns from it.

mod augmentation;
mod batch;
mod excerpts;
mod network;

use std::path::Path;

use crate::metrics::velocities::score_file;
use anyhow::{Context, Result};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};
use tonenet_core::genre::Genre;
use tonenet_core::note_rows::{AHEAD, PAST};
use tonenet_inference::performance::PerformanceView;

pub use network::NoteNetwork;

use super::task::{Network, Score, Scores, Task};
use crate::data::Split;
use crate::data::page::{Notation, page};
use crate::data::performances::{self, Performance};
use crate::graphs::OUTPUT_SCALE;
use excerpts::NoteExcerpts;

/// Notes per batch of each member.
const NOTES: usize = 4096;
/// Valid files per genre that each epoch is scored on.
const VALID_FILES: usize = 20;

/// The task of training the note model.
pub struct NoteTask {
    excerpts: Vec<NoteExcerpts>,
    valid: Vec<Performance>,
    performances: usize,
}

impl NoteTask {
    /// Reads the data.
    pub fn new(data: &Path) -> Result<Self> {
        let train = performances::load(data, Split::Train)?;
        let mut left = [VALID_FILES; 3];
        let mut valid = performances::load(data, Split::Valid)?;
        valid.retain(|p| {
            let left = &mut left[p.genre.index()];
            let counts = *left > 0;
            *left = left.saturating_sub(1);
            counts
        });
        let performances = train.len();
        let excerpts = Genre::ALL
            .into_iter()
            .map(|genre| {
                NoteExcerpts::new(&train, genre)
                    .with_context(|| format!("{} has no {genre} performance to train on", data.display()))
            })
            .collect::<Result<_>>()?;
        Ok(Self { excerpts, valid, performances })
    }
}

impl Task for NoteTask {
    type Network = NoteNetwork;

    const LEARNING_RATE: f64 = 2e-3;
    const WEIGHT_DECAY: f64 = 2e-2;
    const SHARDS: usize = network::MEMBERS;
    const AVERAGE: Option<f64> = Some(0.999);

    fn name(&self) -> &str {
        "note"
    }

    fn network(&self, device: Device) -> NoteNetwork {
        NoteNetwork::new(device)
    }

    fn draw(&self, genre: Genre, random: &mut ChaCha8Rng, device: Device) -> Vec<<NoteNetwork as Network>::Batch> {
        self.excerpts[genre.index()].draw(Self::SHARDS, NOTES, random, device)
    }

    fn validate(&self, network: &NoteNetwork) -> Score {
        let (mut scores, mut page_scores) = (Scores::default(), Scores::default());
        for performance in &self.valid {
            let predicted = whole_performance(network, &performance.view(), performance.genre);
            let human: Vec<f32> = performance.notes.iter().map(|n| f32::from(n.velocity)).collect();
            scores.add(performance.genre, score_file(&predicted, &human));
            let page = page(&performance.notes, performance.grid, Notation::default());
            let view = PerformanceView { notes: &page, pedals: &[], ..performance.view() };
            let predicted = whole_performance(network, &view, performance.genre);
            page_scores.add(performance.genre, score_file(&predicted, &human));
        }
        Score { page_r: Some(page_scores.mean().r), ..scores.mean() }
    }

    fn describe(&self) -> String {
        format!("{} performances to learn from, {} to stop by", self.performances, self.valid.len())
    }
}

/// Predicted deviations of a whole performance, in the order of its notes, in velocity steps.
pub fn whole_performance(network: &NoteNetwork, view: &PerformanceView<'_>, genre: Genre) -> Vec<f32> {
    let (part, order) = view.part();
    let known = part.end_known();
    let (mut past, mut ahead) = (Vec::new(), Vec::new());
    for index in 0..part.len() {
        part.past(index, &mut past);
        part.ahead(index, known, &mut ahead);
    }
    let count = part.len() as i64;
    let mean: Vec<f32> = tch::no_grad(|| {
        let past = Tensor::from_slice(&past).view([1, count, PAST as i64]);
        let ahead = Tensor::from_slice(&ahead).view([1, count, AHEAD as i64]);
        let output = network.forward(&past, &ahead, count, genre);
        Vec::try_from((output.mean * OUTPUT_SCALE).flatten(0, -1)).expect("a float tensor")
    });
    let mut deviations = vec![0.0; mean.len()];
    for (value, note) in mean.into_iter().zip(order) {
        deviations[note] = value;
    }
    deviations
}
