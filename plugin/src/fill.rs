//! Fills the remembered take from a MIDI file that the user chooses, without playing it.
//!
//! The system's dialog is waited for and the file read on a thread of their own, so that neither the window nor audio
//! stands still.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use parking_lot::Mutex;
use tonenet_core::midi::Song;
use tonenet_core::timeline::Timeline;

use crate::memory::TimelineStore;

/// How far filling has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Filling {
    /// Nothing goes on, or it is done.
    #[default]
    Idle,
    /// The user is choosing, or the file is being read.
    Choosing,
    /// Why the take is still the one that it was.
    Refused(String),
}

/// Fills an instance's take.
#[derive(Debug)]
pub struct Filler {
    store: Arc<TimelineStore>,
    filling: Arc<Mutex<Filling>>,
}

impl Filler {
    /// One that puts what it reads into `store`.
    pub fn new(store: Arc<TimelineStore>) -> Self {
        Self { store, filling: Arc::default() }
    }

    /// How far it has come.
    pub fn filling(&self) -> Filling {
        self.filling.lock().clone()
    }

    /// Lets the user choose a file, to begin at `start` beats of the song; while they do, further calls do nothing.
    ///
    /// To be called on the window's thread, where some systems want their dialogs made.
    pub fn choose(&self, start: f64) {
        let dialog = rfd::AsyncFileDialog::new()
            .set_title("What Timeline is to remember")
            .add_filter("MIDI files", &["mid", "midi", "MID", "MIDI"]);
        self.fill_from(start, move || {
            let chosen = dialog.pick_file();
            move || pollster::block_on(chosen).map(|file| file.path().to_owned())
        });
    }

    /// Fills from the file that what `ask` gives waits for; without one the take stays.
    fn fill_from<Wait>(&self, start: f64, ask: impl FnOnce() -> Wait)
    where
        Wait: FnOnce() -> Option<std::path::PathBuf> + Send + 'static,
    {
        {
            let mut filling = self.filling.lock();
            if *filling == Filling::Choosing {
                return;
            }
            *filling = Filling::Choosing;
        }
        let wait = ask();
        let (store, filling) = (self.store.clone(), self.filling.clone());
        let fill = move || {
            let filled = catch_unwind(AssertUnwindSafe(|| match wait() {
                Some(path) => take_of(&path, start).map(|take| store.replace(take)),
                None => Ok(()),
            }));
            let failed = || Err("choosing a file failed unexpectedly; the take is the one that it was".into());
            *filling.lock() = match filled.unwrap_or_else(|_| failed()) {
                Ok(()) => Filling::Idle,
                Err(refusal) => Filling::Refused(refusal),
            };
        };
        if let Err(error) = thread::Builder::new().name("tonenet file".into()).spawn(fill) {
            *self.filling.lock() =
                Filling::Refused(format!("the system gives no thread to read a file with ({error})"));
        }
    }
}

/// What a MIDI file plays as a take; an error says which file, what is wrong, and what to do.
fn take_of(path: &Path, start: f64) -> Result<Timeline, String> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|e| format!("cannot read {shown}: {e}"))?;
    let song = Song::parse(bytes).map_err(|e| format!("{shown}: {e}"))?;
    let take = Timeline::of_song(&song, start);
    if take.notes().is_empty() {
        return Err(format!(
            "{shown} has notes on the drums' channel or beyond a piano's keys alone; choose a piano part"
        ));
    }
    Ok(take)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use tonenet_core::timeline::TimelineNote;

    const PIECE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../assets/demo/bach-prelude-bwv-846.mid");

    /// What filling from a file comes to where a take of one note is remembered, and the store then.
    fn filled(path: Option<PathBuf>, start: f64) -> (Filling, Arc<TimelineStore>) {
        let store = Arc::<TimelineStore>::default();
        store.replace(before());
        let filler = Filler::new(store.clone());
        filler.fill_from(start, || || path);
        while filler.filling() == Filling::Choosing {
            thread::yield_now();
        }
        (filler.filling(), store)
    }

    fn before() -> Timeline {
        let note = TimelineNote {
            beats: 1.0,
            length: 0.5,
            beat_seconds: 0.5,
            channel: 0,
            key: 60,
            velocity: 64,
            expected: None,
        };
        Timeline::new(String::new(), [1.0; 3], vec![note], Vec::new())
    }

    #[test]
    fn a_chosen_file_becomes_the_take_and_the_old_one_can_be_had_back() {
        let (filling, store) = filled(Some(PIECE.into()), 32.0);
        let take = store.get().0;
        assert_eq!((filling, take.notes().len()), (Filling::Idle, 549));
        assert!(take.notes()[0].beats >= 32.0);
        store.undo();
        assert_eq!(*store.get().0, before());
    }

    #[test]
    fn without_a_choice_nothing_changes() {
        let (filling, store) = filled(None, 0.0);
        assert_eq!((filling, &*store.get().0), (Filling::Idle, &before()));
    }

    #[test]
    fn a_file_that_is_none_is_named_and_leaves_the_take_alone() {
        for path in [concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"), "/no/such.mid"] {
            let (filling, store) = filled(Some(path.into()), 0.0);
            assert!(matches!(&filling, Filling::Refused(told) if told.contains(path)), "{filling:?}");
            assert_eq!(*store.get().0, before());
        }
    }

    #[test]
    fn a_second_dialog_does_not_open_beside_the_first() {
        let filler = Filler::new(Arc::default());
        let (release, wait) = std::sync::mpsc::channel::<()>();
        filler.fill_from(0.0, || {
            move || {
                let _ = wait.recv();
                None
            }
        });
        filler.fill_from(0.0, || -> fn() -> Option<PathBuf> { panic!("a second dialog") });
        assert_eq!(filler.filling(), Filling::Choosing);
        drop(release);
        while filler.filling() == Filling::Choosing {
            thread::yield_now();
        }
    }
}
