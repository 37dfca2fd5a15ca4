//! Converts block input to CLAP events, and CLAP events to block output.

use clack_host::events::event_types::*;
use clack_host::events::io::{EventBuffer, OutputEventBuffer, TryPushError};
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{Match, Pckn, UnknownEvent};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};
use tonenet_core::midi::MidiMessage;

use crate::host::{BlockInput, BlockOutput, HostTransport, ParameterId, RawNote, assert_velocity};

/// A CLAP note expression, which has no equivalent in MIDI.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoteExpression {
    /// Sample offset in the block.
    pub offset: u32,
    /// Tuning, brightness and so on.
    pub kind: NoteExpressionType,
    /// The channel; `None` for all channels.
    pub channel: Option<u8>,
    /// The key; `None` for all keys.
    pub key: Option<u8>,
    /// The note id; `None` for all notes.
    pub id: Option<u32>,
    /// The value, in the range that CLAP defines for the kind.
    pub value: f64,
}

impl NoteExpression {
    fn from_event(event: &NoteExpressionEvent) -> Option<Self> {
        let voice = event.pckn();
        let seven_bits = |part: Match<u16>| match part {
            Match::Specific(part) => u8::try_from(part).ok(),
            Match::All => None,
        };
        Some(Self {
            offset: event.header().time(),
            kind: event.expression_type()?,
            channel: seven_bits(voice.channel),
            key: seven_bits(voice.key),
            id: note_id(voice),
            value: event.value(),
        })
    }

    /// The expression as a CLAP event.
    pub(super) fn event(&self) -> NoteExpressionEvent {
        let [channel, key] =
            [self.channel, self.key].map(|part| part.map_or(Match::All, |part| Match::Specific(u16::from(part))));
        let id = self.id.map_or(Match::All, Match::Specific);
        NoteExpressionEvent::new(self.offset, Pckn::new(0u16, channel, key, id), self.kind, self.value)
    }
}

fn note_id(voice: Pckn) -> Option<u32> {
    match voice.note_id {
        Match::Specific(id) => Some(id),
        Match::All => None,
    }
}

/// Adds an input to a buffer of CLAP events.
pub fn push_input(events: &mut EventBuffer, input: &BlockInput) {
    let (time, message, id) = match *input {
        BlockInput::Message(time, message) => (time, message, Match::All),
        BlockInput::Note(time, message, id) => (time, message, Match::Specific(id)),
        BlockInput::RawNote(time, note) => return push_raw_note(events, time, note),
        BlockInput::Parameter(time, ParameterId(id), value) => {
            events.push(&ParamValueEvent::new(time, ClapId::new(id), Pckn::match_all(), value));
            return;
        }
        BlockInput::Choke(time, channel, key) => {
            let voice = Pckn::new(0u16, u16::from(channel), u16::from(key), Match::<u32>::All);
            events.push(&NoteChokeEvent::new(time, voice));
            return;
        }
        BlockInput::RawMidi(time, bytes) => {
            events.push(&MidiEvent::new(time, 0, bytes));
            return;
        }
    };
    match message {
        MidiMessage::Channel([status, key, value]) => {
            let voice = Pckn::new(0u16, u16::from(status & 0x0F), u16::from(*key), id);
            match status & 0xF0 {
                0x90 if *value > 0 => events.push(&NoteOnEvent::new(time, voice, f64::from(*value) / 127.0)),
                0x80 | 0x90 => events.push(&NoteOffEvent::new(time, voice, f64::from(*value) / 127.0)),
                _ => events.push(&MidiEvent::new(time, 0, [*status, *key, *value])),
            };
        }
        MidiMessage::SysEx(data) => {
            // SAFETY: the caller's bytes outlive the plugin's `process` call, and the plugin copies what it keeps.
            events.push(&unsafe { MidiSysExEvent::new(time, 0, data) });
        }
    }
}

fn push_raw_note(events: &mut EventBuffer, time: u32, note: RawNote) {
    let part = |number: i16| if number == -1 { Match::All } else { Match::Specific(number as u16) };
    let voice = Pckn::new(0u16, part(note.channel), part(note.key), Match::<u32>::All);
    match note.on {
        true => events.push(&NoteOnEvent::new(time, voice, note.velocity.into())),
        false => events.push(&NoteOffEvent::new(time, voice, note.velocity.into())),
    };
}

/// Collects the events that leave a block.
///
/// It converts each event at once, because the data behind an event is only valid during the plugin's call.
#[derive(Debug, Default)]
pub struct OutputCollector {
    pub outputs: Vec<BlockOutput>,
    pub expressions: Vec<NoteExpression>,
    /// Note-offs for all channels or all keys.
    pub wildcard_note_offs: u32,
}

impl OutputEventBuffer for OutputCollector {
    fn try_push(&mut self, event: &UnknownEvent) -> Result<(), TryPushError> {
        let (message, id) = match event.as_core_event() {
            Some(CoreEventSpace::NoteOn(on)) => {
                assert_velocity(on.velocity());
                let velocity = (on.velocity() * 127.0).round().clamp(1.0, 127.0) as u8;
                (note_message(0x90, on.pckn(), velocity), note_id(on.pckn()))
            }
            Some(CoreEventSpace::NoteOff(off)) => {
                assert_velocity(off.velocity());
                self.wildcard_note_offs += u32::from(off.channel() == Match::All || off.key() == Match::All);
                (note_message(0x80, off.pckn(), (off.velocity() * 127.0).round() as u8), note_id(off.pckn()))
            }
            // MIDI has no choke; a choked note ends.
            Some(CoreEventSpace::NoteChoke(choke)) => (note_message(0x80, choke.pckn(), 0), note_id(choke.pckn())),
            Some(CoreEventSpace::Midi(midi)) => (Some(MidiMessage::Channel(midi.data())), None),
            Some(CoreEventSpace::NoteExpression(expression)) => {
                self.expressions.extend(NoteExpression::from_event(expression));
                // The plugin framework sends key pressure as a CLAP expression, whatever it received it as.
                let is_pressure = expression.expression_type() == Some(NoteExpressionType::Pressure);
                let pressure = note_message(0xA0, expression.pckn(), (expression.value() * 127.0).round() as u8);
                (pressure.filter(|_| is_pressure), None)
            }
            Some(CoreEventSpace::MidiSysEx(sysex)) => {
                // SAFETY: the plugin's data is valid until this call ends.
                (Some(MidiMessage::SysEx(unsafe { sysex.data() }.to_vec())), None)
            }
            _ => (None, None),
        };
        let offset = event.header().time();
        self.outputs.extend(message.map(|message| BlockOutput { offset, message, id }));
        Ok(())
    }
}

/// A MIDI note message; `None` for a wildcard channel or key.
fn note_message(status: u8, voice: Pckn, velocity: u8) -> Option<MidiMessage> {
    let (Match::Specific(channel), Match::Specific(key)) = (voice.channel, voice.key) else { return None };
    Some(MidiMessage::Channel([status | (channel as u8 & 0x0F), key as u8, velocity]))
}

/// The transport as a CLAP event.
pub fn transport_event(transport: &HostTransport) -> TransportEvent {
    let HostTransport { playing, recording, beats, has_beats, seconds, tempo, loop_beats, signature } = *transport;
    let mut flags =
        TransportFlags::HAS_TEMPO | TransportFlags::HAS_SECONDS_TIMELINE | TransportFlags::HAS_TIME_SIGNATURE;
    flags.set(TransportFlags::HAS_BEATS_TIMELINE, has_beats);
    flags.set(TransportFlags::IS_PLAYING, playing);
    flags.set(TransportFlags::IS_RECORDING, recording);
    flags.set(TransportFlags::IS_LOOP_ACTIVE, loop_beats.is_some());
    let (loop_start, loop_end) = loop_beats.unwrap_or_default();
    let seconds_at = |beats: f64| SecondsTime::from_float(beats * 60.0 / tempo);
    let (bar_start, bar_number) = transport.current_bar();
    TransportEvent {
        header: EventHeader::new_core(0, clack_host::events::EventFlags::empty()),
        flags,
        song_pos_beats: BeatTime::from_float(beats),
        song_pos_seconds: SecondsTime::from_float(seconds),
        tempo,
        tempo_inc: 0.0,
        loop_start_beats: BeatTime::from_float(loop_start),
        loop_end_beats: BeatTime::from_float(loop_end),
        loop_start_seconds: seconds_at(loop_start),
        loop_end_seconds: seconds_at(loop_end),
        bar_start: BeatTime::from_float(bar_start),
        bar_number: bar_number as i32,
        time_signature_numerator: signature.0,
        time_signature_denominator: signature.1,
    }
}
