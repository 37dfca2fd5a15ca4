//! Reads a MIDI file as the performance that Timeline mode has recorded, without playing it.

use std::path::Path;

use tonenet_core::midi::Song;
use tonenet_core::midi::parts::{Instrument, PartPedals, SongPart};
use tonenet_core::timeline::{MAX_NOTES, Place, TimelineSnapshot};

/// What a MIDI file plays, from `start` beats on, and which part of it that is where it has several.
///
/// # Errors
/// In words for the user: which file, what is wrong, and what to do.
pub(super) fn read(
    path: &Path,
    start: f64,
    recorded: &TimelineSnapshot,
) -> Result<(TimelineSnapshot, Option<String>), String> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|e| format!("cannot read {shown}: {e}"))?;
    let song = Song::parse(bytes).map_err(|e| format!("{shown}: {e}"))?;
    let start = Place::new(start).map_or(0.0, Place::beats);
    from_song(&song, start, recorded).map_err(|reason| format!("{shown} {reason}"))
}

/// The same of a song; an error says what it has instead.
fn from_song(
    song: &Song,
    start: f64,
    recorded: &TimelineSnapshot,
) -> Result<(TimelineSnapshot, Option<String>), String> {
    let parts = song.parts();
    let (part, performance) = choose_part(song, &parts, start, recorded)
        .ok_or("has no notes but on the drums' channel or beyond a piano's keys; choose a piano part")?;
    let playable = part.notes.iter().filter(|&&note| song.notes()[note].note.is_restylable()).count();
    if playable > MAX_NOTES {
        return Err(format!(
            "has {playable} notes, and Timeline remembers at most {MAX_NOTES}; cut it into shorter files"
        ));
    }
    let several = (parts.len() > 1).then_some(parts.len());
    let which = several.map(|others| format!("took {part} of {others} parts; for another, choose a file of it alone"));
    Ok((performance, which))
}

/// Chooses the part of a song that the plugin's track plays, as far as that can be known.
///
/// The plugin sits on one track, so a performance is one part: the one of which most notes are recorded already. Where
/// none are, it is the largest keyboard part; in a file without one, the largest of the others but the drums.
fn choose_part<'a>(
    song: &Song,
    parts: &'a [SongPart],
    start: f64,
    recorded: &TimelineSnapshot,
) -> Option<(&'a SongPart, TimelineSnapshot)> {
    let pedals = PartPedals::from_song(song);
    let performances = parts.iter().map(|part| (part, TimelineSnapshot::from_part(song, part, &pedals, start)));
    let known = |performance: &TimelineSnapshot| {
        performance.notes().iter().filter(|n| recorded.find(n.beats, n.channel, n.key).is_some()).count()
    };
    performances
        .filter(|(part, performance)| part.instrument != Instrument::Drums && !performance.notes().is_empty())
        .max_by_key(|(part, performance)| {
            // Of two alike the first.
            (known(performance), part.is_restylable(), performance.notes().len(), std::cmp::Reverse(part.tracks[0]))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

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

    /// What is taken of it when something is recorded already: the keys, and what the window says.
    fn taken(file: Vec<u8>, recorded: &TimelineSnapshot) -> (Vec<u8>, Option<String>) {
        let (performance, which) = from_song(&Song::parse(file).unwrap(), 0.0, recorded).unwrap();
        (performance.notes().iter().map(|n| n.key).collect(), which)
    }

    #[test]
    fn one_part_of_a_file_is_taken_as_the_plugin_sits_on_one_track() {
        let names = ["MELODY", "BRIDGE", "PIANO"];
        let file = ensemble(names, [0, 0, 0]);
        let (keys, which) = taken(file.clone(), &TimelineSnapshot::default());
        assert_eq!(keys, [72, 73, 74], "the largest");
        let told = which.expect("it says which");
        assert!(told.contains("\"PIANO\"") && told.contains("3 parts"), "{told}");

        let song = Song::parse(file.clone()).unwrap();
        let melody = TimelineSnapshot::from_part(&song, &song.parts()[0], &PartPedals::from_song(&song), 0.0);
        assert_eq!(taken(file, &melody).0, [48], "the one that was heard before");

        let (keys, _) = taken(ensemble(names, [0, 0, 48]), &TimelineSnapshot::default());
        assert_eq!(keys, [60, 61], "the largest that a keyboard plays");
        let (keys, _) = taken(ensemble(names, [24, 32, 48]), &TimelineSnapshot::default());
        assert_eq!(keys, [72, 73, 74], "none is a keyboard's, but the user chose it");
    }
}
