//! Plays songs: where the song is, which of its messages are due in a block, and what the user commands.
//!
//! [`Player`] belongs to the audio thread. It neither allocates nor frees: songs come and go through queues. [`PlayerHandle`]
//! is its other end, for the window and the program.

mod handle;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use nice_plug::prelude::Transport;
use rtrb::{Consumer, Producer};

use crate::song::{Message, PlayableSong, Route, SongEvent};

pub use handle::{PlayerHandle, pair};

/// What the user commands the player.
#[derive(Debug)]
pub enum Command {
    /// Play or stop.
    Play(bool),
    /// Begin again at the end, or stop there.
    Loop(bool),
    /// Go to a sample, after sending these messages.
    Seek(u64, Vec<SongEvent>),
    /// Play this song from its beginning.
    Song(Arc<PlayableSong>),
}

/// What the audio thread has done with, for another thread to free.
#[derive(Debug)]
pub enum Spent {
    /// A song.
    Song(#[allow(dead_code, reason = "it is only dropped")] Arc<PlayableSong>),
    /// The messages of a seek.
    Messages(#[allow(dead_code, reason = "it is only dropped")] Vec<SongEvent>),
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

/// The notes that a song holds, by route, channel and key.
type Held = [[[u8; 128]; 16]; 2];

/// The player's end on the audio thread.
pub struct Player {
    song: Arc<PlayableSong>,
    position: u64,
    /// The index of the next message.
    next: usize,
    is_playing: bool,
    is_looping: bool,
    held: Box<Held>,
    /// Whether the sustain pedal is down, by route and channel.
    pedals: [[bool; 16]; 2],
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
                Command::Seek(sample, messages) => {
                    let replaced = self.seek.replace((sample, messages));
                    self.discard(replaced.map(|(_, messages)| Spent::Messages(messages)));
                    self.must_end_held = true;
                }
                Command::Song(song) => {
                    let replaced = self.coming.replace(song);
                    self.discard(replaced.map(Spent::Song));
                    let replaced = self.seek.take();
                    self.discard(replaced.map(|(_, messages)| Spent::Messages(messages)));
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
        self.next = self.song.events().partition_point(|event| event.sample < sample);
        self.state.position.store(sample, Ordering::Relaxed);
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
        self.song.transport(self.position, self.is_playing, self.is_looping)
    }

    /// Carries out a seek or a change of song, and sends what ends and sets up, at the beginning of a segment.
    pub fn begin_segment(&mut self, mut send: impl FnMut(Due<'_>)) {
        if self.must_end_held {
            self.end_held(&mut send);
        }
        if let Some(song) = self.coming.take() {
            let before = std::mem::replace(&mut self.song, song);
            self.discard(Some(Spent::Song(before)));
            self.go_to(0);
        }
        if let Some((sample, messages)) = self.seek.take() {
            self.go_to(sample);
            for SongEvent { route, message, .. } in &messages {
                self.follow(*route, message);
                send(Due { frame: 0, route: *route, message });
            }
            self.discard(Some(Spent::Messages(messages)));
        }
    }

    /// The length of the next segment, at most `frames`: a segment ends where the song does.
    pub fn segment(&self, frames: u32) -> u32 {
        match self.song.end() {
            Some(end) if self.is_playing => u64::from(frames).min(end.saturating_sub(self.position).max(1)) as u32,
            _ => frames,
        }
    }

    /// Sends the messages of a segment, and goes to its end. `send` gets each message with its index in the song.
    pub fn play_segment(&mut self, frames: u32, mut send: impl FnMut(Due<'_>, usize)) {
        if !self.is_playing {
            return;
        }
        let end = self.position + u64::from(frames);
        let song = self.song.clone();
        let ends = song.end().is_some_and(|last| end >= last);
        // A message at the very end, such as a note-off on the last bar line, belongs to this pass.
        while let Some(event) = song.events().get(self.next).filter(|event| event.sample < end || ends) {
            let frame = (event.sample.saturating_sub(self.position) as u32).min(frames.saturating_sub(1));
            if self.follow(event.route, &event.message) {
                send(Due { frame, route: event.route, message: &event.message }, self.next);
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

    /// Follows what a message holds. Returns whether it is sent: a note-off is not where a seek has left out its note-on.
    fn follow(&mut self, route: Route, message: &Message) -> bool {
        let &Message::Channel([status, first, second]) = message else { return true };
        let (route, channel) = (route as usize, usize::from(status & 0x0F));
        let held = &mut self.held[route][channel][usize::from(first & 0x7F)];
        match status & 0xF0 {
            0x90 if second > 0 => *held = held.saturating_add(1),
            0x80 | 0x90 if *held == 0 => return false,
            0x80 | 0x90 => *held -= 1,
            0xB0 if first == SUSTAIN_PEDAL => self.pedals[route][channel] = second >= 64,
            _ => {}
        }
        true
    }

    /// Ends the notes that the song holds, and lifts its pedals.
    fn end_held(&mut self, send: &mut impl FnMut(Due<'_>)) {
        self.must_end_held = false;
        for route in [Route::Plugin, Route::Around] {
            for channel in 0..16u8 {
                for key in 0..128u8 {
                    let held = &mut self.held[route as usize][usize::from(channel)][usize::from(key)];
                    for _ in 0..std::mem::take(held) {
                        send(Due { frame: 0, route, message: &Message::Channel([0x80 | channel, key, 0]) });
                    }
                }
                if std::mem::take(&mut self.pedals[route as usize][usize::from(channel)]) {
                    send(Due { frame: 0, route, message: &Message::Channel([0xB0 | channel, SUSTAIN_PEDAL, 0]) });
                }
            }
        }
    }
}

const SUSTAIN_PEDAL: u8 = 64;

#[cfg(test)]
mod tests;
