//! Trained weights run by libtorch; exported graphs must reproduce their numbers.

use std::path::Path;

use anyhow::{Context, Result};
use tch::Device;
use tonenet_core::grid::GridNote;
use tonenet_core::note::PIANO_KEYS;
use tonenet_core::piano_roll::PianoRoll;
use tonenet_inference::performance::PerformanceView;

use super::note::{self, NoteNetwork};
use super::piano_roll::PianoRollNetwork;
use super::task::Network;
use crate::data::genre::GenreId;
use crate::graphs;
use crate::models::VelocityModel;

/// A trained network in torch.
pub struct Trained {
    /// The genres that it has decoders for, in order.
    genres: Vec<GenreId>,
    network: TrainedNetwork,
}

enum TrainedNetwork {
    PianoRoll(Box<PianoRollNetwork>),
    Note(Box<NoteNetwork>),
}

impl Trained {
    /// Loads weights with all decoders that are in the file.
    pub fn load(model: VelocityModel, weights: &Path) -> Result<Self> {
        let mismatch = || format!("{} holds other weights than those of the {} model", weights.display(), model.id());
        let genres = graphs::genres_in(weights)?;
        let network = match model {
            VelocityModel::Note => {
                let mut network = NoteNetwork::new(Device::Cpu, &genres);
                network.variables_mut().load(weights).with_context(mismatch)?;
                TrainedNetwork::Note(Box::new(network))
            }
            VelocityModel::Baseline | VelocityModel::Attention => {
                let attention = model == VelocityModel::Attention;
                let mut network = PianoRollNetwork::new(Device::Cpu, attention, &genres);
                network.variables_mut().load(weights).with_context(mismatch)?;
                TrainedNetwork::PianoRoll(Box::new(network))
            }
        };
        Ok(Self { genres, network })
    }

    /// The genres that it has decoders for, in order.
    pub fn genres(&self) -> &[GenreId] {
        &self.genres
    }

    /// Predicted deviations of a whole performance's notes by a genre's decoder, in velocity steps.
    ///
    /// `genre` is an index in [`Self::genres`].
    pub fn deviations(&self, view: &PerformanceView<'_>, genre: usize) -> Vec<f32> {
        match &self.network {
            TrainedNetwork::Note(network) => note::whole_performance(network, view, genre),
            TrainedNetwork::PianoRoll(network) => {
                let notes: Vec<GridNote> = view.notes.iter().filter_map(|n| view.grid.place(n)).collect();
                let first = notes.iter().map(|n| n.onset).min().unwrap_or(0);
                let end = notes.iter().map(|n| n.onset).max().unwrap_or(0) + 1;
                let roll = PianoRoll::new(first, (end - first) as usize, &notes);
                let deviations = network.predict(roll.frames(), genre);
                debug_assert_eq!(deviations.len(), roll.steps() * PIANO_KEYS);
                notes.iter().map(|n| roll.cell(n).map_or(0.0, |cell| deviations[cell])).collect()
            }
        }
    }
}
