//! The article's first model, a StyleNet (arXiv 1708.03535): one encoder that all genres share, one decoder each.

use tch::nn::{self, Module, RNN, VarStore};
use tch::{Device, Tensor};
use tonenet_core::genre::Genre;
use tonenet_core::note::PIANO_KEYS;
use tonenet_core::piano_roll::FRAME;

/// Hidden units of the encoder, in each direction.
pub const ENCODER_HIDDEN: i64 = 128;
/// Hidden units of each decoder.
pub const DECODER_HIDDEN: i64 = 128;
/// The network's outputs are deviations from the level of the part, in velocity steps divided by this.
pub const OUTPUT_SCALE: f64 = 16.0;

const DROPOUT: f64 = 0.3;

struct Decoder {
    lstm: nn::LSTM,
    output: nn::Linear,
}

/// The network with its weights.
pub struct Baseline {
    pub variables: VarStore,
    encoder: nn::LSTM,
    decoders: Vec<Decoder>,
}

impl Baseline {
    pub fn new(device: Device) -> Self {
        let variables = VarStore::new(device);
        let root = variables.root();
        let bidirectional = nn::RNNConfig { bidirectional: true, ..Default::default() };
        let encoder = nn::lstm(&root / "encoder", FRAME as i64, ENCODER_HIDDEN, bidirectional);
        let decoders = Genre::ALL
            .iter()
            .map(|genre| {
                let path = &root / "decoder" / genre.id();
                Decoder {
                    lstm: nn::lstm(&path, 2 * ENCODER_HIDDEN, DECODER_HIDDEN, nn::RNNConfig::default()),
                    output: nn::linear(&path / "output", DECODER_HIDDEN, PIANO_KEYS as i64, Default::default()),
                }
            })
            .collect();
        Self { variables, encoder, decoders }
    }

    /// What the encoder makes of `frames` \[batch, steps, 176\]: \[batch, steps, 256\].
    pub fn encode(&self, frames: &Tensor, training: bool) -> Tensor {
        self.encoder.seq(frames).0.dropout(DROPOUT, training)
    }

    /// Deviations in a genre, in velocity steps: \[batch, steps, 88\].
    pub fn decode(&self, memory: &Tensor, genre: Genre, training: bool) -> Tensor {
        let decoder = &self.decoders[genre.index()];
        let hidden = decoder.lstm.seq(memory).0.dropout(DROPOUT, training);
        decoder.output.forward(&hidden) * OUTPUT_SCALE
    }

    /// Deviations of one whole take, \[steps, 88\], from its frames \[steps, 176\].
    pub fn predict(&self, frames: &[f32], genre: Genre) -> Vec<f32> {
        tch::no_grad(|| {
            let frames = Tensor::from_slice(frames).view([1, -1, FRAME as i64]).to_device(self.variables.device());
            let deviations = self.decode(&self.encode(&frames, false), genre, false);
            Vec::try_from(deviations.to_device(Device::Cpu).flatten(0, -1)).expect("a float tensor")
        })
    }
}
