//! Which notes sound, so that each gets its note-off.

const CHANNELS: usize = 16;
const KEYS: usize = 128;

/// How many notes of each channel and key have left and not ended.
#[derive(Debug)]
pub(super) struct Sounding(Box<[u16; CHANNELS * KEYS]>);

/// A walk over channels and keys that releases what sounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sweep {
    pub(super) time: u64,
    next: usize,
    end: usize,
}

impl Default for Sounding {
    fn default() -> Self {
        Self(Box::new([0; CHANNELS * KEYS]))
    }
}

impl Sounding {
    pub(super) fn begin(&mut self, channel: u8, key: u8) {
        let count = &mut self.0[index(channel, key)];
        *count = count.saturating_add(1);
    }

    pub(super) fn end(&mut self, channel: u8, key: u8) {
        let count = &mut self.0[index(channel, key)];
        *count = count.saturating_sub(1);
    }

    pub(super) fn on_channel(&self, channel: u8) -> bool {
        let first = index(channel, 0);
        self.0[first..first + KEYS].iter().any(|&count| count > 0)
    }

    /// Takes the next note that sounds: its channel and key.
    pub(super) fn take_next(&mut self, sweep: &mut Sweep) -> Option<(u8, u8)> {
        while sweep.next < sweep.end {
            let count = &mut self.0[sweep.next];
            if *count > 0 {
                *count -= 1;
                return Some(((sweep.next / KEYS) as u8, (sweep.next % KEYS) as u8));
            }
            sweep.next += 1;
        }
        None
    }
}

impl Sweep {
    pub(super) fn everything(time: u64) -> Self {
        Self { time, next: 0, end: CHANNELS * KEYS }
    }

    pub(super) fn channel(time: u64, channel: u8) -> Self {
        let next = index(channel, 0);
        Self { time, next, end: next + KEYS }
    }
}

fn index(channel: u8, key: u8) -> usize {
    usize::from(channel & 0x0F) * KEYS + usize::from(key & 0x7F)
}
