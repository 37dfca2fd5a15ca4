//! The dialog that asks which MIDI file to play.

use std::sync::Arc;

use super::{DialogTexts, FileDialogs, MIDI_EXTENSIONS, run};
use crate::player::{FilePlayer, PlayerAction};

const CHOOSING: DialogTexts = DialogTexts {
    panicked: "choosing a file failed unexpectedly; the song is the one that it was",
    no_thread: "the system gives no thread to choose a file with",
};

impl FileDialogs {
    /// Lets the user choose a file, which `player` then plays. Does nothing while the dialog is open.
    ///
    /// Call it on the window's thread, as some systems require for dialogs.
    pub fn choose_song(&self, player: Arc<dyn FilePlayer>) {
        let dialog =
            rfd::AsyncFileDialog::new().set_title("Play a MIDI file").add_filter("MIDI files", &MIDI_EXTENSIONS);
        let ask = move || {
            let chosen = dialog.pick_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        };
        run(&self.choosing_song, &CHOOSING, ask, move |path| {
            player.control(PlayerAction::Open(path));
            Ok(None)
        });
    }
}
