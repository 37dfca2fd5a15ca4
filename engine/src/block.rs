//! Describes one audio block: the host's transport, and the user's settings.

use tonenet_core::clip::Bars;
use tonenet_core::dynamics::Expression;
use tonenet_core::feel::FeelControls;
use tonenet_core::scope::Scope;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::transport::Transport;
use tonenet_inference::embedded::EmbeddedModel;

/// The user's settings at the start of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The styles applied to notes that arrive in the block.
    pub style: StyleBlend,
    /// The seed that selects one of many performances in these styles.
    pub take: TakeSeed,
    /// How a prediction becomes a velocity.
    pub expression: Expression,
    /// Which notes are restyled.
    pub scope: Scope,
    /// The model that predicts.
    pub model: EmbeddedModel,
    /// Whether the model is conditioned on the player's velocities, if it can be.
    pub condition_on_player: bool,
    /// How far the style's feel moves the notes, and whose pedal is heard.
    pub feel: FeelControls,
    /// Whether every note keeps its own velocity.
    pub bypass: bool,
    /// Whether every note keeps its own velocity for a moment, to compare. Unlike with bypass, clips play on.
    pub compare: bool,
}

/// A block of audio, as the host describes it.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    /// Length in samples.
    pub samples: u32,
    /// The transport at the start of the block.
    pub transport: Transport,
    /// The song's bars at the start of the block.
    pub bars: Bars,
    /// Whether the control that triggers a new clip is held down.
    pub trigger_held: bool,
    /// Whether the host declares an offline render.
    pub offline: bool,
}

/// The arguments that the steps of one block share.
pub struct BlockContext<'a, Emit> {
    /// The block, with an implausible transport corrected.
    pub block: &'a Block,
    /// The user's settings.
    pub settings: &'a Settings,
    /// Receives the output events, in order.
    pub emit: &'a mut Emit,
}
