//! What the plugin may ask of its host during activation and in a block.

use std::sync::atomic::Ordering;

use nice_plug::context::process::SendEventError;
use nice_plug::prelude::*;
use tonenet_plugin::ToneNet;

use super::{Event, HostState, SegmentInput};

/// The context of an activation.
pub struct Activation<'a>(pub &'a HostState);

impl ActivateContext<ToneNet> for Activation<'_> {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Standalone
    }

    fn execute(&self, (): ()) {}

    fn set_latency_samples(&self, samples: u32) {
        self.0.latency.store(samples, Ordering::Relaxed);
    }

    fn set_current_voice_capacity(&self, _capacity: u32) {}
}

/// The context of a segment.
pub struct BlockContext<'a> {
    transport: Transport,
    input: SegmentInput<'a>,
    /// The next event that came in live, and the next one of the song.
    next: (usize, usize),
    output: &'a mut Vec<Event>,
    state: &'a HostState,
}

impl<'a> BlockContext<'a> {
    pub(super) fn new(
        transport: Transport,
        input: SegmentInput<'a>,
        output: &'a mut Vec<Event>,
        state: &'a HostState,
    ) -> Self {
        // Live events before the segment were in an earlier one.
        let before = input.events[..input.live].partition_point(|event| event.timing() < input.begin);
        Self { transport, next: (before, input.live), input, output, state }
    }

    /// The live event that is next in this segment, with its frame of the segment.
    fn live(&self) -> Option<u32> {
        let SegmentInput { events, live, begin, length } = self.input;
        let frame = events[..live].get(self.next.0)?.timing() - begin;
        (frame < length).then_some(frame)
    }
}

/// An event at another frame.
fn at(event: Event, frame: u32) -> Event {
    use tonenet_engine::event::HostEvent;
    tonenet_plugin::events::PluginEvent(event).with_timing(frame).0
}

impl ProcessContext<ToneNet> for BlockContext<'_> {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Standalone
    }

    fn execute_background(&self, (): ()) {}

    fn execute_gui(&self, (): ()) {}

    fn transport(&self) -> &Transport {
        &self.transport
    }

    fn next_event(&mut self) -> Option<Event> {
        let song = self.input.events.get(self.next.1);
        match (self.live(), song) {
            (Some(frame), song) if song.is_none_or(|song| frame < song.timing()) => {
                self.next.0 += 1;
                Some(at(self.input.events[self.next.0 - 1], frame))
            }
            (_, Some(song)) => {
                self.next.1 += 1;
                Some(*song)
            }
            (_, None) => None,
        }
    }

    fn try_send_event(&mut self, event: Event) -> Result<(), (Event, SendEventError)> {
        if self.output.len() == self.output.capacity() {
            return Err((event, SendEventError::HostBufferFull));
        }
        self.output.push(event);
        Ok(())
    }

    fn set_latency_samples(&self, samples: u32) {
        self.state.latency.store(samples, Ordering::Relaxed);
    }

    fn request_restart(&self) {
        self.state.wants_restart.store(true, Ordering::Release);
    }

    fn set_current_voice_capacity(&self, _capacity: u32) {}
}
