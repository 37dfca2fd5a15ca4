//! Records the performance on the inference thread, and publishes snapshots of it.

use std::sync::Arc;

use tonenet_core::style::StyleKeys;
use tonenet_core::timeline::{TimelineEvent, TimelineRecorder, TimelineSnapshot, TimelineView};
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::error::InferenceError;

use super::{Predictor, RestylePerformance};
use crate::snapshots::{SnapshotReceiver, SnapshotSender};
use crate::timeline_store::TimelineStore;

/// The number of changes after which a performance is restyled during a pass. A performance with more notes needs as
/// many changes as it has notes. So all restylings of a long first pass cost at most twice the last one.
const MANY_CHANGES: usize = 256;

/// The inference thread's recording of the performance.
#[derive(Debug)]
pub(super) struct TimelineMemory {
    store: Arc<TimelineStore>,
    edition: u64,
    recorder: TimelineRecorder,
    snapshot: Arc<TimelineSnapshot>,
    /// Whether the snapshot is not published yet.
    is_new: bool,
    pass_ended: bool,
    /// The key of the style that each place plays.
    keys: StyleKeys,
    /// Views of the snapshots to the audio thread.
    views: SnapshotSender<TimelineView, TimelineSnapshot>,
}

impl TimelineMemory {
    /// Starts from the store's performance, for styles with these keys. The receiver first gets a view of this snapshot,
    /// then of its successors.
    pub(super) fn new(store: Arc<TimelineStore>, keys: StyleKeys) -> (Self, SnapshotReceiver<TimelineView>) {
        let (snapshot, edition) = store.get();
        let recorder = TimelineRecorder::new(&snapshot);
        let mut views = SnapshotSender::default();
        let receiver = views.connect();
        views.send(TimelineView::new(snapshot.clone(), &keys), Some(&snapshot));
        (Self { store, edition, recorder, snapshot, is_new: false, pass_ended: false, keys, views }, receiver)
    }

    /// Whether some notes have no prediction by any model.
    pub(super) fn needs_any_model(&self) -> bool {
        self.snapshot.needs_any_model(&self.keys)
    }

    /// Whether some notes have no prediction by this model, read in this way.
    pub(super) fn needs(&self, predictor: Predictor) -> bool {
        self.snapshot.needs(predictor.id(), &self.keys)
    }

    /// Plays styles with these keys from now on. Returns whether a new view is due for them or for this model.
    pub(super) fn use_styles(&mut self, keys: &StyleKeys, predictor: Predictor) -> bool {
        if self.keys != *keys {
            self.keys.clone_from(keys);
            self.is_new = true;
        }
        self.is_new || self.needs(predictor)
    }

    /// Records an event of a pass. Returns whether anything has changed since the last snapshot.
    pub(super) fn record(&mut self, played: &TimelineEvent) -> bool {
        self.recorder.record(played);
        self.pass_ended |= *played == TimelineEvent::PassEnded;
        self.recorder.changes() > 0
    }

    /// Continues from a performance that the user or a project put into the store. Also reclaims unused snapshots.
    pub(super) fn follow_store(&mut self) {
        if self.store.edition() != self.edition {
            (self.snapshot, self.edition) = self.store.get();
            self.recorder = self.recorder.replaced_by(&self.snapshot);
            self.is_new = true;
        }
        self.views.reclaim();
    }

    /// Takes a snapshot if a pass has ended or many notes have changed.
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

    /// Predicts the snapshot's notes with a model.
    pub(super) fn restyle(
        &mut self,
        restyle: &mut RestylePerformance,
        predictor: Predictor,
        stop: &Cancellation,
    ) -> Result<(), InferenceError> {
        self.snapshot = Arc::new(restyle(&self.snapshot, predictor, stop)?);
        self.is_new = true;
        Ok(())
    }

    /// Publishes a new snapshot, unless the user has replaced the performance meanwhile. Returns whether there was a
    /// new one.
    pub(super) fn publish(&mut self) -> bool {
        let is_new = std::mem::take(&mut self.is_new);
        if is_new && self.store.publish(self.snapshot.clone(), self.edition) {
            self.views.send(TimelineView::new(self.snapshot.clone(), &self.keys), Some(&self.snapshot));
        }
        is_new
    }

    /// Saves the recorded performance in the store, for the project and the next activation.
    pub(super) fn save(&mut self) {
        self.take_snapshot();
        if self.is_new {
            // The store refuses it if the user has replaced the performance meanwhile. The user's performance takes
            // precedence.
            self.store.publish(self.snapshot.clone(), self.edition);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline_store::tests::performance;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;
    use tonenet_core::style::{QuantisedExpectation, StyleBlend, StyleColumn, StyleIndex, TakeSeed, built_in_keys};
    use tonenet_inference::embedded::EmbeddedModel;

    #[test]
    fn few_snapshots_are_owned_after_many_clears_and_undos() {
        let store = Arc::<TimelineStore>::default();
        store.replace(performance(4));
        let (mut memory, mut audio) = TimelineMemory::new(store.clone(), built_in_keys());
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
            // The link carries three, the audio thread holds one, and the store keeps two.
            assert!((1..=6).contains(&memory.views.owned()), "{} in round {round}", memory.views.owned());
            assert!(
                shown.as_ref().is_some_and(|shown| Arc::strong_count(shown.snapshot()) > 1),
                "the audio thread would free it"
            );
        }
    }

    #[test]
    fn few_snapshots_are_owned_after_many_activations() {
        let store = Arc::<TimelineStore>::default();
        store.replace(performance(4));
        for _ in 0..10_000 {
            let (memory, mut audio) = TimelineMemory::new(store.clone(), built_in_keys());
            let shown = audio.take();
            assert_eq!(memory.views.owned(), 1);
            drop((memory, audio, shown));
            assert_eq!(Arc::strong_count(&store.get().0), 2, "one in the store, one here");
        }
    }

    #[test]
    fn a_style_in_another_slot_gives_the_audio_thread_another_view_of_the_same_snapshot() {
        let store = Arc::<TimelineStore>::default();
        let column = StyleColumn::new(1.0, vec![QuantisedExpectation::new(8.0, 1.0); 4]);
        store.replace(performance(4).restyled("note".into(), [("user:1".into(), column)]));
        let slot = StyleIndex::from_slot(2).expect("a slot");
        let (mut memory, mut audio) = TimelineMemory::new(store, built_in_keys());
        let mut deviation = || {
            let view = audio.take()?;
            let note = view.snapshot().find(1.0, 0, 60)?;
            Some(view.expected(note, StyleBlend::only(slot), TakeSeed(0)).is_some())
        };
        assert_eq!(deviation(), Some(false), "an empty slot");
        let mut keys = StyleKeys::default();
        let note = Predictor { model: EmbeddedModel::Note, condition_on_player: false };
        assert!(memory.use_styles(&keys, note) && memory.publish());
        assert_eq!(deviation(), Some(false));
        keys[slot.index()] = Some("user:1".into());
        assert!(memory.use_styles(&keys, note) && memory.publish());
        assert_eq!(deviation(), Some(true));
        assert!(!memory.use_styles(&keys, note) && !memory.publish(), "nothing changed");
        assert_eq!(deviation(), None);
        keys[slot.index()] = Some("user:2".into());
        assert!(memory.use_styles(&keys, note) && memory.publish());
        assert_eq!(deviation(), Some(false), "another style, which no model has predicted yet");
    }

    #[test]
    fn both_threads_begin_with_the_same_performance_despite_concurrent_changes() {
        let store = Arc::<TimelineStore>::default();
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    store.replace(performance(1));
                }
            });
            for _ in 0..1_000 {
                let (memory, mut audio) = TimelineMemory::new(store.clone(), built_in_keys());
                assert!(audio.take().is_some_and(|view| Arc::ptr_eq(view.snapshot(), &memory.snapshot)));
            }
            is_over.store(true, Ordering::Relaxed);
        });
    }
}
