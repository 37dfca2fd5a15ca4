//! What the log keeps of events, predictions, resets and activations.

use super::*;
use crate::inference_thread::Predictor;
use tonenet_core::scheduler::SchedulerConfig;
use tonenet_core::style::mixing::Prediction;
use tonenet_inference::embedded::EmbeddedModel;

const RATE: f64 = 1_000.0;

fn session(scheduler: SchedulerConfig) -> SessionConfig {
    let predictor = Predictor { model: EmbeddedModel::Note, condition_on_player: false };
    SessionConfig { sample_rate: RATE, longest_block: 480, scheduler, predictor }
}

fn look_ahead() -> SessionConfig {
    session(SchedulerConfig { latency: 500, policy: RequestPolicy::EveryHop(125) })
}

fn log(config: &SessionConfig) -> (Arc<PlayedNotes>, PlayedNotesWriter) {
    let shared = Arc::<PlayedNotes>::default();
    shared.begin_session(config);
    (shared.clone(), PlayedNotesWriter::new(shared))
}

fn on(id: u64, time: SampleTime, key: u8) -> InputEvent {
    InputEvent::NoteOn {
        id: NoteId(id),
        time,
        position: time as f64 / 125.0,
        beats: None,
        beat_seconds: 0.5,
        channel: 0,
        key,
        velocity: 64,
        style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::POP, share_of_b: 0.5 },
        take: TakeSeed(0),
    }
}

fn off(time: SampleTime, key: u8) -> InputEvent {
    InputEvent::NoteOff { time, position: time as f64 / 125.0, beats: None, channel: 0, key }
}

fn term(deviation: f32) -> Option<StyleTerm> {
    Some(StyleTerm { prediction: Prediction { deviation, spread: 0.0 }, gain: 1.0, centre: 0.0 })
}

fn copy(shared: &PlayedNotes) -> Vec<PlayedNote> {
    let mut part = PlayedPart::default();
    shared.update(&mut part);
    part.notes
}

#[test]
fn a_note_is_logged_with_its_length_its_voice_and_its_prediction() {
    let (shared, mut writer) = log(&look_ahead());
    writer.push_event(on(0, 125, 60), None);
    writer.push_event(on(1, 130, 72), None);
    writer.push_event(off(375, 60), None);
    writer.predicted(NoteId(0), 60.0, [term(8.0), term(-8.0)], Feel::default(), 200);
    let notes = copy(&shared);
    assert_eq!((notes[0].onset, notes[0].length, notes[1].length), (0.125, Some(0.25), None));
    assert!(!notes[0].voice.is_highest && notes[1].voice.is_highest);
    let expected = |share_of_b| {
        notes[0].expected(StyleBlend { share_of_b, ..notes[0].style }, TakeSeed(0)).map(|expected| expected.deviation)
    };
    assert_eq!([0.0, 0.5, 1.0].map(expected), [8.0, 0.0, -8.0].map(Some), "any blend of its two styles");
    let other = StyleBlend::only(StyleIndex::CLASSICAL);
    assert!(!notes[0].is_predicted_in(other));
    assert_eq!(
        notes[0].expected(other, TakeSeed(3)),
        notes[0].expected(notes[0].style, TakeSeed(0)),
        "as it was played"
    );
    assert_eq!(notes[1].expected(other, TakeSeed(0)), None, "nothing is predicted yet");
}

#[test]
fn a_note_keeps_the_feel_of_its_styles_and_its_written_place() {
    let (shared, mut writer) = log(&look_ahead());
    let InputEvent::NoteOn { id, time, position, beat_seconds, channel, key, velocity, style, take, .. } =
        on(0, 125, 60)
    else {
        unreachable!()
    };
    let beats = Some(-0.25);
    let on = InputEvent::NoteOn { id, time, position, beats, beat_seconds, channel, key, velocity, style, take };
    writer.push_event(on, None);
    let note = copy(&shared)[0];
    let place = WrittenPlace { beat_phase: Some(0.75), beat_samples: 500.0, sample_rate: RATE };
    assert_eq!((note.feel, note.written_place(RATE)), (Feel::default(), place));
    let feel = Feel { shift: 0.1, stretch: -0.2, ..Feel::default() };
    writer.predicted(NoteId(0), 60.0, [term(8.0), None], feel, 200);
    assert_eq!(copy(&shared)[0].feel, feel);
    assert_eq!(PlayedNote { beats: None, ..note }.written_place(RATE).beat_phase, None, "no song, no beats");
}

#[test]
fn a_prediction_after_the_note_was_played_is_late() {
    for (heard_to, late) in [(600, false), (601, true)] {
        let (shared, mut writer) = log(&look_ahead());
        writer.push_event(on(0, 100, 60), None);
        writer.predicted(NoteId(0), 60.0, [term(8.0), None], Feel::default(), heard_to);
        let prediction = copy(&shared)[0].prediction;
        assert!(matches!(prediction, PlayedPrediction::Predicted { is_late, .. } if is_late == late), "{prediction:?}");
    }
}

#[test]
fn a_mode_without_latency_keeps_what_was_known_when_the_note_arrived() {
    let zero = session(SchedulerConfig { latency: 0, policy: RequestPolicy::Deferred(100) });
    let (shared, mut writer) = log(&zero);
    let known = Expected { level: 60.0, deviation: 5.0 };
    writer.push_event(on(0, 100, 60), Some(known));
    writer.push_event(on(1, 200, 60), None);
    writer.predicted(NoteId(0), 60.0, [term(30.0), None], Feel::default(), 200);
    let expected: Vec<_> = copy(&shared).iter().map(|note| note.expected(note.style, note.take)).collect();
    assert_eq!(expected, [Some(known), None]);
}

#[test]
fn time_goes_on_through_resets_and_activations() {
    let (shared, mut writer) = log(&look_ahead());
    writer.push_event(on(0, 1_000, 60), None);
    writer.restart();
    writer.push_event(on(1, 500, 62), None);
    shared.begin_session(&look_ahead());
    let mut writer = PlayedNotesWriter::new(shared.clone());
    writer.push_event(on(0, 250, 64), None);
    writer.predicted(NoteId(0), 60.0, [term(8.0), None], Feel::default(), 300);
    writer.set_audio_time(300);
    let notes = copy(&shared);
    assert_eq!(notes.iter().map(|note| note.onset).collect::<Vec<_>>(), [1.0, 1.5, 1.75]);
    let is_waiting = |note: &PlayedNote| note.prediction == PlayedPrediction::Waiting;
    assert_eq!(notes.iter().map(is_waiting).collect::<Vec<_>>(), [true, true, false], "ids count from 0 again");
    assert_eq!(notes[0].length, Some(0.0), "its note-off is lost");
    assert!((shared.now() - 1.8).abs() < 1e-9);
}

#[test]
fn keys_that_lost_their_note_off_are_up_after_a_stop_or_all_notes_off() {
    for channel in [None, Some(0)] {
        let (shared, mut writer) = log(&look_ahead());
        writer.push_event(on(0, 0, 84), None);
        writer.keys_up(250, Some(3));
        writer.keys_up(500, channel);
        writer.push_event(on(1, 1_000, 60), None);
        let notes = copy(&shared);
        assert_eq!((notes[0].length, notes[1].length), (Some(0.5), None), "{channel:?}");
        assert!(notes[1].voice.is_highest, "{channel:?}");
    }
}

#[test]
fn updates_wait_while_the_window_reads() {
    let (shared, mut writer) = log(&look_ahead());
    let reading = shared.log.lock();
    writer.push_event(on(0, 100, 60), None);
    drop(reading);
    assert!(copy(&shared).is_empty());
    writer.set_audio_time(110);
    assert_eq!(copy(&shared).len(), 1);
}

#[test]
fn a_copy_is_made_only_when_something_has_changed_and_the_oldest_notes_go_first() {
    let (shared, mut writer) = log(&look_ahead());
    let mut part = PlayedPart::default();
    assert!(shared.update(&mut part) && !shared.update(&mut part));
    for id in 0..MAX_PLAYED as u64 + 10 {
        writer.push_event(on(id, id, 60), None);
        writer.push_event(off(id, 60), None);
    }
    assert!(shared.update(&mut part));
    assert_eq!((part.notes.len(), part.notes[0].onset), (MAX_PLAYED, 0.01));
    assert_eq!(part.look_ahead, 0.5);
}
