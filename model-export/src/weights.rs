//! Reads tensors by name and shape from a safetensors file; errors say which tensor is wrong and why.

use std::collections::{BTreeMap, BTreeSet};

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors, serialize};

use crate::ExportError;
use crate::quantise::QuantisedRows;

/// The tensors of a trained model.
#[derive(Debug)]
pub struct Weights<'a> {
    tensors: SafeTensors<'a>,
}

/// A tensor with two axes, in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Length of the first axis.
    pub rows: usize,
    /// Length of the second axis.
    pub columns: usize,
    /// `rows × columns` values.
    pub values: Vec<f32>,
}

/// The weights of one direction of an LSTM layer, in torch's gate order (input, forget, cell, output).
#[derive(Debug, Clone, PartialEq)]
pub struct Lstm {
    /// Width of a step of the input.
    pub input: usize,
    /// Width of the hidden state, H.
    pub hidden: usize,
    /// Weights applied to the input, 4H × input.
    pub input_weights: Vec<f32>,
    /// Weights applied to the hidden state, 4H × H.
    pub hidden_weights: Vec<f32>,
    /// Bias of the input's term, 4H.
    pub input_bias: Vec<f32>,
    /// Bias of the hidden state's term, 4H.
    pub hidden_bias: Vec<f32>,
}

/// A fully connected layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// Weights, outputs × inputs.
    pub weight: Matrix,
    /// Bias of each output, if the layer has one.
    pub bias: Option<Vec<f32>>,
}

impl<'a> Weights<'a> {
    /// Opens the bytes of a safetensors file without copying a tensor.
    ///
    /// # Errors
    /// [`ExportError::NotSafetensors`] when the bytes are no safetensors file.
    pub fn from_bytes(bytes: &'a [u8]) -> Result<Self, ExportError> {
        SafeTensors::deserialize(bytes)
            .map(|tensors| Self { tensors })
            .map_err(|e| ExportError::NotSafetensors { reason: e.to_string() })
    }

    /// Reads a tensor with one axis of the given length.
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

    /// Reads a tensor with two axes, neither of them empty.
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

    /// Reads one direction of an LSTM layer and takes its widths from the tensors' shapes.
    ///
    /// The tensors are `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` and `bias_hh_l0`, each between `prefix` and `suffix`
    /// (`"_reverse"` for the backward direction).
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

    /// Like [`Weights::lstm`], for a forward layer whose input must be `inputs` wide.
    ///
    /// # Errors
    /// Like [`Weights::lstm`], and when the input has another width.
    pub fn lstm_with_inputs(&self, prefix: &str, inputs: usize) -> Result<Lstm, ExportError> {
        let lstm = self.lstm(prefix, "")?;
        if lstm.input != inputs {
            let rows = 4 * lstm.hidden;
            let wanted = format!("[{rows}, {inputs}]");
            return Err(wrong_shape(&format!("{prefix}weight_ih_l0"), vec![rows, lstm.input], wanted));
        }
        Ok(lstm)
    }

    /// Reads a fully connected layer: the tensors `weight` and `bias`, each behind `prefix`.
    ///
    /// # Errors
    /// When a tensor is missing, of a shape that does not fit the other, of another type, or not finite.
    pub fn linear(&self, prefix: &str) -> Result<Linear, ExportError> {
        let weight = self.matrix(&format!("{prefix}weight"))?;
        let bias = self.vector(&format!("{prefix}bias"), weight.rows)?;
        Ok(Linear { weight, bias: Some(bias) })
    }

    /// Like [`Weights::linear`], for a layer whose input must be `inputs` wide.
    ///
    /// # Errors
    /// Like [`Weights::linear`], and when the input has another width.
    pub fn linear_with_inputs(&self, prefix: &str, inputs: usize) -> Result<Linear, ExportError> {
        let linear = self.linear(prefix)?;
        let Matrix { rows, columns, .. } = linear.weight;
        if columns != inputs {
            let wanted = format!("[outputs, {inputs}]");
            return Err(wrong_shape(&format!("{prefix}weight"), vec![rows, columns], wanted));
        }
        Ok(linear)
    }

    /// Whether the file has this tensor.
    pub fn contains(&self, tensor: &str) -> bool {
        self.tensors.tensor(tensor).is_ok()
    }

    /// The names of all tensors, in any order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.names().into_iter()
    }

    /// Whether the file has a tensor whose name begins with `prefix`.
    pub fn has_prefix(&self, prefix: &str) -> bool {
        self.tensors.names().iter().any(|name| name.starts_with(prefix))
    }

    /// The same file with every matrix rounded as [`crate::quantise::Precision::StoredInt8`] rounds it.
    ///
    /// # Errors
    /// When a tensor is of another type than 32-bit floats, or not finite.
    pub fn rounded(&self) -> Result<Vec<u8>, ExportError> {
        self.rounded_except(&BTreeMap::new())
    }

    /// Like [`Weights::rounded`], except for tensors that a graph stores in other rows: `others` has their values.
    pub(crate) fn rounded_except(&self, others: &BTreeMap<&str, Vec<f32>>) -> Result<Vec<u8>, ExportError> {
        let mut tensors = BTreeMap::new();
        for tensor in self.tensors.names() {
            let (shape, values) = self.floats(tensor)?;
            let values = match (others.get(tensor), shape.as_slice()) {
                (Some(values), _) => values.clone(),
                (None, &[_, width]) if width > 0 => QuantisedRows::stored(&values, width).dequantised(width),
                _ => values,
            };
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            tensors.insert(tensor, (shape, bytes));
        }
        serialised(&tensors)
    }

    /// The mean of these weights and some others, as a safetensors file. Networks that began with the same weights have a
    /// mean that predicts better than each (arXiv 2203.05482).
    ///
    /// # Errors
    /// When a tensor is missing in one of them or of another shape there, is of another type than 32-bit floats, or not
    /// finite.
    pub fn mean_with(&self, others: &[Self]) -> Result<Vec<u8>, ExportError> {
        let count = others.len() as f32 + 1.0;
        let names = |weights: &Self| weights.names().map(str::to_owned).collect::<BTreeSet<_>>();
        let mut tensors = BTreeMap::new();
        for tensor in [self].into_iter().chain(others).flat_map(names).collect::<BTreeSet<_>>() {
            let (shape, mut sums) = self.floats(&tensor)?;
            for other in others {
                let (found, values) = other.floats(&tensor)?;
                if found != shape {
                    return Err(wrong_shape(&tensor, found, format!("{shape:?}")));
                }
                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
            let bytes: Vec<u8> = sums.into_iter().flat_map(|sum| (sum / count).to_le_bytes()).collect();
            tensors.insert(tensor, (shape, bytes));
        }
        serialised(&tensors)
    }

    /// Shape and values of a tensor of finite 32-bit floats.
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

/// A safetensors file of tensors: the shape and the bytes of each.
fn serialised<Name: AsRef<str> + Ord + std::fmt::Display>(
    tensors: &BTreeMap<Name, (Vec<usize>, Vec<u8>)>,
) -> Result<Vec<u8>, ExportError> {
    let unreadable = |e: safetensors::SafeTensorError| ExportError::NotSafetensors { reason: e.to_string() };
    let views = tensors
        .iter()
        .map(|(name, (shape, bytes))| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    serialize(views, None).map_err(unreadable)
}

/// The error for a tensor whose shape does not fit.
pub(crate) fn wrong_shape(tensor: &str, found: Vec<usize>, wanted: String) -> ExportError {
    ExportError::WrongShape { tensor: tensor.into(), found, wanted }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(tensors: &[(&str, &[f32])]) -> Vec<u8> {
        let bytes = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
        let tensors = tensors.iter().map(|(name, values)| (*name, (vec![values.len()], bytes(values)))).collect();
        serialised(&tensors).expect("tensors")
    }

    fn mean(files: &[&[u8]]) -> Result<Vec<u8>, ExportError> {
        let weights = files.iter().map(|file| Weights::from_bytes(file)).collect::<Result<Vec<_>, _>>()?;
        weights[0].mean_with(&weights[1..])
    }

    #[test]
    fn the_mean_of_weights_is_that_of_each_number() {
        let (first, second) = (file(&[("a", &[1.0, 2.0]), ("b", &[4.0])]), file(&[("a", &[3.0, -2.0]), ("b", &[5.0])]));
        assert_eq!(mean(&[&first, &second]).unwrap(), file(&[("a", &[2.0, 0.0]), ("b", &[4.5])]));
        assert_eq!(mean(&[&first]).unwrap(), first);
    }

    #[test]
    fn weights_of_different_networks_have_no_mean() {
        let file_a = file(&[("a", &[1.0, 2.0])]);
        let more = file(&[("a", &[1.0, 2.0]), ("b", &[1.0])]);
        for (files, says) in [
            ([&file_a, &more], "no tensor `b`"),
            ([&more, &file_a], "no tensor `b`"),
            ([&file_a, &file(&[("a", &[1.0])])], "shape [1]"),
        ] {
            let error = mean(&files.map(Vec::as_slice)).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
