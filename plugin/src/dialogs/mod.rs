//! Shows the window's file dialogs: to open a performance for Timeline mode, save a clip, import and export styles, and
//! choose what to learn a style from.
//!
//! A separate thread waits for the system's dialog and reads or writes the file. So neither the window nor audio waits.

mod performance;
mod preset;
mod restyle;
mod save;
mod song;
mod style;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;
use tonenet_core::clip::Clip;
use tonenet_engine::style_store::StyleStore;
use tonenet_engine::timeline_store::TimelineStore;
use tonenet_inference::user_style::{EXTENSION, UserStyle};

use save::{save, suggested_name};
pub use style::import as import_style;

use crate::learner::{Learner, LearningSource};

/// The extensions of MIDI files, as some systems compare upper and lower case.
const MIDI_EXTENSIONS: [&str; 8] = ["mid", "midi", "kar", "rmi", "MID", "MIDI", "KAR", "RMI"];

/// The state of a dialog. `Done` is the type of its result.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum DialogState<Done> {
    /// No dialog is open.
    #[default]
    Idle,
    /// The user is choosing, or the file is being read or written.
    Choosing,
    /// The file was read or written.
    Done(Done),
    /// It failed. The text says why, and what to do.
    Failed(String),
}

/// The error texts of a dialog.
struct DialogTexts {
    panicked: &'static str,
    no_thread: &'static str,
}

const OPENING: DialogTexts = DialogTexts {
    panicked: "choosing a file failed unexpectedly; the take is the one that it was",
    no_thread: "the system gives no thread to read a file with",
};
const IMPORTING: DialogTexts = DialogTexts {
    panicked: "choosing a file failed unexpectedly; nothing was imported",
    no_thread: "the system gives no thread to read a file with",
};
const LEARNING: DialogTexts = DialogTexts {
    panicked: "choosing files failed unexpectedly; nothing was learned",
    no_thread: "the system gives no thread to choose files with",
};
const SAVING: DialogTexts = DialogTexts {
    panicked: "choosing a file failed unexpectedly; nothing was saved",
    no_thread: "the system gives no thread to write a file with",
};

/// The dialogs of one window.
#[derive(Debug)]
pub struct FileDialogs {
    timeline: Arc<TimelineStore>,
    styles: Arc<StyleStore>,
    importing: Arc<Mutex<DialogState<String>>>,
    exporting: Arc<Mutex<DialogState<PathBuf>>>,
    learning: Arc<Mutex<DialogState<()>>>,
    opening: Arc<Mutex<DialogState<String>>>,
    saving: Arc<Mutex<DialogState<PathBuf>>>,
    importing_preset: Arc<Mutex<DialogState<()>>>,
    exporting_preset: Arc<Mutex<DialogState<PathBuf>>>,
    saving_performance: Arc<Mutex<DialogState<PathBuf>>>,
    restyling: Arc<Mutex<DialogState<()>>>,
    choosing_song: Arc<Mutex<DialogState<()>>>,
}

impl FileDialogs {
    /// Dialogs that put the performances they open into `timeline`, and the styles into `styles`.
    pub fn new(timeline: Arc<TimelineStore>, styles: Arc<StyleStore>) -> Self {
        Self {
            timeline,
            styles,
            importing: Arc::default(),
            exporting: Arc::default(),
            learning: Arc::default(),
            opening: Arc::default(),
            saving: Arc::default(),
            importing_preset: Arc::default(),
            exporting_preset: Arc::default(),
            saving_performance: Arc::default(),
            restyling: Arc::default(),
            choosing_song: Arc::default(),
        }
    }

    /// The state of importing a style. The result is its name.
    pub fn importing(&self) -> DialogState<String> {
        self.importing.lock().clone()
    }

    /// The state of exporting a style. The result is the path of the file.
    pub fn exporting(&self) -> DialogState<PathBuf> {
        self.exporting.lock().clone()
    }

    /// The state of choosing what to learn a style from. It ends where the learner starts.
    pub fn learning(&self) -> DialogState<()> {
        self.learning.lock().clone()
    }

    /// The state of opening a performance. For a file with several parts the result names the chosen part.
    pub fn opening(&self) -> DialogState<String> {
        self.opening.lock().clone()
    }

    /// The state of saving a clip. The result is the path of the file.
    pub fn saving(&self) -> DialogState<PathBuf> {
        self.saving.lock().clone()
    }

    /// Lets the user choose a performance, which begins at `start` beats of the song. Does nothing while the dialog is
    /// open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
    pub fn open_performance(&self, start: f64) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("What Timeline is to remember")
            .add_filter("MIDI files", &MIDI_EXTENSIONS);
        self.open_from(start, move || {
            let chosen = dialog.pick_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        });
    }

    /// Lets the user choose where to save a clip, with a tempo in beats per minute. Does nothing while the dialog is
    /// open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
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

    /// Lets the user choose a style to import. Does nothing while the dialog is open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
    pub fn import_style(&self) {
        let dialog = rfd::AsyncFileDialog::new().set_title("Import a style").add_filter("Styles", &[EXTENSION]);
        self.import_from(move || {
            let chosen = dialog.pick_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        });
    }

    /// Lets the user choose where to export a style to. Does nothing while the dialog is open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
    pub fn export_style(&self, style: Arc<UserStyle>) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("Export the style")
            .set_file_name(suggested_name(style.name(), EXTENSION))
            .add_filter("Styles", &[EXTENSION]);
        self.export_to(style, move || {
            let chosen = dialog.save_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        });
    }

    /// Lets the user choose files, from which `learner` then learns a style. Does nothing while the dialog is open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
    pub fn learn_from_files(&self, learner: Arc<Learner>) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("Learn a style from files")
            .add_filter("MIDI files", &MIDI_EXTENSIONS);
        self.learn_from(learner, move || {
            let chosen = dialog.pick_files();
            move || {
                let files = pollster::block_on(chosen)?;
                Some(LearningSource::Files(files.iter().map(|file| file.path().to_owned()).collect()))
            }
        });
    }

    /// Lets the user choose a folder, from which `learner` then learns a style. Does nothing while the dialog is open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
    pub fn learn_from_folder(&self, learner: Arc<Learner>) {
        let dialog = rfd::AsyncFileDialog::new().set_title("Learn a style from a folder");
        self.learn_from(learner, move || {
            let chosen = dialog.pick_folder();
            move || pollster::block_on(chosen).map(|folder| LearningSource::Folder(folder.path().to_owned()))
        });
    }

    /// Has `learner` learn from what the user chooses in the dialog of `ask`, if anything.
    fn learn_from<Wait>(&self, learner: Arc<Learner>, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<LearningSource> + Send + 'static,
    {
        run(&self.learning, &LEARNING, ask, move |source| {
            learner.start(source);
            Ok(None)
        });
    }

    /// Imports the style that the user chooses in the dialog of `ask`, if any.
    fn import_from<Wait>(&self, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<PathBuf> + Send + 'static,
    {
        let styles = self.styles.clone();
        run(&self.importing, &IMPORTING, ask, move |path| style::import(&path, &styles).map(Some));
    }

    /// Exports a style to the file that the user chooses in the dialog of `ask`, if any.
    fn export_to<Wait>(&self, style: Arc<UserStyle>, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<PathBuf> + Send + 'static,
    {
        run(&self.exporting, &SAVING, ask, move |path| save(&style.to_bytes(), path, EXTENSION).map(Some));
    }

    /// Opens the file that the user chooses in the dialog of `ask`. Without a choice the performance stays.
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

    /// Saves to the file that the user chooses in the dialog of `ask`, if any.
    fn save_to<Wait>(&self, clip: Arc<Clip>, tempo: f64, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<PathBuf> + Send + 'static,
    {
        run(&self.saving, &SAVING, ask, move |path| save(&clip.to_midi(tempo), path, "mid").map(Some));
    }
}

/// Forgets what came of a dialog that is not open.
fn acknowledge<Done>(state: &mut DialogState<Done>) {
    if !matches!(state, DialogState::Choosing) {
        *state = DialogState::Idle;
    }
}

/// Opens a dialog unless one is already open, then waits for the choice and processes it on a thread.
fn run<Choice, Done, Wait>(
    state: &Arc<Mutex<DialogState<Done>>>,
    texts: &'static DialogTexts,
    ask: impl FnOnce() -> Wait,
    work: impl FnOnce(Choice) -> Result<Option<Done>, String> + Send + 'static,
) where
    Done: Send + 'static,
    Wait: FnOnce() -> Option<Choice> + Send + 'static,
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
pub(crate) mod tests;
