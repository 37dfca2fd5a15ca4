//! Sends the audio thread's messages to another thread, and keeps a backlog for when the queue is full.
//!
//! When the queue is full, the [`Backlog`] keeps the messages that the other thread needs to stay in step. They are
//! sent first once there is room. Messages that are useless later are dropped.

use rtrb::Producer;

/// The messages that must still be sent after the queue was full. Its size is fixed.
pub trait Backlog: Default {
    /// The queue's message type.
    type Message: Copy;

    /// Adds the part of a message that must be sent later.
    fn add(&mut self, message: Self::Message);

    /// Removes and returns the next message to send.
    fn take(&mut self) -> Option<Self::Message>;
}

/// A queue with a backlog. No method waits, allocates or makes a system call.
#[derive(Debug)]
pub struct Outbox<O: Backlog> {
    queue: Producer<O::Message>,
    backlog: O,
    sent: u64,
}

impl<O: Backlog> Outbox<O> {
    /// Creates an outbox with an empty backlog.
    pub fn new(queue: Producer<O::Message>) -> Self {
        Self { queue, backlog: O::default(), sent: 0 }
    }

    /// The number of messages put into the queue so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends the backlog, then a message. Returns whether there was room. If not, the caller may try again or
    /// [defer](Self::defer) the message.
    pub fn try_send(&mut self, message: O::Message) -> bool {
        self.flush() && self.push(message)
    }

    /// Adds a message for which there was no room to the backlog.
    pub fn defer(&mut self, message: O::Message) {
        self.backlog.add(message);
    }

    /// Sends as much of the backlog as there is room for. Returns whether the backlog is empty.
    pub fn flush(&mut self) -> bool {
        while self.queue.slots() > 0 {
            match self.backlog.take() {
                Some(message) => self.push(message),
                None => return true,
            };
        }
        false
    }

    fn push(&mut self, message: O::Message) -> bool {
        let is_sent = self.queue.push(message).is_ok();
        self.sent += u64::from(is_sent);
        is_sent
    }
}

/// A set of keys on sixteen MIDI channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeySet([u128; 16]);

impl KeySet {
    /// Inserts a key.
    pub fn insert(&mut self, channel: u8, key: u8) {
        self.0[usize::from(channel & 15)] |= 1 << (key & 127);
    }

    /// Removes and returns the lowest key of the lowest channel.
    pub fn take(&mut self) -> Option<(u8, u8)> {
        let (channel, keys) = self.0.iter_mut().enumerate().find(|(_, keys)| **keys != 0)?;
        let key = keys.trailing_zeros();
        *keys &= *keys - 1;
        Some((channel as u8, key as u8))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_key_set_returns_each_key_once(keys in prop::collection::vec((0u8..16, 0u8..128), 0..300)) {
            let mut set = KeySet::default();
            keys.iter().for_each(|&(channel, key)| set.insert(channel, key));
            let taken: Vec<_> = std::iter::from_fn(|| set.take()).collect();
            prop_assert_eq!(taken, BTreeSet::from_iter(keys).into_iter().collect::<Vec<_>>());
        }
    }

    /// Keeps only the last even number.
    #[derive(Debug, Default)]
    struct LastEven(Option<u32>);

    impl Backlog for LastEven {
        type Message = u32;

        fn add(&mut self, number: u32) {
            if number.is_multiple_of(2) {
                self.0 = Some(number);
            }
        }

        fn take(&mut self) -> Option<u32> {
            self.0.take()
        }
    }

    #[test]
    fn the_backlog_is_sent_before_new_messages() {
        let (producer, mut queue) = rtrb::RingBuffer::new(2);
        let mut outbox = Outbox::<LastEven>::new(producer);
        for number in 0..7 {
            if !outbox.try_send(number) {
                outbox.defer(number);
            }
        }
        assert_eq!([queue.pop(), queue.pop()], [Ok(0), Ok(1)]);
        assert!(outbox.try_send(9));
        assert_eq!([queue.pop(), queue.pop()], [Ok(6), Ok(9)]);
        assert_eq!((queue.pop().ok(), outbox.sent()), (None, 4));
    }
}
