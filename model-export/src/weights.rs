//! Tensors by name and shape out of a safetensors file, with errors that say which tensor is wrong and how.

use std::collections::BTreeMap;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use crate::ExportError;
use crate::quantise::Rows;

/// The tensors of a trained model.
#[derive(Debug)]
pub struct Weights<'a> {
    tensors: SafeTensors<'a>,
}

/// A tensor of two axes, in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Length of the first axis.
    pub rows: usize,
    /// Length of the second axis.
    pub columns: usize,
    /// `rows × columns` numbers.
    pub values: Vec<f32>,
}

/// The weights of one direction of an LSTM layer, in torch's gate order (input, forget, cell, output).
#[derive(Debug, Clone, PartialEq)]
pub struct Lstm {
    /// Width of a step of the input.
    pub input: usize,
    /// Width of the hidden state, H.
    pub hidden: usize,
    /// Weights of the input, 4H × input.
    pub input_weights: Vec<f32>,
    /// Weights of the hidden state, 4H × H.
    pub hidden_weights: Vec<f32>,
    /// Bias added to the input's part, 4H.
    pub input_bias: Vec<f32>,
    /// Bias added to the hidden state's part, 4H.
    pub hidden_bias: Vec<f32>,
}

/// A fully connected layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Weights, outputs × inputs.
    pub weight: Matrix,
    /// What is added to each output, unless the layer has no bias.
    pub bias: Option<Vec<f32>>,
}

impl<'a> Weights<'a> {
    /// Reads the bytes of a safetensors file; no tensor is copied yet.
    ///
    /// # Errors
    /// [`ExportError::NotSafetensors`] when they are not one.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, ExportError> {
        SafeTensors::deserialize(bytes)
            .map(|tensors| Self { tensors })
            .map_err(|e| ExportError::NotSafetensors { reason: e.to_string() })
    }

    /// A tensor of one axis of the given length.
    ///
    /// # Errors
    /// When the tensor is missing, of another shape or type, or not finite.
    pub fn vector(&self, tensor: &str, length: usize) -> Result<Vec<f32>, ExportError> {
        let (shape, values) = self.floats(tensor)?;
        if shape != [length] {
            return Err(wrong_shape(tensor, shape, format!("[{length}]")));
        }
        Ok(values)
    }

    /// A tensor of two axes of any length above zero.
    ///
    /// # Errors
    /// When the tensor is missing, of another shape or type, or not finite.
    pub fn matrix(&self, tensor: &str) -> Result<Matrix, ExportError> {
        let (shape, values) = self.floats(tensor)?;
        match *shape.as_slice() {
            [rows, columns] if rows > 0 && columns > 0 => Ok(Matrix { rows, columns, values }),
            _ => Err(wrong_shape(tensor, shape, "[rows, columns]".into())),
        }
    }

    /// One direction of an LSTM layer: the tensors `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` and `bias_hh_l0`, each
    /// with `prefix` before and `suffix` (`"_reverse"` for the backward direction) behind. Widths are read from the
    /// shapes.
    ///
    /// # Errors
    /// When a tensor is missing, of a shape that does not fit the others, of another type, or not finite.
    pub fn lstm(&self, prefix: &str, suffix: &str) -> Result<Lstm, ExportError> {
        let name = |part: &str| format!("{prefix}{part}_l0{suffix}");
        let recurrent = name("weight_hh");
        let hidden_weights = self.matrix(&recurrent)?;
        let hidden = hidden_weights.columns;
        if hidden_weights.rows != 4 * hidden {
            return Err(wrong_shape(&recurrent, vec![hidden_weights.rows, hidden], "[4H, H]".into()));
        }
        let forward = name("weight_ih");
        let input_weights = self.matrix(&forward)?;
        if input_weights.rows != 4 * hidden {
            let wanted = format!("[{}, inputs]", 4 * hidden);
            return Err(wrong_shape(&forward, vec![input_weights.rows, input_weights.columns], wanted));
        }
        Ok(Lstm {
            input: input_weights.columns,
            hidden,
            input_weights: input_weights.values,
            hidden_weights: hidden_weights.values,
            input_bias: self.vector(&name("bias_ih"), 4 * hidden)?,
            hidden_bias: self.vector(&name("bias_hh"), 4 * hidden)?,
        })
    }

    /// An [`Weights::lstm`] of one direction whose input must be `input` wide.
    ///
    /// # Errors
    /// As [`Weights::lstm`], and when the input is of another width.
    pub fn lstm_over(&self, prefix: &str, input: usize) -> Result<Lstm, ExportError> {
        let lstm = self.lstm(prefix, "")?;
        if lstm.input != input {
            let rows = 4 * lstm.hidden;
            let wanted = format!("[{rows}, {input}]");
            return Err(wrong_shape(&format!("{prefix}weight_ih_l0"), vec![rows, lstm.input], wanted));
        }
        Ok(lstm)
    }

    /// A fully connected layer of any number of inputs: the tensors `weight` and `bias` with `prefix` before.
    ///
    /// # Errors
    /// When a tensor is missing, of a shape that does not fit the other, of another type, or not finite.
    pub fn linear(&self, prefix: &str) -> Result<Linear, ExportError> {
        let weight = self.matrix(&format!("{prefix}weight"))?;
        let bias = self.vector(&format!("{prefix}bias"), weight.rows)?;
        Ok(Linear { weight, bias: Some(bias) })
    }

    /// A [`Weights::linear`] whose input must be `inputs` wide.
    ///
    /// # Errors
    /// As [`Weights::linear`], and when the input is of another width.
    pub fn linear_over(&self, prefix: &str, inputs: usize) -> Result<Linear, ExportError> {
        let linear = self.linear(prefix)?;
        let Matrix { rows, columns, .. } = linear.weight;
        if columns != inputs {
            let wanted = format!("[outputs, {inputs}]");
            return Err(wrong_shape(&format!("{prefix}weight"), vec![rows, columns], wanted));
        }
        Ok(linear)
    }

    /// Whether the file has a tensor.
    pub fn contains(&self, tensor: &str) -> bool {
        self.tensors.tensor(tensor).is_ok()
    }

    /// Whether the file has a tensor whose name begins so.
    pub fn has_prefix(&self, prefix: &str) -> bool {
        self.tensors.names().iter().any(|name| name.starts_with(prefix))
    }

    /// The same file with every matrix as [`crate::quantise::Precision::StoredInt8`] gives it back.
    ///
    /// # Errors
    /// When a tensor is of another type than 32-bit floats, or not finite.
    pub fn rounded(&self) -> Result<Vec<u8>, ExportError> {
        self.rounded_but(&BTreeMap::new())
    }

    /// [`Weights::rounded`], but for tensors that a graph stores in rows of its own, which have these values.
    pub(crate) fn rounded_but(&self, others: &BTreeMap<&str, Vec<f32>>) -> Result<Vec<u8>, ExportError> {
        let mut tensors = BTreeMap::new();
        for tensor in self.tensors.names() {
            let (shape, values) = self.floats(tensor)?;
            let values = match (others.get(tensor), shape.as_slice()) {
                (Some(values), _) => values.clone(),
                (None, &[_, width]) if width > 0 => Rows::stored(&values, width).unfolded(width),
                _ => values,
            };
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            tensors.insert(tensor, (shape, bytes));
        }
        let unreadable = |e: safetensors::SafeTensorError| ExportError::NotSafetensors { reason: e.to_string() };
        let views = tensors
            .iter()
            .map(|(name, (shape, bytes))| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(unreadable)?;
        serialize(views, None).map_err(unreadable)
    }

    fn floats(&self, tensor: &str) -> Result<(Vec<usize>, Vec<f32>), ExportError> {
        let view = self.tensors.tensor(tensor).map_err(|_| ExportError::MissingTensor { tensor: tensor.into() })?;
        if view.dtype() != Dtype::F32 {
            return Err(ExportError::WrongType { tensor: tensor.into(), found: format!("{:?}", view.dtype()) });
        }
        let (words, _) = view.data().as_chunks::<4>();
        let values: Vec<f32> = words.iter().map(|&word| f32::from_le_bytes(word)).collect();
        if values.iter().any(|v| !v.is_finite()) {
            return Err(ExportError::NotFinite { tensor: tensor.into() });
        }
        Ok((view.shape().to_vec(), values))
    }
}

/// The error for a tensor whose shape does not fit.
pub(crate) fn wrong_shape(tensor: &str, found: Vec<usize>, wanted: String) -> ExportError {
    ExportError::WrongShape { tensor: tensor.into(), found, wanted }
}
