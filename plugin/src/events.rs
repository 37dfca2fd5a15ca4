//! Converts the host's events for the engine, and drops events without information.

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;
use tonenet_engine::event::{HostEvent, Voice};
use tonenet_engine::status::Status;

/// The framework's event type, with short SysEx.
type Framework = NoteEvent<ShortSysEx>;

/// A host's event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PluginEvent(pub NoteEvent<ShortSysEx>);

/// A system-exclusive message that can be queued without allocation. Longer messages are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortSysEx {
    length: u8,
    bytes: [u8; Self::LONGEST],
}

impl ShortSysEx {
    const LONGEST: usize = 47;
}

impl SysExMessage for ShortSysEx {
    type Buffer = [u8; Self::LONGEST];

    fn from_buffer(buffer: &[u8]) -> Option<Self> {
        let mut bytes = [0; Self::LONGEST];
        bytes.get_mut(..buffer.len())?.copy_from_slice(buffer);
        Some(Self { length: buffer.len() as u8, bytes })
    }

    fn as_buffer(&self) -> (Self::Buffer, usize) {
        (self.bytes, self.length.into())
    }
}

fn voice(voice_id: VoiceID, channel: Channel, key: Key) -> Voice<VoiceID> {
    let channel = match channel {
        Channel::Number(channel) => Some(channel),
        Channel::Wildcard => None,
    };
    let key = match key {
        Key::Number(key) => Some(key),
        Key::Wildcard => None,
    };
    Voice { id: voice_id, channel, key }
}

fn channel_and_key(voice: Voice<VoiceID>) -> (Channel, Key) {
    (voice.channel.map_or(Channel::Wildcard, Channel::Number), voice.key.map_or(Key::Wildcard, Key::Number))
}

impl HostEvent for PluginEvent {
    type VoiceId = VoiceID;

    const ANY_VOICE: VoiceID = VoiceID::Wildcard;

    fn note_on(voice: Voice<VoiceID>, velocity: f32) -> Self {
        let (channel, key) = channel_and_key(voice);
        Self(NoteEvent::NoteOn { timing: 0, voice_id: voice.id, channel, key, velocity })
    }

    fn note_off(voice: Voice<VoiceID>) -> Self {
        let (channel, key) = channel_and_key(voice);
        Self(NoteEvent::NoteOff { timing: 0, voice_id: voice.id, channel, key, velocity: 0.0 })
    }

    fn control_change(channel: u8, number: u8, value: f32) -> Self {
        Self(NoteEvent::MidiCC { timing: 0, channel, cc: number, value })
    }

    fn timing(&self) -> u32 {
        self.0.timing()
    }

    fn with_timing(mut self, sample: u32) -> Self {
        match &mut self.0 {
            NoteEvent::NoteOn { timing, .. }
            | NoteEvent::NoteOff { timing, .. }
            | NoteEvent::Choke { timing, .. }
            | NoteEvent::VoiceTerminated { timing, .. }
            | NoteEvent::PolyModulation { timing, .. }
            | NoteEvent::MonoAutomation { timing, .. }
            | NoteEvent::PolyPressure { timing, .. }
            | NoteEvent::PolyVolume { timing, .. }
            | NoteEvent::PolyPan { timing, .. }
            | NoteEvent::PolyTuning { timing, .. }
            | NoteEvent::PolyVibrato { timing, .. }
            | NoteEvent::PolyExpression { timing, .. }
            | NoteEvent::PolyBrightness { timing, .. }
            | NoteEvent::MidiChannelPressure { timing, .. }
            | NoteEvent::MidiPitchBend { timing, .. }
            | NoteEvent::MidiCC { timing, .. }
            | NoteEvent::MidiProgramChange { timing, .. }
            | NoteEvent::MidiSysEx { timing, .. } => *timing = sample,
            // The framework may add variants. A new variant would keep its original timing.
            _ => {}
        }
        self
    }

    fn begins(&self) -> Option<Voice<VoiceID>> {
        match self.0 {
            NoteEvent::NoteOn { voice_id, channel, key, .. } => Some(voice(voice_id, channel, key)),
            _ => None,
        }
    }

    fn ends(&self) -> Option<Voice<VoiceID>> {
        match self.0 {
            NoteEvent::NoteOff { voice_id, channel, key, .. } | NoteEvent::Choke { voice_id, channel, key, .. } => {
                Some(voice(voice_id, channel, key))
            }
            _ => None,
        }
    }

    fn controller(&self) -> Option<(u8, u8, f32)> {
        match self.0 {
            NoteEvent::MidiCC { channel, cc, value, .. } => Some((channel, cc, value)),
            _ => None,
        }
    }

    fn velocity(&self) -> Option<f32> {
        match self.0 {
            NoteEvent::NoteOn { velocity, .. } => Some(velocity),
            _ => None,
        }
    }

    fn with_velocity(mut self, new: f32) -> Self {
        if let NoteEvent::NoteOn { velocity, .. } = &mut self.0 {
            *velocity = new;
        }
        self
    }
}

/// Detects the controller events that hosts send for VST3's MIDI parameters when they load a project.
///
/// Hosts send all 2,080 parameters at exactly 0.5, which would press every pedal.
///
/// No 7-bit value is exactly 0.5 (64 / 127 is 0.504). A bend of 0.5 has no effect if the wheel is already centred.
#[derive(Debug, Default)]
pub struct ControllerStorm {
    bent: [bool; 16],
}

impl ControllerStorm {
    /// Whether an event is one of these and must be dropped.
    pub fn must_drop(&mut self, event: &Framework) -> bool {
        match *event {
            NoteEvent::MidiCC { value, .. } | NoteEvent::MidiChannelPressure { pressure: value, .. } => value == 0.5,
            NoteEvent::MidiPitchBend { channel, value, .. } => {
                let bent = &mut self.bent[usize::from(channel & 0x0F)];
                let was_bent = std::mem::replace(bent, value != 0.5);
                value == 0.5 && !was_bent
            }
            _ => false,
        }
    }
}

/// The replacement for a velocity of NaN: MIDI's default for keyboards without velocity.
const UNKNOWN_VELOCITY: f32 = 64.0 / 127.0;

/// Clamps velocities and controllers to 0–1. Returns `None` for a controller of NaN. Notes are never dropped.
pub fn in_range(mut event: Framework) -> Option<Framework> {
    match &mut event {
        NoteEvent::NoteOn { velocity, .. } | NoteEvent::NoteOff { velocity, .. } => {
            *velocity = if velocity.is_nan() { UNKNOWN_VELOCITY } else { velocity.clamp(0.0, 1.0) };
        }
        NoteEvent::PolyPressure { pressure: value, .. }
        | NoteEvent::MidiChannelPressure { pressure: value, .. }
        | NoteEvent::MidiPitchBend { value, .. }
        | NoteEvent::MidiCC { value, .. } => {
            if value.is_nan() {
                return None;
            }
            *value = value.clamp(0.0, 1.0);
        }
        _ => {}
    }
    Some(event)
}

/// Receives and sends the events of one block.
pub struct BlockEvents<'a, Context> {
    context: &'a mut Context,
    storm: &'a mut ControllerStorm,
    status: &'a Status,
}

impl<'a, Context> BlockEvents<'a, Context> {
    /// Creates the events of the host's current block.
    pub fn new(context: &'a mut Context, storm: &'a mut ControllerStorm, status: &'a Status) -> Self {
        Self { context, storm, status }
    }

    /// The transport at the start of the block.
    pub fn transport<P: Plugin>(&self) -> &Transport
    where
        Context: ProcessContext<P>,
    {
        self.context.transport()
    }

    /// Asks the host for a restart.
    pub fn request_restart<P: Plugin>(&self)
    where
        Context: ProcessContext<P>,
    {
        self.context.request_restart();
    }

    /// The next event, after dropping events without information.
    pub fn receive<P: Plugin<SysExMessage = ShortSysEx>>(&mut self) -> Option<PluginEvent>
    where
        Context: ProcessContext<P>,
    {
        let filters_storm = self.context.plugin_api() == PluginApi::Vst3;
        loop {
            let event = self.context.next_event()?;
            if !(filters_storm && self.storm.must_drop(&event))
                && let Some(event) = in_range(event)
            {
                return Some(PluginEvent(event));
            }
        }
    }

    /// Sends an event to the host. Counts an overload if the host refuses it.
    pub fn send<P: Plugin<SysExMessage = ShortSysEx>>(&mut self, event: PluginEvent)
    where
        Context: ProcessContext<P>,
    {
        if self.context.try_send_event(event.0).is_err() {
            Status::count(&self.status.overloads);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_parameter_events_are_dropped_and_the_players_events_are_not() {
        let mut storm = ControllerStorm::default();
        let cc = |value| NoteEvent::MidiCC { timing: 0, channel: 0, cc: 64, value };
        let bend = |value| NoteEvent::MidiPitchBend { timing: 0, channel: 3, value };
        assert!(storm.must_drop(&cc(0.5)));
        assert!((0..=127u8).all(|v| !storm.must_drop(&cc(f32::from(v) / 127.0))));
        assert!(storm.must_drop(&bend(0.5)));
        assert!(!storm.must_drop(&bend(0.7)));
        assert!(!storm.must_drop(&bend(0.5)), "the wheel returns to its centre");
        assert!(storm.must_drop(&bend(0.5)));
    }

    #[test]
    fn sysex_up_to_the_longest_length_is_accepted() {
        let message = [0xF0, 0x7E, 0x7F, 0x09, 0x01, 0xF7];
        let (bytes, length) = ShortSysEx::from_buffer(&message).unwrap().as_buffer();
        assert_eq!(&bytes[..length], message);
        assert_eq!(ShortSysEx::from_buffer(&[0; 48]), None);
    }

    #[test]
    fn values_out_of_midis_range_are_clamped_or_replaced() {
        let on = |velocity| {
            let (channel, key) = (Channel::Number(0), Key::Number(60));
            NoteEvent::NoteOn { timing: 0, voice_id: VoiceID::Wildcard, channel, key, velocity }
        };
        let cc = |value| NoteEvent::MidiCC { timing: 0, channel: 0, cc: 64, value };
        for (velocity, in_midi) in [(f32::NAN, UNKNOWN_VELOCITY), (-1.0, 0.0), (0.5, 0.5), (f32::INFINITY, 1.0)] {
            assert_eq!(in_range(on(velocity)), Some(on(in_midi)), "{velocity}");
        }
        assert_eq!(in_range(cc(f32::NAN)), None);
        assert_eq!(in_range(cc(2.0)), Some(cc(1.0)));
    }
}
