//! Tracks the pedal that the style plays.

use tonenet_core::midi::MidiMessage;

/// The sustain pedal's controller.
const SUSTAIN: u8 = 64;

/// Whether the style may play the pedal, and where it is down.
#[derive(Debug, Default)]
pub struct StylesPedal {
    /// Whether it may be heard in the block.
    is_allowed: bool,
    /// Whether whose pedal is heard changes with the block.
    changes: bool,
    /// The channels on which it is down.
    down: [bool; 16],
}

impl StylesPedal {
    /// Allows it in the next block.
    pub fn allow(&mut self, changes: bool) {
        (self.is_allowed, self.changes) = (true, changes);
    }

    /// The block is over.
    pub fn block_ends(&mut self) {
        (self.is_allowed, self.changes) = (false, false);
    }

    /// Whether a message of the player may not be heard in the block.
    pub fn drops(&self, message: &MidiMessage) -> bool {
        self.is_allowed && sustain(message).is_some()
    }

    /// Whether a message that left may be the style's pedal, at the start of the block or later.
    pub fn may_move(&mut self, message: &MidiMessage, is_at_start: bool) -> bool {
        let Some((channel, value)) = sustain(message).filter(|_| self.is_allowed) else { return false };
        // The player's pedal goes on where it is.
        let is_players = self.changes && is_at_start;
        self.down[channel] = value >= 64 && !is_players;
        true
    }

    /// A message of the player leaves, to which the style's pedal gives way.
    pub fn players_leaves(&mut self, message: &MidiMessage) {
        if let Some((channel, _)) = sustain(message) {
            self.down[channel] = false;
        }
    }

    /// The channels on which it is down, which count as up from now on.
    pub fn lift(&mut self) -> Vec<u8> {
        let down = std::mem::take(&mut self.down);
        (0..16).filter(|channel| down[usize::from(*channel)]).collect()
    }
}

/// Channel and value of a sustain pedal.
fn sustain(message: &MidiMessage) -> Option<(usize, u8)> {
    match *message {
        MidiMessage::Channel([status @ 0xB0..=0xBF, SUSTAIN, value]) => Some((usize::from(status & 0x0F), value)),
        _ => None,
    }
}
