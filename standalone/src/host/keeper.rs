//! Starts the plugin, and restarts it on a thread that may wait.

use std::collections::VecDeque;
use std::sync::Arc;

use nice_plug::prelude::*;
use rtrb::{Consumer, Producer, RingBuffer};
use tonenet_plugin::ToneNet;

use super::contexts::Activation;
use super::outgoing::Outgoing;
use super::{CAPACITY, HostState, Hosted, Processor};
use crate::player::{Player, PlayerHandle};
use crate::sounding::Sounding;

/// The layout without audio.
const LAYOUT: AudioIOLayout = AudioIOLayout::const_default();

/// Restarts the plugin when it wants to be.
pub struct Keeper {
    from_processor: Consumer<Box<Hosted>>,
    to_processor: Producer<Box<Hosted>>,
    config: BufferConfig,
    state: Arc<HostState>,
}

/// Activates the plugin for blocks of at most `longest_block` samples.
pub fn start(
    plugin: ToneNet,
    player: Player,
    sample_rate: f64,
    longest_block: u32,
    process_mode: ProcessMode,
) -> (Processor, Keeper) {
    let (to_keeper, from_processor) = RingBuffer::new(1);
    let (to_processor, from_keeper) = RingBuffer::new(1);
    let config = BufferConfig {
        sample_rate: sample_rate as f32,
        min_buffer_size: None,
        max_buffer_size: longest_block,
        process_mode,
    };
    let state = Arc::<HostState>::default();
    let mut hosted = Box::new(Hosted { plugin, buffer: Buffer::default(), unheard: 0 });
    activate(&mut hosted.plugin, &config, &state);
    let processor = Processor {
        hosted: Some(hosted),
        from_keeper,
        to_keeper,
        player,
        state: state.clone(),
        longest_block,
        time: 0,
        busy_until: 0,
        known_losses: 0,
        input: Vec::with_capacity(CAPACITY),
        output: Vec::with_capacity(CAPACITY),
        waiting: VecDeque::with_capacity(CAPACITY),
        outgoing: Outgoing::new(),
        sounding: Box::new(Sounding::new()),
    };
    (processor, Keeper { from_processor, to_processor, config, state })
}

/// ToneNet's activation always succeeds: if its engine cannot start, it passes notes through and the window says so.
fn activate(plugin: &mut ToneNet, config: &BufferConfig, state: &HostState) {
    plugin.activate(&LAYOUT, config, &mut Activation(state));
    plugin.reset();
}

impl Keeper {
    /// What the host's threads share.
    pub fn state(&self) -> &Arc<HostState> {
        &self.state
    }

    /// Restarts the plugin if the processor has given it away. The song goes on with what has not been heard.
    pub fn restart_if_wanted(&mut self, player: &PlayerHandle) {
        let Ok(mut hosted) = self.from_processor.pop() else { return };
        hosted.plugin.deactivate();
        activate(&mut hosted.plugin, &self.config, &self.state);
        // The processor obeys before it plays with the plugin again.
        player.resume(std::mem::take(&mut hosted.unheard));
        // The processor has none, so there is room.
        let _ = self.to_processor.push(hosted);
    }
}
