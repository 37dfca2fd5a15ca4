//! Loads and runs the note model's graphs.
//!
//! - The past encoder runs forward over the notes and carries its state.
//! - The look-ahead network runs backward, from the last known note to the one at hand.
//! - Each style has a decoder, which reads both encodings and predicts a mean and a spread.

mod lanes;
mod long;
mod performance;

pub use lanes::LANES;
pub(super) use lanes::LONGEST_LANE;
pub use performance::EncodedNotes;

use std::sync::Arc;

use tonenet_core::note_rows::{AHEAD, PAST};
use tonenet_core::style::{StyleIndex, StyleKeys};

use crate::bundle::ModelFiles;
use crate::cancellation::Cancellation;
use crate::decoders::Decoders;
use crate::error::InferenceError;
use crate::feel::FeelModel;
use crate::manifest::{NetworkEntry, Sha256};
use crate::model::{Prediction, StyleSpread};
use crate::runtime::{Graph, Runtime, Tensor, TensorRef};
use crate::styles::PlayedStyle;
use crate::user_style::ReadoutFingerprint;

/// Hidden units that a manifest may give; states of these sizes are allocated before a graph could refuse them.
const WIDTHS: std::ops::RangeInclusive<usize> = 1..=65_536;

/// The most notes in one run. A runtime may keep a run's memory, so it must stay small.
const CHUNK: usize = 64;

/// The loaded note model; several instances may share it.
pub struct NoteNetwork {
    past: Arc<dyn Graph>,
    ahead: Arc<dyn Graph>,
    /// The checksums of the files of both.
    encoders: Vec<Sha256>,
    decoders: Decoders,
    past_hidden: usize,
    ahead_hidden: usize,
    decoder_hidden: usize,
    /// What its styles do besides velocities, if that is known.
    feel: Option<&'static FeelModel>,
}

/// The past encoder's state after some notes, for one or more performances in a batch.
#[derive(Debug, Clone)]
pub struct PastState([Tensor; 4]);

/// The look-ahead network's state, for one or more segments in a batch.
#[derive(Debug, Clone)]
pub struct AheadState([Tensor; 2]);

/// A decoder's state after some notes, for one or more performances in a batch.
#[derive(Debug, Clone)]
pub struct DecoderState([Tensor; 2]);

impl NoteNetwork {
    /// The graphs that every style reads.
    pub(crate) fn shared_graphs(&self) -> impl Iterator<Item = &Arc<dyn Graph>> {
        [&self.past, &self.ahead].into_iter()
    }

    /// Loads the shared graphs and the decoder of each style.
    ///
    /// # Errors
    /// When the runtime refuses a graph, or the model does not read this version's rows of notes.
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
            return Err(bad(format!("{layer}_hidden is {width}; it must be {least} to {most}")));
        }
        if (past_columns, ahead_columns) != (PAST, AHEAD) {
            return Err(bad(format!(
                "rows of {past_columns} and {ahead_columns} columns are not this version's {PAST} and {AHEAD}"
            )));
        }
        let mut shared = files.shared().map(|file| runtime.load(file));
        let mut next = || shared.next().unwrap_or_else(|| Err(bad("a graph is missing".into())));
        let (past, ahead) = (next()?, next()?);
        let decoders = Decoders::load(runtime, files)?;
        let encoders = files.shared().map(|file| file.sha256()).collect();
        let network = Self { past, ahead, encoders, decoders, past_hidden, ahead_hidden, decoder_hidden, feel: None };
        Ok(network.with_embedded_feel())
    }

    /// The same network with the feel that is compiled into the binary, if that was trained on it.
    #[cfg(feature = "embedded")]
    fn with_embedded_feel(self) -> Self {
        let feel = FeelModel::embedded().ok().filter(|feel| feel.check(&self).is_ok());
        Self { feel, ..self }
    }

    #[cfg(not(feature = "embedded"))]
    fn with_embedded_feel(self) -> Self {
        self
    }

    /// What its styles do besides velocities, if that is known.
    pub fn feel(&self) -> Option<&FeelModel> {
        self.feel
    }

    /// The spreads of a style, in velocity steps; `None` without a decoder for it.
    pub fn style(&self, style: StyleIndex) -> Option<StyleSpread> {
        self.decoders.get(style).ok().map(|d| d.spread)
    }

    /// The spread of human velocities around a style's means, in velocity steps; `None` without a decoder for it.
    pub fn residual(&self, style: StyleIndex) -> Option<f32> {
        self.decoders.get(style).ok().map(|d| d.residual)
    }

    /// The fingerprint of the encoders and of the decoders of some styles.
    ///
    /// # Errors
    /// [`InferenceError::NoSuchStyle`] without a decoder for one of them.
    pub fn fingerprint(&self, styles: &[StyleIndex]) -> Result<ReadoutFingerprint, InferenceError> {
        let checksum =
            |&style: &StyleIndex| self.decoders.get(style).map(|decoder| (decoder.id.as_str(), decoder.sha256));
        let decoders = styles.iter().map(checksum).collect::<Result<Vec<_>, _>>()?;
        Ok(ReadoutFingerprint::new(&self.encoders, decoders))
    }

    /// The styles that have a decoder.
    pub fn styles(&self) -> impl Iterator<Item = StyleIndex> + '_ {
        self.decoders.0.iter().map(|decoder| decoder.style)
    }

    /// The spreads of a style that it plays; `None` without a decoder for it.
    pub fn played_style(&self, style: &PlayedStyle) -> Option<StyleSpread> {
        match style {
            PlayedStyle::Decoder(style) => self.style(*style),
            PlayedStyle::User(style) => Some(style.spread()),
        }
    }

    /// The key of each style that has a decoder.
    pub fn style_keys(&self) -> StyleKeys {
        self.decoders.keys()
    }

    /// Numbers in the past encoding of a note.
    pub fn past_width(&self) -> usize {
        self.past_hidden
    }

    /// Numbers in the look-ahead encoding of a note.
    pub fn ahead_width(&self) -> usize {
        self.ahead_hidden
    }

    /// The past encoder's state before the first note.
    pub fn initial_past_state(&self) -> PastState {
        PastState(std::array::from_fn(|_| zeros(1, self.past_hidden)))
    }

    /// The look-ahead network's state after the last note, for a batch of `batch` segments.
    pub fn initial_ahead_state(&self, batch: usize) -> AheadState {
        AheadState(std::array::from_fn(|_| zeros(batch, self.ahead_hidden)))
    }

    /// A decoder's state before the first note.
    pub fn initial_decoder_state(&self) -> DecoderState {
        DecoderState(std::array::from_fn(|_| zeros(1, self.decoder_hidden)))
    }

    /// Encodes the `past` rows of the next notes, \[notes, batch, PAST\], and advances the state; the batch is its.
    ///
    /// Returns the past encodings, \[notes, batch, [`Self::past_width`]\].
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn read(&self, past: &[f32], state: &mut PastState) -> Result<Vec<f32>, InferenceError> {
        let [lower_h, lower_c, upper_h, upper_c] = &state.0;
        let batch = lower_h.shape[1];
        let notes = past.len() / PAST / batch;
        if notes == 0 {
            return Ok(Vec::new());
        }
        let outputs = self.past.run(
            &[
                ("past", TensorRef { shape: &[notes, batch, PAST], data: past }),
                ("lower_h", lower_h.view()),
                ("lower_c", lower_c.view()),
                ("upper_h", upper_h.view()),
                ("upper_c", upper_c.view()),
            ],
            &["before", "lower_h_out", "lower_c_out", "upper_h_out", "upper_c_out"],
        )?;
        let mut outputs = outputs.into_iter();
        let encoding = next_output(&mut outputs, "before", [notes, batch, self.past_hidden])?.data;
        for state in &mut state.0 {
            *state = next_output(&mut outputs, "the past encoder's state", [1, batch, self.past_hidden])?;
        }
        Ok(encoding)
    }

    /// [`Self::read`] over any number of notes, chunk by chunk in bounded memory.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn read_in_chunks(&self, past: &[f32], state: &mut PastState) -> Result<Vec<f32>, InferenceError> {
        let mut encodings = Vec::with_capacity(past.len() / PAST * self.past_hidden);
        for chunk in past.chunks(CHUNK * PAST) {
            encodings.extend(self.read(chunk, state)?);
        }
        Ok(encodings)
    }

    /// Runs the look-ahead network from the last of some notes back to the first, and advances the state.
    ///
    /// `past` is \[notes, batch, PAST\] and `ahead` \[notes, batch, AHEAD\]; the batch is the state's. Returns the
    /// look-ahead encodings, \[notes, batch, `ahead_hidden`\].
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
        let encoding = next_output(&mut outputs, "behind", [notes, batch, self.ahead_hidden])?.data;
        for state in &mut state.0 {
            *state = next_output(&mut outputs, "the look-ahead network's state", [1, batch, self.ahead_hidden])?;
        }
        Ok(encoding)
    }

    /// [`Self::look_ahead`] over one segment of any length, chunk by chunk in bounded memory.
    ///
    /// # Errors
    /// On cancellation, or when the runtime fails.
    pub fn look_ahead_in_chunks(
        &self,
        past: &[f32],
        ahead: &[f32],
        state: &mut AheadState,
        cancellation: &Cancellation,
    ) -> Result<Vec<f32>, InferenceError> {
        let mut encodings = vec![0.0; past.len() / PAST * self.ahead_hidden];
        let chunks = past.chunks(CHUNK * PAST).zip(ahead.chunks(CHUNK * AHEAD));
        for ((past, ahead), encoding) in chunks.zip(encodings.chunks_mut(CHUNK * self.ahead_hidden)).rev() {
            cancellation.check()?;
            encoding.copy_from_slice(&self.look_ahead(past, ahead, state)?);
        }
        Ok(encodings)
    }

    /// Predicts the mean and spread of the next notes in a style, in velocity steps, and advances the state.
    ///
    /// `past_encoding` comes from [`Self::read`] and `ahead_encoding` from [`Self::look_ahead`], of the same notes and
    /// the state's batch. The predictions are \[notes, batch\].
    ///
    /// # Errors
    /// When the runtime fails or there is no decoder for the style.
    pub fn decode(
        &self,
        style: StyleIndex,
        past_encoding: &[f32],
        ahead_encoding: &[f32],
        state: &mut DecoderState,
    ) -> Result<Vec<Prediction>, InferenceError> {
        let decoder = self.decoders.get(style)?;
        let batch = state.0[0].shape[1];
        let notes = past_encoding.len() / self.past_hidden / batch;
        if notes == 0 {
            return Ok(Vec::new());
        }
        let outputs = decoder.graph.run(
            &[
                ("before", TensorRef { shape: &[notes, batch, self.past_hidden], data: past_encoding }),
                ("behind", TensorRef { shape: &[notes, batch, self.ahead_hidden], data: ahead_encoding }),
                ("h", state.0[0].view()),
                ("c", state.0[1].view()),
            ],
            &["mean", "spread", "h_out", "c_out"],
        )?;
        let mut outputs = outputs.into_iter();
        let means = next_output(&mut outputs, "mean", [notes, batch, 1])?.data;
        let spreads = next_output(&mut outputs, "spread", [notes, batch, 1])?.data;
        for state in &mut state.0 {
            *state = next_output(&mut outputs, "the decoder's state", [1, batch, self.decoder_hidden])?;
        }
        let pairs = means.into_iter().zip(spreads);
        Ok(pairs.map(|(deviation, spread)| Prediction { deviation, spread }).collect())
    }

    /// [`Self::decode`] over any number of notes, chunk by chunk in bounded memory.
    ///
    /// # Errors
    /// When the runtime fails or there is no decoder for the style.
    // It repeats the parameters of `decode` because it is the same call over more notes.
    pub fn decode_in_chunks(
        &self,
        style: StyleIndex,
        past_encoding: &[f32],
        ahead_encoding: &[f32],
        state: &mut DecoderState,
    ) -> Result<Vec<Prediction>, InferenceError> {
        let mut predictions = Vec::with_capacity(past_encoding.len() / self.past_hidden);
        let past_chunks = past_encoding.chunks(CHUNK * self.past_hidden);
        for (past, ahead) in past_chunks.zip(ahead_encoding.chunks(CHUNK * self.ahead_hidden)) {
            predictions.extend(self.decode(style, past, ahead, state)?);
        }
        Ok(predictions)
    }
}

/// Takes a run's next output and checks that it has as many numbers as its shape.
fn next_output(
    outputs: &mut impl Iterator<Item = Tensor>,
    output: &'static str,
    shape: [usize; 3],
) -> Result<Tensor, InferenceError> {
    let data = outputs.next().unwrap_or_default().data;
    let expected = shape.iter().product();
    if data.len() != expected {
        return Err(InferenceError::BadOutput { output, found: data.len(), expected });
    }
    Ok(Tensor { shape: shape.to_vec(), data })
}

fn zeros(batch: usize, hidden: usize) -> Tensor {
    Tensor { shape: vec![1, batch, hidden], data: vec![0.0; batch * hidden] }
}

#[cfg(test)]
mod tests;
