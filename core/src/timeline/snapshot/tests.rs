use super::*;

fn note(beats: f64, key: u8, velocity: u8, mean: f32) -> TimelineNote {
    let expected = Some([QuantisedExpectation::new(mean, 4.0); 3]);
    TimelineNote { beats, length: 0.5, beat_seconds: 0.5, channel: 0, key, velocity, expected }
}

fn snapshot() -> TimelineSnapshot {
    let notes = vec![note(2.0, 64, 70, -6.0), note(0.0, 60, 50, 6.0), note(2.0, 67, 60, 0.0)];
    TimelineSnapshot::new("note".into(), [2.0; 3], notes, vec![Pedal { beats: 1.0, down: true }])
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
        &[0x30, 0x80, 64, 0, 0x00, 0x89, 38, 0, 0x00, 0xFF, 0x2F, 0x00],
    ]
    .concat();
    let mut bytes = b"MThd\0\0\0\x06\0\0\0\x01\0\x60MTrk".to_vec();
    bytes.extend((events.len() as u32).to_be_bytes());
    bytes.extend(events);
    Song::parse(bytes).expect("a file")
}

#[test]
fn a_file_is_placed_at_the_given_beat_with_its_own_tempo() {
    let snapshot = TimelineSnapshot::from_song(&file(), 16.0);
    let places: Vec<_> = snapshot.notes().iter().map(|n| (n.beats, n.length, n.beat_seconds, n.key)).collect();
    assert_eq!(places, [(17.0, 1.0, 1.0, 60), (18.0, 0.5, 0.5, 64)], "without the drums");
    assert_eq!(snapshot.pedals(), [Pedal { beats: 17.0, down: true }]);
    assert!(snapshot.needs("note"));
}

#[test]
fn a_note_is_found_by_position_channel_and_key() {
    let snapshot = snapshot();
    assert_eq!(snapshot.find(2.004, 0, 67).map(|n| n.velocity), Some(60));
    assert_eq!(snapshot.find(2.02, 0, 67), None, "moved");
    assert_eq!(snapshot.find(2.0, 0, 65), None, "transposed");
    assert_eq!(snapshot.find(2.0, 1, 64), None, "on another channel");
}

#[test]
fn a_style_deviates_from_the_level_of_the_performance_by_its_own_spread() {
    let snapshot = snapshot();
    let style = StyleBlend::only(Genre::Pop);
    let expected = |beats, key| snapshot.expected(snapshot.find(beats, 0, key).unwrap(), style, TakeSeed(0)).unwrap();
    assert_eq!(expected(0.0, 60), Expected { level: 60.0, deviation: 12.0 });
    assert_eq!(expected(2.0, 64), Expected { level: 60.0, deviation: -12.0 });
}

#[test]
fn a_note_has_32_bytes() {
    assert_eq!(size_of::<TimelineNote>(), 32);
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
    let mut slow = note(2.0, 64, 70, 0.0);
    slow.beat_seconds = 1.0;
    let last = note(3.0, 64, 70, 0.0);
    let pedals = vec![Pedal { beats: 1.0, down: true }, Pedal { beats: 2.5, down: false }];
    let snapshot = TimelineSnapshot::new(String::new(), [1.0; 3], vec![note(0.0, 60, 50, 0.0), slow, last], pedals);
    let (notes, pedals) = snapshot.performance();
    assert_eq!(notes.iter().map(|n| (n.onset, n.release)).collect::<Vec<_>>(), [(0.0, 0.25), (1.0, 1.5), (2.0, 2.25)]);
    assert_eq!(pedals, [(0.5, true), (1.5, false)]);
}

#[test]
fn changed_and_new_notes_need_a_model() {
    assert!(!snapshot().needs("note") && snapshot().needs("attention"));
    let mut notes = snapshot().notes().to_vec();
    notes[1].expected = None;
    assert!(TimelineSnapshot::new("note".into(), [1.0; 3], notes, Vec::new()).needs("note"));
    assert!(!TimelineSnapshot::default().needs("note"), "an empty snapshot needs no model");
}
