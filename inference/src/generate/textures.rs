//! Generates piano phrases of 22 beats with a VAE-GAN, and morphs between two phrases.
//!
//! A phrase is an image of onsets and velocities ([`PhraseImage`]). The encoder maps it to latent numbers and the
//! decoder maps them back. The flow maps noise to the latent numbers of a new phrase (flow matching, Lipman et al.
//! 2023).

use std::ops::RangeInclusive;
use std::sync::Arc;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tonenet_core::clip::Clip;
use tonenet_core::phrase_image::{BEATS, CELLS, PhraseImage};

use super::{Cancellation, GenerateError};
use crate::bundle::ModelFiles;
use crate::error::InferenceError;
use crate::manifest::{NetworkEntry, TexturesEntry, Thresholds};
use crate::runtime::{Graph, Runtime, TensorRef};

/// The range of temperatures. 1 samples the learned distribution, lower is more typical, higher more unusual.
pub const TEMPERATURES: RangeInclusive<f32> = 0.0..=2.0;

/// Latent numbers that a beat may have; they are allocated before a graph could refuse them.
const WIDTHS: RangeInclusive<usize> = 1..=4096;

/// Steps that the flow may take.
const STEPS: RangeInclusive<usize> = 1..=256;

/// Numbers that encode the flow's time.
pub const TIME_FEATURES: usize = 4;

/// The flow's time, 0 (noise) to 1 (latent numbers), as cosines of 1 to [`TIME_FEATURES`] half periods.
pub fn time_features(time: f32) -> [f32; TIME_FEATURES] {
    std::array::from_fn(|wave| (std::f32::consts::PI * (wave + 1) as f32 * time).cos())
}

/// The lowest velocity of a sounding note, as a share of 127.
const MIN_VELOCITY: f32 = 1.0 / 127.0;

/// A loaded VAE-GAN; several instances may share it.
#[derive(Debug)]
pub struct TextureModel {
    name: String,
    encoder: Arc<dyn Graph>,
    decoder: Arc<dyn Graph>,
    flow: Arc<dyn Graph>,
    latent: usize,
    steps: usize,
    reconstruction: Thresholds,
    generation: Thresholds,
}

/// The decoder's output for each cell of an image: \[steps, keys\], row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// The logit that a note begins.
    pub onsets: Vec<f32>,
    /// The logit that a note sounds.
    pub sounding: Vec<f32>,
    /// The velocity of a sounding note, divided by 127.
    pub velocities: Vec<f32>,
}

impl Decoded {
    /// The image whose logits exceed the thresholds.
    pub fn image(&self, thresholds: Thresholds) -> PhraseImage {
        let begins = |cell: usize| self.onsets[cell] > thresholds.onset;
        let sounds = |cell: usize| begins(cell) || self.sounding[cell] > thresholds.sounding;
        let onsets = (0..CELLS).map(|cell| if begins(cell) { 1.0 } else { 0.0 }).collect();
        let velocity = |cell: usize| if sounds(cell) { self.velocities[cell].max(MIN_VELOCITY) } else { 0.0 };
        PhraseImage::from_channels((0..CELLS).map(velocity).collect(), onsets).unwrap_or_else(PhraseImage::silent)
    }

    /// Counts the onsets and the sounding cells above thresholds.
    fn counts(&self, thresholds: Thresholds) -> [usize; 2] {
        let above = |logits: &[f32], threshold: f32| logits.iter().filter(|&&logit| logit > threshold).count();
        [above(&self.onsets, thresholds.onset), above(&self.sounding, thresholds.sounding)]
    }
}

/// The threshold above which exactly `count` logits lie, if no two are equal.
fn threshold_for(logits: &[f32], count: usize) -> f32 {
    let mut sorted = logits.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted.get(count).copied().unwrap_or(f32::NEG_INFINITY)
}

impl TextureModel {
    /// Loads a texture generator.
    ///
    /// # Errors
    /// When the runtime refuses a graph, or the model is no texture generator.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        let manifest = files.manifest();
        let bad = |reason: &str| InferenceError::BadManifest { file: manifest.name.clone(), reason: reason.into() };
        let NetworkEntry::Textures(TexturesEntry { latent, steps, reconstruction, generation, .. }) = &manifest.network
        else {
            return Err(bad("it is no texture generator"));
        };
        if !WIDTHS.contains(latent) || !STEPS.contains(steps) {
            return Err(bad("its latent numbers or steps are 0 or too many"));
        }
        if ![reconstruction, generation].iter().all(|at| at.onset.is_finite() && at.sounding.is_finite()) {
            return Err(bad("its thresholds are not finite"));
        }
        let mut graphs = files.shared().map(|file| runtime.load(file));
        let mut next = || graphs.next().unwrap_or_else(|| Err(bad("a graph is missing")));
        Ok(Self {
            name: manifest.name.clone(),
            encoder: next()?,
            decoder: next()?,
            flow: next()?,
            latent: *latent,
            steps: *steps,
            reconstruction: *reconstruction,
            generation: *generation,
        })
    }

    /// Generates a phrase of 22 beats. In one runtime, the same seed and temperature always give the same phrase.
    ///
    /// # Errors
    /// When the temperature is outside [`TEMPERATURES`], on cancellation, or when the runtime fails.
    pub fn generate(&self, seed: u64, temperature: f32, cancellation: &Cancellation) -> Result<Clip, GenerateError> {
        if !TEMPERATURES.contains(&temperature) {
            let (least, most) = TEMPERATURES.into_inner();
            return Err(GenerateError::InvalidSettings(format!(
                "temperature {temperature} is out of range; choose one from {least} to {most}"
            )));
        }
        cancellation.check()?;
        let latent = self.sample_latent(seed, temperature, cancellation)?;
        Ok(self.decode(&latent)?.image(self.generation).to_clip())
    }

    /// Interpolates between two clips in latent space; `share` is 0 at the first and 1 at the second.
    ///
    /// A clip longer than 22 beats is cut, and a shorter one is followed by silence.
    ///
    /// Halfway, the decoder is unsure of every note, and fixed thresholds would leave almost none. So the counts of
    /// onsets and of sounding cells are interpolated between the two reconstructions. The most likely cells fill these
    /// counts.
    ///
    /// # Errors
    /// When the share is not 0–1, on cancellation, or when the runtime fails.
    pub fn morph(&self, a: &Clip, b: &Clip, share: f32, cancellation: &Cancellation) -> Result<Clip, GenerateError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(GenerateError::InvalidSettings(format!(
                "share {share} is out of range; choose one from 0 to 1"
            )));
        }
        let reconstruct = |clip: &Clip| -> Result<(Vec<f32>, [usize; 2]), GenerateError> {
            cancellation.check()?;
            let latent = self.encode(&PhraseImage::from_clip(clip))?;
            cancellation.check()?;
            let counts = self.decode(&latent)?.counts(self.reconstruction);
            Ok((latent, counts))
        };
        let ((a, counts_a), (b, counts_b)) = (reconstruct(a)?, reconstruct(b)?);
        cancellation.check()?;
        let between: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + (b - a) * share).collect();
        let count = |index: usize| {
            let (a, b) = (counts_a[index] as f32, counts_b[index] as f32);
            (a + (b - a) * share).round() as usize
        };
        let decoded = self.decode(&between)?;
        let thresholds = Thresholds {
            onset: threshold_for(&decoded.onsets, count(0)),
            sounding: threshold_for(&decoded.sounding, count(1)),
        };
        Ok(decoded.image(thresholds).to_clip())
    }

    /// The mean latent numbers of an image, \[beats, latent\] row by row.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn encode(&self, image: &PhraseImage) -> Result<Vec<f32>, InferenceError> {
        let [mean] = self.encoded(image, ["mean"])?;
        Ok(mean)
    }

    /// The Kullback–Leibler divergence of an image's latent distribution from the standard normal, in nats.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn divergence(&self, image: &PhraseImage) -> Result<f64, InferenceError> {
        let [mean, log_variance] = self.encoded(image, ["mean", "log_variance"])?;
        let of_number = |(mean, log): (&f32, &f32)| f64::from(mean * mean + log.exp() - 1.0 - log) / 2.0;
        Ok(mean.iter().zip(&log_variance).map(of_number).sum())
    }

    fn encoded<const N: usize>(
        &self,
        image: &PhraseImage,
        outputs: [&str; N],
    ) -> Result<[Vec<f32>; N], InferenceError> {
        let shape = [BEATS, 1, CELLS / BEATS];
        let port = |data| TensorRef { shape: &shape, data };
        let inputs = [("velocities", port(image.velocities())), ("onsets", port(image.onsets()))];
        let found = self.encoder.run(&inputs, &outputs)?.into_iter();
        let found =
            found.map(|output| self.with_length(output.data, BEATS * self.latent)).collect::<Result<Vec<_>, _>>()?;
        found.try_into().map_err(|_| self.misfit("the encoder has too few outputs".into()))
    }

    /// Decodes latent numbers, \[beats, latent\] row by row.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn decode(&self, latent: &[f32]) -> Result<Decoded, InferenceError> {
        let shape = [BEATS, 1, self.latent];
        let input = TensorRef { shape: &shape, data: latent };
        let outputs = self.decoder.run(&[("latent", input)], &["onsets", "sounding", "velocities"])?;
        let mut outputs = outputs.into_iter().map(|output| self.with_length(output.data, CELLS));
        let mut next = || outputs.next().unwrap_or_else(|| self.with_length(Vec::new(), CELLS));
        Ok(Decoded { onsets: next()?, sounding: next()?, velocities: next()? })
    }

    /// Samples the latent numbers of a new image: noise, moved along the flow in Euler steps.
    ///
    /// # Errors
    /// On cancellation, or when the runtime fails.
    pub fn sample_latent(
        &self,
        seed: u64,
        temperature: f32,
        cancellation: &Cancellation,
    ) -> Result<Vec<f32>, GenerateError> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let numbers = BEATS * self.latent;
        let mut latent: Vec<f32> =
            (0..numbers).map(|_| (normal(&mut random) * f64::from(temperature)) as f32).collect();
        for step in 0..self.steps {
            let direction = self.direction(&latent, step as f32 / self.steps as f32)?;
            latent.iter_mut().zip(direction).for_each(|(number, change)| *number += change / self.steps as f32);
            cancellation.check()?;
        }
        Ok(latent)
    }

    /// The flow's direction for latent numbers at a time of 0 (noise) to 1.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn direction(&self, latent: &[f32], time: f32) -> Result<Vec<f32>, InferenceError> {
        let features = time_features(time).repeat(BEATS);
        let inputs = [
            ("latent", TensorRef { shape: &[BEATS, 1, self.latent], data: latent }),
            ("moment", TensorRef { shape: &[BEATS, 1, TIME_FEATURES], data: &features }),
        ];
        let direction = self.flow.run(&inputs, &["direction"])?.pop().unwrap_or_default().data;
        self.with_length(direction, latent.len())
    }

    /// The thresholds for reconstructed images.
    pub fn reconstruction_thresholds(&self) -> Thresholds {
        self.reconstruction
    }

    fn with_length(&self, numbers: Vec<f32>, expected: usize) -> Result<Vec<f32>, InferenceError> {
        if numbers.len() == expected {
            return Ok(numbers);
        }
        Err(self.misfit(format!("a graph's output has {} numbers, not {expected}", numbers.len())))
    }

    fn misfit(&self, reason: String) -> InferenceError {
        InferenceError::BadManifest { file: self.name.clone(), reason }
    }
}

/// Samples the standard normal distribution (Box and Muller 1958).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (distance, angle): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - distance).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_leaves_the_requested_count_of_logits_above_it() {
        let logits = [0.5, -1.0, 3.0, f32::NEG_INFINITY, 2.0];
        for count in 0..5 {
            let threshold = threshold_for(&logits, count);
            assert_eq!(logits.iter().filter(|&&logit| logit > threshold).count(), count.min(4));
        }
    }

    #[test]
    fn time_is_encoded_by_cosines_of_half_periods() {
        assert_eq!(time_features(0.0), [1.0; TIME_FEATURES]);
        let end = time_features(1.0);
        assert!(end.iter().zip([-1.0, 1.0, -1.0, 1.0]).all(|(found, wanted)| (found - wanted).abs() < 1e-5));
    }

    #[test]
    fn a_cell_with_an_onset_sounds() {
        let mut decoded =
            Decoded { onsets: vec![-9.0; CELLS], sounding: vec![-9.0; CELLS], velocities: vec![0.0; CELLS] };
        (decoded.onsets[0], decoded.sounding[88]) = (1.0, 1.0);
        let image = decoded.image(Thresholds { onset: 0.0, sounding: 0.0 });
        let notes = image.notes();
        assert_eq!((notes.len(), notes[0].release, notes[0].velocity), (1, 2, 1), "the softest, held for two steps");
    }
}
