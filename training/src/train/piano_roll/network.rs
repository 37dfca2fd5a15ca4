//! The article's seq2seq networks: a StyleNet (arXiv 1708.03535), and the same with attention.
//!
//! All genres share an encoder and each has a decoder. With attention, each decoder weighs all steps of the encoder by
//! Luong's general score (arXiv 1508.04025).

use tch::nn::{self, Module, RNN, VarStore};
use tch::{Device, Kind, Tensor};
use tonenet_core::note::PIANO_KEYS;
use tonenet_core::piano_roll::FRAME;

use crate::data::genre::GenreId;
use crate::graphs::{OUTPUT_SCALE, WHOLE_PERFORMANCE_STEPS};
use crate::train::task::Network;

/// Hidden units of the encoder, in each direction.
const ENCODER_HIDDEN: i64 = 128;
/// Hidden units of each decoder.
const DECODER_HIDDEN: i64 = 128;

const DROPOUT: f64 = 0.3;

/// A batch as tensors: frames \[excerpts, steps, 176\], deviations and onsets \[excerpts, steps, 88\].
pub struct Batch {
    pub frames: Tensor,
    pub deviations: Tensor,
    pub onsets: Tensor,
}

struct Decoder {
    lstm: nn::LSTM,
    attention: Option<Attention>,
    output: nn::Linear,
}

struct Attention {
    /// Matrix of the general attention score: decoder state to encoder width, no bias.
    score: nn::Linear,
    /// From [context, decoder state] back to the decoder's width.
    combine: nn::Linear,
}

/// The network with its weights.
pub struct PianoRollNetwork {
    variables: VarStore,
    encoder: nn::LSTM,
    decoders: Vec<Decoder>,
}

impl PianoRollNetwork {
    /// Fresh weights, with a decoder for each genre.
    pub fn new(device: Device, attention: bool, genres: &[GenreId]) -> Self {
        let variables = VarStore::new(device);
        let root = variables.root();
        let bidirectional = nn::RNNConfig { bidirectional: true, ..Default::default() };
        let encoder = nn::lstm(&root / "encoder", FRAME as i64, ENCODER_HIDDEN, bidirectional);
        let memory = 2 * ENCODER_HIDDEN;
        let decoders = genres
            .iter()
            .map(|genre| {
                let path = &root / "decoder" / genre.as_str();
                let no_bias = nn::LinearConfig { bias: false, ..Default::default() };
                Decoder {
                    lstm: nn::lstm(&path, memory, DECODER_HIDDEN, nn::RNNConfig::default()),
                    attention: attention.then(|| Attention {
                        score: nn::linear(&path / "score", DECODER_HIDDEN, memory, no_bias),
                        combine: nn::linear(
                            &path / "combine",
                            memory + DECODER_HIDDEN,
                            DECODER_HIDDEN,
                            Default::default(),
                        ),
                    }),
                    output: nn::linear(&path / "output", DECODER_HIDDEN, PIANO_KEYS as i64, Default::default()),
                }
            })
            .collect();
        Self { variables, encoder, decoders }
    }

    /// Predicted deviations in a genre, in velocity steps: \[batch, steps, 88\], from `frames` \[batch, steps, 176\].
    fn deviations(&self, frames: &Tensor, genre: usize, training: bool) -> Tensor {
        let memory = self.encoder.seq(frames).0.dropout(DROPOUT, training);
        let decoder = &self.decoders[genre];
        let mut hidden = decoder.lstm.seq(&memory).0;
        if let Some(attention) = &decoder.attention {
            let query = attention.score.forward(&hidden);
            // Scaled as in arXiv 1706.03762. Otherwise long dot products saturate the softmax from the start.
            let scores = query.matmul(&memory.transpose(1, 2)) / (2.0 * ENCODER_HIDDEN as f64).sqrt();
            let context = scores.softmax(-1, Kind::Float).matmul(&memory);
            hidden = attention.combine.forward(&Tensor::cat(&[context, hidden], -1)).tanh();
        }
        decoder.output.forward(&hidden.dropout(DROPOUT, training)) * OUTPUT_SCALE
    }

    /// Predicted deviations of one whole performance, \[steps, 88\], from its frames \[steps, 176\].
    ///
    /// With attention, it reads overlapping windows as long as the training excerpts.
    pub fn predict(&self, frames: &[f32], genre: usize) -> Vec<f32> {
        tch::no_grad(|| {
            let frames = Tensor::from_slice(frames).view([1, -1, FRAME as i64]).to_device(self.variables.device());
            let steps = frames.size()[1] as usize;
            let windows = if self.decoders[genre].attention.is_some() {
                tonenet_core::piano_roll::windows(steps, WHOLE_PERFORMANCE_STEPS)
            } else {
                tonenet_core::piano_roll::windows(steps, steps)
            };
            let mut deviations = Vec::with_capacity(steps * PIANO_KEYS);
            for window in windows {
                let part = frames.narrow(1, window.start as i64, (window.end - window.start) as i64);
                let found = self.deviations(&part, genre, false);
                let kept = found.narrow(
                    1,
                    (window.keep.start - window.start) as i64,
                    (window.keep.end - window.keep.start) as i64,
                );
                let kept: Vec<f32> = Vec::try_from(kept.to_device(Device::Cpu).flatten(0, -1)).expect("a float tensor");
                deviations.extend(kept);
            }
            deviations
        })
    }
}

impl Network for PianoRollNetwork {
    type Batch = Batch;

    fn variables(&self) -> &VarStore {
        &self.variables
    }

    fn variables_mut(&mut self) -> &mut VarStore {
        &mut self.variables
    }

    /// Mean squared error over the onsets alone: 97 % of the matrix is silence.
    fn loss(&self, batch: Batch, genre: usize) -> Tensor {
        let error = (self.deviations(&batch.frames, genre, true) - &batch.deviations) / OUTPUT_SCALE * &batch.onsets;
        error.square().sum(Kind::Float) / (batch.onsets.sum(Kind::Float) + 1e-6)
    }
}
