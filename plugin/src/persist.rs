//! What a project keeps beside the parameters, as fields of the framework's state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nice_plug::params::persist::PersistentField;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_engine::generator::{ClipStore, SavedClips};
use tonenet_engine::status::{Report, Status};
use tonenet_engine::timeline_store::TimelineStore;

/// The take that Timeline mode remembers.
#[derive(Debug)]
pub struct TimelineField(pub Arc<TimelineStore>);

impl PersistentField<'_, TimelineSnapshot> for TimelineField {
    fn set(&self, loaded: TimelineSnapshot) {
        self.0.load(loaded);
    }

    fn map<F: Fn(&TimelineSnapshot) -> R, R>(&self, f: F) -> R {
        let (take, _) = self.0.get();
        f(&take)
    }
}

/// The clips that were written.
#[derive(Debug)]
pub struct ClipField(pub Arc<ClipStore>);

impl PersistentField<'_, SavedClips> for ClipField {
    fn set(&self, loaded: SavedClips) {
        self.0.load(loaded);
    }

    fn map<F: Fn(&SavedClips) -> R, R>(&self, f: F) -> R {
        f(&self.0.saved())
    }
}

/// The report as a field of the saved state: `null`, so that a project saves the same bytes on every computer, unless
/// a state was loaded that has one. Its figures are then the instance's own, never the loaded ones.
#[derive(Debug, Default)]
pub struct ReportField {
    status: Arc<Status>,
    wanted: AtomicBool,
}

impl ReportField {
    /// Reports on a status.
    pub fn new(status: Arc<Status>) -> Self {
        Self { status, wanted: AtomicBool::new(false) }
    }
}

impl PersistentField<'_, Option<Report>> for ReportField {
    fn set(&self, loaded: Option<Report>) {
        self.wanted.store(loaded.is_some(), Ordering::Relaxed);
    }

    fn map<F: Fn(&Option<Report>) -> R, R>(&self, f: F) -> R {
        f(&self.wanted.load(Ordering::Relaxed).then(|| self.status.report()))
    }
}
