//! The sizes of the audio blocks that a host has sent.

use std::sync::atomic::{AtomicU32, Ordering};

/// The smallest and the largest block so far. The audio thread writes it; others read it.
#[derive(Debug, Default)]
pub struct BlockSizes {
    /// 0 before the first block.
    smallest: AtomicU32,
    largest: AtomicU32,
}

impl BlockSizes {
    /// Records a block, on the audio thread. One without samples is no block of audio.
    ///
    /// Only this thread writes, so that it can compare first: a host's usual block costs two reads.
    pub fn record(&self, samples: u32) {
        let (smallest, largest) = self.load();
        if samples > 0 && (smallest == 0 || samples < smallest) {
            self.smallest.store(samples, Ordering::Relaxed);
        }
        if samples > largest {
            self.largest.store(samples, Ordering::Relaxed);
        }
    }

    /// The smallest and the largest block; `None` before the first one.
    pub fn seen(&self) -> Option<(u32, u32)> {
        Some(self.load()).filter(|(smallest, _)| *smallest > 0)
    }

    fn load(&self) -> (u32, u32) {
        (self.smallest.load(Ordering::Relaxed), self.largest.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_and_the_largest_block_are_kept() {
        let sizes = BlockSizes::default();
        sizes.record(0);
        assert_eq!(sizes.seen(), None);
        [512, 0, 64, 1024, 512].into_iter().for_each(|samples| sizes.record(samples));
        assert_eq!(sizes.seen(), Some((64, 1024)));
    }
}
