//! The audio buffers that a host passes to the plugin: those the formats describe, and those a host should not pass.
#![forbid(unsafe_code)]

use std::ptr;

/// What a host passes for one audio bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioBus {
    /// This many channels with memory. The plugin declares two.
    Channels(usize),
    /// This many channels, each with a null pointer to its samples.
    NullChannels(usize),
    /// This many channels, the first with a null pointer and the others with memory.
    FirstNull(usize),
    /// This many channels, with a null pointer in place of the channel list.
    NullList(usize),
    /// A bus without channels, as hosts pass a deactivated one.
    Inactive,
    /// No bus.
    Absent,
}

impl AudioBus {
    /// Every kind of bus that the tests pass to the plugin.
    pub const ALL: [Self; 10] = [
        Self::Channels(2),
        Self::Channels(1),
        Self::Channels(6),
        Self::NullChannels(2),
        Self::NullChannels(6),
        Self::FirstNull(2),
        Self::FirstNull(6),
        Self::NullList(2),
        Self::Inactive,
        Self::Absent,
    ];

    /// The number of channels that the host announces.
    pub(crate) fn channels(self) -> usize {
        match self {
            Self::Channels(count) | Self::NullChannels(count) | Self::FirstNull(count) | Self::NullList(count) => count,
            Self::Inactive | Self::Absent => 0,
        }
    }

    fn has_memory(self, channel: usize) -> bool {
        match self {
            Self::Channels(_) => true,
            Self::FirstNull(_) => channel > 0,
            Self::NullChannels(_) | Self::NullList(_) | Self::Inactive | Self::Absent => false,
        }
    }

    fn has_channel_list(self) -> bool {
        !matches!(self, Self::NullList(_) | Self::Inactive | Self::Absent)
    }
}

/// The audio buses of a block. They must not affect a MIDI effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioBuses {
    /// The input bus.
    pub input: AudioBus,
    /// The output bus.
    pub output: AudioBus,
}

impl AudioBuses {
    /// The same bus for input and output.
    pub const fn both(bus: AudioBus) -> Self {
        Self { input: bus, output: bus }
    }
}

impl Default for AudioBuses {
    /// Two channels each, as the plugin declares.
    fn default() -> Self {
        Self::both(AudioBus::Channels(2))
    }
}

/// The value of every sample before the plugin is called, in input and output alike.
const FILL: f32 = 0.25;

/// The sample memory of a bus.
#[derive(Debug, Default)]
pub(crate) struct BusMemory {
    channels: Vec<Vec<f32>>,
    list: Vec<*mut f32>,
}

impl BusMemory {
    /// Fills the memory for a block and returns the channel list, or a null pointer where the bus has none.
    pub(crate) fn prepare(&mut self, bus: AudioBus, samples: u32) -> *mut *mut f32 {
        self.channels.resize_with(bus.channels(), Vec::new);
        self.list.clear();
        for (index, channel) in self.channels.iter_mut().enumerate() {
            channel.clear();
            channel.resize(samples as usize, FILL);
            self.list.push(if bus.has_memory(index) { channel.as_mut_ptr() } else { ptr::null_mut() });
        }
        if bus.has_channel_list() { self.list.as_mut_ptr() } else { ptr::null_mut() }
    }

    /// Whether the plugin wrote silence to every channel that it can access.
    pub(crate) fn is_silent(&self, bus: AudioBus) -> bool {
        let accessible = self.channels.iter().enumerate().filter(|(channel, _)| bus.has_memory(*channel));
        accessible.flat_map(|(_, samples)| samples).all(|sample| *sample == 0.0)
    }
}
