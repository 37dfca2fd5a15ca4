//! A song: the bytes of a MIDI file together with what was understood of them.

use std::collections::VecDeque;

use midly::{MetaMessage, Timing, TrackEventKind};

use super::{MidiError, TempoMap};
use crate::note::Note;

const SUSTAIN_PEDAL: u8 = 64;

/// A Standard MIDI File, its notes, pedal and tempo.
#[derive(Debug, Clone)]
pub struct Song {
    bytes: Vec<u8>,
    tempo: TempoMap,
    notes: Vec<NoteRef>,
    pedals: Vec<Pedal>,
    messages: Vec<TimedMessage>,
    track_names: Vec<String>,
    time_signatures: Vec<(u64, u8, u8)>,
    key_signature: Option<(i8, bool)>,
}

/// A note of a [`Song`], with where it stands in the file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoteRef {
    /// The note itself.
    pub note: Note,
    /// Tick of the note-on, from the start of the song.
    pub onset_tick: u64,
    /// Tick of the note-off that ends it, or of the last event of its track where none comes.
    pub release_tick: u64,
    /// Track it stands in, counted from 0.
    pub track: usize,
    velocity_at: usize,
}

/// A movement of the sustain pedal (controller 64).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pedal {
    /// When, in seconds from the start of the song.
    pub time: f64,
    /// MIDI channel, 0–15.
    pub channel: u8,
    /// 0–127; 64 and more is down.
    pub value: u8,
}

/// A message a player of the file would send, in the order of the file's time line.
#[derive(Debug, Clone, PartialEq)]
pub struct TimedMessage {
    /// When, in seconds from the start of the song.
    pub time: f64,
    /// Track it stands in, counted from 0.
    pub track: usize,
    /// For a note-on, its place in [`Song::notes`].
    pub note: Option<usize>,
    /// The message.
    pub message: MidiMessage,
}

impl TimedMessage {
    /// The channel and value of a movement of the sustain pedal, if it is one.
    pub(super) fn pedal(&self) -> Option<(u8, u8)> {
        match self.message {
            MidiMessage::Channel([status, SUSTAIN_PEDAL, value]) if status & 0xF0 == 0xB0 => {
                Some((status & 0x0F, value))
            }
            _ => None,
        }
    }
}

/// What goes over a MIDI cable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MidiMessage {
    /// A channel message: its status byte and two data bytes (the second 0 where there is one only).
    Channel([u8; 3]),
    /// A system-exclusive message from F0 to F7.
    SysEx(Vec<u8>),
}

impl Song {
    /// Reads a format 0 or 1 file.
    ///
    /// Every note-on of velocity 1–127 becomes a note. Of overlapping equal pitches on one channel of one track,
    /// the first to begin is the first to end; a note that nothing ends lasts as long as its track.
    ///
    /// # Errors
    /// [`MidiError`] when the bytes are no such file or hold no note.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, MidiError> {
        if !bytes.starts_with(b"MThd") {
            return Err(MidiError::NotMidi);
        }
        let track_ends = track_ends(&bytes)?;
        let (header, tracks) = midly::parse(&bytes).map_err(|e| MidiError::Damaged(e.to_string()))?;
        if header.format == midly::Format::Sequential {
            return Err(MidiError::IndependentPatterns);
        }
        let ticks_per_beat = match header.timing {
            Timing::Metrical(ticks) if ticks.as_int() > 0 => ticks.as_int(),
            Timing::Metrical(_) => return Err(MidiError::NoDivision),
            Timing::Timecode(..) => return Err(MidiError::SmpteTime),
        };

        let mut tempo_changes = Vec::new();
        let mut found = Found::default();
        let mut track_names = Vec::new();
        let mut time_signatures = Vec::new();
        let mut key_signature = None;
        // Zipped with the chunks found, so that stray bytes behind the last chunk do no harm.
        for ((track, events), &track_end) in tracks.enumerate().zip(&track_ends) {
            let events = events.map_err(|e| MidiError::Damaged(e.to_string()))?;
            track_names.push(String::new());
            let mut sounding = Sounding::default();
            let mut tick = 0u64;
            let (mut read_to, mut ended) = (track_end, false);
            for event in events.bytemapped() {
                let (raw, event) = event.map_err(|e| MidiError::Damaged(format!("track {}: {e}", track + 1)))?;
                tick += u64::from(event.delta.as_int());
                let end_at = raw.as_ptr() as usize - bytes.as_ptr() as usize + raw.len();
                read_to = end_at;
                match event.kind {
                    TrackEventKind::Meta(MetaMessage::EndOfTrack) => ended = true,
                    TrackEventKind::Meta(MetaMessage::Tempo(micros)) => tempo_changes.push((tick, micros.as_int())),
                    TrackEventKind::Meta(MetaMessage::TimeSignature(numerator, power, _, _)) if power < 8 => {
                        time_signatures.push((tick, numerator, 1 << power));
                    }
                    TrackEventKind::Meta(MetaMessage::KeySignature(sharps, is_minor)) => {
                        key_signature = key_signature.or(Some((sharps, is_minor)));
                    }
                    TrackEventKind::Meta(MetaMessage::TrackName(name)) if track_names[track].is_empty() => {
                        track_names[track] = String::from_utf8_lossy(name).trim().to_owned();
                    }
                    TrackEventKind::Meta(_) | TrackEventKind::Escape(_) => {}
                    TrackEventKind::SysEx(data) => {
                        let mut message = vec![0xF0];
                        message.extend_from_slice(data);
                        found.message(tick, track, MidiMessage::SysEx(message));
                    }
                    TrackEventKind::Midi { channel, message } => {
                        found.channel_message(tick, track, end_at, channel.as_int(), message, &mut sounding);
                    }
                }
            }
            // midly stops without a word at an event it cannot read.
            if read_to != track_end && !ended {
                return Err(MidiError::Damaged(format!("track {} breaks off at byte {read_to}", track + 1)));
            }
            sounding.end_all(tick, &mut found.notes);
        }
        if found.notes.is_empty() {
            return Err(MidiError::NoNotes);
        }
        time_signatures.sort_by_key(|signature| signature.0);
        let song = found.into_song(bytes, TempoMap::new(ticks_per_beat, tempo_changes), track_names);
        Ok(Self { time_signatures, key_signature, ..song })
    }

    /// The notes, by onset, then as they stand in the file.
    pub fn notes(&self) -> &[NoteRef] {
        &self.notes
    }

    /// The notes of one track; see [`Song::track_names`].
    pub fn notes_of_track(&self, track: usize) -> impl Iterator<Item = &NoteRef> {
        self.notes.iter().filter(move |n| n.track == track)
    }

    /// Movements of the sustain pedal, by time.
    pub fn pedals(&self) -> &[Pedal] {
        &self.pedals
    }

    /// The sustain pedal going down and up, whichever channel moves it: when, in seconds, and whether it is down then.
    ///
    /// Half-way values of a continuous pedal are no movements of their own.
    pub fn pedal_movements(&self) -> Vec<(f64, bool)> {
        pedal_movements(self.pedals.iter().map(|pedal| (pedal.time, pedal.value)))
    }

    /// Everything a player would send, by time; at one time note-offs and the rest stand as in the file.
    pub fn messages(&self) -> &[TimedMessage] {
        &self.messages
    }

    /// Names of the tracks, empty where a track has none.
    pub fn track_names(&self) -> &[String] {
        &self.track_names
    }

    /// Time signatures by tick, as numerator and denominator; a MIDI file without one is in 4/4.
    pub fn time_signatures(&self) -> &[(u64, u8, u8)] {
        &self.time_signatures
    }

    /// The first key signature: sharps, or flats below zero, and whether it is minor.
    pub fn key_signature(&self) -> Option<(i8, bool)> {
        self.key_signature
    }

    /// The tempo.
    pub fn tempo(&self) -> &TempoMap {
        &self.tempo
    }

    /// When the last message is sent, in seconds.
    pub fn duration(&self) -> f64 {
        self.messages.last().map_or(0.0, |m| m.time)
    }

    /// The file as it was read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The file with other velocities, one a note in the order of [`Song::notes`], and not another byte changed.
    ///
    /// # Errors
    /// [`MidiError::Velocities`] unless there is one of 1–127 for each note.
    pub fn with_velocities(&self, velocities: &[u8]) -> Result<Vec<u8>, MidiError> {
        if velocities.len() != self.notes.len() || velocities.iter().any(|v| !(1..=127).contains(v)) {
            return Err(MidiError::Velocities { notes: self.notes.len(), given: velocities.len() });
        }
        let mut bytes = self.bytes.clone();
        for (note, &velocity) in self.notes.iter().zip(velocities) {
            if velocity != note.note.velocity {
                bytes[note.velocity_at] = velocity;
            }
        }
        Ok(bytes)
    }
}

/// The pedal going down and up out of all its values by time.
pub(super) fn pedal_movements(values: impl Iterator<Item = (f64, u8)>) -> Vec<(f64, bool)> {
    let mut movements: Vec<(f64, bool)> = Vec::new();
    for (time, value) in values {
        let down = value >= 64;
        if movements.last().is_some_and(|m| m.1) != down {
            movements.push((time, down));
        }
    }
    movements
}

/// Where each track chunk ends, in bytes from the start of the file.
///
/// midly reads a truncated last chunk as if it ended where the file does; a user must hear of it instead.
fn track_ends(bytes: &[u8]) -> Result<Vec<usize>, MidiError> {
    let mut ends = Vec::new();
    let mut at = 0;
    while bytes.len() - at >= 8 {
        let length = u32::from_be_bytes([bytes[at + 4], bytes[at + 5], bytes[at + 6], bytes[at + 7]]) as usize;
        let left = bytes.len() - at - 8;
        if length > left {
            return Err(MidiError::Damaged(format!("{} bytes are missing at its end", length - left)));
        }
        // Before midly reads it, which overflows where a second has −128 frames.
        let is_header = &bytes[at..at + 4] == b"MThd";
        if is_header && bytes[at + 8..at + 8 + length].get(4).is_some_and(|division| division & 0x80 != 0) {
            return Err(MidiError::SmpteTime);
        }
        let is_track = &bytes[at..at + 4] == b"MTrk";
        at += 8 + length;
        if is_track {
            ends.push(at);
        }
    }
    let promised = bytes.get(10..12).map_or(0, |n| usize::from(u16::from_be_bytes([n[0], n[1]])));
    if ends.len() < promised {
        return Err(MidiError::Damaged(format!("{} of its {promised} tracks are there", ends.len())));
    }
    Ok(ends)
}

/// What the tracks gave, still in ticks.
#[derive(Default)]
struct Found {
    notes: Vec<RawNote>,
    messages: Vec<RawMessage>,
}

struct RawMessage {
    tick: u64,
    track: usize,
    note: Option<usize>,
    message: MidiMessage,
}

struct RawNote {
    onset: u64,
    release: u64,
    track: usize,
    channel: u8,
    key: u8,
    velocity: u8,
    velocity_at: usize,
}

impl Found {
    fn message(&mut self, tick: u64, track: usize, message: MidiMessage) {
        self.messages.push(RawMessage { tick, track, note: None, message });
    }

    fn channel_message(
        &mut self,
        tick: u64,
        track: usize,
        end_at: usize,
        channel: u8,
        message: midly::MidiMessage,
        sounding: &mut Sounding,
    ) {
        use midly::MidiMessage as M;
        let (status, first, second) = match message {
            M::NoteOff { key, vel } => (0x80, key.as_int(), vel.as_int()),
            M::NoteOn { key, vel } => (0x90, key.as_int(), vel.as_int()),
            M::Aftertouch { key, vel } => (0xA0, key.as_int(), vel.as_int()),
            M::Controller { controller, value } => (0xB0, controller.as_int(), value.as_int()),
            M::ProgramChange { program } => (0xC0, program.as_int(), 0),
            M::ChannelAftertouch { vel } => (0xD0, vel.as_int(), 0),
            M::PitchBend { bend } => {
                let bend = bend.0.as_int();
                (0xE0, (bend & 0x7F) as u8, (bend >> 7) as u8)
            }
        };
        let mut note = None;
        match message {
            M::NoteOn { key, vel } if vel.as_int() > 0 => {
                note = Some(self.notes.len());
                sounding.begin(channel, key.as_int(), self.notes.len());
                self.notes.push(RawNote {
                    onset: tick,
                    release: tick,
                    track,
                    channel,
                    key: key.as_int(),
                    velocity: vel.as_int(),
                    // A note-on ends with its velocity, under running status too.
                    velocity_at: end_at - 1,
                });
            }
            M::NoteOn { key, .. } | M::NoteOff { key, .. } => {
                sounding.end(channel, key.as_int(), tick, &mut self.notes);
            }
            _ => {}
        }
        let message = MidiMessage::Channel([status | channel, first, second]);
        self.messages.push(RawMessage { tick, track, note, message });
    }

    fn into_song(self, bytes: Vec<u8>, tempo: TempoMap, track_names: Vec<String>) -> Song {
        let sixteenths = |tick: u64| tick as f64 * 4.0 / f64::from(tempo.ticks_per_beat());
        let mut order: Vec<usize> = (0..self.notes.len()).collect();
        order.sort_by_key(|&i| self.notes[i].onset);
        let mut place = vec![0; order.len()];
        for (at, &i) in order.iter().enumerate() {
            place[i] = at;
        }
        let notes = order
            .iter()
            .map(|&i| {
                let raw = &self.notes[i];
                NoteRef {
                    note: Note {
                        onset: tempo.seconds(raw.onset),
                        release: tempo.seconds(raw.release),
                        onset_sixteenths: sixteenths(raw.onset),
                        release_sixteenths: sixteenths(raw.release),
                        channel: raw.channel,
                        key: raw.key,
                        velocity: raw.velocity,
                    },
                    onset_tick: raw.onset,
                    release_tick: raw.release,
                    track: raw.track,
                    velocity_at: raw.velocity_at,
                }
            })
            .collect();

        let mut raw_messages = self.messages;
        raw_messages.sort_by_key(|m| m.tick);
        let messages: Vec<TimedMessage> = raw_messages
            .into_iter()
            .map(|m| TimedMessage {
                time: tempo.seconds(m.tick),
                track: m.track,
                note: m.note.map(|i| place[i]),
                message: m.message,
            })
            .collect();
        let pedals = messages
            .iter()
            .filter_map(|m| m.pedal().map(|(channel, value)| Pedal { time: m.time, channel, value }))
            .collect();
        Song { bytes, tempo, notes, pedals, messages, track_names, time_signatures: Vec::new(), key_signature: None }
    }
}

/// Notes of one track that have begun and not ended, by channel and key.
#[derive(Default)]
struct Sounding(std::collections::HashMap<(u8, u8), VecDeque<usize>>);

impl Sounding {
    fn begin(&mut self, channel: u8, key: u8, note: usize) {
        self.0.entry((channel, key)).or_default().push_back(note);
    }

    fn end(&mut self, channel: u8, key: u8, tick: u64, notes: &mut [RawNote]) {
        if let Some(note) = self.0.get_mut(&(channel, key)).and_then(VecDeque::pop_front) {
            notes[note].release = tick;
        }
    }

    fn end_all(self, tick: u64, notes: &mut [RawNote]) {
        for note in self.0.into_values().flatten() {
            notes[note].release = tick;
        }
    }
}
