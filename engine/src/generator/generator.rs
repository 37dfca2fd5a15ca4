//! Who writes: the models behind one question.

use std::sync::Arc;

use tonenet_core::clip::{Clip, ClipError};
use tonenet_core::tune::{STEPS_PER_QUARTER, Tune};
use tonenet_inference::embedded::EmbeddedGenerator;
use tonenet_inference::generate::textures::TextureModel;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};
use tonenet_inference::generate::{Cancellation, GenerateError};
use tonenet_inference::runtime::Runtime;

use super::GenerateSettings;

/// What a piece is made of, beside the wish.
#[derive(Debug, Clone, PartialEq)]
pub enum Material {
    /// A new tune needs nothing.
    Tune,
    /// A continuation goes on from this.
    Before(Tune),
    /// Nor does a phrase from noise.
    Noise,
    /// A morph lies between these.
    Between([Arc<Clip>; 2]),
}

/// Writes clips.
pub trait Composer: Send {
    /// Writes what is wanted. The same wish and material always give the same clip.
    ///
    /// # Errors
    /// When it was cancelled, or the model fails.
    fn compose(
        &mut self,
        wish: &GenerateSettings,
        material: Material,
        cancellation: &Cancellation,
    ) -> Result<Clip, GenerateError>;
}

/// Writes with the models that every copy of the plugin has; each is opened when it is first needed.
pub struct EmbeddedComposer {
    runtime: Runtime,
    tunes: Option<TuneModel>,
    textures: Option<TextureModel>,
}

impl EmbeddedComposer {
    /// One that has opened nothing yet.
    pub fn new(runtime: Runtime) -> Self {
        Self { runtime, tunes: None, textures: None }
    }

    fn tune(
        &mut self,
        wish: &GenerateSettings,
        prime: Option<Tune>,
        cancel: &Cancellation,
    ) -> Result<Clip, GenerateError> {
        let tunes = match &mut self.tunes {
            Some(tunes) => tunes,
            None => self.tunes.insert(EmbeddedGenerator::tunes(&self.runtime)?),
        };
        let wish = TuneSettings {
            seed: wish.seed.into(),
            bars: wish.bars,
            metre: wish.metre(),
            tonality: wish.tonality(),
            in_key: wish.in_key,
            temperature: wish.temperature,
            top_p: 1.0,
            prime,
        };
        let tune = tunes.write(&wish, cancel)?;
        in_bars(&tune, wish.bars).map_err(|e| GenerateError::InvalidSettings(e.to_string()))
    }

    fn textures(&mut self) -> Result<&TextureModel, GenerateError> {
        let textures = match self.textures.take() {
            Some(textures) => textures,
            None => EmbeddedGenerator::textures(&self.runtime)?,
        };
        Ok(self.textures.insert(textures))
    }
}

impl Composer for EmbeddedComposer {
    fn compose(
        &mut self,
        wish: &GenerateSettings,
        material: Material,
        cancel: &Cancellation,
    ) -> Result<Clip, GenerateError> {
        let phrase = match material {
            Material::Tune => return self.tune(wish, None, cancel),
            Material::Before(tune) => return self.tune(wish, Some(tune), cancel),
            Material::Noise => self.textures()?.texture(wish.seed.into(), wish.temperature, cancel)?,
            Material::Between([from, to]) => self.textures()?.morph(&from, &to, wish.share, cancel)?,
        };
        whole_bars(&phrase, wish.bars).map_err(|e| GenerateError::InvalidSettings(e.to_string()))
    }
}

/// The first bars of a phrase: a loop of whole bars stays with the song's.
fn whole_bars(phrase: &Clip, most: u32) -> Result<Clip, ClipError> {
    let (upper, lower) = phrase.signature();
    let bar = f64::from(upper) * 4.0 / f64::from(lower);
    let bars = (phrase.length() / bar).floor().min(f64::from(most)).max(1.0);
    Clip::new(bars * bar, phrase.signature(), phrase.notes().to_vec())
}

/// A tune as a clip of so many bars, also where it ends with a rest.
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

    fn composer() -> EmbeddedComposer {
        EmbeddedComposer::new(Runtime::open(RuntimePreference::BuiltIn, &[]).0)
    }

    fn write(composer: &mut EmbeddedComposer, wish: &GenerateSettings, material: Material) -> Clip {
        composer.compose(wish, material, &Cancellation::default()).unwrap()
    }

    /// The share of a clip's notes that another has at the same places and keys.
    fn shared(clip: &Clip, other: &Clip) -> f64 {
        let is_in = |note: &&ClipNote| other.notes().iter().any(|o| (o.onset, o.key) == (note.onset, note.key));
        assert!(!clip.notes().is_empty());
        clip.notes().iter().filter(is_in).count() as f64 / clip.notes().len() as f64
    }

    #[test]
    fn a_tune_has_the_bars_metre_and_key_that_are_wanted_and_the_same_seed_writes_it_again() {
        let mut composer = composer();
        let wish =
            GenerateSettings { bars: 4, signature: (3, 4), tonic: 2, temperature: 0.8, ..GenerateSettings::default() };
        let clip = write(&mut composer, &wish, Material::Tune);
        assert_eq!((clip.length(), clip.signature()), (12.0, (3, 4)));
        assert!(clip.notes().len() >= 4 && clip.notes().iter().all(|note| note.velocity == 80));
        assert_eq!(write(&mut composer, &wish, Material::Tune), clip);
        let other = write(&mut composer, &GenerateSettings { seed: 2, ..wish }, Material::Tune);
        assert!(shared(&other, &clip) < 0.5, "{other:?}");
    }

    #[test]
    fn a_continuation_keeps_the_metre_of_what_it_goes_on_from() {
        let mut composer = composer();
        let waltz = GenerateSettings { bars: 4, signature: (3, 4), ..GenerateSettings::default() };
        let before = write(&mut composer, &waltz, Material::Tune).tune().unwrap();
        let clip = write(
            &mut composer,
            &GenerateSettings { bars: 2, ..GenerateSettings::default() },
            Material::Before(before),
        );
        assert_eq!((clip.length(), clip.signature()), (6.0, (3, 4)));
    }

    #[test]
    fn textures_differ_by_seed_and_a_morph_leads_from_one_to_the_other() {
        let mut composer = composer();
        let [first, second] = [1, 2].map(|seed| {
            let clip = write(&mut composer, &GenerateSettings { seed, ..GenerateSettings::default() }, Material::Noise);
            assert_eq!((clip.length(), clip.notes().is_empty()), (20.0, false), "five whole bars of its 22 beats");
            Arc::new(clip)
        });
        assert!(shared(&first, &second) < 0.5);
        let mut morph = |share| {
            let wish = GenerateSettings { share, bars: 4, ..GenerateSettings::default() };
            write(&mut composer, &wish, Material::Between([first.clone(), second.clone()]))
        };
        let halfway = morph(0.5);
        assert_eq!(halfway.length(), 16.0);
        for end in [morph(0.0), morph(1.0)] {
            assert!(shared(&halfway, &end) < 0.9, "{halfway:?}");
        }
        assert_eq!(halfway, morph(0.5));
    }

    #[test]
    fn what_nobody_wants_any_more_is_not_written() {
        let cancellation = Cancellation::default();
        cancellation.cancel();
        for material in [Material::Tune, Material::Noise] {
            let written = composer().compose(&GenerateSettings::default(), material, &cancellation);
            assert!(matches!(written, Err(GenerateError::Cancelled)));
        }
    }
}
