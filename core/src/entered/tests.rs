//! Entered parts, played parts, and what lies in between.

use proptest::prelude::*;

use super::*;
use crate::midi::Song;

/// A note in sixteenths at 120 beats a minute.
fn note(onset: f64, length: f64, key: u8, velocity: u8) -> Note {
    Note {
        onset: onset / 8.0,
        release: (onset + length) / 8.0,
        onset_sixteenths: onset,
        release_sixteenths: onset + length,
        channel: 0,
        key,
        velocity,
    }
}

/// Eight bars of a chord and a run of triplets each, as a mouse enters them.
fn entered() -> Vec<Note> {
    let bar = |bar: u8| {
        let start = 16.0 * f64::from(bar);
        let chord = [48, 55, 64].map(|key| note(start, 8.0, key + bar, 80));
        let run =
            [0, 1, 2, 3, 4, 5].map(|step| note(start + 8.0 + f64::from(step) * 4.0 / 3.0, 1.3, 60 + bar + step, 80));
        [chord.as_slice(), &run].concat()
    };
    (0..8).flat_map(bar).collect()
}

/// What a pianist's hand varies: a number from -1 to 1 that differs from note to note.
fn varied(place: usize) -> f64 {
    (place as f64 * 2.399).sin()
}

fn changed(change: impl Fn(usize, &mut Note)) -> Vec<Note> {
    let mut notes = entered();
    notes.iter_mut().enumerate().for_each(|(place, note)| change(place, note));
    notes
}

fn is_entered(notes: &[Note]) -> bool {
    EntryEvidence::from_notes(notes).expect("enough notes").is_entered()
}

#[test]
fn chords_and_triplets_of_one_velocity_are_entered() {
    assert!(is_entered(&entered()));
    let evidence = EntryEvidence::from_notes(&entered()).unwrap();
    assert_eq!((evidence.on_grid, evidence.in_tempo, evidence.repeated_velocities), (1.0, 1.0, 1.0));
}

#[test]
fn the_demo_piece_is_entered() {
    let song = Song::parse(include_bytes!("../../../assets/demo/bach-prelude-bwv-846.mid").to_vec()).unwrap();
    let notes: Vec<Note> = song.notes().iter().map(|n| n.note).collect();
    assert!(is_entered(&notes));
}

#[test]
fn a_pattern_of_accents_is_entered_too() {
    assert!(is_entered(&changed(|place, note| note.velocity = [100, 70, 80, 70][place % 4])));
}

#[test]
fn one_missing_mark_of_an_entered_part_is_enough_to_call_it_played() {
    let played = |place: usize, note: &mut Note| note.velocity = (80.0 + 20.0 * varied(place)) as u8;
    assert!(!is_entered(&changed(played)), "quantised, but with a player's velocities");
    let lengths = |place: usize, note: &mut Note| note.release_sixteenths += 0.5 * varied(place);
    assert!(!is_entered(&changed(lengths)), "a keyboard without velocities, with a player's lengths");
    let onsets = |place: usize, note: &mut Note| {
        note.onset_sixteenths += 0.2 * varied(place);
        note.release_sixteenths += 0.2 * varied(place);
        note.onset += 0.2 / 8.0 * varied(place);
    };
    let mut loose = changed(onsets);
    loose.sort_by(|a, b| a.onset.total_cmp(&b.onset));
    assert!(!is_entered(&loose), "a player's onsets");
    let rubato = |_: usize, note: &mut Note| note.onset += 0.5 * (note.onset_sixteenths * 0.3).sin();
    assert!(!is_entered(&changed(rubato)), "a tempo that follows a player");
}

#[test]
fn a_few_tempo_changes_do_not_make_a_performance() {
    let slower_from = |_: usize, note: &mut Note| note.onset += (note.onset - 8.0).max(0.0);
    assert!(is_entered(&changed(slower_from)));
}

#[test]
fn a_few_notes_tell_nothing() {
    assert_eq!(EntryEvidence::from_notes(&entered()[..FEWEST_NOTES - 1]), None);
    assert_eq!(EntryEvidence::from_notes(&[]), None);
}

#[test]
fn one_chord_has_no_steps() {
    let chord: Vec<Note> = (40..80).map(|key| note(0.0, 4.0, key, 64)).collect();
    assert!(!is_entered(&chord));
}

#[test]
fn the_evidence_is_a_sentence() {
    let evidence = EntryEvidence { on_grid: 1.0, in_tempo: 0.984, repeated_lengths: 0.5, repeated_velocities: 0.999 };
    let sentence = "100 % of onsets on the grid, 98 % in tempo, 50 % of lengths and 100 % of velocities repeated";
    assert_eq!(evidence.to_string(), sentence);
}

proptest! {
    #[test]
    fn place_tempo_key_and_level_say_nothing(
        moved in -1e4..1e4f64,
        beat in 0.2..3.0f64,
        up in 0..20u8,
        louder in 0..40u8,
        change in 0..3usize,
    ) {
        let before = changed(|place, note| match change {
            0 => {}
            1 => note.velocity = (70.0 + 10.0 * varied(place)) as u8,
            _ => note.release_sixteenths += 0.5 * varied(place),
        });
        let mut after = before.clone();
        for note in &mut after {
            note.onset_sixteenths += moved;
            note.release_sixteenths += moved;
            note.onset *= beat;
            note.release *= beat;
            note.key += up;
            note.velocity += louder;
        }
        prop_assert_eq!(is_entered(&after), is_entered(&before));
        prop_assert_eq!(is_entered(&after), change == 0);
    }
}
