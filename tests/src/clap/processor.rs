//! An active CLAP plugin: its buffers and its `process` call.

use std::ptr;
use std::time::{Duration, Instant};

use clack_host::events::io::EventBuffer;
use clack_host::prelude::*;
use clap_sys::audio_buffer::clap_audio_buffer;

use super::events::{NoteExpression, OutputCollector, push_input, transport_event};
use super::handlers::Handlers;
use crate::audio::{AudioBus, AudioBuses, BusMemory};
use crate::host::{Block, BlockOutput};

/// A plugin that is processing, with buffers that are reused from block to block.
pub struct Processor {
    started: StartedPluginAudioProcessor<Handlers>,
    input: BusMemory,
    output: BusMemory,
    input_events: EventBuffer,
    /// Expressions to add to the next block.
    expressions: Vec<NoteExpression>,
    collected: OutputCollector,
    /// Samples processed since activation.
    steady_time: u64,
    last_duration: Duration,
}

impl Processor {
    /// A plugin that has started to process.
    pub fn new(started: StartedPluginAudioProcessor<Handlers>) -> Self {
        Self {
            started,
            input: BusMemory::default(),
            output: BusMemory::default(),
            input_events: EventBuffer::default(),
            expressions: Vec::new(),
            collected: OutputCollector::default(),
            steady_time: 0,
            last_duration: Duration::ZERO,
        }
    }

    /// Stops processing.
    pub fn stop(self) -> StoppedPluginAudioProcessor<Handlers> {
        self.started.stop_processing()
    }

    /// Resets the plugin.
    pub fn reset(&mut self) {
        self.started.reset();
    }

    /// The duration of the last `process` call.
    pub fn last_duration(&self) -> Duration {
        self.last_duration
    }

    /// Note-offs for all channels or all keys that have left since activation.
    pub fn wildcard_note_offs(&self) -> u32 {
        self.collected.wildcard_note_offs
    }

    /// Adds expressions to the next block.
    pub fn set_expressions(&mut self, expressions: &[NoteExpression]) {
        self.expressions = expressions.to_vec();
    }

    /// The expressions that left with the last block.
    pub fn take_expressions(&mut self) -> Vec<NoteExpression> {
        std::mem::take(&mut self.collected.expressions)
    }

    /// Processes a block and passes each output event to `on_output`.
    pub fn process(
        &mut self,
        audio: AudioBuses,
        block: &Block,
        on_output: &mut dyn FnMut(BlockOutput),
    ) -> Result<(), String> {
        self.input_events.clear();
        self.collected.expressions.clear();
        block.inputs.iter().for_each(|input| push_input(&mut self.input_events, input));
        self.expressions.drain(..).for_each(|expression| self.input_events.push(&expression.event()));
        self.input_events.sort();
        let input_ports = audio_port(&mut self.input, audio.input, block.samples);
        let mut output_ports = audio_port(&mut self.output, audio.output, block.samples);
        // SAFETY: the memory holds `block.samples` samples per channel and outlives the call. Some pointers are null on
        // purpose: hosts pass such buffers, and the plugin must accept them.
        let (audio_in, mut audio_out) = unsafe {
            let audio_in = InputAudioBuffers::from_raw_buffers(&input_ports, block.samples);
            (audio_in, OutputAudioBuffers::from_raw_buffers(&mut output_ports, block.samples))
        };
        let transport = block.transport.map(transport_event);
        let events_in = InputEvents::from_buffer(&self.input_events);
        let mut events_out = OutputEvents::from_buffer(&mut self.collected);
        let before = Instant::now();
        let processed = self.started.process(
            &audio_in,
            &mut audio_out,
            &events_in,
            &mut events_out,
            Some(self.steady_time),
            transport.as_ref(),
        );
        self.last_duration = before.elapsed();
        processed.map_err(|e| e.to_string())?;
        if !self.output.is_silent(audio.output) {
            return Err("its audio output is not silent".into());
        }
        self.steady_time += u64::from(block.samples);
        self.collected.outputs.drain(..).for_each(on_output);
        Ok(())
    }
}

/// The CLAP description of an audio bus; empty where the bus is absent.
fn audio_port(memory: &mut BusMemory, bus: AudioBus, samples: u32) -> Vec<clap_audio_buffer> {
    let port = clap_audio_buffer {
        data32: memory.prepare(bus, samples),
        data64: ptr::null_mut(),
        channel_count: bus.channels() as u32,
        latency: 0,
        constant_mask: 0,
    };
    if bus == AudioBus::Absent { Vec::new() } else { vec![port] }
}
