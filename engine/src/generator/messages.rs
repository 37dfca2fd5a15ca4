//! What the audio thread tells the generator's thread.

use tonenet_core::clip::Bars;
use tonenet_core::scheduler::SampleTime;
use tonenet_core::window::InputEvent;

use crate::outbox::{KeySet, Owed};

/// From the audio thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GeneratorMessage {
    /// The player played this.
    Input(InputEvent),
    /// The host's bars have changed.
    Bars(Bars),
    /// The trigger was pressed, so often so far.
    Triggered(u64),
}

/// What of the messages that found no room the thread must still get: all but the beginnings of notes.
#[derive(Debug, Default)]
pub struct OwedMessages {
    bars: Option<Bars>,
    /// Keys that came up, and when and where the last of them did.
    offs: KeySet,
    time: SampleTime,
    position: f64,
    beats: Option<f64>,
    triggers: Option<u64>,
}

impl Owed for OwedMessages {
    type Message = GeneratorMessage;

    fn owe(&mut self, message: GeneratorMessage) {
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
    use tonenet_core::genre::Genre;
    use tonenet_core::scheduler::NoteId;
    use tonenet_core::style::{StyleBlend, TakeSeed};

    #[test]
    fn bars_note_offs_and_triggers_are_owed_and_beginnings_of_notes_are_not() {
        let mut owed = OwedMessages::default();
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
            style: StyleBlend { a: Genre::Jazz, b: Genre::Jazz, share_of_b: 0.0 },
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
            owed.owe(message);
        }
        let due: Vec<GeneratorMessage> = std::iter::from_fn(|| owed.take()).collect();
        assert_eq!(due, [bars(5), off(2, 60), off(2, 64), GeneratorMessage::Triggered(2)]);
    }
}
