//! Stores the performance that Timeline mode has recorded in an instance.
//!
//! The inference thread, the window and the saved state share the store. The audio thread receives snapshots instead.

use std::sync::Arc;

use parking_lot::Mutex;
use tonenet_core::entered::EntryEvidence;
use tonenet_core::timeline::TimelineSnapshot;

/// The recorded performance, shared by several threads.
#[derive(Debug, Default)]
pub struct TimelineStore(Mutex<Slot>);

#[derive(Debug, Default)]
struct Slot {
    current: Performance,
    /// The performance that the user's last change replaced.
    before: Option<Performance>,
    /// Counts changes made by anyone but the inference thread.
    edition: u64,
}

#[derive(Debug, Clone, Default)]
struct Performance {
    snapshot: Arc<TimelineSnapshot>,
    is_entered: bool,
    /// Notes that no model has predicted yet. The window asks in every frame, so they are counted once.
    waiting: usize,
}

impl Performance {
    /// Finds out whether it was entered. This reads all notes, so call it without the lock.
    fn new(snapshot: Arc<TimelineSnapshot>) -> Self {
        let evidence = EntryEvidence::from_notes(&snapshot.performance().0);
        let waiting = snapshot.waiting();
        Self { snapshot, is_entered: evidence.is_some_and(|evidence| evidence.is_entered()), waiting }
    }
}

/// A summary of the recorded performance, for the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TimelineSummary {
    /// The number of notes.
    pub notes: usize,
    /// The number of notes that no model has predicted yet.
    pub waiting: usize,
    /// Whether the notes were entered, with the mouse or from notation, and not played.
    pub is_entered: bool,
    /// Whether there is a change to undo.
    pub can_undo: bool,
}

impl TimelineStore {
    /// The current performance, and its edition.
    pub fn get(&self) -> (Arc<TimelineSnapshot>, u64) {
        let slot = self.0.lock();
        (slot.current.snapshot.clone(), slot.edition)
    }

    /// The current edition. It changes with each change by the user or a project.
    pub fn edition(&self) -> u64 {
        self.0.lock().edition
    }

    /// Publishes the inference thread's next snapshot of an edition. Returns false for an outdated edition.
    pub fn publish(&self, snapshot: Arc<TimelineSnapshot>, edition: u64) -> bool {
        let performance = Performance::new(snapshot);
        let mut slot = self.0.lock();
        let is_current = slot.edition == edition;
        if is_current {
            slot.current = performance;
        }
        is_current
    }

    /// Replaces the performance. The user can undo this.
    pub fn replace(&self, performance: TimelineSnapshot) {
        let performance = Performance::new(Arc::new(performance));
        let mut slot = self.0.lock();
        slot.before = Some(std::mem::replace(&mut slot.current, performance));
        slot.edition += 1;
    }

    /// Undoes the last [`TimelineStore::replace`].
    pub fn undo(&self) {
        let mut slot = self.0.lock();
        if let Some(before) = slot.before.take() {
            slot.current = before;
            slot.edition += 1;
        }
    }

    /// Summarises the performance.
    pub fn summary(&self) -> TimelineSummary {
        let slot = self.0.lock();
        let Performance { snapshot, is_entered, waiting } = &slot.current;
        let (notes, can_undo) = (snapshot.notes().len(), slot.before.is_some());
        TimelineSummary { notes, waiting: *waiting, is_entered: *is_entered, can_undo }
    }

    /// Loads the performance from a project.
    pub fn load(&self, loaded: TimelineSnapshot) {
        let loaded = Performance::new(Arc::new(loaded));
        let mut slot = self.0.lock();
        let (current, new) = (&slot.current.snapshot, &loaded.snapshot);
        // Hosts load states often, for instance for their own undo. An equal performance need not be restyled again.
        if current != new && current.as_saved() != new.as_saved() {
            *slot = Slot { current: loaded, before: None, edition: slot.edition + 1 };
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use tonenet_core::style::{QuantisedExpectation, StyleColumn, built_in_keys};
    use tonenet_core::timeline::TimelineNote;

    /// A performance of so many notes, one a beat.
    pub(crate) fn performance(notes: usize) -> TimelineSnapshot {
        let note =
            |i| TimelineNote { beats: i as f64, length: 0.5, beat_seconds: 0.5, channel: 0, key: 60, velocity: 64 };
        TimelineSnapshot::new((0..notes).map(note).collect(), Vec::new())
    }

    /// The performance as a model leaves it, with the same predictions in each built-in style.
    pub(crate) fn restyled(
        performance: &TimelineSnapshot,
        model: &str,
        predictions: impl Iterator<Item = QuantisedExpectation>,
    ) -> TimelineSnapshot {
        let column = StyleColumn::new(1.0, predictions.collect());
        let keys = built_in_keys().into_iter().flatten();
        performance.restyled(model.into(), keys.map(|key| (key, column.clone())))
    }

    #[test]
    fn clearing_can_be_undone_and_an_outdated_snapshot_is_refused() {
        let store = TimelineStore::default();
        let (_, edition) = store.get();
        assert!(store.publish(Arc::new(performance(3)), edition));
        store.replace(TimelineSnapshot::default());
        assert!(!store.publish(Arc::new(performance(4)), edition), "it belongs to a performance that was replaced");
        assert_eq!(store.summary(), TimelineSummary { can_undo: true, ..TimelineSummary::default() });
        store.undo();
        assert_eq!(store.summary(), TimelineSummary { notes: 3, waiting: 3, ..TimelineSummary::default() });
    }

    #[test]
    fn the_summary_tells_an_entered_performance_from_a_played_one() {
        let entered = performance(64);
        let played = entered.notes().iter().enumerate();
        let played = played.map(|(i, n)| TimelineNote { velocity: 40 + (i * 37 % 60) as u8, ..*n }).collect();
        let played = TimelineSnapshot::new(played, Vec::new());
        let store = TimelineStore::default();
        let is_entered = || store.summary().is_entered;
        assert!(!is_entered(), "there is nothing");
        store.load(entered.clone());
        assert!(is_entered(), "from a project");
        store.replace(played.clone());
        assert!(!is_entered(), "from a file");
        store.undo();
        assert!(is_entered());
        assert!(store.publish(Arc::new(played), store.edition()) && !is_entered(), "from the host");
        assert!(store.publish(Arc::new(entered), store.edition()) && is_entered());
    }

    #[test]
    fn loading_an_equal_performance_changes_nothing() {
        let store = TimelineStore::default();
        store.load(performance(2));
        let edition = store.edition();
        store.load(performance(2));
        assert_eq!(store.edition(), edition);
        assert_eq!(store.get().0.notes().len(), 2);
    }

    #[test]
    fn loading_the_saved_state_keeps_the_undo() {
        // Values like 0.1 + 0.2, which the JSON reader returns with a rounding error.
        let places = (1..2_000).map(|i| f64::from(i) * 0.1 + f64::from(i) / 24_000.7);
        let older = |beats: f64| format!("[{beats:?},1.0,0.5,0,60,80,null]");
        let older = places.clone().map(older).collect::<Vec<_>>().join(",");
        let older = format!(r#"{{"model":"","gains":[1,1,1],"notes":[{older}],"pedals":[]}}"#);
        let note = |beats| TimelineNote { beats, ..performance(1).notes()[0] };
        let played = TimelineSnapshot::new(places.map(note).collect(), Vec::new());
        for performance in [serde_json::from_str(&older).unwrap(), played] {
            let store = TimelineStore::default();
            store.replace(performance);
            let saved = serde_json::to_string(&*store.get().0).unwrap();
            let edition = store.edition();
            store.load(serde_json::from_str(&saved).unwrap());
            assert_eq!((store.edition(), store.summary().can_undo), (edition, true));
            let other = TimelineStore::default();
            other.load(serde_json::from_str(&saved).unwrap());
            assert_eq!(serde_json::to_string(&*other.get().0).unwrap(), saved);
        }
    }
}
