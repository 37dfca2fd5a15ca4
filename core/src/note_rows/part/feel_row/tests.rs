//! Which columns tell what, and that nothing later is read.

use proptest::prelude::*;

use super::*;
use crate::note_rows::PartNote;

const BEAT: f64 = 0.5;

/// A note from its onset and length in beats.
fn note(beats: f64, length: f64, key: u8) -> PartNote {
    let (onset, beat_phase) = (beats * BEAT, Some(beats.rem_euclid(1.0)));
    PartNote { onset, release: onset + length * BEAT, key, beat_phase, deviation: None }
}

fn part(notes: &[PartNote]) -> Part {
    let mut part = Part::default();
    for &note in notes {
        part.push(note);
    }
    part
}

/// Columns of the place within the beat and of the rhythm.
const RHYTHM: std::ops::Range<usize> = 0..PER_PLACE * PLACES + 2 * GAPS + 12;

#[test]
fn each_place_in_the_beat_has_its_own_columns_and_a_part_without_beats_none() {
    let eighths: Vec<PartNote> = (0..8).map(|eighth| note(f64::from(eighth) / 2.0, 0.5, 60)).collect();
    let part_on_beats = part(&eighths);
    let (on, off) = (part_on_beats.feel(4, 9.0, BEAT), part_on_beats.feel(5, 9.0, BEAT));
    assert_eq!((on.numbers[0], on.numbers[OFF_BEAT]), (1.0, 0.0));
    assert_eq!((off.numbers[0], off.numbers[OFF_BEAT]), (0.0, 1.0));
    assert!(on.place == Some(0) && off.place == Some(6) && on.begins_chord && on.numbers.len() == FEEL);
    let slower = part_on_beats.feel(5, 9.0, 2.0 * BEAT).numbers;
    assert_eq!(slower[PLACES + OFF_BEAT], 2.0_f32.ln(), "the tempo of that place");
    let free: Vec<PartNote> = eighths.iter().map(|&note| PartNote { beat_phase: None, ..note }).collect();
    let row = part(&free).feel(5, 9.0, BEAT);
    assert!(row.place.is_none() && row.numbers[RHYTHM].iter().all(|&number| number == 0.0));
}

#[test]
fn a_swung_pair_is_told_from_sixteenths() {
    let pairs = part(&[0.0, 0.5, 1.0, 1.5, 2.0].map(|beats| note(beats, 0.5, 60)));
    let sixteenths = part(&[0.0, 0.5, 0.75, 1.0, 1.5].map(|beats| note(beats, 0.25, 60)));
    let flags = PER_PLACE * PLACES + 2 * GAPS;
    let own = |part: &Part| part.feel(1, 9.0, BEAT).numbers[flags..flags + 4].to_vec();
    assert_eq!(own(&pairs), [0.0, 0.0, 1.0, 1.0]);
    assert_eq!(own(&sixteenths), [1.0, 0.0, 1.0, 0.0]);
}

#[test]
fn an_off_beat_knows_whether_the_part_divides_its_beats_in_sixteenths() {
    let beats = |divided: bool| {
        let places = if divided { vec![0.0, 0.25, 0.5, 0.75] } else { vec![0.0, 0.5] };
        let of_beat =
            move |beat: u8| places.clone().into_iter().map(move |place| note(f64::from(beat) + place, 0.2, 60));
        part(&(0..8).flat_map(of_beat).collect::<Vec<_>>())
    };
    let columns = |part: &Part, index: usize| {
        let row = part.feel(index, 9.0, BEAT).numbers;
        [row[3 * PLACES + OFF_BEAT], row[5 * PLACES + OFF_BEAT]]
    };
    assert_eq!(columns(&beats(false), 15), [1.0, 0.0]);
    // 15 of 31 chords, and four that count as undivided.
    let [undivided, share] = columns(&beats(true), 30);
    assert!(undivided < 0.01 && (share - 15.0 / 35.0).abs() < 1e-6, "{undivided} {share}");
}

#[test]
fn the_first_note_of_a_chord_knows_the_chord_as_soon_as_it_is_played() {
    let chord = part(&[note(0.0, 1.0, 48), note(0.02, 1.0, 64), note(0.04, 1.0, 72), note(1.0, 1.0, 50)]);
    let begins: Vec<bool> = (0..4).map(|index| chord.feel(index, 9.0, BEAT).begins_chord).collect();
    assert_eq!(begins, [true, false, false, true]);
    let size = RHYTHM.end + 5;
    assert_eq!(chord.feel(0, 0.0, BEAT).numbers[size], 0.0);
    assert_eq!(chord.feel(0, 0.1, BEAT).numbers[size], 3.0_f32.ln());
}

#[test]
fn a_new_harmony_over_a_new_bass_is_told_from_a_repeated_one() {
    let chords = |keys: [u8; 4]| {
        let notes = keys.chunks(2).enumerate();
        part(&notes.flat_map(|(at, keys)| keys.iter().map(move |&key| note(at as f64, 1.0, key))).collect::<Vec<_>>())
    };
    let harmony = |part: &Part| part.feel(2, 9.0, BEAT).numbers[FEEL - 18..].to_vec();
    let (same, other) = (harmony(&chords([36, 64, 36, 64])), harmony(&chords([36, 64, 41, 65])));
    let shared_and_changed = |row: &[f32]| (row[0], row[10], row[11]);
    assert_eq!(shared_and_changed(&same), (1.0, 1.0, 0.0));
    assert_eq!(shared_and_changed(&other), (0.0, 1.0, 1.0));
}

#[test]
fn a_part_without_rests_is_told_from_one_with_them() {
    let melody = |length: f64| part(&(0..16).map(|beat| note(f64::from(beat), length, 60)).collect::<Vec<_>>());
    let fills = |part: &Part, index| part.feel(index, 99.0, BEAT).fills;
    assert_eq!([1.0, 0.8, 1.5].map(|length| fills(&melody(length), 12)), [1.0, 0.0, 0.0]);
    assert_eq!(fills(&melody(1.0), 0), 0.0, "nothing is known at the start");
}

proptest! {
    #[test]
    fn a_row_is_finite_and_depends_on_nothing_later_or_forgotten(
        gaps in proptest::collection::vec((0..5u8, 1..9u8, 21..=108u8), 2..160),
        at in any::<prop::sample::Index>(),
        ahead in 0.0..2.0_f64,
    ) {
        let mut beats = 0.0;
        let mut notes: Vec<PartNote> = gaps.iter().map(|&(gap, length, key)| {
            beats += f64::from(gap) / 4.0;
            note(beats, f64::from(length) / 4.0, key)
        }).collect();
        notes.sort_by(|a, b| a.onset.total_cmp(&b.onset).then(a.key.cmp(&b.key)));
        let whole = part(&notes);
        let index = at.index(notes.len());
        let known = notes[index].onset + ahead;
        let row = whole.feel(index, known, BEAT);
        prop_assert!(row.numbers.len() == FEEL && row.numbers.iter().all(|number| number.is_finite()), "{:?}", row);
        let mut so_far = part(&notes.iter().copied().filter(|note| note.onset <= known).collect::<Vec<_>>());
        so_far.forget_before(index);
        prop_assert_eq!(so_far.feel(index, known, BEAT), row);
    }
}
