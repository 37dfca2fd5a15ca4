//! The feel of a session as the fuzzer generates it: what the user asks for, and what the model predicts.

use arbitrary::Arbitrary;
use tonenet_core::feel::{Feel, FeelControls, PedalMode, Swing};

/// What the user asks of the feel during a block. High values count, because many readers of bytes prefer odd ones.
#[derive(Debug, Clone, Copy, Default, Arbitrary)]
pub struct ControlsScript {
    timing: u8,
    articulation: u8,
    chord_spread: u8,
    swing: u8,
    /// Whether nothing moves, whatever the others say.
    stays: u8,
    pedal: u8,
}

impl ControlsScript {
    /// The controls within the ranges of the plugin's parameters.
    pub fn controls(self) -> FeelControls {
        let share = |value: u8| f32::from(value.saturating_sub(64)) / 191.0;
        let pedal = match self.pedal / 64 {
            0 => PedalMode::Mine,
            1 => PedalMode::Fill,
            _ => PedalMode::Replace,
        };
        if self.stays >= 192 {
            return FeelControls { pedal, ..FeelControls::OFF };
        }
        let swing = match self.swing.checked_sub(128) {
            Some(part) => Swing::At(0.5 + 0.25 * f32::from(part) / 127.0),
            None => Swing::Style,
        };
        FeelControls {
            timing: share(self.timing),
            swing,
            articulation: share(self.articulation),
            chord_spread: share(self.chord_spread),
            pedal,
        }
    }
}

/// What the model predicts of a note besides its velocity.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub struct FeelScript {
    shift: i8,
    chord_offset: i8,
    stretch: i8,
    pedal: (u8, u8),
}

impl FeelScript {
    /// Up to half a beat and 0.1 s away, and up to e² times as long or short. The lowest number is none.
    pub fn feel(self) -> Feel {
        let part = |value: i8| if value == i8::MIN { f32::NAN } else { f32::from(value) / 127.0 };
        Feel {
            shift: 0.5 * part(self.shift),
            chord_offset: 0.1 * part(self.chord_offset),
            stretch: 2.0 * part(self.stretch),
            pedal_down: f32::from(self.pedal.0) / 255.0,
            pedal_lift: f32::from(self.pedal.1) / 255.0,
        }
    }
}
