//! Writes what was played as a Standard MIDI File, with its tempo.

use midly::num::{u4, u7, u15, u24, u28};
use midly::{Format, Header, MetaMessage, MidiMessage, Smf, Timing, TrackEvent, TrackEventKind};

/// Ticks of a quarter note.
const TICKS: u16 = 960;

/// The latest tick, so that the distance of two events fits the format.
const LAST_TICK: f64 = ((1 << 28) - 1) as f64;

/// Tempi closer than this are the same, in microseconds of a beat: hosts compute the tempo anew in each block.
const SAME_TEMPO: u32 = 2;

/// Controller of the sustain pedal.
const SUSTAIN: u8 = 64;

/// A note to write. Places and lengths are in beats (quarter notes).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WrittenNote {
    /// Where it begins.
    pub beats: f64,
    /// Its length.
    pub length: f64,
    /// MIDI channel, 0–15.
    pub channel: u8,
    /// MIDI key, 0–127.
    pub key: u8,
    /// Its velocity, 1–127.
    pub velocity: u8,
}

/// What was played, in any order. Places are in beats from the start of the song, and may lie before it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WrittenPart {
    /// The notes.
    pub notes: Vec<WrittenNote>,
    /// Movements of the sustain pedal: where, and whether it is down from then on.
    pub pedals: Vec<(f64, bool)>,
    /// The length of a beat in seconds, from a place on. The first one holds from the start.
    pub tempo: Vec<(f64, f64)>,
}

impl WrittenPart {
    /// The bytes of a MIDI file with one track.
    ///
    /// If something lies before the song's start, all of it moves later by whole beats. What is no number is left out. What
    /// lies beyond the format's end (77 hours at 60 beats a minute) is at the end.
    pub fn to_midi(&self) -> Vec<u8> {
        let start = self.start();
        let tick = |beats: f64| ((beats - start) * f64::from(TICKS)).round().clamp(0.0, LAST_TICK) as u32;
        let mut events: Vec<Event> = Vec::new();
        events.extend(self.tempo_changes(tick));
        let mut channels = [false; 16];
        for note in self.notes.iter().filter(|note| note.beats.is_finite() && note.length.is_finite()) {
            let (channel, key) = (note.channel & 15, note.key & 127);
            channels[usize::from(channel)] = true;
            let on = tick(note.beats);
            let off = tick(note.beats + note.length).max(on + 1);
            let velocity = note.velocity.clamp(1, 127);
            events.push(Event { tick: on, kind: EventKind::NoteOn { channel, key, velocity } });
            events.push(Event { tick: off, kind: EventKind::NoteOff { channel, key } });
        }
        // A pedal belongs to the part, so it moves on each of its channels.
        for &(beats, down) in self.pedals.iter().filter(|(beats, _)| beats.is_finite()) {
            let of_channel = |channel| Event { tick: tick(beats), kind: EventKind::Pedal { channel, down } };
            events.extend((0..16).filter(|channel| channels[usize::from(*channel)]).map(of_channel));
        }
        // At one tick the order is that of the kinds: a key that is struck again sounds, with the pedal's new state.
        events.sort();
        write(&events)
    }

    /// The beat of the file's first tick: the song's start, or as many whole beats before it as are needed.
    fn start(&self) -> f64 {
        let places = self.notes.iter().map(|note| note.beats).chain(self.pedals.iter().map(|pedal| pedal.0));
        places.filter(|place| place.is_finite()).fold(0.0, f64::min).floor()
    }

    fn tempo_changes(&self, tick: impl Fn(f64) -> u32) -> Vec<Event> {
        let is_valid = |(beats, seconds): &&(f64, f64)| beats.is_finite() && *seconds > 0.0 && seconds.is_finite();
        let mut tempo: Vec<(f64, f64)> = self.tempo.iter().filter(is_valid).copied().collect();
        tempo.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut changes: Vec<Event> = Vec::new();
        let mut last = None;
        for (beats, seconds) in tempo {
            let micros = (seconds * 1e6).round().clamp(1.0, f64::from(u24::max_value().as_int())) as u32;
            if last.is_none_or(|last: u32| last.abs_diff(micros) > SAME_TEMPO) {
                let tick = if last.is_none() { 0 } else { tick(beats) };
                changes.retain(|change| change.tick < tick || tick == 0 && change.tick == 0);
                changes.push(Event { tick, kind: EventKind::Tempo { micros } });
                last = Some(micros);
            }
        }
        changes
    }
}

/// An event at its tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Event {
    tick: u32,
    kind: EventKind,
}

/// What is written, in the order of one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum EventKind {
    Tempo { micros: u32 },
    NoteOff { channel: u8, key: u8 },
    Pedal { channel: u8, down: bool },
    NoteOn { channel: u8, key: u8, velocity: u8 },
}

impl EventKind {
    fn track_event(self) -> TrackEventKind<'static> {
        let midi = |channel: u8, message| TrackEventKind::Midi { channel: u4::new(channel), message };
        match self {
            Self::Tempo { micros } => TrackEventKind::Meta(MetaMessage::Tempo(u24::new(micros))),
            Self::NoteOff { channel, key } => {
                midi(channel, MidiMessage::NoteOff { key: u7::new(key), vel: u7::new(0) })
            }
            Self::Pedal { channel, down } => {
                let value = u7::new(if down { 127 } else { 0 });
                midi(channel, MidiMessage::Controller { controller: u7::new(SUSTAIN), value })
            }
            Self::NoteOn { channel, key, velocity } => {
                midi(channel, MidiMessage::NoteOn { key: u7::new(key), vel: u7::new(velocity) })
            }
        }
    }
}

fn write(events: &[Event]) -> Vec<u8> {
    let at = |delta: u32, kind| TrackEvent { delta: u28::new(delta), kind };
    let mut track = vec![at(0, TrackEventKind::Meta(MetaMessage::TrackName(b"ToneNet")))];
    let mut last = 0;
    for event in events {
        track.push(at(event.tick - last, event.kind.track_event()));
        last = event.tick;
    }
    track.push(at(0, TrackEventKind::Meta(MetaMessage::EndOfTrack)));
    let header = Header { format: Format::SingleTrack, timing: Timing::Metrical(u15::new(TICKS)) };
    let mut bytes = Vec::new();
    let written = Smf { header, tracks: vec![track] }.write(&mut bytes);
    // Writing to a vector cannot fail.
    debug_assert!(written.is_ok());
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::midi::{MidiWarningKind, PartPedals, Song};

    fn note(beats: f64, key: u8) -> WrittenNote {
        WrittenNote { beats, length: 0.5, channel: 0, key, velocity: 70 }
    }

    #[test]
    fn a_file_has_notes_pedal_and_tempo_where_they_were() {
        let notes = vec![note(4.0, 64), note(0.25, 60), WrittenNote { channel: 3, velocity: 127, ..note(1.0, 62) }];
        let part = WrittenPart { notes, pedals: vec![(1.0, true), (2.0, false)], tempo: vec![(0.0, 0.5), (2.0, 1.0)] };
        let song = Song::parse(part.to_midi()).unwrap();
        let read: Vec<_> = song
            .notes()
            .iter()
            .map(|n| (n.onset_tick, n.note.onset, n.note.release, n.note.channel, n.note.key, n.note.velocity))
            .collect();
        let expected = [(240, 0.125, 0.375, 0, 60, 70), (960, 0.5, 0.75, 3, 62, 127), (3840, 3.0, 3.5, 0, 64, 70)];
        assert_eq!(read, expected);
        let parts = song.parts();
        let moves: Vec<_> = PartPedals::from_song(&song).movements(&parts[0]);
        assert_eq!(moves, [(0.5, true), (1.0, false)]);
        assert_eq!(song.tempo().changes().collect::<Vec<_>>(), [(0, 500_000), (1920, 1_000_000)]);
    }

    #[test]
    fn what_lies_before_the_song_moves_it_by_whole_beats() {
        let part = WrittenPart { notes: vec![note(-1.25, 60), note(2.0, 62)], ..WrittenPart::default() };
        let song = Song::parse(part.to_midi()).unwrap();
        assert_eq!(song.notes().iter().map(|n| n.onset_tick).collect::<Vec<_>>(), [720, 3840]);
    }

    #[test]
    fn a_tempo_that_a_host_computes_anew_is_one_tempo() {
        let tempo = vec![(0.0, 0.5), (1.0, 0.500_000_9), (2.0, 0.499_999_4), (3.0, 0.51)];
        let part = WrittenPart { notes: vec![note(0.0, 60)], tempo, ..WrittenPart::default() };
        let song = Song::parse(part.to_midi()).unwrap();
        assert_eq!(song.tempo().changes().map(|(_, micros)| micros).collect::<Vec<_>>(), [500_000, 510_000]);
    }

    fn places() -> impl Strategy<Value = f64> {
        prop_oneof![4 => -10.0..1e4f64, 1 => any::<f64>()]
    }

    proptest! {
        #[test]
        fn every_file_is_read_again_with_all_its_notes(
            notes in proptest::collection::vec((places(), places(), any::<u8>(), any::<u8>(), any::<u8>()), 0..40),
            pedals in proptest::collection::vec((places(), any::<bool>()), 0..10),
            tempo in proptest::collection::vec((places(), places()), 0..10),
        ) {
            let notes: Vec<WrittenNote> = notes
                .into_iter()
                .map(|(beats, length, channel, key, velocity)| WrittenNote { beats, length, channel, key, velocity })
                .collect();
            let written = notes.iter().filter(|note| note.beats.is_finite() && note.length.is_finite()).count();
            let song = Song::parse(WrittenPart { notes, pedals, tempo }.to_midi()).unwrap();
            prop_assert_eq!(song.notes().len(), written);
            let faults = song.warnings().iter().filter(|warning| warning.kind != MidiWarningKind::NoNotes);
            prop_assert_eq!(faults.count(), 0, "{:?}", song.warnings());
        }
    }
}
