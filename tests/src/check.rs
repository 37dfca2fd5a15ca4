//! The proof that nothing but velocities changed.

use thiserror::Error;
use tonenet_core::midi::MidiMessage;

use crate::{Played, Session};

/// What differs between what was played and what came out.
#[derive(Debug, Error, PartialEq)]
pub enum Difference {
    /// Something did not come out, or something came out that was not played.
    #[error("{played} messages were played and {came_out} came out")]
    Count {
        /// Messages played.
        played: usize,
        /// Messages that came out.
        came_out: usize,
    },
    /// A message came at another time than one latency after it was played.
    #[error("message {index} ({message:?}) was due at sample {due} and came at {came}")]
    Time {
        /// Its place.
        index: usize,
        /// What was played.
        message: MidiMessage,
        /// When it was due.
        due: u64,
        /// When it came.
        came: u64,
    },
    /// A message came out as another.
    #[error("message {index} went in as {played:02x?} and came out as {came_out:02x?}")]
    Content {
        /// Its place.
        index: usize,
        /// What was played.
        played: MidiMessage,
        /// What came out.
        came_out: MidiMessage,
    },
}

/// Checks that every message came out exactly one latency later, in order and unchanged but for the velocities of
/// note-ons; gives those, in the order of the song's notes.
///
/// A note-off's velocity and whether it was a note-on of velocity 0 are not compared: both formats write note-offs
/// in their own way.
///
/// # Errors
/// The first [`Difference`].
pub fn velocities(session: &Session, played: &Played) -> Result<Vec<u8>, Difference> {
    let mut velocities = vec![0; session.messages.iter().filter(|m| m.note.is_some()).count()];
    for (index, (sent, came)) in session.messages.iter().zip(&played.outputs).enumerate() {
        let due = sent.time + u64::from(played.latency);
        let same = match (&sent.message, &came.message) {
            (MidiMessage::Channel(sent), MidiMessage::Channel(came)) => is_same(*sent, *came),
            (sent, came) => sent == came,
        };
        if !same {
            return Err(Difference::Content { index, played: sent.message.clone(), came_out: came.message.clone() });
        }
        if came.time != due {
            return Err(Difference::Time { index, message: sent.message.clone(), due, came: came.time });
        }
        if let (Some(note), MidiMessage::Channel([.., velocity])) = (sent.note, &came.message) {
            velocities[note] = *velocity;
        }
    }
    if session.messages.len() != played.outputs.len() {
        return Err(Difference::Count { played: session.messages.len(), came_out: played.outputs.len() });
    }
    Ok(velocities)
}

fn is_same(sent: [u8; 3], came: [u8; 3]) -> bool {
    let is_off = |m: [u8; 3]| m[0] & 0xF0 == 0x80 || (m[0] & 0xF0 == 0x90 && m[2] == 0);
    let is_on = |m: [u8; 3]| m[0] & 0xF0 == 0x90 && m[2] > 0;
    if is_off(sent) || is_on(sent) {
        is_off(sent) == is_off(came) && sent[0] & 0x0F == came[0] & 0x0F && sent[1] == came[1]
    } else {
        sent == came
    }
}
