//! What a feel model predicts, and which files it refuses.

use proptest::prelude::*;
use tonenet_core::feel::Drift;
use tonenet_core::note_rows::FEEL;

use super::*;

const WIDTHS: (usize, usize) = (3, 2);

/// A read-out of the constant alone.
fn constant(constant: f32) -> FeelReadout {
    FeelReadout { past: vec![0.0; WIDTHS.0], ahead: vec![0.0; WIDTHS.1], row: vec![0.0; FEEL], constant }
}

fn style(id: &str) -> FeelStyle {
    let drift = Drift { sigma: 0.01, beats: 4.0, with_dynamics: 0.1 };
    FeelStyle {
        id: id.into(),
        shift: Some(FeelReadout { past: vec![0.1, 0.0, 0.0], ..constant(0.05) }),
        chord_offset: FeelReadout { ahead: vec![0.0, 0.01], ..constant(0.0) },
        stretch: FeelReadout {
            row: (0..FEEL).map(|column| f32::from(u8::from(column == 0))).collect(),
            ..constant(-0.5)
        },
        stretch_filling: constant(-1.0),
        pedal_down: constant(0.0),
        pedal_lift: constant(-30.0),
        wander: Wander { shift: None, stretch: drift },
    }
}

fn fingerprint() -> ReadoutFingerprint {
    ReadoutFingerprint::new(&[], [])
}

fn model() -> FeelModel {
    FeelModel::new(fingerprint(), vec![style("jazz")]).expect("a valid model")
}

fn row(begins_chord: bool, on_beats: bool) -> FeelRow {
    FeelRow {
        begins_chord,
        place: on_beats.then_some(if begins_chord { 0 } else { 6 }),
        fills: 0.0,
        numbers: (0..FEEL).map(|column| if column == 0 { 0.25 } else { 0.0 }).collect(),
    }
}

/// The feel of notes with past encodings that begin with these numbers.
fn feels(first: &[f32], rows: &[FeelRow], chord: &mut ChordFeel) -> Vec<Feel> {
    let past_encoding: Vec<f32> = first.iter().flat_map(|&number| [number, 0.0, 0.0]).collect();
    let ahead_encoding: Vec<f32> = first.iter().flat_map(|&number| [0.0, number]).collect();
    let notes = EncodedNotes { past_encoding: &past_encoding, ahead_encoding: &ahead_encoding, predictions: &[] };
    model().predict(StyleIndex::JAZZ.into(), &notes, rows, chord)
}

#[test]
fn a_note_gets_the_weighted_sum_of_its_encodings_and_columns() {
    let found = feels(&[1.0], &[row(true, true)], &mut ChordFeel::default());
    let [Feel { shift, chord_offset, stretch, pedal_down, pedal_lift }] = found[..] else { panic!("one note") };
    assert_eq!((shift, chord_offset, stretch), (0.05 + 0.1, 0.01, -0.25));
    assert_eq!(pedal_down, 0.5);
    assert!(pedal_lift < 1e-6, "{pedal_lift}");
}

#[test]
fn notes_of_a_chord_share_its_first_notes_shift_also_over_two_calls() {
    let rows = [row(true, true), row(false, true), row(false, true), row(true, true)];
    let first = [1.0, -1.0, 0.5, 0.0];
    let whole = feels(&first, &rows, &mut ChordFeel::default());
    let shifts: Vec<f32> = whole.iter().map(|feel| feel.shift).collect();
    assert!(shifts[0] == shifts[1] && shifts[1] == shifts[2] && shifts[3] != shifts[0], "{shifts:?}");
    assert_ne!(whole[0].chord_offset, whole[1].chord_offset);
    let mut chord = ChordFeel::default();
    let mut parted = feels(&first[..1], &rows[..1], &mut chord);
    parted.extend(feels(&first[1..], &rows[1..], &mut chord));
    assert_eq!(parted, whole);
}

#[test]
fn lengths_that_fill_every_gap_are_read_by_themselves() {
    let stretch = |fills| {
        let row = FeelRow { fills, ..row(true, true) };
        feels(&[1.0], &[row], &mut ChordFeel::default())[0].stretch
    };
    assert_eq!([0.0, 0.5, 1.0].map(stretch), [-0.25, -0.625, -1.0]);
}

#[test]
fn a_users_style_changes_the_feel_of_the_nearest_one() {
    let read = |own: &OwnFeel, has_beats: bool| {
        let notes = EncodedNotes { past_encoding: &[1.0, 0.0, 0.0], ahead_encoding: &[0.0, 1.0], predictions: &[] };
        let played = PlayedFeel { built_in: StyleIndex::JAZZ, own };
        model().predict(played, &notes, &[row(true, has_beats)], &mut ChordFeel::default())[0]
    };
    let nearest = read(&OwnFeel::NEAREST, true);
    let mut own = OwnFeel { shift_share: 0.5, chord_spread: 2.0, stretch: 0.125, pedal_down: 1.0, ..OwnFeel::NEAREST };
    own.shifts[0] = -0.03125;
    let found = read(&own, true);
    assert_eq!(found.shift, 0.5 * nearest.shift - 0.03125);
    assert_eq!(found.chord_offset, 2.0 * nearest.chord_offset);
    assert_eq!(found.stretch, nearest.stretch + 0.125);
    assert!(nearest.pedal_down == 0.5 && found.pedal_down > 0.7, "{found:?}");
    assert_eq!(found.pedal_lift, nearest.pedal_lift);
    assert_eq!(read(&own, false).shift, 0.0, "nothing shifts without beats");
}

#[test]
fn nothing_shifts_without_beats_and_a_style_without_a_feel_moves_nothing() {
    assert_eq!(feels(&[1.0], &[row(true, false)], &mut ChordFeel::default())[0].shift, 0.0);
    let notes = EncodedNotes { past_encoding: &[0.0; 3], ahead_encoding: &[0.0; 2], predictions: &[] };
    let of_pop = model().predict(StyleIndex::POP.into(), &notes, &[row(true, true)], &mut ChordFeel::default());
    assert_eq!(of_pop, [Feel::default()]);
}

#[test]
fn a_file_is_read_as_it_was_written_and_a_foreign_one_refused() {
    let bytes = model().to_bytes();
    assert_eq!(FeelModel::from_bytes(&bytes), Ok(model()));
    let text = String::from_utf8(bytes).expect("text");
    let newer = text.replacen("\"format\":1", "\"format\":2", 1);
    assert_eq!(FeelModel::from_bytes(newer.as_bytes()), Err(FeelError::Format { format: 2, known: 1 }));
    assert_eq!(FeelModel::from_bytes(&vec![b' '; MOST_BYTES + 1]), Err(FeelError::TooLarge { most: MOST_BYTES }));
    let broken =
        ["", "{}", &text[..text.len() / 2], &text.replacen("0.05", "1e9", 1), &text.replacen("jazz", "polka", 1)];
    for broken in broken {
        let error = FeelModel::from_bytes(broken.as_bytes()).expect_err("it is no model");
        assert!(matches!(error, FeelError::NoModel { .. }), "{error}");
    }
}

#[test]
fn styles_that_do_not_fit_are_refused() {
    let error = |change: &dyn Fn(&mut FeelStyle)| {
        let mut changed = style("jazz");
        change(&mut changed);
        FeelModel::new(fingerprint(), vec![changed]).expect_err("it is no model")
    };
    assert_eq!(FeelModel::new(fingerprint(), Vec::new()), Err(InvalidFeel::NoStyles));
    let twice = FeelModel::new(fingerprint(), vec![style("jazz"), style("jazz")]);
    assert_eq!(twice, Err(InvalidFeel::Style { id: "jazz".into() }));
    assert_eq!(
        error(&|style| style.stretch.row.truncate(FEEL - 1)),
        InvalidFeel::Widths { past: 3, ahead: 2, row: FEEL - 1 }
    );
    assert!(matches!(error(&|style| style.pedal_lift.constant = f32::NAN), InvalidFeel::Weight { .. }));
    assert_eq!(error(&|style| style.wander.stretch.beats = 0.0), InvalidFeel::Drift);
}

proptest! {
    #[test]
    fn any_bytes_are_a_model_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = FeelModel::from_bytes(&bytes);
    }

    #[test]
    fn every_feel_is_within_its_range(numbers in proptest::collection::vec(any::<f32>(), 1..6)) {
        let rows: Vec<FeelRow> = numbers.iter().enumerate().map(|(at, _)| row(at % 2 == 0, true)).collect();
        for feel in feels(&numbers, &rows, &mut ChordFeel::default()) {
            prop_assert!(feel.shift.abs() <= MOST_SHIFT && feel.chord_offset.abs() <= MOST_OFFSET, "{:?}", feel);
            prop_assert!(feel.stretch.abs() <= MOST_STRETCH, "{:?}", feel);
            prop_assert!((0.0..=1.0).contains(&feel.pedal_down) && (0.0..=1.0).contains(&feel.pedal_lift), "{:?}", feel);
        }
    }
}
