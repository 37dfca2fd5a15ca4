//! A score's notes are linked to those of a performance.

use super::*;

fn note(sixteenths: f64, key: u8) -> Note {
    Note {
        onset: sixteenths / 8.0,
        release: sixteenths / 8.0 + 0.1,
        onset_sixteenths: sixteenths,
        release_sixteenths: sixteenths + 0.8,
        channel: 0,
        key,
        velocity: 64,
    }
}

fn printed(beats: f64, key: u8) -> ScoreNote {
    ScoreNote { beats, key, is_grace: false, performed: None }
}

#[test]
fn printed_notes_are_found_whatever_the_beat_and_the_ornaments() {
    // The file writes a trill out, and lists the chord's notes in another order.
    let file = [note(0.0, 64), note(0.0, 60), note(4.0, 62), note(4.5, 64), note(5.0, 62), note(8.0, 67)];
    // A beat of the printed score is an eighth.
    let print = [printed(-2.0, 60), printed(-2.0, 64), printed(0.0, 62), printed(2.0, 67), printed(3.0, 72)];
    assert_eq!(places_in_score(&file, &print), [Some(1), Some(0), Some(2), Some(5), None]);
}

#[test]
fn a_grace_note_comes_before_its_main_note() {
    let file = [note(3.9, 65), note(4.0, 64)];
    let print = [printed(1.0, 64), ScoreNote { is_grace: true, ..printed(1.0, 65) }];
    assert_eq!(places_in_score(&file, &print), [Some(1), Some(0)]);
}
