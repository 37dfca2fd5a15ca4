use super::*;
use proptest::prelude::*;

fn note(onset: f64, release: f64, key: u8) -> PartNote {
    PartNote { onset, release, key, beat_phase: None, deviation: None }
}

fn past(part: &Part, index: usize) -> Vec<f32> {
    let mut row = Vec::new();
    part.past(index, &mut row);
    row
}

/// The columns in which two rows differ.
fn differing(a: &[f32], b: &[f32]) -> Vec<usize> {
    assert_eq!(a.len(), b.len());
    (0..a.len()).filter(|&column| a[column] != b[column]).collect()
}

fn ahead(part: &Part, index: usize, known: f64) -> Vec<f32> {
    let mut row = Vec::new();
    part.ahead(index, known, &mut row);
    row
}

#[test]
fn a_note_that_hands_over_on_the_grid_has_ended_however_its_end_is_rounded() {
    let row = |release| {
        let mut part = Part::default();
        let (mut past, mut ahead) = (Vec::new(), Vec::new());
        part.push(note(0.0, release, 60));
        let next = part.push(note(1.0, 2.0, 64));
        part.past(next, &mut past);
        part.ahead(next, 2.0, &mut ahead);
        (past, ahead)
    };
    assert_eq!(row(1.0 + 1.0 / 44_100.0), row(1.0));
    assert_eq!(row(1.0 - 1e-15), row(1.0));
    let (legato, detached) = (row(1.01), row(1.0));
    assert_eq!(legato.1, detached.1, "what follows is the same");
    assert_eq!(
        differing(&legato.0, &detached.0),
        [12, 18],
        "the share of the chord before that has ended, and what sounds"
    );
}

#[test]
fn a_row_knows_the_chord_it_completes() {
    let mut part = Part::default();
    for key in [60, 64, 67] {
        part.push(note(1.0, 2.0, key));
    }
    let row = past(&part, 2);
    assert!((row[6] - 3f32.ln()).abs() < 1e-6, "two members before it");
    assert!((row[7] - 7.0 / 12.0).abs() < 1e-6 && (row[8] - 3.0 / 12.0).abs() < 1e-6);
    assert_eq!(row[PAST_FEATURES..].iter().position(|&x| x == 1.0), Some(46));
    let top = ahead(&part, 2, 1.5);
    assert_eq!((top[7], top[8]), (1.0, 0.0), "the top voice, not the bottom");
}

#[test]
fn what_is_not_known_yet_says_so() {
    let mut part = Part::default();
    part.push(note(0.0, 0.5, 60));
    part.push(note(1.0, 1.5, 62));
    let early = ahead(&part, 0, 0.25);
    assert_eq!((early[1], early[3]), (0.0, 0.0), "still sounding, nothing follows yet");
    assert!((early[0] - (0.25f32.ln() + 1.0)).abs() < 1e-6, "its length so far");
    let late = ahead(&part, 0, 1.0);
    assert_eq!((late[1], late[3]), (1.0, 1.0));
}

#[test]
fn the_pedal_counts_from_its_movement_on() {
    let mut part = Part::default();
    part.pedal(0.5, true);
    part.push(note(0.4, 1.0, 60));
    part.push(note(0.6, 1.0, 62));
    assert_eq!((past(&part, 0)[14], past(&part, 1)[14]), (0.0, 1.0));
}

#[test]
fn a_hosts_rounding_of_positions_changes_no_row_of_a_note_on_the_grid() {
    let row = |phase: f64| {
        let mut part = Part::default();
        part.push(PartNote { beat_phase: Some(phase.rem_euclid(1.0)), ..note(0.0, 0.5, 60) });
        past(&part, 0)
    };
    for grid in [4.0, 6.0, 12.0] {
        for place in 0..grid as i32 {
            let on_the_grid = f64::from(place) / grid;
            for rounding in [-1.0 / 1_920.0, 1.0 / 1_920.0] {
                let (a, b) = (row(on_the_grid), row(on_the_grid + rounding));
                assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6), "{place} of {grid}");
            }
        }
    }
    assert_eq!(differing(&row(0.25), &row(0.26)), [22, 23, 24, 25], "what a player does is another place");
}

prop_compose! {
    fn notes()(steps in prop::collection::vec((0u32..300, 1u32..2000, 21u8..=108), 2..150)) -> Vec<PartNote> {
        let mut now = 0.0;
        let mut notes: Vec<PartNote> = steps.into_iter().map(|(gap, length, key)| {
            now += f64::from(gap) / 1000.0;
            note(now, now + f64::from(length) / 1000.0, key)
        }).collect();
        notes.sort_by(|a, b| (a.onset, a.key).partial_cmp(&(b.onset, b.key)).unwrap());
        notes
    }
}

proptest! {
    #[test]
    fn the_future_never_shows(notes in notes(), cut in 0.0f64..1.0) {
        let known = notes[0].onset + cut * (notes.last().unwrap().onset - notes[0].onset);
        let mut whole = Part::default();
        let mut so_far = Part::default();
        for n in &notes {
            whole.push(*n);
            if n.onset <= known {
                let release = if n.release <= known { n.release } else { f64::INFINITY };
                so_far.push(PartNote { release, ..*n });
            }
        }
        for index in 0..so_far.len() {
            prop_assert_eq!(past(&whole, index), past(&so_far, index));
            prop_assert_eq!(ahead(&whole, index, known), ahead(&so_far, index, known));
        }
    }

    #[test]
    fn forgetting_changes_no_later_row(notes in notes(), share in 0.0f64..1.0) {
        let mut whole = Part::default();
        let mut short = Part::default();
        for n in &notes {
            whole.push(*n);
            short.push(*n);
        }
        let from = (share * notes.len() as f64) as usize;
        short.forget_before(from);
        for index in from..notes.len() {
            prop_assert_eq!(past(&whole, index), past(&short, index));
            prop_assert_eq!(ahead(&whole, index, 1e9), ahead(&short, index, 1e9));
        }
    }

    #[test]
    fn every_number_is_finite_and_small(notes in notes(), known in 0.0f64..60.0) {
        let mut part = Part::default();
        for n in &notes {
            part.push(*n);
        }
        for (index, note) in notes.iter().enumerate() {
            let known = known.max(note.onset);
            let all_small = past(&part, index).iter().chain(&ahead(&part, index, known)).all(|x| x.abs() < 10.0);
            prop_assert!(all_small);
        }
    }
}
