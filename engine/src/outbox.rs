//! The audio thread's end of a queue to another thread, with a list of what must still be sent.
//!
//! No message of consequence is lost when the queue is full. What the other thread needs to stay in step is owed
//! ([`Owed`]), and sent before anything else once there is room. Only what is of no use later is lost.

use rtrb::Producer;

/// What of the messages that found no room must still be sent. It has a fixed size.
pub trait Owed: Default {
    /// What the queue carries.
    type Message: Copy;

    /// Keeps what of a message has to be sent later.
    fn owe(&mut self, message: Self::Message);

    /// Takes what has to be sent next.
    fn take(&mut self) -> Option<Self::Message>;
}

/// See the [module](self). Nothing here waits, allocates or makes a system call.
#[derive(Debug)]
pub struct Outbox<O: Owed> {
    queue: Producer<O::Message>,
    owed: O,
    sent: u64,
}

impl<O: Owed> Outbox<O> {
    /// An outbox that owes nothing.
    pub fn new(queue: Producer<O::Message>) -> Self {
        Self { queue, owed: O::default(), sent: 0 }
    }

    /// Messages put into the queue so far.
    pub fn sent(&self) -> u64 {
        self.sent
    }

    /// Sends a message behind all that is owed; whether there was room for it. If not, the caller may try again or
    /// [give up](Self::give_up).
    pub fn try_send(&mut self, message: O::Message) -> bool {
        self.settle() && self.push(message)
    }

    /// A message found no room for as long as the caller could wait: what matters of it is owed.
    pub fn give_up(&mut self, message: O::Message) {
        self.owed.owe(message);
    }

    /// Sends what is owed as far as there is room; whether nothing is left of it.
    pub fn settle(&mut self) -> bool {
        while self.queue.slots() > 0 {
            match self.owed.take() {
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

/// Keys of sixteen MIDI channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeySet([u128; 16]);

impl KeySet {
    /// Puts a key in.
    pub fn insert(&mut self, channel: u8, key: u8) {
        self.0[usize::from(channel & 15)] |= 1 << (key & 127);
    }

    /// Takes a key out, the lowest of the lowest channel.
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
        fn a_set_gives_back_each_key_once(keys in prop::collection::vec((0u8..16, 0u8..128), 0..300)) {
            let mut set = KeySet::default();
            keys.iter().for_each(|&(channel, key)| set.insert(channel, key));
            let taken: Vec<_> = std::iter::from_fn(|| set.take()).collect();
            prop_assert_eq!(taken, BTreeSet::from_iter(keys).into_iter().collect::<Vec<_>>());
        }
    }

    /// Of numbers only the last even one matters later.
    #[derive(Debug, Default)]
    struct LastEven(Option<u32>);

    impl Owed for LastEven {
        type Message = u32;

        fn owe(&mut self, number: u32) {
            if number.is_multiple_of(2) {
                self.0 = Some(number);
            }
        }

        fn take(&mut self) -> Option<u32> {
            self.0.take()
        }
    }

    #[test]
    fn what_is_owed_goes_first_and_nothing_overtakes_it() {
        let (producer, mut queue) = rtrb::RingBuffer::new(2);
        let mut outbox = Outbox::<LastEven>::new(producer);
        for number in 0..7 {
            if !outbox.try_send(number) {
                outbox.give_up(number);
            }
        }
        assert_eq!([queue.pop(), queue.pop()], [Ok(0), Ok(1)]);
        assert!(outbox.try_send(9));
        assert_eq!([queue.pop(), queue.pop()], [Ok(6), Ok(9)]);
        assert_eq!((queue.pop().ok(), outbox.sent()), (None, 4));
    }
}
