//! Training the note model.
//!
//! [`excerpts`] cuts training data, [`augmentation`] changes it, [`batch`] is one step's share of it, [`network`] learns from it.

mod augmentation;
mod batch;
mod excerpts;
mod network;

use std::path::{Path, PathBuf};

use crate::metrics::velocities::score_file;
use anyhow::{Context, Result};
use rand_chacha::ChaCha8Rng;
use tch::{Device, Tensor};
use tonenet_core::note_rows::{AHEAD, PAST};
use tonenet_inference::performance::PerformanceView;
use tonenet_learn::page::{Notation, page};

pub use network::NoteNetwork;

use super::task::{Network, Score, Scores, Task};
use crate::data::Split;
use crate::data::genre::{self, GenreId};
use crate::data::performances::{self, Performance};
use crate::graphs::{self, OUTPUT_SCALE};
use crate::models::VelocityModel;
use excerpts::NoteExcerpts;

/// Notes per batch of each member.
const NOTES: usize = 4096;
/// Valid files per genre that each epoch is scored on.
const VALID_FILES: usize = 20;

/// The task of training the note model, or one style's decoder of it.
pub struct NoteTask {
    /// Of the network's decoders.
    genres: Vec<GenreId>,
    /// Of each genre that is trained.
    excerpts: Vec<NoteExcerpts>,
    /// The index of the only genre that is trained, if it is not all.
    style: Option<usize>,
    valid: Vec<Performance>,
    data: PathBuf,
}

impl NoteTask {
    /// Reads the data: a decoder for each genre in it, all of which are trained.
    pub fn new(data: &Path) -> Result<Self> {
        Self::read(data, performances::trained_genres(data)?, None)
    }

    /// Reads the data of one genre, for a decoder beside those of some trained weights.
    pub fn for_style(data: &Path, style: &GenreId, weights: &Path) -> Result<Self> {
        let genres = genre::distinct(graphs::genres_in(weights)?.into_iter().chain([style.clone()]));
        genre::check_places(&genres).with_context(|| format!("{} has no place for {style}", weights.display()))?;
        Self::read(data, genres, Some(style))
    }

    fn read(data: &Path, genres: Vec<GenreId>, only: Option<&GenreId>) -> Result<Self> {
        let style = only.and_then(|style| genres.iter().position(|genre| genre == style));
        let trained = |genre: &GenreId| only.is_none_or(|style| style == genre);
        let mut train = performances::load(data, Split::Train)?;
        train.retain(|performance| trained(&performance.genre));
        let mut left: Vec<usize> = genres.iter().map(|genre| if trained(genre) { VALID_FILES } else { 0 }).collect();
        let mut valid = performances::load(data, Split::Valid)?;
        valid.retain(|performance| {
            let left = genres.iter().position(|genre| *genre == performance.genre).map(|genre| &mut left[genre]);
            left.is_some_and(|left| {
                let counts = *left > 0;
                *left = left.saturating_sub(1);
                counts
            })
        });
        let excerpts = genres.iter().filter(|genre| trained(genre)).map(|genre| {
            NoteExcerpts::new(&train, genre, genres.len())
                .with_context(|| format!("{} has no usable {genre} performance to train on", data.display()))
        });
        let excerpts = excerpts.collect::<Result<_>>()?;
        Ok(Self { genres, excerpts, style, valid, data: data.into() })
    }

    fn trained(&self, genre: usize) -> Option<&NoteExcerpts> {
        match self.style {
            None => self.excerpts.get(genre),
            Some(style) => self.excerpts.first().filter(|_| style == genre),
        }
    }

    fn genre(&self, performance: &Performance) -> usize {
        self.genres.iter().position(|genre| *genre == performance.genre).expect("others are not kept")
    }
}

impl Task for NoteTask {
    type Network = NoteNetwork;

    const LEARNING_RATE: f64 = 2e-3;
    const WEIGHT_DECAY: f64 = 2e-2;
    const SHARDS: usize = network::MEMBERS;
    const AVERAGE: Option<f64> = Some(0.999);

    fn name(&self) -> String {
        match self.style {
            None => self.model().id().into(),
            Some(style) => format!("style {}", self.genres[style]),
        }
    }

    fn model(&self) -> VelocityModel {
        VelocityModel::Note
    }

    fn genres(&self) -> &[GenreId] {
        &self.genres
    }

    fn genre_of(&self, batch: usize) -> usize {
        self.style.unwrap_or(batch % self.genres.len())
    }

    fn keeps_best_epoch(&self) -> bool {
        // A style's few files may soon be learned by heart.
        self.style.is_some()
    }

    fn performances(&self, genre: usize) -> &[Performance] {
        self.trained(genre).map_or(&[], NoteExcerpts::performances)
    }

    fn renewed(&self) -> Option<usize> {
        self.style
    }

    fn network(&self, device: Device) -> NoteNetwork {
        let network = NoteNetwork::new(device, &self.genres);
        if let Some(style) = self.style {
            network.train_only(&self.genres[style]);
        }
        network
    }

    fn draw(&self, genre: usize, random: &mut ChaCha8Rng, device: Device) -> Vec<<NoteNetwork as Network>::Batch> {
        let excerpts = self.trained(genre).expect("batches are of trained genres");
        excerpts.draw(Self::SHARDS, NOTES, random, device)
    }

    fn validate(&self, network: &NoteNetwork) -> Score {
        let (mut scores, mut page_scores) = (Scores::new(self.genres.len()), Scores::new(self.genres.len()));
        for performance in &self.valid {
            let genre = self.genre(performance);
            let predicted = whole_performance(network, &performance.view(), genre);
            let human: Vec<f32> = performance.notes.iter().map(|n| f32::from(n.velocity)).collect();
            scores.add(genre, score_file(&predicted, &human));
            let page = page(&performance.notes, performance.grid, Notation::default());
            let view = PerformanceView { notes: &page, pedals: &[], ..performance.view() };
            let predicted = whole_performance(network, &view, genre);
            page_scores.add(genre, score_file(&predicted, &human));
        }
        Score { page_r: Some(page_scores.mean().r), ..scores.mean() }
    }

    fn describe(&self) -> String {
        let performances: usize = self.excerpts.iter().map(|excerpts| excerpts.performances().len()).sum();
        format!("{performances} performances to learn from, {} to stop by", self.valid.len())
    }

    fn export_command(&self, weights: &Path) -> String {
        if self.genres == genre::built_in() {
            return format!("cargo xtask export {}", self.model().id());
        }
        let (data, weights) = (self.data.display(), weights.display());
        format!("cargo xtask export note --data {data} --weights {weights} --output FOLDER")
    }
}

/// Predicted deviations of a whole performance, in the order of its notes, in velocity steps.
pub fn whole_performance(network: &NoteNetwork, view: &PerformanceView<'_>, genre: usize) -> Vec<f32> {
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
