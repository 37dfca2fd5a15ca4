//! Sends the latest snapshot to the audio thread, which never frees one.
//!
//! The [`SnapshotSender`] owns each snapshot that it has sent until no other thread references it. The audio thread may
//! therefore drop its reference at any time. Both sides are wait-free: they exchange the buffers of a triple buffer by
//! one atomic swap, and a new snapshot replaces one that was not taken.

use std::sync::Arc;

use triple_buffer::{Input, Output, triple_buffer};

/// The sending side, which may free memory. `Message` is the type sent; it carries a snapshot of type `T`.
#[derive(Debug)]
pub struct SnapshotSender<Message: Send, T> {
    /// `None` until a receiver connects.
    latest: Option<Input<Option<Message>>>,
    /// Snapshots sent and not yet reclaimed, each once.
    owned: Vec<Arc<T>>,
}

/// The receiving side, for the audio thread.
#[derive(Debug)]
pub struct SnapshotReceiver<Message: Send>(Output<Option<Message>>);

impl<Message: Send, T> Default for SnapshotSender<Message, T> {
    fn default() -> Self {
        Self { latest: None, owned: Vec::new() }
    }
}

impl<Message: Clone + Send, T> SnapshotSender<Message, T> {
    /// Connects a receiver for all messages from now on. A receiver connected before gets no more messages; the
    /// snapshot that it holds stays owned here.
    pub fn connect(&mut self) -> SnapshotReceiver<Message> {
        let (input, output) = triple_buffer(&None);
        self.latest = Some(input);
        SnapshotReceiver(output)
    }

    /// Sends a message with an optional snapshot. It replaces a message that was not taken yet.
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

    /// Drops the snapshots that are referenced nowhere else.
    pub fn reclaim(&mut self) {
        self.owned.retain(|snapshot| Arc::strong_count(snapshot) > 1);
    }

    /// The number of snapshots sent and not reclaimed yet.
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

    /// Three buffers, and the snapshot that the receiver has taken.
    const MOST_OWNED: usize = 4;

    #[derive(Debug, Clone, Copy)]
    enum Action {
        /// Sends the snapshot with this number, after creating it if necessary.
        Send(usize),
        /// Drops the sender's own reference to the snapshot.
        Forget(usize),
        Take,
        Connect,
    }

    fn actions() -> impl Strategy<Value = Vec<Action>> {
        let action = prop_oneof![
            4 => (0..8usize).prop_map(Action::Send),
            2 => (0..8usize).prop_map(Action::Forget),
            2 => Just(Action::Take),
            1 => Just(Action::Connect),
        ];
        prop::collection::vec(action, 0..200)
    }

    proptest! {
        #[test]
        fn the_receiver_never_holds_the_last_reference_and_few_snapshots_are_owned(actions in actions()) {
            let mut sender = SnapshotSender::<Arc<usize>, usize>::default();
            let mut receiver = sender.connect();
            let mut known: [Option<Arc<usize>>; 8] = Default::default();
            let mut held: Option<Arc<usize>> = None;
            let (mut sent, mut taken) = (None, None);
            for action in actions {
                match action {
                    Action::Send(number) => {
                        let snapshot = known[number].get_or_insert_with(|| Arc::new(number)).clone();
                        sender.send(snapshot.clone(), Some(&snapshot));
                        sent = Some(number);
                    }
                    Action::Forget(number) => known[number] = None,
                    Action::Take => {
                        if let Some(snapshot) = receiver.take() {
                            prop_assert_eq!(Some(*snapshot), sent.take(), "the latest, once");
                            taken = Some(*snapshot);
                            held = Some(snapshot);
                        } else {
                            prop_assert_eq!(sent, None);
                        }
                    }
                    Action::Connect => {
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
    fn a_snapshot_sent_many_times_is_owned_once_and_reclaimed() {
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
