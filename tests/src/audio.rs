//! What hosts lend of audio, as the formats have it and as hosts should not.

use std::ptr;

/// What a host lends of one audio bus with a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AudioBus {
    /// Memory for so many channels; the plugin's own choice is two.
    Channels(usize),
    /// So many channels, each with a null pointer for its memory.
    NullChannels(usize),
    /// So many channels, the first with a null pointer, the others with memory.
    FirstNull(usize),
    /// So many channels, with a null pointer for their list.
    NoList(usize),
    /// A bus without channels, as hosts lend one that they have deactivated.
    Inactive,
    /// No bus.
    Absent,
}

impl AudioBus {
    /// Each kind there is, as the plugin may meet it.
    pub const ALL: [Self; 10] = [
        Self::Channels(2),
        Self::Channels(1),
        Self::Channels(6),
        Self::NullChannels(2),
        Self::NullChannels(6),
        Self::FirstNull(2),
        Self::FirstNull(6),
        Self::NoList(2),
        Self::Inactive,
        Self::Absent,
    ];

    /// How many channels the host says that the bus has.
    pub(crate) fn channels(self) -> usize {
        match self {
            Self::Channels(count) | Self::NullChannels(count) | Self::FirstNull(count) | Self::NoList(count) => count,
            Self::Inactive | Self::Absent => 0,
        }
    }

    /// Whether a channel of it has memory.
    fn has_memory(self, channel: usize) -> bool {
        match self {
            Self::Channels(_) => true,
            Self::FirstNull(_) => channel > 0,
            Self::NullChannels(_) | Self::NoList(_) | Self::Inactive | Self::Absent => false,
        }
    }

    /// Whether there is a list of channels, each with memory or not.
    fn has_list(self) -> bool {
        !matches!(self, Self::NoList(_) | Self::Inactive | Self::Absent)
    }
}

/// What a host lends of audio with each block. A MIDI effect must not care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioBuses {
    /// What comes in.
    pub input: AudioBus,
    /// What goes out.
    pub output: AudioBus,
}

impl AudioBuses {
    /// The same for both.
    pub const fn both(bus: AudioBus) -> Self {
        Self { input: bus, output: bus }
    }
}

impl Default for AudioBuses {
    /// Two channels each, as the plugin asks for.
    fn default() -> Self {
        Self::both(AudioBus::Channels(2))
    }
}

/// What stands in the memory that a host lends: what comes in, and what nobody has written over yet.
const SOUND: f32 = 0.25;

/// The memory of a bus.
#[derive(Debug, Default)]
pub(crate) struct BusMemory {
    channels: Vec<Vec<f32>>,
    list: Vec<*mut f32>,
}

impl BusMemory {
    /// Makes it ready for a block, with sound in it; gives the list of the channels, or a null pointer.
    pub(crate) fn lend(&mut self, bus: AudioBus, samples: u32) -> *mut *mut f32 {
        self.channels.resize_with(bus.channels(), Vec::new);
        self.list.clear();
        for (index, channel) in self.channels.iter_mut().enumerate() {
            channel.clear();
            channel.resize(samples as usize, SOUND);
            self.list.push(if bus.has_memory(index) { channel.as_mut_ptr() } else { ptr::null_mut() });
        }
        if bus.has_list() { self.list.as_mut_ptr() } else { ptr::null_mut() }
    }

    /// Whether the plugin wrote silence over all that it could reach.
    pub(crate) fn is_silent(&self, bus: AudioBus) -> bool {
        let reached = self.channels.iter().enumerate().filter(|(channel, _)| bus.has_memory(*channel));
        reached.flat_map(|(_, samples)| samples).all(|sample| *sample == 0.0)
    }
}
