use tonenet_test_support::midi_from_tracks;

use super::*;
use crate::feel::{Drift, QuantisedFeel, Wander};
use crate::style::{BUILT_IN_STYLES, QuantisedExpectation, StyleIndex, built_in_keys};

/// The same predictions in every built-in style.
pub(crate) fn in_built_in_styles(column: &StyleColumn) -> Vec<(StyleKey, StyleColumn)> {
    BUILT_IN_STYLES.iter().map(|style| (style.id.into(), column.clone())).collect()
}

/// The column of a style that has predictions.
pub(crate) fn column_of<'a>(snapshot: &'a TimelineSnapshot, key: &str) -> &'a StyleColumn {
    &snapshot.column(&key.into()).unwrap_or_else(|| panic!("no column of {key}")).of_notes
}

fn note(beats: f64, key: u8, velocity: u8) -> TimelineNote {
    TimelineNote { beats, length: 0.5, beat_seconds: 0.5, channel: 0, key, velocity }
}

fn column(means: &[f32]) -> StyleColumn {
    StyleColumn::new(2.0, means.iter().map(|&mean| QuantisedExpectation::new(mean, 4.0)).collect())
}

fn snapshot() -> TimelineSnapshot {
    let notes = vec![note(2.0, 64, 70), note(0.0, 60, 50), note(2.0, 67, 60)];
    let snapshot = TimelineSnapshot::new(notes, vec![Pedal { beats: 1.0, down: true }]);
    snapshot.restyled("note".into(), in_built_in_styles(&column(&[6.0, -6.0, 0.0])))
}

fn expected(snapshot: &TimelineSnapshot, keys: &StyleKeys, style: StyleIndex, beats: f64, key: u8) -> Option<Expected> {
    let note = snapshot.find(beats, 0, key)?;
    snapshot.expected(note, &snapshot.column_table(keys), StyleBlend::only(style), TakeSeed(0))
}

/// A file of 96 ticks a beat at 60 beats a minute, 120 from beat 2 on.
///
/// At beat 1 it has a note of one beat and the pedal goes down. At beat 2 it has a piano note and a drum note.
fn file() -> Song {
    let events = [
        &[0x00, 0xFF, 0x51, 0x03, 0x0F, 0x42, 0x40][..],
        &[0x60, 0x90, 60, 80, 0x00, 0xB0, 64, 127],
        &[0x60, 0x80, 60, 0, 0x00, 0xFF, 0x51, 0x03, 0x07, 0xA1, 0x20],
        &[0x00, 0x90, 64, 70, 0x00, 0x99, 38, 90],
        &[0x30, 0x80, 64, 0, 0x00, 0x89, 38, 0],
    ]
    .concat();
    Song::parse(midi_from_tracks(96, &[events])).expect("a file")
}

#[test]
fn a_file_is_placed_at_the_given_beat_with_its_own_tempo() {
    let snapshot = TimelineSnapshot::from_song(&file(), 16.0);
    let places: Vec<_> = snapshot.notes().iter().map(|n| (n.beats, n.length, n.beat_seconds, n.key)).collect();
    assert_eq!(places, [(17.0, 1.0, 1.0, 60), (18.0, 0.5, 0.5, 64)], "without the drums");
    assert_eq!(snapshot.pedals(), [Pedal { beats: 17.0, down: true }]);
    assert!(snapshot.needs("note", &built_in_keys()));
}

#[test]
fn a_note_is_found_by_position_channel_and_key() {
    let snapshot = snapshot();
    assert_eq!(snapshot.find(2.004, 0, 67).map(|n| snapshot.notes()[n].velocity), Some(60));
    assert_eq!(snapshot.find(2.02, 0, 67), None, "moved");
    assert_eq!(snapshot.find(2.0, 0, 65), None, "transposed");
    assert_eq!(snapshot.find(2.0, 1, 64), None, "on another channel");
}

#[test]
fn a_style_deviates_from_the_level_of_the_performance_by_its_own_spread() {
    let (snapshot, keys) = (snapshot(), built_in_keys());
    let expected = |beats, key| expected(&snapshot, &keys, StyleIndex::POP, beats, key);
    assert_eq!(expected(0.0, 60), Some(Expected { level: 60.0, deviation: 12.0 }));
    assert_eq!(expected(2.0, 64), Some(Expected { level: 60.0, deviation: -12.0 }));
}

#[test]
fn a_note_takes_24_bytes_and_4_in_each_style() {
    assert_eq!((size_of::<TimelineNote>(), size_of::<QuantisedExpectation>()), (24, 4));
}

#[test]
fn a_slot_plays_the_predictions_of_its_own_style_whatever_the_slot_was_before() {
    let mine = ("user:1".into(), column(&[9.0, 0.0, -9.0]));
    let snapshot = snapshot().restyled("note".into(), [mine]);
    let [first, second] = [0, 1].map(|slot| StyleIndex::from_slot(slot).unwrap());
    let mut keys = built_in_keys();
    keys[first.index()] = Some("user:1".into());
    keys[second.index()] = Some("user:2".into());
    let deviation = |keys: &StyleKeys, style| expected(&snapshot, keys, style, 0.0, 60).map(|e| e.deviation);
    assert_eq!(deviation(&keys, first), Some(18.0));
    assert_eq!(deviation(&keys, second), None, "its style has no predictions yet");
    assert_eq!(deviation(&keys, StyleIndex::JAZZ), Some(12.0), "the others stay");
    keys.swap(first.index(), second.index());
    assert_eq!((deviation(&keys, first), deviation(&keys, second)), (None, Some(18.0)));
    assert_eq!(deviation(&built_in_keys(), first), None, "an empty slot");
}

#[test]
fn the_columns_of_other_styles_stay_until_other_notes_or_another_model_make_them_wrong() {
    let mine = ("user:1".into(), column(&[9.0, 0.0, -9.0]));
    let snapshot = snapshot().restyled("note".into(), [mine]);
    let restyled = |model: &str| snapshot.restyled(model.into(), in_built_in_styles(&column(&[1.0, 2.0, 3.0])));
    assert_eq!(restyled("note").columns.len(), 4);
    assert_eq!(restyled("attention").columns.len(), 3);
    let kept = [Some(1), None];
    let edited = snapshot.edited(vec![note(0.0, 60, 50), note(1.0, 62, 50)], &kept, Vec::new());
    let mine = column_of(&edited, "user:1");
    assert_eq!([0, 1].map(|note| mine.get(note).is_known()), [true, false], "until the notes are restyled");
    assert_eq!(edited.restyled("note".into(), in_built_in_styles(&column(&[1.0, 2.0]))).columns.len(), 3);
}

#[test]
fn many_styles_one_after_the_other_leave_no_more_columns_than_an_instance_has_styles() {
    let mut snapshot = snapshot();
    for style in 0..100 {
        let mine = (format!("user:{style}").into(), column(&[9.0, 0.0, -9.0]));
        let predicted = in_built_in_styles(&column(&[6.0, -6.0, 0.0])).into_iter().chain([mine]);
        snapshot = snapshot.restyled("note".into(), predicted);
        assert_eq!(column_of(&snapshot, &format!("user:{style}")).known(), 3);
    }
    assert_eq!(snapshot.columns.len(), crate::style::MAX_STYLES);
    assert!(!snapshot.needs("note", &built_in_keys()));
}

#[test]
fn a_snapshot_reads_back_from_its_json() {
    let json = serde_json::to_string(&snapshot()).unwrap();
    assert_eq!(serde_json::from_str::<TimelineSnapshot>(&json).unwrap(), snapshot());
    let damaged = json.replace("0.5", "null");
    assert!(serde_json::from_str::<TimelineSnapshot>(&damaged).is_err());
    assert!(serde_json::from_str::<TimelineSnapshot>(&json.replace(",60,", ",200,")).unwrap().notes().len() < 3);
}

#[test]
fn beats_convert_to_seconds_by_the_tempo_of_each_note() {
    let mut slow = note(2.0, 64, 70);
    slow.beat_seconds = 1.0;
    let last = note(3.0, 64, 70);
    let pedals = vec![Pedal { beats: 1.0, down: true }, Pedal { beats: 2.5, down: false }];
    let snapshot = TimelineSnapshot::new(vec![note(0.0, 60, 50), slow, last], pedals);
    let (notes, pedals) = snapshot.performance();
    assert_eq!(notes.iter().map(|n| (n.onset, n.release)).collect::<Vec<_>>(), [(0.0, 0.25), (1.0, 1.5), (2.0, 2.25)]);
    assert_eq!(pedals, [(0.5, true), (1.5, false)]);
}

#[test]
fn changed_and_new_notes_and_styles_need_a_model() {
    let mut keys = built_in_keys();
    assert!(!snapshot().needs("note", &keys) && snapshot().needs("attention", &keys));
    let notes = vec![note(0.0, 60, 50), note(1.0, 60, 50)];
    assert!(snapshot().edited(notes, &[Some(0), None], Vec::new()).needs("note", &keys));
    assert!(!TimelineSnapshot::default().needs("note", &keys), "an empty snapshot needs no model");
    keys[StyleIndex::from_slot(3).unwrap().index()] = Some("user:1".into());
    assert!(snapshot().needs("note", &keys) && snapshot().needs_any_model(&keys), "a new style");
}

#[test]
fn a_take_moves_the_notes_of_a_chord_alike_and_take_0_as_predicted() {
    // At 120 beats a minute 40 ms are 0.08 beats.
    let notes = vec![note(2.0, 60, 70), note(2.03, 64, 70), note(2.07, 67, 70), note(3.0, 72, 70)];
    let late = Feel { shift: 0.1, stretch: -0.5, ..Feel::default() };
    let drift = Drift { sigma: 0.1, beats: 3.0, with_dynamics: 0.0 };
    let wander = Wander { shift: Some(drift), stretch: drift };
    let predicted = column(&[1.0; 4]).with_feel(vec![late.into(); 4]);
    let snapshot = TimelineSnapshot::new(notes, Vec::new());
    let snapshot = snapshot.restyled("note".into(), in_built_in_styles(&predicted.with_wander(Some(wander))));
    let (table, style) = (snapshot.column_table(&built_in_keys()), StyleBlend::only(StyleIndex::JAZZ));
    let feel = |take: u16| [0, 1, 2, 3].map(|note| snapshot.feel(note, &table, style, TakeSeed(take)));
    let late = Feel::from(QuantisedFeel::from(late));
    assert_eq!(feel(0), [late; 4]);
    let in_take = |take: u16, beats| late.in_take(&wander, TakeSeed(take), ChordPlace { beats, has_beats: true });
    for take in [1, 7] {
        let chord = in_take(take, 2.0);
        assert_eq!(feel(take), [chord, chord, chord, in_take(take, 3.0)]);
        assert!(chord.shift != late.shift && chord.stretch != late.stretch);
    }
    assert_ne!(feel(1), feel(7));
}
