//! A rectified flow (arXiv 2209.03003) from noise to the latent values of encoded phrases; it draws new images.
//!
//! On the straight line from noise to an encoded phrase, a mixer learns the direction of the phrase at every moment of
//! 0–1. Drawing follows that direction from noise in a few steps.

use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};
use tonenet_inference::generate::textures::{MOMENT, moment};

use super::network::{LATENT, Mixer, ROWS, Shape};

const SHAPE: Shape = Shape { width: 224, hidden: 448, blocks: 3 };

/// Integration steps from noise to a new image.
pub const STEPS: usize = 8;

/// The flow's network.
pub struct Flow {
    variables: VarStore,
    mixer: Mixer,
}

impl Flow {
    pub fn new(device: Device) -> Self {
        let variables = VarStore::new(device);
        let mixer = Mixer::new(variables.root() / "flow", LATENT + MOMENT as i64, LATENT, SHAPE);
        Self { variables, mixer }
    }

    pub fn variables(&self) -> &VarStore {
        &self.variables
    }

    pub fn variables_mut(&mut self) -> &mut VarStore {
        &mut self.variables
    }

    /// Predicted directions of latent values, \[images, ROWS, LATENT\], at one moment each; computed in `kind`.
    pub fn direction(&self, latents: &Tensor, moments: &[f32], kind: Kind) -> Tensor {
        let flat: Vec<f32> = moments.iter().flat_map(|&at| moment(at)).collect();
        let moments = Tensor::from_slice(&flat).to_device(latents.device());
        let moments = moments.view([-1, 1, MOMENT as i64]).expand([-1, ROWS, -1], false);
        let rows = Tensor::cat(&[latents, &moments], -1);
        self.mixer.mixed(&rows.to_kind(kind)).to_kind(Kind::Float)
    }

    /// Mean squared error of the predicted directions.
    pub fn loss(&self, latents: &Tensor, moments: &[f32], kind: Kind) -> Tensor {
        let noise = latents.randn_like();
        let share = Tensor::from_slice(moments).to_device(latents.device()).view([-1, 1, 1]);
        let way = latents - &noise;
        let between = noise + &way * share;
        (self.direction(&between, moments, kind) - way).square().mean(Kind::Float)
    }

    /// Draws latent values: \[images, ROWS, LATENT\].
    pub fn drawn(&self, images: i64, device: Device) -> Tensor {
        tch::no_grad(|| {
            let noise = Tensor::randn([images, ROWS, LATENT], (Kind::Float, device));
            (0..STEPS).fold(noise, |latents, step| {
                let moments = vec![step as f32 / STEPS as f32; images as usize];
                let direction = self.direction(&latents, &moments, Kind::Float);
                latents + direction / STEPS as f64
            })
        })
    }
}
