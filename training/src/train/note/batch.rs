//! One step's batch for the note model, with its dropout masks.

use tch::{Device, Tensor};

/// Hidden units of both layers of the encoder of the past.
pub const PAST_HIDDEN: i64 = 160;
/// Hidden units of the look-ahead network.
pub const AHEAD_HIDDEN: i64 = 128;
/// Hidden units of each decoder's LSTM.
pub const DECODER_HIDDEN: i64 = 96;

/// Share of units dropped; they stay the same throughout an excerpt (arXiv 1512.05287).
const DROPOUT: f32 = 0.3;

/// A batch of excerpts of one genre.
pub struct NoteBatch {
    /// \[excerpts, notes, PAST\].
    pub past: Tensor,
    /// \[excerpts, notes, AHEAD\].
    pub ahead: Tensor,
    /// Deviation of each note from its file's mean, in units of the usual spread: \[excerpts, notes\].
    pub deviations: Tensor,
    /// 0 in padding rows, otherwise the weight of the note's file.
    pub weights: Tensor,
    /// See [`super::network::NoteNetwork::forward`].
    pub segment: i64,
    /// The decoder of the style in which the model gets the player's velocities, or `None` to withhold them.
    pub player_style: Option<usize>,
    /// The member that trains on it.
    pub member: usize,
    pub masks: Masks,
}

/// Dropout masks of one batch, \[excerpts, 1, width\] each: 0 for dropped units, otherwise the compensating scale.
pub struct Masks {
    pub past: Tensor,
    pub memory: Tensor,
    pub decoder: Tensor,
}

impl Masks {
    /// Widths of the three masks.
    const WIDTHS: [i64; 3] = [PAST_HIDDEN, PAST_HIDDEN + AHEAD_HIDDEN, DECODER_HIDDEN];

    /// Draws masks; each call of `uniform` returns a number of 0–1.
    pub fn draw(excerpts: usize, mut uniform: impl FnMut() -> f32, device: Device) -> Self {
        let [past, memory, decoder] = Self::WIDTHS.map(|width| {
            let kept: Vec<f32> = (0..excerpts * width as usize)
                .map(|_| if uniform() < DROPOUT { 0.0 } else { 1.0 / (1.0 - DROPOUT) })
                .collect();
            Tensor::from_slice(&kept).view([excerpts as i64, 1, width]).to_device(device)
        });
        Self { past, memory, decoder }
    }
}
