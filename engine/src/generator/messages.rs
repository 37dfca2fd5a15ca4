//! What the audio thread tells the generator's thread.

use tonenet_core::clip::Bars;
use tonenet_core::timeline::TimelineEvent;

use crate::outbox::{KeySet, Owed};

/// From the audio thread.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GeneratorMessage {
    /// The player played this.
    Played(TimelineEvent),
    /// The host's bars have changed.
    Bars(Bars),
    /// The trigger was pressed, so often so far.
    Triggered(u64),
}

/// What of the messages that found no room the thread must still get: all but the beginnings of notes.
#[derive(Debug, Default)]
pub struct OwedMessages {
    bars: Option<Bars>,
    /// Keys that came up, and where the last of them did.
    offs: KeySet,
    beats: f64,
    triggers: Option<u64>,
}

impl Owed for OwedMessages {
    type Message = GeneratorMessage;

    fn owe(&mut self, message: GeneratorMessage) {
        match message {
            GeneratorMessage::Bars(bars) => self.bars = Some(bars),
            GeneratorMessage::Triggered(triggers) => self.triggers = Some(triggers),
            GeneratorMessage::Played(TimelineEvent::NoteOff { beats, channel, key }) => {
                self.offs.insert(channel, key);
                self.beats = beats;
            }
            GeneratorMessage::Played(_) => {}
        }
    }

    fn take(&mut self) -> Option<GeneratorMessage> {
        let beats = self.beats;
        let off = |(channel, key)| GeneratorMessage::Played(TimelineEvent::NoteOff { beats, channel, key });
        let bars = self.bars.take().map(GeneratorMessage::Bars);
        bars.or_else(|| self.offs.take().map(off)).or_else(|| self.triggers.take().map(GeneratorMessage::Triggered))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_note_offs_and_triggers_are_owed_and_beginnings_of_notes_are_not() {
        let mut owed = OwedMessages::default();
        let bars = |upper| GeneratorMessage::Bars(Bars::from_host(Some((upper, 4)), None, None, None));
        let on = TimelineEvent::NoteOn { beats: 1.0, beat_seconds: 0.5, channel: 0, key: 62, velocity: 64 };
        let off = |beats, key| GeneratorMessage::Played(TimelineEvent::NoteOff { beats, channel: 0, key });
        for message in [
            bars(3),
            off(1.0, 64),
            GeneratorMessage::Triggered(1),
            GeneratorMessage::Played(on),
            off(2.0, 60),
            GeneratorMessage::Triggered(2),
            bars(5),
        ] {
            owed.owe(message);
        }
        let due: Vec<GeneratorMessage> = std::iter::from_fn(|| owed.take()).collect();
        assert_eq!(due, [bars(5), off(2.0, 60), off(2.0, 64), GeneratorMessage::Triggered(2)]);
    }
}
