//! The generator: an embedding, an LSTM and a softmax over the vocabulary, as in arXiv 1609.05473.
//!
//! Besides the previous symbol it reads its place in bar, phrase and metre. Symbols longer than the rest of the bar are
//! excluded.

use tch::nn::{self, VarStore};
use tch::{Device, Kind, Tensor};
use tonenet_core::tune::{Metre, STEPS_PER_QUARTER, Vocabulary};

use super::sequences::{Batch, Clock, PHRASE, Place};
use crate::train::layers::{Lstm, learning_kind, linear};

const SYMBOL: i64 = 96;
const STEP: i64 = 16;
const BAR: i64 = 8;
const METRE: i64 = 8;
const HIDDEN: i64 = 256;
/// Share of units dropped during training on tunes.
const DROPOUT: f64 = 0.4;

/// Steps in the longest bar.
const STEPS: i64 = 9 * STEPS_PER_QUARTER as i64 / 2;

pub struct Generator {
    variables: VarStore,
    symbol: Tensor,
    step: Tensor,
    bar: Tensor,
    metre: Tensor,
    layers: [Lstm; 2],
    output: nn::Linear,
}

/// States of the LSTM layers after the symbols so far, \[1, tunes, hidden\] each.
pub struct State([[Tensor; 2]; 2]);

impl State {
    fn new(tunes: i64, device: Device) -> Self {
        Self(std::array::from_fn(|_| std::array::from_fn(|_| Tensor::zeros([1, tunes, HIDDEN], (Kind::Float, device)))))
    }

    fn repeated(&self, times: i64) -> Self {
        Self(self.0.each_ref().map(|layer| layer.each_ref().map(|x| x.repeat_interleave_self_int(times, 1, None))))
    }
}

/// Partly generated tunes.
pub struct Draft {
    state: State,
    place: Place,
    /// The last symbol, \[tunes\].
    last: Tensor,
    /// 1 once a tune has ended, \[tunes\].
    over: Tensor,
}

impl Draft {
    /// `times` copies of each tune; copies are adjacent.
    pub fn repeated(&self, times: i64) -> Self {
        let repeated = |x: &Tensor| x.repeat_interleave_self_int(times, 0, None);
        Self {
            state: self.state.repeated(times),
            place: self.place.repeated(times),
            last: repeated(&self.last),
            over: repeated(&self.over),
        }
    }

    fn append(&mut self, clock: &Clock, symbols: &Tensor) {
        self.over = self.over.bitwise_or_tensor(&symbols.eq(0).to_kind(Kind::Int64));
        self.place = clock.after(&self.place, symbols);
        self.last = symbols.shallow_clone();
    }
}

impl Generator {
    pub fn new(vocabulary: &Vocabulary, device: Device) -> Self {
        let variables = VarStore::new(device);
        let root = variables.root();
        let table = |name: &str, rows: i64, width: i64| {
            root.var(name, &[rows, width], nn::Init::Randn { mean: 0.0, stdev: 0.1 })
        };
        let size = vocabulary.size() as i64;
        Self {
            symbol: table("symbol", size, SYMBOL),
            step: table("step", STEPS, STEP),
            bar: table("bar", PHRASE as i64, BAR),
            metre: table("metre", Metre::ALL.len() as i64, METRE),
            layers: [
                Lstm::new(&(&root / "lower"), SYMBOL + STEP + BAR + METRE, HIDDEN),
                Lstm::new(&(&root / "upper"), HIDDEN, HIDDEN),
            ],
            output: nn::linear(&root / "output", HIDDEN, size, Default::default()),
            variables,
        }
    }

    pub fn variables(&self) -> &VarStore {
        &self.variables
    }

    pub fn variables_mut(&mut self) -> &mut VarStore {
        &mut self.variables
    }

    /// Input rows, \[tunes, length, width\], of ids, steps and bars of \[tunes, length\] and metres of \[tunes\].
    fn rows(&self, ids: &Tensor, step: &Tensor, bar: &Tensor, metre: &Tensor) -> Tensor {
        let look_up = |table: &Tensor, at: &Tensor| Tensor::embedding(table, at, -1, false, false);
        let metre = metre.unsqueeze(1).expand_as(ids);
        let bar = bar.remainder(PHRASE as i64);
        let parts = [
            look_up(&self.symbol, ids),
            look_up(&self.step, step),
            look_up(&self.bar, &bar),
            look_up(&self.metre, &metre),
        ];
        Tensor::cat(&parts, -1)
    }

    /// Log-likelihoods of all ids after each symbol: \[tunes, length, ids\].
    pub fn log_likelihoods(&self, batch: &Batch, clock: &Clock, is_learning: bool) -> Tensor {
        let drop = |x: Tensor| x.dropout(DROPOUT, is_learning);
        let kind = if is_learning { learning_kind(batch.known.device()) } else { Kind::Float };
        let rows = drop(self.rows(&batch.known, &batch.step, &batch.bar, &batch.metre).to_kind(kind));
        let lower = drop(self.layers[0].states(&rows));
        let upper = drop(self.layers[1].states(&lower));
        let (tunes, length) = batch.known.size2().expect("ids of tunes");
        let place = Place {
            metre: batch.metre.unsqueeze(1).expand([tunes, length], false).reshape([-1]),
            step: batch.step.reshape([-1]),
            bar: batch.bar.reshape([-1]),
        };
        let excluded = clock.excluded(&place).view([tunes, length, -1]);
        (linear(&self.output, &upper).to_kind(Kind::Float) + excluded).log_softmax(-1, Kind::Float)
    }

    /// Starts tunes in these metres, \[tunes\].
    pub fn draft(&self, metre: &Tensor, clock: &Clock) -> Draft {
        let tunes = metre.size()[0];
        Draft {
            state: State::new(tunes, metre.device()),
            place: clock.start(metre.shallow_clone()),
            // The start symbols follow the end symbol in the order of metres.
            last: metre + 1,
            over: metre.zeros_like(),
        }
    }

    /// Appends a given symbol to every tune, \[tunes\].
    pub fn read(&self, draft: &mut Draft, clock: &Clock, symbols: &Tensor) {
        let _ = self.top(draft);
        draft.append(clock, symbols);
    }

    /// The upper layer's output for the last symbol of every tune: \[tunes, hidden\].
    fn top(&self, draft: &mut Draft) -> Tensor {
        let place = &draft.place;
        let mut rows =
            self.rows(&draft.last.unsqueeze(1), &place.step.unsqueeze(1), &place.bar.unsqueeze(1), &place.metre);
        for (layer, state) in self.layers.iter().zip(&mut draft.state.0) {
            let (out, new) = layer.continue_from(&rows, state);
            rows = out;
            *state = new;
        }
        rows.squeeze_dim(1)
    }

    /// Draws the next symbol of every tune, \[tunes\], with temperature.
    ///
    /// `uniform` returns numbers of 0–1 for so many tunes. A tune that has ended repeats its end symbol.
    pub fn next_symbols(
        &self,
        draft: &mut Draft,
        clock: &Clock,
        temperature: f64,
        uniform: &mut dyn FnMut(usize) -> Tensor,
    ) -> Tensor {
        let top = self.top(draft);
        let scores = (linear(&self.output, &top) + clock.excluded(&draft.place)) / temperature;
        let sums = scores.softmax(-1, Kind::Float).cumsum(-1, Kind::Float);
        let tunes = draft.last.size()[0];
        let aims = uniform(tunes as usize).view([tunes, 1]) * sums.narrow(1, -1, 1);
        let drawn = aims.searchsorted(&sums, false, false, "left", None::<Tensor>).squeeze_dim(1);
        let drawn = drawn.clamp_max(sums.size()[1] - 1);
        let next = drawn * (1 - &draft.over);
        draft.append(clock, &next);
        next
    }

    /// Completes tunes with `length` symbols each: \[tunes, length\].
    pub fn finish(
        &self,
        mut draft: Draft,
        length: usize,
        clock: &Clock,
        temperature: f64,
        uniform: &mut dyn FnMut(usize) -> Tensor,
    ) -> Tensor {
        let symbols: Vec<Tensor> =
            (0..length).map(|_| self.next_symbols(&mut draft, clock, temperature, uniform)).collect();
        if symbols.is_empty() {
            return draft.last.unsqueeze(1).narrow(1, 0, 0);
        }
        Tensor::stack(&symbols, 1)
    }
}
