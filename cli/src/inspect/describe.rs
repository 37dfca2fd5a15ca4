//! What is in a song, in figures and in words.

use std::fmt;

use serde::Serialize;
use tonenet_core::midi::{Song, SongPart};
use tonenet_core::note::key_name;
use tonenet_inference::song::{PartSelection, Selection, SelectionError};

use super::plot::Glyphs;
use crate::report::{EntryEvidenceEntry, PartEntry};
use crate::restyle::LeftAloneEntry;

/// Velocities are counted in this many classes, of 8 velocities each but the first, which has no 0.
const CLASSES: usize = 16;
const CLASS: u8 = 128 / CLASSES as u8;
/// Stretches of a song whose mean velocities are plotted.
const STRETCHES: usize = 48;

/// What is in a song.
#[derive(Debug, Serialize)]
pub struct SongEntry {
    seconds: f64,
    notes: usize,
    tempo: Vec<TempoEntry>,
    metre: Vec<MetreEntry>,
    /// Its parts.
    pub parts: Vec<PartDescription>,
    /// What its reader had to put up with.
    pub warnings: Vec<String>,
}

/// A tempo and when it begins.
#[derive(Debug, Serialize)]
struct TempoEntry {
    seconds: f64,
    beats_per_minute: f64,
}

/// A metre and when it begins.
#[derive(Debug, Serialize)]
struct MetreEntry {
    seconds: f64,
    upper: u8,
    lower: u8,
}

/// A part, and what restyling would do to it.
#[derive(Debug, Serialize)]
pub struct PartDescription {
    #[serde(flatten)]
    part: PartEntry,
    /// Why its tracks and channels are one part.
    grouping: String,
    /// Its tracks by name, each with a channel that it plays on.
    voices: Vec<Voice>,
    /// How many of its notes restyling would give a velocity.
    restyled: usize,
    left_alone: Option<LeftAloneEntry>,
    /// Its lowest and highest key, 0 to 127.
    keys: [u8; 2],
    velocities: Velocities,
    /// Whether it was entered or played, unless it has too few notes to tell.
    entry: Option<EntryEvidenceEntry>,
}

#[derive(Debug, Serialize)]
struct Voice {
    track: usize,
    channel: u8,
    name: String,
}

#[derive(Debug, Serialize)]
struct Velocities {
    lowest: u8,
    highest: u8,
    mean: f64,
    /// The standard deviation.
    spread: f64,
    /// How many notes are in each class: 1 to 7, 8 to 15, and so on to 120 to 127.
    histogram: [usize; CLASSES],
    /// The mean in each of as many stretches of the song, where it has notes.
    over_time: Vec<Option<f64>>,
}

/// Describes a song.
///
/// # Errors
/// When a track is selected that the song does not have.
pub fn describe(song: &Song, selection: &Selection) -> Result<SongEntry, SelectionError> {
    let parts = song.parts();
    let selected = selection.select(song, &parts)?;
    let seconds = |tick: u64| song.tempo().seconds(tick);
    let tempo = song
        .tempo()
        .changes()
        .map(|(tick, micros)| TempoEntry { seconds: seconds(tick), beats_per_minute: 60e6 / f64::from(micros) });
    let signatures = song.time_signatures();
    // A file that says nothing is in 4/4.
    let unsaid = signatures.first().is_none_or(|first| first.0 > 0).then_some((0, 4, 4));
    let metre = unsaid.into_iter().chain(signatures.iter().copied());
    let metre = metre.map(|(tick, upper, lower)| MetreEntry { seconds: seconds(tick), upper, lower });
    Ok(SongEntry {
        seconds: song.duration(),
        notes: song.notes().len(),
        tempo: tempo.collect(),
        metre: metre.collect(),
        parts: parts.iter().zip(selected).map(|(part, selected)| describe_part(song, part, selected)).collect(),
        warnings: song.warnings().iter().map(ToString::to_string).collect(),
    })
}

fn describe_part(song: &Song, part: &SongPart, selected: PartSelection) -> PartDescription {
    let notes = || part.notes.iter().map(|&place| &song.notes()[place].note);
    let voice = |&(track, channel): &(usize, u8)| Voice {
        track: track + 1,
        channel: channel + 1,
        name: song.track_names()[track].clone(),
    };
    let keys = notes().fold([127, 0], |[low, high], note| [low.min(note.key), high.max(note.key)]);
    PartDescription {
        part: PartEntry::from(part),
        grouping: part.grouping.to_string(),
        voices: part.voices.iter().map(voice).collect(),
        restyled: selected.notes.len(),
        left_alone: selected.left_alone.as_ref().map(LeftAloneEntry::from),
        keys,
        velocities: Velocities::from_notes(notes().map(|note| (note.onset, note.velocity)), song.duration()),
        entry: EntryEvidenceEntry::from_part(song, part),
    }
}

impl Velocities {
    /// Of notes by onset in seconds, in a song of a length.
    fn from_notes(notes: impl Iterator<Item = (f64, u8)> + Clone, length: f64) -> Self {
        let velocities = notes.clone().map(|(_, velocity)| velocity);
        let count = velocities.clone().count().max(1) as f64;
        let mean = velocities.clone().map(f64::from).sum::<f64>() / count;
        let variance = velocities.clone().map(|v| (f64::from(v) - mean).powi(2)).sum::<f64>() / count;
        let mut histogram = [0; CLASSES];
        let mut stretches = [(0.0, 0.0); STRETCHES];
        for (onset, velocity) in notes {
            histogram[usize::from(velocity / CLASS).min(CLASSES - 1)] += 1;
            let stretch = (onset / length.max(f64::MIN_POSITIVE) * STRETCHES as f64) as usize;
            let (sum, count) = &mut stretches[stretch.min(STRETCHES - 1)];
            *sum += f64::from(velocity);
            *count += 1.0;
        }
        Self {
            lowest: velocities.clone().min().unwrap_or(0),
            highest: velocities.max().unwrap_or(0),
            mean,
            spread: variance.sqrt(),
            histogram,
            over_time: stretches.iter().map(|&(sum, count)| (count > 0.0).then(|| sum / count)).collect(),
        }
    }
}

impl fmt::Display for SongEntry {
    /// As `832 notes in 2 parts, 2:31, 96 to 132 BPM (14 changes), 4/4`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts.len();
        let (minutes, seconds) = ((self.seconds / 60.0) as u64, self.seconds % 60.0);
        write!(f, "{} notes in {parts} part{}, ", self.notes, if parts == 1 { "" } else { "s" })?;
        write!(f, "{minutes}:{:02}, ", seconds as u64)?;
        let tempi = || self.tempo.iter().map(|tempo| tempo.beats_per_minute);
        let (slowest, fastest) = (tempi().fold(f64::INFINITY, f64::min), tempi().fold(0.0, f64::max));
        if self.tempo.len() > 1 {
            write!(f, "{slowest:.0} to {fastest:.0} BPM ({} changes)", self.tempo.len() - 1)?;
        } else {
            write!(f, "{slowest:.0} BPM")?;
        }
        let mut metres: Vec<String> = Vec::new();
        for MetreEntry { upper, lower, .. } in &self.metre {
            let metre = format!("{upper}/{lower}");
            if !metres.contains(&metre) {
                metres.push(metre);
            }
        }
        write!(f, ", {}", metres.join(" and "))
    }
}

impl PartDescription {
    /// The part in some lines, with its velocities as plots.
    pub fn lines(&self, glyphs: Glyphs) -> String {
        let Self { part, restyled, left_alone, keys: [low, high], velocities, entry, .. } = self;
        let becomes = match left_alone {
            Some(left_alone) => left_alone.to_string(),
            None => format!("restyle takes {restyled} of them"),
        };
        let entry = entry.as_ref().and_then(EntryEvidenceEntry::line);
        let entry = entry.map(|line| format!("    {line}\n")).unwrap_or_default();
        let Velocities { lowest, highest, mean, spread, histogram, over_time } = velocities;
        let most = histogram.iter().copied().max().unwrap_or(0) as f64;
        let counts = histogram.iter().map(|&count| (count > 0).then_some(count as f64));
        let counts = glyphs.line(counts, 0.0, most);
        let time = glyphs.line(over_time.iter().copied(), f64::from(*lowest), f64::from(*highest));
        format!(
            "  {}\n    {} notes from {} to {}; {becomes}\n{entry}    velocities {lowest} to {highest}, mean {mean:.0}, \
             spread {spread:.0}\n    by velocity  1 |{counts}| 127\n    over time    0 |{time}| end",
            part.label,
            part.notes,
            key_name(*low),
            key_name(*high),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn velocities_are_counted_by_class_and_stretch() {
        let notes = [(0.0, 1), (0.1, 7), (5.0, 8), (9.9, 127), (10.0, 121)];
        let velocities = Velocities::from_notes(notes.into_iter(), 10.0);
        assert_eq!((velocities.lowest, velocities.highest, velocities.mean), (1, 127, 52.8));
        let mut histogram = [0; CLASSES];
        (histogram[0], histogram[1], histogram[15]) = (2, 1, 2);
        assert_eq!(velocities.histogram, histogram);
        let heard: Vec<_> = velocities.over_time.iter().flatten().collect();
        assert_eq!(heard, [&4.0, &8.0, &124.0]);
    }
}
