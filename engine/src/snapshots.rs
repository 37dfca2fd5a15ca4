//! Hands the latest of a series of snapshots to the audio thread, which frees none of them.
//!
//! The [`SnapshotSender`] owns each snapshot that it handed over until no other thread refers to it. The audio thread may
//! therefore drop its own reference at any time. Both sides are wait-free: a triple buffer is exchanged by one atomic
//! swap, and what was not taken in time is replaced.

use std::sync::Arc;

use triple_buffer::{Input, Output, triple_buffer};

/// The side that may free memory. `Message` is what the other side gets; its snapshots are `T`.
#[derive(Debug)]
pub struct SnapshotSender<Message: Send, T> {
    /// `None` before anybody was connected.
    latest: Option<Input<Option<Message>>>,
    /// Handed over and not yet reclaimed; each is here once.
    owned: Vec<Arc<T>>,
}

/// The audio thread's side.
#[derive(Debug)]
pub struct SnapshotReceiver<Message: Send>(Output<Option<Message>>);

impl<Message: Send, T> Default for SnapshotSender<Message, T> {
    fn default() -> Self {
        Self { latest: None, owned: Vec::new() }
    }
}

impl<Message: Clone + Send, T> SnapshotSender<Message, T> {
    /// A receiver for everything sent from now on; one that was connected before gets nothing more, and what it holds
    /// stays owned here.
    pub fn connect(&mut self) -> SnapshotReceiver<Message> {
        let (input, output) = triple_buffer(&None);
        self.latest = Some(input);
        SnapshotReceiver(output)
    }

    /// Sends a message that carries a snapshot, or none; it replaces one that was not taken yet.
    pub fn send(&mut self, message: Message, snapshot: Option<&Arc<T>>) {
        if let Some(snapshot) = snapshot
            && !self.owned.iter().any(|owned| Arc::ptr_eq(owned, snapshot))
        {
            self.owned.push(snapshot.clone());
        }
        if let Some(latest) = &mut self.latest {
            latest.write(Some(message));
        }
        self.reclaim();
    }

    /// Drops the snapshots that nobody else refers to.
    pub fn reclaim(&mut self) {
        self.owned.retain(|snapshot| Arc::strong_count(snapshot) > 1);
    }

    /// How many snapshots were handed over and not reclaimed yet.
    #[cfg(test)]
    pub fn owned(&self) -> usize {
        self.owned.len()
    }
}

impl<Message: Clone + Send> SnapshotReceiver<Message> {
    /// The latest message, if it has not been taken yet.
    pub fn take(&mut self) -> Option<Message> {
        if self.0.update() { self.0.output_buffer().clone() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The buffers, and the one that the receiving side has taken.
    const MOST_OWNED: usize = 4;

    #[derive(Debug, Clone, Copy)]
    enum Deed {
        /// Sends the snapshot of a number, a new one where there is none of it.
        Send(usize),
        /// The sender's own reference to it goes.
        Forget(usize),
        Take,
        Connect,
    }

    fn deeds() -> impl Strategy<Value = Vec<Deed>> {
        let deed = prop_oneof![
            4 => (0..8usize).prop_map(Deed::Send),
            2 => (0..8usize).prop_map(Deed::Forget),
            2 => Just(Deed::Take),
            1 => Just(Deed::Connect),
        ];
        prop::collection::vec(deed, 0..200)
    }

    proptest! {
        #[test]
        fn the_receiver_never_holds_the_last_reference_and_little_is_owned(deeds in deeds()) {
            let mut sender = SnapshotSender::<Arc<usize>, usize>::default();
            let mut receiver = sender.connect();
            let mut known: [Option<Arc<usize>>; 8] = Default::default();
            let mut held: Option<Arc<usize>> = None;
            let (mut sent, mut taken) = (None, None);
            for deed in deeds {
                match deed {
                    Deed::Send(number) => {
                        let snapshot = known[number].get_or_insert_with(|| Arc::new(number)).clone();
                        sender.send(snapshot.clone(), Some(&snapshot));
                        sent = Some(number);
                    }
                    Deed::Forget(number) => known[number] = None,
                    Deed::Take => {
                        if let Some(snapshot) = receiver.take() {
                            prop_assert_eq!(Some(*snapshot), sent.take(), "the latest, once");
                            taken = Some(*snapshot);
                            held = Some(snapshot);
                        } else {
                            prop_assert_eq!(sent, None);
                        }
                    }
                    Deed::Connect => {
                        receiver = sender.connect();
                        sent = None;
                    }
                }
                prop_assert_eq!(held.as_deref().copied(), taken);
                prop_assert!(held.as_ref().is_none_or(|held| Arc::strong_count(held) > 1));
                sender.reclaim();
                let shared = known.iter().flatten().count();
                prop_assert!(sender.owned() <= shared + MOST_OWNED, "{} owned", sender.owned());
            }
        }
    }

    #[test]
    fn the_same_snapshot_sent_for_ever_is_owned_once_and_reclaimed() {
        let mut sender = SnapshotSender::<Arc<u8>, u8>::default();
        let snapshot = Arc::new(7);
        for _ in 0..10_000 {
            let mut receiver = sender.connect();
            sender.send(snapshot.clone(), Some(&snapshot));
            assert_eq!(receiver.take(), Some(snapshot.clone()));
        }
        assert_eq!(sender.owned(), 1);
        drop((sender.connect(), snapshot));
        sender.reclaim();
        assert_eq!(sender.owned(), 0);
    }
}
