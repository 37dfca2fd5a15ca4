//! The messages of a song with their samples and routes.
//!
//! The notes that `tonenet restyle` would restyle go through the plugin, with all controllers of their channels. Everything
//! else goes around it.

use std::collections::{BTreeMap, VecDeque};

use tonenet_core::midi::{MidiMessage, Song, TimedMessage};
use tonenet_inference::song::Selection;

use super::{Channels, Message, Parts, Route, SongEvent, samples};

/// The messages of a song, how many of its parts are restyled, and the channels.
pub fn routed(song: &Song, selection: &Selection, sample_rate: f64) -> (Vec<SongEvent>, Parts, Channels) {
    let parts = song.parts();
    // It fails only for tracks that are named, and the program takes no names.
    let selected = selection.select(song, &parts).unwrap_or_default();
    let mut is_restyled = vec![false; song.notes().len()];
    let mut counts = Parts::default();
    for part in &selected {
        // The plugin restyles no drums, whatever is selected.
        let restylable = part.notes.iter().copied().filter(|note| song.notes()[*note].note.is_restylable());
        let restylable: Vec<usize> = restylable.collect();
        restylable.iter().for_each(|note| is_restyled[*note] = true);
        *(if !restylable.is_empty() { &mut counts.restyled } else { &mut counts.untouched }) += 1;
    }
    let mut channels = Channels::default();
    for (note, _) in song.notes().iter().zip(&is_restyled).filter(|(_, restyled)| **restyled) {
        channels.through |= 1 << (note.note.channel & 0x0F);
    }
    let mut router = Router { is_restyled, through: channels.through, held: BTreeMap::new() };
    let mut events = Vec::with_capacity(song.messages().len());
    for timed in song.messages() {
        let message = match &timed.message {
            MidiMessage::Channel(bytes) => {
                channels.used |= 1 << (bytes[0] & 0x0F);
                Message::Channel(*bytes)
            }
            // A part of one means nothing to most ports.
            MidiMessage::SysEx(bytes) if !is_whole(bytes) => continue,
            MidiMessage::SysEx(bytes) => Message::SysEx(bytes.as_slice().into()),
        };
        events.push(SongEvent { sample: samples(timed.time, sample_rate), route: router.route(timed), message });
    }
    (events, counts, channels)
}

/// Whether a system-exclusive message has its first and its last byte.
fn is_whole(bytes: &[u8]) -> bool {
    matches!(bytes, [0xF0, .., 0xF7])
}

/// Finds the route of each message, in the order of the song.
struct Router {
    /// For each note, whether it is restyled.
    is_restyled: Vec<bool>,
    /// The channels that have such notes, as bits.
    through: u16,
    /// The routes of notes that are held, by track, channel and key. The first to begin ends first.
    held: BTreeMap<(usize, u8, u8), VecDeque<Route>>,
}

impl Router {
    fn route(&mut self, timed: &TimedMessage) -> Route {
        let MidiMessage::Channel([status, first, _]) = timed.message else { return Route::Around };
        let channel = status & 0x0F;
        let of_channel = if self.through & (1 << channel) != 0 { Route::Plugin } else { Route::Around };
        let voice = (timed.track, channel, first);
        match (timed.note, status & 0xF0) {
            (Some(note), _) => {
                let route = if self.is_restyled[note] { Route::Plugin } else { Route::Around };
                self.held.entry(voice).or_default().push_back(route);
                route
            }
            (None, 0x80 | 0x90) => {
                let begun = self.held.get_mut(&voice).and_then(VecDeque::pop_front);
                begun.unwrap_or(of_channel)
            }
            _ => of_channel,
        }
    }
}
