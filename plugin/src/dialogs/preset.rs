//! The dialogs that import and export presets.

use std::path::PathBuf;
use std::sync::Arc;

use super::save::suggested_name;
use super::{DialogState, DialogTexts, FileDialogs, acknowledge, run, save};
use crate::presets::{EXTENSION, Preset, PresetStore};

const IMPORTING: DialogTexts = DialogTexts {
    panicked: "choosing a file failed unexpectedly; no preset was imported",
    no_thread: "the system gives no thread to read a file with",
};
const EXPORTING: DialogTexts = DialogTexts {
    panicked: "choosing a file failed unexpectedly; no preset was exported",
    no_thread: "the system gives no thread to write a file with",
};

impl FileDialogs {
    /// The state of choosing a preset to import. It ends where the store begins to read.
    pub fn importing_preset(&self) -> DialogState<()> {
        self.importing_preset.lock().clone()
    }

    /// The state of exporting a preset. The result is the path of the file.
    pub fn exporting_preset(&self) -> DialogState<PathBuf> {
        self.exporting_preset.lock().clone()
    }

    /// Forgets what came of the dialogs of presets, once the user has read about it.
    pub fn acknowledge_presets(&self) {
        acknowledge(&mut self.importing_preset.lock());
        acknowledge(&mut self.exporting_preset.lock());
    }

    /// Lets the user choose a preset for `store` to import. Does nothing while the dialog is open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
    pub fn import_preset(&self, store: Arc<PresetStore>) {
        let dialog = rfd::AsyncFileDialog::new().set_title("Import a preset").add_filter("Presets", &[EXTENSION]);
        self.import_preset_from(store, move || {
            let chosen = dialog.pick_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        });
    }

    /// Lets the user choose where to export a preset to. Does nothing while the dialog is open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
    pub fn export_preset(&self, preset: Preset) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("Export the preset")
            .set_file_name(suggested_name(&preset.name, EXTENSION))
            .add_filter("Presets", &[EXTENSION]);
        self.export_preset_to(preset, move || {
            let chosen = dialog.save_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        });
    }

    pub(super) fn import_preset_from<Wait>(&self, store: Arc<PresetStore>, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<PathBuf> + Send + 'static,
    {
        run(&self.importing_preset, &IMPORTING, ask, move |path| {
            store.import(path);
            Ok(None)
        });
    }

    pub(super) fn export_preset_to<Wait>(&self, preset: Preset, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<PathBuf> + Send + 'static,
    {
        run(&self.exporting_preset, &EXPORTING, ask, move |path| save(&preset.to_bytes(), path, EXTENSION).map(Some));
    }
}
