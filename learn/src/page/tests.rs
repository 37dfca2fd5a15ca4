//! What a page keeps of a performance, and what it replaces.

use proptest::prelude::*;
use tonenet_core::grid::Grid;

use super::*;

const FREE: Grid = Grid::Seconds(0.125);

/// A note from its onset in beats, at 120 beats a minute.
fn at(beats: f64, length: f64, key: u8) -> Note {
    Note {
        onset: beats / 2.0,
        release: (beats + length) / 2.0,
        onset_sixteenths: beats * 4.0,
        release_sixteenths: (beats + length) * 4.0,
        channel: 0,
        key,
        velocity: 20 + key % 80,
    }
}

fn onsets(notes: &[Note]) -> Vec<f64> {
    notes.iter().map(|n| n.onset_sixteenths / 4.0).collect()
}

#[test]
fn sixteenths_and_triplets_of_a_file_become_exact() {
    let played = [0.02, 0.27, 0.49, 0.76, 1.01, 1.35, 1.65, 2.02].map(|beats| at(beats, 0.2, 60));
    let page = page(&played, Grid::Sixteenths, Notation::default());
    let third = 1.0 / 3.0;
    let expected = [0.0, 0.25, 0.5, 0.75, 1.0, 1.0 + third, 1.0 + 2.0 * third, 2.0];
    for (found, expected) in onsets(&page).iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }
}

#[test]
fn swung_eighths_are_written_straight() {
    let played: Vec<Note> =
        (0..32).flat_map(|beat| [0.0, 0.66].map(|phase| at(f64::from(beat) + phase, 0.3, 60))).collect();
    let page = page(&played, Grid::Sixteenths, Notation::default());
    let expected: Vec<f64> = (0..64).map(|eighth| f64::from(eighth) / 2.0).collect();
    assert_eq!(onsets(&page), expected);
}

#[test]
fn a_free_performance_that_slows_down_gets_even_steps() {
    let mut time = 0.0;
    let played: Vec<Note> = (0..100)
        .map(|i| {
            time += 0.12 * 1.006f64.powi(i);
            Note {
                onset: time,
                release: time + 0.1,
                onset_sixteenths: 0.0,
                release_sixteenths: 0.0,
                ..at(0.0, 0.1, 60)
            }
        })
        .collect();
    let page = page(&played, FREE, Notation::default());
    for pair in page.windows(2) {
        assert!((pair[1].onset_sixteenths - pair[0].onset_sixteenths - 1.0).abs() < 1e-9);
    }
}

#[test]
fn lengths_reach_to_an_onset_or_are_fixed() {
    // The first note ends near the third chord, the second is short before a rest.
    let played = [at(0.0, 0.97, 60), at(0.5, 0.1, 64), at(1.0, 0.4, 67), at(2.0, 0.5, 72)];
    let lengths = |lengths| -> Vec<f64> {
        let page = page(&played, Grid::Sixteenths, Notation { lengths, ..Notation::default() });
        page.iter().map(|n| n.release_sixteenths - n.onset_sixteenths).collect()
    };
    assert_eq!(lengths(NoteLengths::ToNearestOnset)[..3], [4.0, 1.0, 2.0]);
    assert_eq!(lengths(NoteLengths::ToNextChord)[..3], [2.0, 2.0, 4.0]);
    assert_eq!(lengths(NoteLengths::Sixteenths(3)), [3.0; 4]);
}

#[test]
fn a_gap_shortens_every_note_and_a_tempo_every_time() {
    let played = [at(0.0, 1.0, 60), at(1.0, 1.0, 64), at(2.0, 1.0, 67)];
    let plain = page(&played, Grid::Sixteenths, Notation::default());
    let other = page(&played, Grid::Sixteenths, Notation { gap: 0.25, tempo: 2.0, ..Notation::default() });
    for (plain, other) in plain.iter().zip(&other) {
        assert_eq!(other.onset_sixteenths, plain.onset_sixteenths);
        assert!((other.onset - plain.onset / 2.0).abs() < 1e-9);
        assert!((other.release - other.onset - 0.75 * (plain.release - plain.onset) / 2.0).abs() < 1e-9);
    }
}

#[test]
fn no_notes_have_an_empty_page() {
    assert!(page(&[], FREE, Notation::default()).is_empty());
}

fn performances() -> impl Strategy<Value = Vec<Note>> {
    let note = (0.0..0.6f64, 0.01..3.0f64, 21u8..=108, 1u8..=127);
    prop::collection::vec(note, 1..120).prop_map(|notes| {
        let mut onset = 0.0;
        let place = |(gap, length, key, velocity): (f64, f64, u8, u8)| {
            // A third of the gaps are those of a chord.
            onset += if gap < 0.2 { gap / 20.0 } else { gap };
            let (from, to) = (onset * 8.0, (onset + length) * 8.0);
            Note {
                onset,
                release: onset + length,
                onset_sixteenths: from,
                release_sixteenths: to,
                channel: 0,
                key,
                velocity,
            }
        };
        notes.into_iter().map(place).collect()
    })
}

fn notations() -> impl Strategy<Value = Notation> {
    let lengths = prop_oneof![
        Just(NoteLengths::ToNearestOnset),
        Just(NoteLengths::ToNextChord),
        (1u8..=8).prop_map(NoteLengths::Sixteenths),
    ];
    (lengths, 0.0..0.3f64, 0.5..2.0f64).prop_map(|(lengths, gap, tempo)| Notation { lengths, gap, tempo })
}

proptest! {
    #[test]
    fn a_page_keeps_keys_and_chords_and_lies_on_the_grid(
        played in performances(), notation in notations(), has_beats in any::<bool>()
    ) {
        let grid = if has_beats { Grid::Sixteenths } else { FREE };
        let page = page(&played, grid, notation);
        prop_assert_eq!(page.len(), played.len());
        let (_, chord_of_note) = chords(&played);
        for (page, played) in page.iter().zip(&played) {
            prop_assert_eq!((page.key, page.channel, page.velocity), (played.key, played.channel, PAGE_VELOCITY));
            let tick = page.onset_sixteenths * 6.0;
            prop_assert!((tick - tick.round()).abs() < 1e-6, "{} is off the grid", page.onset_sixteenths);
            prop_assert!(page.release > page.onset && page.release.is_finite());
        }
        for (index, pair) in page.windows(2).enumerate() {
            if chord_of_note[index] == chord_of_note[index + 1] {
                prop_assert_eq!(pair[0].onset, pair[1].onset, "a chord is struck as one");
            } else {
                prop_assert!(pair[1].onset_sixteenths > pair[0].onset_sixteenths, "chords keep their order");
            }
        }
        // Constant tempo: seconds and sixteenths grow in proportion.
        let (first, last) = (&page[0], &page[page.len() - 1]);
        for note in &page {
            let seconds = (note.onset - first.onset) * (last.onset_sixteenths - first.onset_sixteenths);
            let sixteenths = (note.onset_sixteenths - first.onset_sixteenths) * (last.onset - first.onset);
            prop_assert!((seconds - sixteenths).abs() < 1e-6 * (1.0 + seconds.abs()));
        }
    }

    #[test]
    fn a_key_ends_before_it_is_struck_again(played in performances(), notation in notations()) {
        let page = page(&played, FREE, notation);
        for (index, note) in page.iter().enumerate() {
            let again = page[index + 1..].iter().find(|next| next.key == note.key && next.onset > note.onset);
            prop_assert!(again.is_none_or(|again| note.release <= again.onset + 1e-9));
        }
    }
}
