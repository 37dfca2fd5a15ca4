//! A player's hands on a few keys, which they strike again and again.

use super::script::EventScript;

/// The lowest of their keys.
const LOWEST: u8 = 56;

/// Which of eight keys are down on each of two channels, a bit each.
#[derive(Debug, Default)]
pub struct Hands([u8; 2]);

impl Hands {
    /// What an event is on the keyboard: a stroke presses and releases keys, all else stays as it is.
    pub fn play(&mut self, event: EventScript) -> Vec<EventScript> {
        let EventScript::Stroke { channel, keys, velocity } = event else { return vec![event] };
        let channel = (channel / 16) % 2;
        let down = &mut self.0[usize::from(channel)];
        let before = std::mem::replace(down, *down ^ keys);
        let of_key = |bit: u8| {
            let key = LOWEST + bit;
            if before >> bit & 1 == 1 {
                EventScript::Off { channel, key }
            } else {
                EventScript::On { channel, key, velocity }
            }
        };
        (0..8).filter(|bit| keys >> bit & 1 == 1).map(of_key).collect()
    }
}
