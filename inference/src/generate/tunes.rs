//! Generates melodies over chords with SeqGAN, symbol by symbol.
//!
//! The network scores every symbol that may come next. One is sampled among those that fit into the bar and that the
//! settings allow. The position in the bar is counted here, so every bar has its full length.

use std::sync::Arc;

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonenet_core::tune::{Chord, Melody, Metre, Quality, Symbol, Token, Tonality, Tune, Vocabulary};

use super::{Cancellation, GenerateError};
use crate::bundle::ModelFiles;
use crate::error::InferenceError;
use crate::manifest::NetworkEntry;
use crate::runtime::{Graph, Runtime, Tensor, TensorRef};

/// The bars that a tune may have.
pub const BARS: std::ops::RangeInclusive<u32> = 1..=64;

/// Settings of a tune. In one runtime, the same settings always give the same tune.
#[derive(Debug, Clone, PartialEq)]
pub struct TuneSettings {
    /// The seed of the random choices.
    pub seed: u64,
    /// Bars to generate, in [`BARS`].
    pub bars: u32,
    /// The metre, unless `prime` sets it.
    pub metre: Metre,
    /// The key, unless `prime` sets it.
    pub tonality: Tonality,
    /// Whether the melody uses only notes of the key.
    pub in_key: bool,
    /// 1 samples the learned distribution, lower is more likely, higher more unusual. Above 0; values below 0.1 act as
    /// 0.1.
    pub temperature: f32,
    /// Nucleus sampling (Holtzman et al. 2020): only the likeliest symbols with this total share, above 0 to 1.
    pub top_p: f32,
    /// A tune to continue; it is not part of the result.
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

/// The last bars of a continued tune that the network reads.
const PRIME_BARS: u32 = 16;

/// The lowest effective temperature; below it, sampling hardly differs from taking the likeliest.
const MIN_TEMPERATURE: f32 = 0.1;

/// Sizes that a manifest may give; states of these sizes are allocated before a graph could refuse them.
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

/// The metre and key of a requested tune.
struct MetreAndKey {
    metre: Metre,
    tonality: Tonality,
}

impl MetreAndKey {
    fn from_settings(settings: &TuneSettings) -> Self {
        settings.prime.as_ref().map_or(Self { metre: settings.metre, tonality: settings.tonality }, |prime| Self {
            metre: prime.metre,
            tonality: prime.tonality,
        })
    }
}

/// A loaded tune generator; several instances may share it.
pub struct TuneModel {
    step: Arc<dyn Graph>,
    vocabulary: Vocabulary,
    steps: usize,
    bars: usize,
    hidden: usize,
}

/// The states of both LSTM layers: hidden state and cell of the lower, then of the upper.
struct State([Tensor; 4]);

/// A position in a tune.
#[derive(Debug, Clone, Copy)]
struct Position {
    metre: Metre,
    /// Steps since the bar line.
    step: u32,
    /// Bars since the first.
    bar: u32,
}

impl Position {
    /// The position after some steps.
    fn after(self, steps: u32) -> Self {
        let (bar, step) = (self.metre.bar(), self.step + steps);
        Self { step: step % bar, bar: self.bar + step / bar, ..self }
    }

    /// Steps to the next bar line.
    fn remaining(self) -> u32 {
        self.metre.bar() - self.step
    }
}

impl TuneModel {
    /// Loads a tune generator.
    ///
    /// # Errors
    /// When the runtime refuses the graph, or the model is no tune generator.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        let manifest = files.manifest();
        let bad = |reason: String| InferenceError::BadManifest { file: manifest.name.clone(), reason };
        let NetworkEntry::Tunes { steps, bars, hidden, vocabulary, .. } = &manifest.network else {
            return Err(bad("it is no tune generator".into()));
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

    /// The symbols of the network.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Generates a tune of `settings.bars` whole bars.
    ///
    /// Unless it continues another, a tune's first chord is the tonic triad of its key. Nearly all training tunes begin
    /// so, and that chord tells major from minor.
    ///
    /// # Errors
    /// When the settings are invalid or cannot be met, on cancellation, or when the runtime fails.
    pub fn generate(&self, settings: &TuneSettings, cancellation: &Cancellation) -> Result<Tune, GenerateError> {
        let MetreAndKey { metre, tonality } = MetreAndKey::from_settings(settings);
        let ids = self.generate_symbols(settings, cancellation)?;
        let tune = self.vocabulary.decode(metre, tonality.is_minor, &ids).bars(0..settings.bars);
        let shift = -tonality.to_plain();
        // Shift the other way if the melody would leave the keyboard.
        let shifted = [shift, shift - 12 * shift.signum()].iter().find_map(|&shift| tune.transposed(shift));
        shifted.ok_or_else(|| {
            GenerateError::InvalidSettings("the melody leaves the keyboard in that key; choose another".into())
        })
    }

    /// The symbol ids of the tune that [`TuneModel::generate`] returns, in C major or A minor, without start and end.
    ///
    /// # Errors
    /// As [`TuneModel::generate`].
    pub fn generate_symbols(
        &self,
        settings: &TuneSettings,
        cancellation: &Cancellation,
    ) -> Result<Vec<usize>, GenerateError> {
        settings.check()?;
        let MetreAndKey { metre, tonality } = MetreAndKey::from_settings(settings);
        let plain = Tonality { tonic: if tonality.is_minor { 9 } else { 0 }, is_minor: tonality.is_minor };
        let mut known = vec![self.vocabulary.start(metre)];
        if let Some(prime) = &settings.prime {
            let prime = last_bars(prime, PRIME_BARS).transposed(tonality.to_plain()).ok_or_else(|| {
                GenerateError::InvalidSettings(
                    "the tune to continue leaves the keyboard in C major or A minor; choose another octave".into(),
                )
            })?;
            known.extend(self.whole_bars(&prime));
        }

        let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
        let mut state = self.initial_state();
        let (mut scores, mut position) = self.read(&known, Position { metre, step: 0, bar: 0 }, &mut state)?;
        let end = position.bar + settings.bars;
        let mut has_chord = settings.prime.is_some();
        let mut written = Vec::new();
        while position.bar < end {
            cancellation.check()?;
            let allowed = |id: usize| match self.vocabulary.symbol(id) {
                Some(Symbol::Row(token)) => {
                    token.steps <= position.remaining()
                        && (!settings.in_key || !matches!(token.melody, Melody::Note(key) if !plain.holds(key)))
                        && (has_chord || token.chord.is_none_or(|(_, chord)| is_tonic(chord, plain)))
                }
                _ => false,
            };
            let id = sample(&scores, settings, allowed, random.random());
            let Some((id, Symbol::Row(token))) = id.and_then(|id| Some((id, self.vocabulary.symbol(id)?))) else {
                return Err(GenerateError::InvalidSettings("no symbol fits; choose notes outside the key too".into()));
            };
            written.push(id);
            has_chord |= token.chord.is_some();
            (scores, position) = self.read(&[id], position, &mut state)?;
        }
        Ok(written)
    }

    /// The surprisal of each symbol of a tune, in nats. The tune must be in C major or A minor.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn surprisals(&self, tune: &Tune) -> Result<Vec<f64>, InferenceError> {
        let ids = self.vocabulary.encode(tune);
        let mut state = self.initial_state();
        let mut position = Position { metre: tune.metre, step: 0, bar: 0 };
        let mut surprisals = Vec::with_capacity(ids.len());
        for pair in ids.windows(2) {
            let (scores, next) = self.read(&pair[..1], position, &mut state)?;
            position = next;
            let allowed = |id: usize| match self.vocabulary.symbol(id) {
                Some(Symbol::Row(token)) => token.steps <= position.remaining(),
                Some(Symbol::End) => true,
                _ => false,
            };
            let of_all = scores.iter().enumerate().filter(|(id, _)| allowed(*id)).map(|(_, score)| f64::from(*score));
            surprisals.push(log_sum_exp(of_all) - f64::from(scores[pair[1]]));
        }
        Ok(surprisals)
    }

    /// A tune's symbol ids, filled up with a rest to the next bar line.
    fn whole_bars(&self, tune: &Tune) -> Vec<usize> {
        let tokens = tune.tokens();
        let (steps, bar) = (tokens.iter().map(|token| token.steps).sum::<u32>(), tune.metre.bar());
        let rest = steps.div_ceil(bar) * bar - steps;
        let silence = (rest > 0).then_some(Token { melody: Melody::Rest, steps: rest, chord: None });
        tokens.iter().chain(&silence).flat_map(|token| self.vocabulary.ids(token)).collect()
    }

    fn initial_state(&self) -> State {
        State(std::array::from_fn(|_| Tensor { shape: vec![1, 1, self.hidden], data: vec![0.0; self.hidden] }))
    }

    /// Reads symbols from `start` on. Returns the scores of the next symbol and the position after them.
    fn read(&self, ids: &[usize], start: Position, state: &mut State) -> Result<(Vec<f32>, Position), InferenceError> {
        let symbols = self.vocabulary.size();
        let width = symbols + self.steps + self.bars + Metre::ALL.len();
        let mut known = vec![0.0; ids.len() * width];
        let mut position = start;
        for (row, &id) in known.chunks_mut(width).zip(ids) {
            // A symbol's row has the position after it, where the next symbol will be.
            if let Some(Symbol::Row(token)) = self.vocabulary.symbol(id) {
                position = position.after(token.steps);
            }
            row[id] = 1.0;
            row[symbols + position.step as usize] = 1.0;
            row[symbols + self.steps + position.bar as usize % self.bars] = 1.0;
            row[symbols + self.steps + self.bars + position.metre.index()] = 1.0;
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
        Ok((scores, position))
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

/// The logarithm of a sum, from the logarithms of its terms.
fn log_sum_exp(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let largest = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    largest + logs.map(|log| (log - largest).exp()).sum::<f64>().ln()
}

/// Samples an id with a uniform number of 0–1; `None` if no finite score is allowed.
///
/// Shares are added in the order of ids. So runtimes whose scores differ in the last digits sample the same id.
fn sample(scores: &[f32], settings: &TuneSettings, allowed: impl Fn(usize) -> bool, uniform: f64) -> Option<usize> {
    let temperature = f64::from(settings.temperature.max(MIN_TEMPERATURE));
    let mut ids: Vec<usize> = (0..scores.len()).filter(|&id| scores[id].is_finite() && allowed(id)).collect();
    let largest = ids.iter().map(|&id| f64::from(scores[id])).fold(f64::NEG_INFINITY, f64::max);
    let share = |id: usize| ((f64::from(scores[id]) - largest) / temperature).exp();
    if settings.top_p < 1.0 {
        let all: f64 = ids.iter().map(|&id| share(id)).sum();
        ids.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));
        let mut sum = 0.0;
        let kept = ids.iter().take_while(|&&id| {
            let is_kept = sum < all * f64::from(settings.top_p);
            sum += share(id);
            is_kept
        });
        let kept = kept.count();
        ids.truncate(kept);
        ids.sort_unstable();
    }
    let target = uniform * ids.iter().map(|&id| share(id)).sum::<f64>();
    let mut sum = 0.0;
    let drawn = ids.iter().copied().find(|&id| {
        sum += share(id);
        sum > target
    });
    drawn.or(ids.last().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_follows_the_shares_of_the_allowed_symbols() {
        let scores = [0.0, 2f32.ln(), f32::NAN, 1f32.ln()];
        let settings = TuneSettings::default();
        let all = |_: usize| true;
        let drawn: Vec<_> = [0.0, 0.24, 0.26, 0.74, 0.76, 0.999].map(|u| sample(&scores, &settings, all, u)).into();
        assert_eq!(drawn, [Some(0), Some(0), Some(1), Some(1), Some(3), Some(3)]);
        assert_eq!(sample(&scores, &settings, |id| id == 3, 0.1), Some(3));
        assert_eq!(sample(&scores, &settings, |id| id == 2, 0.1), None);
        let likely = TuneSettings { top_p: 0.5, ..TuneSettings::default() };
        assert_eq!(sample(&scores, &likely, all, 0.99), Some(1));
        let cold = TuneSettings { temperature: 0.1, ..TuneSettings::default() };
        assert_eq!(sample(&scores, &cold, all, 0.99), Some(1));
    }

    #[test]
    fn positions_are_counted_in_bars_and_steps() {
        let position = Position { metre: Metre::ThreeFour, step: 0, bar: 0 }.after(24);
        assert_eq!((position.step, position.bar, position.remaining()), (24, 0, 48));
        let position = position.after(48);
        assert_eq!((position.step, position.bar, position.remaining()), (0, 1, 72));
    }
}
