//! What a host and a user ask of one block.

use tonenet_core::clip::Bars;
use tonenet_core::dynamics::Expression;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::transport::Transport;
use tonenet_inference::embedded::EmbeddedModel;

/// What the user has set, as of the start of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// The styles of notes that come in.
    pub style: StyleBlend,
    /// Which performance of them.
    pub take: TakeSeed,
    /// How a model's prediction becomes a velocity.
    pub expression: Expression,
    /// Which model predicts.
    pub model: EmbeddedModel,
    /// Everything keeps its own velocity.
    pub bypass: bool,
}

/// A block of the host.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    /// Its length in samples.
    pub samples: u32,
    /// The transport at its start.
    pub transport: Transport,
    /// The song's bars there.
    pub bars: Bars,
    /// Whether the trigger for a new clip is held.
    pub pressed: bool,
    /// Whether the host says that it renders offline.
    pub offline: bool,
}

/// What the steps of one block share.
pub struct BlockContext<'a, Emit> {
    /// The block, with the transport as it is believed.
    pub block: &'a Block,
    /// What the user has set.
    pub settings: &'a Settings,
    /// Takes what leaves, in order.
    pub emit: &'a mut Emit,
}
