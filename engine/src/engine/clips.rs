//! Updates the clip in the song for each block, and feeds its notes into the engine like a player's notes.

use tonenet_core::clip::ClipEvent;
use tonenet_core::scheduler::{Event, SampleTime};

use super::Engine;
use crate::block::{Block, BlockContext};
use crate::clip_track::CHANNEL;
use crate::event::{HostEvent, Voice};
use crate::generator::GeneratorMessage;
use crate::waiting::Awaited;

impl<E: HostEvent> Engine<E> {
    /// Interrupts the clip at a sample, and releases the player's keys.
    pub(super) fn interrupt_clip_and_player(&mut self, time: SampleTime, context: &mut BlockContext<impl FnMut(E)>) {
        self.interrupt_clip(time, context);
        self.clips.release_player();
    }

    /// Interrupts the clip at a sample, and ends its sounding notes. The player's notes continue.
    pub(super) fn interrupt_clip(&mut self, time: SampleTime, context: &mut BlockContext<impl FnMut(E)>) {
        while let Some(key) = self.clips.take_sounding() {
            self.end_clip_note(time, key, context);
        }
        self.clips.jump(time);
    }

    /// Sends changes to the generator, and receives the clip to play. Waits for a clip that is being generated if that
    /// cannot make the host late.
    pub(super) fn update_clip(&mut self, context: &mut BlockContext<impl FnMut(E)>) {
        let Block { transport, bars, trigger_held, .. } = context.block;
        if let Some(message) = self.clips.bars_changed(bars) {
            self.send_to_generator(message);
        }
        if let Some(message) = self.clips.begin_block(transport, bars, *trigger_held) {
            self.send_to_generator(message);
        }
        self.clips.outbox.flush();
        while !self.clips.link().is_answered() && self.waits.pause_for(Awaited::Generator) {
            self.clips.outbox.flush();
        }
        self.clips.take_update(self.now, transport, bars);
        if context.settings.bypass {
            self.interrupt_clip(self.now, context);
        }
    }

    /// Plays the clip up to a sample.
    pub(super) fn play_clip(&mut self, until: SampleTime, context: &mut BlockContext<impl FnMut(E)>) {
        if context.settings.bypass {
            return self.clips.skip(until);
        }
        while let Some((time, event, kind)) = self.clips.next(self.transport.clock(), until) {
            match event {
                ClipEvent::On { key, velocity } => {
                    let on = E::note_on(Voice::new(E::ANY_VOICE, CHANNEL, key), f32::from(velocity) / 127.0);
                    self.push_input(time, on, kind, context);
                }
                ClipEvent::Off { key } => self.end_clip_note(time, key, context),
            }
        }
    }

    pub(super) fn end_clip_note(&mut self, time: SampleTime, key: u8, context: &mut BlockContext<impl FnMut(E)>) {
        let kind = Event::NoteOff { channel: CHANNEL, key };
        self.push_input(time, E::release(CHANNEL, key), kind, context);
    }

    /// Sends a message to the generator. If there is no room, the essential part is sent later.
    pub(super) fn send_to_generator(&mut self, message: GeneratorMessage) {
        while !self.clips.outbox.try_send(message) {
            if !self.waits.pause_for(Awaited::Generator) {
                return self.clips.outbox.defer(message);
            }
        }
    }
}
