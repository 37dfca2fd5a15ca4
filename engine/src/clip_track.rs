//! Plays the clip in the song on the audio thread: decides where it begins, and when its notes begin and end.
//!
//! The clip's notes pass through the engine like the player's notes. Both share a channel, on which each key sounds
//! once. If the player strikes a key that the clip holds, the clip's note ends. The clip skips notes on keys that the
//! player holds. So neither ends the other's notes.

use std::sync::Arc;

use tonenet_core::clip::{Bars, ClipEvent, ClipPlacement, ClipPlayer};
use tonenet_core::scheduler::{Event, SampleTime};
use tonenet_core::transport::{StepClock, Transport};

use crate::generator::{ClipLink, ClipStore, ClipUpdate, GeneratorLink, GeneratorMessage, MessageBacklog};
use crate::outbox::Outbox;
use crate::waiting::BackgroundThread;

/// The MIDI channel that clips play on, from 0.
pub const CHANNEL: u8 = 0;

/// The shortest time in seconds between a trigger and the bar line at which its clip begins. It leaves enough time to
/// generate the clip, so that it begins at the same bar line in real time and in a bounce.
const LEAD: f64 = 0.25;

/// The next bar line at the time of the trigger.
#[derive(Debug, Clone, Copy)]
struct NextLine {
    line: f64,
    /// The song position at that time.
    pressed_at: f64,
}

/// The audio thread's player of the clip in the song.
#[derive(Debug)]
pub struct ClipTrack {
    store: ClipLink,
    link: Arc<GeneratorLink>,
    /// Messages to the generator thread.
    pub outbox: Outbox<MessageBacklog>,
    player: ClipPlayer,
    /// The sample up to which the clip has been played.
    played_to: SampleTime,
    restyled: bool,
    /// The number of the current placement.
    placement: Option<u64>,
    /// An update that cannot be placed until the host reports the song position.
    unplaced: Option<ClipUpdate>,
    next_line: Option<NextLine>,
    pressed: bool,
    /// The number of window triggers seen so far.
    window_triggers: u64,
    bars: Option<Bars>,
    /// How many times the player holds each key of the clip's channel.
    held: [u8; 128],
    /// The same, but only for notes that began since the clip last jumped.
    held_since_jump: [u8; 128],
}

impl ClipTrack {
    /// Creates a track that plays the clip in the song from the next block on. `pressed`: whether the trigger is
    /// already held.
    pub fn new(store: Arc<ClipStore>, link: Arc<GeneratorLink>, pressed: bool) -> Self {
        Self {
            player: ClipPlayer::new(),
            played_to: 0,
            restyled: true,
            placement: None,
            unplaced: None,
            next_line: None,
            pressed,
            window_triggers: link.window_triggers(),
            bars: None,
            held: [0; 128],
            held_since_jump: [0; 128],
            store: ClipStore::connect(store),
            outbox: link.connect(),
            link,
        }
    }

    /// The state shared with the generator thread.
    pub fn link(&self) -> &GeneratorLink {
        &self.link
    }

    /// The generator thread, for waits.
    pub fn background(&self) -> Arc<dyn BackgroundThread> {
        self.link.clone()
    }

    /// Starts over at sample 0. The caller ends sounding notes.
    pub fn reset(&mut self) {
        self.player.reset();
        self.played_to = 0;
        self.next_line = None;
        self.held = [0; 128];
        self.held_since_jump = [0; 128];
    }

    /// Interrupts the clip at a sample, while the player's keys stay held. The caller has [taken](Self::take_sounding)
    /// sounding keys.
    pub fn jump(&mut self, time: SampleTime) {
        self.player.interrupt(time);
        self.next_line = None;
        self.held_since_jump = [0; 128];
    }

    /// Releases the keys that the player held at the last jump: the host confirmed the jump, stopped or jumped again.
    pub fn release_player(&mut self) {
        self.held = self.held_since_jump;
    }

    /// Removes and returns a key that the clip holds. The caller ends its note.
    pub fn take_sounding(&mut self) -> Option<u8> {
        self.player.take_sounding()
    }

    /// Begins a block. Returns the message to send if the trigger was pressed.
    pub fn begin_block(&mut self, transport: &Transport, bars: &Bars, pressed: bool) -> Option<GeneratorMessage> {
        let position = transport.song_beats();
        self.link.set_position(position);
        let by_parameter = !std::mem::replace(&mut self.pressed, pressed) && pressed;
        let triggers = self.link.window_triggers();
        let by_window = std::mem::replace(&mut self.window_triggers, triggers) != triggers;
        if by_parameter || by_window {
            let lead = LEAD * transport.tempo.unwrap_or_default() / 60.0;
            let playing = position.filter(|_| transport.playing);
            self.next_line =
                playing.map(|beats| NextLine { line: bars.next_line(beats, beats + lead), pressed_at: beats });
        }
        by_parameter.then(|| self.link.trigger())
    }

    /// Returns the message to send if the host's bars have changed.
    pub fn bars_changed(&mut self, bars: &Bars) -> Option<GeneratorMessage> {
        (self.bars != Some(*bars)).then(|| {
            self.bars = Some(*bars);
            GeneratorMessage::Bars(*bars)
        })
    }

    /// Takes the latest update, which applies from `time` on.
    pub fn take_update(&mut self, time: SampleTime, transport: &Transport, bars: &Bars) {
        let Some(update) = self.store.next_update().or_else(|| self.unplaced.take()) else { return };
        self.unplaced = None;
        self.restyled = update.restyled;
        let Some(clip) = &update.clip else {
            self.placement = None;
            self.player.place(time, None);
            return;
        };
        let in_force = self.player.placement().filter(|_| self.placement == Some(update.placement));
        let start = match update.start.or(in_force.map(|placed| placed.start)) {
            Some(start) => start,
            None => {
                let Some(start) = transport.song_beats().map(|beats| self.bar_line(beats, bars)) else {
                    self.unplaced = Some(update);
                    return;
                };
                self.store.report_start(update.placement, start);
                start
            }
        };
        self.placement = Some(update.placement);
        let is_moved = |placed: &ClipPlacement| Arc::ptr_eq(&placed.clip, clip) && placed.start != start;
        if update.start.is_some() && self.player.placement().is_some_and(is_moved) {
            // The clip does not play on where it was.
            self.player.place(time, None);
        }
        self.player.place(time, Some(ClipPlacement { clip: clip.clone(), start, looped: update.looped }));
    }

    /// The bar line at which a clip that is ready now begins.
    fn bar_line(&mut self, beats: f64, bars: &Bars) -> f64 {
        // A bar line before the trigger position is the loop's first, which the song has not reached yet.
        let is_ahead = |next: &NextLine| next.line >= beats || next.line < next.pressed_at;
        let next = self.next_line.take().filter(is_ahead);
        next.map_or_else(|| bars.next_line(beats, beats), |next| next.line)
    }

    /// Skips the clip's notes up to a sample.
    pub fn skip(&mut self, until: SampleTime) {
        self.played_to = until;
    }

    /// The clip's next event before `until`, with its kind for the scheduler.
    pub fn next(&mut self, clock: &StepClock, until: SampleTime) -> Option<(SampleTime, ClipEvent, Event)> {
        while let Some((time, event)) = self.player.next(clock, self.played_to, until) {
            let kind = match event {
                ClipEvent::On { key, .. } if self.held[usize::from(key & 127)] > 0 => {
                    self.player.drop_key(key);
                    continue;
                }
                ClipEvent::On { key, .. } if self.restyled => Event::NoteOn { channel: CHANNEL, key },
                ClipEvent::On { key, .. } => Event::PlainNoteOn { channel: CHANNEL, key },
                ClipEvent::Off { key } => Event::NoteOff { channel: CHANNEL, key },
            };
            return Some((time, event, kind));
        }
        self.played_to = until;
        None
    }

    /// Removes and returns a key that the clip holds and that the player's event strikes or ends. The caller ends its
    /// note.
    pub fn yield_key_to_player(&mut self, event: Event) -> Option<u8> {
        match event {
            Event::NoteOn { channel: CHANNEL, key } => self.player.drop_key(key).then_some(key),
            Event::AllNotesOff { channel: CHANNEL } => self.player.take_sounding(),
            _ => None,
        }
    }

    /// Tracks which keys the player holds.
    pub fn follow_player(&mut self, event: Event) {
        for held in [&mut self.held, &mut self.held_since_jump] {
            match event {
                Event::NoteOn { channel: CHANNEL, key } => {
                    let notes = &mut held[usize::from(key & 127)];
                    *notes = notes.saturating_add(1);
                }
                Event::NoteOff { channel: CHANNEL, key } => {
                    let notes = &mut held[usize::from(key & 127)];
                    *notes = notes.saturating_sub(1);
                }
                Event::AllNotesOff { channel: CHANNEL } => *held = [0; 128],
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::clip::{Clip, ClipNote};
    use tonenet_core::transport::Wrap;

    const RATE: f64 = 48_000.0;

    fn playing(beats: f64) -> Transport {
        Transport { playing: true, tempo: Some(120.0), beats: Some(beats), ..Transport::default() }
    }

    /// A track, and a store in which a clip of one key on each of its four beats is placed by the next update.
    fn track() -> (ClipTrack, Arc<ClipStore>) {
        let store = Arc::<ClipStore>::default();
        let note = |beat: u8| ClipNote { onset: beat.into(), length: 0.5, key: 60, velocity: 80 };
        store.add(Clip::new(4.0, (4, 4), (0..4).map(note).collect()).unwrap());
        (ClipTrack::new(store.clone(), Arc::default(), false), store)
    }

    fn start(store: &ClipStore) -> Option<f64> {
        store.selected().placement.and_then(|placement| placement.start)
    }

    /// What the clip plays in the second after a place, in order of time.
    fn played(track: &mut ClipTrack, beats: f64) -> Vec<Event> {
        let mut clock = StepClock::new(RATE);
        let stretch = Wrap { time: 0, transport: playing(beats) };
        clock.follow(stretch.time, &stretch.transport);
        std::iter::from_fn(|| track.next(&clock, 48_000).map(|(_, _, kind)| kind)).collect()
    }

    #[test]
    fn a_clip_begins_at_the_bar_line_after_the_trigger() {
        for (pressed_at, line) in [(1.0, 4.0), (3.4, 4.0), (3.6, 8.0)] {
            let (mut track, store) = track();
            let bars = Bars::default();
            assert_eq!(track.begin_block(&playing(pressed_at), &bars, true), Some(GeneratorMessage::Triggered(1)));
            assert_eq!(track.begin_block(&playing(pressed_at), &bars, true), None, "it is still held");
            track.take_update(0, &playing(pressed_at), &bars);
            assert_eq!(start(&store), Some(line), "pressed at {pressed_at}");
        }
    }

    #[test]
    fn a_clip_is_placed_only_once_the_host_reports_a_position() {
        let (mut track, store) = track();
        track.take_update(0, &Transport::default(), &Bars::default());
        assert_eq!(start(&store), None);
        track.take_update(480, &playing(5.0), &Bars::default());
        assert_eq!(start(&store), Some(8.0));
    }

    #[test]
    fn a_clip_that_moves_falls_silent_until_its_new_start() {
        let (mut track, store) = track();
        track.take_update(0, &playing(0.0), &Bars::default());
        let mut clock = StepClock::new(RATE);
        clock.follow(0, &playing(0.0));
        let on = Event::NoteOn { channel: CHANNEL, key: 60 };
        let off = Event::NoteOff { channel: CHANNEL, key: 60 };
        let play = |track: &mut ClipTrack, until| -> Vec<(SampleTime, Event)> {
            std::iter::from_fn(|| track.next(&clock, until).map(|(time, _, kind)| (time, kind))).collect()
        };
        assert_eq!(play(&mut track, 6_000), [(0, on)]);
        store.move_to(2.0);
        track.take_update(6_000, &playing(0.25), &Bars::default());
        assert_eq!(play(&mut track, 48_000), [(6_000, off)], "its note ends, and beat 1 is not played");
        assert_eq!(play(&mut track, 72_000), [(48_000, on), (60_000, off)]);
        assert_eq!(start(&store), Some(2.0));
    }

    #[test]
    fn only_changed_bars_are_sent() {
        let (mut track, _) = track();
        let waltz = Bars::from_host(Some((3, 4)), None, None, None);
        let changes = [Bars::default(), Bars::default(), waltz].map(|bars| track.bars_changed(&bars).is_some());
        assert_eq!(changes, [true, false, true]);
    }

    #[test]
    fn the_clip_skips_keys_that_the_player_holds() {
        let on = Event::NoteOn { channel: CHANNEL, key: 60 };
        let off = Event::NoteOff { channel: CHANNEL, key: 60 };
        let (mut track, _) = track();
        track.take_update(0, &playing(0.0), &Bars::default());
        track.follow_player(on);
        assert_eq!(played(&mut track, 0.0), []);
        let (mut track, _) = self::track();
        track.take_update(0, &playing(0.0), &Bars::default());
        track.follow_player(on);
        track.follow_player(off);
        assert_eq!(played(&mut track, 0.0), [on, off, on, off]);
    }

    #[test]
    fn the_clip_yields_a_key_that_the_player_strikes() {
        let (mut track, _) = track();
        track.take_update(0, &playing(0.0), &Bars::default());
        let mut clock = StepClock::new(RATE);
        clock.follow(0, &playing(0.0));
        assert!(track.next(&clock, 1).is_some());
        let strike = |channel, key| Event::NoteOn { channel, key };
        assert_eq!(track.yield_key_to_player(strike(1, 60)), None, "on another channel");
        assert_eq!(track.yield_key_to_player(strike(CHANNEL, 61)), None, "another key");
        assert_eq!(track.yield_key_to_player(strike(CHANNEL, 60)), Some(60));
        assert_eq!(track.yield_key_to_player(strike(CHANNEL, 60)), None, "once");
    }
}
