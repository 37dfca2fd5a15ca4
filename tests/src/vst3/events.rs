//! Converts MIDI messages to VST3 events and parameters, and VST3 events to block output.
//!
//! Notes, key pressure and SysEx are events. Controllers, channel pressure and pitch bend are parameters. Program changes
//! are not supported.

use tonenet_core::midi::MidiMessage;
use vst3::Steinberg::Vst::Event_::{EventTypes, EventTypes_};
use vst3::Steinberg::Vst::*;
use vst3::Steinberg::int16;

use crate::host::{BlockOutput, RawNote, assert_velocity};

/// The controller numbers that VST3 assigns to channel pressure, pitch bend and program changes.
const PRESSURE: u8 = 128;
const BEND: u8 = 129;
const PROGRAM: u8 = 130;
/// The highest pitch-bend value.
const MAX_BEND: f64 = 16_383.0;

/// How VST3 carries a message.
pub enum MessageRoute {
    /// As an event.
    Event(Event),
    /// As the parameter that the plugin assigns to a controller of a channel, with a value from 0 to 1.
    Parameter { channel: u8, controller: u8, value: f64 },
    /// Not at all.
    Unsupported,
}

/// How VST3 carries a message at a sample offset, with a note id.
///
/// The event may point to the message's bytes.
pub fn route(message: &MidiMessage, offset: u32, id: Option<u32>) -> MessageRoute {
    let [status, first, second] = match message {
        MidiMessage::Channel(bytes) => *bytes,
        MidiMessage::SysEx(bytes) => {
            let data = DataEvent { size: bytes.len() as u32, r#type: 0, bytes: bytes.as_ptr() };
            return MessageRoute::Event(event(EventTypes_::kDataEvent, offset, Event__type0 { data }));
        }
    };
    let channel = status & 0x0F;
    let normalised = f64::from(second) / 127.0;
    let (channel_number, pitch) = (int16::from(channel), int16::from(first));
    let note_id = id.map_or(-1, |id| id as i32);
    match status & 0xF0 {
        0x90 if second > 0 => {
            let velocity = normalised as f32;
            let on = NoteOnEvent { channel: channel_number, pitch, tuning: 0.0, velocity, length: 0, noteId: note_id };
            MessageRoute::Event(event(EventTypes_::kNoteOnEvent, offset, Event__type0 { noteOn: on }))
        }
        0x80 | 0x90 => {
            let off = NoteOffEvent {
                channel: channel_number,
                pitch,
                velocity: normalised as f32,
                noteId: note_id,
                tuning: 0.0,
            };
            MessageRoute::Event(event(EventTypes_::kNoteOffEvent, offset, Event__type0 { noteOff: off }))
        }
        0xA0 => {
            let pressure =
                PolyPressureEvent { channel: channel_number, pitch, pressure: normalised as f32, noteId: note_id };
            MessageRoute::Event(event(EventTypes_::kPolyPressureEvent, offset, Event__type0 { polyPressure: pressure }))
        }
        0xB0 => MessageRoute::Parameter { channel, controller: first, value: normalised },
        0xD0 => MessageRoute::Parameter { channel, controller: PRESSURE, value: f64::from(first) / 127.0 },
        0xE0 => {
            let bend = u16::from(first) | u16::from(second) << 7;
            MessageRoute::Parameter { channel, controller: BEND, value: f64::from(bend) / MAX_BEND }
        }
        _ => MessageRoute::Unsupported,
    }
}

/// A note event whose values MIDI may not allow.
pub fn raw_note_event(offset: u32, note: RawNote) -> Event {
    let RawNote { on, channel, key: pitch, velocity } = note;
    if on {
        let on = NoteOnEvent { channel, pitch, tuning: 0.0, velocity, length: 0, noteId: -1 };
        event(EventTypes_::kNoteOnEvent, offset, Event__type0 { noteOn: on })
    } else {
        let off = NoteOffEvent { channel, pitch, velocity, noteId: -1, tuning: 0.0 };
        event(EventTypes_::kNoteOffEvent, offset, Event__type0 { noteOff: off })
    }
}

fn event(kind: EventTypes, offset: u32, data: Event__type0) -> Event {
    Event { busIndex: 0, sampleOffset: offset as i32, ppqPosition: 0.0, flags: 0, r#type: kind as u16, __field0: data }
}

/// Converts an event of the plugin; `None` where MIDI has no equivalent.
///
/// The output has no note id, because the plugin framework assigns its own.
///
/// # Safety
/// The event's data has the event's type, and what it points to is valid.
pub unsafe fn output_from_event(event: &Event) -> Option<BlockOutput> {
    let to_seven_bits = |value: f32| (value * 127.0).round().clamp(0.0, 127.0) as u8;
    let data = &event.__field0;
    // SAFETY: each field is read only where the event's type says that it is present.
    let message = unsafe {
        match EventTypes::from(event.r#type) {
            EventTypes_::kNoteOnEvent => {
                let on = data.noteOn;
                assert_velocity(on.velocity.into());
                MidiMessage::Channel([0x90 | on.channel as u8, on.pitch as u8, to_seven_bits(on.velocity).max(1)])
            }
            EventTypes_::kNoteOffEvent => {
                let off = data.noteOff;
                assert_velocity(off.velocity.into());
                MidiMessage::Channel([0x80 | off.channel as u8, off.pitch as u8, to_seven_bits(off.velocity)])
            }
            EventTypes_::kPolyPressureEvent => {
                let pressure = data.polyPressure;
                let value = to_seven_bits(pressure.pressure);
                MidiMessage::Channel([0xA0 | pressure.channel as u8, pressure.pitch as u8, value])
            }
            EventTypes_::kLegacyMIDICCOutEvent => {
                let out = data.midiCCOut;
                let (channel, value) = (out.channel as u8, out.value as u8);
                MidiMessage::Channel(match out.controlNumber {
                    PRESSURE => [0xD0 | channel, value, 0],
                    BEND => [0xE0 | channel, value, out.value2 as u8],
                    PROGRAM => [0xC0 | channel, value, 0],
                    controller => [0xB0 | channel, controller, value],
                })
            }
            EventTypes_::kDataEvent if !data.data.bytes.is_null() => {
                MidiMessage::SysEx(std::slice::from_raw_parts(data.data.bytes, data.data.size as usize).to_vec())
            }
            _ => return None,
        }
    };
    Some(BlockOutput { offset: event.sampleOffset.max(0) as u32, message, id: None })
}
