//! Phrases written all at once, as images: new ones, and what lies between two.

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

/// Temperatures that can be asked for: 1 draws as the model learned, less keeps to what is usual, more dares.
pub const TEMPERATURES: RangeInclusive<f32> = 0.0..=2.0;

/// How many latent numbers a beat may have: room is made for them before a graph could refuse them.
const WIDTHS: RangeInclusive<usize> = 1..=4096;

/// In how many steps noise may become latent numbers.
const STEPS: RangeInclusive<usize> = 1..=256;

/// Numbers that tell the flow a moment.
pub const MOMENT: usize = 4;

/// A moment of 0–1, from noise to a new image, as the flow is told it: waves of 1 to [`MOMENT`] halves.
pub fn moment(at: f32) -> [f32; MOMENT] {
    std::array::from_fn(|wave| (std::f32::consts::PI * (wave + 1) as f32 * at).cos())
}

/// The softest velocity of an image in which a note sounds, as a share of the loudest.
const SOFTEST: f32 = 1.0 / 127.0;

/// The VAE-GAN's loaded graphs; it may be shared by several instances.
#[derive(Debug)]
pub struct TextureModel {
    name: String,
    encoder: Arc<dyn Graph>,
    decoder: Arc<dyn Graph>,
    flow: Arc<dyn Graph>,
    latent: usize,
    steps: usize,
    read: Thresholds,
    drawn: Thresholds,
}

/// What a decoder says of each cell of an image, step by step.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// Logits of an onset.
    pub onsets: Vec<f32>,
    /// Logits of sounding.
    pub sounding: Vec<f32>,
    /// Velocity / 127, where a note sounds.
    pub velocities: Vec<f32>,
}

impl Decoded {
    /// The image at some thresholds.
    pub fn image(&self, thresholds: Thresholds) -> PhraseImage {
        let begins = |cell: usize| self.onsets[cell] > thresholds.onset;
        let sounds = |cell: usize| begins(cell) || self.sounding[cell] > thresholds.sounding;
        let onsets = (0..CELLS).map(|cell| if begins(cell) { 1.0 } else { 0.0 }).collect();
        let velocity = |cell: usize| if sounds(cell) { self.velocities[cell].max(SOFTEST) } else { 0.0 };
        PhraseImage::from_channels((0..CELLS).map(velocity).collect(), onsets).unwrap_or_else(PhraseImage::silent)
    }

    /// Cells that are read as an onset, and as sounding.
    fn counts(&self, at: Thresholds) -> [usize; 2] {
        let above = |logits: &[f32], threshold: f32| logits.iter().filter(|&&logit| logit > threshold).count();
        [above(&self.onsets, at.onset), above(&self.sounding, at.sounding)]
    }
}

/// The logit above which `count` of some lie.
fn above(logits: &[f32], count: usize) -> f32 {
    let mut sorted = logits.to_vec();
    sorted.sort_by(|a, b| b.total_cmp(a));
    sorted.get(count).copied().unwrap_or(f32::NEG_INFINITY)
}

impl TextureModel {
    /// Loads the graphs of a model.
    ///
    /// # Errors
    /// When a runtime refuses a graph, or the model is not one of textures.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        let manifest = files.manifest();
        let bad = |reason: &str| InferenceError::BadManifest { file: manifest.name.clone(), reason: reason.into() };
        let NetworkEntry::Textures(TexturesEntry { latent, steps, read, drawn, .. }) = &manifest.network else {
            return Err(bad("it writes no textures"));
        };
        if !WIDTHS.contains(latent) || !STEPS.contains(steps) {
            return Err(bad("it has no latent numbers or steps, or more than any model has"));
        }
        if ![read, drawn].iter().all(|at| at.onset.is_finite() && at.sounding.is_finite()) {
            return Err(bad("its thresholds are no numbers"));
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
            read: *read,
            drawn: *drawn,
        })
    }

    /// A new phrase of 22 beats; the same seed and temperature always write the same one, in one runtime.
    ///
    /// # Errors
    /// When the temperature is not one of [`TEMPERATURES`], nobody wants it any more, or the runtime fails.
    pub fn texture(&self, seed: u64, temperature: f32, cancellation: &Cancellation) -> Result<Clip, GenerateError> {
        if !TEMPERATURES.contains(&temperature) {
            let (least, most) = TEMPERATURES.into_inner();
            return Err(GenerateError::InvalidSettings(format!(
                "there is no temperature {temperature}; choose one from {least} to {most}"
            )));
        }
        cancellation.check()?;
        let latent = self.draw(seed, temperature, cancellation)?;
        Ok(self.decode(&latent)?.image(self.drawn).to_clip())
    }

    /// What lies between two clips, at a share of 0–1 from the first to the second. Of longer ones it takes the first 22
    /// beats, shorter ones are followed by silence.
    ///
    /// Halfway the decoder doubts of every note, and what is likelier than not would be next to nothing. So as many notes
    /// begin, and as many cells sound, as lie between what comes back of the two: those that it doubts least.
    ///
    /// # Errors
    /// When the share is not one, nobody wants it any more, or the runtime fails.
    pub fn morph(&self, a: &Clip, b: &Clip, share: f32, cancellation: &Cancellation) -> Result<Clip, GenerateError> {
        if !(0.0..=1.0).contains(&share) {
            return Err(GenerateError::InvalidSettings(format!("there is no share {share}; choose one from 0 to 1")));
        }
        let come_back = |clip: &Clip| -> Result<(Vec<f32>, [usize; 2]), GenerateError> {
            cancellation.check()?;
            let latent = self.encode(&PhraseImage::from_clip(clip))?;
            cancellation.check()?;
            let counts = self.decode(&latent)?.counts(self.read);
            Ok((latent, counts))
        };
        let ((a, counts_a), (b, counts_b)) = (come_back(a)?, come_back(b)?);
        cancellation.check()?;
        let between: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a + (b - a) * share).collect();
        let count = |of: usize| {
            let (a, b) = (counts_a[of] as f32, counts_b[of] as f32);
            (a + (b - a) * share).round() as usize
        };
        let decoded = self.decode(&between)?;
        let at = Thresholds { onset: above(&decoded.onsets, count(0)), sounding: above(&decoded.sounding, count(1)) };
        Ok(decoded.image(at).to_clip())
    }

    /// An image's latent numbers, without noise.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn encode(&self, image: &PhraseImage) -> Result<Vec<f32>, InferenceError> {
        let [mean] = self.encoded(image, ["mean"])?;
        Ok(mean)
    }

    /// How far an image's latent numbers are from the prior, a standard normal, in nats (Kullback–Leibler): how much they
    /// say of the image.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn divergence(&self, image: &PhraseImage) -> Result<f64, InferenceError> {
        let [mean, log_variance] = self.encoded(image, ["mean", "log_variance"])?;
        let of_one = |(mean, log): (&f32, &f32)| f64::from(mean * mean + log.exp() - 1.0 - log) / 2.0;
        Ok(mean.iter().zip(&log_variance).map(of_one).sum())
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
            found.map(|output| self.as_long(output.data, BEATS * self.latent)).collect::<Result<Vec<_>, _>>()?;
        found.try_into().map_err(|_| self.misfit("the encoder has too few outputs".into()))
    }

    /// What latent numbers stand for.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn decode(&self, latent: &[f32]) -> Result<Decoded, InferenceError> {
        let shape = [BEATS, 1, self.latent];
        let input = TensorRef { shape: &shape, data: latent };
        let outputs = self.decoder.run(&[("latent", input)], &["onsets", "sounding", "velocities"])?;
        let mut outputs = outputs.into_iter().map(|output| self.as_long(output.data, CELLS));
        let mut next = || outputs.next().unwrap_or_else(|| self.as_long(Vec::new(), CELLS));
        Ok(Decoded { onsets: next()?, sounding: next()?, velocities: next()? })
    }

    /// Latent numbers of a new image.
    ///
    /// # Errors
    /// When nobody wants it any more or the runtime fails.
    pub fn draw(&self, seed: u64, temperature: f32, cancellation: &Cancellation) -> Result<Vec<f32>, GenerateError> {
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

    /// Where latent numbers are headed at a moment of 0–1, from noise to a new image.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn direction(&self, latent: &[f32], at: f32) -> Result<Vec<f32>, InferenceError> {
        let moment = moment(at).repeat(BEATS);
        let inputs = [
            ("latent", TensorRef { shape: &[BEATS, 1, self.latent], data: latent }),
            ("moment", TensorRef { shape: &[BEATS, 1, MOMENT], data: &moment }),
        ];
        let direction = self.flow.run(&inputs, &["direction"])?.pop().unwrap_or_default().data;
        self.as_long(direction, latent.len())
    }

    /// Where images that came back are read.
    pub fn read(&self) -> Thresholds {
        self.read
    }

    /// Where new images are read.
    pub fn drawn(&self) -> Thresholds {
        self.drawn
    }

    fn as_long(&self, numbers: Vec<f32>, wanted: usize) -> Result<Vec<f32>, InferenceError> {
        if numbers.len() == wanted {
            return Ok(numbers);
        }
        Err(self.misfit(format!("a graph answers with {} numbers in the place of {wanted}", numbers.len())))
    }

    fn misfit(&self, reason: String) -> InferenceError {
        InferenceError::BadManifest { file: self.name.clone(), reason }
    }
}

/// A number of a standard normal (Box and Muller 1958).
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (distance, angle): (f64, f64) = (random.random(), random.random());
    (-2.0 * (1.0 - distance).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_logits_lie_above_as_are_asked_for() {
        let logits = [0.5, -1.0, 3.0, f32::NEG_INFINITY, 2.0];
        for count in 0..5 {
            let threshold = above(&logits, count);
            assert_eq!(logits.iter().filter(|&&logit| logit > threshold).count(), count.min(4));
        }
    }

    #[test]
    fn a_moment_is_told_by_waves() {
        assert_eq!(moment(0.0), [1.0; MOMENT]);
        let end = moment(1.0);
        assert!(end.iter().zip([-1.0, 1.0, -1.0, 1.0]).all(|(found, wanted)| (found - wanted).abs() < 1e-5));
    }

    #[test]
    fn what_begins_sounds() {
        let mut decoded =
            Decoded { onsets: vec![-9.0; CELLS], sounding: vec![-9.0; CELLS], velocities: vec![0.0; CELLS] };
        (decoded.onsets[0], decoded.sounding[88]) = (1.0, 1.0);
        let image = decoded.image(Thresholds { onset: 0.0, sounding: 0.0 });
        let notes = image.notes();
        assert_eq!((notes.len(), notes[0].release, notes[0].velocity), (1, 2, 1), "the softest, held for two steps");
    }
}
