//! What Timeline mode has recorded of an instance's song.
//!
//! The inference thread, the window and the saved state share it. The audio thread gets snapshots and never comes here.

use std::sync::Arc;

use parking_lot::Mutex;
use tonenet_core::timeline::TimelineSnapshot;

/// See the [module](self).
#[derive(Debug, Default)]
pub struct TimelineStore(Mutex<Slot>);

#[derive(Debug, Default)]
struct Slot {
    current: Arc<TimelineSnapshot>,
    /// What the user's last change replaced.
    before: Option<Arc<TimelineSnapshot>>,
    /// Counts what others than the inference thread put here.
    edition: u64,
}

/// What the window shows of a remembered take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Remembered {
    /// Notes.
    pub notes: usize,
    /// Those of which no model has said anything yet.
    pub waiting: usize,
    /// Whether there is a change of the user's to take back.
    pub can_undo: bool,
}

impl TimelineStore {
    /// The take as it is, and its edition.
    pub fn get(&self) -> (Arc<TimelineSnapshot>, u64) {
        let slot = self.0.lock();
        (slot.current.clone(), slot.edition)
    }

    /// The edition alone: whether the take is still the one that was got.
    pub fn edition(&self) -> u64 {
        self.0.lock().edition
    }

    /// Publishes the inference thread's next snapshot of an edition; one of an older edition is refused.
    pub fn publish(&self, snapshot: Arc<TimelineSnapshot>, edition: u64) -> bool {
        let mut slot = self.0.lock();
        let is_current = slot.edition == edition;
        if is_current {
            slot.current = snapshot;
        }
        is_current
    }

    /// Puts another take in its place, as the user wants it.
    pub fn replace(&self, take: TimelineSnapshot) {
        let mut slot = self.0.lock();
        slot.before = Some(std::mem::replace(&mut slot.current, Arc::new(take)));
        slot.edition += 1;
    }

    /// Takes the last [`TimelineStore::replace`] back.
    pub fn undo(&self) {
        let mut slot = self.0.lock();
        if let Some(before) = slot.before.take() {
            slot.current = before;
            slot.edition += 1;
        }
    }

    /// What there is to show.
    pub fn remembered(&self) -> Remembered {
        let slot = self.0.lock();
        let notes = slot.current.notes();
        let waiting = notes.iter().filter(|n| n.expected.is_none()).count();
        Remembered { notes: notes.len(), waiting, can_undo: slot.before.is_some() }
    }

    /// Takes in what a project kept.
    pub fn load(&self, loaded: TimelineSnapshot) {
        let mut slot = self.0.lock();
        // A host that undoes its own changes loads states often; the same take need not be restyled again.
        if *slot.current != loaded && slot.current.as_saved() != loaded.as_saved() {
            *slot = Slot { current: Arc::new(loaded), before: None, edition: slot.edition + 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::timeline::TimelineNote;

    fn take(notes: usize) -> TimelineSnapshot {
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
    fn clearing_can_be_undone_and_a_late_picture_does_not_bring_it_back() {
        let store = TimelineStore::default();
        let (_, edition) = store.get();
        assert!(store.publish(Arc::new(take(3)), edition));
        store.replace(TimelineSnapshot::default());
        assert!(!store.publish(Arc::new(take(4)), edition), "of a take that is no longer wanted");
        assert_eq!(store.remembered(), Remembered { notes: 0, waiting: 0, can_undo: true });
        store.undo();
        assert_eq!(store.remembered(), Remembered { notes: 3, waiting: 3, can_undo: false });
    }

    #[test]
    fn loading_the_same_take_again_is_no_change() {
        let store = TimelineStore::default();
        store.load(take(2));
        let edition = store.edition();
        store.load(take(2));
        assert_eq!(store.edition(), edition);
        assert_eq!(store.get().0.notes().len(), 2);
    }

    #[test]
    fn a_host_that_loads_what_it_saved_keeps_the_undo() {
        // 0.1 + 0.2 and the like, which JSON's reader gives back a bit off.
        let places = (1..2_000).map(|i| f64::from(i) * 0.1 + f64::from(i) / 24_000.7);
        let older = |beats: f64| format!("[{beats:?},1.0,0.5,0,60,80,null]");
        let older = places.clone().map(older).collect::<Vec<_>>().join(",");
        let older = format!(r#"{{"model":"","gains":[1,1,1],"notes":[{older}],"pedals":[]}}"#);
        let note = |beats| TimelineNote { beats, ..take(1).notes()[0] };
        let played = TimelineSnapshot::new(String::new(), [1.0; 3], places.map(note).collect(), Vec::new());
        for take in [serde_json::from_str(&older).unwrap(), played] {
            let store = TimelineStore::default();
            store.replace(take);
            let saved = serde_json::to_string(&*store.get().0).unwrap();
            let edition = store.edition();
            store.load(serde_json::from_str(&saved).unwrap());
            assert_eq!((store.edition(), store.remembered().can_undo), (edition, true));
            let other = TimelineStore::default();
            other.load(serde_json::from_str(&saved).unwrap());
            assert_eq!(serde_json::to_string(&*other.get().0).unwrap(), saved);
        }
    }
}
