//! What a project keeps besides the parameters, as fields of the framework's saved state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nice_plug::params::persist::PersistentField;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_engine::generator::{ClipStore, SavedClips};
use tonenet_engine::status::{Report, Status};
use tonenet_engine::style_store::{SavedStyles, StyleStore};
use tonenet_engine::timeline_store::TimelineStore;

use tonenet_engine::model_versions::{MadeWith, ModelVersions};

use crate::history::{SlotStore, Slots};

/// The performance that Timeline mode remembers.
#[derive(Debug)]
pub struct TimelineField(pub Arc<TimelineStore>);

impl PersistentField<'_, TimelineSnapshot> for TimelineField {
    fn set(&self, loaded: TimelineSnapshot) {
        self.0.load(loaded);
    }

    fn map<F: Fn(&TimelineSnapshot) -> R, R>(&self, f: F) -> R {
        let (snapshot, _) = self.0.get();
        f(&snapshot)
    }
}

/// The user's styles.
#[derive(Debug)]
pub struct StyleField(pub Arc<StyleStore>);

impl PersistentField<'_, SavedStyles> for StyleField {
    fn set(&self, loaded: SavedStyles) {
        self.0.load(loaded);
    }

    fn map<F: Fn(&SavedStyles) -> R, R>(&self, f: F) -> R {
        f(&self.0.saved())
    }
}

/// The weights that the project was made with.
#[derive(Debug)]
pub struct ModelVersionsField(pub Arc<MadeWith>);

impl PersistentField<'_, ModelVersions> for ModelVersionsField {
    fn set(&self, loaded: ModelVersions) {
        self.0.load(loaded);
    }

    fn map<F: Fn(&ModelVersions) -> R, R>(&self, f: F) -> R {
        f(&self.0.versions())
    }
}

/// The generated clips.
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

/// The slots A and B.
#[derive(Debug)]
pub struct SlotField(pub Arc<SlotStore>);

impl PersistentField<'_, Slots> for SlotField {
    fn set(&self, loaded: Slots) {
        self.0.set(loaded);
    }

    fn map<F: Fn(&Slots) -> R, R>(&self, f: F) -> R {
        f(&self.0.get())
    }
}

/// The report on an instance, for hosts without a window.
///
/// It is saved only after a state with a report was loaded, and then with the instance's own figures. Otherwise it is
/// `null`, so that a project saves the same bytes on every computer.
#[derive(Debug, Default)]
pub struct ReportField {
    status: Arc<Status>,
    is_wanted: AtomicBool,
}

impl ReportField {
    /// A report that reads `status`.
    pub fn new(status: Arc<Status>) -> Self {
        Self { status, is_wanted: AtomicBool::new(false) }
    }
}

impl PersistentField<'_, Option<Report>> for ReportField {
    fn set(&self, loaded: Option<Report>) {
        self.is_wanted.store(loaded.is_some(), Ordering::Relaxed);
    }

    fn map<F: Fn(&Option<Report>) -> R, R>(&self, f: F) -> R {
        f(&self.is_wanted.load(Ordering::Relaxed).then(|| self.status.report()))
    }
}
