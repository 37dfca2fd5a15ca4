//! What a block does for the clip in the song: the studio is told and waited for, and what the clip plays goes in as if
//! a player had played it.

use std::time::{Duration, Instant};

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::NoteEvent;
use tonenet_core::clip::ClipEvent;
use tonenet_core::scheduler::{Event, SampleTime};

use super::{Block, Engine, Turn, clip_track, release};
use crate::events::HostEvent;
use crate::generate::Told;
use crate::status::Status;

/// An offline render gives a clip up that has not been written for this long.
const PATIENCE: Duration = Duration::from_secs(60);

impl Engine {
    /// The song leaves its place at a sample, and the clip's notes end there.
    pub(super) fn clip_leaves(&mut self, time: SampleTime, turn: &mut Turn<impl FnMut(HostEvent)>) {
        while let Some(key) = self.clips.take_sounding() {
            self.end_of_clip(time, key, turn);
        }
        self.clips.leave(time);
    }

    /// Tells the studio what it is to know, and takes in what it has written; what was asked for is waited for where
    /// that cannot make the host late.
    pub(super) fn get_clip_ready(&mut self, turn: &mut Turn<impl FnMut(HostEvent)>) {
        let Block { transport, bars, pressed, .. } = turn.block;
        if let Some(news) = self.clips.news_of_bars(bars) {
            self.tell(news, turn.may_wait);
        }
        if self.clips.begin_block(transport, bars, *pressed) && !self.tell(Told::Pressed, turn.may_wait) {
            Status::count(&self.status.overloads);
        }
        if turn.may_wait {
            let patience = if turn.block.offline { PATIENCE } else { turn.allowance };
            let since = Instant::now();
            while !self.clips.link().is_answered() && since.elapsed() < patience && self.nudge_studio() {}
        }
        self.clips.take_delivery(self.now, transport, bars);
        if turn.settings.bypass {
            self.clip_leaves(self.now, turn);
        }
    }

    /// Plays the clip up to a sample, as if a player did.
    pub(super) fn play_clip(&mut self, until: SampleTime, turn: &mut Turn<impl FnMut(HostEvent)>) {
        if turn.settings.bypass {
            return self.clips.skip(until);
        }
        while let Some((time, event, kind)) = self.clips.next(&self.clock, until) {
            match event {
                ClipEvent::On { key, velocity } => {
                    let (channel, key) = (Channel::Number(clip_track::CHANNEL), Key::Number(key));
                    let velocity = f32::from(velocity) / 127.0;
                    let on = NoteEvent::NoteOn { timing: 0, voice_id: VoiceID::Wildcard, channel, key, velocity };
                    self.take_in(time, on, kind, turn);
                }
                ClipEvent::Off { key } => self.end_of_clip(time, key, turn),
            }
        }
    }

    pub(super) fn end_of_clip(&mut self, time: SampleTime, key: u8, turn: &mut Turn<impl FnMut(HostEvent)>) {
        let kind = Event::NoteOff { channel: clip_track::CHANNEL, key };
        self.take_in(time, release(clip_track::CHANNEL, key), kind, turn);
    }

    /// Tells the studio something; whether there was room for it.
    pub(super) fn tell(&self, told: Told, may_wait: bool) -> bool {
        let mut left = if may_wait { 100_000 } else { 0 };
        while !self.clips.link().tell(told) {
            if left == 0 || !self.nudge_studio() {
                return false;
            }
            left -= 1;
        }
        true
    }

    /// Wakes the studio's thread, if there is one, and lets it run; offline only.
    fn nudge_studio(&self) -> bool {
        let thread = self.clips.link().thread();
        if let Some(thread) = thread {
            thread.unpark();
            std::thread::sleep(Duration::from_micros(20));
        }
        thread.is_some()
    }
}
