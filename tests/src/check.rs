//! Verifies that a plugin changed nothing but the velocities of note-ons.
#![forbid(unsafe_code)]

use thiserror::Error;
use tonenet_core::midi::MidiMessage;

use crate::{Session, SessionOutput};

/// The first difference between what went in and what came out.
#[derive(Debug, Error, PartialEq)]
pub enum Difference {
    /// More or fewer messages came out than went in.
    #[error("{sent} messages went in and {received} came out")]
    Count {
        /// Messages that went in.
        sent: usize,
        /// Messages that came out.
        received: usize,
    },
    /// A message did not come out exactly one latency after it went in.
    #[error("message {index} ({message:?}) was due at sample {due} and came out at sample {actual}")]
    Time {
        /// The message's index in the session.
        index: usize,
        /// The message that went in.
        message: MidiMessage,
        /// The sample at which it was due.
        due: u64,
        /// The sample at which it came out.
        actual: u64,
    },
    /// A message came out as another message.
    #[error("message {index} went in as {sent:02x?} and came out as {received:02x?}")]
    Content {
        /// The message's index in the session.
        index: usize,
        /// The message that went in.
        sent: MidiMessage,
        /// The message that came out.
        received: MidiMessage,
    },
}

/// Checks that every message came out one latency later, in order, and unchanged but for note-on velocities.
///
/// Returns those velocities in the order of the song's notes. Release velocities, and whether a note-off was a note-on
/// of velocity 0, are not compared, because each format writes note-offs in its own way.
///
/// # Errors
/// The first [`Difference`].
pub fn velocities(session: &Session, output: &SessionOutput) -> Result<Vec<u8>, Difference> {
    let mut velocities = vec![0; session.messages.iter().filter(|m| m.note.is_some()).count()];
    for (index, (sent, received)) in session.messages.iter().zip(&output.outputs).enumerate() {
        let due = sent.time + u64::from(output.latency);
        let same = match (&sent.message, &received.message) {
            (MidiMessage::Channel(sent), MidiMessage::Channel(received)) => is_same(*sent, *received),
            (sent, received) => sent == received,
        };
        if !same {
            let (sent, received) = (sent.message.clone(), received.message.clone());
            return Err(Difference::Content { index, sent, received });
        }
        if received.time != due {
            return Err(Difference::Time { index, message: sent.message.clone(), due, actual: received.time });
        }
        if let (Some(note), MidiMessage::Channel([.., velocity])) = (sent.note, &received.message) {
            velocities[note] = *velocity;
        }
    }
    if session.messages.len() != output.outputs.len() {
        return Err(Difference::Count { sent: session.messages.len(), received: output.outputs.len() });
    }
    Ok(velocities)
}

/// Whether two channel messages are equal, velocities aside.
fn is_same(sent: [u8; 3], received: [u8; 3]) -> bool {
    let is_off = |m: [u8; 3]| m[0] & 0xF0 == 0x80 || (m[0] & 0xF0 == 0x90 && m[2] == 0);
    let is_on = |m: [u8; 3]| m[0] & 0xF0 == 0x90 && m[2] > 0;
    if is_off(sent) || is_on(sent) {
        is_off(sent) == is_off(received) && sent[0] & 0x0F == received[0] & 0x0F && sent[1] == received[1]
    } else {
        sent == received
    }
}
