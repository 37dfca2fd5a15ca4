//! Messages from the audio thread to the generator thread.

use tonenet_core::clip::Bars;
use tonenet_core::scheduler::SampleTime;
use tonenet_core::window::InputEvent;

use crate::outbox::{Backlog, KeySet};

/// A message from the audio thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GeneratorMessage {
    /// An event from the player.
    Input(InputEvent),
    /// The host's bars have changed.
    Bars(Bars),
    /// The trigger was pressed. The number counts all triggers so far.
    Triggered(u64),
}

/// The messages that must still be sent after the queue was full: all but note-ons and pedal movements.
#[derive(Debug, Default)]
pub struct MessageBacklog {
    bars: Option<Bars>,
    /// Released keys, and the time and positions of the last release.
    offs: KeySet,
    time: SampleTime,
    position: f64,
    beats: Option<f64>,
    triggers: Option<u64>,
}

impl Backlog for MessageBacklog {
    type Message = GeneratorMessage;

    fn add(&mut self, message: GeneratorMessage) {
        match message {
            GeneratorMessage::Bars(bars) => self.bars = Some(bars),
            GeneratorMessage::Triggered(triggers) => self.triggers = Some(triggers),
            GeneratorMessage::Input(InputEvent::NoteOff { time, position, beats, channel, key }) => {
                self.offs.insert(channel, key);
                (self.time, self.position, self.beats) = (time, position, beats);
            }
            GeneratorMessage::Input(InputEvent::NoteOn { .. } | InputEvent::Pedal { .. }) => {}
        }
    }

    fn take(&mut self) -> Option<GeneratorMessage> {
        let (time, position, beats) = (self.time, self.position, self.beats);
        let off = |(channel, key)| GeneratorMessage::Input(InputEvent::NoteOff { time, position, beats, channel, key });
        let bars = self.bars.take().map(GeneratorMessage::Bars);
        bars.or_else(|| self.offs.take().map(off)).or_else(|| self.triggers.take().map(GeneratorMessage::Triggered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::scheduler::NoteId;
    use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};

    #[test]
    fn the_backlog_keeps_bars_note_offs_and_triggers_but_no_note_ons() {
        let mut backlog = MessageBacklog::default();
        let bars = |upper| GeneratorMessage::Bars(Bars::from_host(Some((upper, 4)), None, None, None));
        let on = InputEvent::NoteOn {
            id: NoteId(0),
            time: 0,
            position: 4.0,
            beats: Some(1.0),
            beat_seconds: 0.5,
            channel: 0,
            key: 62,
            velocity: 64,
            style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::JAZZ, share_of_b: 0.0 },
            take: TakeSeed(0),
        };
        let off = |time, key| {
            let (position, beats) = (4.0, Some(time as f64));
            GeneratorMessage::Input(InputEvent::NoteOff { time, position, beats, channel: 0, key })
        };
        for message in [
            bars(3),
            off(1, 64),
            GeneratorMessage::Triggered(1),
            GeneratorMessage::Input(on),
            off(2, 60),
            GeneratorMessage::Triggered(2),
            bars(5),
        ] {
            backlog.add(message);
        }
        let due: Vec<GeneratorMessage> = std::iter::from_fn(|| backlog.take()).collect();
        assert_eq!(due, [bars(5), off(2, 60), off(2, 64), GeneratorMessage::Triggered(2)]);
    }
}
