//! Tunes as sequences of ids, each with its place in the bar.

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tch::{Device, Kind, Tensor};
use tonenet_core::tune::{Metre, Symbol, Tune, Vocabulary};

/// Bars in a phrase: most tunes are made of parts of eight.
pub const PHRASE: usize = 8;

/// A network's inputs beside the previous symbol: the step in the bar, the bar in the phrase and the metre.
pub struct Clock {
    /// Length of each id in steps; 0 for signs. \[ids\].
    steps: Tensor,
    /// Steps in a bar of each metre. \[metres\].
    bars: Tensor,
    /// 0 where an id may follow, otherwise far below zero: \[steps left in the bar, ids\].
    excluded: Tensor,
}

/// Positions in some tunes, \[tunes\] each.
pub struct Place {
    pub metre: Tensor,
    /// Steps since the bar line.
    pub step: Tensor,
    /// Bars since the first.
    pub bar: Tensor,
}

impl Place {
    /// The same positions for `times` copies of every tune; copies are adjacent.
    pub fn repeated(&self, times: i64) -> Self {
        let repeated = |x: &Tensor| x.repeat_interleave_self_int(times, 0, None);
        Self { metre: repeated(&self.metre), step: repeated(&self.step), bar: repeated(&self.bar) }
    }
}

/// A log-likelihood far below that of any symbol.
const NEVER: f64 = -1e9;

impl Clock {
    pub fn new(vocabulary: &Vocabulary, device: Device) -> Self {
        let steps: Vec<i64> = (0..vocabulary.size())
            .map(|id| match vocabulary.symbol(id) {
                Some(Symbol::Row(token)) => i64::from(token.steps),
                _ => 0,
            })
            .collect();
        let bars: Vec<i64> = Metre::ALL.iter().map(|m| i64::from(m.bar())).collect();
        let longest = bars.iter().copied().max().unwrap_or(0);
        let mut excluded = Vec::new();
        for left in 0..=longest {
            excluded.extend(steps.iter().enumerate().map(|(id, &steps)| {
                let is_start = steps == 0 && id != vocabulary.end();
                if is_start || steps > left { NEVER as f32 } else { 0.0 }
            }));
        }
        Self {
            steps: Tensor::from_slice(&steps).to_device(device),
            bars: Tensor::from_slice(&bars).to_device(device),
            excluded: Tensor::from_slice(&excluded).view([longest + 1, steps.len() as i64]).to_device(device),
        }
    }

    /// The start of tunes in these metres, \[tunes\].
    pub fn start(&self, metre: Tensor) -> Place {
        Place { step: metre.zeros_like(), bar: metre.zeros_like(), metre }
    }

    /// The position after `ids`, \[tunes\], which begin at `place`.
    pub fn after(&self, place: &Place, ids: &Tensor) -> Place {
        let bar = self.bars.index_select(0, &place.metre);
        let end = &place.step + self.steps.index_select(0, ids);
        let is_over = end.ge_tensor(&bar).to_kind(Kind::Int64);
        Place { metre: place.metre.shallow_clone(), step: end - &is_over * bar, bar: &place.bar + is_over }
    }

    /// Offsets to add to the network's logits: rows that do not fit into the bar are excluded. \[tunes, ids\].
    pub fn excluded(&self, place: &Place) -> Tensor {
        let left = self.bars.index_select(0, &place.metre) - &place.step;
        self.excluded.index_select(0, &left)
    }
}

/// A batch of tunes, \[tunes, length\] each, except `metre` with \[tunes\].
pub struct Batch {
    /// The input, from the start symbol on.
    pub known: Tensor,
    /// The symbols to predict.
    pub next: Tensor,
    /// 1 where there is a symbol to predict, otherwise 0.
    pub counts: Tensor,
    pub step: Tensor,
    pub bar: Tensor,
    pub metre: Tensor,
}

impl Batch {
    /// A batch of generated tunes, \[tunes, length\], in these metres.
    pub fn from_generated(written: &Tensor, metre: &Tensor, clock: &Clock) -> Self {
        let length = written.size()[1];
        let known = Tensor::cat(&[(metre + 1).unsqueeze(1), written.narrow(1, 0, length - 1)], 1);
        let mut place = clock.start(metre.shallow_clone());
        let (mut steps, mut bars) = (Vec::new(), Vec::new());
        for at in 0..length {
            steps.push(place.step.shallow_clone());
            bars.push(place.bar.shallow_clone());
            place = clock.after(&place, &written.select(1, at));
        }
        // The generator did not choose the symbols after an end.
        let chosen_before = known.ne(0).to_kind(Kind::Float);
        Self {
            known,
            next: written.shallow_clone(),
            counts: chosen_before,
            step: Tensor::stack(&steps, 1),
            bar: Tensor::stack(&bars, 1),
            metre: metre.shallow_clone(),
        }
    }
}

/// A tune's ids, from its start symbol to its end, and the position before each symbol to predict.
struct Sequence {
    metre: Metre,
    ids: Vec<usize>,
    /// (step, bar) after each id but the last.
    places: Vec<(u32, u32)>,
    /// Where phrases begin, as indices of the ids before them.
    phrases: Vec<usize>,
}

/// The tunes of a split.
pub struct Sequences(Vec<Sequence>);

impl Sequences {
    pub fn new<'a>(vocabulary: &Vocabulary, tunes: impl IntoIterator<Item = &'a Tune>) -> Self {
        Self(tunes.into_iter().map(|tune| Sequence::new(vocabulary, tune)).collect())
    }

    /// Symbols to predict in all tunes.
    pub fn symbols(&self) -> usize {
        self.0.iter().map(|s| s.ids.len() - 1).sum()
    }

    /// All tunes from their beginning, in batches of `size`, up to `longest` symbols each.
    pub fn batches(&self, size: usize, longest: usize, device: Device) -> Vec<Batch> {
        let all: Vec<(&Sequence, usize)> = self.0.iter().map(|s| (s, 0)).collect();
        all.chunks(size).map(|chunk| batch(chunk, longest, device)).collect()
    }

    /// Draws `size` tunes at random, each from the beginning of one of its phrases.
    pub fn draw(&self, size: usize, longest: usize, random: &mut ChaCha8Rng, device: Device) -> Batch {
        let drawn: Vec<(&Sequence, usize)> = (0..size)
            .map(|_| {
                let sequence = &self.0[random.random_range(0..self.0.len())];
                (sequence, sequence.phrases[random.random_range(0..sequence.phrases.len())])
            })
            .collect();
        batch(&drawn, longest, device)
    }

    /// Draws metres of `size` random tunes, as indices: \[size\].
    pub fn metres(&self, size: usize, random: &mut ChaCha8Rng, device: Device) -> Tensor {
        let drawn: Vec<i64> =
            (0..size).map(|_| self.0[random.random_range(0..self.0.len())].metre.index() as i64).collect();
        Tensor::from_slice(&drawn).to_device(device)
    }
}

impl Sequence {
    fn new(vocabulary: &Vocabulary, tune: &Tune) -> Self {
        let ids = vocabulary.encode(tune);
        let bar_steps = tune.metre.bar();
        let (mut step, mut bar) = (0, 0);
        let mut places = Vec::with_capacity(ids.len());
        let mut phrases = Vec::new();
        for (at, &id) in ids[..ids.len() - 1].iter().enumerate() {
            if let Some(Symbol::Row(token)) = vocabulary.symbol(id) {
                step += token.steps;
            }
            if step >= bar_steps {
                (step, bar) = (step - bar_steps, bar + 1);
            }
            let is_new = at == 0 || places.last().is_some_and(|p: &(u32, u32)| p.1 != bar);
            if step == 0 && is_new && (bar as usize).is_multiple_of(PHRASE) && at + PHRASE < ids.len() {
                phrases.push(at);
            }
            places.push((step, bar));
        }
        Self { metre: tune.metre, ids, places, phrases }
    }
}

fn batch(sequences: &[(&Sequence, usize)], longest: usize, device: Device) -> Batch {
    let length = |(sequence, from): &(&Sequence, usize)| (sequence.ids.len() - 1 - from).min(longest);
    let width = sequences.iter().map(length).max().unwrap_or(0);
    let (mut known, mut next, mut counts) = (Vec::new(), Vec::new(), Vec::new());
    let (mut step, mut bar, mut metre) = (Vec::new(), Vec::new(), Vec::new());
    for item @ (sequence, from) in sequences {
        let length = length(item);
        let first_bar = sequence.places[*from].1;
        metre.push(sequence.metre.index() as i64);
        for at in 0..width {
            let is_there = at < length;
            let index = (from + at).min(sequence.ids.len() - 2);
            // An excerpt always begins with the start symbol, also in the middle of a tune.
            let id = if at == 0 { 1 + sequence.metre.index() } else { sequence.ids[index] };
            known.push(id as i64);
            next.push(sequence.ids[index + 1] as i64);
            counts.push(if is_there { 1.0f32 } else { 0.0 });
            step.push(i64::from(sequence.places[index].0));
            bar.push(i64::from(sequence.places[index].1 - first_bar));
        }
    }
    let shape = [sequences.len() as i64, width as i64];
    let tensor = |values: &[i64]| Tensor::from_slice(values).view(shape).to_device(device);
    Batch {
        known: tensor(&known),
        next: tensor(&next),
        counts: Tensor::from_slice(&counts).view(shape).to_device(device),
        step: tensor(&step),
        bar: tensor(&bar),
        metre: Tensor::from_slice(&metre).to_device(device),
    }
}
