//! Checks the style's pedal: what is heard on a channel goes down only where it is up, and up only where it is down.
//!
//! In [`PedalMode::Mine`] nothing is added, and in [`PedalMode::Replace`] the player's pedal is not heard. At a change of the
//! mode the heard pedal may move to where the player's is. At the end the style's pedal is up.

use tonenet_core::feel::PedalMode;

/// The heard pedal of each channel. See the [module](self).
#[derive(Debug)]
pub struct PedalOracle {
    mode: PedalMode,
    /// Whether the block began with another mode and no sample of it has passed.
    is_changing: bool,
    channels: [HeardPedal; 16],
}

#[derive(Debug, Clone, Copy, Default)]
struct HeardPedal {
    is_down: bool,
    /// Whether the style pressed it.
    is_styles: bool,
    /// Whether the player's own may be down, heard or not.
    may_be_players: bool,
}

impl PedalOracle {
    /// All pedals are up and the player's.
    pub fn new() -> Self {
        Self { mode: PedalMode::Mine, is_changing: false, channels: [HeardPedal::default(); 16] }
    }

    /// A block begins in which this mode holds.
    pub fn block_begins(&mut self, mode: PedalMode) {
        self.is_changing = mode != self.mode;
        self.mode = mode;
    }

    /// The player moves the pedal, which need not be heard.
    pub fn player_moves(&mut self, channel: u8, is_down: bool) {
        self.channels[usize::from(channel)].may_be_players = is_down;
    }

    /// The session is reset: the player's last movements may have been dropped.
    pub fn reset(&mut self) {
        self.channels.iter_mut().for_each(|heard| heard.may_be_players = true);
    }

    /// The player's pedal was heard.
    pub fn player_heard(&mut self, channel: u8, is_down: bool) {
        assert!(self.mode != PedalMode::Replace, "the player's pedal is heard although the style replaces it");
        let heard = &mut self.channels[usize::from(channel)];
        (heard.is_down, heard.is_styles) = (is_down, false);
    }

    /// A movement was added, this many samples after the start of the block.
    pub fn movement_added(&mut self, timing: u32, channel: u8, is_down: bool) {
        let is_handed_over = self.is_changing && timing == 0;
        assert!(self.mode != PedalMode::Mine || is_handed_over, "a pedal is added to the player's own");
        let heard = &mut self.channels[usize::from(channel)];
        assert_ne!(heard.is_down, is_down, "the pedal of channel {channel} moves to where it is");
        (heard.is_down, heard.is_styles) = (is_down, !is_handed_over);
    }

    /// The host stopped long ago: the style's pedal is up, unless it was handed over to the player where both were down.
    pub fn session_ends(&self) {
        let is_stuck = |heard: &HeardPedal| {
            let is_players = heard.may_be_players && self.mode != PedalMode::Replace;
            heard.is_down && heard.is_styles && !is_players
        };
        assert!(!self.channels.iter().any(is_stuck), "the style's pedal stays down: {self:?}");
    }
}
