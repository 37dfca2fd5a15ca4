//! Follows which notes sound and which pedals are down, so that all of them can be ended.

/// Sustain, sostenuto and hold 2: each keeps notes sounding after their ends.
const PEDALS: [u8; 3] = [64, 66, 69];

/// Notes and pedals that were sent and have not ended.
#[derive(Debug)]
pub struct Sounding {
    notes: [[u8; 128]; 16],
    /// By channel, in the order of [`PEDALS`].
    pedals: [[bool; PEDALS.len()]; 16],
    count: u32,
}

/// What a message does to a note or a pedal.
enum Effect {
    Begins,
    Ends,
    Pedal { place: usize, is_down: bool },
    Nothing,
}

fn effect(bytes: &[u8]) -> Effect {
    let &[status, first @ 0..=127, second] = bytes else { return Effect::Nothing };
    match (status & 0xF0, second) {
        (0x80, _) | (0x90, 0) => Effect::Ends,
        (0x90, _) => Effect::Begins,
        (0xB0, value) => match PEDALS.iter().position(|pedal| *pedal == first) {
            Some(place) => Effect::Pedal { place, is_down: value >= 64 },
            None => Effect::Nothing,
        },
        _ => Effect::Nothing,
    }
}

impl Sounding {
    /// Nothing sounds.
    pub fn new() -> Self {
        Self { notes: [[0; 128]; 16], pedals: [[false; PEDALS.len()]; 16], count: 0 }
    }

    /// How many notes sound.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Whether a message is to be sent: a note-off is not where no note sounds, because a restart or a seek has ended it.
    pub fn accepts(&self, bytes: &[u8]) -> bool {
        !matches!(effect(bytes), Effect::Ends) || self.note(bytes) > 0
    }

    fn note(&self, bytes: &[u8]) -> u8 {
        self.notes[usize::from(bytes[0] & 0x0F)][usize::from(bytes[1])]
    }

    /// Follows a message that was sent.
    pub fn follow(&mut self, bytes: &[u8]) {
        let effect = effect(bytes);
        let (Some(status), Some(first)) = (bytes.first(), bytes.get(1)) else { return };
        let channel = usize::from(status & 0x0F);
        match effect {
            Effect::Begins => {
                let note = &mut self.notes[channel][usize::from(*first)];
                if *note < u8::MAX {
                    *note += 1;
                    self.count += 1;
                }
            }
            Effect::Ends => {
                let note = &mut self.notes[channel][usize::from(*first)];
                if *note > 0 {
                    *note -= 1;
                    self.count -= 1;
                }
            }
            Effect::Pedal { place, is_down } => self.pedals[channel][place] = is_down,
            Effect::Nothing => {}
        }
    }

    /// Ends each note as often as it began, and lifts the pedals. What `send` refuses goes on.
    pub fn end_all(&mut self, mut send: impl FnMut(&[u8; 3]) -> bool) {
        for channel in 0..16u8 {
            for key in 0..128u8 {
                let note = &mut self.notes[usize::from(channel)][usize::from(key)];
                while *note > 0 && send(&[0x80 | channel, key, 0]) {
                    *note -= 1;
                    self.count -= 1;
                }
            }
            for (is_down, pedal) in self.pedals[usize::from(channel)].iter_mut().zip(PEDALS) {
                *is_down = *is_down && !send(&[0xB0 | channel, pedal, 0]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(sounding: &mut Sounding) -> Vec<[u8; 3]> {
        let mut ended = Vec::new();
        sounding.end_all(|bytes| {
            ended.push(*bytes);
            true
        });
        ended
    }

    #[test]
    fn each_note_is_ended_as_often_as_it_began() {
        let mut sounding = Sounding::new();
        for bytes in [[0x90, 60, 1], [0x90, 60, 90], [0x95, 61, 90], [0x80, 60, 0], [0xB5, 64, 127], [0xB5, 66, 64]] {
            assert!(sounding.accepts(&bytes));
            sounding.follow(&bytes);
        }
        assert!(!sounding.accepts(&[0x90, 62, 0]), "nothing sounds on key 62");
        assert_eq!(sounding.count(), 2);
        assert_eq!(ended(&mut sounding), [[0x80, 60, 0], [0x85, 61, 0], [0xB5, 64, 0], [0xB5, 66, 0]]);
        assert_eq!(ended(&mut sounding), [[0; 3]; 0], "nothing sounds any more");
        assert_eq!(sounding.count(), 0);
    }

    #[test]
    fn an_end_that_is_refused_is_sent_again() {
        let mut sounding = Sounding::new();
        sounding.follow(&[0x90, 60, 90]);
        sounding.follow(&[0xB0, 64, 127]);
        sounding.end_all(|_| false);
        assert_eq!(sounding.count(), 1);
        assert_eq!(ended(&mut sounding), [[0x80, 60, 0], [0xB0, 64, 0]]);
    }

    #[test]
    fn messages_of_any_length_are_followed() {
        let mut sounding = Sounding::new();
        for bytes in [&[][..], &[0xF8], &[0xC0, 1], &[0x90, 200, 1], &[0x80, 255, 0], &[0xF0, 1, 2, 0xF7]] {
            sounding.accepts(bytes);
            sounding.follow(bytes);
        }
        assert_eq!(ended(&mut sounding), [[0; 3]; 0]);
    }
}
