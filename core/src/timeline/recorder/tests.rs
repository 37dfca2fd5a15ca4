use super::*;
use crate::note::Note;
use crate::style::{QuantisedExpectation, StyleColumn, built_in_keys};
use crate::timeline::snapshot::tests::{column_of, in_built_in_styles};
use proptest::prelude::*;

fn on(beats: f64, key: u8, velocity: u8) -> TimelineEvent {
    TimelineEvent::NoteOn { beats, beat_seconds: 0.5, channel: 0, key, velocity }
}

fn off(beats: f64, key: u8) -> TimelineEvent {
    TimelineEvent::NoteOff { beats, channel: 0, key }
}

fn pass(recorder: &mut TimelineRecorder, notes: &[(f64, u8, u8)], from: f64, to: f64) {
    let mut events: Vec<(f64, TimelineEvent)> = notes.iter().map(|&(b, k, v)| (b, on(b, k, v))).collect();
    events.extend(notes.iter().map(|&(b, k, _)| (b + 0.4, off(b + 0.4, k))));
    events.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (_, event) in events {
        recorder.record(&event);
    }
    recorder.record(&TimelineEvent::Traversed { from, to });
    recorder.record(&TimelineEvent::PassEnded);
}

fn notes(recorder: &mut TimelineRecorder) -> Vec<(f64, u8, u8)> {
    let snapshot = recorder.snapshot(&TimelineSnapshot::default());
    snapshot.notes().iter().map(|n| (n.beats, n.key, n.velocity)).collect()
}

const SONG: [(f64, u8, u8); 4] = [(0.0, 60, 50), (1.0, 62, 60), (1.0, 65, 61), (3.0, 64, 70)];

#[test]
fn repeating_a_pass_changes_nothing() {
    let mut recorder = TimelineRecorder::default();
    pass(&mut recorder, &SONG, 0.0, 4.0);
    assert_eq!(notes(&mut recorder), SONG);
    let moved_a_hair: Vec<_> = SONG.iter().map(|&(b, k, v)| (b + 0.003, k, v)).collect();
    pass(&mut recorder, &moved_a_hair, 0.0, 4.0);
    assert_eq!((recorder.changes(), notes(&mut recorder)), (0, SONG.to_vec()));
}

#[test]
fn a_loop_replaces_its_range_and_nothing_else() {
    let mut recorder = TimelineRecorder::default();
    pass(&mut recorder, &SONG, 0.0, 4.0);
    pass(&mut recorder, &[(1.0, 62, 99), (1.5, 70, 40)], 1.0, 2.0);
    assert_eq!(
        recorder.changes(),
        8 + 4,
        "4 new notes with their ends, then one louder, one new with its end, one removed"
    );
    assert_eq!(notes(&mut recorder), [(0.0, 60, 50), (1.0, 62, 99), (1.5, 70, 40), (3.0, 64, 70)]);
}

#[test]
fn an_edited_note_keeps_its_predictions_until_it_is_restyled() {
    let mut recorder = TimelineRecorder::default();
    pass(&mut recorder, &SONG, 0.0, 4.0);
    let column = StyleColumn::new(1.0, vec![QuantisedExpectation::new(3.0, 2.0); 4]);
    let played = recorder.snapshot(&TimelineSnapshot::default());
    let styled = played.restyled("note".into(), in_built_in_styles(&column));
    let mut recorder = TimelineRecorder::new(&styled);
    pass(&mut recorder, &[(0.0, 60, 90), (1.0, 63, 60), (1.0, 65, 61), (3.0, 64, 70)], 0.0, 4.0);
    let snapshot = recorder.snapshot(&styled);
    let jazz = column_of(&snapshot, "jazz");
    let known: Vec<_> = (0..).zip(snapshot.notes()).map(|(i, n)| (n.key, jazz.get(i).is_known())).collect();
    assert_eq!(known, [(60, true), (63, false), (65, true), (64, true)]);
    assert!(snapshot.needs("note", &built_in_keys()));
}

#[test]
fn a_note_held_when_the_song_stops_keeps_its_length() {
    let mut recorder = TimelineRecorder::default();
    pass(&mut recorder, &SONG, 0.0, 4.0);
    notes(&mut recorder);
    recorder.record(&on(3.0, 64, 70));
    recorder.record(&TimelineEvent::Traversed { from: 3.0, to: 3.1 });
    recorder.record(&TimelineEvent::PassEnded);
    assert_eq!(recorder.changes(), 0);
}

proptest! {
    #[test]
    fn after_a_pass_over_the_whole_song_the_snapshot_equals_its_notes(
        before in prop::collection::vec((0u32..160, 21u8..=108, 1u8..=127), 0..40),
        after in prop::collection::vec((0u32..160, 21u8..=108, 1u8..=127), 0..40),
    ) {
        // Positions in sixteenths of a beat, each key at most once at a position.
        let song = |notes: &[(u32, u8, u8)]| {
            let mut notes: Vec<_> = notes.iter().map(|&(b, k, v)| (f64::from(b) / 16.0, k, v)).collect();
            notes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            notes.dedup_by_key(|n| (n.0.to_bits(), n.1));
            notes
        };
        let mut recorder = TimelineRecorder::default();
        pass(&mut recorder, &song(&before), 0.0, 11.0);
        pass(&mut recorder, &song(&after), 0.0, 11.0);
        prop_assert_eq!(notes(&mut recorder), song(&after));
    }
}

/// A host's project that a user edits.
#[derive(Debug, Clone, Default)]
struct Project {
    /// Onset (in sixteenths of a beat) and key of each note, with its velocity and its length in sixteenths.
    notes: std::collections::BTreeMap<(u32, u8), (u8, u32)>,
    /// Pedal values by their positions in sixteenths of a beat.
    pedals: std::collections::BTreeMap<u32, u8>,
    slow: bool,
}

#[derive(Debug, Clone, Copy)]
enum Edit {
    Note { at: u32, key: u8, velocity: u8, length: u32 },
    Velocity { nth: usize, velocity: u8 },
    Length { nth: usize, length: u32 },
    Delete { nth: usize },
    Pedal { at: u32, value: u8 },
    NoPedal { nth: usize },
    Tempo { slow: bool },
}

/// Length of a project, in sixteenths of a beat.
const END: u32 = 160;

impl Project {
    fn edit(&mut self, edit: Edit) {
        let nth = |nth: usize| self.notes.keys().nth(nth % self.notes.len().max(1)).copied();
        match edit {
            Edit::Note { at, key, velocity, length } => drop(self.notes.insert((at, key), (velocity, length))),
            Edit::Velocity { nth: n, velocity } => {
                nth(n).into_iter().for_each(|note| self.notes.get_mut(&note).expect("it is there").0 = velocity);
            }
            Edit::Length { nth: n, length } => {
                nth(n).into_iter().for_each(|note| self.notes.get_mut(&note).expect("it is there").1 = length);
            }
            Edit::Delete { nth: n } => nth(n).into_iter().for_each(|note| self.notes.retain(|known, _| *known != note)),
            Edit::Pedal { at, value } => drop(self.pedals.insert(at, value)),
            Edit::NoPedal { nth: n } => {
                let at = self.pedals.keys().nth(n % self.pedals.len().max(1)).copied();
                at.into_iter().for_each(|at| self.pedals.retain(|known, _| *known != at));
            }
            Edit::Tempo { slow } => self.slow = slow,
        }
    }

    /// Plays a range of it, in sixteenths of a beat, at positions between two samples.
    fn play(&self, recorder: &mut TimelineRecorder, from: u32, to: u32) {
        let beats = |sixteenths: u32| f64::from(sixteenths) / 16.0 + 1.0 / 30_000.7;
        let beat_seconds = if self.slow { 0.75 } else { 0.5 };
        let is_passed = |at: &u32| (from..to).contains(at);
        let mut events: Vec<(u32, u8, TimelineEvent)> = Vec::new();
        for (&(at, key), &(velocity, length)) in self.notes.iter().filter(|(note, _)| is_passed(&note.0)) {
            events.push((at, 2, TimelineEvent::NoteOn { beats: beats(at), beat_seconds, channel: 0, key, velocity }));
            if is_passed(&(at + length)) {
                events.push((at + length, 0, off(beats(at + length), key)));
            }
        }
        for (&at, &value) in self.pedals.iter().filter(|(at, _)| is_passed(at)) {
            events.push((at, 1, TimelineEvent::Pedal(Pedal { beats: beats(at), down: value >= 64 })));
        }
        events.sort_by_key(|e| (e.0, e.1));
        let mut events = events.into_iter().peekable();
        for range in (from..to).step_by(4) {
            let end = (range + 4).min(to);
            while let Some((.., event)) = events.next_if(|e| e.0 < end) {
                recorder.record(&event);
            }
            recorder.record(&TimelineEvent::Traversed { from: beats(range), to: beats(end) });
        }
        recorder.record(&TimelineEvent::PassEnded);
    }
}

/// Gives each note a prediction that depends on the whole snapshot.
fn restyled(snapshot: &TimelineSnapshot) -> TimelineSnapshot {
    let (notes, pedals) = snapshot.performance();
    let whole: f64 = notes.iter().map(|n| n.onset + n.release + f64::from(n.key) + f64::from(n.velocity)).sum();
    let whole = whole + pedals.iter().map(|p| p.0 + f64::from(u8::from(p.1))).sum::<f64>();
    let of_note = |n: &Note| QuantisedExpectation::new((n.onset * 7.0 + whole).rem_euclid(40.0) as f32, 3.0);
    let column = StyleColumn::new(1.5, notes.iter().map(of_note).collect());
    snapshot.restyled("note".into(), in_built_in_styles(&column))
}

/// The next snapshot, as the inference thread makes it after a pass.
fn next_snapshot(recorder: &mut TimelineRecorder, snapshot: TimelineSnapshot) -> TimelineSnapshot {
    let snapshot = if recorder.changes() > 0 { recorder.snapshot(&snapshot) } else { snapshot };
    if snapshot.needs("note", &built_in_keys()) { restyled(&snapshot) } else { snapshot }
}

fn reopened(snapshot: &TimelineSnapshot) -> TimelineSnapshot {
    serde_json::from_str(&serde_json::to_string(snapshot).expect("JSON")).expect("a valid snapshot")
}

fn edits() -> impl Strategy<Value = Edit> {
    let (at, key, velocity, length) = (0..END, 58u8..64, 1u8..=127, 1u32..40);
    prop_oneof![
        4 => (at.clone(), key, velocity.clone(), length.clone())
            .prop_map(|(at, key, velocity, length)| Edit::Note { at, key, velocity, length }),
        2 => (any::<usize>(), velocity).prop_map(|(nth, velocity)| Edit::Velocity { nth, velocity }),
        2 => (any::<usize>(), length).prop_map(|(nth, length)| Edit::Length { nth, length }),
        2 => any::<usize>().prop_map(|nth| Edit::Delete { nth }),
        4 => (at, 0u8..=127).prop_map(|(at, value)| Edit::Pedal { at, value }),
        1 => any::<usize>().prop_map(|nth| Edit::NoPedal { nth }),
        1 => any::<bool>().prop_map(|slow| Edit::Tempo { slow }),
    ]
}

/// Edits, and then a pass from one sixteenth to another.
fn passes() -> impl Strategy<Value = Vec<(Vec<Edit>, u32, u32)>> {
    let span =
        prop_oneof![Just((0, END)), (0..END, 1..END).prop_map(|(from, length)| (from, (from + length).min(END)))];
    prop::collection::vec((prop::collection::vec(edits(), 0..6), span), 1..10)
        .prop_map(|passes| passes.into_iter().map(|(edits, (from, to))| (edits, from, to)).collect())
}

fn song_of_notes() -> impl Strategy<Value = Vec<Edit>> {
    prop::collection::vec(edits(), 5..40)
}

#[test]
fn an_edit_of_a_loaded_snapshot_is_restyled_like_any_other() {
    let mut song = Project::default();
    for at in 0..8 {
        song.edit(Edit::Note { at: at * 16, key: 60, velocity: 70, length: 8 });
    }
    song.edit(Edit::Pedal { at: 20, value: 127 });
    song.edit(Edit::Pedal { at: 40, value: 0 });
    let mut recorder = TimelineRecorder::default();
    song.play(&mut recorder, 0, END);
    let snapshot = next_snapshot(&mut recorder, TimelineSnapshot::default());
    for edit in [
        Edit::Velocity { nth: 3, velocity: 71 },
        Edit::Length { nth: 3, length: 7 },
        Edit::Delete { nth: 3 },
        Edit::NoPedal { nth: 1 },
        Edit::Tempo { slow: true },
    ] {
        let mut edited = song.clone();
        edited.edit(edit);
        let opened = reopened(&snapshot);
        let mut recorder = TimelineRecorder::new(&opened);
        edited.play(&mut recorder, 0, END);
        let snapshot = recorder.snapshot(&opened);
        assert!(snapshot.needs("note", &built_in_keys()) && snapshot.needs_any_model(&built_in_keys()), "{edit:?}");
        assert_ne!(restyled(&snapshot), snapshot, "{edit:?}");
    }
}

#[test]
fn a_continuous_pedal_moves_only_where_it_crosses_its_middle() {
    let stream = |recorder: &mut TimelineRecorder, from: u32| {
        // 500 messages a second, down for half of each beat, never the same value twice in a row.
        for message in from..4_000 {
            let beats = f64::from(message) / 1_000.0;
            let (half, value) = (message % 1_000 < 500, (message % 60) as u8);
            let value = if half { 64 + value } else { 63 - value };
            recorder.record(&TimelineEvent::Pedal(Pedal { beats, down: value >= 64 }));
            if message % 250 == 249 {
                recorder.record(&TimelineEvent::Traversed { from: beats - 0.249, to: beats + 0.001 });
            }
        }
        recorder.record(&TimelineEvent::PassEnded);
    };
    let mut recorder = TimelineRecorder::default();
    stream(&mut recorder, 0);
    assert_eq!(recorder.changes(), 8);
    let snapshot = recorder.snapshot(&TimelineSnapshot::default());
    let moves: Vec<_> = snapshot.pedals().iter().map(|p| (p.beats, p.down)).collect();
    assert_eq!(moves[..4], [(0.0, true), (0.5, false), (1.0, true), (1.5, false)]);
    assert_eq!(moves.len(), 8);
    let mut opened = TimelineRecorder::new(&reopened(&snapshot));
    for recorder in [&mut recorder, &mut opened] {
        for from in [0, 1_250, 1_750, 500] {
            stream(recorder, from);
            assert_eq!(recorder.changes(), 0, "repeated from {from}");
        }
    }
}

#[test]
fn a_pedal_that_trembles_about_its_middle_changes_nothing_on_the_second_pass() {
    let mut recorder = TimelineRecorder::default();
    for (pass, from) in [0, 0, 500, 130].into_iter().enumerate() {
        for message in from..1_000 {
            // The pedal crosses its middle slowly and trembles by three values.
            let value = 64.0 + 20.0 * (f64::from(message) / 80.0).sin() + f64::from(message % 3);
            let beats = f64::from(message) / 250.0;
            recorder.record(&TimelineEvent::Pedal(Pedal { beats, down: value >= 64.0 }));
            if message % 50 == 49 {
                recorder.record(&TimelineEvent::Traversed { from: beats - 0.196, to: beats + 0.004 });
            }
        }
        recorder.record(&TimelineEvent::PassEnded);
        assert_eq!(recorder.changes() > 0, pass == 0, "pass {pass}");
        recorder.snapshot(&TimelineSnapshot::default());
    }
}

#[test]
fn a_range_that_another_recorder_recorded_is_kept() {
    let mut recorder = TimelineRecorder::default();
    pass(&mut recorder, &SONG, 0.0, 4.0);
    let snapshot = recorder.snapshot(&TimelineSnapshot::default());
    for event in [on(0.0, 60, 50), TimelineEvent::Traversed { from: 0.0, to: 0.9 }, on(1.0, 62, 60)] {
        recorder.record(&event);
    }
    // Here the user undoes a change, which restores the snapshot.
    let mut recorder = recorder.replaced_by(&snapshot);
    for event in [
        on(1.0, 65, 61),
        TimelineEvent::Traversed { from: 0.9, to: 1.2 },
        TimelineEvent::Traversed { from: 1.2, to: 2.0 },
    ] {
        recorder.record(&event);
    }
    assert_eq!((recorder.changes(), notes(&mut recorder)), (0, SONG.to_vec()));
    recorder.record(&TimelineEvent::PassEnded);
    pass(&mut recorder, &SONG[2..], 0.9, 4.0);
    assert_eq!(notes(&mut recorder), [SONG[0], SONG[2], SONG[3]], "the next range removes notes again");
}

#[test]
fn the_cost_of_a_note_does_not_grow_with_the_length_of_the_song() {
    // Steps that a list of all notes would snapshot are squared: with these it would stand still for minutes.
    let song: Vec<(f64, u8, u8)> = (0..100_000).map(|i| (f64::from(i) / 8.0, 40 + (i % 50) as u8, 70)).collect();
    let shifted: Vec<_> = song.iter().map(|&(beats, key, velocity)| (beats + 0.05, key, velocity)).collect();
    let mut recorder = TimelineRecorder::default();
    for song in [&song, &shifted] {
        for (range, notes) in song.chunks(2).enumerate() {
            for &(beats, key, velocity) in notes {
                recorder.record(&TimelineEvent::Pedal(Pedal { beats, down: key % 2 == 0 }));
                recorder.record(&on(beats, key, velocity));
                recorder.record(&off(beats + 0.01, key));
            }
            let from = range as f64 / 4.0;
            recorder.record(&TimelineEvent::Traversed { from, to: from + 0.25 });
        }
        recorder.record(&TimelineEvent::PassEnded);
        assert_eq!(notes(&mut recorder), *song);
    }
}

/// Numbers that a host may send or a project may contain.
fn numbers() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => 0.0..100.0f64,
        1 => -1e16..1e16f64,
        1 => prop::sample::select(vec![
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN,
            -0.0,
            268_435_455.0,
            (1u64 << 52) as f64,
            -((1u64 << 52) as f64),
        ]),
    ]
}

fn events() -> impl Strategy<Value = TimelineEvent> {
    let note = (numbers(), numbers(), 0u8..16, 21u8..=108, 1u8..=127);
    prop_oneof![
        3 => note.prop_map(|(beats, beat_seconds, channel, key, velocity)| TimelineEvent::NoteOn {
            beats, beat_seconds, channel, key, velocity
        }),
        2 => (numbers(), 0u8..16, 0u8..=127).prop_map(|(beats, channel, key)| TimelineEvent::NoteOff { beats, channel, key }),
        1 => (numbers(), any::<bool>()).prop_map(|(beats, down)| TimelineEvent::Pedal(Pedal { beats, down })),
        1 => (numbers(), numbers()).prop_map(|(from, to)| TimelineEvent::Traversed { from, to }),
        1 => Just(TimelineEvent::PassEnded),
    ]
}

proptest! {
    #[test]
    fn edits_give_the_same_snapshot_with_and_without_reopening_the_project(
        song in song_of_notes(),
        passes in passes(),
    ) {
        let mut project = Project::default();
        song.into_iter().for_each(|edit| project.edit(edit));
        let mut going_on = TimelineRecorder::default();
        project.play(&mut going_on, 0, END);
        let mut snapshot = next_snapshot(&mut going_on, TimelineSnapshot::default());
        let mut opened = snapshot.clone();
        for (edits, from, to) in passes {
            edits.into_iter().for_each(|edit| project.edit(edit));
            project.play(&mut going_on, from, to);
            snapshot = next_snapshot(&mut going_on, snapshot);
            opened = reopened(&opened);
            let mut recorder = TimelineRecorder::new(&opened);
            project.play(&mut recorder, from, to);
            opened = next_snapshot(&mut recorder, opened);
            prop_assert_eq!(&opened, &snapshot);
        }
        // A pass over the whole project gives the same as a new recorder.
        project.play(&mut going_on, 0, END);
        snapshot = next_snapshot(&mut going_on, snapshot);
        let mut new = TimelineRecorder::default();
        project.play(&mut new, 0, END);
        let new = next_snapshot(&mut new, TimelineSnapshot::default());
        let struck = |snapshot: &TimelineSnapshot| -> Vec<_> { snapshot.notes().iter().map(|n| (n.beats, n.key, n.velocity)).collect() };
        prop_assert_eq!(struck(&snapshot), struck(&new));
        let moves = |snapshot: &TimelineSnapshot| snapshot.performance().1.iter().map(|p| p.1).collect::<Vec<_>>();
        prop_assert_eq!(moves(&snapshot), moves(&new));
    }

    #[test]
    fn any_events_give_a_valid_snapshot_that_can_be_saved(events in prop::collection::vec(events(), 0..60)) {
        let mut recorder = TimelineRecorder::default();
        events.iter().for_each(|event| recorder.record(event));
        let snapshot = recorder.snapshot(&TimelineSnapshot::default());
        let (notes, pedals) = snapshot.performance();
        prop_assert!(notes.iter().all(|n| n.onset.is_finite() && n.release.is_finite()));
        prop_assert!(pedals.iter().all(|p| p.0.is_finite()));
        prop_assert_eq!(&reopened(&snapshot), &snapshot);
        let mut again = TimelineRecorder::new(&snapshot);
        events.iter().for_each(|event| again.record(event));
        prop_assert!(again.snapshot(&snapshot).notes().len() >= snapshot.notes().len().min(1));
    }
}
