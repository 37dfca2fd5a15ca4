//! Extracts a tune from a song.

use std::collections::BTreeMap;

use thiserror::Error;

use super::{Chord, ChordChange, MelodyNote, Metre, STEPS_PER_QUARTER, Tonality, Tune};
use crate::midi::Song;

/// Why a song has no tune.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TuneError {
    /// The time signature is not a supported [`Metre`].
    #[error(
        "it is in {numerator}/{denominator}; a tune must be in 4/4, 2/4, 3/4, 6/8 or 9/8, or in bars of twice that"
    )]
    Metre {
        /// Numerator of the time signature.
        numerator: u8,
        /// Denominator of the time signature.
        denominator: u8,
    },
    /// The song has no melody.
    #[error("it has no melody")]
    NoMelody,
}

/// Longest rest or note of a tune, in bars.
const LONGEST_BARS: u32 = 16;

/// Converts the times of a song to those of a tune with shortened rests; notes must come in the order of their onsets.
struct Shortened {
    bar: u64,
    /// Steps removed so far.
    skipped: u64,
    /// The step in the song at which all notes so far have ended.
    ended: u64,
}

impl Shortened {
    /// Last step of a tune, so that sums of a few steps do not overflow.
    const LAST: u64 = u32::MAX as u64 / 2;

    fn new(metre: Metre) -> Self {
        Self { bar: u64::from(metre.bar()), skipped: 0, ended: 0 }
    }

    /// Onset and release of a note in the tune; `None` past the last step.
    fn convert(&mut self, onset: u64, release: u64) -> Option<(u32, u32)> {
        let longest = u64::from(LONGEST_BARS) * self.bar;
        let release = release.min(onset + longest);
        self.skipped += onset.saturating_sub(self.ended + longest) / self.bar * self.bar;
        self.ended = self.ended.max(release);
        let within = |step: u64| u32::try_from(step).ok().filter(|_| step <= Self::LAST);
        within(onset - self.skipped).zip(within(release - self.skipped))
    }
}

/// The keys that begin at each step, each with its release, in the order of tracks.
type Onsets = BTreeMap<u32, Vec<(u8, u32)>>;

impl Tune {
    /// Extracts a song's melody and chords, up to its first change of time signature.
    ///
    /// Rests and notes of more than 16 bars are shortened to 16. A rest is shortened by whole bars, so the next note
    /// keeps its position in the bar.
    ///
    /// A track whose onsets all have three keys or more is the accompaniment; all other tracks are the melody. Without
    /// such a track, the highest key of each onset is the melody, and three or more keys below it are a chord. If keys
    /// of the melody begin together, the highest counts; it ends at the next onset. Without a key signature, the key is
    /// [`Tonality::from_notes`].
    ///
    /// # Errors
    /// [`TuneError`] if the metre is not supported or there is no melody.
    pub fn from_song(song: &Song) -> Result<Self, TuneError> {
        let signatures = song.time_signatures();
        let &(_, numerator, denominator) = signatures.first().unwrap_or(&(0, 4, 4));
        let metre = Metre::from_signature(numerator, denominator).ok_or(TuneError::Metre { numerator, denominator })?;
        let end = signatures.iter().find(|s| s.0 > 0 && (s.1, s.2) != (numerator, denominator)).map(|s| s.0);
        let end = end.unwrap_or(u64::MAX);

        let ticks = f64::from(song.tempo().ticks_per_beat());
        let step = |tick: u64| (tick as f64 * f64::from(STEPS_PER_QUARTER) / ticks).round() as u64;
        let mut shortened = Shortened::new(metre);
        let tracks = song.track_names().len();
        let mut by_track: Vec<Onsets> = vec![Onsets::new(); tracks];
        for note in song.notes().iter().filter(|n| n.onset_tick < end && n.note.is_restylable()) {
            let onset = step(note.onset_tick);
            let release = step(note.release_tick.min(end)).max(onset + 1);
            let Some((onset, release)) = shortened.convert(onset, release) else { break };
            by_track[note.track].entry(onset).or_default().push((note.note.key, release));
        }
        let strikes_chords = |onsets: &Onsets| !onsets.is_empty() && onsets.values().all(|keys| keys.len() >= 3);
        let (accompaniment, melody): (Vec<Onsets>, Vec<Onsets>) = by_track.into_iter().partition(strikes_chords);
        let (accompaniment, melody) = (merged(accompaniment), merged(melody));

        let (notes, chords) = if accompaniment.is_empty() || melody.is_empty() {
            split(&if melody.is_empty() { accompaniment } else { melody })
        } else {
            (line(&melody), changes(&accompaniment))
        };
        if notes.is_empty() {
            return Err(TuneError::NoMelody);
        }
        let tonality = song.key_signature().map_or_else(
            || Tonality::from_notes(notes.iter().map(|n| (n.key, n.steps))),
            |(sharps, is_minor)| Tonality::from_signature(sharps, is_minor),
        );
        Ok(Self { metre, tonality, notes, chords })
    }
}

impl Tonality {
    /// The most likely key of some notes, given as MIDI keys and durations.
    ///
    /// It is the key whose probe-tone profile (Krumhansl and Kessler, 1982) correlates best with the notes.
    pub fn from_notes(notes: impl IntoIterator<Item = (u8, u32)>) -> Self {
        const MAJOR: [f64; 12] = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88];
        const MINOR: [f64; 12] = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17];
        let mut durations = [0.0; 12];
        for (key, duration) in notes {
            durations[usize::from(key % 12)] += f64::from(duration);
        }
        let fit = |tonality: &Self| {
            let profile = if tonality.is_minor { &MINOR } else { &MAJOR };
            let mean = profile.iter().sum::<f64>() / 12.0;
            let spread = profile.iter().map(|p| (p - mean).powi(2)).sum::<f64>().sqrt();
            let tonic = usize::from(tonality.tonic);
            (0..12).map(|degree| (profile[degree] - mean) / spread * durations[(tonic + degree) % 12]).sum::<f64>()
        };
        let all = (0..12).flat_map(|tonic| [false, true].map(|is_minor| Self { tonic, is_minor }));
        all.max_by(|a, b| fit(a).total_cmp(&fit(b))).unwrap_or(Self { tonic: 0, is_minor: false })
    }
}

fn merged(tracks: Vec<Onsets>) -> Onsets {
    let mut all = Onsets::new();
    for (onset, keys) in tracks.into_iter().flatten() {
        all.entry(onset).or_default().extend(keys);
    }
    all
}

/// The highest key of each onset, cut at the next onset.
fn line(onsets: &Onsets) -> Vec<MelodyNote> {
    let highest = onsets.iter().filter_map(|(&onset, keys)| Some((onset, *keys.iter().max()?)));
    cut_at_next(highest.map(|(onset, (key, release))| (onset, release, key)))
        .map(|(onset, steps, key)| MelodyNote { onset, steps, key })
        .collect()
}

/// The chords of the onsets, each cut at the next chord; other keys are left out.
fn changes(onsets: &Onsets) -> Vec<ChordChange> {
    let known = onsets.iter().filter_map(|(&onset, keys)| {
        let chord = Chord::from_keys(&keys.iter().map(|k| k.0).collect::<Vec<_>>())?;
        Some((onset, keys.iter().map(|k| k.1).max()?, chord))
    });
    cut_at_next(known).map(|(onset, steps, chord)| ChordChange { onset, steps, chord }).collect()
}

/// Splits one part into melody and chords.
fn split(onsets: &Onsets) -> (Vec<MelodyNote>, Vec<ChordChange>) {
    let (mut above, mut below) = (Onsets::new(), Onsets::new());
    let (mut highest, mut sounds_until) = (0, 0);
    for (&onset, keys) in onsets {
        let mut keys = keys.clone();
        keys.sort_unstable();
        let is_chord = |keys: &[(u8, u32)]| {
            keys.len() >= 3 && Chord::from_keys(&keys.iter().map(|k| k.0).collect::<Vec<_>>()).is_some()
        };
        let Some((&top, rest)) = keys.split_last() else { continue };
        if is_chord(&keys) && onset < sounds_until && top.0 < highest {
            // An accompaniment under a held melody note.
            below.insert(onset, keys);
            continue;
        }
        if is_chord(rest) {
            below.insert(onset, rest.to_vec());
        } else if is_chord(&keys) {
            below.insert(onset, keys.clone());
        }
        (highest, sounds_until) = top;
        above.insert(onset, vec![top]);
    }
    (line(&above), changes(&below))
}

/// Converts (onset, end, value) to (onset, steps, value); each item is cut at the next onset.
fn cut_at_next<T: Copy>(all: impl Iterator<Item = (u32, u32, T)>) -> impl Iterator<Item = (u32, u32, T)> {
    let mut all = all.peekable();
    std::iter::from_fn(move || {
        let (onset, end, value) = all.next()?;
        let end = all.peek().map_or(end, |next| end.min(next.0));
        Some((onset, end - onset, value))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tonenet_test_support::{delta_time, midi_from_tracks};

    use super::*;
    use crate::tune::Quality;

    const TICKS: u16 = 96;

    /// A file of tracks of (onset, duration, keys) in ticks, with signatures given as raw events of the first track.
    fn song(signatures: &[&[u8]], tracks: &[&[(u32, u32, &[u8])]]) -> Song {
        let mut chunks = Vec::new();
        for (place, track) in tracks.iter().enumerate() {
            let mut events: Vec<(u32, [u8; 3])> = Vec::new();
            for &(onset, duration, keys) in *track {
                for &key in keys {
                    events.push((onset, [0x90, key, 90]));
                    events.push((onset + duration, [0x80, key, 0]));
                }
            }
            // Note-offs before note-ons.
            events.sort_by_key(|e| (e.0, e.1[0]));
            let mut chunk = Vec::new();
            if place == 0 {
                signatures.iter().for_each(|signature| {
                    chunk.push(0);
                    chunk.extend(*signature);
                });
            }
            let mut now = 0;
            for (tick, message) in events {
                let delta = tick - now;
                now = tick;
                chunk.extend(delta_time(delta));
                chunk.extend(message);
            }
            chunks.push(chunk);
        }
        Song::parse(midi_from_tracks(TICKS, &chunks)).unwrap()
    }

    const SIX_EIGHT: &[u8] = &[0xFF, 0x58, 4, 6, 3, 24, 8];
    const D_MAJOR: &[u8] = &[0xFF, 0x59, 2, 2, 0];

    #[test]
    fn melody_and_chords_are_read_from_separate_tracks() {
        let song = song(
            &[SIX_EIGHT, D_MAJOR],
            &[
                &[(0, 48, &[74]), (48, 96, &[76]), (144, 48, &[78])],
                &[(0, 144, &[38, 42, 45]), (144, 144, &[45, 49, 52, 55])],
            ],
        );
        let tune = Tune::from_song(&song).unwrap();
        assert_eq!((tune.metre, tune.tonality), (Metre::SixEight, Tonality { tonic: 2, is_minor: false }));
        let note = |onset, steps, key| MelodyNote { onset, steps, key };
        assert_eq!(tune.notes, [note(0, 12, 74), note(12, 24, 76), note(36, 12, 78)]);
        let change = |onset, root, quality| ChordChange { onset, steps: 36, chord: Chord { root, quality } };
        assert_eq!(tune.chords, [change(0, 38, Quality::Major), change(36, 45, Quality::Seventh)]);
        assert_eq!(Tune::from_tokens(tune.metre, tune.tonality, &tune.tokens()), tune);
    }

    #[test]
    fn a_piano_part_splits_into_its_highest_line_and_the_chords_below() {
        let song = song(
            &[],
            &[&[(0, 96, &[48, 52, 55, 76]), (96, 96, &[77]), (144, 48, &[48, 53, 57]), (192, 96, &[72, 79])]],
        );
        let tune = Tune::from_song(&song).unwrap();
        let keys: Vec<u8> = tune.notes.iter().map(|n| n.key).collect();
        assert_eq!(keys, [76, 77, 79]);
        let chords: Vec<(u32, u8)> = tune.chords.iter().map(|c| (c.onset, c.chord.class())).collect();
        assert_eq!(chords, [(0, 0), (36, 5)]);
    }

    #[test]
    fn a_long_rest_is_shortened_by_whole_bars() {
        let bar = 4 * u32::from(TICKS);
        let at = |onset| song(&[], &[&[(0, 96, &[72]), (onset, 96, &[74])]]);
        let second = |onset| Tune::from_song(&at(onset)).unwrap().notes[1].onset;
        assert_eq!(second(16 * bar + 48), 16 * 96 + 12, "unchanged");
        assert_eq!(second(40 * bar + 48), 16 * 96 + 12 + 96, "at the same position in the bar");
        let held = Tune::from_song(&song(&[], &[&[(0, 40 * bar, &[72])]])).unwrap();
        assert_eq!(held.notes[0].steps, 16 * 96);
    }

    proptest! {
        /// Gaps and lengths are in ticks of one beat, up to days between two notes.
        #[test]
        fn the_length_of_a_tune_is_bounded_by_its_number_of_notes(
            gaps in prop::collection::vec((0u32..1 << 28, 1u32..1 << 28, 30u8..90), 1..40),
        ) {
            let note = |&(gap, length, key)| {
                [&delta_time(gap)[..], &[0x90, key, 64], &delta_time(length), &[0x80, key, 0]].concat()
            };
            let track: Vec<u8> = gaps.iter().flat_map(note).collect();
            let tune = Tune::from_song(&Song::parse(midi_from_tracks(1, &[track])).unwrap()).unwrap();
            prop_assert!(tune.bar_count() as usize <= gaps.len() * 2 * (LONGEST_BARS as usize + 1));
            prop_assert!(tune.notes.windows(2).all(|pair| pair[0].onset + pair[0].steps <= pair[1].onset));
            prop_assert!(tune.tokens().len() <= gaps.len() * 4 * (LONGEST_BARS as usize + 1));
        }
    }

    #[test]
    fn an_unsupported_metre_is_refused() {
        let song = song(&[&[0xFF, 0x58, 4, 5, 2, 24, 8]], &[&[(0, 48, &[74])]]);
        assert_eq!(Tune::from_song(&song), Err(TuneError::Metre { numerator: 5, denominator: 4 }));
    }

    #[test]
    fn the_key_is_found_from_the_notes() {
        let scale = |keys: &[u8]| Tonality::from_notes(keys.iter().map(|&key| (key, 12)));
        assert_eq!(scale(&[67, 69, 71, 72, 74, 76, 78, 79, 67, 71, 74, 67]), Tonality { tonic: 7, is_minor: false });
        assert_eq!(scale(&[69, 71, 72, 74, 76, 77, 80, 81, 69, 72, 76, 69]), Tonality { tonic: 9, is_minor: true });
    }
}
