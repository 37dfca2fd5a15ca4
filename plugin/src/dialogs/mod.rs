//! The window's file dialogs: they open a performance for Timeline mode, and save a clip.
//!
//! The system's dialog is waited for, and the file read or written, on a thread of its own. So neither the window nor
//! audio stands still.

mod clip;
mod performance;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;
use tonenet_core::clip::Clip;
use tonenet_engine::timeline_store::TimelineStore;

/// How far a dialog has come; `Done` is what it says when it has done something worth saying.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DialogState<Done> {
    /// Nothing goes on.
    #[default]
    Idle,
    /// The user is choosing, or the file is being read or written.
    Choosing,
    /// The file was read or written.
    Done(Done),
    /// It was not; why, and what to do.
    Failed(String),
}

/// What a dialog says when it fails by itself.
struct DialogTexts {
    panicked: &'static str,
    no_thread: &'static str,
}

const OPENING: DialogTexts = DialogTexts {
    panicked: "choosing a file failed unexpectedly; the take is the one that it was",
    no_thread: "the system gives no thread to read a file with",
};
const SAVING: DialogTexts = DialogTexts {
    panicked: "choosing a file failed unexpectedly; nothing was saved",
    no_thread: "the system gives no thread to write a file with",
};

/// The dialogs of one window.
#[derive(Debug)]
pub struct FileDialogs {
    timeline: Arc<TimelineStore>,
    opening: Arc<Mutex<DialogState<String>>>,
    saving: Arc<Mutex<DialogState<PathBuf>>>,
}

impl FileDialogs {
    /// Dialogs that put the performances they open into `timeline`.
    pub fn new(timeline: Arc<TimelineStore>) -> Self {
        Self { timeline, opening: Arc::default(), saving: Arc::default() }
    }

    /// How far opening a performance has come; of a file of several parts it says which one it took.
    pub fn opening(&self) -> DialogState<String> {
        self.opening.lock().clone()
    }

    /// How far saving a clip has come; it says which file the clip is in.
    pub fn saving(&self) -> DialogState<PathBuf> {
        self.saving.lock().clone()
    }

    /// Lets the user choose a performance, to begin at `start` beats of the song. While they do, further calls do
    /// nothing.
    ///
    /// To be called on the window's thread, where some systems want their dialogs made.
    pub fn open_performance(&self, start: f64) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("What Timeline is to remember")
            .add_filter("MIDI files", &["mid", "midi", "kar", "rmi", "MID", "MIDI", "KAR", "RMI"]);
        self.open_from(start, move || {
            let chosen = dialog.pick_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        });
    }

    /// Lets the user choose where a clip is saved, for players of `tempo` beats a minute. While they do, further calls do
    /// nothing.
    ///
    /// To be called on the window's thread, where some systems want their dialogs made.
    pub fn save_clip(&self, clip: Arc<Clip>, tempo: f64) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("Save the clip")
            .set_file_name("tonenet.mid")
            .add_filter("MIDI files", &["mid"]);
        self.save_to(clip, tempo, move || {
            let chosen = dialog.save_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        });
    }

    /// Opens the file that what `ask` gives waits for; without one the performance stays.
    fn open_from<Wait>(&self, start: f64, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<PathBuf> + Send + 'static,
    {
        let timeline = self.timeline.clone();
        run(&self.opening, &OPENING, ask, move |path| {
            let (performance, which) = performance::read(&path, start, &timeline.get().0)?;
            timeline.replace(performance);
            Ok(which)
        });
    }

    /// Saves to the file that what `ask` gives waits for, if there is one.
    fn save_to<Wait>(&self, clip: Arc<Clip>, tempo: f64, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<PathBuf> + Send + 'static,
    {
        run(&self.saving, &SAVING, ask, move |path| clip::write(&clip, tempo, path).map(Some));
    }
}

/// Asks for a file, unless a dialog is open already; waits for it and works with it on a thread.
fn run<Done, Wait>(
    state: &Arc<Mutex<DialogState<Done>>>,
    texts: &'static DialogTexts,
    ask: impl FnOnce() -> Wait,
    work: impl FnOnce(PathBuf) -> Result<Option<Done>, String> + Send + 'static,
) where
    Done: Send + 'static,
    Wait: FnOnce() -> Option<PathBuf> + Send + 'static,
{
    {
        let mut state = state.lock();
        if matches!(*state, DialogState::Choosing) {
            return;
        }
        *state = DialogState::Choosing;
    }
    let wait = ask();
    let reported = state.clone();
    let task = move || {
        let done = catch_unwind(AssertUnwindSafe(|| wait().map_or(Ok(None), work)));
        *reported.lock() = match done.unwrap_or_else(|_| Err(texts.panicked.into())) {
            Ok(Some(done)) => DialogState::Done(done),
            Ok(None) => DialogState::Idle,
            Err(refusal) => DialogState::Failed(refusal),
        };
    };
    if let Err(error) = thread::Builder::new().name("tonenet file".into()).spawn(task) {
        *state.lock() = DialogState::Failed(format!("{} ({error})", texts.no_thread));
    }
}

#[cfg(test)]
mod tests;
