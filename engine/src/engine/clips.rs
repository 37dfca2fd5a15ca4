//! What a block does for the clip in the song: the studio is told and waited for, and what the clip plays goes in as if
//! a player had played it.

use std::thread::Thread;

use tonenet_core::clip::ClipEvent;
use tonenet_core::scheduler::{Event, SampleTime};

use super::{Block, Engine, Turn, clip_track};
use crate::event::{HostEvent, Voice};
use crate::generator::Told;

impl<E: HostEvent> Engine<E> {
    /// The song leaves its place at a sample, and the clip's notes end there.
    pub(super) fn clip_leaves(&mut self, time: SampleTime, turn: &mut Turn<impl FnMut(E)>) {
        while let Some(key) = self.clips.take_sounding() {
            self.end_of_clip(time, key, turn);
        }
        self.clips.leave(time);
    }

    /// Tells the studio what it is to know, and takes in what it has written; what was asked for is waited for where
    /// that cannot make the host late.
    pub(super) fn get_clip_ready(&mut self, turn: &mut Turn<impl FnMut(E)>) {
        let Block { transport, bars, pressed, .. } = turn.block;
        if let Some(news) = self.clips.news_of_bars(bars) {
            self.tell(news);
        }
        if let Some(press) = self.clips.begin_block(transport, bars, *pressed) {
            self.tell(press);
        }
        self.clips.outbox.settle();
        while !self.clips.link().is_answered() && self.pause_for_studio() {
            self.clips.outbox.settle();
        }
        self.clips.take_delivery(self.now, transport, bars);
        if turn.settings.bypass {
            self.clip_leaves(self.now, turn);
        }
    }

    /// Plays the clip up to a sample, as if a player did.
    pub(super) fn play_clip(&mut self, until: SampleTime, turn: &mut Turn<impl FnMut(E)>) {
        if turn.settings.bypass {
            return self.clips.skip(until);
        }
        while let Some((time, event, kind)) = self.clips.next(&self.clock, until) {
            match event {
                ClipEvent::On { key, velocity } => {
                    let voice = Voice::new(E::ANY_VOICE, clip_track::CHANNEL, key);
                    let on = E::note_on(voice, f32::from(velocity) / 127.0);
                    self.take_in(time, on, kind, turn);
                }
                ClipEvent::Off { key } => self.end_of_clip(time, key, turn),
            }
        }
    }

    pub(super) fn end_of_clip(&mut self, time: SampleTime, key: u8, turn: &mut Turn<impl FnMut(E)>) {
        let kind = Event::NoteOff { channel: clip_track::CHANNEL, key };
        self.take_in(time, E::release(clip_track::CHANNEL, key), kind, turn);
    }

    /// Tells the studio something; where there is no room for it, what matters of it is told later.
    pub(super) fn tell(&mut self, told: Told) {
        while !self.clips.outbox.try_send(told) {
            if !self.pause_for_studio() {
                return self.clips.outbox.give_up(told);
            }
        }
    }

    /// Wakes the studio's thread and lets it run, if it still does and the block may wait; whether it did.
    fn pause_for_studio(&mut self) -> bool {
        if !self.budget.may_wait() || !self.clips.link().is_running() {
            return false;
        }
        let got_to = self.clips.link().progress();
        if self.stalled_studio == Some(got_to) {
            return false;
        }
        self.clips.link().thread().into_iter().for_each(Thread::unpark);
        let had_given_up = self.budget.has_given_up();
        let paused = self.budget.pause(self.progress());
        if self.budget.has_given_up() && !had_given_up {
            self.stalled_studio = Some(got_to);
        }
        paused
    }
}
