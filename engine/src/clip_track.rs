//! The clip in the song, as the audio thread plays it: when the trigger is pressed, where what was written begins, and
//! which of its notes begin and end. What it plays goes on through the engine like what the player plays.
//!
//! Both share a channel, and a key sounds once: where the player strikes a key that the clip holds, the clip's note ends
//! there, and a key that the player holds the clip leaves alone. So neither ever ends the other's note.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tonenet_core::clip::{Bars, ClipEvent, ClipPlacement, ClipPlayer};
use tonenet_core::scheduler::{Event, SampleTime};
use tonenet_core::timeline::TimelineEvent;
use tonenet_core::transport::{StepClock, Transport};

use crate::generator::{ClipLink, ClipStore, Delivery, OwedTold, StudioLink, Told};
use crate::outbox::Outbox;

/// The MIDI channel that clips play on, from 0.
pub const CHANNEL: u8 = 0;

/// A clip begins at the first bar line that lies so far behind the press, in seconds: time enough to write it, so that it
/// begins at the same one in a bounce.
const LEAD: f64 = 0.25;

/// The bar line that was next when the trigger was pressed.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    line: f64,
    /// Where the song was then.
    pressed_at: f64,
}

/// When the trigger is pressed, where the clip begins, and what it plays.
#[derive(Debug)]
pub struct ClipTrack {
    store: ClipLink,
    link: Arc<StudioLink>,
    /// To the studio.
    pub outbox: Outbox<OwedTold>,
    player: ClipPlayer,
    /// What the player has played up to.
    played_to: SampleTime,
    restyled: bool,
    /// Which placing is in force.
    placing: Option<u64>,
    /// What waits for the host to say where the song is.
    unplaced: Option<Delivery>,
    wanted: Option<Wanted>,
    pressed: bool,
    /// Presses of the window's that were seen.
    window_presses: u64,
    bars: Option<Bars>,
    /// How often the player holds each key of the clip's channel.
    held: [u8; 128],
}

impl ClipTrack {
    /// A track that plays what is in the song from the next block on; `pressed` says whether the trigger is held already.
    pub fn new(store: Arc<ClipStore>, link: Arc<StudioLink>, pressed: bool) -> Self {
        Self {
            player: ClipPlayer::new(),
            played_to: 0,
            restyled: true,
            placing: None,
            unplaced: None,
            wanted: None,
            pressed,
            window_presses: link.window_presses.load(Ordering::Acquire),
            bars: None,
            held: [0; 128],
            store: ClipStore::connect(store),
            outbox: link.connect(),
            link,
        }
    }

    /// What the studio's thread shares.
    pub fn link(&self) -> &StudioLink {
        &self.link
    }

    /// Sample times begin anew, and someone else ends what sounds.
    pub fn reset(&mut self) {
        self.player.reset();
        self.played_to = 0;
        self.wanted = None;
        self.held = [0; 128];
    }

    /// The transport stopped, started or jumped at a sample; what the clip holds has been [taken](Self::take_sounding).
    pub fn leave(&mut self, time: SampleTime) {
        self.player.interrupt(time);
        self.wanted = None;
        self.held = [0; 128];
    }

    /// Takes a key that the clip holds, for the caller to end.
    pub fn take_sounding(&mut self) -> Option<u8> {
        self.player.take_sounding()
    }

    /// A block begins; gives what the studio is to be told where the trigger was pressed.
    pub fn begin_block(&mut self, transport: &Transport, bars: &Bars, pressed: bool) -> Option<Told> {
        let place = transport.song_beats();
        self.link.is_at(place);
        let by_parameter = !std::mem::replace(&mut self.pressed, pressed) && pressed;
        let presses = self.link.window_presses.load(Ordering::Acquire);
        let by_window = std::mem::replace(&mut self.window_presses, presses) != presses;
        if by_parameter || by_window {
            let lead = LEAD * transport.tempo.unwrap_or_default() / 60.0;
            let playing = place.filter(|_| transport.playing);
            self.wanted = playing.map(|beats| Wanted { line: bars.next_line(beats, beats + lead), pressed_at: beats });
        }
        by_parameter.then(|| self.link.press())
    }

    /// What the studio is to be told of the host's bars, if that is news.
    pub fn news_of_bars(&mut self, bars: &Bars) -> Option<Told> {
        (self.bars != Some(*bars)).then(|| {
            self.bars = Some(*bars);
            Told::Bars(*bars)
        })
    }

    /// Takes in what is to play from `time` on.
    pub fn take_delivery(&mut self, time: SampleTime, transport: &Transport, bars: &Bars) {
        let Some(delivery) = self.store.next_delivery().or_else(|| self.unplaced.take()) else { return };
        self.unplaced = None;
        self.restyled = delivery.restyled;
        let Some(clip) = &delivery.clip else {
            self.placing = None;
            self.player.place(time, None);
            return;
        };
        let in_force = self.player.placement().filter(|_| self.placing == Some(delivery.placing));
        let start = match delivery.start.or(in_force.map(|placed| placed.start)) {
            Some(start) => start,
            None => {
                let Some(start) = transport.song_beats().map(|beats| self.bar_line(beats, bars)) else {
                    self.unplaced = Some(delivery);
                    return;
                };
                self.store.is_placed(delivery.placing, start);
                start
            }
        };
        self.placing = Some(delivery.placing);
        self.player.place(time, Some(ClipPlacement { clip: clip.clone(), start, looped: delivery.looped }));
    }

    /// The bar line at which something begins that is there now.
    fn bar_line(&mut self, beats: f64, bars: &Bars) -> f64 {
        // One that lies before the press is the first of the loop, to which the song has yet to come.
        let is_ahead = |wanted: &Wanted| wanted.line >= beats || wanted.line < wanted.pressed_at;
        let wanted = self.wanted.take().filter(is_ahead);
        wanted.map_or_else(|| bars.next_line(beats, beats), |wanted| wanted.line)
    }

    /// Plays nothing up to a sample.
    pub fn skip(&mut self, until: SampleTime) {
        self.played_to = until;
    }

    /// What the clip plays next before `until`.
    pub fn next(&mut self, clock: &StepClock, until: SampleTime) -> Option<(SampleTime, ClipEvent, Event)> {
        while let Some((time, event)) = self.player.next(clock, self.played_to, until) {
            let told = match event {
                ClipEvent::On { key, .. } if self.held[usize::from(key & 127)] > 0 => {
                    self.player.drop_key(key);
                    continue;
                }
                ClipEvent::On { key, .. } if self.restyled => Event::NoteOn { channel: CHANNEL, key },
                ClipEvent::On { key, .. } => Event::PlainNoteOn { channel: CHANNEL, key },
                ClipEvent::Off { key } => Event::NoteOff { channel: CHANNEL, key },
            };
            return Some((time, event, told));
        }
        self.played_to = until;
        None
    }

    /// Takes a key that the clip holds and the player is about to strike or to end with all others; the caller ends it.
    pub fn give_way(&mut self, event: Event) -> Option<u8> {
        match event {
            Event::NoteOn { channel: CHANNEL, key } => self.player.drop_key(key).then_some(key),
            Event::AllNotesOff { channel: CHANNEL } => self.player.take_sounding(),
            _ => None,
        }
    }

    /// Takes in what the player does.
    pub fn hear_player(&mut self, event: Event) {
        match event {
            Event::NoteOn { channel: CHANNEL, key } => {
                let held = &mut self.held[usize::from(key & 127)];
                *held = held.saturating_add(1);
            }
            Event::NoteOff { channel: CHANNEL, key } => {
                let held = &mut self.held[usize::from(key & 127)];
                *held = held.saturating_sub(1);
            }
            Event::AllNotesOff { channel: CHANNEL } => self.held = [0; 128],
            _ => {}
        }
    }
}

/// What the studio is told of what the player does at a place.
pub fn told_of(event: Event, beats: f64, beat_seconds: f64, velocity: u8) -> Option<Told> {
    match event {
        Event::NoteOn { channel, key } if event.is_restylable() => {
            Some(Told::Played(TimelineEvent::NoteOn { beats, beat_seconds, channel, key, velocity }))
        }
        Event::NoteOff { channel, key } => Some(Told::Played(TimelineEvent::NoteOff { beats, channel, key })),
        _ => None,
    }
}
