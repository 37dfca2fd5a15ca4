//! Between MIDI messages and what VST3 makes of them: events for notes, key pressure and SysEx, parameters for
//! controllers, channel pressure and the wheel, and nothing for programme changes.

use tonenet_core::midi::MidiMessage;
use vst3::Steinberg::Vst::Event_::{EventTypes, EventTypes_};
use vst3::Steinberg::Vst::*;
use vst3::Steinberg::int16;

use crate::host::{BlockOutput, OddNote, assert_velocity};

/// What VST3 calls the channel's pressure, the wheel and programme changes where it speaks of controllers.
const PRESSURE: u8 = 128;
const BEND: u8 = 129;
const PROGRAM: u8 = 130;
/// The wheel at its highest.
const HIGHEST_BEND: f64 = 16_383.0;

/// How a message travels.
pub enum Way {
    Event(Event),
    /// As the parameter that the plugin has for a controller of a channel, with a value from 0 to 1.
    Parameter {
        channel: u8,
        controller: u8,
        value: f64,
    },
    /// Not at all.
    None,
}

/// How a message at a sample travels, with a note's id; an event may point to the message's bytes.
pub fn way_of(message: &MidiMessage, sample: u32, id: Option<u32>) -> Way {
    let [status, first, second] = match message {
        MidiMessage::Channel(bytes) => *bytes,
        MidiMessage::SysEx(bytes) => {
            let data = DataEvent { size: bytes.len() as u32, r#type: 0, bytes: bytes.as_ptr() };
            return Way::Event(event(EventTypes_::kDataEvent, sample, Event__type0 { data }));
        }
    };
    let channel = status & 0x0F;
    let share = f64::from(second) / 127.0;
    let (of_channel, pitch) = (int16::from(channel), int16::from(first));
    let note_id = id.map_or(-1, |id| id as i32);
    match status & 0xF0 {
        0x90 if second > 0 => {
            let velocity = share as f32;
            let on = NoteOnEvent { channel: of_channel, pitch, tuning: 0.0, velocity, length: 0, noteId: note_id };
            Way::Event(event(EventTypes_::kNoteOnEvent, sample, Event__type0 { noteOn: on }))
        }
        0x80 | 0x90 => {
            let off = NoteOffEvent { channel: of_channel, pitch, velocity: share as f32, noteId: note_id, tuning: 0.0 };
            Way::Event(event(EventTypes_::kNoteOffEvent, sample, Event__type0 { noteOff: off }))
        }
        0xA0 => {
            let pressure = PolyPressureEvent { channel: of_channel, pitch, pressure: share as f32, noteId: note_id };
            Way::Event(event(EventTypes_::kPolyPressureEvent, sample, Event__type0 { polyPressure: pressure }))
        }
        0xB0 => Way::Parameter { channel, controller: first, value: share },
        0xD0 => Way::Parameter { channel, controller: PRESSURE, value: f64::from(first) / 127.0 },
        0xE0 => {
            let bend = u16::from(first) | u16::from(second) << 7;
            Way::Parameter { channel, controller: BEND, value: f64::from(bend) / HIGHEST_BEND }
        }
        _ => Way::None,
    }
}

/// A note with numbers that MIDI need not have.
pub fn odd(sample: u32, note: OddNote) -> Event {
    let OddNote { on, channel, key: pitch, velocity } = note;
    if on {
        let on = NoteOnEvent { channel, pitch, tuning: 0.0, velocity, length: 0, noteId: -1 };
        event(EventTypes_::kNoteOnEvent, sample, Event__type0 { noteOn: on })
    } else {
        let off = NoteOffEvent { channel, pitch, velocity, noteId: -1, tuning: 0.0 };
        event(EventTypes_::kNoteOffEvent, sample, Event__type0 { noteOff: off })
    }
}

fn event(kind: EventTypes, sample: u32, what: Event__type0) -> Event {
    Event { busIndex: 0, sampleOffset: sample as i32, ppqPosition: 0.0, flags: 0, r#type: kind as u16, __field0: what }
}

/// What an event of the plugin says; `None` where MIDI has no word for it. Its note ids are the framework's, not those
/// that went in.
///
/// # Safety
/// The event holds what its type says, and points to nothing that has gone.
pub unsafe fn message_of(event: &Event) -> Option<BlockOutput> {
    let seven_bits = |share: f32| (share * 127.0).round().clamp(0.0, 127.0) as u8;
    let what = &event.__field0;
    // SAFETY: each field is read where the type says that it is there.
    let message = unsafe {
        match EventTypes::from(event.r#type) {
            EventTypes_::kNoteOnEvent => {
                let on = what.noteOn;
                assert_velocity(on.velocity.into());
                MidiMessage::Channel([0x90 | on.channel as u8, on.pitch as u8, seven_bits(on.velocity).max(1)])
            }
            EventTypes_::kNoteOffEvent => {
                let off = what.noteOff;
                assert_velocity(off.velocity.into());
                MidiMessage::Channel([0x80 | off.channel as u8, off.pitch as u8, seven_bits(off.velocity)])
            }
            EventTypes_::kPolyPressureEvent => {
                let pressure = what.polyPressure;
                let value = seven_bits(pressure.pressure);
                MidiMessage::Channel([0xA0 | pressure.channel as u8, pressure.pitch as u8, value])
            }
            EventTypes_::kLegacyMIDICCOutEvent => {
                let out = what.midiCCOut;
                let (channel, value) = (out.channel as u8, out.value as u8);
                MidiMessage::Channel(match out.controlNumber {
                    PRESSURE => [0xD0 | channel, value, 0],
                    BEND => [0xE0 | channel, value, out.value2 as u8],
                    PROGRAM => [0xC0 | channel, value, 0],
                    controller => [0xB0 | channel, controller, value],
                })
            }
            EventTypes_::kDataEvent if !what.data.bytes.is_null() => {
                MidiMessage::SysEx(std::slice::from_raw_parts(what.data.bytes, what.data.size as usize).to_vec())
            }
            _ => return None,
        }
    };
    Some(BlockOutput { sample: event.sampleOffset.max(0) as u32, message, id: None })
}
