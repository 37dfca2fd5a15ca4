//! Reads a MIDI file as a performance for Timeline mode, without playing it.

use std::path::Path;

use tonenet_core::midi::Song;
use tonenet_core::midi::parts::{Instrument, PartPedals, SongPart};
use tonenet_core::timeline::{MAX_NOTES, Place, TimelineSnapshot};

/// Reads the performance from a MIDI file, and moves it to `start` beats. Names the chosen part if there are several.
///
/// # Errors
/// A message for the user: the file, the error, and what to do.
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

/// Reads the performance from a song. An error continues the sentence that begins with the file's name.
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

/// Chooses the part of a song that the plugin's track most likely plays.
///
/// The plugin is on one track, so a performance is one part. The choice is the part with most notes already recorded.
/// If there are none, it is the largest keyboard part, or else the largest other part except drums.
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
            // Of two equal parts, the first one.
            (known(performance), part.is_restylable(), performance.notes().len(), std::cmp::Reverse(part.tracks[0]))
        })
}

#[cfg(test)]
mod tests {
    use tonenet_test_support::midi_from_tracks;

    use super::*;

    /// A file with three tracks on separate channels, each an octave higher and one note longer than the last.
    fn ensemble(names: [&str; 3], programs: [u8; 3]) -> Vec<u8> {
        let tracks = (0u8..).zip(names.into_iter().zip(programs)).map(|(track, (name, program))| {
            let mut events = vec![0, 0xFF, 3, name.len() as u8];
            events.extend(name.as_bytes());
            events.extend([0, 0xC0 | track, program]);
            for note in 0..=track {
                let key = 48 + 12 * track + note;
                events.extend([0, 0x90 | track, key, 64, 48, 0x80 | track, key, 0]);
            }
            events
        });
        midi_from_tracks(96, &tracks.collect::<Vec<_>>())
    }

    /// The keys that are read from a file, and the text for the window.
    fn taken(file: Vec<u8>, recorded: &TimelineSnapshot) -> (Vec<u8>, Option<String>) {
        let (performance, which) = from_song(&Song::parse(file).unwrap(), 0.0, recorded).unwrap();
        (performance.notes().iter().map(|n| n.key).collect(), which)
    }

    #[test]
    fn the_recorded_part_is_preferred_then_the_largest_keyboard_part() {
        let names = ["MELODY", "BRIDGE", "PIANO"];
        let file = ensemble(names, [0, 0, 0]);
        let (keys, which) = taken(file.clone(), &TimelineSnapshot::default());
        assert_eq!(keys, [72, 73, 74], "the largest");
        let text = which.expect("it names the part");
        assert!(text.contains("\"PIANO\"") && text.contains("3 parts"), "{text}");

        let song = Song::parse(file.clone()).unwrap();
        let melody = TimelineSnapshot::from_part(&song, &song.parts()[0], &PartPedals::from_song(&song), 0.0);
        assert_eq!(taken(file, &melody).0, [48], "the part that is already recorded");

        let (keys, _) = taken(ensemble(names, [0, 0, 48]), &TimelineSnapshot::default());
        assert_eq!(keys, [60, 61], "the largest keyboard part");
        let (keys, _) = taken(ensemble(names, [24, 32, 48]), &TimelineSnapshot::default());
        assert_eq!(keys, [72, 73, 74], "the largest part, as there is no keyboard part");
    }
}
