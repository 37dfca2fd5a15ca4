//! What sounds at the synthesizer, so that all of it can be ended.

const SUSTAIN_PEDAL: u8 = 64;

/// Notes and pedals that were sent and have not ended.
#[derive(Debug)]
pub struct Sounding {
    notes: [[u8; 128]; 16],
    pedals: [bool; 16],
    count: u32,
}

impl Sounding {
    /// Nothing sounds.
    pub fn new() -> Self {
        Self { notes: [[0; 128]; 16], pedals: [false; 16], count: 0 }
    }

    /// How many notes sound.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Follows a message. Returns whether it is to be sent: a note-off is not where no note sounds, because a restart has
    /// dropped or ended it.
    pub fn follow(&mut self, bytes: &[u8]) -> bool {
        let &[status, first, second] = bytes else { return true };
        let channel = usize::from(status & 0x0F);
        let Some(note) = self.notes[channel].get_mut(usize::from(first)) else { return true };
        match (status & 0xF0, second) {
            (0x80, _) | (0x90, 0) => {
                if *note == 0 {
                    return false;
                }
                *note -= 1;
                self.count -= 1;
            }
            (0x90, 1..) if *note < u8::MAX => {
                *note += 1;
                self.count += 1;
            }
            (0xB0, _) if first == SUSTAIN_PEDAL => self.pedals[channel] = second >= 64,
            _ => {}
        }
        true
    }

    /// Ends each note as often as it began, and lifts the pedals.
    pub fn end_all(&mut self, mut send: impl FnMut(&[u8])) {
        for channel in 0..16u8 {
            for key in 0..128u8 {
                for _ in 0..std::mem::take(&mut self.notes[usize::from(channel)][usize::from(key)]) {
                    send(&[0x80 | channel, key, 0]);
                }
            }
            if std::mem::take(&mut self.pedals[usize::from(channel)]) {
                send(&[0xB0 | channel, SUSTAIN_PEDAL, 0]);
            }
        }
        self.count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_note_is_ended_as_often_as_it_began() {
        let mut sounding = Sounding::new();
        for bytes in [[0x90, 60, 1], [0x90, 60, 90], [0x95, 61, 90], [0x80, 60, 0], [0xB5, 64, 127], [0x90, 62, 0]] {
            let is_sent = sounding.follow(&bytes);
            assert_eq!(is_sent, bytes != [0x90, 62, 0], "nothing sounds on key 62");
        }
        assert_eq!(sounding.count(), 2);
        let mut ended = Vec::new();
        sounding.end_all(|bytes| ended.push(bytes.to_vec()));
        assert_eq!(ended, [[0x80, 60, 0], [0x85, 61, 0], [0xB5, 64, 0]]);
        sounding.end_all(|_| panic!("nothing sounds any more"));
        assert_eq!(sounding.count(), 0);
    }
}
