//! Moves the notes of a restyled song, with what belongs to them, and plays its pedal.
//!
//! Each part's messages go through the scheduler that the plugin uses, with a latency that is longer than any
//! displacement. So a file moves by the same rules as a live part, and in both directions.

use std::collections::BTreeSet;

use tonenet_core::dynamics::Expected;
use tonenet_core::feel::pedal::{PedalMovement, PedalPlayer};
use tonenet_core::feel::{Displacement, Feel, FeelControls, WrittenPlace};
use tonenet_core::grid::Grid;
use tonenet_core::midi::{AddedMessage, MidiMessage, Song, SongPart, TimedMessage};
use tonenet_core::note::piano_key;
use tonenet_core::scheduler::{
    Displace, DisplacementBounds, Estimate, Event, OutputEvent, RequestPolicy, SampleTime, Scheduler, SchedulerConfig,
};

/// Samples a second while messages are moved. The result is in ticks.
const SAMPLE_RATE: f64 = 48_000.0;

/// Farther than any note moves, in samples.
const LATENCY: u32 = 4 * SAMPLE_RATE as u32;

/// As in the plugin, but in both directions alike.
const BOUNDS: DisplacementBounds = DisplacementBounds {
    early: (0.35 * SAMPLE_RATE) as u32,
    late: (0.35 * SAMPLE_RATE) as u32,
    longer: SAMPLE_RATE as u32,
    moment: (0.01 * SAMPLE_RATE) as u32,
    reach: SAMPLE_RATE as u32,
};

const SUSTAIN: u8 = 64;

/// Where the messages of a song go.
#[derive(Debug, Clone, PartialEq)]
pub struct MovedMessages {
    /// The tick of each message of the song; `None` for the player's pedal where the style's replaces it.
    pub ticks: Vec<Option<u64>>,
    /// The style's pedal.
    pub added: Vec<AddedMessage>,
    /// How many notes begin at another tick.
    pub notes: usize,
}

/// A message of the part on its way through the scheduler.
#[derive(Debug, Clone, Copy)]
struct Message {
    /// Its index in the song.
    index: usize,
    controls: FeelControls,
    place: WrittenPlace,
}

impl Displace for Message {
    fn displacement(&self, feel: &Feel) -> Displacement {
        self.controls.displacement(feel, &self.place)
    }
}

impl MovedMessages {
    /// Nothing has moved yet.
    pub(super) fn new(song: &Song) -> Self {
        let ticks = song.messages().iter().map(|message| Some(message.tick)).collect();
        Self { ticks, added: Vec::new(), notes: 0 }
    }

    /// Moves a part. `feel` holds what a style does with the notes that move, by their ascending index in the song.
    pub(super) fn move_part(
        &mut self,
        song: &Song,
        part: &MovedPart<'_>,
        controls: FeelControls,
        feel: &[(usize, Feel)],
    ) {
        let own: Vec<usize> = part.messages(song);
        let config = SchedulerConfig { latency: LATENCY, policy: RequestPolicy::PerNote(LATENCY - 1) };
        let mut scheduler = Scheduler::new(own.len(), config);
        scheduler.set_bounds(BOUNDS);
        let mut pedal = PedalPlayer::new(SAMPLE_RATE);
        pedal.set_mode(controls.pedal, 0, |_| {});
        for &index in &own {
            let message = &song.messages()[index];
            let time = (message.time * SAMPLE_RATE).round() as SampleTime;
            let feel = message.note.and_then(|note| Some(feel[feel.binary_search_by_key(&note, |f| f.0).ok()?].1));
            let payload = Message { index, controls, place: part.place(song, message) };
            let id = scheduler.push_event(time, event(&message.message, feel.is_some()), payload);
            if let Some(feel) = feel {
                scheduler.set_estimate(id, Estimate { expected: Expected::default(), feel, settled: true });
            }
        }
        let mut last = 0;
        while let Some(output) = scheduler.next_due(SampleTime::MAX) {
            let OutputEvent::Event { time, event, payload: Message { index, .. }, .. } = output else { continue };
            last = time;
            let message = &song.messages()[index];
            self.add_pedal(song, part, std::iter::from_fn(|| pedal.next_due(time + 1)));
            if let Some((channel, value)) = sustain(&message.message)
                && !pedal.player_moved(channel, value >= 64)
            {
                self.ticks[index] = None;
                continue;
            }
            let note = message.note.and_then(|note| Some(feel[feel.binary_search_by_key(&note, |f| f.0).ok()?].1));
            if let (Event::NoteOn { channel, .. }, Some(feel)) = (event, note) {
                pedal.note_on(time, channel, &feel);
            }
            let tick = moved_tick(song, message, time);
            self.notes += usize::from(message.note.is_some() && tick != message.tick);
            self.ticks[index] = Some(tick);
        }
        pedal.stop(last + 1);
        self.add_pedal(song, part, std::iter::from_fn(|| pedal.next_due(SampleTime::MAX)));
    }

    fn add_pedal(&mut self, song: &Song, part: &MovedPart<'_>, movements: impl Iterator<Item = PedalMovement>) {
        for PedalMovement { time, channel, down } in movements {
            let Some(&(track, _)) = part.part.voices.iter().find(|voice| voice.1 == channel) else { continue };
            let seconds = time.saturating_sub(LATENCY.into()) as f64 / SAMPLE_RATE;
            let message = [0xB0 | channel, SUSTAIN, if down { 127 } else { 0 }];
            self.added.push(AddedMessage { tick: tick_at(song, seconds), track, message });
        }
    }
}

/// A part that moves.
pub(super) struct MovedPart<'a> {
    pub(super) part: &'a SongPart,
    /// Only on sixteenths do its beats mean something.
    pub(super) grid: Grid,
    /// The tracks and channels that notes of any part are on.
    pub(super) voices: &'a BTreeSet<(usize, u8)>,
}

impl MovedPart<'_> {
    /// Its messages, as ascending indices in the song: those of its voices, and those of its channels in tracks where
    /// these have no notes.
    fn messages(&self, song: &Song) -> Vec<usize> {
        let is_own = |message: &TimedMessage| match message.message {
            MidiMessage::Channel([status, ..]) => {
                let voice = (message.track, status & 0x0F);
                self.part.voices.contains(&voice)
                    || self.part.channels.contains(&voice.1) && !self.voices.contains(&voice)
            }
            MidiMessage::SysEx(_) => false,
        };
        let own = song.messages().iter().enumerate().filter(|(_, message)| is_own(message));
        own.map(|(index, _)| index).collect()
    }

    fn place(&self, song: &Song, message: &TimedMessage) -> WrittenPlace {
        let beat_phase = match (self.grid, message.note) {
            (Grid::Sixteenths, Some(note)) => Some((song.notes()[note].note.onset_sixteenths / 4.0).rem_euclid(1.0)),
            _ => None,
        };
        let beat_samples = 60.0 / song.tempo().beats_per_minute_at(message.time) * SAMPLE_RATE;
        WrittenPlace { beat_phase, beat_samples, sample_rate: SAMPLE_RATE }
    }
}

/// The message as the scheduler knows it. A note that does not move is plain.
fn event(message: &MidiMessage, moves: bool) -> Event {
    let &MidiMessage::Channel([status, first, second]) = message else { return Event::Other };
    let (channel, key) = (status & 0x0F, first);
    match status & 0xF0 {
        0x90 if second > 0 && moves && piano_key(key).is_some() => Event::NoteOn { channel, key },
        0x90 if second > 0 => Event::PlainNoteOn { channel, key },
        0x80 | 0x90 => Event::NoteOff { channel, key },
        0xB0 if matches!(first, 120 | 123) => Event::AllNotesOff { channel },
        _ => Event::Other,
    }
}

fn sustain(message: &MidiMessage) -> Option<(u8, u8)> {
    match *message {
        MidiMessage::Channel([status, SUSTAIN, value]) if status & 0xF0 == 0xB0 => Some((status & 0x0F, value)),
        _ => None,
    }
}

/// The tick of a message that left the scheduler. What has not moved keeps its own.
fn moved_tick(song: &Song, message: &TimedMessage, time: SampleTime) -> u64 {
    let written = (message.time * SAMPLE_RATE).round() as i64 + i64::from(LATENCY);
    match time as i64 - written {
        0 => message.tick,
        moved => tick_at(song, message.time + moved as f64 / SAMPLE_RATE),
    }
}

fn tick_at(song: &Song, seconds: f64) -> u64 {
    (song.tempo().beats_at(seconds.max(0.0)) * f64::from(song.tempo().ticks_per_beat())).round().max(0.0) as u64
}
