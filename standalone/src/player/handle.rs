//! The player's end for the window and the program: commands, opening files, and what the window shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use parking_lot::Mutex;
use rtrb::{Consumer, Producer, RingBuffer};
use tonenet_inference::song::Selection;
use tonenet_plugin::player::{FilePlayer, PlayerAction, PlayerView};

use super::{Command, Player, PlayerState, Spent};
use crate::song::{PlayableSong, SongEvent};
use crate::sounding::Sounding;

/// Commands that wait for the audio thread.
const COMMANDS: usize = 64;

/// The player's end for other threads.
pub struct PlayerHandle(Arc<Shared>);

struct Shared {
    state: Arc<PlayerState>,
    selection: Selection,
    sample_rate: f64,
    /// Whether the user has played, paused or opened a file.
    was_used: AtomicBool,
    /// How many files the user has asked for.
    asked_for: AtomicU64,
    inside: Mutex<Inside>,
}

/// What the threads of the window and of files share.
struct Inside {
    commands: Producer<Command>,
    spent: Consumer<Spent>,
    song: Arc<PlayableSong>,
    ports: String,
    problem: Option<String>,
    /// What is odd about the ports.
    notice: Option<String>,
}

/// A player of `song`, and its handle. `selection` says which parts of a file are restyled.
pub fn pair(song: PlayableSong, selection: Selection, sample_rate: f64) -> (Player, PlayerHandle) {
    let (commands, to_obey) = RingBuffer::new(COMMANDS);
    // A command leaves at most two things behind.
    let (spent, to_free) = RingBuffer::new(2 * COMMANDS);
    let (song, state) = (Arc::new(song), Arc::<PlayerState>::default());
    let player = Player {
        song: song.clone(),
        position: 0,
        began: 0,
        rest: 0,
        next: 0,
        is_playing: false,
        is_looping: false,
        held: Box::new([Sounding::new(), Sounding::new()]),
        must_end_held: false,
        seek: None,
        coming: None,
        commands: to_obey,
        spent,
        state: state.clone(),
    };
    let inside = Inside { commands, spent: to_free, song, ports: String::new(), problem: None, notice: None };
    let (was_used, asked_for) = (AtomicBool::default(), AtomicU64::default());
    let shared = Shared { state, selection, sample_rate, was_used, asked_for, inside: Mutex::new(inside) };
    (player, PlayerHandle(Arc::new(shared)))
}

impl Clone for PlayerHandle {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl PlayerHandle {
    /// Where the player is.
    pub fn state(&self) -> &PlayerState {
        &self.0.state
    }

    /// The song that plays.
    pub fn song(&self) -> Arc<PlayableSong> {
        self.0.inside.lock().song.clone()
    }

    /// Says where notes come from and go to.
    pub fn set_ports(&self, ports: String) {
        self.0.inside.lock().ports = ports;
    }

    /// Says what is wrong and what to do. It stays until a file is opened.
    pub fn set_problem(&self, problem: String) {
        self.0.inside.lock().problem = Some(problem);
    }

    /// Says what is odd about the ports. Returns whether that is new.
    pub fn set_notice(&self, notice: Option<String>) -> bool {
        let mut inside = self.0.inside.lock();
        let is_new = inside.notice != notice;
        inside.notice = notice;
        is_new
    }

    /// What is wrong, if something is.
    pub fn problem(&self) -> Option<String> {
        self.0.inside.lock().problem.clone()
    }

    /// Whether the user has played, paused or opened a file.
    pub fn was_used(&self) -> bool {
        self.0.was_used.load(Ordering::Acquire)
    }

    /// Plays unless the user has decided already.
    pub fn begin(&self) {
        let mut inside = self.0.inside.lock();
        if !self.was_used() {
            inside.command(Command::Play(true));
        }
    }

    /// Goes back by samples that were played and have not been heard, and sets the synthesizer up for it.
    pub fn resume(&self, unheard: u64) {
        if unheard > 0 {
            let sample = self.0.state.position.load(Ordering::Relaxed).saturating_sub(unheard);
            self.0.go_to(sample, Command::Resume);
        }
    }

    /// Frees what the audio thread has done with.
    pub fn free_spent(&self) {
        let mut inside = self.0.inside.lock();
        while inside.spent.pop().is_ok() {}
    }
}

impl Inside {
    /// Sends a command. If the audio thread takes none any more, nothing plays either.
    fn command(&mut self, command: Command) {
        while self.spent.pop().is_ok() {}
        if self.commands.push(command).is_err() {
            self.problem = Some("The player does not respond. Close this window and start ToneNet again.".into());
        }
    }
}

impl Shared {
    /// Reads a file and plays it. A file that cannot be read changes nothing, and neither does one that the user has asked for
    /// before another one.
    fn open(&self, path: &Path, request: u64) {
        let read = PlayableSong::read(path, &self.selection, self.sample_rate);
        let mut inside = self.inside.lock();
        if self.asked_for.load(Ordering::Acquire) != request {
            return;
        }
        match read {
            Ok(song) => {
                let messages = song.setup(0, inside.song.used_channels());
                inside.song = Arc::new(song);
                inside.problem = None;
                let song = inside.song.clone();
                inside.command(Command::Song(song));
                inside.command(Command::Seek(0, messages));
                inside.command(Command::Play(true));
            }
            Err(error) => inside.problem = Some(format!("{error}. Open another file.")),
        }
    }

    /// Goes to a sample, set up for it. A long song takes a while to read, so nothing is locked meanwhile.
    fn go_to(&self, sample: u64, command: impl FnOnce(u64, Vec<SongEvent>) -> Command) {
        let song = self.inside.lock().song.clone();
        let messages = song.setup(sample, 0);
        let mut inside = self.inside.lock();
        // Another song has begun meanwhile at its beginning.
        if Arc::ptr_eq(&inside.song, &song) {
            inside.command(command(sample, messages));
        }
    }
}

impl FilePlayer for PlayerHandle {
    fn view(&self) -> PlayerView {
        let Shared { state, inside, .. } = &*self.0;
        let inside = inside.lock();
        let (song, sample) = (&inside.song, state.position.load(Ordering::Relaxed));
        PlayerView {
            file: song.name().map(str::to_owned),
            is_playing: state.is_playing.load(Ordering::Relaxed),
            is_looping: state.is_looping.load(Ordering::Relaxed),
            position: (song.seconds(sample) * 10.0).floor() / 10.0,
            length: song.end().map_or(0.0, |end| song.seconds(end)),
            bar: song.bar(sample),
            ports: inside.ports.clone(),
            problem: inside.problem.clone(),
            notice: inside.notice.clone().or_else(|| (!song.warnings().is_empty()).then(|| song.warnings().join("; "))),
        }
    }

    fn control(&self, action: PlayerAction) {
        let Shared { state, inside, was_used, .. } = &*self.0;
        match action {
            PlayerAction::Play(plays) => {
                was_used.store(true, Ordering::Release);
                let position = state.position.load(Ordering::Relaxed);
                if plays && position > 0 && !state.is_playing.load(Ordering::Relaxed) {
                    let is_at_end = self.song().end().is_some_and(|end| position >= end);
                    // A pause has lifted the pedals.
                    self.0.go_to(if is_at_end { 0 } else { position }, Command::Seek);
                }
                inside.lock().command(Command::Play(plays));
            }
            PlayerAction::Loop(loops) => inside.lock().command(Command::Loop(loops)),
            PlayerAction::Seek(seconds) => {
                let sample = self.song().sample(seconds);
                self.0.go_to(sample, Command::Seek);
                if !state.is_playing.load(Ordering::Relaxed) {
                    // Play goes on from here, even if the audio thread has not been there yet.
                    state.position.store(sample, Ordering::Relaxed);
                }
            }
            PlayerAction::Open(path) => {
                was_used.store(true, Ordering::Release);
                let request = self.0.asked_for.fetch_add(1, Ordering::AcqRel) + 1;
                let shared = self.0.clone();
                let opens = move |path: PathBuf| {
                    thread::Builder::new().name("tonenet song".into()).spawn(move || shared.open(&path, request))
                };
                if let Err(error) = opens(path) {
                    inside.lock().problem = Some(format!(
                        "The system gives no thread to read a file with ({error}). Close other programs."
                    ));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_asked_for_before_another_one_changes_nothing() {
        let silence = PlayableSong::without_file(120.0, 48_000.0);
        let (_player, handle) = pair(silence, Selection::Keyboards, 48_000.0);
        handle.0.asked_for.store(2, Ordering::Release);
        handle.0.open(Path::new("first.mid"), 1);
        assert_eq!(handle.problem(), None);
        handle.0.open(Path::new("second.mid"), 2);
        assert!(handle.problem().is_some_and(|problem| problem.contains("second.mid")));
    }
}
