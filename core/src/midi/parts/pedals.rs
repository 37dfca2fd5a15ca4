//! The sustain pedal of each part.

use std::collections::{BTreeMap, BTreeSet};

use super::{Song, SongPart};
use crate::midi::song::pedal_movements;

/// The pedal messages of a song by track and channel, so that each of its parts finds its own without reading them all.
#[derive(Debug, Clone)]
pub struct PartPedals {
    /// Of each track and channel with notes.
    played: BTreeMap<(usize, u8), Vec<Message>>,
    /// Of each channel, what stands in tracks where it has no notes.
    unplayed: [Vec<Message>; 16],
}

#[derive(Debug, Clone, Copy)]
struct Message {
    /// Its place in [`Song::messages`].
    place: usize,
    time: f64,
    value: u8,
}

impl PartPedals {
    /// Files the pedal messages of a song.
    pub fn from_song(song: &Song) -> Self {
        let voices: BTreeSet<(usize, u8)> = song.notes().iter().map(|n| (n.track, n.note.channel)).collect();
        let mut pedals = Self { played: BTreeMap::new(), unplayed: std::array::from_fn(|_| Vec::new()) };
        for (place, message) in song.messages().iter().enumerate() {
            let Some((channel, value)) = message.pedal() else { continue };
            let voice = (message.track, channel);
            let filed = match voices.contains(&voice) {
                true => pedals.played.entry(voice).or_default(),
                false => &mut pedals.unplayed[usize::from(channel)],
            };
            filed.push(Message { place, time: message.time, value });
        }
        pedals
    }

    /// The movements of a part's pedal: of its channels', but not what stands in tracks where those channels play other
    /// parts.
    pub fn movements(&self, part: &SongPart) -> Vec<(f64, bool)> {
        let own = part.voices.iter().filter_map(|voice| self.played.get(voice));
        let shared = part.channels.iter().map(|&channel| &self.unplayed[usize::from(channel)]);
        let mut messages: Vec<Message> = own.chain(shared).flatten().copied().collect();
        messages.sort_by_key(|message| message.place);
        pedal_movements(messages.into_iter().map(|message| (message.time, message.value)))
    }
}
