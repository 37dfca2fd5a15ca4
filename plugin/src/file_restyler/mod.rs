//! Restyles MIDI files with an instance's settings, each beside its original, on a thread of its own.
//!
//! It does what `tonenet restyle` does, with the styles of the project. It belongs to the instance, so it goes on while the
//! window is closed.

mod file;

pub use file::Outcome;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use tonenet_engine::Settings;
use tonenet_engine::style_store::StyleStore;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::performance::LoadedModel;

use crate::worker::Worker;
use file::{FileError, restyle};

/// Opens a model with the project's styles, on the restyler's thread. An error is a message for the user.
pub type OpenModel = Box<dyn Fn(EmbeddedModel, &Cancellation) -> Result<LoadedModel, String> + Send + Sync>;

/// The state of the restyler.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum RestylerState {
    /// It has nothing to do.
    #[default]
    Idle,
    /// It is restyling.
    Working {
        /// The name of the file.
        file: String,
        /// The share that is done of all files, 0 to 1.
        share: f32,
    },
    /// It has finished, or was cancelled.
    Done(Arc<RestyledFiles>),
    /// It could not begin. The text says why, and what to do.
    Failed(String),
}

/// What came of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestyledFiles {
    /// What was written, by the names of the originals.
    pub written: Vec<(String, Outcome)>,
    /// What was not written, and why.
    pub refused: Vec<String>,
    /// Whether the user cancelled before the last file.
    pub is_cancelled: bool,
}

/// An instance's restyler of files.
pub struct FileRestyler {
    shared: Arc<Shared>,
    worker: Worker,
}

/// What the restyler and its thread share.
struct Shared {
    styles: Arc<StyleStore>,
    open: OpenModel,
    state: Mutex<RestylerState>,
}

impl FileRestyler {
    /// A restyler with the styles of an instance.
    pub fn new(styles: Arc<StyleStore>, open: OpenModel) -> Self {
        let shared = Arc::new(Shared { styles, open, state: Mutex::default() });
        Self { shared, worker: Worker::default() }
    }

    /// The current state.
    pub fn state(&self) -> RestylerState {
        self.shared.state.lock().clone()
    }

    /// Starts to restyle files with these settings. Does nothing while it restyles others.
    pub fn start(&self, files: Vec<PathBuf>, settings: Settings) {
        let (taken, shared) = (self.shared.clone(), self.shared.clone());
        let first = files.first().map_or_else(String::new, |file| file::name(file));
        let started = self.worker.start(
            "tonenet restyler",
            move || taken.take(first),
            move |cancellation| shared.restyle(&files, &settings, cancellation),
        );
        if let Err(error) = started {
            let refusal = format!("the system gives no thread to restyle on ({error}); close other programs");
            *self.shared.state.lock() = RestylerState::Failed(refusal);
        }
    }

    /// Stops. Files that are written stay.
    pub fn cancel(&self) {
        self.worker.cancel();
    }

    /// Forgets what came of the files, once the user has read about it.
    pub fn acknowledge(&self) {
        let mut state = self.shared.state.lock();
        if !matches!(*state, RestylerState::Working { .. }) {
            *state = RestylerState::Idle;
        }
    }

    /// Stops for good, and waits until the thread has ended: at most for a piece of a model's work, or a file.
    pub fn close(&self) {
        self.worker.close();
    }
}

impl Shared {
    /// Begins to restyle. False if it is restyling already.
    fn take(&self, file: String) -> bool {
        let mut state = self.state.lock();
        let is_free = !matches!(*state, RestylerState::Working { .. });
        if is_free {
            *state = RestylerState::Working { file, share: 0.0 };
        }
        is_free
    }

    /// Restyles files and says what came of them.
    fn restyle(&self, files: &[PathBuf], settings: &Settings, cancellation: &Cancellation) {
        let restyled = catch_unwind(AssertUnwindSafe(|| self.restyle_all(files, settings, cancellation)));
        let panicked = "restyling stopped unexpectedly; try other files, or reload the plugin";
        *self.state.lock() = match restyled {
            Ok(Ok(restyled)) => RestylerState::Done(Arc::new(restyled)),
            Ok(Err(refusal)) => RestylerState::Failed(refusal),
            Err(_) => RestylerState::Failed(panicked.into()),
        };
    }

    fn restyle_all(
        &self,
        files: &[PathBuf],
        settings: &Settings,
        cancellation: &Cancellation,
    ) -> Result<RestyledFiles, String> {
        let model = match (self.open)(settings.model, cancellation) {
            Err(_) if cancellation.is_cancelled() => {
                return Ok(RestyledFiles { is_cancelled: true, ..RestyledFiles::default() });
            }
            opened => opened?,
        };
        let label = file::label(&self.styles, settings.style);
        let mut restyled = RestyledFiles::default();
        for (place, path) in files.iter().enumerate() {
            let progress = |share: f32| {
                let share = (place as f32 + share) / files.len() as f32;
                *self.state.lock() = RestylerState::Working { file: file::name(path), share };
            };
            match restyle(path, &model, &label, settings, (cancellation, &progress)) {
                Ok(outcome) => restyled.written.push((file::name(path), outcome)),
                Err(FileError::Cancelled) => {
                    restyled.is_cancelled = true;
                    break;
                }
                Err(FileError::Refused(refusal)) => restyled.refused.push(refusal),
            }
        }
        Ok(restyled)
    }
}

#[cfg(test)]
mod tests;
