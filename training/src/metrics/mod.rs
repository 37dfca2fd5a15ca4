//! What predictions and generated material are scored by.

pub mod bleu;
pub mod bootstrap;
pub mod phrases;
pub mod velocities;
