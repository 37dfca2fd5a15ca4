//! Scores of predictions and of generated material.

pub mod bleu;
pub mod bootstrap;
pub mod feel;
pub mod phrases;
pub mod velocities;
