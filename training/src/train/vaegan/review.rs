//! Scores and plots of the averaged networks: reconstructions of valid phrases, and new images.

use anyhow::Result;
use tch::{Kind, Tensor};
use tonenet_core::phrase_image::PhraseImage;

use super::images::{images, tensor};
use super::learners::Learners;
use super::losses;
use super::network::Posterior;
use super::progress::Epoch;
use crate::metrics::phrases::{Agreement, Counts};
use crate::plots::phrases as plot;
use crate::train::folder::Folder;

/// New images that are scored after an epoch.
const DRAWN: i64 = 96;
/// Phrases per encoding batch.
pub const AT_ONCE: usize = 256;

impl Learners {
    /// Scores the averaged networks on valid phrases and on new images.
    pub fn score(&self, valid: &[PhraseImage], epoch: &mut Epoch) {
        let (again, divergence) = self.reconstructed(valid);
        let mut agreement = Agreement::default();
        valid.iter().zip(&again).for_each(|(real, again)| agreement.add(real, again));
        let drawn = self.decoded(&self.prior.drawn(DRAWN));
        let ratio = |value: fn(&Counts) -> f64| Counts::summary(&drawn, value).0 / Counts::summary(valid, value).0;
        epoch.valid_f1 = agreement.f1();
        epoch.valid_velocity_error = agreement.velocity_error();
        epoch.valid_divergence = divergence;
        epoch.polyphony = ratio(|counts| counts.polyphony);
        epoch.note_rate = ratio(|counts| counts.note_rate);
    }

    fn reconstructed(&self, phrases: &[PhraseImage]) -> (Vec<PhraseImage>, f64) {
        tch::no_grad(|| {
            let posterior = self.averaged.encode(&tensor(phrases, self.device), Kind::Float);
            let divergence = losses::divergence(&posterior).double_value(&[]);
            (images(&self.averaged.decode(&posterior.mean, Kind::Float)), divergence)
        })
    }

    fn decoded(&self, latents: &Tensor) -> Vec<PhraseImage> {
        tch::no_grad(|| images(&self.averaged.decode(latents, Kind::Float)))
    }

    /// Plots valid phrases with their reconstructions, and new images.
    pub fn plot(&self, folder: &Folder, valid: &[PhraseImage], latents: &Tensor) -> Result<()> {
        let shown: Vec<PhraseImage> = (0..6).map(|n| valid[n * valid.len() / 6].clone()).collect();
        let again = self.reconstructed(&shown).0;
        let mut drawn = self.decoded(latents);
        let more = drawn.split_off(drawn.len() / 2);
        Ok(plot::draw(
            &folder.path("images.png"),
            &[
                ("valid phrases".into(), shown),
                ("reconstructed".into(), again),
                ("drawn".into(), drawn),
                ("drawn".into(), more),
            ],
        )?)
    }

    /// Encodes phrases with the averaged encoder.
    pub fn encoded(&self, phrases: &[PhraseImage]) -> Posterior {
        let groups: Vec<Posterior> = phrases
            .chunks(AT_ONCE)
            .map(|phrases| tch::no_grad(|| self.averaged.encode(&tensor(phrases, self.device), Kind::Float)))
            .collect();
        Posterior::joined(&groups)
    }
}
