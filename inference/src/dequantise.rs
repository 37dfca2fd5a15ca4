//! Turns weights that an ONNX file stores in 8 bits into the 32-bit floats that runtimes compute with.
//!
//! model-export writes a matrix as an 8-bit integer constant, a constant of scales, and a `DequantizeLinear` node over
//! both. Runtimes handle that node differently and prepare only constants for speed. Dequantised here, both runtimes
//! get the same 32-bit constants. The result is at most four times as large as the file. It has still to be validated.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::wire::{Field, Value, fields, int, ints, put_bytes, put_int, text, texts};

/// Field numbers of the messages in `onnx.proto`.
const MODEL_GRAPH: u64 = 7;
const GRAPH_NODE: u64 = 1;
const GRAPH_INITIALIZER: u64 = 5;
const NODE_INPUT: u64 = 1;
const NODE_OUTPUT: u64 = 2;
const NODE_OPERATOR: u64 = 4;
const NODE_ATTRIBUTE: u64 = 5;
const NODE_DOMAIN: u64 = 7;
const ATTRIBUTE_NAME: u64 = 1;
const ATTRIBUTE_INT: u64 = 3;
const TENSOR_DIMS: u64 = 1;
const TENSOR_TYPE: u64 = 2;
const TENSOR_NAME: u64 = 8;
const TENSOR_RAW: u64 = 9;

/// `TensorProto.DataType`'s numbers for 32-bit floats and 8-bit integers.
const FLOAT: u64 = 1;
const INT8: u64 = 3;

/// Dequantises the stored weights of an ONNX file, and borrows a file that has none.
///
/// # Errors
/// What is wrong with the file, as a clause about it.
pub(crate) fn dequantise(file: &[u8]) -> Result<Cow<'_, [u8]>, &'static str> {
    if !texts(file, MODEL_GRAPH).flat_map(|graph| texts(graph, GRAPH_NODE)).any(is_dequantisation) {
        return Ok(Cow::Borrowed(file));
    }
    let mut model = Vec::with_capacity(file.len().saturating_mul(4));
    for field in fields(file) {
        match field? {
            Field { number: MODEL_GRAPH, value: Value::Bytes(graph), .. } => {
                put_bytes(&mut model, MODEL_GRAPH, &dequantise_graph(graph)?);
            }
            Field { written, .. } => model.extend_from_slice(written),
        }
    }
    Ok(Cow::Owned(model))
}

fn is_dequantisation(node: &[u8]) -> bool {
    text(node, NODE_OPERATOR) == b"DequantizeLinear" && text(node, NODE_DOMAIN).is_empty()
}

fn dequantise_graph(graph: &[u8]) -> Result<Vec<u8>, &'static str> {
    let constants: HashMap<_, _> =
        texts(graph, GRAPH_INITIALIZER).map(|tensor| (text(tensor, TENSOR_NAME), tensor)).collect();
    let mut dequantised = Vec::new();
    let mut used = HashSet::new();
    for node in texts(graph, GRAPH_NODE).filter(|node| is_dequantisation(node)) {
        let inputs: Vec<_> = texts(node, NODE_INPUT).collect();
        let tensor =
            dequantised_tensor(node, &inputs, &constants).ok_or("its 8-bit weights do not fit their scales")?;
        // Only once each: otherwise a small file could demand any amount of memory.
        if inputs.into_iter().any(|input| !used.insert(input)) {
            return Err("its 8-bit weights are used twice");
        }
        put_bytes(&mut dequantised, GRAPH_INITIALIZER, &tensor);
    }
    for field in fields(graph) {
        let Field { number, value, written } = field?;
        let replaced = match (number, value) {
            (GRAPH_NODE, Value::Bytes(node)) => is_dequantisation(node),
            (GRAPH_INITIALIZER, Value::Bytes(tensor)) => used.contains(text(tensor, TENSOR_NAME)),
            _ => false,
        };
        if !replaced {
            dequantised.extend_from_slice(written);
        }
    }
    Ok(dequantised)
}

/// The constant that a node computes from constant integers and one scale for each index of one of their axes.
fn dequantised_tensor(node: &[u8], inputs: &[&[u8]], constants: &HashMap<&[u8], &[u8]>) -> Option<Vec<u8>> {
    let &[integers, scales] = inputs else { return None };
    let (integers, scales) = (*constants.get(integers)?, *constants.get(scales)?);
    let output = only(texts(node, NODE_OUTPUT))?;
    let attribute = only(texts(node, NODE_ATTRIBUTE)).filter(|attribute| text(attribute, ATTRIBUTE_NAME) == b"axis")?;
    let axis = usize::try_from(int(attribute, ATTRIBUTE_INT)?).ok()?;

    let dims = ints(integers, TENSOR_DIMS);
    let (rows, inner) = dims.get(axis..)?.split_first()?;
    let run = inner.iter().try_fold(1usize, |count, &length| count.checked_mul(usize::try_from(length).ok()?))?;
    let count = dims.iter().try_fold(1u64, |count, &length| count.checked_mul(length))?;
    let values = text(integers, TENSOR_RAW);
    let (words, rest) = text(scales, TENSOR_RAW).as_chunks::<4>();
    let fits = int(integers, TENSOR_TYPE) == Some(INT8)
        && int(scales, TENSOR_TYPE) == Some(FLOAT)
        && ints(scales, TENSOR_DIMS) == [*rows]
        && (words.len() as u64, rest.len()) == (*rows, 0)
        && values.len() as u64 == count
        && count > 0;
    if !fits {
        return None;
    }
    // A scale applies to the run of numbers below its index; the scales repeat for each outer index.
    let scales = words.iter().map(|&word| f32::from_le_bytes(word)).cycle();
    let floats = values
        .chunks(run)
        .zip(scales)
        .flat_map(|(run, scale)| run.iter().map(move |&value| f32::from(value.cast_signed()) * scale));
    let raw: Vec<u8> = floats.flat_map(f32::to_le_bytes).collect();
    let mut tensor = Vec::with_capacity(raw.len() + 64);
    dims.iter().for_each(|&length| put_int(&mut tensor, TENSOR_DIMS, length));
    put_int(&mut tensor, TENSOR_TYPE, FLOAT);
    put_bytes(&mut tensor, TENSOR_NAME, output);
    put_bytes(&mut tensor, TENSOR_RAW, &raw);
    Some(tensor)
}

fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::field;

    fn tensor(name: &str, kind: u64, dims: &[u64], raw: &[u8]) -> Vec<u8> {
        let mut tensor = Vec::new();
        dims.iter().for_each(|&length| put_int(&mut tensor, TENSOR_DIMS, length));
        put_int(&mut tensor, TENSOR_TYPE, kind);
        put_bytes(&mut tensor, TENSOR_NAME, name.as_bytes());
        put_bytes(&mut tensor, TENSOR_RAW, raw);
        tensor
    }

    fn floats(values: &[f32]) -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    }

    /// A `DequantizeLinear` node that scales `whole` by `factors` along an axis and names the result `w`.
    fn dequantisation(axis: u64) -> Vec<u8> {
        let mut attribute = field(ATTRIBUTE_NAME, b"axis");
        put_int(&mut attribute, ATTRIBUTE_INT, axis);
        [
            field(NODE_INPUT, b"whole"),
            field(NODE_INPUT, b"factors"),
            field(NODE_OUTPUT, b"w"),
            field(NODE_OPERATOR, b"DequantizeLinear"),
            field(NODE_ATTRIBUTE, &attribute),
        ]
        .concat()
    }

    fn node(operator: &str) -> Vec<u8> {
        [field(NODE_INPUT, b"w"), field(NODE_OUTPUT, b"y"), field(NODE_OPERATOR, operator.as_bytes())].concat()
    }

    /// A file with a graph of nodes and constants, a version (field 1) and a graph name (field 2).
    fn model(nodes: &[Vec<u8>], constants: &[Vec<u8>]) -> Vec<u8> {
        let mut graph = field(2, b"name");
        nodes.iter().for_each(|node| put_bytes(&mut graph, GRAPH_NODE, node));
        constants.iter().for_each(|tensor| put_bytes(&mut graph, GRAPH_INITIALIZER, tensor));
        let mut model = Vec::new();
        put_int(&mut model, 1, 8);
        put_bytes(&mut model, MODEL_GRAPH, &graph);
        model
    }

    fn whole() -> Vec<u8> {
        tensor("whole", INT8, &[2, 3], &[1, 2, 3, 0xFF, 0xFE, 0x81])
    }

    /// Why a file of these nodes and constants is refused.
    fn refusal(nodes: &[Vec<u8>], constants: &[Vec<u8>]) -> &'static str {
        dequantise(&model(nodes, constants)).expect_err("they do not fit")
    }

    #[test]
    fn integers_are_scaled_along_the_axis_of_the_node() {
        for (axis, factors, wanted) in [
            (0, &[0.5, 2.0][..], [0.5, 1.0, 1.5, -2.0, -4.0, -254.0]),
            (1, &[1.0, 0.5, 10.0], [1.0, 1.0, 30.0, -1.0, -1.0, -1270.0]),
        ] {
            let factors = tensor("factors", FLOAT, &[factors.len() as u64], &floats(factors));
            let other = tensor("other", FLOAT, &[1], &floats(&[7.0]));
            let file = model(&[dequantisation(axis), node("Tanh")], &[whole(), factors, other.clone()]);
            let found = dequantise(&file).expect("they fit");
            let graph = text(&found, MODEL_GRAPH);
            assert_eq!(texts(graph, GRAPH_NODE).collect::<Vec<_>>(), [node("Tanh")]);
            let constants: Vec<_> = texts(graph, GRAPH_INITIALIZER).collect();
            assert_eq!(constants, [tensor("w", FLOAT, &[2, 3], &floats(&wanted)), other]);
            assert_eq!((int(&found, 1), text(graph, 2)), (Some(8), &b"name"[..]));
        }
    }

    #[test]
    fn a_file_without_stored_weights_is_returned_unchanged() {
        let file = model(&[node("Tanh")], &[whole()]);
        assert!(matches!(dequantise(&file), Ok(Cow::Borrowed(same)) if same == file));
        for broken in [&b""[..], b"not a graph", &file[..file.len() - 1]] {
            assert!(matches!(dequantise(broken), Ok(Cow::Borrowed(same)) if same == broken));
        }
    }

    #[test]
    fn integers_and_scales_that_do_not_fit_each_other_are_refused() {
        let factors = |dims: &[u64], count: usize| tensor("factors", FLOAT, dims, &floats(&vec![1.0; count]));
        let misfit = "its 8-bit weights do not fit their scales";
        for (axis, whole, factors) in [
            (2, whole(), factors(&[2], 2)),
            (u64::MAX, whole(), factors(&[2], 2)),
            (0, whole(), factors(&[3], 3)),
            (0, whole(), factors(&[2], 3)),
            (0, whole(), factors(&[2, 1], 2)),
            (0, whole(), tensor("factors", FLOAT, &[2], &[0; 7])),
            (0, whole(), tensor("factors", INT8, &[2], &[0; 8])),
            (0, tensor("whole", INT8, &[2, 3], &[1; 5]), factors(&[2], 2)),
            (0, tensor("whole", FLOAT, &[2, 3], &[1; 6]), factors(&[2], 2)),
            (0, tensor("whole", INT8, &[2, 0], &[]), factors(&[2], 2)),
            (0, tensor("whole", INT8, &[2, u64::MAX, u64::MAX], &[1; 6]), factors(&[2], 2)),
            (0, tensor("another", INT8, &[2, 3], &[1; 6]), factors(&[2], 2)),
        ] {
            assert_eq!(refusal(&[dequantisation(axis)], &[whole, factors]), misfit);
        }
        let with_zeros = [dequantisation(0), field(NODE_INPUT, b"zeros")].concat();
        assert_eq!(refusal(&[with_zeros], &[whole(), factors(&[2], 2)]), misfit);
        assert_eq!(
            refusal(&[dequantisation(0), dequantisation(0)], &[whole(), factors(&[2], 2)]),
            "its 8-bit weights are used twice"
        );
    }

    #[test]
    fn a_damaged_file_never_panics_and_never_grows_beyond_four_times_its_size() {
        let factors = tensor("factors", FLOAT, &[2], &floats(&[0.5, 2.0]));
        let file = model(&[dequantisation(0), node("Tanh")], &[whole(), factors]);
        let (mut refused, mut dequantised, mut left) = (0, 0, 0);
        let mut tried = |damaged: &[u8]| match dequantise(damaged) {
            Err(reason) => {
                assert!(!reason.is_empty());
                refused += 1;
            }
            Ok(Cow::Borrowed(same)) => {
                assert_eq!(same, damaged);
                left += 1;
            }
            Ok(Cow::Owned(found)) => {
                assert!(found.len() <= 4 * damaged.len());
                let mut nodes = texts(&found, MODEL_GRAPH).flat_map(|graph| texts(graph, GRAPH_NODE));
                assert!(!nodes.any(is_dequantisation), "something is left to dequantise");
                dequantised += 1;
            }
        };
        for at in 0..file.len() {
            tried(&file[..at]);
            for value in [0, 1, 0x7F, 0x80, 0xFF] {
                let mut damaged = file.clone();
                damaged[at] = value;
                tried(&damaged);
            }
        }
        assert!(
            refused > 0 && dequantised > 0 && left > 0,
            "{refused} refused, {dequantised} dequantised, {left} left"
        );
    }
}
