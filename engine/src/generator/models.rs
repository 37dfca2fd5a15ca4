//! Generates clips with the embedded models.

use std::sync::Arc;

use tonenet_core::clip::{Clip, ClipError};
use tonenet_core::tune::{STEPS_PER_QUARTER, Tune};
use tonenet_inference::embedded::EmbeddedGenerator;
use tonenet_inference::generate::textures::TextureModel;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};
use tonenet_inference::generate::{Cancellation, GenerateError};
use tonenet_inference::runtime::Runtime;

use super::GenerateSettings;

/// The input of a clip, besides the settings.
#[derive(Debug, Clone, PartialEq)]
pub enum GeneratorInput {
    /// No input: a new tune.
    NewTune,
    /// A tune to continue.
    Continue(Tune),
    /// No input: a new phrase from noise.
    NewTexture,
    /// Two phrases to morph between.
    Morph([Arc<Clip>; 2]),
}

/// Generates clips.
pub trait Generator: Send {
    /// Generates a clip. The same settings and input always give the same clip.
    ///
    /// # Errors
    /// If it is cancelled, or the model fails.
    fn generate(
        &mut self,
        settings: &GenerateSettings,
        input: GeneratorInput,
        cancellation: &Cancellation,
    ) -> Result<Clip, GenerateError>;
}

/// A generator with the embedded models. It opens each model on first use.
pub struct BuiltInGenerator {
    runtime: Runtime,
    tunes: Option<TuneModel>,
    textures: Option<TextureModel>,
}

impl BuiltInGenerator {
    /// Creates a generator that has opened no model yet.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, tunes: None, textures: None }
    }

    fn tune(
        &mut self,
        settings: &GenerateSettings,
        prime: Option<Tune>,
        cancel: &Cancellation,
    ) -> Result<Clip, GenerateError> {
        let tunes = match &mut self.tunes {
            Some(tunes) => tunes,
            None => self.tunes.insert(EmbeddedGenerator::tunes(&self.runtime)?),
        };
        let tune_settings = TuneSettings {
            seed: settings.seed.into(),
            bars: settings.bars,
            metre: settings.metre(),
            tonality: settings.tonality(),
            in_key: settings.in_key,
            temperature: settings.temperature,
            top_p: 1.0,
            prime,
        };
        let tune = tunes.write(&tune_settings, cancel)?;
        in_bars(&tune, settings.bars).map_err(|e| GenerateError::InvalidSettings(e.to_string()))
    }

    fn textures(&mut self) -> Result<&TextureModel, GenerateError> {
        let textures = match self.textures.take() {
            Some(textures) => textures,
            None => EmbeddedGenerator::textures(&self.runtime)?,
        };
        Ok(self.textures.insert(textures))
    }
}

impl Generator for BuiltInGenerator {
    fn generate(
        &mut self,
        settings: &GenerateSettings,
        input: GeneratorInput,
        cancel: &Cancellation,
    ) -> Result<Clip, GenerateError> {
        let phrase = match input {
            GeneratorInput::NewTune => return self.tune(settings, None, cancel),
            GeneratorInput::Continue(tune) => return self.tune(settings, Some(tune), cancel),
            GeneratorInput::NewTexture => {
                self.textures()?.texture(settings.seed.into(), settings.temperature, cancel)?
            }
            GeneratorInput::Morph([from, to]) => self.textures()?.morph(&from, &to, settings.share, cancel)?,
        };
        whole_bars(&phrase, settings.bars).map_err(|e| GenerateError::InvalidSettings(e.to_string()))
    }
}

/// The first whole bars of a phrase, so that its loop stays aligned with the song's bars.
fn whole_bars(phrase: &Clip, most: u32) -> Result<Clip, ClipError> {
    let (upper, lower) = phrase.signature();
    let bar = f64::from(upper) * 4.0 / f64::from(lower);
    let bars = (phrase.length() / bar).floor().min(f64::from(most)).max(1.0);
    Clip::new(bars * bar, phrase.signature(), phrase.notes().to_vec())
}

/// A tune as a clip of this many bars, also if it ends with a rest.
fn in_bars(tune: &Tune, bars: u32) -> Result<Clip, ClipError> {
    let clip = Clip::from_tune(tune)?;
    let length = f64::from(bars * tune.metre.bar()) / f64::from(STEPS_PER_QUARTER);
    Clip::new(length, clip.signature(), clip.notes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::clip::ClipNote;
    use tonenet_inference::runtime::RuntimePreference;

    fn generator() -> BuiltInGenerator {
        BuiltInGenerator::new(Runtime::open(RuntimePreference::BuiltIn, &[]).0)
    }

    fn generate(generator: &mut BuiltInGenerator, settings: &GenerateSettings, input: GeneratorInput) -> Clip {
        generator.generate(settings, input, &Cancellation::default()).unwrap()
    }

    /// The share of a clip's notes that another has at the same places and keys.
    fn shared(clip: &Clip, other: &Clip) -> f64 {
        let is_in = |note: &&ClipNote| other.notes().iter().any(|o| (o.onset, o.key) == (note.onset, note.key));
        assert!(!clip.notes().is_empty());
        clip.notes().iter().filter(is_in).count() as f64 / clip.notes().len() as f64
    }

    #[test]
    fn a_tune_has_the_requested_bars_and_metre_and_its_seed_reproduces_it() {
        let mut generator = generator();
        let settings =
            GenerateSettings { bars: 4, signature: (3, 4), tonic: 2, temperature: 0.8, ..GenerateSettings::default() };
        let clip = generate(&mut generator, &settings, GeneratorInput::NewTune);
        assert_eq!((clip.length(), clip.signature()), (12.0, (3, 4)));
        assert!(clip.notes().len() >= 4 && clip.notes().iter().all(|note| note.velocity == 80));
        assert_eq!(generate(&mut generator, &settings, GeneratorInput::NewTune), clip);
        let other = generate(&mut generator, &GenerateSettings { seed: 2, ..settings }, GeneratorInput::NewTune);
        assert!(shared(&other, &clip) < 0.5, "{other:?}");
    }

    #[test]
    fn a_continuation_keeps_the_metre_of_the_tune_before() {
        let mut generator = generator();
        let waltz = GenerateSettings { bars: 4, signature: (3, 4), ..GenerateSettings::default() };
        let before = generate(&mut generator, &waltz, GeneratorInput::NewTune).tune().unwrap();
        let clip = generate(
            &mut generator,
            &GenerateSettings { bars: 2, ..GenerateSettings::default() },
            GeneratorInput::Continue(before),
        );
        assert_eq!((clip.length(), clip.signature()), (6.0, (3, 4)));
    }

    #[test]
    fn textures_differ_by_seed_and_a_morph_lies_between_two_of_them() {
        let mut generator = generator();
        let [first, second] = [1, 2].map(|seed| {
            let clip = generate(
                &mut generator,
                &GenerateSettings { seed, ..GenerateSettings::default() },
                GeneratorInput::NewTexture,
            );
            assert_eq!((clip.length(), clip.notes().is_empty()), (20.0, false), "five whole bars of its 22 beats");
            Arc::new(clip)
        });
        assert!(shared(&first, &second) < 0.5);
        let mut morph = |share| {
            let settings = GenerateSettings { share, bars: 4, ..GenerateSettings::default() };
            generate(&mut generator, &settings, GeneratorInput::Morph([first.clone(), second.clone()]))
        };
        let halfway = morph(0.5);
        assert_eq!(halfway.length(), 16.0);
        for end in [morph(0.0), morph(1.0)] {
            assert!(shared(&halfway, &end) < 0.9, "{halfway:?}");
        }
        assert_eq!(halfway, morph(0.5));
    }

    #[test]
    fn a_cancelled_generation_returns_no_clip() {
        let cancellation = Cancellation::default();
        cancellation.cancel();
        for input in [GeneratorInput::NewTune, GeneratorInput::NewTexture] {
            let clip = generator().generate(&GenerateSettings::default(), input, &cancellation);
            assert!(matches!(clip, Err(GenerateError::Cancelled)));
        }
    }
}
