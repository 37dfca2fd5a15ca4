//! The note model: a causal encoder of the past, a backward network over the known future, a decoder for each genre.
//!
//! The encoder and the decoders read notes in order and can continue from a saved state. The look-ahead network runs from
//! the last known note back to the note that is due. One set of weights therefore serves a look-ahead of 10 ms and one of
//! a whole performance.
//!
//! The model is a mean over several such networks, its members, which learn from different excerpts. Their errors differ,
//! so the mean is better than each of them (arXiv 1612.01474).

use tch::nn::{self, VarStore};
use tch::{Device, Kind, Tensor};
use tonenet_core::note_rows::{AHEAD, PAST, PLAYER_COLUMNS};

use super::batch::{AHEAD_HIDDEN, DECODER_HIDDEN, Masks, NoteBatch, PAST_HIDDEN};
use crate::data::genre::GenreId;
use crate::graphs::decoder_of;
use crate::train::layers::{Lstm, learning_kind, linear};
use crate::train::task::Network;

/// Width of a row after its first layer.
const ROW: i64 = 96;
/// Hidden units of the layer behind each decoder's LSTM.
const HEAD: i64 = 64;

/// Networks whose mean output is the model's.
pub const MEMBERS: usize = 2;

/// Limits of the spread, as the natural logarithm of its share of the output's scale.
const LOG_SPREAD: (f64, f64) = (-2.5, 1.5);
/// Weight of the spread's likelihood relative to the mean's error.
const SPREAD_SHARE: f64 = 0.1;

struct Decoder {
    lstm: Lstm,
    head: nn::Linear,
    output: nn::Linear,
}

/// One of the networks.
struct Member {
    past_row: nn::Linear,
    past: [Lstm; 2],
    ahead_row: nn::Linear,
    ahead: Lstm,
    decoders: Vec<Decoder>,
}

/// The members with their weights.
pub struct NoteNetwork {
    variables: VarStore,
    members: Vec<Member>,
}

/// Mean and log spread of each note, \[batch, notes\] each, both in units of the output's scale.
pub struct Output {
    pub mean: Tensor,
    pub log_spread: Tensor,
}

impl Member {
    fn new(root: &nn::Path<'_>, genres: &[GenreId]) -> Self {
        let lstm = |name: &str, input, hidden| Lstm::new(&(root / name), input, hidden);
        let memory = PAST_HIDDEN + AHEAD_HIDDEN;
        let decoders = genres
            .iter()
            .map(|genre| {
                let path = root / "decoder" / genre.as_str();
                Decoder {
                    lstm: Lstm::new(&path, memory, DECODER_HIDDEN),
                    head: nn::linear(&path / "head", memory + DECODER_HIDDEN, HEAD, Default::default()),
                    output: nn::linear(&path / "output", HEAD, 2, Default::default()),
                }
            })
            .collect();
        Self {
            past_row: nn::linear(root / "past_row", PAST as i64, ROW, Default::default()),
            past: [lstm("past_lower", ROW, PAST_HIDDEN), lstm("past_upper", PAST_HIDDEN, PAST_HIDDEN)],
            ahead_row: nn::linear(root / "ahead_row", (PAST + AHEAD) as i64, ROW, Default::default()),
            ahead: lstm("ahead", ROW, AHEAD_HIDDEN),
            decoders,
        }
    }

    /// The decoders' input: \[batch, notes, memory\].
    fn memory(&self, past: &Tensor, ahead: &Tensor, segment: i64, masks: Option<&Masks>) -> Tensor {
        let (batch, notes) = (past.size()[0], past.size()[1]);
        let row = linear(&self.past_row, past).relu();
        let lower = drop(self.past[0].states(&row), masks.map(|m| &m.past));
        let before = self.past[1].states(&lower);

        let row = linear(&self.ahead_row, &Tensor::cat(&[past, ahead], -1)).relu();
        let backward = row.reshape([batch * notes / segment, segment, ROW]).flip([1]);
        let behind = self.ahead.states(&backward).flip([1]).reshape([batch, notes, AHEAD_HIDDEN]);
        drop(Tensor::cat(&[before, behind], -1), masks.map(|m| &m.memory))
    }

    fn decode(&self, memory: &Tensor, genre: usize, masks: Option<&Masks>) -> Output {
        let decoder = &self.decoders[genre];
        let states = drop(decoder.lstm.states(memory), masks.map(|m| &m.decoder));
        let hidden = linear(&decoder.head, &Tensor::cat(&[&states, memory], -1)).relu();
        let output = linear(&decoder.output, &hidden).to_kind(Kind::Float);
        Output { mean: output.select(-1, 0), log_spread: output.select(-1, 1).clamp(LOG_SPREAD.0, LOG_SPREAD.1) }
    }

    /// `past` of a batch with the player's velocities, as if the performance had been played in `player_style`.
    ///
    /// Each note keeps its difference from the predicted mean, now measured from the other style's prediction.
    ///
    /// Each decoder thus learns to undo another's transfer (back-translation, arXiv 1511.06709).
    fn with_player_style(&self, batch: &NoteBatch, genre: usize, player_style: usize) -> Tensor {
        tch::no_grad(|| {
            let without_player = batch.past.copy();
            let _ = without_player.narrow(-1, PLAYER_COLUMNS.start as i64, PLAYER_COLUMNS.len() as i64).zero_();
            let kind = learning_kind(batch.past.device());
            let memory = self.memory(&without_player.to_kind(kind), &batch.ahead.to_kind(kind), batch.segment, None);
            let [own, other] = [genre, player_style].map(|style| self.decode(&memory, style, None).mean);
            let past = batch.past.copy();
            let _ = past.select(-1, PLAYER_COLUMNS.end as i64 - 1).g_add_(&(other - own));
            past
        })
    }
}

fn drop(x: Tensor, mask: Option<&Tensor>) -> Tensor {
    match mask {
        Some(mask) => &x * mask.to_kind(x.kind()),
        None => x,
    }
}

impl NoteNetwork {
    /// Fresh weights, with a decoder for each genre.
    pub fn new(device: Device, genres: &[GenreId]) -> Self {
        let variables = VarStore::new(device);
        let members = (0..MEMBERS).map(|index| Member::new(&(variables.root() / "member" / index), genres)).collect();
        Self { variables, members }
    }

    /// Freezes everything but one genre's decoders.
    pub fn train_only(&self, genre: &GenreId) {
        for (name, variable) in self.variables.variables() {
            let is_trained = decoder_of(&name) == Some(genre.as_str());
            let _ = variable.set_requires_grad(is_trained);
        }
    }

    /// The members' mean output for `past` \[batch, notes, PAST\] and `ahead` \[batch, notes, AHEAD\].
    ///
    /// Notes are grouped into segments of `segment`, a divisor of their number. A note sees only the following notes of
    /// its own segment.
    pub fn forward(&self, past: &Tensor, ahead: &Tensor, segment: i64, genre: usize) -> Output {
        let outputs: Vec<Output> =
            self.members.iter().map(|m| m.decode(&m.memory(past, ahead, segment, None), genre, None)).collect();
        let mean = |of: fn(&Output) -> &Tensor| {
            Tensor::stack(&outputs.iter().map(of).collect::<Vec<_>>(), 0).mean_dim(0, false, Kind::Float)
        };
        Output { mean: mean(|o| &o.mean), log_spread: mean(|o| &o.log_spread) }
    }
}

impl Network for NoteNetwork {
    type Batch = NoteBatch;

    fn variables(&self) -> &VarStore {
        &self.variables
    }

    fn variables_mut(&mut self) -> &mut VarStore {
        &mut self.variables
    }

    /// The mean is trained on its squared error alone. The spread is trained on its likelihood, without gradients to
    /// the mean.
    fn loss(&self, batch: NoteBatch, genre: usize) -> Tensor {
        let member = &self.members[batch.member];
        let past = match batch.player_style {
            Some(player_style) => member.with_player_style(&batch, genre, player_style),
            None => batch.past.shallow_clone(),
        };
        let kind = learning_kind(past.device());
        let (past, ahead) = (past.to_kind(kind), batch.ahead.to_kind(kind));
        let memory = member.memory(&past, &ahead, batch.segment, Some(&batch.masks));
        let output = member.decode(&memory, genre, Some(&batch.masks));
        let total = batch.weights.sum(Kind::Float) + 1e-6;
        let squares = (&output.mean - &batch.deviations).square();
        let surprise = squares.detach() * (&output.log_spread * -2.0).exp() * 0.5 + &output.log_spread;
        ((squares + surprise * SPREAD_SHARE) * &batch.weights).sum(Kind::Float) / total
    }
}
