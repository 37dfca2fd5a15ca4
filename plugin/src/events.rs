//! Between the framework's events and the scheduler's.

use nice_plug::midi::{Channel, Key};
use nice_plug::prelude::*;
use tonenet_core::scheduler::Event;

use crate::status::Status;

/// An event as hosts send it, with short SysEx.
pub type HostEvent = NoteEvent<ShortSysEx>;

/// A system-exclusive message short enough to be queued without allocation; longer ones do not pass.
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

const ALL_SOUND_OFF: u8 = 120;
const SUSTAIN: u8 = 64;
const ALL_NOTES_OFF: u8 = 123;

/// What the scheduler needs to know of an event.
pub fn scheduler_event(event: &HostEvent) -> Event {
    match *event {
        NoteEvent::NoteOn { channel: Channel::Number(channel), key: Key::Number(key), .. } => {
            Event::NoteOn { channel, key }
        }
        NoteEvent::NoteOff { channel: Channel::Number(channel), key: Key::Number(key), .. }
        | NoteEvent::Choke { channel: Channel::Number(channel), key: Key::Number(key), .. } => {
            Event::NoteOff { channel, key }
        }
        NoteEvent::MidiCC { channel, cc: ALL_SOUND_OFF | ALL_NOTES_OFF, .. } => Event::AllNotesOff { channel },
        _ => Event::Other,
    }
}

/// The event at another sample of the block.
pub fn at(mut event: HostEvent, sample: u32) -> HostEvent {
    match &mut event {
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
        // The framework's enum may grow; a new kind would leave at its own sample.
        _ => {}
    }
    event
}

/// Drops what hosts send for VST3's MIDI parameters when they load a project: all 2,080 of them at exactly 0.5,
/// which would press every pedal.
///
/// No 7-bit value is 0.5 (64 / 127 is .504), and a bend of 0.5 says nothing where the wheel is centred already.
#[derive(Debug, Default)]
pub struct ControllerStorm {
    bent: [bool; 16],
}

impl ControllerStorm {
    /// Whether an event says nothing.
    pub fn is_empty_word(&mut self, event: &HostEvent) -> bool {
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

/// What a velocity is that is not a number: MIDI's for a keyboard that has none.
const UNKNOWN_VELOCITY: f32 = 64.0 / 127.0;

/// The event with what MIDI has: velocities and controllers from 0 to 1. `None` for a controller that is not a number,
/// which says nothing. A note stays one, whatever its velocity.
pub fn in_range(mut event: HostEvent) -> Option<HostEvent> {
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

/// The events of a block, between the host and what plays.
pub struct BlockEvents<'a, Context> {
    context: &'a mut Context,
    storm: &'a mut ControllerStorm,
    status: &'a Status,
}

impl<'a, Context> BlockEvents<'a, Context> {
    /// The events of the host's block.
    pub fn new(context: &'a mut Context, storm: &'a mut ControllerStorm, status: &'a Status) -> Self {
        Self { context, storm, status }
    }

    /// The transport at the block's start.
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

    /// The next event that says something.
    pub fn receive<P: Plugin<SysExMessage = ShortSysEx>>(&mut self) -> Option<HostEvent>
    where
        Context: ProcessContext<P>,
    {
        let filters_storm = self.context.plugin_api() == PluginApi::Vst3;
        loop {
            let event = self.context.next_event()?;
            if !(filters_storm && self.storm.is_empty_word(&event))
                && let Some(event) = in_range(event)
            {
                return Some(event);
            }
        }
    }

    /// Sends an event; one that the host does not take is counted.
    pub fn send<P: Plugin<SysExMessage = ShortSysEx>>(&mut self, event: HostEvent)
    where
        Context: ProcessContext<P>,
    {
        if self.context.try_send_event(event).is_err() {
            Status::count(&self.status.overloads);
        }
    }
}

/// Whether the sustain pedal goes down or up, if the event moves it.
pub fn sustain(event: &HostEvent) -> Option<bool> {
    match event {
        NoteEvent::MidiCC { cc: SUSTAIN, value, .. } => Some(value * 127.0 >= 63.5),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_storm_is_dropped_and_what_a_player_does_is_not() {
        let mut storm = ControllerStorm::default();
        let cc = |value| NoteEvent::MidiCC { timing: 0, channel: 0, cc: 64, value };
        let bend = |value| NoteEvent::MidiPitchBend { timing: 0, channel: 3, value };
        assert!(storm.is_empty_word(&cc(0.5)));
        assert!((0..=127u8).all(|v| !storm.is_empty_word(&cc(f32::from(v) / 127.0))));
        assert!(storm.is_empty_word(&bend(0.5)));
        assert!(!storm.is_empty_word(&bend(0.7)));
        assert!(!storm.is_empty_word(&bend(0.5)), "the wheel comes back");
        assert!(storm.is_empty_word(&bend(0.5)));
    }

    #[test]
    fn sysex_passes_up_to_its_length() {
        let message = [0xF0, 0x7E, 0x7F, 0x09, 0x01, 0xF7];
        let (bytes, length) = ShortSysEx::from_buffer(&message).unwrap().as_buffer();
        assert_eq!(&bytes[..length], message);
        assert_eq!(ShortSysEx::from_buffer(&[0; 48]), None);
    }

    #[test]
    fn numbers_that_midi_has_no_word_for_become_some_that_it_has() {
        let on = |velocity| {
            let (channel, key) = (Channel::Number(0), Key::Number(60));
            NoteEvent::NoteOn { timing: 0, voice_id: nice_plug::midi::VoiceID::Wildcard, channel, key, velocity }
        };
        let cc = |value| NoteEvent::MidiCC { timing: 0, channel: 0, cc: 64, value };
        for (velocity, in_midi) in [(f32::NAN, UNKNOWN_VELOCITY), (-1.0, 0.0), (0.5, 0.5), (f32::INFINITY, 1.0)] {
            assert_eq!(in_range(on(velocity)), Some(on(in_midi)), "{velocity}");
        }
        assert_eq!(in_range(cc(f32::NAN)), None);
        assert_eq!(in_range(cc(2.0)), Some(cc(1.0)));
    }

    #[test]
    fn controllers_120_and_123_end_notes() {
        let cc = |cc| scheduler_event(&NoteEvent::MidiCC { timing: 0, channel: 2, cc, value: 0.0 });
        assert_eq!(cc(120), Event::AllNotesOff { channel: 2 });
        assert_eq!(cc(123), Event::AllNotesOff { channel: 2 });
        assert_eq!(cc(64), Event::Other);
    }
}
