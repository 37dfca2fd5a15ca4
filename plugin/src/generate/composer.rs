//! Who writes: the models behind one question.

use tonenet_core::clip::{Clip, ClipError};
use tonenet_core::tune::{STEPS_PER_QUARTER, Tune};
use tonenet_inference::embedded::EmbeddedGenerator;
use tonenet_inference::error::InferenceError;
use tonenet_inference::generate::tunes::{TuneModel, TuneWish};
use tonenet_inference::generate::{Cancellation, GenerateError};
use tonenet_inference::runtime::Runtime;

use super::Wish;

/// Writes clips.
pub trait Composer: Send {
    /// Writes what is wanted; `before` is what a continuation goes on from. The same wish always gives the same clip.
    ///
    /// # Errors
    /// When it was cancelled, or the model fails.
    fn compose(
        &mut self,
        wish: &Wish,
        before: Option<Tune>,
        cancellation: &Cancellation,
    ) -> Result<Clip, GenerateError>;
}

/// Writes with the models that every copy of the plugin has.
pub struct EmbeddedComposer {
    tunes: TuneModel,
}

impl EmbeddedComposer {
    /// Opens the models.
    ///
    /// # Errors
    /// When one cannot be loaded.
    pub fn open(runtime: &Runtime) -> Result<Self, InferenceError> {
        Ok(Self { tunes: EmbeddedGenerator::tunes(runtime)? })
    }
}

impl Composer for EmbeddedComposer {
    fn compose(
        &mut self,
        wish: &Wish,
        before: Option<Tune>,
        cancellation: &Cancellation,
    ) -> Result<Clip, GenerateError> {
        let wish = TuneWish {
            seed: wish.seed.into(),
            bars: wish.bars,
            metre: wish.metre(),
            tonality: wish.tonality(),
            in_key: wish.in_key,
            temperature: wish.temperature,
            top_p: 1.0,
            prime: before,
        };
        let tune = self.tunes.write(&wish, cancellation)?;
        in_bars(&tune, wish.bars).map_err(|e| GenerateError::Wish(e.to_string()))
    }
}

/// A tune as a clip of so many bars, also where it ends with a rest.
fn in_bars(tune: &Tune, bars: u32) -> Result<Clip, ClipError> {
    let clip = Clip::of_tune(tune)?;
    let length = f64::from(bars * tune.metre.bar()) / f64::from(STEPS_PER_QUARTER);
    Clip::new(length, clip.signature(), clip.notes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generate::Kind;
    use tonenet_inference::runtime::{Runtime, RuntimePreference};

    fn composer() -> EmbeddedComposer {
        let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
        EmbeddedComposer::open(&runtime).expect("the embedded models open")
    }

    #[test]
    fn a_tune_has_the_bars_metre_and_key_that_are_wanted_and_the_same_seed_writes_it_again() {
        let mut composer = composer();
        let wish = Wish { bars: 4, signature: (3, 4), tonic: 2, temperature: 0.8, ..Wish::default() };
        let mut write = |wish: &Wish| composer.compose(wish, None, &Cancellation::default()).unwrap();
        let clip = write(&wish);
        assert_eq!((clip.length(), clip.signature()), (12.0, (3, 4)));
        assert!(clip.notes().len() >= 4 && clip.notes().iter().all(|note| note.velocity == 80));
        assert_eq!(write(&wish), clip);
        assert_ne!(write(&Wish { seed: 2, ..wish }), clip);
    }

    #[test]
    fn a_continuation_keeps_the_metre_of_what_it_goes_on_from() {
        let mut composer = composer();
        let waltz = Wish { bars: 4, signature: (3, 4), ..Wish::default() };
        let before = composer.compose(&waltz, None, &Cancellation::default()).unwrap().tune().unwrap();
        let wish = Wish { kind: Kind::Continuation, bars: 2, ..Wish::default() };
        let clip = composer.compose(&wish, Some(before), &Cancellation::default()).unwrap();
        assert_eq!((clip.length(), clip.signature()), (6.0, (3, 4)));
    }

    #[test]
    fn what_nobody_wants_any_more_is_not_written() {
        let cancellation = Cancellation::default();
        cancellation.cancel();
        let written = composer().compose(&Wish::default(), None, &cancellation);
        assert!(matches!(written, Err(GenerateError::Cancelled)));
    }
}
