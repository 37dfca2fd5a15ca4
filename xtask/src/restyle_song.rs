//! A song with other velocities, each of its parts restyled by itself.

use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Result, bail};
use tonenet_core::grid::Grid;
use tonenet_core::midi::{NoteRef, Song, SongPart};
use tonenet_core::note::{Note, piano_key};
use tonenet_inference::take::{LoadedModel, Restyling, TakeView};

/// Which of a song's notes get other velocities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Those of keyboards.
    Keyboards,
    /// All, drums and strings too.
    All,
    /// Those of tracks by number, counted from 1, or name, and of channels as `ch10`; of whatever instrument.
    Tracks(Vec<String>),
}

/// What is to become of a song.
#[derive(Debug, Clone)]
pub struct SongRestyling {
    /// What is to become of each part.
    pub restyling: Restyling,
    /// Whether the model is told the player's own velocities.
    pub hear_player: bool,
    /// Which notes are restyled.
    pub selection: Selection,
}

/// A restyled song.
#[derive(Debug)]
pub struct Restyled {
    /// A velocity for each of its notes.
    pub velocities: Vec<u8>,
    /// What became of its parts.
    pub parts: Vec<PartOutcome>,
}

/// What became of a part.
#[derive(Debug)]
pub struct PartOutcome {
    /// The part.
    pub part: SongPart,
    /// How many of its notes were restyled, and how many of them have another velocity.
    pub restyled: usize,
    pub changed: usize,
    /// Whether nobody asked for any of its notes.
    is_left_alone: bool,
    /// Whether tracks were asked for.
    is_by_track: bool,
}

/// Restyles the parts of a song as whole takes, each for itself.
pub fn restyle_song(model: &LoadedModel, song: &Song, wanted: &SongRestyling) -> Result<Restyled> {
    let chosen = Chosen::of(&wanted.selection, song)?;
    let mut velocities: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
    let mut parts = Vec::new();
    for part in song.parts() {
        let is_asked = |place: usize| match &chosen {
            Chosen::Keyboards => part.is_restylable(),
            Chosen::All => true,
            Chosen::Voices { tracks, channels } => {
                let NoteRef { note, track, .. } = song.notes()[place];
                tracks.contains(&track) || channels.contains(&note.channel)
            }
        };
        let is_left_alone = !part.notes.iter().any(|&place| is_asked(place));
        let (mut restyled, mut changed) = (0, 0);
        if !is_left_alone {
            // The model hears the whole part, also where one hand alone is to change.
            for (place, velocity) in part_velocities(model, song, &part, wanted)? {
                if is_asked(place) {
                    restyled += 1;
                    changed += usize::from(velocities[place] != velocity);
                    velocities[place] = velocity;
                }
            }
        }
        let is_by_track = matches!(chosen, Chosen::Voices { .. });
        parts.push(PartOutcome { part, restyled, changed, is_left_alone, is_by_track });
    }
    Ok(Restyled { velocities, parts })
}

/// New velocities of a part's notes on the piano's keys, by their places in the song.
fn part_velocities(
    model: &LoadedModel,
    song: &Song,
    part: &SongPart,
    wanted: &SongRestyling,
) -> Result<Vec<(usize, u8)>> {
    let on_keys = |place: &usize| piano_key(song.notes()[*place].note.key).is_some();
    let places: Vec<usize> = part.notes.iter().copied().filter(on_keys).collect();
    // Models leave the drums' channel alone; drums that are asked for are notes like others.
    let notes: Vec<Note> = places.iter().map(|&place| Note { channel: 0, ..song.notes()[place].note }).collect();
    let level = notes.iter().map(|n| f32::from(n.velocity)).sum::<f32>() / notes.len().max(1) as f32;
    let take = TakeView {
        notes: &notes,
        pedals: &part.pedal_movements(song),
        grid: Grid::of_notes(&notes, song.tempo()),
        player_level: wanted.hear_player.then_some(level),
    };
    let velocities = wanted.restyling.velocities(model, &take)?;
    Ok(places.into_iter().zip(velocities).collect())
}

/// A [`Selection`] in one song.
enum Chosen {
    Keyboards,
    All,
    Voices { tracks: BTreeSet<usize>, channels: BTreeSet<u8> },
}

impl Chosen {
    /// Finds what is selected; a track that is not there is told with those that are.
    fn of(selection: &Selection, song: &Song) -> Result<Self> {
        let wanted = match selection {
            Selection::Keyboards => return Ok(Self::Keyboards),
            Selection::All => return Ok(Self::All),
            Selection::Tracks(wanted) => wanted,
        };
        let with_notes: BTreeSet<usize> = song.notes().iter().map(|n| n.track).collect();
        let (mut tracks, mut channels) = (BTreeSet::new(), BTreeSet::new());
        for word in wanted {
            let word = word.trim();
            let named: Vec<usize> = with_notes
                .iter()
                .copied()
                .filter(|&track| song.track_names()[track].to_lowercase() == word.to_lowercase())
                .collect();
            let number = word.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|n| with_notes.contains(n));
            let channel = word.to_lowercase().strip_prefix("ch").and_then(|n| n.trim().parse::<u8>().ok());
            let channel = channel
                .and_then(|n| n.checked_sub(1))
                .filter(|&channel| song.notes().iter().any(|n| n.note.channel == channel));
            match (named.is_empty(), number, channel) {
                (false, _, _) => tracks.extend(named),
                (true, Some(number), _) => drop(tracks.insert(number)),
                (true, None, Some(channel)) => drop(channels.insert(channel)),
                (true, None, None) => {
                    let parts: Vec<String> = song.parts().iter().map(ToString::to_string).collect();
                    bail!("it has no track or channel \"{word}\" with notes; it has {}", parts.join(", "));
                }
            }
        }
        Ok(Self::Voices { tracks, channels })
    }
}

impl fmt::Display for PartOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, restyled, changed, is_left_alone, is_by_track } = self;
        write!(f, "{part}: ")?;
        match (is_left_alone, is_by_track) {
            (true, true) => f.write_str("left alone, as --tracks does not name it"),
            (true, false) => {
                write!(f, "left alone; --all or --tracks {} restyles it", part.tracks[0] + 1)
            }
            (false, _) => write!(f, "{restyled} of {} notes restyled, {changed} changed", part.notes.len()),
        }
    }
}
