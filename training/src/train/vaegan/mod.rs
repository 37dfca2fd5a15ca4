//! Training the VAE-GAN (arXiv 1512.09300) on images of phrases.
//!
//! The [`network`]s are an encoder, a decoder that is also the generator, and a discriminator. They learn from the
//! paper's three losses, and from a fourth: the prior's ([`losses::divergence`]); the learned similarity, which is how
//! far the discriminator's features of an image are from those of its reconstruction; the adversarial one; and a direct
//! reconstruction of each cell ([`losses::of_cells`]), since features alone do not bring nine notes of ten back to the
//! cell they came from, which is what the model is held to.
//!
//! An image that comes back so well needs a wide latent, and a wide latent's aggregate posterior is no longer the
//! standard normal that its prior says. So while the adversaries learn, images are drawn from normals that are fitted to
//! encoded training phrases ([`prior`]), and afterwards a [`flow`] learns to draw as phrases are encoded ([`drawing`], as
//! in the two stages of arXiv 1903.05789); that is what the model draws with.
//!
//! [`mod@run`] is the loop over epochs, what is kept of them, and how a killed run goes on.

mod curves;
mod drawing;
mod flow;
mod losses;
mod network;
mod prior;
mod run;

pub use flow::{Flow, STEPS};
pub use network::{Generator, ROW, ROWS};
pub use run::{WEIGHTS_FILE, run};
#[cfg(test)]
pub use {drawing::Lengths as DrawingLengths, run::run_with};
