//! Trained weights run by libtorch; exported graphs must reproduce their numbers.

use std::path::Path;

use anyhow::{Context, Result};
use tch::Device;
use tonenet_core::genre::Genre;
use tonenet_core::grid::GridNote;
use tonenet_core::note::PIANO_KEYS;
use tonenet_core::piano_roll::PianoRoll;
use tonenet_inference::performance::PerformanceView;

use super::note::{self, NoteNetwork};
use super::piano_roll::PianoRollNetwork;
use super::task::Network;
use crate::models::VelocityModel;

/// A trained network in torch.
pub enum Trained {
    PianoRoll(Box<PianoRollNetwork>),
    Note(Box<NoteNetwork>),
}

impl Trained {
    pub fn load(model: VelocityModel, weights: &Path) -> Result<Self> {
        let mismatch = || format!("{} holds other weights than those of the {} model", weights.display(), model.id());
        Ok(match model {
            VelocityModel::Note => {
                let mut network = NoteNetwork::new(Device::Cpu);
                network.variables_mut().load(weights).with_context(mismatch)?;
                Self::Note(Box::new(network))
            }
            VelocityModel::Baseline | VelocityModel::Attention => {
                let mut network = PianoRollNetwork::new(Device::Cpu, model == VelocityModel::Attention);
                network.variables_mut().load(weights).with_context(mismatch)?;
                Self::PianoRoll(Box::new(network))
            }
        })
    }

    /// Predicted deviations of a whole performance's notes in a style, in velocity steps.
    pub fn deviations(&self, view: &PerformanceView<'_>, style: Genre) -> Vec<f32> {
        match self {
            Self::Note(network) => note::whole_performance(network, view, style),
            Self::PianoRoll(network) => {
                let notes: Vec<GridNote> = view.notes.iter().filter_map(|n| view.grid.place(n)).collect();
                let first = notes.iter().map(|n| n.onset).min().unwrap_or(0);
                let end = notes.iter().map(|n| n.onset).max().unwrap_or(0) + 1;
                let roll = PianoRoll::new(first, (end - first) as usize, &notes);
                let deviations = network.predict(roll.frames(), style);
                debug_assert_eq!(deviations.len(), roll.steps() * PIANO_KEYS);
                notes.iter().map(|n| roll.cell(n).map_or(0.0, |cell| deviations[cell])).collect()
            }
        }
    }
}
