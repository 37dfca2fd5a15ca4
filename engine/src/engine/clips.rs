//! What a block does for the clip in the song: it updates the clip, and takes its notes in as if a player had played
//! them.

use tonenet_core::clip::ClipEvent;
use tonenet_core::scheduler::{Event, SampleTime};

use super::Engine;
use crate::block::{Block, BlockContext};
use crate::clip_track::CHANNEL;
use crate::event::{HostEvent, Voice};
use crate::generator::GeneratorMessage;
use crate::waiting::Awaited;

impl<E: HostEvent> Engine<E> {
    /// The song leaves its place at a sample: the clip's notes end there, and the player's are released.
    pub(super) fn leave_song(&mut self, time: SampleTime, context: &mut BlockContext<impl FnMut(E)>) {
        self.leave_clip(time, context);
        self.clips.release_player();
    }

    /// The clip leaves its place at a sample, and its notes end there; the player's go on.
    pub(super) fn leave_clip(&mut self, time: SampleTime, context: &mut BlockContext<impl FnMut(E)>) {
        while let Some(key) = self.clips.take_sounding() {
            self.end_clip_note(time, key, context);
        }
        self.clips.jump(time);
    }

    /// Tells the generator what is new, and takes in the clip to play. Where that cannot make the host late, a clip that
    /// is being generated is waited for.
    pub(super) fn update_clip(&mut self, context: &mut BlockContext<impl FnMut(E)>) {
        let Block { transport, bars, pressed, .. } = context.block;
        if let Some(message) = self.clips.bars_changed(bars) {
            self.tell_generator(message);
        }
        if let Some(message) = self.clips.begin_block(transport, bars, *pressed) {
            self.tell_generator(message);
        }
        self.clips.outbox.settle();
        while !self.clips.link().is_answered() && self.waits.pause_for(Awaited::Generator) {
            self.clips.outbox.settle();
        }
        self.clips.take_update(self.now, transport, bars);
        if context.settings.bypass {
            self.leave_clip(self.now, context);
        }
    }

    /// Plays the clip up to a sample, as if a player did.
    pub(super) fn play_clip(&mut self, until: SampleTime, context: &mut BlockContext<impl FnMut(E)>) {
        if context.settings.bypass {
            return self.clips.skip(until);
        }
        while let Some((time, event, kind)) = self.clips.next(self.transport.clock(), until) {
            match event {
                ClipEvent::On { key, velocity } => {
                    let on = E::note_on(Voice::new(E::ANY_VOICE, CHANNEL, key), f32::from(velocity) / 127.0);
                    self.take_in(time, on, kind, context);
                }
                ClipEvent::Off { key } => self.end_clip_note(time, key, context),
            }
        }
    }

    pub(super) fn end_clip_note(&mut self, time: SampleTime, key: u8, context: &mut BlockContext<impl FnMut(E)>) {
        let kind = Event::NoteOff { channel: CHANNEL, key };
        self.take_in(time, E::release(CHANNEL, key), kind, context);
    }

    /// Tells the generator something; where there is no room for it, what matters of it is told later.
    pub(super) fn tell_generator(&mut self, message: GeneratorMessage) {
        while !self.clips.outbox.try_send(message) {
            if !self.waits.pause_for(Awaited::Generator) {
                return self.clips.outbox.give_up(message);
            }
        }
    }
}
