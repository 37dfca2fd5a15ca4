//! The player's end for the window and the program: commands, opening files, and what the window shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use parking_lot::Mutex;
use rtrb::{Consumer, Producer, RingBuffer};
use tonenet_inference::song::Selection;
use tonenet_plugin::player::{FilePlayer, PlayerAction, PlayerView};

use super::{Command, Player, PlayerState, Spent};
use crate::song::PlayableSong;

/// Commands that wait for the audio thread.
const COMMANDS: usize = 64;

/// The player's end for other threads.
pub struct PlayerHandle(Arc<Shared>);

struct Shared {
    state: Arc<PlayerState>,
    selection: Selection,
    sample_rate: f64,
    inside: Mutex<Inside>,
}

/// What the threads of the window and of files share.
struct Inside {
    commands: Producer<Command>,
    spent: Consumer<Spent>,
    song: Arc<PlayableSong>,
    ports: String,
    problem: Option<String>,
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
        next: 0,
        is_playing: false,
        is_looping: false,
        held: Box::new([[[0; 128]; 16]; 2]),
        pedals: [[false; 16]; 2],
        must_end_held: false,
        seek: None,
        coming: None,
        commands: to_obey,
        spent,
        state: state.clone(),
    };
    let inside = Inside { commands, spent: to_free, song, ports: String::new(), problem: None };
    let shared = Shared { state, selection, sample_rate, inside: Mutex::new(inside) };
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

    /// What is wrong, if something is.
    pub fn problem(&self) -> Option<String> {
        self.0.inside.lock().problem.clone()
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
    /// Reads a file and plays it. A file that cannot be read changes nothing.
    fn open(&self, path: &Path) {
        match PlayableSong::read(path, &self.selection, self.sample_rate) {
            Ok(song) => {
                let mut inside = self.inside.lock();
                inside.song = Arc::new(song);
                inside.problem = None;
                let song = inside.song.clone();
                inside.command(Command::Song(song));
                inside.command(Command::Play(true));
            }
            Err(error) => self.inside.lock().problem = Some(format!("{error}. Open another file.")),
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
        }
    }

    fn control(&self, action: PlayerAction) {
        let mut inside = self.0.inside.lock();
        match action {
            PlayerAction::Play(plays) => inside.command(Command::Play(plays)),
            PlayerAction::Loop(loops) => inside.command(Command::Loop(loops)),
            PlayerAction::Seek(seconds) => {
                let sample = inside.song.sample(seconds);
                let messages = inside.song.chase(sample);
                inside.command(Command::Seek(sample, messages));
            }
            PlayerAction::Open(path) => {
                let shared = self.0.clone();
                let opens = move |path: PathBuf| {
                    thread::Builder::new().name("tonenet song".into()).spawn(move || shared.open(&path))
                };
                if let Err(error) = opens(path) {
                    inside.problem = Some(format!(
                        "The system gives no thread to read a file with ({error}). Close other programs."
                    ));
                }
            }
        }
    }
}
