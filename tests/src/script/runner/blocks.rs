//! Decides how the scripted host cuts time into blocks.

use super::input::PendingInput;
use crate::host::HostTransport;

/// How time is cut into blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partition {
    /// As the script says, or into the longest blocks where it says nothing.
    AsWritten,
    /// Into blocks of these sizes in turn, at most as long as announced. At least one must have samples.
    Sizes(Vec<u32>),
}

/// The sizes of the next blocks.
pub struct BlockSizes<'a> {
    partition: &'a Partition,
    /// The script's sizes.
    sizes: Vec<u32>,
    /// Whether the script's sizes may exceed the announced longest block.
    unannounced: bool,
    next: usize,
    /// Whether blocks end at a loop's end or a tempo change.
    pub splits: bool,
}

impl<'a> BlockSizes<'a> {
    /// Sizes by a partition.
    pub fn new(partition: &'a Partition) -> Self {
        Self { partition, sizes: Vec::new(), unannounced: false, next: 0, splits: true }
    }

    /// Sets the script's sizes and starts with the first.
    pub fn set(&mut self, sizes: Vec<u32>, unannounced: bool) {
        (self.sizes, self.unannounced, self.next) = (sizes, unannounced, 0);
    }

    /// The next block's size; `longest` is the longest that was announced.
    pub fn next(&mut self, longest: u32) -> u32 {
        let (sizes, may_exceed) = match self.partition {
            Partition::AsWritten => (&self.sizes, self.unannounced),
            Partition::Sizes(sizes) => (sizes, false),
        };
        let size = sizes[self.next % sizes.len()];
        self.next += 1;
        if may_exceed { size } else { size.min(longest) }
    }
}

/// A block that is still collecting input.
pub struct OpenBlock {
    /// Its first sample.
    pub start: u64,
    /// The sample after its last.
    pub end: u64,
    /// The transport that the host reports at its start.
    pub transport: Option<HostTransport>,
    /// Its input so far, each with its sample.
    pub inputs: Vec<(u64, PendingInput)>,
}
