//! A song: the bytes of a MIDI file with the notes, messages and tempo read from them.

mod contents;

pub use contents::{MidiMessage, NoteRef, Pedal, TimedMessage};

use std::collections::VecDeque;

use super::chunks::{Chunks, Track};
use super::event::{Event, KEY_SIGNATURE, TEMPO, TIME_SIGNATURE, TRACK_NAME};
use super::tempo::DEFAULT_MICROS_PER_BEAT;
use super::warning::Warnings;
use super::{MidiError, MidiWarning, MidiWarningKind, TempoMap};
use crate::note::Note;

/// A Standard MIDI File with its notes, pedal and tempo.
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
    warnings: Vec<MidiWarning>,
}

impl Song {
    /// Reads a MIDI file, or a RIFF file that contains one, as far as its meaning is certain; see [`Song::warnings`].
    ///
    /// Every note-on of velocity 1–127 becomes a note. If notes of one track, channel and key overlap, the first to
    /// begin ends first. A note without a note-off lasts to the end of its track. The patterns of a format 2 file follow
    /// one another.
    ///
    /// # Errors
    /// [`MidiError`] if the bytes are not a readable MIDI file.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, MidiError> {
        let mut warnings = Warnings::default();
        let chunks = Chunks::read(&bytes, &mut warnings)?;
        let (ticks_per_beat, frame_tempo) = tick_length(&chunks)?;
        if frame_tempo.is_some() {
            warnings.add(MidiWarningKind::Frames, chunks.division_at);
        }
        let are_patterns = chunks.format == 2 && chunks.tracks.len() > 1;
        match chunks.format {
            0..=1 => {}
            2 if !are_patterns => {}
            2 => warnings.add(MidiWarningKind::Patterns, chunks.division_at - 4),
            format => warnings.add(MidiWarningKind::UnknownFormat(format), chunks.division_at - 4),
        }

        let mut found = Found::default();
        let mut start = 0;
        for track in &chunks.tracks {
            if are_patterns {
                found.tempos.push((start, DEFAULT_MICROS_PER_BEAT));
            }
            found.track(track, start, &mut warnings);
            if are_patterns {
                start += track.end;
            }
        }
        if let Some(micros_per_beat) = frame_tempo {
            found.tempos = vec![(0, micros_per_beat)];
        }
        if found.notes.is_empty() {
            warnings.add(MidiWarningKind::NoNotes, 0);
        }
        Ok(found.into_song(bytes, ticks_per_beat, warnings.into_list()))
    }

    /// The faults of the file, which could be read despite them.
    pub fn warnings(&self) -> &[MidiWarning] {
        &self.warnings
    }

    /// The notes by onset, then in the order of the file.
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

    /// Sustain pedal movements on all channels: the time in seconds, and whether the pedal is down from then on.
    ///
    /// Values of a continuous pedal that change neither up nor down are left out.
    pub fn pedal_movements(&self) -> Vec<(f64, bool)> {
        pedal_movements(self.pedals.iter().map(|pedal| (pedal.time, pedal.value)))
    }

    /// All messages that playing the file sends, by time, then in the order of the file.
    pub fn messages(&self) -> &[TimedMessage] {
        &self.messages
    }

    /// The names of the tracks, empty if a track has none; control characters are replaced by spaces.
    pub fn track_names(&self) -> &[String] {
        &self.track_names
    }

    /// Time signatures as `(tick, numerator, denominator)`; a MIDI file without one is in 4/4.
    pub fn time_signatures(&self) -> &[(u64, u8, u8)] {
        &self.time_signatures
    }

    /// The first key signature: the number of sharps (negative for flats), and whether it is minor.
    pub fn key_signature(&self) -> Option<(i8, bool)> {
        self.key_signature
    }

    /// The tempo map.
    pub fn tempo(&self) -> &TempoMap {
        &self.tempo
    }

    /// Time of the last message, in seconds; 0 without messages.
    pub fn duration(&self) -> f64 {
        self.messages.last().map_or(0.0, |m| m.time)
    }

    /// The bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The file with new velocities, one per note in the order of [`Song::notes`]; all other bytes are unchanged.
    ///
    /// # Errors
    /// [`MidiError::Velocities`] unless there is one velocity of 1–127 for each note.
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

/// The pedal's movements, from its values by time.
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

/// Ticks in a beat, and the fixed tempo of a file whose times are in film frames.
///
/// Such a file has no beats. It is read as 60 or 120 beats a minute, whichever gives a whole number of ticks a beat.
fn tick_length(chunks: &Chunks<'_>) -> Result<(u16, Option<u32>), MidiError> {
    let [high, ticks] = chunks.division.to_be_bytes();
    let frame = u16::from(ticks);
    let (ticks_per_beat, tempo) = match (high as i8).unsigned_abs() {
        _ if high < 0x80 => (chunks.division, None),
        24 => (12 * frame, Some(500_000)),
        25 => (25 * frame, Some(1_000_000)),
        // 30,000 frames in 1,001 seconds.
        29 => (15 * frame, Some(500_500)),
        30 => (15 * frame, Some(500_000)),
        _ => {
            let reason = "there are no films of so many frames a second";
            return Err(MidiError::Damaged { byte: chunks.division_at, reason });
        }
    };
    if ticks_per_beat == 0 {
        return Err(MidiError::NoDivision { byte: chunks.division_at });
    }
    Ok((ticks_per_beat, tempo))
}

/// The contents of the tracks, with times in ticks.
#[derive(Default)]
struct Found {
    notes: Vec<RawNote>,
    messages: Vec<RawMessage>,
    tempos: Vec<(u64, u32)>,
    track_names: Vec<String>,
    time_signatures: Vec<(u64, u8, u8)>,
    key_signature: Option<(i8, bool)>,
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
    /// Adds a track that begins at the tick `start`.
    fn track(&mut self, track: &Track<'_>, start: u64, warnings: &mut Warnings) {
        let place = self.track_names.len();
        self.track_names.push(String::new());
        let mut sounding = Sounding::default();
        for &(tick, event) in &track.events {
            let tick = start + tick;
            match event {
                Event::Channel { status, data: [first, second], last_at } => {
                    let (channel, is_on) = (status & 0x0F, status & 0xF0 == 0x90 && second > 0);
                    let note = is_on.then_some(self.notes.len());
                    if let Some(note) = note {
                        sounding.begin(channel, first, note);
                        self.notes.push(RawNote {
                            onset: tick,
                            release: tick,
                            track: place,
                            channel,
                            key: first,
                            velocity: second,
                            velocity_at: last_at,
                        });
                    } else if matches!(status & 0xF0, 0x80 | 0x90) {
                        sounding.end(channel, first, tick, &mut self.notes);
                    }
                    let message = MidiMessage::Channel([status, first, second]);
                    self.messages.push(RawMessage { tick, track: place, note, message });
                }
                Event::SysEx(data) => {
                    let message = MidiMessage::SysEx([&[0xF0], data].concat());
                    self.messages.push(RawMessage { tick, track: place, note: None, message });
                }
                Event::Meta { kind, data, at } => {
                    if !self.meta(place, tick, kind, data) {
                        warnings.add(MidiWarningKind::Meta, at);
                    }
                }
                Event::Escape(_) | Event::Other => {}
            }
        }
        sounding.end_all(start + track.end, &mut self.notes);
    }

    /// Adds a meta event; returns whether it is valid.
    fn meta(&mut self, track: usize, tick: u64, kind: u8, data: &[u8]) -> bool {
        match (kind, data) {
            (TRACK_NAME, name) => {
                let known = &mut self.track_names[track];
                if known.is_empty() {
                    *known = printable(name);
                }
                true
            }
            (TEMPO, &[a, b, c, ref more @ ..]) => {
                let micros_per_beat = u32::from_be_bytes([0, a, b, c]);
                self.tempos.push((tick, micros_per_beat));
                micros_per_beat > 0 && more.is_empty()
            }
            (TIME_SIGNATURE, &[numerator @ 1..=u8::MAX, power @ 0..8, ref more @ ..]) => {
                self.time_signatures.push((tick, numerator, 1 << power));
                more.len() == 2
            }
            (KEY_SIGNATURE, &[sharps, is_minor @ 0..2, ref more @ ..]) if (-7..=7).contains(&(sharps as i8)) => {
                self.key_signature = self.key_signature.or(Some((sharps as i8, is_minor == 1)));
                more.is_empty()
            }
            (TEMPO | TIME_SIGNATURE | KEY_SIGNATURE, _) => false,
            _ => true,
        }
    }

    fn into_song(mut self, bytes: Vec<u8>, ticks_per_beat: u16, warnings: Vec<MidiWarning>) -> Song {
        let tempo = TempoMap::new(ticks_per_beat, self.tempos);
        self.time_signatures.sort_by_key(|signature| signature.0);
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
                tick: m.tick,
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
        Song {
            bytes,
            tempo,
            notes,
            pedals,
            messages,
            track_names: self.track_names,
            time_signatures: self.time_signatures,
            key_signature: self.key_signature,
            warnings,
        }
    }
}

/// A name without control characters, which users can read and type.
fn printable(name: &[u8]) -> String {
    String::from_utf8_lossy(name).replace(char::is_control, " ").trim().to_owned()
}

/// Held notes of one track, by channel and key.
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
