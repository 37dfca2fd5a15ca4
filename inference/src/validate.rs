//! Refuses ONNX files that would crash or hang a runtime.
//!
//! `rten` 0.27 trusts the lengths inside a file. A length that points past the end makes it loop for ever, or allocate
//! so much memory that the process aborts. ONNX Runtime 1.28 ends the process when a recurrent layer's weights have
//! wrong shapes. Neither can be caught, so such files must not reach them. Operators and constant types that
//! model-export does not write are refused, because their effect on a runtime is unknown. [`crate::dequantise`] runs
//! first.

use std::collections::HashMap;

use crate::wire::{Field, Value, fields, int, ints, text, texts};

/// How deep messages may be nested.
const MAX_DEPTH: usize = 64;

/// The domain of ONNX Runtime's own operators.
const ONNX_RUNTIME: &[u8] = b"com.microsoft";

/// The operators that model-export writes, as domain and name.
const OPERATORS: [(&[u8], &[u8]); 18] = [
    (b"", b"Add"),
    (b"", b"Cast"),
    (b"", b"Clip"),
    (b"", b"Concat"),
    (b"", b"DynamicQuantizeLinear"),
    (b"", b"Exp"),
    (b"", b"Identity"),
    (b"", b"LSTM"),
    (b"", b"MatMul"),
    (b"", b"MatMulInteger"),
    (b"", b"Mul"),
    (b"", b"Relu"),
    (b"", b"Reshape"),
    (b"", b"Softmax"),
    (b"", b"Split"),
    (b"", b"Tanh"),
    (b"", b"Transpose"),
    (ONNX_RUNTIME, b"DynamicQuantizeLSTM"),
];

/// The messages of `onnx.proto` that runtimes read.
#[derive(Clone, Copy)]
enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    ValueInfo,
    Type,
    TensorType,
    Sequence,
    Shape,
    /// A message that contains no others.
    Plain,
}

impl Message {
    /// The kind of message in a field; `None` for text, numbers and fields that runtimes do not read.
    fn inside(self, field: u64) -> Option<Self> {
        Some(match (self, field) {
            (Self::Model, 7) | (Self::Attribute, 6 | 11) => Self::Graph,
            (Self::Graph, 1) => Self::Node,
            (Self::Node, 5) => Self::Attribute,
            (Self::Graph, 5) | (Self::Attribute, 5 | 10) => Self::Tensor,
            (Self::Graph, 11..=13) => Self::ValueInfo,
            (Self::ValueInfo, 2) | (Self::Sequence, 1) | (Self::Attribute, 14 | 15) => Self::Type,
            (Self::Type, 1) => Self::TensorType,
            (Self::Type, 4 | 9) => Self::Sequence,
            (Self::TensorType, 2) => Self::Shape,
            (Self::Model, 8 | 14) | (Self::Shape, 1) | (Self::Tensor, 3 | 13) => Self::Plain,
            _ => return None,
        })
    }
}

/// Checks an ONNX file.
///
/// # Errors
/// What is wrong with the file, as a clause about it.
pub(crate) fn validate(file: &[u8]) -> Result<(), &'static str> {
    if file.is_empty() {
        return Err("the file is empty");
    }
    check_lengths(file, Message::Model, 0)
}

/// Checks that every length stays inside the enclosing message, and checks each graph's constants and nodes.
fn check_lengths(bytes: &[u8], message: Message, depth: usize) -> Result<(), &'static str> {
    if depth > MAX_DEPTH {
        return Err("its messages are nested too deeply");
    }
    for field in fields(bytes) {
        if let Field { number, value: Value::Bytes(bytes), .. } = field?
            && let Some(inside) = message.inside(number)
        {
            check_lengths(bytes, inside, depth + 1)?;
        }
    }
    if matches!(message, Message::Graph) { check_graph(bytes) } else { Ok(()) }
}

/// Checks the constants and nodes of a graph.
fn check_graph(graph: &[u8]) -> Result<(), &'static str> {
    let mut constants = HashMap::new();
    for tensor in texts(graph, 5) {
        let dims = ints(tensor, 1);
        if !has_all_bytes(tensor, &dims) {
            return Err("a constant's data does not match its type and shape");
        }
        if constants.insert(text(tensor, 8), dims).is_some() {
            return Err("two of its constants have the same name");
        }
    }
    for node in texts(graph, 1) {
        let operator = (text(node, 7), text(node, 4));
        if !OPERATORS.contains(&operator) {
            return Err("it has an operator that ToneNet's models do not use");
        }
        if matches!(operator.1, b"LSTM" | b"DynamicQuantizeLSTM") && !is_valid_recurrent_layer(node, &constants) {
            return Err("a recurrent layer's weights do not fit it");
        }
    }
    Ok(())
}

/// Whether a constant tensor has as many bytes as its shape and type need.
fn has_all_bytes(tensor: &[u8], dims: &[u64]) -> bool {
    let size = match int(tensor, 2) {
        Some(1) => 4, // 32-bit floats
        Some(3) => 1, // 8-bit integers
        Some(7) => 8, // 64-bit integers
        _ => return false,
    };
    let expected = dims.iter().try_fold(size, |count: u64, &length| count.checked_mul(length));
    expected == u64::try_from(text(tensor, 9).len()).ok()
}

/// Whether an LSTM node has constant weights that fit each other and its attributes.
///
/// Sequence lengths, peepholes and other activations are refused: model-export does not write them.
fn is_valid_recurrent_layer(node: &[u8], constants: &HashMap<&[u8], Vec<u64>>) -> bool {
    let inputs: Vec<&[u8]> = texts(node, 1).collect();
    let shape = |input: usize| inputs.get(input).and_then(|name| constants.get(name)).map(Vec::as_slice);
    let absent = |input: usize| inputs.get(input).is_none_or(|name| name.is_empty());
    let attributes: Vec<&[u8]> = texts(node, 5).collect();
    let attribute = |name: &[u8]| attributes.iter().copied().find(|attribute| text(attribute, 1) == name);
    let Some(b"forward" | b"reverse") = attribute(b"direction").map(|attribute| text(attribute, 4)) else {
        return false;
    };
    let Some(hidden) = attribute(b"hidden_size").and_then(|attribute| int(attribute, 3)) else { return false };
    let Some(gates) = hidden.checked_mul(4) else { return false };
    let Some(biases) = hidden.checked_mul(8) else { return false };
    let weights_fit = match (text(node, 4), shape(1), shape(2)) {
        (b"LSTM", Some(&[1, rows, _]), Some(recurrent)) => {
            inputs.len() <= 7 && rows == gates && recurrent == [1, gates, hidden]
        }
        (b"DynamicQuantizeLSTM", Some(&[1, _, rows]), Some(recurrent)) => {
            inputs.len() == 12
                && rows == gates
                && recurrent == [1, hidden, gates]
                && (8..12).all(|input| shape(input) == Some(&[1, gates]))
        }
        _ => false,
    };
    weights_fit
        && attributes.len() == 2
        && shape(3) == Some(&[1, biases])
        && absent(4)
        && absent(5) == absent(6)
        && absent(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::field;

    #[test]
    fn a_length_that_leaves_its_message_is_refused() {
        // Field 7 (graph) of 4 bytes: in it field 11 (an input) of 2 bytes, an unknown varint.
        assert_eq!(validate(&[0x3A, 4, 0x5A, 2, 0x78, 1]), Ok(()));
        assert!(validate(&[0x3A, 5, 0x5A, 2, 0x78, 1]).is_err());
        assert!(validate(&[0x3A, 4, 0x5A, 3, 0x78, 1]).is_err());
        let past_every_end = [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1];
        assert!(validate(&past_every_end).is_err());
        assert!(validate(b"").is_err());
        assert!(validate(b"not a graph").is_err());
    }

    #[test]
    fn an_operator_that_the_exporter_does_not_write_is_refused() {
        let model =
            |domain: &[u8], operator: &[u8]| field(7, &field(1, &[field(4, operator), field(7, domain)].concat()));
        assert_eq!(validate(&model(b"", b"Tanh")), Ok(()));
        for (domain, operator) in [(&b""[..], &b"Loop"[..]), (b"", b""), (b"com.microsoft", b"Tanh"), (b"", b"GRU")] {
            assert_eq!(validate(&model(domain, operator)), Err("it has an operator that ToneNet's models do not use"));
        }
    }

    #[test]
    fn a_constant_whose_data_does_not_match_its_shape_is_refused() {
        let model = |tensor: &[u8]| field(7, &field(5, tensor));
        // Fields 1 (the shape) and 2 (the type).
        assert_eq!(validate(&model(&[&[8, 2, 8, 1, 16, 1], &*field(9, &[0; 8])].concat())), Ok(()));
        for (head, bytes) in [([8, 2, 8, 1, 16, 1], 4), ([8, 2, 8, 3, 16, 1], 8), ([8, 2, 8, 1, 16, 8], 8)] {
            let tensor = [&head[..], &*field(9, &vec![0; bytes])].concat();
            assert_eq!(validate(&model(&tensor)), Err("a constant's data does not match its type and shape"));
        }
        let twice = field(5, &[&[16, 1], &*field(9, &[0; 4])].concat()).repeat(2);
        assert_eq!(validate(&field(7, &twice)), Err("two of its constants have the same name"));
    }

    #[test]
    fn messages_nested_too_deeply_are_refused() {
        let mut file = Vec::new();
        for _ in 0..200 {
            for tag in [0x32, 0x2A, 0x0A] {
                let mut outer = vec![tag, (file.len() & 0x7F) as u8 | 0x80, (file.len() >> 7) as u8];
                outer.append(&mut file);
                file = outer;
            }
        }
        let mut model = vec![0x3A, (file.len() & 0x7F) as u8 | 0x80, (file.len() >> 7) as u8];
        model.append(&mut file);
        assert_eq!(validate(&model), Err("its messages are nested too deeply"));
    }
}
