//! A look at an ONNX file before a runtime reads it, for what a runtime would not survive.
//!
//! `rten` 0.27 trusts the lengths inside a file: one that points past the end makes it read in circles for ever, or ask
//! for so much memory that the process is aborted. ONNX Runtime 1.28 ends the process over a recurrent layer whose
//! weights have other axes than they should. Neither can be caught, so such files must not reach them.

use std::collections::HashMap;

/// How deep graphs may be nested in attributes of nodes.
const DEEPEST: usize = 64;

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
    /// One without messages inside.
    Plain,
}

impl Message {
    /// The message in a field; `None` for text, numbers and fields that runtimes do not look into.
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

/// Checks an ONNX file; what is wrong, otherwise.
pub(crate) fn check(file: &[u8]) -> Result<(), &'static str> {
    if file.is_empty() {
        return Err("the file is empty");
    }
    check_lengths(file, Message::Model, 0)
}

/// Checks that every length stays inside what encloses it, and the recurrent layers of every graph on the way.
fn check_lengths(bytes: &[u8], message: Message, depth: usize) -> Result<(), &'static str> {
    if depth > DEEPEST {
        return Err("its parts are nested too deeply");
    }
    for field in fields(bytes) {
        if let (number, Value::Bytes(bytes)) = field?
            && let Some(inside) = message.inside(number)
        {
            check_lengths(bytes, inside, depth + 1)?;
        }
    }
    if matches!(message, Message::Graph) { check_recurrent_layers(bytes) } else { Ok(()) }
}

/// Checks the axes of constant weights of a graph's LSTM and GRU nodes.
fn check_recurrent_layers(graph: &[u8]) -> Result<(), &'static str> {
    let constants: HashMap<&[u8], Vec<u64>> = texts(graph, 5).map(|tensor| (text(tensor, 8), dims(tensor))).collect();
    for node in texts(graph, 1) {
        let gates = match text(node, 4) {
            b"LSTM" => 4,
            b"GRU" => 3,
            _ => continue,
        };
        let inputs: Vec<&[u8]> = texts(node, 1).collect();
        let axes = |input: usize| inputs.get(input).and_then(|name| constants.get(name)).map(Vec::as_slice);
        let fits = match (axes(1), axes(2)) {
            (Some(&[w_directions, w_rows, _]), Some(&[directions, rows, hidden])) => {
                let bias_fits = match axes(3) {
                    None => true,
                    Some(&[b_directions, length]) => {
                        b_directions == directions && Some(length) == hidden.checked_mul(2 * gates)
                    }
                    Some(_) => false,
                };
                let size =
                    texts(node, 5).find(|attribute| text(attribute, 1) == b"hidden_size").and_then(|a| int(a, 3));
                w_directions == directions
                    && w_rows == rows
                    && Some(rows) == hidden.checked_mul(gates)
                    && size == Some(hidden)
                    && bias_fits
            }
            _ => false,
        };
        if !fits {
            return Err("a recurrent layer's weights do not fit it");
        }
    }
    Ok(())
}

/// A field's content.
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The fields of a message with their numbers, up to the first that is broken.
fn fields(mut rest: &[u8]) -> impl Iterator<Item = Result<(u64, Value<'_>), &'static str>> {
    let mut next = move || {
        let tag = number(&mut rest)?;
        let value = match tag & 7 {
            0 => Value::Number(number(&mut rest)?),
            1 => take(&mut rest, 8).map(|_| Value::Fixed)?,
            2 => {
                let length = number(&mut rest)?;
                Value::Bytes(take(&mut rest, length)?)
            }
            5 => take(&mut rest, 4).map(|_| Value::Fixed)?,
            _ => return Err("it is not an ONNX file"),
        };
        Ok(((tag >> 3, value), rest.is_empty()))
    };
    let mut over = rest.is_empty();
    std::iter::from_fn(move || {
        if over {
            return None;
        }
        let field = next();
        over = field.as_ref().map_or(true, |(_, last)| *last);
        Some(field.map(|(field, _)| field))
    })
}

/// The texts, tensors and messages in a field of a message that is known to be whole.
fn texts(message: &[u8], wanted: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).filter_map(move |field| match field {
        Ok((number, Value::Bytes(bytes))) if number == wanted => Some(bytes),
        _ => None,
    })
}

/// The last text in a field, as protobuf has it; empty if there is none.
fn text(message: &[u8], wanted: u64) -> &[u8] {
    texts(message, wanted).last().unwrap_or_default()
}

/// The last whole number in a field.
fn int(message: &[u8], wanted: u64) -> Option<u64> {
    ints(message, wanted).last().copied()
}

/// The lengths of a tensor's axes.
fn dims(tensor: &[u8]) -> Vec<u64> {
    ints(tensor, 1)
}

fn ints(message: &[u8], wanted: u64) -> Vec<u64> {
    fields(message)
        .filter_map(|field| match field {
            Ok((number, Value::Number(value))) if number == wanted => Some(value),
            _ => None,
        })
        .collect()
}

fn take<'a>(rest: &mut &'a [u8], length: u64) -> Result<&'a [u8], &'static str> {
    let cut = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
    let (taken, after) = cut.ok_or("it is cut short or not an ONNX file")?;
    *rest = after;
    Ok(taken)
}

/// A number of seven bits a byte, the lowest first.
fn number(rest: &mut &[u8]) -> Result<u64, &'static str> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *take(rest, 1)?.first().unwrap_or(&0);
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err("it is not an ONNX file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_stay_inside() {
        // Field 7 (graph) of 4 bytes: in it field 1 (node) of 2 bytes, an unknown varint.
        assert_eq!(check(&[0x3A, 4, 0x0A, 2, 0x78, 1]), Ok(()));
        assert!(check(&[0x3A, 5, 0x0A, 2, 0x78, 1]).is_err());
        assert!(check(&[0x3A, 4, 0x0A, 3, 0x78, 1]).is_err());
        let past_every_end = [0x3A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1];
        assert!(check(&past_every_end).is_err());
        assert!(check(b"").is_err());
        assert!(check(b"not a graph").is_err());
    }

    #[test]
    fn nesting_has_an_end() {
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
        assert_eq!(check(&model), Err("its parts are nested too deeply"));
    }
}
