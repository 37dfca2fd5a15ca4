//! The networks of the VAE-GAN: MLP-Mixers (arXiv 2105.01601) whose rows are the beats of an image.
//!
//! The paper's convolutions move a filter over pixels. Music is sparser than photographs: a mixer over beats takes a tenth
//! of the time on a CPU, and its graph consists of matrix products alone.

use tch::nn::{self, Path, VarStore};
use tch::{Device, Kind, Tensor};
use tonenet_core::note::PIANO_KEYS;
use tonenet_core::phrase_image::{BEATS, STEPS_PER_BEAT};

use tonenet_model_export::vaegan::LOG_VARIANCE;

use crate::train::layers::linear;

/// Cells per beat in one channel.
pub const ROW: i64 = (STEPS_PER_BEAT * PIANO_KEYS) as i64;
/// Rows of an image.
pub const ROWS: i64 = BEATS as i64;
/// Latent values per beat.
pub const LATENT: i64 = 40;

const SHAPE: Shape = Shape { width: 384, hidden: 768, blocks: 2 };

const DISCRIMINATOR_WIDTH: i64 = 256;
const DISCRIMINATOR_HIDDEN: i64 = 384;
const DROPOUT: f64 = 0.2;

/// Initial log variance of the latent values. With a high variance, the decoder would learn to ignore them.
const INITIAL_LOG_VARIANCE: f64 = -4.0;

/// Initial biases of onsets, sounding and velocities. They are near silence, and initial weights are small accordingly.
///
/// One cell in ninety holds an onset, one in twenty sounds.
const SILENT_BIASES: [f64; 3] = [-4.0, -3.0, 0.5];
const SILENT_SCALE: f64 = 0.1;

fn layer(path: Path<'_>, inputs: i64, outputs: i64) -> nn::Linear {
    nn::linear(path, inputs, outputs, Default::default())
}

/// A layer with initial weights near zero. The network then starts with little more than its first layer.
fn silent_layer(path: Path<'_>, inputs: i64, outputs: i64) -> nn::Linear {
    let weights = nn::Init::Randn { mean: 0.0, stdev: 0.02 / (inputs as f64).sqrt() };
    nn::linear(
        path,
        inputs,
        outputs,
        nn::LinearConfig { ws_init: weights, bs_init: Some(nn::Init::Const(0.0)), bias: true },
    )
}

/// A residual block of a mixer: it mixes along time, then within each row.
struct Block {
    along_in: nn::Linear,
    along_out: nn::Linear,
    within_in: nn::Linear,
    within_out: nn::Linear,
}

impl Block {
    fn new(path: Path<'_>, width: i64, hidden: i64) -> Self {
        Self {
            along_in: layer(&path / "along_in", ROWS, 2 * ROWS),
            along_out: silent_layer(&path / "along_out", 2 * ROWS, ROWS),
            within_in: layer(&path / "within_in", width, hidden),
            within_out: silent_layer(&path / "within_out", hidden, width),
        }
    }

    fn mixed(&self, rows: Tensor) -> Tensor {
        let along = linear(&self.along_in, &rows.transpose(1, 2).contiguous()).relu();
        let rows = rows + linear(&self.along_out, &along).transpose(1, 2);
        let within = linear(&self.within_in, &rows).relu();
        rows + linear(&self.within_out, &within)
    }
}

/// Width of a mixer's rows between its layers, width within a block, and number of blocks.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub width: i64,
    pub hidden: i64,
    pub blocks: i64,
}

/// Maps rows to rows: a layer, blocks, a layer.
pub struct Mixer {
    input: nn::Linear,
    blocks: Vec<Block>,
    output: nn::Linear,
}

impl Mixer {
    pub fn new(path: Path<'_>, inputs: i64, outputs: i64, Shape { width, hidden, blocks }: Shape) -> Self {
        Self {
            input: layer(&path / "input", inputs, width),
            blocks: (0..blocks).map(|n| Block::new(&path / "block" / n, width, hidden)).collect(),
            output: layer(&path / "output", width, outputs),
        }
    }

    pub fn mixed(&self, rows: &Tensor) -> Tensor {
        let rows = self.blocks.iter().fold(linear(&self.input, rows), |rows, block| block.mixed(rows));
        linear(&self.output, &rows)
    }
}

/// The posterior of images' latent values: \[images, ROWS, LATENT\] each.
pub struct Posterior {
    pub mean: Tensor,
    pub log_variance: Tensor,
}

impl Posterior {
    /// Draws a sample.
    pub fn drawn(&self) -> Tensor {
        &self.mean + (&self.log_variance * 0.5).exp() * self.mean.randn_like()
    }

    /// The posterior of the chosen images.
    pub fn chosen(&self, images: &[i64]) -> Self {
        let images = Tensor::from_slice(images).to_device(self.mean.device());
        Self { mean: self.mean.index_select(0, &images), log_variance: self.log_variance.index_select(0, &images) }
    }

    /// The posteriors of several groups of images, concatenated.
    pub fn joined(groups: &[Self]) -> Self {
        let join = |part: fn(&Self) -> &Tensor| Tensor::cat(&groups.iter().map(part).collect::<Vec<_>>(), 0);
        Self { mean: join(|group| &group.mean), log_variance: join(|group| &group.log_variance) }
    }
}

/// Decoded images: \[images, ROWS, ROW\] each.
pub struct Decoded {
    /// Logits of an onset.
    pub onsets: Tensor,
    /// Logits of sounding.
    pub sounding: Tensor,
    /// Velocity / 127, where a note sounds.
    pub velocities: Tensor,
}

impl Decoded {
    /// Images with cells switched on or off, \[images, ROWS, 2 ROW\], and straight-through gradients (arXiv 1308.3432).
    ///
    /// Without the thresholds, the discriminator would only learn that generated cells are not exactly 0 or 1.
    pub fn thresholded(&self) -> Tensor {
        let decided = |logits: &Tensor, decided: Tensor| {
            let share = logits.sigmoid();
            (decided.to_kind(Kind::Float) - &share).detach() + share
        };
        let onsets = self.onsets.gt(0.0);
        let sounds = self.sounding.gt(0.0).logical_or(&onsets);
        let velocities = self.velocities.clamp(0.0, 1.0) * decided(&self.sounding, sounds);
        Tensor::cat(&[velocities, decided(&self.onsets, onsets)], -1)
    }
}

/// Encoder and decoder.
pub struct Generator {
    variables: VarStore,
    encoder: Mixer,
    decoder: Mixer,
}

impl Generator {
    pub fn new(device: Device) -> Self {
        let variables = VarStore::new(device);
        let root = variables.root();
        let encoder = Mixer::new(&root / "encoder", 2 * ROW, 2 * LATENT, SHAPE);
        let decoder = Mixer::new(&root / "decoder", LATENT, 3 * ROW, SHAPE);
        tch::no_grad(|| {
            let _ = encoder.output.ws.narrow(0, LATENT, LATENT).zero_();
            if let Some(bias) = &encoder.output.bs {
                let _ = bias.narrow(0, LATENT, LATENT).fill_(INITIAL_LOG_VARIANCE);
            }
            let _ = decoder.output.ws.shallow_clone().g_mul_scalar_(SILENT_SCALE);
            if let Some(bias) = &decoder.output.bs {
                for (part, value) in SILENT_BIASES.into_iter().enumerate() {
                    let _ = bias.narrow(0, part as i64 * ROW, ROW).fill_(value);
                }
            }
        });
        Self { variables, encoder, decoder }
    }

    pub fn variables(&self) -> &VarStore {
        &self.variables
    }

    pub fn variables_mut(&mut self) -> &mut VarStore {
        &mut self.variables
    }

    /// The posterior of images, \[images, ROWS, 2 ROW\]; computed in `kind`.
    pub fn encode(&self, images: &Tensor, kind: Kind) -> Posterior {
        let parts = self.encoder.mixed(&images.to_kind(kind)).to_kind(Kind::Float).split(LATENT, -1);
        Posterior {
            mean: parts[0].shallow_clone(),
            log_variance: parts[1].clamp(f64::from(LOG_VARIANCE.0), f64::from(LOG_VARIANCE.1)),
        }
    }

    /// Decodes latent values, \[images, ROWS, LATENT\]; computed in `kind`.
    pub fn decode(&self, latent: &Tensor, kind: Kind) -> Decoded {
        let parts = self.decoder.mixed(&latent.to_kind(kind)).to_kind(Kind::Float).split(ROW, -1);
        Decoded {
            onsets: parts[0].shallow_clone(),
            sounding: parts[1].shallow_clone(),
            velocities: parts[2].shallow_clone(),
        }
    }
}

/// Tells real images from generated ones; its features also measure how similar images are.
pub struct Discriminator {
    variables: VarStore,
    input: nn::Linear,
    block: Block,
    row: nn::Linear,
    output: nn::Linear,
}

impl Discriminator {
    pub fn new(device: Device) -> Self {
        let variables = VarStore::new(device);
        let root = variables.root();
        let width = DISCRIMINATOR_WIDTH;
        Self {
            input: layer(&root / "input", 2 * ROW, width),
            block: Block::new(&root / "block", width, DISCRIMINATOR_HIDDEN),
            row: layer(&root / "row", width, width),
            output: layer(&root / "output", 2 * width, 1),
            variables,
        }
    }

    pub fn variables(&self) -> &VarStore {
        &self.variables
    }

    pub fn variables_mut(&mut self) -> &mut VarStore {
        &mut self.variables
    }

    /// Features of the images' beats, \[images, ROWS, width\], and scores, \[images\]; computed in `kind`.
    ///
    /// A score above zero means that the image is taken for real.
    pub fn features_and_scores(&self, images: &Tensor, kind: Kind, is_learning: bool) -> (Tensor, Tensor) {
        let rows = linear(&self.input, &images.to_kind(kind)).leaky_relu();
        let features = linear(&self.row, &self.block.mixed(rows)).leaky_relu().to_kind(Kind::Float);
        let over_time = [features.mean_dim(1, false, Kind::Float), features.amax(1, false)];
        let seen = Tensor::cat(&over_time, -1).dropout(DROPOUT, is_learning);
        (features, seen.apply(&self.output).squeeze_dim(-1))
    }
}
