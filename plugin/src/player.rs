//! What the window needs of a player of MIDI files. The standalone program has one; hosts play files themselves.

use std::path::PathBuf;

/// A player of MIDI files.
pub trait FilePlayer: Send + Sync {
    /// What the window shows of it.
    fn view(&self) -> PlayerView;

    /// Does what the user wants. It does not wait for files.
    fn control(&self, action: PlayerAction);
}

/// What the user wants a player to do.
#[derive(Debug, Clone, PartialEq)]
pub enum PlayerAction {
    /// Play or stop.
    Play(bool),
    /// Go to this time, in seconds.
    Seek(f64),
    /// Begin again at the end, or stop there.
    Loop(bool),
    /// Play this file.
    Open(PathBuf),
}

/// What the window shows of a player.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PlayerView {
    /// The file's name; without one the transport runs on its own.
    pub file: Option<String>,
    /// Whether it plays.
    pub is_playing: bool,
    /// Whether it begins again at the end.
    pub is_looping: bool,
    /// The position in seconds, to a tenth.
    pub position: f64,
    /// The length in seconds; 0 without a file.
    pub length: f64,
    /// The bar, counted from 1.
    pub bar: u32,
    /// Where notes come from and go to.
    pub ports: String,
    /// What is wrong, and what to do.
    pub problem: Option<String>,
    /// What is odd about the file or its ports, though it plays.
    pub notice: Option<String>,
}
