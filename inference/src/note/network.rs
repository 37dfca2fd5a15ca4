//! The note model's graphs: an encoder of the past that carries its state, a look-ahead network that runs from the
//! last known note back, and a decoder a style.

mod performance;

use std::sync::Arc;

use tonenet_core::genre::Genre;
use tonenet_core::note_rows::{AHEAD, PAST};

use crate::bundle::ModelFiles;
use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::manifest::NetworkEntry;
use crate::model::{Prediction, StyleSpread};
use crate::runtime::{Graph, Runtime, Tensor, TensorRef};

/// How wide a network may be: states of that many numbers are made before any graph could refuse them.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=65_536;

/// Notes that graphs run over at once: few enough that their memory, which a runtime may keep, stays small.
const PIECE: usize = 64;

/// The loaded graphs; it may be shared by several instances.
pub struct NoteNetwork {
    past: Arc<dyn Graph>,
    ahead: Arc<dyn Graph>,
    decoders: Vec<Decoder>,
    past_hidden: usize,
    ahead_hidden: usize,
    decoder_hidden: usize,
}

struct Decoder {
    style: Genre,
    graph: Arc<dyn Graph>,
    spread: StyleSpread,
}

/// What the encoder of the past has made of the notes so far.
#[derive(Debug, Clone)]
pub struct PastState([Tensor; 4]);

/// What the look-ahead network has made of the notes from the last back to the one at hand, of one or more stretches
/// side by side.
#[derive(Debug, Clone)]
pub struct AheadState([Tensor; 2]);

/// What a decoder has made of the notes so far.
#[derive(Debug, Clone)]
pub struct DecoderState([Tensor; 2]);

impl NoteNetwork {
    /// Loads the graphs of a model for the styles it has.
    ///
    /// # Errors
    /// When a runtime refuses a graph, or the model is not one over rows of notes as this version reads them.
    pub fn load(runtime: &Runtime, files: &ModelFiles) -> Result<Self, InferenceError> {
        let manifest = files.manifest();
        let bad = |reason| InferenceError::BadManifest { file: manifest.name.clone(), reason };
        let NetworkEntry::Note { past_columns, ahead_columns, past_hidden, ahead_hidden, decoder_hidden, .. } =
            manifest.network
        else {
            return Err(bad("its network is not one over rows of notes".into()));
        };
        let widths = [("past", past_hidden), ("ahead", ahead_hidden), ("decoder", decoder_hidden)];
        if let Some((layer, width)) = widths.into_iter().find(|w| !WIDTHS.contains(&w.1)) {
            let (least, most) = WIDTHS.into_inner();
            return Err(bad(format!("{layer}_hidden is {width}; a network is {least} to {most} wide")));
        }
        if (past_columns, ahead_columns) != (PAST, AHEAD) {
            return Err(bad(format!(
                "rows of {past_columns} and {ahead_columns} columns are not this version's {PAST} and {AHEAD}"
            )));
        }
        let mut shared = files.shared().map(|file| runtime.load(file));
        let mut next = || shared.next().unwrap_or_else(|| Err(bad("a graph is missing".into())));
        let (past, ahead) = (next()?, next()?);
        let mut decoders = Vec::new();
        for style in Genre::ALL {
            let Some(entry) = manifest.style(style) else { continue };
            decoders.push(Decoder {
                style,
                graph: runtime.load(files.decoder(style)?)?,
                spread: StyleSpread { human: entry.human_spread, predicted: entry.predicted_spread },
            });
        }
        Ok(Self { past, ahead, decoders, past_hidden, ahead_hidden, decoder_hidden })
    }

    /// How a style spreads, if the model plays it.
    pub fn style(&self, style: Genre) -> Option<StyleSpread> {
        self.decoder(style).ok().map(|d| d.spread)
    }

    /// Numbers that the encoder of the past gives a note.
    pub fn past_width(&self) -> usize {
        self.past_hidden
    }

    /// The state before the first note.
    pub fn fresh_past(&self) -> PastState {
        PastState(std::array::from_fn(|_| zeros(1, self.past_hidden)))
    }

    /// The state behind the last note of `batch` stretches.
    pub fn fresh_ahead(&self, batch: usize) -> AheadState {
        AheadState(std::array::from_fn(|_| zeros(batch, self.ahead_hidden)))
    }

    /// A decoder's state before the first note.
    pub fn fresh_decoder(&self) -> DecoderState {
        DecoderState(std::array::from_fn(|_| zeros(1, self.decoder_hidden)))
    }

    /// Reads notes' `past` rows, \[notes, PAST\], after those the state has read: \[notes, [`Self::past_width`]\].
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn read(&self, past: &[f32], state: &mut PastState) -> Result<Vec<f32>, InferenceError> {
        let notes = past.len() / PAST;
        if notes == 0 {
            return Ok(Vec::new());
        }
        let [lower_h, lower_c, upper_h, upper_c] = &state.0;
        let outputs = self.past.run(
            &[
                ("past", TensorRef { shape: &[notes, 1, PAST], data: past }),
                ("lower_h", lower_h.view()),
                ("lower_c", lower_c.view()),
                ("upper_h", upper_h.view()),
                ("upper_c", upper_c.view()),
            ],
            &["before", "lower_h_out", "lower_c_out", "upper_h_out", "upper_c_out"],
        )?;
        let mut outputs = outputs.into_iter();
        let before = take(&mut outputs, "before", [notes, 1, self.past_hidden])?.data;
        for state in &mut state.0 {
            *state = take(&mut outputs, "the past's state", [1, 1, self.past_hidden])?;
        }
        Ok(before)
    }

    /// [`Self::read`] over any number of notes in the same memory.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn read_in_pieces(&self, past: &[f32], state: &mut PastState) -> Result<Vec<f32>, InferenceError> {
        let mut before = Vec::with_capacity(past.len() / PAST * self.past_hidden);
        for piece in past.chunks(PIECE * PAST) {
            before.extend(self.read(piece, state)?);
        }
        Ok(before)
    }

    /// Looks from the last of some notes back to the first, after those behind that the state has seen; equally long
    /// stretches side by side, as many as the state is of.
    ///
    /// `past` is \[notes, batch, PAST\], `ahead` \[notes, batch, AHEAD\]; the answer is as long and wide as the
    /// network's hidden layer.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn look_ahead(&self, past: &[f32], ahead: &[f32], state: &mut AheadState) -> Result<Vec<f32>, InferenceError> {
        let [h, c] = &state.0;
        let batch = h.shape[1];
        let notes = past.len() / PAST / batch;
        if notes == 0 {
            return Ok(Vec::new());
        }
        let outputs = self.ahead.run(
            &[
                ("past", TensorRef { shape: &[notes, batch, PAST], data: past }),
                ("ahead", TensorRef { shape: &[notes, batch, AHEAD], data: ahead }),
                ("h", h.view()),
                ("c", c.view()),
            ],
            &["behind", "h_out", "c_out"],
        )?;
        let mut outputs = outputs.into_iter();
        let behind = take(&mut outputs, "behind", [notes, batch, self.ahead_hidden])?.data;
        for state in &mut state.0 {
            *state = take(&mut outputs, "the look-ahead's state", [1, batch, self.ahead_hidden])?;
        }
        Ok(behind)
    }

    /// [`Self::look_ahead`] over one stretch of any length in the same memory.
    ///
    /// # Errors
    /// When the runtime fails or nobody wants it any more.
    pub fn look_ahead_in_pieces(
        &self,
        past: &[f32],
        ahead: &[f32],
        state: &mut AheadState,
        cancellation: &Cancellation,
    ) -> Result<Vec<f32>, InferenceError> {
        let mut behind = vec![0.0; past.len() / PAST * self.ahead_hidden];
        let pieces = past.chunks(PIECE * PAST).zip(ahead.chunks(PIECE * AHEAD));
        for ((past, ahead), behind) in pieces.zip(behind.chunks_mut(PIECE * self.ahead_hidden)).rev() {
            cancellation.check()?;
            behind.copy_from_slice(&self.look_ahead(past, ahead, state)?);
        }
        Ok(behind)
    }

    /// What a style expects of notes, from what [`Self::read`] and [`Self::look_ahead`] gave for each, after those
    /// the state has decoded.
    ///
    /// # Errors
    /// When the runtime fails or there is no decoder for the style.
    pub fn decode(
        &self,
        style: Genre,
        before: &[f32],
        behind: &[f32],
        state: &mut DecoderState,
    ) -> Result<Vec<Prediction>, InferenceError> {
        let decoder = self.decoder(style)?;
        let notes = before.len() / self.past_hidden;
        if notes == 0 {
            return Ok(Vec::new());
        }
        let outputs = decoder.graph.run(
            &[
                ("before", TensorRef { shape: &[notes, 1, self.past_hidden], data: before }),
                ("behind", TensorRef { shape: &[notes, 1, self.ahead_hidden], data: behind }),
                ("h", state.0[0].view()),
                ("c", state.0[1].view()),
            ],
            &["mean", "spread", "h_out", "c_out"],
        )?;
        let mut outputs = outputs.into_iter();
        let means = take(&mut outputs, "mean", [notes, 1, 1])?.data;
        let spreads = take(&mut outputs, "spread", [notes, 1, 1])?.data;
        for state in &mut state.0 {
            *state = take(&mut outputs, "the decoder's state", [1, 1, self.decoder_hidden])?;
        }
        let together = means.into_iter().zip(spreads);
        Ok(together.map(|(deviation, spread)| Prediction { deviation, spread }).collect())
    }

    /// [`Self::decode`] over any number of notes in the same memory.
    ///
    /// # Errors
    /// When the runtime fails or there is no decoder for the style.
    pub fn decode_in_pieces(
        &self,
        style: Genre,
        before: &[f32],
        behind: &[f32],
        state: &mut DecoderState,
    ) -> Result<Vec<Prediction>, InferenceError> {
        let mut predictions = Vec::with_capacity(before.len() / self.past_hidden);
        for (before, behind) in before.chunks(PIECE * self.past_hidden).zip(behind.chunks(PIECE * self.ahead_hidden)) {
            predictions.extend(self.decode(style, before, behind, state)?);
        }
        Ok(predictions)
    }

    fn decoder(&self, style: Genre) -> Result<&Decoder, InferenceError> {
        self.decoders.iter().find(|d| d.style == style).ok_or(InferenceError::NoSuchStyle { style })
    }
}

/// A run's next output; it must have as many numbers as its shape says.
fn take(
    outputs: &mut impl Iterator<Item = Tensor>,
    output: &'static str,
    shape: [usize; 3],
) -> Result<Tensor, InferenceError> {
    let data = outputs.next().unwrap_or_default().data;
    let due = shape.iter().product();
    if data.len() != due {
        return Err(InferenceError::BadOutput { output, found: data.len(), due });
    }
    Ok(Tensor { shape: shape.to_vec(), data })
}

fn zeros(batch: usize, hidden: usize) -> Tensor {
    Tensor { shape: vec![1, batch, hidden], data: vec![0.0; batch * hidden] }
}

#[cfg(test)]
mod tests;
