//! What the view shows of what was played and of what Timeline remembers, and that settings redraw it at once.

use tonenet_core::dynamics::Expression;
use tonenet_core::feel::{Feel, FeelControls, Swing};
use tonenet_core::scheduler::{NoteId, RequestPolicy, SchedulerConfig, WindowLength};
use tonenet_core::scope::{Scope, ScopePart};
use tonenet_core::style::mixing::{Prediction, StyleTerm};
use tonenet_core::style::{QuantisedExpectation, StyleBlend, StyleColumn, StyleIndex, TakeSeed};
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_core::window::InputEvent;
use tonenet_engine::SessionConfig;
use tonenet_engine::inference_thread::Predictor;
use tonenet_engine::played_notes::PlayedNotesWriter;
use tonenet_inference::embedded::EmbeddedModel;

use super::super::WrittenNote;
use super::*;

const RATE: f64 = 1_000.0;
const WINDOW: Mode = Mode::Window(WindowLength::OneBeat);

/// An instance that holds notes for half a second.
#[derive(Default)]
struct Playing {
    played: Arc<PlayedNotes>,
    timeline: TimelineStore,
    styles: StyleStore,
    source: PerformanceSource,
}

impl Playing {
    fn new(policy: RequestPolicy, latency: u32) -> (Self, PlayedNotesWriter) {
        let playing = Self::default();
        let scheduler = SchedulerConfig { latency, policy };
        let predictor = Predictor { model: EmbeddedModel::Note, condition_on_player: false };
        playing.played.begin_session(&SessionConfig { sample_rate: RATE, longest_block: 480, scheduler, predictor });
        let writer = PlayedNotesWriter::new(playing.played.clone());
        (playing, writer)
    }

    fn view(&mut self, moment: &Moment) -> PerformanceView {
        let Self { played, timeline, styles, source } = self;
        source.view(Stores { played, timeline, styles }, moment)
    }
}

fn moment(mode: Mode) -> Moment {
    let settings = Settings {
        style: StyleBlend::only(StyleIndex::JAZZ),
        take: TakeSeed(0),
        expression: Expression::default(),
        scope: Scope::ALL,
        model: EmbeddedModel::Note,
        condition_on_player: false,
        feel: FeelControls::OFF,
        bypass: false,
        compare: false,
    };
    Moment { settings, mode, bars: Bars::default(), position: None, clock: 0.0 }
}

fn on(id: u64, time: u64, key: u8) -> InputEvent {
    InputEvent::NoteOn {
        id: NoteId(id),
        time,
        position: time as f64 / 125.0,
        beats: Some(8.0 + time as f64 / 500.0),
        beat_seconds: 0.5,
        channel: 0,
        key,
        velocity: 64,
        style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::POP, share_of_b: 0.5 },
        take: TakeSeed(0),
    }
}

fn term(deviation: f32) -> Option<StyleTerm> {
    Some(StyleTerm { prediction: Prediction { deviation, spread: 2.0 }, gain: 1.0, centre: 0.0 })
}

fn restyled(view: &PerformanceView) -> Vec<Option<u8>> {
    view.notes.iter().map(|note| note.restyled).collect()
}

#[test]
fn a_played_note_shows_what_the_present_settings_make_of_it() {
    let (mut playing, mut writer) = Playing::new(RequestPolicy::EveryHop(125), 500);
    writer.push_event(on(0, 100, 60), None);
    let now = moment(WINDOW);
    assert_eq!(playing.view(&now).notes[0].state, NoteState::Waiting);
    writer.predicted(NoteId(0), 60.0, [term(10.0), term(-10.0)], Feel::default(), 200);
    let with = |change: &dyn Fn(&mut Settings)| {
        let mut moment = now;
        change(&mut moment.settings);
        moment
    };
    assert_eq!(restyled(&playing.view(&now)), [Some(70)]);
    assert_eq!(restyled(&playing.view(&with(&|s| s.expression.amount = 0.5))), [Some(67)]);
    assert_eq!(restyled(&playing.view(&with(&|s| s.style = StyleBlend::only(StyleIndex::POP)))), [Some(50)]);
    let classical = playing.view(&with(&|s| s.style = StyleBlend::only(StyleIndex::CLASSICAL)));
    assert_eq!(restyled(&classical), [Some(60)], "in the styles that it was played in");
    assert_eq!(classical.notes[0].style.share_of_b, 0.5);
    for change in
        [|s: &mut Settings| s.bypass = true, |s: &mut Settings| s.scope.low = 61, |s: &mut Settings| s.compare = true]
    {
        let view = playing.view(&with(&change));
        assert_eq!((restyled(&view), view.notes[0].state), (vec![None], NoteState::Kept));
    }
}

/// A note of half a second on an off-beat, which the style plays a tenth of a beat late and half as long.
fn felt(policy: RequestPolicy, latency: u32) -> (Playing, PlayedNotesWriter) {
    let (playing, mut writer) = Playing::new(policy, latency);
    writer.push_event(on(0, 1_250, 60), None);
    writer.push_event(InputEvent::NoteOff { time: 1_750, position: 14.0, beats: None, channel: 0, key: 60 }, None);
    let feel = Feel { shift: 0.1, chord_offset: -0.1, stretch: 0.5_f32.ln(), ..Feel::default() };
    writer.predicted(NoteId(0), 60.0, [term(10.0), term(-10.0)], feel, 1_255);
    (playing, writer)
}

/// Where the note is played and how long it is, to the millisecond, and whether its written place is shown.
fn played(view: &PerformanceView) -> (f64, Option<f64>, bool) {
    let thousandth = |seconds: f64| (seconds * 1e3).round() / 1e3;
    let note = &view.notes[0];
    (thousandth(note.onset), note.length.map(thousandth), note.written.is_some())
}

#[test]
fn a_moved_note_shows_its_played_place_and_keeps_its_written_one() {
    let (mut playing, _writer) = felt(RequestPolicy::EveryHop(125), 500);
    let mut with = |change: &dyn Fn(&mut FeelControls)| {
        let mut moment = moment(WINDOW);
        change(&mut moment.settings.feel);
        playing.view(&moment)
    };
    assert_eq!(played(&with(&|_| ())), (1.25, Some(0.5), false), "off");
    let late = with(&|feel| feel.timing = 1.0);
    assert_eq!(played(&late), (1.3, Some(0.5), true));
    assert_eq!(late.notes[0].written, Some(WrittenNote { onset: 1.25, length: Some(0.5) }));
    assert_eq!(
        played(&with(&|feel| feel.swing = Swing::At(0.75))),
        (1.375, Some(0.5), true),
        "beat 10.5 becomes 10.75"
    );
    assert_eq!(played(&with(&|feel| feel.articulation = 1.0)), (1.25, Some(0.25), true));
    assert_eq!(played(&with(&|feel| feel.chord_spread = 0.5)), (1.2, Some(0.5), true), "it leads");
}

#[test]
fn a_mode_without_much_latency_never_shows_a_note_earlier_or_shorter_than_it_can_play_it() {
    let (mut playing, _writer) = felt(RequestPolicy::EveryHop(5), 10);
    let mut moment = moment(Mode::Live);
    moment.settings.feel = FeelControls { articulation: 1.0, chord_spread: 1.0, ..FeelControls::OFF };
    assert_eq!(played(&playing.view(&moment)), (1.25, Some(0.5), false));
    moment.settings.feel.timing = 1.0;
    moment.settings.feel.chord_spread = 0.0;
    assert_eq!(played(&playing.view(&moment)), (1.3, Some(0.45), true), "later, and as short as its end allows");
}

#[test]
fn a_note_that_keeps_its_velocity_keeps_its_place() {
    let (mut playing, _writer) = felt(RequestPolicy::EveryHop(125), 500);
    for change in [|s: &mut Settings| s.bypass = true, |s: &mut Settings| s.compare = true] {
        let mut moment = moment(WINDOW);
        moment.settings.feel = FeelControls { timing: 1.0, ..FeelControls::OFF };
        change(&mut moment.settings);
        assert_eq!(played(&playing.view(&moment)), (1.25, Some(0.5), false));
    }
}

#[test]
fn a_late_note_was_played_as_it_came_and_time_stands_still_some_seconds_after_the_last() {
    let (mut playing, mut writer) = Playing::new(RequestPolicy::EveryHop(125), 500);
    let now = moment(WINDOW);
    assert_eq!(playing.view(&now).now, None, "nothing was played");
    writer.push_event(on(0, 1_000, 60), None);
    writer.push_event(InputEvent::NoteOff { time: 1_500, position: 12.0, beats: None, channel: 0, key: 60 }, None);
    writer.predicted(NoteId(0), 60.0, [term(10.0), None], Feel::default(), 1_600);
    writer.set_audio_time(2_000);
    let view = playing.view(&now);
    assert_eq!((view.notes[0].state, view.notes[0].restyled), (NoteState::Late, None));
    assert_eq!((view.now, view.is_moving, view.look_ahead), (Some(2.0), true, 0.5));
    let bars: Vec<f64> = view.grid.iter().filter(|line| line.bar.is_some()).map(|line| line.place).collect();
    assert_eq!(bars, [2.0, 4.0], "bars 4 and 5 after beat 10 at the first second");
    let later = Moment { clock: 0.5, ..now };
    assert!(!playing.view(&later).is_moving, "the host has stopped its audio");
    writer.set_audio_time(2_100);
    assert!(playing.view(&later).is_moving, "it goes on");
    writer.set_audio_time(60_000);
    let view = playing.view(&later);
    assert_eq!((view.now, view.is_moving), (Some(6.0), false));
}

#[test]
fn timeline_shows_the_whole_song_and_the_notes_that_are_new_in_it() {
    let (mut playing, mut writer) = Playing::new(RequestPolicy::Deferred(125), 0);
    let note = |beats: f64, key| TimelineNote { beats, length: 1.0, beat_seconds: 0.5, channel: 0, key, velocity: 64 };
    let snapshot = TimelineSnapshot::new(vec![note(0.0, 48), note(0.0, 72), note(9.0, 60)], Vec::new());
    let column = StyleColumn::new(1.0, [12.0, -8.0, -4.0].map(|d| QuantisedExpectation::new(d, 2.0)).into());
    playing.timeline.replace(snapshot.restyled("note".into(), [("jazz".into(), column)]));
    let now = Moment { position: Some(9.0), ..moment(Mode::Timeline) };
    let view = playing.view(&now);
    assert_eq!((view.axis, view.now, view.is_moving), (Axis::Song, Some(9.0), true));
    assert!(playing.view(&Moment { clock: 0.2, ..now }).is_moving, "within a long block");
    assert!(!playing.view(&Moment { clock: 0.3, ..now }).is_moving, "it stands still");
    assert_eq!(restyled(&view), [Some(76), Some(56), Some(60)]);
    let mut melody = now;
    melody.settings.scope = Scope { part: ScopePart::Melody, ..Scope::ALL };
    assert_eq!(restyled(&playing.view(&melody)), [None, Some(56), Some(60)]);
    let mut other = now;
    other.settings.style = StyleBlend::only(StyleIndex::POP);
    assert!(playing.view(&other).notes.iter().all(|note| note.state == NoteState::Waiting));

    writer.push_event(on(0, 500, 60), None);
    writer.push_event(on(1, 600, 65), None);
    let view = playing.view(&now);
    let states: Vec<(u8, NoteState)> = view.notes.iter().map(|note| (note.key, note.state)).collect();
    assert_eq!(&states[2..], [(60, NoteState::Restyled), (65, NoteState::New)], "only what is not remembered is new");
    writer.set_audio_time(1_000);
    playing.timeline.replace(TimelineSnapshot::default());
    assert!(playing.view(&now).notes.is_empty());
}
