//! Training the SeqGAN (arXiv 1609.05473): first a [`generator`] by likelihood and a [`discriminator`] on what it
//! writes; then, round by round, a step of the generator along the policy gradient, rewarded by what the discriminator
//! makes of tunes that a delayed copy has finished, and some of the discriminator.
//!
//! [`sequences`] is what they learn from, [`run`] the stages, what is kept of them, and how a killed one goes on.

mod curves;
mod discriminator;
mod generator;
mod run;
mod sequences;

pub use run::run;
