//! Training the VAE-GAN (arXiv 1512.09300) on phrase images.
//!
//! The [`network`]s are an encoder, a decoder that is also the generator, and a discriminator. The [`losses`] are the
//! paper's three: the prior's, the learned similarity and the adversarial one. The similarity compares the
//! discriminator's features of an image with those of its reconstruction. A fourth loss reconstructs each cell
//! directly: features alone do not reach the model's target, nine notes of ten in their cells.
//!
//! Such exact reconstruction needs a wide latent space, whose aggregate posterior is no longer the standard normal
//! prior. During adversarial training, images are therefore drawn from normals fitted to encoded training phrases
//! ([`prior`]). Afterwards a [`flow`] learns the distribution of encoded phrases ([`drawing`], as in the two stages of
//! arXiv 1903.05789). The finished model draws with that flow.
//!
//! [`mod@run`] loops over epochs, [`learners`] trains the networks, and [`review`] scores them on valid phrases.
//! [`images`] turns phrases into tensors, [`progress`] holds a run's figures and [`checkpoint`] saves its state.

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
