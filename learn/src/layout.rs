//! The order of the columns of a note's row: the numbers that a style reads, then the player's velocity.

use tonenet_core::genre::Genre;
use tonenet_core::style::StyleIndex;
use tonenet_inference::model::Prediction;
use tonenet_inference::note::{EncodedNotes, NoteNetwork};
use tonenet_inference::user_style::{BuiltInWeight, Readout};

/// Past encoding, look-ahead encoding, the mean of each built-in style, and the player's velocity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    past: usize,
    ahead: usize,
    pub built_ins: Vec<Genre>,
}

impl Layout {
    pub fn new(network: &NoteNetwork, built_ins: &[Genre]) -> Self {
        Self { past: network.past_width(), ahead: network.ahead_width(), built_ins: built_ins.into() }
    }

    /// The places of the built-in styles.
    pub fn style_indices(&self) -> Vec<StyleIndex> {
        self.built_ins.iter().map(|&style| style.into()).collect()
    }

    /// The columns of both encodings come first.
    pub fn encodings(&self) -> usize {
        self.past + self.ahead
    }

    /// The column of a built-in style's mean.
    pub fn built_in(&self, index: usize) -> usize {
        self.encodings() + index
    }

    /// The column of the player's velocity.
    pub fn target(&self) -> usize {
        self.encodings() + self.built_ins.len()
    }

    /// All columns.
    pub fn columns(&self) -> usize {
        self.target() + 1
    }

    /// The weights of one column alone.
    pub fn only(&self, column: usize) -> Vec<f64> {
        let mut weights = vec![0.0; self.columns()];
        weights[column] = 1.0;
        weights
    }

    /// Calls `visit` with the row of each of some notes; `velocities` are the player's.
    pub fn visit_rows(&self, notes: &EncodedNotes<'_>, velocities: &[f64], visit: &mut dyn FnMut(&[f64])) {
        let pasts = notes.past_encoding.chunks_exact(self.past);
        let encodings = pasts.zip(notes.ahead_encoding.chunks_exact(self.ahead)).zip(velocities).enumerate();
        let mut row = Vec::with_capacity(self.columns());
        for (note, ((past, ahead), velocity)) in encodings {
            row.clear();
            row.extend(past.iter().chain(ahead).map(|&number| f64::from(number)));
            let mean = |predictions: &Vec<Prediction>| f64::from(predictions[note].deviation);
            row.extend(notes.predictions.iter().map(mean));
            row.push(*velocity);
            visit(&row);
        }
    }

    /// The weights as a style keeps them, with a constant that brings these `means` of the columns to 0.
    pub fn readout(&self, weights: &[f64], means: &[f64]) -> Readout {
        let single = |weights: &[f64]| weights.iter().map(|&weight| weight as f32).collect();
        let (encodings, others) = weights.split_at(self.encodings());
        let (past, ahead) = encodings.split_at(self.past);
        let built_ins = self.built_ins.iter().zip(others);
        Readout {
            past: single(past),
            ahead: single(ahead),
            built_ins: built_ins.map(|(&style, &weight)| BuiltInWeight { style, weight: weight as f32 }).collect(),
            constant: -weights.iter().zip(means).map(|(weight, mean)| weight * mean).sum::<f64>() as f32,
        }
    }
}
