//! What the inference thread records of the song, and the snapshots it hands over.

use std::sync::Arc;

use tonenet_core::timeline::{TimelineEvent, TimelineRecorder, TimelineSnapshot};
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::error::InferenceError;

use super::RestylePerformance;
use crate::snapshots::{SnapshotReceiver, SnapshotSender};
use crate::timeline_store::TimelineStore;

/// Changes after which a recorded performance is restyled while its pass still goes on. A performance with more notes
/// waits for as many changes as it has notes, so that a long first pass costs no more than twice its last restyling.
const MANY_CHANGES: usize = 256;

/// See the [module](self).
#[derive(Debug)]
pub(super) struct TimelineMemory {
    store: Arc<TimelineStore>,
    edition: u64,
    recorder: TimelineRecorder,
    snapshot: Arc<TimelineSnapshot>,
    /// Whether the snapshot has yet to be published.
    is_new: bool,
    pass_ended: bool,
    /// To the audio thread.
    snapshots: SnapshotSender<Arc<TimelineSnapshot>, TimelineSnapshot>,
}

impl TimelineMemory {
    /// What the store has now, and where the audio thread gets this very snapshot and its successors.
    pub(super) fn new(store: Arc<TimelineStore>) -> (Self, SnapshotReceiver<Arc<TimelineSnapshot>>) {
        let (snapshot, edition) = store.get();
        let recorder = TimelineRecorder::new(&snapshot);
        let mut snapshots = SnapshotSender::default();
        let receiver = snapshots.connect();
        snapshots.send(snapshot.clone(), Some(&snapshot));
        (Self { store, edition, recorder, snapshot, is_new: false, pass_ended: false, snapshots }, receiver)
    }

    /// Whether no model has predicted some of it.
    pub(super) fn needs_any_model(&self) -> bool {
        self.snapshot.needs_any_model()
    }

    /// Whether this model has not predicted all of it.
    pub(super) fn needs(&self, model: EmbeddedModel) -> bool {
        self.snapshot.needs(model.id())
    }

    /// Records something of a pass; whether anything has changed since the last snapshot.
    pub(super) fn record(&mut self, played: &TimelineEvent) -> bool {
        self.recorder.record(played);
        self.pass_ended |= *played == TimelineEvent::PassEnded;
        self.recorder.changes() > 0
    }

    /// Goes on from what the user or a project put into the store, and reclaims what nobody else refers to.
    pub(super) fn follow_store(&mut self) {
        if self.store.edition() != self.edition {
            (self.snapshot, self.edition) = self.store.get();
            self.recorder = self.recorder.replaced_by(&self.snapshot);
            self.is_new = true;
        }
        self.snapshots.reclaim();
    }

    /// Takes a snapshot where a pass has ended or much has changed.
    pub(super) fn take_due_snapshot(&mut self) {
        let many = self.snapshot.notes().len().max(MANY_CHANGES);
        if std::mem::take(&mut self.pass_ended) || self.recorder.changes() >= many {
            self.take_snapshot();
        }
    }

    fn take_snapshot(&mut self) {
        if self.recorder.changes() > 0 {
            self.snapshot = Arc::new(self.recorder.snapshot(&self.snapshot));
            self.is_new = true;
        }
    }

    /// Has a model predict the snapshot's notes.
    pub(super) fn restyle(
        &mut self,
        restyle: &mut RestylePerformance,
        stop: &Cancellation,
    ) -> Result<(), InferenceError> {
        self.snapshot = Arc::new(restyle(&self.snapshot, stop)?);
        self.is_new = true;
        Ok(())
    }

    /// Shows a new snapshot to the others, unless the user has put another performance in its place meanwhile. Gives
    /// whether there was a new one.
    pub(super) fn publish(&mut self) -> bool {
        let is_new = std::mem::take(&mut self.is_new);
        if is_new && self.store.publish(self.snapshot.clone(), self.edition) {
            self.snapshots.send(self.snapshot.clone(), Some(&self.snapshot));
        }
        is_new
    }

    /// Keeps what was recorded until now, for the project and the next activation.
    pub(super) fn keep(&mut self) {
        self.take_snapshot();
        if self.is_new {
            // Refused where the user has put another performance there meanwhile, which then counts.
            self.store.publish(self.snapshot.clone(), self.edition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use tonenet_core::timeline::TimelineNote;

    fn performance(notes: usize) -> TimelineSnapshot {
        let note = |i| TimelineNote {
            beats: i as f64,
            length: 0.5,
            beat_seconds: 0.5,
            channel: 0,
            key: 60,
            velocity: 64,
            expected: None,
        };
        TimelineSnapshot::new(String::new(), [1.0; 3], (0..notes).map(note).collect(), Vec::new())
    }

    #[test]
    fn few_snapshots_are_owned_however_often_a_performance_is_cleared_and_brought_back() {
        let store = Arc::<TimelineStore>::default();
        store.replace(performance(4));
        let (mut memory, mut audio) = TimelineMemory::new(store.clone());
        let mut shown = audio.take();
        for round in 0..10_000 {
            match round % 3 {
                0 => store.replace(TimelineSnapshot::default()),
                1 => store.undo(),
                _ => {
                    let beats = f64::from(round);
                    memory.record(&TimelineEvent::NoteOn {
                        beats,
                        beat_seconds: 0.5,
                        channel: 0,
                        key: 60,
                        velocity: 64,
                    });
                }
            }
            memory.follow_store();
            memory.take_snapshot();
            memory.publish();
            if round % 2 == 0 {
                shown = audio.take().or(shown);
            }
            // The link carries three, one is shown, and the store keeps two.
            assert!((1..=6).contains(&memory.snapshots.owned()), "{} in round {round}", memory.snapshots.owned());
            assert!(shown.as_ref().is_some_and(|shown| Arc::strong_count(shown) > 1), "the audio thread frees it");
        }
    }

    #[test]
    fn few_snapshots_are_owned_however_often_a_host_activates() {
        let store = Arc::<TimelineStore>::default();
        store.replace(performance(4));
        for _ in 0..10_000 {
            let (memory, mut audio) = TimelineMemory::new(store.clone());
            let shown = audio.take();
            assert_eq!(memory.snapshots.owned(), 1);
            drop((memory, audio, shown));
            assert_eq!(Arc::strong_count(&store.get().0), 2, "the store has it, and who asks");
        }
    }

    #[test]
    fn both_threads_begin_with_the_same_performance_whoever_changes_it_meanwhile() {
        let store = Arc::<TimelineStore>::default();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    store.replace(performance(1));
                }
            });
            for _ in 0..1_000 {
                let (memory, mut audio) = TimelineMemory::new(store.clone());
                assert!(audio.take().is_some_and(|snapshot| Arc::ptr_eq(&snapshot, &memory.snapshot)));
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }
}
