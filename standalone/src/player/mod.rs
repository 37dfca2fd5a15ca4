//! Plays songs: where the song is, which of its messages are due in a block, and what the user commands.
//!
//! [`Player`] belongs to the audio thread. It neither allocates nor frees: songs come and go through queues. [`PlayerHandle`]
//! is its other end, for the window and the program.

mod handle;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use nice_plug::prelude::Transport;
use rtrb::{Consumer, Producer};

use crate::song::{Message, PlayableSong, Route, SongEvent, channel_bytes};
use crate::sounding::Sounding;

pub use handle::{PlayerHandle, pair};

/// How long another song waits before it begins, in seconds. The plugin takes the tempo for its latency while the transport
/// stands still, which counts after 50 ms.
const REST: f64 = 0.1;

/// What the user commands the player.
#[derive(Debug)]
pub enum Command {
    /// Play or stop.
    Play(bool),
    /// Begin again at the end, or stop there.
    Loop(bool),
    /// Go to a sample, after sending these messages.
    Seek(u64, Vec<SongEvent>),
    /// Go back to what has not been heard, with these messages, unless the user has gone elsewhere.
    Resume(u64, Vec<SongEvent>),
    /// Go to the beginning of this song.
    Song(Arc<PlayableSong>),
}

/// What the audio thread has done with. Dropping it frees memory, so another thread does that.
#[derive(Debug)]
pub enum Spent {
    /// A song.
    Song { _song: Arc<PlayableSong> },
    /// The messages of a seek.
    Messages { _messages: Vec<SongEvent> },
}

/// Where the player is, for other threads.
#[derive(Debug, Default)]
pub struct PlayerState {
    /// The position in samples.
    pub position: AtomicU64,
    /// Whether it plays.
    pub is_playing: AtomicBool,
    /// Whether it begins again at the end.
    pub is_looping: AtomicBool,
    /// How often the song has come to its end and stopped.
    pub ends: AtomicU64,
}

/// A message that the player sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due<'a> {
    /// The sample in the block.
    pub frame: u32,
    /// Where it goes.
    pub route: Route,
    /// The message.
    pub message: &'a Message,
}

/// The player's end on the audio thread.
pub struct Player {
    song: Arc<PlayableSong>,
    position: u64,
    /// Where the song began to play, last jumped to, or began again.
    began: u64,
    /// Samples that pass before the song begins.
    rest: u64,
    /// The index of the next message.
    next: usize,
    is_playing: bool,
    is_looping: bool,
    /// What the song holds, by route.
    held: Box<[Sounding; 2]>,
    /// Whether the notes that are held must end at the beginning of the next segment.
    must_end_held: bool,
    /// Messages that a seek sends, and where it goes to.
    seek: Option<(u64, Vec<SongEvent>)>,
    /// A song that begins with the next segment.
    coming: Option<Arc<PlayableSong>>,
    commands: Consumer<Command>,
    spent: Producer<Spent>,
    state: Arc<PlayerState>,
}

impl Player {
    /// Takes the user's commands, between two blocks.
    pub fn obey(&mut self) {
        // What is spent goes to the other thread, which makes room for it before it commands anything more.
        while self.spent.slots() >= 2 {
            let Ok(command) = self.commands.pop() else { return };
            match command {
                Command::Play(plays) => self.play(plays),
                Command::Loop(loops) => {
                    self.is_looping = loops;
                    self.state.is_looping.store(loops, Ordering::Relaxed);
                }
                Command::Resume(_, messages) if self.seek.is_some() || self.coming.is_some() => {
                    self.discard(Some(Spent::Messages { _messages: messages }));
                }
                Command::Seek(sample, messages) | Command::Resume(sample, messages) => {
                    let replaced = self.seek.replace((sample, messages));
                    self.discard(replaced.map(|(_, messages)| Spent::Messages { _messages: messages }));
                    self.must_end_held = true;
                }
                Command::Song(song) => {
                    let replaced = self.coming.replace(song);
                    self.discard(replaced.map(|song| Spent::Song { _song: song }));
                    let replaced = self.seek.take();
                    self.discard(replaced.map(|(_, messages)| Spent::Messages { _messages: messages }));
                    self.must_end_held = true;
                }
            }
        }
    }

    /// Hands over what another thread frees. [`Self::obey`] has seen to room for it.
    fn discard(&mut self, spent: Option<Spent>) {
        if let Some(spent) = spent
            && let Err(rtrb::PushError::Full(spent)) = self.spent.push(spent)
        {
            // Leaking is better than freeing on the audio thread; it cannot happen.
            std::mem::forget(spent);
        }
    }

    fn play(&mut self, plays: bool) {
        let at_end = self.song.end().is_some_and(|end| self.position >= end);
        if plays && at_end && self.seek.is_none() && self.coming.is_none() {
            self.go_to(0);
        }
        self.must_end_held |= self.is_playing && !plays;
        self.is_playing = plays;
        self.state.is_playing.store(plays, Ordering::Relaxed);
    }

    /// Goes to a sample, from which on messages are due.
    fn go_to(&mut self, sample: u64) {
        self.position = sample;
        self.began = sample;
        self.next = self.song.events().partition_point(|event| event.sample < sample);
        self.state.position.store(sample, Ordering::Relaxed);
    }

    /// Whether the transport plays.
    pub fn is_playing(&self) -> bool {
        self.is_playing && self.rest == 0
    }

    /// How many of the last samples have not been heard, if what plays is heard after `latency`.
    pub fn unheard(&self, latency: u64) -> u64 {
        if self.is_playing() { latency.min(self.position.saturating_sub(self.began)) } else { 0 }
    }

    /// Whether the next segment jumps forward while the transport plays. The plugin then drops the notes that wait.
    pub fn jumps_forward(&self) -> bool {
        self.is_playing() && self.seek.as_ref().is_some_and(|(sample, _)| *sample > self.position)
    }

    /// Whether the next segment begins with another song. Messages of the one before must not be looked up any more.
    pub fn changes_song(&self) -> bool {
        self.coming.is_some()
    }

    /// The song.
    pub fn song(&self) -> &PlayableSong {
        &self.song
    }

    /// The transport at the beginning of the next segment.
    pub fn transport(&self) -> Transport {
        self.song.transport(self.position, self.is_playing(), self.is_looping)
    }

    /// Carries out a seek or a change of song, and sends what ends and sets up, at the beginning of a segment.
    pub fn begin_segment(&mut self, mut send: impl FnMut(Due<'_>)) {
        if self.must_end_held {
            self.end_held(&mut send);
        }
        if let Some(song) = self.coming.take() {
            let before = std::mem::replace(&mut self.song, song);
            self.discard(Some(Spent::Song { _song: before }));
            self.go_to(0);
            self.rest = self.song.sample(REST);
        }
        if let Some((sample, messages)) = self.seek.take() {
            self.go_to(sample);
            for SongEvent { route, message, .. } in &messages {
                self.follow(*route, message);
                send(Due { frame: 0, route: *route, message });
            }
            self.discard(Some(Spent::Messages { _messages: messages }));
        }
    }

    /// The length of the next segment, at most `frames`: a segment ends where the song does, and where it begins after a rest.
    pub fn segment(&self, frames: u32) -> u32 {
        if self.rest > 0 {
            return u64::from(frames).min(self.rest) as u32;
        }
        match self.song.end() {
            Some(end) if self.is_playing => u64::from(frames).min(end.saturating_sub(self.position).max(1)) as u32,
            _ => frames,
        }
    }

    /// Sends the messages of a segment, and goes to its end. `send` gets each message with its index in the song, and returns
    /// whether there was room for it. Without room for a note its end is left out, too.
    pub fn play_segment(&mut self, frames: u32, mut send: impl FnMut(Due<'_>, usize) -> bool) {
        if !self.is_playing() {
            self.rest = self.rest.saturating_sub(frames.into());
            return;
        }
        let end = self.position.saturating_add(frames.into());
        let song = self.song.clone();
        let ends = song.end().is_some_and(|last| end >= last);
        // A message at the very end, such as a note-off on the last bar line, belongs to this pass.
        while let Some(event) = song.events().get(self.next).filter(|event| event.sample < end || ends) {
            let frame = (event.sample.saturating_sub(self.position) as u32).min(frames.saturating_sub(1));
            let SongEvent { route, message, .. } = event;
            if self.accepts(*route, message) && send(Due { frame, route: *route, message }, self.next) {
                self.follow(*route, message);
            }
            self.next += 1;
        }
        self.position = end;
        if ends {
            self.reach_end();
        }
        self.state.position.store(self.position, Ordering::Relaxed);
    }

    /// Begins again or stops.
    fn reach_end(&mut self) {
        self.must_end_held = true;
        if self.is_looping {
            self.go_to(0);
        } else {
            self.is_playing = false;
            self.state.is_playing.store(false, Ordering::Relaxed);
            self.state.ends.fetch_add(1, Ordering::Release);
        }
    }

    /// Whether a message is sent: a note-off is not where a seek has left out its note-on.
    fn accepts(&self, route: Route, message: &Message) -> bool {
        let Message::Channel(bytes) = message else { return true };
        self.held[route as usize].accepts(channel_bytes(bytes))
    }

    /// Follows what a message holds.
    fn follow(&mut self, route: Route, message: &Message) {
        if let Message::Channel(bytes) = message {
            self.held[route as usize].follow(channel_bytes(bytes));
        }
    }

    /// Ends the notes that the song holds, and lifts its pedals.
    fn end_held(&mut self, send: &mut impl FnMut(Due<'_>)) {
        self.must_end_held = false;
        for route in [Route::Plugin, Route::Around] {
            self.held[route as usize].end_all(|bytes| {
                send(Due { frame: 0, route, message: &Message::Channel(*bytes) });
                true
            });
        }
    }
}

#[cfg(test)]
mod tests;
