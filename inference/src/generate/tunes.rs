//! Melodies over chords, written symbol by symbol.
//!
//! The network scores every symbol behind those that are there; one is drawn among those that the bar has room for and
//! the wish allows. Where a tune stands is counted here, so that bars always add up.

use std::sync::Arc;

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonenet_core::tune::{Chord, Melody, Metre, Quality, Symbol, Token, Tonality, Tune, Vocabulary};

use super::{Cancellation, GenerateError};
use crate::bundle::ModelFiles;
use crate::error::InferenceError;
use crate::manifest::NetworkEntry;
use crate::runtime::{Graph, Runtime, Tensor, TensorRef};

/// Bars that can be asked for.
pub const BARS: std::ops::RangeInclusive<u32> = 1..=64;

/// What tune is wanted. The same wish always gives the same tune, in one runtime.
#[derive(Debug, Clone, PartialEq)]
pub struct TuneSettings {
    /// Which of all such tunes.
    pub seed: u64,
    /// Bars to write, of [`BARS`].
    pub bars: u32,
    /// Its metre; a continuation keeps that of what it continues.
    pub metre: Metre,
    /// Its key; a continuation keeps that of what it continues.
    pub tonality: Tonality,
    /// Whether the melody is kept to the notes of the key.
    pub in_key: bool,
    /// 1 draws as the model learned, less keeps to what is likely, more dares; at least .1.
    pub temperature: f32,
    /// Only the likeliest symbols are drawn that together have this share, above 0 to 1.
    pub top_p: f32,
    /// What the tune goes on from; not part of what is written.
    pub prime: Option<Tune>,
}

impl Default for TuneSettings {
    fn default() -> Self {
        Self {
            seed: 0,
            bars: 8,
            metre: Metre::FourFour,
            tonality: Tonality { tonic: 0, is_minor: false },
            in_key: false,
            temperature: 1.0,
            top_p: 1.0,
            prime: None,
        }
    }
}

/// Bars of what a continuation goes on from that the network is told of.
const TOLD_BARS: u32 = 16;

/// Temperatures below this are no different from always taking the likeliest.
const COLDEST: f32 = 0.1;

/// How wide a layer may be: states of that many numbers are made before the graph could refuse them.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=65_536;

impl TuneSettings {
    fn check(&self) -> Result<(), GenerateError> {
        if !BARS.contains(&self.bars) {
            let (least, most) = BARS.into_inner();
            return Err(GenerateError::InvalidSettings(format!("{} bars; a tune has {least} to {most}", self.bars)));
        }
        if !(self.temperature > 0.0 && self.temperature.is_finite() && self.top_p > 0.0 && self.top_p <= 1.0) {
            let reason = format!("temperature {} and top-p {}", self.temperature, self.top_p);
            return Err(GenerateError::InvalidSettings(format!("{reason}; both are above 0, and top-p is at most 1")));
        }
        Ok(())
    }
}

/// The metre and key of what a wish asks for.
struct Kind {
    metre: Metre,
    tonality: Tonality,
}

impl Kind {
    fn from_settings(wish: &TuneSettings) -> Self {
        wish.prime.as_ref().map_or(Self { metre: wish.metre, tonality: wish.tonality }, |prime| Self {
            metre: prime.metre,
            tonality: prime.tonality,
        })
    }
}

/// A loaded generator; it may be shared by several instances.
pub struct TuneModel {
    step: Arc<dyn Graph>,
    vocabulary: Vocabulary,
    steps: usize,
    bars: usize,
    hidden: usize,
}

/// What both layers have made of the symbols so far: hidden state and cell of the lower, then of the upper.
struct State([Tensor; 4]);

/// Where a tune in the making stands.
#[derive(Debug, Clone, Copy)]
struct Place {
    metre: Metre,
    /// Steps since the bar line.
    step: u32,
    /// Bars since the first.
    bar: u32,
}

impl Place {
    /// The place behind some steps.
    fn behind(self, steps: u32) -> Self {
        let (bar, step) = (self.metre.bar(), self.step + steps);
        Self { step: step % bar, bar: self.bar + step / bar, ..self }
    }

    /// Steps up to the next bar line.
    fn left(self) -> u32 {
        self.metre.bar() - self.step
    }
}

impl TuneModel {
    /// Loads a generator of tunes.
    ///
    /// # Errors
    /// When the runtime refuses the graph, or the model is not one that writes tunes.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        let manifest = files.manifest();
        let bad = |reason: String| InferenceError::BadManifest { file: manifest.name.clone(), reason };
        let NetworkEntry::Tunes { steps, bars, hidden, vocabulary, .. } = &manifest.network else {
            return Err(bad("its network writes no tunes".into()));
        };
        let vocabulary = Vocabulary::from_text(vocabulary).map_err(|e| bad(format!("its vocabulary: {e}")))?;
        let longest = Metre::ALL.iter().map(|metre| metre.bar() as usize).max().unwrap_or(0);
        if !(longest..=WIDTHS.into_inner().1).contains(steps) || !WIDTHS.contains(bars) || !WIDTHS.contains(hidden) {
            let widest = WIDTHS.into_inner().1;
            return Err(bad(format!(
                "{steps} steps, {bars} bars and {hidden} hidden units; steps are {longest} to {widest}, the others 1 to {widest}"
            )));
        }
        let Some(file) = files.shared().next() else { return Err(bad("its graph is missing".into())) };
        let step = runtime.load(file)?;
        Ok(Self { step, vocabulary, steps: *steps, bars: *bars, hidden: *hidden })
    }

    /// What its symbols stand for.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Writes a tune of as many whole bars as were wished for.
    ///
    /// A tune that continues nothing has the triad of its key as its first chord, as nearly all tunes that the model
    /// learned from have: it is what tells major from minor.
    ///
    /// # Errors
    /// When the wish cannot be met, the runtime fails, or nobody wants the tune any more.
    pub fn write(&self, wish: &TuneSettings, cancellation: &Cancellation) -> Result<Tune, GenerateError> {
        let Kind { metre, tonality } = Kind::from_settings(wish);
        let ids = self.symbols(wish, cancellation)?;
        let tune = self.vocabulary.decode(metre, tonality.is_minor, &ids).bars(0..wish.bars);
        let shift = -tonality.to_plain();
        // The other way round where the melody would leave the keyboard.
        let shifted = [shift, shift - 12 * shift.signum()].iter().find_map(|&shift| tune.transposed(shift));
        shifted.ok_or_else(|| {
            GenerateError::InvalidSettings("the melody leaves the keyboard in that key; choose another".into())
        })
    }

    /// The ids of what [`TuneModel::write`] writes, in its plain key, without a start and an end.
    ///
    /// # Errors
    /// As [`TuneModel::write`].
    pub fn symbols(&self, wish: &TuneSettings, cancellation: &Cancellation) -> Result<Vec<usize>, GenerateError> {
        wish.check()?;
        let Kind { metre, tonality } = Kind::from_settings(wish);
        let plain = Tonality { tonic: if tonality.is_minor { 9 } else { 0 }, is_minor: tonality.is_minor };
        let mut known = vec![self.vocabulary.start(metre)];
        if let Some(prime) = &wish.prime {
            let prime = last_bars(prime, TOLD_BARS).transposed(tonality.to_plain()).ok_or_else(|| {
                GenerateError::InvalidSettings(
                    "what is to be continued leaves the keyboard in C; choose another octave".into(),
                )
            })?;
            known.extend(self.rows_of(&prime));
        }

        let mut random = ChaCha8Rng::seed_from_u64(wish.seed);
        let mut state = self.fresh();
        let (mut scores, mut place) = self.read(&known, Place { metre, step: 0, bar: 0 }, &mut state)?;
        let end = place.bar + wish.bars;
        let mut has_chord = wish.prime.is_some();
        let mut written = Vec::new();
        while place.bar < end {
            cancellation.check()?;
            let allowed = |id: usize| match self.vocabulary.symbol(id) {
                Some(Symbol::Row(token)) => {
                    token.steps <= place.left()
                        && (!wish.in_key || !matches!(token.melody, Melody::Note(key) if !plain.holds(key)))
                        && (has_chord || token.chord.is_none_or(|(_, chord)| is_tonic(chord, plain)))
                }
                _ => false,
            };
            let id = draw(&scores, wish, allowed, random.random());
            let Some((id, Symbol::Row(token))) = id.and_then(|id| Some((id, self.vocabulary.symbol(id)?))) else {
                return Err(GenerateError::InvalidSettings(
                    "the model knows nothing that fits; draw without a key".into(),
                ));
            };
            written.push(id);
            has_chord |= token.chord.is_some();
            (scores, place) = self.read(&[id], place, &mut state)?;
        }
        Ok(written)
    }

    /// How likely a tune's symbols were, in nats each, from its first bar to its end; it must be in its plain key.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn surprisals(&self, tune: &Tune) -> Result<Vec<f64>, InferenceError> {
        let ids = self.vocabulary.encode(tune);
        let mut state = self.fresh();
        let mut place = Place { metre: tune.metre, step: 0, bar: 0 };
        let mut surprises = Vec::with_capacity(ids.len());
        for pair in ids.windows(2) {
            let (scores, behind) = self.read(&pair[..1], place, &mut state)?;
            place = behind;
            let allowed = |id: usize| match self.vocabulary.symbol(id) {
                Some(Symbol::Row(token)) => token.steps <= place.left(),
                Some(Symbol::End) => true,
                _ => false,
            };
            let of_all = scores.iter().enumerate().filter(|(id, _)| allowed(*id)).map(|(_, score)| f64::from(*score));
            surprises.push(log_sum_exp(of_all) - f64::from(scores[pair[1]]));
        }
        Ok(surprises)
    }

    /// A tune's rows up to the bar line behind its last note.
    fn rows_of(&self, tune: &Tune) -> Vec<usize> {
        let tokens = tune.tokens();
        let (steps, bar) = (tokens.iter().map(|token| token.steps).sum::<u32>(), tune.metre.bar());
        let rest = steps.div_ceil(bar) * bar - steps;
        let silence = (rest > 0).then_some(Token { melody: Melody::Rest, steps: rest, chord: None });
        tokens.iter().chain(&silence).flat_map(|token| self.vocabulary.ids(token)).collect()
    }

    fn fresh(&self) -> State {
        State(std::array::from_fn(|_| Tensor { shape: vec![1, 1, self.hidden], data: vec![0.0; self.hidden] }))
    }

    /// Reads symbols from `place` on: the scores of what is next, and the place behind them.
    fn read(&self, ids: &[usize], place: Place, state: &mut State) -> Result<(Vec<f32>, Place), InferenceError> {
        let symbols = self.vocabulary.size();
        let width = symbols + self.steps + self.bars + Metre::ALL.len();
        let mut known = vec![0.0; ids.len() * width];
        let mut place = place;
        for (row, &id) in known.chunks_mut(width).zip(ids) {
            // A symbol is told with the place behind it, where the next one will stand.
            if let Some(Symbol::Row(token)) = self.vocabulary.symbol(id) {
                place = place.behind(token.steps);
            }
            row[id] = 1.0;
            row[symbols + place.step as usize] = 1.0;
            row[symbols + self.steps + place.bar as usize % self.bars] = 1.0;
            row[symbols + self.steps + self.bars + place.metre.index()] = 1.0;
        }
        let [lower_h, lower_c, upper_h, upper_c] = &state.0;
        let outputs = self.step.run(
            &[
                ("known", TensorRef { shape: &[ids.len(), 1, width], data: &known }),
                ("lower_h", lower_h.view()),
                ("lower_c", lower_c.view()),
                ("upper_h", upper_h.view()),
                ("upper_c", upper_c.view()),
            ],
            &["scores", "lower_h_out", "lower_c_out", "upper_h_out", "upper_c_out"],
        )?;
        let mut outputs = outputs.into_iter();
        let mut scores = outputs.next().unwrap_or_default().data;
        state.0 = std::array::from_fn(|_| outputs.next().unwrap_or_default());
        scores.drain(..scores.len().saturating_sub(symbols));
        scores.resize(symbols, f32::NEG_INFINITY);
        Ok((scores, place))
    }
}

fn last_bars(tune: &Tune, bars: u32) -> Tune {
    let end = tune.bar_count();
    tune.bars(end.saturating_sub(bars)..end)
}

fn is_tonic(chord: Chord, tonality: Tonality) -> bool {
    let quality = if tonality.is_minor { Quality::Minor } else { Quality::Major };
    chord.class() == tonality.tonic && chord.quality == quality
}

/// The logarithm of the sum of what some logarithms stand for.
fn log_sum_exp(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + logs.map(|log| (log - largest).exp()).sum::<f64>().ln()
}

/// Draws an id by a number of 0–1; `None` where none is allowed or scores are not numbers.
///
/// Shares are added up in the order of ids, so that runtimes that differ in the last digits of scores draw the same.
fn draw(scores: &[f32], wish: &TuneSettings, allowed: impl Fn(usize) -> bool, uniform: f64) -> Option<usize> {
    let temperature = f64::from(wish.temperature.max(COLDEST));
    let mut ids: Vec<usize> = (0..scores.len()).filter(|&id| scores[id].is_finite() && allowed(id)).collect();
    let largest = ids.iter().map(|&id| f64::from(scores[id])).fold(f64::NEG_INFINITY, f64::max);
    let share = |id: usize| ((f64::from(scores[id]) - largest) / temperature).exp();
    if wish.top_p < 1.0 {
        let all: f64 = ids.iter().map(|&id| share(id)).sum();
        ids.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let mut sum = 0.0;
        let kept = ids.iter().take_while(|&&id| {
            let is_wanted = sum < all * f64::from(wish.top_p);
            sum += share(id);
            is_wanted
        });
        let kept = kept.count();
        ids.truncate(kept);
        ids.sort_unstable();
    }
    let aim = uniform * ids.iter().map(|&id| share(id)).sum::<f64>();
    let mut sum = 0.0;
    let drawn = ids.iter().copied().find(|&id| {
        sum += share(id);
        sum > aim
    });
    drawn.or(ids.last().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_follows_the_shares_of_what_is_allowed() {
        let scores = [0.0, 2f32.ln(), f32::NAN, 1f32.ln()];
        let wish = TuneSettings::default();
        let all = |_: usize| true;
        let drawn: Vec<_> = [0.0, 0.24, 0.26, 0.74, 0.76, 0.999].map(|u| draw(&scores, &wish, all, u)).into();
        assert_eq!(drawn, [Some(0), Some(0), Some(1), Some(1), Some(3), Some(3)]);
        assert_eq!(draw(&scores, &wish, |id| id == 3, 0.1), Some(3));
        assert_eq!(draw(&scores, &wish, |id| id == 2, 0.1), None);
        let likely = TuneSettings { top_p: 0.5, ..TuneSettings::default() };
        assert_eq!(draw(&scores, &likely, all, 0.99), Some(1));
        let cold = TuneSettings { temperature: 0.1, ..TuneSettings::default() };
        assert_eq!(draw(&scores, &cold, all, 0.99), Some(1));
    }

    #[test]
    fn places_are_counted_in_bars() {
        let place = Place { metre: Metre::ThreeFour, step: 0, bar: 0 }.behind(24);
        assert_eq!((place.step, place.bar, place.left()), (24, 0, 48));
        let place = place.behind(48);
        assert_eq!((place.step, place.bar, place.left()), (0, 1, 72));
    }
}
