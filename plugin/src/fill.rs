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
use tonenet_core::midi::parts::{Instrument, PartPedals, SongPart};
use tonenet_core::timeline::{MAX_NOTES, Place, TimelineSnapshot};

use tonenet_engine::timeline_store::TimelineStore;

/// How far filling has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Filling {
    /// Nothing goes on, or it is done.
    #[default]
    Idle,
    /// Done with a file of several parts: which of them it took.
    TookOf(String),
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
            .add_filter("MIDI files", &["mid", "midi", "kar", "rmi", "MID", "MIDI", "KAR", "RMI"]);
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
                Some(path) => take_of(&path, start, &store.get().0).map(|(take, filling)| {
                    store.replace(take);
                    filling
                }),
                None => Ok(Filling::Idle),
            }));
            let failed = || Err("choosing a file failed unexpectedly; the take is the one that it was".into());
            *filling.lock() = filled.unwrap_or_else(|_| failed()).unwrap_or_else(Filling::Refused);
        };
        if let Err(error) = thread::Builder::new().name("tonenet file".into()).spawn(fill) {
            *self.filling.lock() =
                Filling::Refused(format!("the system gives no thread to read a file with ({error})"));
        }
    }
}

/// What a MIDI file plays as a take, and what to say of it; an error says which file, what is wrong, and what to do.
fn take_of(path: &Path, start: f64, remembered: &TimelineSnapshot) -> Result<(TimelineSnapshot, Filling), String> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|e| format!("cannot read {shown}: {e}"))?;
    let song = Song::parse(bytes).map_err(|e| format!("{shown}: {e}"))?;
    let start = Place::new(start).map_or(0.0, Place::beats);
    take_of_song(&song, start, remembered).map_err(|reason| format!("{shown} {reason}"))
}

/// The same of a song; an error says what it has instead.
fn take_of_song(song: &Song, start: f64, remembered: &TimelineSnapshot) -> Result<(TimelineSnapshot, Filling), String> {
    let parts = song.parts();
    let (part, take) = part_to_take(song, &parts, start, remembered)
        .ok_or("has no notes but on the drums' channel or beyond a piano's keys; choose a piano part")?;
    let playable = part.notes.iter().filter(|&&note| song.notes()[note].note.is_restylable()).count();
    if playable > MAX_NOTES {
        return Err(format!(
            "has {playable} notes, and Timeline remembers at most {MAX_NOTES}; cut it into shorter files"
        ));
    }
    let filling = match parts.len() {
        1 => Filling::Idle,
        others => Filling::TookOf(format!("took {part} of {others} parts; for another, choose a file of it alone")),
    };
    Ok((take, filling))
}

/// The part of a song that the plugin's track plays, as far as that can be known.
///
/// The plugin sits on one track, so a take is one part: the one that most notes of are remembered already, where some
/// are; else the largest of the keyboards', or, where the user chose a file without any, of the others but the drums.
fn part_to_take<'a>(
    song: &Song,
    parts: &'a [SongPart],
    start: f64,
    remembered: &TimelineSnapshot,
) -> Option<(&'a SongPart, TimelineSnapshot)> {
    let pedals = PartPedals::from_song(song);
    let takes = parts.iter().map(|part| (part, TimelineSnapshot::from_part(song, part, &pedals, start)));
    let known = |take: &TimelineSnapshot| {
        take.notes().iter().filter(|n| remembered.find(n.beats, n.channel, n.key).is_some()).count()
    };
    takes.filter(|(part, take)| part.instrument != Instrument::Drums && !take.notes().is_empty()).max_by_key(
        |(part, take)| {
            // Of two alike the first.
            (known(take), part.is_restylable(), take.notes().len(), std::cmp::Reverse(part.tracks[0]))
        },
    )
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

    fn before() -> TimelineSnapshot {
        let note = TimelineNote {
            beats: 1.0,
            length: 0.5,
            beat_seconds: 0.5,
            channel: 0,
            key: 60,
            velocity: 64,
            expected: None,
        };
        TimelineSnapshot::new(String::new(), [1.0; 3], vec![note], Vec::new())
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

    /// A file of three tracks on a channel each, an octave apart and one note longer from track to track.
    fn ensemble(names: [&str; 3], programs: [u8; 3]) -> Vec<u8> {
        let mut bytes = b"MThd\0\0\0\x06\0\x01\0\x03\0\x60".to_vec();
        for (track, (name, program)) in (0u8..).zip(names.into_iter().zip(programs)) {
            let mut events = vec![0, 0xFF, 3, name.len() as u8];
            events.extend(name.as_bytes());
            events.extend([0, 0xC0 | track, program]);
            for note in 0..=track {
                let key = 48 + 12 * track + note;
                events.extend([0, 0x90 | track, key, 64, 48, 0x80 | track, key, 0]);
            }
            events.extend([0, 0xFF, 0x2F, 0]);
            bytes.extend(b"MTrk");
            bytes.extend((events.len() as u32).to_be_bytes());
            bytes.extend(events);
        }
        bytes
    }

    /// What is taken of it when a take is remembered already: the keys, and what the window says.
    fn taken(file: Vec<u8>, remembered: &TimelineSnapshot) -> (Vec<u8>, Filling) {
        let (take, filling) = take_of_song(&Song::parse(file).unwrap(), 0.0, remembered).unwrap();
        (take.notes().iter().map(|n| n.key).collect(), filling)
    }

    #[test]
    fn one_part_of_a_file_is_taken_as_the_plugin_sits_on_one_track() {
        let names = ["MELODY", "BRIDGE", "PIANO"];
        let file = ensemble(names, [0, 0, 0]);
        let (keys, filling) = taken(file.clone(), &TimelineSnapshot::default());
        assert_eq!(keys, [72, 73, 74], "the largest");
        let Filling::TookOf(told) = filling else { panic!("{filling:?}") };
        assert!(told.contains("\"PIANO\"") && told.contains("3 parts"), "{told}");

        let song = Song::parse(file.clone()).unwrap();
        let melody = TimelineSnapshot::from_part(&song, &song.parts()[0], &PartPedals::from_song(&song), 0.0);
        assert_eq!(taken(file, &melody).0, [48], "the one that was heard before");

        let (keys, _) = taken(ensemble(names, [0, 0, 48]), &TimelineSnapshot::default());
        assert_eq!(keys, [60, 61], "the largest that a keyboard plays");
        let (keys, _) = taken(ensemble(names, [24, 32, 48]), &TimelineSnapshot::default());
        assert_eq!(keys, [72, 73, 74], "none is a keyboard's, but the user chose it");
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
    fn more_notes_than_are_remembered_are_refused_and_not_cut_off() {
        let mut events = Vec::new();
        for _ in 0..=MAX_NOTES {
            events.extend([0x01, 0x90, 60, 80, 0x01, 60, 0]);
        }
        let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
        events.extend([0x00, 0xFF, 0x2F, 0x00]);
        bytes.extend((events.len() as u32).to_be_bytes());
        bytes.extend(events);
        let path = std::env::temp_dir().join(format!("tonenet-fill-{}.mid", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let (filling, store) = filled(Some(path.clone()), 0.0);
        std::fs::remove_file(path).unwrap();
        assert!(matches!(&filling, Filling::Refused(told) if told.contains("200001 notes")), "{filling:?}");
        assert_eq!(*store.get().0, before());
    }

    #[test]
    fn a_file_laid_at_no_place_begins_with_the_song() {
        for start in [f64::NAN, f64::INFINITY, 1e300] {
            let [found, expected] = [start, 0.0].map(|start| {
                let (filling, store) = filled(Some(PIECE.into()), start);
                (filling, store.get().0)
            });
            assert_eq!(found, expected);
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
