//! Reads and writes the protobuf wire format of ONNX files.
//!
//! Reading arbitrary bytes always ends and never panics. It borrows from the file and copies nothing.
//! The format: <https://protobuf.dev/programming-guides/encoding/>.

/// A field of a message.
pub(crate) struct Field<'a> {
    pub number: u64,
    pub value: Value<'a>,
    /// The encoded field, tag included.
    pub written: &'a [u8],
}

/// The value of a field.
pub(crate) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The fields of a message; iteration ends after the first error.
pub(crate) fn fields(mut rest: &[u8]) -> impl Iterator<Item = Result<Field<'_>, &'static str>> {
    let mut next = move || {
        let before = rest;
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
        let written = before.get(..before.len() - rest.len()).unwrap_or_default();
        Ok((Field { number: tag >> 3, value, written }, rest.is_empty()))
    };
    let mut ended = rest.is_empty();
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let field = next();
        ended = field.as_ref().map_or(true, |(_, last)| *last);
        Some(field.map(|(field, _)| field))
    })
}

/// All values of a length-delimited field (texts, tensors, messages).
pub(crate) fn texts(message: &[u8], wanted: u64) -> impl Iterator<Item = &[u8]> {
    fields(message).filter_map(move |field| match field {
        Ok(Field { number, value: Value::Bytes(bytes), .. }) if number == wanted => Some(bytes),
        _ => None,
    })
}

/// The last value of a length-delimited field; empty without one. Protobuf lets the last value win.
pub(crate) fn text(message: &[u8], wanted: u64) -> &[u8] {
    texts(message, wanted).last().unwrap_or_default()
}

/// The last value of an integer field.
pub(crate) fn int(message: &[u8], wanted: u64) -> Option<u64> {
    ints(message, wanted).last().copied()
}

/// All values of an integer field.
pub(crate) fn ints(message: &[u8], wanted: u64) -> Vec<u64> {
    fields(message)
        .filter_map(|field| match field {
            Ok(Field { number, value: Value::Number(value), .. }) if number == wanted => Some(value),
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

/// Reads a varint: seven bits a byte, the lowest first.
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

/// Appends a length-delimited field.
pub(crate) fn put_bytes(message: &mut Vec<u8>, wanted: u64, bytes: &[u8]) {
    put_number(message, wanted << 3 | 2);
    put_number(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

/// Appends an integer field.
pub(crate) fn put_int(message: &mut Vec<u8>, wanted: u64, value: u64) {
    put_number(message, wanted << 3);
    put_number(message, value);
}

fn put_number(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// A length-delimited field, for the tests of the modules that read files.
#[cfg(test)]
pub(crate) fn field(number: u64, bytes: &[u8]) -> Vec<u8> {
    let mut field = Vec::new();
    put_bytes(&mut field, number, bytes);
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_fields_are_read_back_unchanged() {
        for number in [0, 1, 127, 128, 300, u64::MAX] {
            let mut message = Vec::new();
            put_int(&mut message, 9, number);
            put_bytes(&mut message, 200, b"text");
            assert_eq!((int(&message, 9), text(&message, 200)), (Some(number), &b"text"[..]));
            let written: Vec<u8> = fields(&message).flatten().flat_map(|field| field.written.to_vec()).collect();
            assert_eq!(written, message);
        }
    }
}
