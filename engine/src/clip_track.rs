//! The clip in the song, as the audio thread plays it: where it begins, and which of its notes begin and end.
//!
//! What it plays goes on through the engine like what the player plays. Both share a channel, and a key sounds once: where
//! the player strikes a key that the clip holds, the clip's note ends there, and a key that the player holds the clip
//! leaves alone. So neither ever ends the other's note.

use std::sync::Arc;

use tonenet_core::clip::{Bars, ClipEvent, ClipPlacement, ClipPlayer};
use tonenet_core::scheduler::{Event, SampleTime};
use tonenet_core::transport::{StepClock, Transport};

use crate::generator::{ClipLink, ClipStore, ClipUpdate, GeneratorLink, GeneratorMessage, OwedMessages};
use crate::outbox::Outbox;
use crate::waiting::BackgroundThread;

/// The MIDI channel that clips play on, from 0.
pub const CHANNEL: u8 = 0;

/// A clip begins at the first bar line that lies so far behind the press, in seconds: time enough to generate it, so that
/// it begins at the same one in a bounce.
const LEAD: f64 = 0.25;

/// The bar line that was next when the trigger was pressed.
#[derive(Debug, Clone, Copy)]
struct NextLine {
    line: f64,
    /// Where the song was then.
    pressed_at: f64,
}

/// See the [module](self).
#[derive(Debug)]
pub struct ClipTrack {
    store: ClipLink,
    link: Arc<GeneratorLink>,
    /// To the generator's thread.
    pub outbox: Outbox<OwedMessages>,
    player: ClipPlayer,
    /// What the player has played up to.
    played_to: SampleTime,
    restyled: bool,
    /// Which placement is in force.
    placement: Option<u64>,
    /// What waits for the host to say where the song is.
    unplaced: Option<ClipUpdate>,
    next_line: Option<NextLine>,
    pressed: bool,
    /// Triggers from the window that were seen.
    window_triggers: u64,
    bars: Option<Bars>,
    /// How often the player holds each key of the clip's channel.
    held: [u8; 128],
    /// The same, of notes that began since the clip last jumped.
    held_since_jump: [u8; 128],
}

impl ClipTrack {
    /// A track that plays what is in the song from the next block on; `pressed` says whether the trigger is held already.
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

    /// What the generator's thread shares.
    pub fn link(&self) -> &GeneratorLink {
        &self.link
    }

    /// The generator's thread, to be waited for.
    pub fn background(&self) -> Arc<dyn BackgroundThread> {
        self.link.clone()
    }

    /// Sample times begin anew, and someone else ends what sounds.
    pub fn reset(&mut self) {
        self.player.reset();
        self.played_to = 0;
        self.next_line = None;
        self.held = [0; 128];
        self.held_since_jump = [0; 128];
    }

    /// The clip leaves its place in the song at a sample, while the player's keys stay down; the caller has
    /// [taken](Self::take_sounding) what sounds.
    pub fn jump(&mut self, time: SampleTime) {
        self.player.interrupt(time);
        self.next_line = None;
        self.held_since_jump = [0; 128];
    }

    /// What the player held at the last jump ends: the host confirmed the jump, stopped or went elsewhere.
    pub fn release_player(&mut self) {
        self.held = self.held_since_jump;
    }

    /// Takes a key that the clip holds, for the caller to end.
    pub fn take_sounding(&mut self) -> Option<u8> {
        self.player.take_sounding()
    }

    /// A block begins; gives the message to the generator where the trigger was pressed.
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

    /// The message to the generator where the host's bars have changed.
    pub fn bars_changed(&mut self, bars: &Bars) -> Option<GeneratorMessage> {
        (self.bars != Some(*bars)).then(|| {
            self.bars = Some(*bars);
            GeneratorMessage::Bars(*bars)
        })
    }

    /// Takes in what is to play from `time` on.
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
        self.player.place(time, Some(ClipPlacement { clip: clip.clone(), start, looped: update.looped }));
    }

    /// The bar line at which something begins that is there now.
    fn bar_line(&mut self, beats: f64, bars: &Bars) -> f64 {
        // One that lies before the press is the first of the loop, to which the song has yet to come.
        let is_ahead = |next: &NextLine| next.line >= beats || next.line < next.pressed_at;
        let next = self.next_line.take().filter(is_ahead);
        next.map_or_else(|| bars.next_line(beats, beats), |next| next.line)
    }

    /// Plays nothing up to a sample.
    pub fn skip(&mut self, until: SampleTime) {
        self.played_to = until;
    }

    /// What the clip plays next before `until`, and what the scheduler needs to know of it.
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

    /// Takes a key that the clip holds and the player is about to strike or to end with all others; the caller ends it.
    pub fn yield_key_to_player(&mut self, event: Event) -> Option<u8> {
        match event {
            Event::NoteOn { channel: CHANNEL, key } => self.player.drop_key(key).then_some(key),
            Event::AllNotesOff { channel: CHANNEL } => self.player.take_sounding(),
            _ => None,
        }
    }

    /// Follows which keys the player holds.
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
    fn a_clip_begins_at_the_bar_line_after_the_press() {
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
    fn a_clip_waits_until_the_host_says_where_the_song_is() {
        let (mut track, store) = track();
        track.take_update(0, &Transport::default(), &Bars::default());
        assert_eq!(start(&store), None);
        track.take_update(480, &playing(5.0), &Bars::default());
        assert_eq!(start(&store), Some(8.0));
    }

    #[test]
    fn bars_are_told_once() {
        let (mut track, _) = track();
        let waltz = Bars::from_host(Some((3, 4)), None, None, None);
        let changes = [Bars::default(), Bars::default(), waltz].map(|bars| track.bars_changed(&bars).is_some());
        assert_eq!(changes, [true, false, true]);
    }

    #[test]
    fn the_clip_leaves_a_key_alone_that_the_player_holds() {
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
    fn where_the_player_strikes_a_key_the_clip_yields_it() {
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
