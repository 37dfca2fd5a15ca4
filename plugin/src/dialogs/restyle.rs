//! The dialogs for restyled files: which files to restyle, where to save a performance, and what to do with dropped files.

use std::path::PathBuf;
use std::sync::Arc;

use tonenet_core::midi::WrittenPart;
use tonenet_engine::Settings;

use super::{
    DialogState, DialogTexts, FileDialogs, MIDI_EXTENSIONS, OPENING, SAVING, acknowledge, performance, run, save,
};
use crate::file_restyler::FileRestyler;

const RESTYLING: DialogTexts = DialogTexts {
    panicked: "choosing files failed unexpectedly; nothing was restyled",
    no_thread: "the system gives no thread to choose files with",
};

impl FileDialogs {
    /// The state of choosing files to restyle. It ends where the restyler starts.
    pub fn restyling(&self) -> DialogState<()> {
        self.restyling.lock().clone()
    }

    /// The state of saving a restyled performance. The result is the path of the file.
    pub fn saving_performance(&self) -> DialogState<PathBuf> {
        self.saving_performance.lock().clone()
    }

    /// Forgets what came of saving, choosing and dropping files, once the user has read about it.
    pub fn acknowledge_files(&self) {
        acknowledge(&mut self.saving_performance.lock());
        acknowledge(&mut self.restyling.lock());
        acknowledge(&mut self.opening.lock());
    }

    /// Lets the user choose files, which `restyler` then restyles. Does nothing while the dialog is open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
    pub fn restyle_files(&self, restyler: Arc<FileRestyler>, settings: Settings) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("Restyle MIDI files; each result goes beside its file")
            .add_filter("MIDI files", &MIDI_EXTENSIONS);
        self.restyle_from(restyler, settings, move || {
            let chosen = dialog.pick_files();
            move || {
                let files = pollster::block_on(chosen)?;
                Some(files.iter().map(|file| file.path().to_owned()).collect())
            }
        });
    }

    /// Lets the user choose where to save a performance. Does nothing while the dialog is open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
    pub fn save_performance(&self, make: impl FnOnce() -> WrittenPart + Send + 'static) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("Save the restyled performance")
            .set_file_name("restyled.mid")
            .add_filter("MIDI files", &["mid"]);
        self.save_performance_to(make, move || {
            let chosen = dialog.save_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        });
    }

    /// Has Timeline remember the first of some dropped files, from `start` beats of the song on. Does nothing while another
    /// file is opened.
    pub fn open_dropped(&self, files: Vec<PathBuf>, start: f64) {
        let timeline = self.timeline.clone();
        let first = move || {
            let several = files.len() > 1;
            files.into_iter().next().map(|first| (first, several))
        };
        run(
            &self.opening,
            &OPENING,
            || first,
            move |(path, several)| {
                let (performance, which) = performance::read(&path, start, &timeline.get().0)?;
                timeline.replace(performance);
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let only = if several { ", the first one only" } else { "" };
                let text = format!("Timeline remembers {name}{only}");
                Ok(Some(which.map_or(text.clone(), |which| format!("{text}; {which}"))))
            },
        );
    }

    pub(super) fn restyle_from<Wait>(&self, restyler: Arc<FileRestyler>, settings: Settings, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<Vec<PathBuf>> + Send + 'static,
    {
        run(&self.restyling, &RESTYLING, ask, move |files| {
            restyler.start(files, settings);
            Ok(None)
        });
    }

    pub(super) fn save_performance_to<Wait>(
        &self,
        make: impl FnOnce() -> WrittenPart + Send + 'static,
        ask: impl FnOnce() -> Wait,
    ) where
        Wait: FnOnce() -> Option<PathBuf> + Send + 'static,
    {
        run(&self.saving_performance, &SAVING, ask, move |path| save(&make().to_midi(), path, "mid").map(Some));
    }
}
