//! Training the VAE-GAN (arXiv 1512.09300) on phrase images.
//!
//! The [`network`]s are an encoder, a decoder that is also the generator, and a discriminator. The [`losses`] are the
//! paper's three: the prior's, the learned similarity (how far the discriminator's features of an image are from those of
//! its reconstruction) and the adversarial one. A fourth reconstructs each cell directly, since features alone do not
//! return nine notes of ten to their cells, which is the model's target.
//!
//! Such exact reconstruction needs a wide latent space, whose aggregate posterior is no longer the standard normal prior.
//! While the adversaries learn, images are therefore drawn from normals fitted to encoded training phrases ([`prior`]).
//! Afterwards a [`flow`] learns to draw as phrases are encoded ([`drawing`], as in the two stages of arXiv 1903.05789).
//! The model draws with that flow.
//!
//! [`mod@run`] is the loop over epochs, [`learners`] a step of learning, [`review`] what is measured on valid phrases,
//! [`images`] how phrases become tensors, [`progress`] a run's figures and [`checkpoint`] what it keeps.

mod checkpoint;
mod curves;
mod drawing;
mod flow;
mod images;
mod learners;
mod losses;
mod network;
mod prior;
mod progress;
mod review;
mod run;

pub use flow::{Flow, STEPS};
pub use network::{Generator, ROW, ROWS};
pub use run::{WEIGHTS_FILE, run};
#[cfg(test)]
pub use {drawing::Lengths as DrawingLengths, run::run_with};
