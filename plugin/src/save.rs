//! Saves a clip as a MIDI file where the user chooses.
//!
//! The system's dialog is waited for and the file written on a thread of their own, so that neither the window nor audio
//! stands still.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;
use tonenet_core::clip::Clip;

/// How far saving has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Saving {
    /// Nothing goes on.
    #[default]
    Idle,
    /// The user is choosing, or the file is being written.
    Choosing,
    /// The clip is in this file.
    Saved(PathBuf),
    /// Why it is in none.
    Refused(String),
}

/// Saves clips.
#[derive(Debug, Default)]
pub struct Saver {
    saving: Arc<Mutex<Saving>>,
}

impl Saver {
    /// How far it has come.
    pub fn saving(&self) -> Saving {
        self.saving.lock().clone()
    }

    /// Lets the user choose where a clip is saved, for players of `tempo` beats a minute; while they do, further calls do
    /// nothing.
    ///
    /// To be called on the window's thread, where some systems want their dialogs made.
    pub fn choose(&self, clip: Arc<Clip>, tempo: f64) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("Save the clip")
            .set_file_name("tonenet.mid")
            .add_filter("MIDI files", &["mid"]);
        self.save_to(clip, tempo, move || {
            let chosen = dialog.save_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        });
    }

    /// Saves to the file that what `ask` gives waits for, if there is one.
    fn save_to<Wait>(&self, clip: Arc<Clip>, tempo: f64, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<PathBuf> + Send + 'static,
    {
        {
            let mut saving = self.saving.lock();
            if *saving == Saving::Choosing {
                return;
            }
            *saving = Saving::Choosing;
        }
        let wait = ask();
        let saving = self.saving.clone();
        let save = move || {
            let saved = catch_unwind(AssertUnwindSafe(|| wait().map(|path| write(&clip, tempo, path))));
            *saving.lock() = match saved {
                Ok(None) => Saving::Idle,
                Ok(Some(Ok(path))) => Saving::Saved(path),
                Ok(Some(Err(refusal))) => Saving::Refused(refusal),
                Err(_) => Saving::Refused("choosing a file failed unexpectedly; nothing was saved".into()),
            };
        };
        if let Err(error) = thread::Builder::new().name("tonenet file".into()).spawn(save) {
            *self.saving.lock() = Saving::Refused(format!("the system gives no thread to write a file with ({error})"));
        }
    }
}

/// Writes a clip to a file, named as MIDI files are where the user gave no ending.
fn write(clip: &Clip, tempo: f64, mut path: PathBuf) -> Result<PathBuf, String> {
    if path.extension().is_none() {
        path.set_extension("mid");
    }
    match std::fs::write(&path, clip.to_midi(tempo)) {
        Ok(()) => Ok(path),
        Err(error) => Err(format!("cannot write {}: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::clip::ClipNote;
    use tonenet_core::midi::Song;

    fn saved(path: Option<PathBuf>) -> Saving {
        let clip = Clip::new(4.0, (4, 4), vec![ClipNote { onset: 1.0, length: 1.0, key: 60, velocity: 80 }]).unwrap();
        let saver = Saver::default();
        saver.save_to(Arc::new(clip), 90.0, || || path);
        while saver.saving() == Saving::Choosing {
            thread::yield_now();
        }
        saver.saving()
    }

    #[test]
    fn a_clip_is_saved_where_the_user_chooses() {
        let folder = std::env::temp_dir().join(format!("tonenet-save-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let Saving::Saved(path) = saved(Some(folder.join("a clip"))) else { panic!("it is not saved") };
        assert_eq!(path, folder.join("a clip.mid"));
        let song = Song::parse(std::fs::read(&path).unwrap()).unwrap();
        assert_eq!((song.notes().len(), song.notes()[0].note.key), (1, 60));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn without_a_choice_nothing_is_and_a_place_that_there_is_not_is_named() {
        assert_eq!(saved(None), Saving::Idle);
        assert!(
            matches!(saved(Some("/no/such/clip.mid".into())), Saving::Refused(told) if told.contains("/no/such/clip.mid"))
        );
    }
}
