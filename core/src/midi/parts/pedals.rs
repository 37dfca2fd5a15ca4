//! The sustain pedal of each part.

use std::collections::{BTreeMap, BTreeSet};

use super::{Song, SongPart};
use crate::midi::song::pedal_movements;

/// The pedal messages of a song, indexed by track and channel.
///
/// Each part finds its own messages without reading all of them.
#[derive(Debug, Clone)]
pub struct PartPedals {
    /// Messages of each track and channel with notes.
    played: BTreeMap<(usize, u8), Vec<Message>>,
    /// Messages of each channel in tracks where it has no notes.
    unplayed: [Vec<Message>; 16],
}

#[derive(Debug, Clone, Copy)]
struct Message {
    /// Index in [`Song::messages`].
    index: usize,
    time: f64,
    value: u8,
}

impl PartPedals {
    /// Indexes the pedal messages of a song.
    pub fn from_song(song: &Song) -> Self {
        let voices: BTreeSet<(usize, u8)> = song.notes().iter().map(|n| (n.track, n.note.channel)).collect();
        let mut pedals = Self { played: BTreeMap::new(), unplayed: std::array::from_fn(|_| Vec::new()) };
        for (index, message) in song.messages().iter().enumerate() {
            let Some((channel, value)) = message.pedal() else { continue };
            let voice = (message.track, channel);
            let messages = match voices.contains(&voice) {
                true => pedals.played.entry(voice).or_default(),
                false => &mut pedals.unplayed[usize::from(channel)],
            };
            messages.push(Message { index, time: message.time, value });
        }
        pedals
    }

    /// The pedal movements of a part: the time in seconds, and whether the pedal is down from then on.
    ///
    /// They are those of its channels, without messages in tracks where these channels play other parts.
    pub fn movements(&self, part: &SongPart) -> Vec<(f64, bool)> {
        let own = part.voices.iter().filter_map(|voice| self.played.get(voice));
        let shared = part.channels.iter().map(|&channel| &self.unplayed[usize::from(channel)]);
        let mut messages: Vec<Message> = own.chain(shared).flatten().copied().collect();
        messages.sort_by_key(|message| message.index);
        pedal_movements(messages.into_iter().map(|message| (message.time, message.value)))
    }
}
