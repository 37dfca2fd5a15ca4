//! The controls of the feel, which a soak changes at random.

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

/// The controls that move notes, each with its highest value. At 0 nothing moves.
const MOVING: [(&str, f64); 4] = [("Timing", 1.0), ("Swing", 26.0), ("Articulation", 1.0), ("Chord spread", 1.0)];
/// The share of changes after which nothing moves and the pedal is the player's.
const OFF_SHARE: f64 = 0.4;

/// What is set. At first nothing moves and the pedal is the player's.
#[derive(Debug, Default)]
pub struct RandomFeel {
    moves: bool,
    /// The value of Pedal: the player's own, the style's where the player uses none, or the style's alone.
    pedal: u8,
    is_bypassed: bool,
    /// Whose pedal was heard in the last block.
    heard: u8,
}

impl RandomFeel {
    /// Whether notes may move.
    pub fn moves(&self) -> bool {
        self.moves
    }

    /// Sets all controls anew; returns each with its value.
    pub fn change(&mut self, random: &mut ChaCha8Rng) -> Vec<(&'static str, f64)> {
        let is_off = random.random_bool(OFF_SHARE);
        let mut value = |highest: f64| {
            let value = if is_off { 0.0 } else { highest * random.random_range(0.0..1.3f64).min(1.0) };
            if highest > 1.0 { value.round() } else { value }
        };
        let mut controls: Vec<_> = MOVING.map(|(name, highest)| (name, value(highest))).into();
        self.moves = controls.iter().any(|(_, value)| *value > 0.0);
        self.pedal = if is_off { 0 } else { random.random_range(0..3) };
        controls.push(("Pedal", self.pedal.into()));
        controls
    }

    /// Bypass is set, with which the pedal is the player's.
    pub fn set_bypass(&mut self, is_bypassed: bool) {
        self.is_bypassed = is_bypassed;
    }

    /// Begins a block. If the style's pedal may be heard in it, returns whether that changes with it.
    pub fn next_block(&mut self) -> Option<bool> {
        let heard = if self.is_bypassed { 0 } else { self.pedal };
        let changes = heard != std::mem::replace(&mut self.heard, heard);
        (heard > 0 || changes).then_some(changes)
    }
}
