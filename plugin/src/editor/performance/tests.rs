//! The performance view as a user sees it: what is in sight, what a note is said to be, and what the hand can do.

mod any_data;
mod viewport;

use std::sync::Arc;

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, MouseWheelUnit, Pos2, TouchPhase, Vec2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_engine::status::Status;

use super::*;
use crate::editor::{Action, Dial, DialGesture, View};
use crate::params::ToneNetParams;

const SIZE: Vec2 = vec2(960.0, 420.0);
const ROLL: &str = "Piano roll";
const LANE: &str = "Velocity lane";
const FLOOR: &str = "Floor of the velocity lane";
const CEILING: &str = "Ceiling of the velocity lane";

/// A note of half a unit on C4, 64 played and 81 restyled.
fn note(onset: f64) -> NoteView {
    NoteView {
        onset,
        length: Some(0.5),
        written: None,
        key: 60,
        own: 64,
        restyled: Some(81),
        level: Some(70.0),
        state: NoteState::Restyled,
        style: StyleBlend::only(StyleIndex::JAZZ),
        take: TakeSeed(3),
    }
}

/// A performance in beats with a bar every four of them.
fn song(notes: Vec<NoteView>) -> PerformanceView {
    let line = |beat: i32| GridLine { place: beat.into(), bar: (beat % 4 == 0).then_some(beat / 4 + 1) };
    PerformanceView {
        axis: Axis::Song,
        notes: notes.into(),
        grid: (0..800).map(line).collect(),
        floor: 20,
        ceiling: 110,
        ..PerformanceView::default()
    }
}

/// Ninety-nine notes, a beat apart.
fn long_song() -> PerformanceView {
    song((0..99).map(|beat| note(beat.into())).collect())
}

fn view(performance: PerformanceView) -> View {
    let status = Arc::<Status>::default();
    View { performance, ..View::new(&ToneNetParams::new(status.clone()), &status) }
}

/// The window's part of the work: it keeps what the user sees, and lists all other actions.
struct Window {
    view: View,
    actions: Vec<Action>,
}

fn harness(performance: PerformanceView) -> Harness<'static, Window> {
    let draw = |ui: &mut egui::Ui, window: &mut Window| {
        let mut actions = Vec::new();
        panel(ui, &window.view, &mut actions);
        for action in actions {
            match action {
                Action::Viewport(viewport) => window.view.viewport = viewport,
                other => window.actions.push(other),
            }
        }
    };
    let window = Window { view: view(performance), actions: Vec::new() };
    let mut harness = Harness::builder().with_size(SIZE).with_step_dt(1.0 / 60.0).build_ui_state(draw, window);
    harness.run_steps(2);
    harness
}

impl Window {
    /// The stretch of time in sight.
    fn time(&self) -> (f64, f64) {
        let time = self.view.viewport.in_sight(&self.view.performance).time;
        (time.start(), time.length())
    }

    /// The keys in sight.
    fn keys(&self) -> (f64, f64) {
        let keys = self.view.viewport.in_sight(&self.view.performance).keys;
        (keys.start(), keys.length())
    }
}

fn rect(harness: &Harness<'_, Window>, label: &str) -> egui::Rect {
    harness.get_by_label_contains(label).rect()
}

/// Where a time lies on the screen.
fn x(harness: &Harness<'_, Window>, time: f64) -> f32 {
    let (rect, (start, length)) = (rect(harness, ROLL), harness.state().time());
    rect.left() + ((time - start) / length) as f32 * rect.width()
}

/// Where C4 lies on the screen.
fn y_of_c4(harness: &Harness<'_, Window>) -> f32 {
    let (rect, (lowest, keys)) = (rect(harness, ROLL), harness.state().keys());
    rect.bottom() - ((60.5 - lowest) / keys) as f32 * rect.height()
}

fn wheel(harness: &mut Harness<'_, Window>, at: Pos2, delta: Vec2, modifiers: Modifiers) {
    harness.hover_at(at);
    harness.run_steps(1);
    harness.event_modifiers(
        Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta,
            phase: TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers,
        },
        modifiers,
    );
    harness.run_steps(30);
}

fn drag(harness: &mut Harness<'_, Window>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.run_steps(1);
    harness.drag_at(from);
    harness.run_steps(1);
    for step in 1..=4 {
        harness.hover_at(from + (to - from) * (step as f32 / 4.0));
        harness.run_steps(1);
    }
    harness.drop_at(to);
    harness.run_steps(2);
}

fn tooltip(performance: PerformanceView, at: impl Fn(&Harness<'_, Window>) -> Pos2) -> Option<String> {
    let mut harness = harness(performance);
    let place = at(&harness);
    harness.hover_at(place);
    harness.run_steps(3);
    let tooltip = harness.query_by_label_contains(" \u{b7} ")?.accesskit_node();
    tooltip.label().or(tooltip.value())
}

fn on_c4(harness: &Harness<'_, Window>, time: f64) -> Pos2 {
    pos2(x(harness, time), y_of_c4(harness))
}

fn tooltip_of(note: NoteView) -> String {
    let time = note.onset + 0.2;
    tooltip(song(vec![note]), |harness| on_c4(harness, time)).expect("the pointer is on the note")
}

#[test]
fn the_pointer_reads_key_bar_velocities_style_and_take() {
    let third_beat_of_bar_2 = note(6.0);
    assert_eq!(tooltip_of(third_beat_of_bar_2), "C4 \u{b7} bar 2.3 \u{b7} 64 \u{2192} 81 \u{b7} Jazz \u{b7} take 3");
    let style = StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::POP, share_of_b: 0.4 };
    let blended = NoteView { style, take: TakeSeed(0), ..note(0.0) };
    let text = "C4 \u{b7} bar 1.1 \u{b7} 64 \u{2192} 81 \u{b7} Jazz 60 %, Pop 40 % \u{b7} average";
    assert_eq!(tooltip_of(blended), text);
}

#[test]
fn the_pointer_reads_why_a_note_keeps_its_velocity() {
    for (state, restyled, text) in [
        (NoteState::Kept, None, "64, own velocity kept"),
        (NoteState::Late, Some(90), "64, own velocity kept: the prediction came too late"),
        (NoteState::New, None, "64, own velocity kept: new to ToneNet"),
        (NoteState::Waiting, None, "64, waiting for the model"),
    ] {
        assert_eq!(tooltip_of(NoteView { state, restyled, ..note(0.0) }), format!("C4 \u{b7} bar 1.1 \u{b7} {text}"));
    }
    let guessed = tooltip_of(NoteView { state: NoteState::New, ..note(0.0) });
    assert!(guessed.contains("64 \u{2192} 81, new: from what this key got before"), "{guessed}");
}

#[test]
fn the_pointer_reads_where_a_moved_note_is_written_and_how_it_is_played() {
    let text = |moved: NoteView| {
        let seconds = PerformanceView { axis: Axis::Seconds, ..song(vec![moved]) };
        let text = tooltip(seconds, |harness| on_c4(harness, moved.onset + 0.2)).expect("the pointer is on the note");
        text.split(" \u{b7} ").nth(1).unwrap().to_owned()
    };
    let written = |onset, length| Some(WrittenNote { onset, length });
    let late = NoteView { onset: 4.023, length: Some(0.4), written: written(4.0, Some(0.5)), ..note(0.0) };
    assert_eq!(text(late), "written bar 2.1, played 23 ms later, 80 % of its length");
    let early = NoteView { onset: 3.96, written: written(4.0, Some(0.5)), ..note(0.0) };
    assert_eq!(text(early), "written bar 2.1, played 40 ms earlier");
    let longer = NoteView { written: written(4.0, Some(0.25)), ..note(4.0) };
    assert_eq!(text(longer), "written bar 2.1, played there, 200 % of its length");
}

#[test]
fn the_pointer_finds_a_note_in_the_lane_by_either_velocity_and_none_elsewhere() {
    let at = |velocity: f32| {
        move |harness: &Harness<'_, Window>| {
            let lane = rect(harness, LANE);
            pos2(x(harness, 4.0), super::lane::y(lane, velocity))
        }
    };
    let performance = || song(vec![note(4.0)]);
    for velocity in [64.0, 81.0] {
        assert!(tooltip(performance(), at(velocity)).is_some_and(|text| text.contains("64 \u{2192} 81")), "{velocity}");
    }
    assert_eq!(tooltip(performance(), at(35.0)), None);
    assert_eq!(tooltip(performance(), |harness| on_c4(harness, 6.0)), None);
}

#[test]
fn where_there_is_no_grid_a_note_has_a_time() {
    let seconds = PerformanceView { axis: Axis::Seconds, grid: Arc::default(), ..song(vec![note(2.5)]) };
    let text = tooltip(seconds, |harness| on_c4(harness, 2.7));
    assert!(text.as_ref().is_some_and(|text| text.starts_with("C4 \u{b7} 2.5 s")), "{text:?}");
    let beats = PerformanceView { grid: Arc::default(), ..song(vec![note(2.5)]) };
    let text = tooltip(beats, |harness| on_c4(harness, 2.7));
    assert!(text.as_ref().is_some_and(|text| text.starts_with("C4 \u{b7} beat 3.5")), "{text:?}");
}

#[test]
fn screen_readers_hear_how_many_notes_there_are_and_how_far_they_move() {
    let softer = NoteView { key: 67, restyled: Some(59), ..note(5.0) };
    harness(song(vec![note(0.0), softer])).get_by_label(
        "Piano roll. 2 notes from bar 1.1 to bar 2.2, C4 to G4. The style moves velocities by 11 on average; overall the \
         part is 6 louder",
    );
    let kept = NoteView { state: NoteState::Kept, ..note(0.0) };
    harness(song(vec![kept]))
        .get_by_label("Piano roll. 1 note from bar 1.1 to bar 1.1, C4 to C4. All keep their own velocity");
}

#[test]
fn an_empty_view_says_what_to_do() {
    let seconds = harness(PerformanceView { axis: Axis::Seconds, ..song(Vec::new()) });
    seconds.get_by_label_contains("Nothing played yet. Play a key");
    let song = harness(song(Vec::new()));
    song.get_by_label_contains("Nothing remembered yet. Play the song once");
    assert!(harness(long_song()).query_by_label_contains("Nothing").is_none());
}

#[test]
fn the_wheel_scrolls_time_and_with_shift_keys() {
    let mut harness = harness(long_song());
    let (place, (start, length)) = (rect(&harness, ROLL).center(), harness.state().time());
    wheel(&mut harness, place, vec2(0.0, -90.0), Modifiers::NONE);
    let (moved, width) = (harness.state().time().0 - start, rect(&harness, ROLL).width());
    assert!((moved - 90.0 * length / f64::from(width)).abs() < 0.01, "{moved}");
    assert_eq!(harness.state().time().1, length);
    let lowest = harness.state().keys().0;
    wheel(&mut harness, place, vec2(0.0, 60.0), Modifiers::SHIFT);
    assert!(harness.state().keys().0 > lowest, "up to higher keys");
    assert_eq!(harness.state().time().0, start + moved);
}

#[test]
fn the_wheel_zooms_with_ctrl_and_what_is_under_the_pointer_stays() {
    let mut harness = harness(long_song());
    let place = pos2(x(&harness, 12.0), rect(&harness, LANE).center().y);
    wheel(&mut harness, place, vec2(0.0, 200.0), Modifiers::COMMAND);
    let (_, length) = harness.state().time();
    assert!(length < 12.0, "{length}");
    assert!((x(&harness, 12.0) - place.x).abs() < 1.0);
    let mut harness = self::harness(long_song());
    harness.hover_at(place);
    harness.run_steps(1);
    harness.event(Event::Zoom(0.5));
    harness.run_steps(2);
    assert_eq!(harness.state().time().1, 32.0, "a pinch");
}

#[test]
fn a_drag_moves_the_notes_with_the_pointer() {
    let mut harness = harness(long_song());
    let centre = rect(&harness, ROLL).center();
    wheel(&mut harness, centre, vec2(0.0, -400.0), Modifiers::NONE);
    let from = pos2(x(&harness, 12.0), rect(&harness, ROLL).center().y);
    drag(&mut harness, from, from + vec2(150.0, 0.0));
    assert!((x(&harness, 12.0) - from.x - 150.0).abs() < 1.0);
    let lowest = harness.state().keys().0;
    drag(&mut harness, from, from + vec2(0.0, 40.0));
    assert!(harness.state().keys().0 > lowest);
}

#[test]
fn keys_scroll_zoom_and_follow_once_the_roll_has_the_keyboard() {
    let performance = PerformanceView { now: Some(40.0), ..long_song() };
    let mut harness = harness(performance);
    assert!(harness.state().view.viewport.follows());
    harness.key_press(Key::ArrowRight);
    harness.run_steps(2);
    assert!(harness.state().view.viewport.follows(), "the keyboard is elsewhere");
    harness.get_by_label_contains(ROLL).focus();
    harness.run_steps(2);
    let (start, length) = harness.state().time();
    let press = |harness: &mut Harness<'_, Window>, key| {
        harness.key_press(key);
        harness.run_steps(2);
        harness.state().time()
    };
    assert_eq!(press(&mut harness, Key::ArrowRight), (start + length / 8.0, length));
    assert!(!harness.state().view.viewport.follows());
    assert_eq!(press(&mut harness, Key::ArrowLeft), (start, length));
    assert_eq!(press(&mut harness, Key::Plus).1, length / 1.5);
    assert_eq!(press(&mut harness, Key::Minus).1, length);
    assert_eq!(press(&mut harness, Key::Home).0, 0.0);
    let (end, _) = press(&mut harness, Key::End);
    assert!(end + length > 98.5 && end < 98.0, "{end}");
    let lowest = harness.state().keys().0;
    press(&mut harness, Key::ArrowUp);
    assert_eq!(harness.state().keys().0, lowest + 1.0);
    assert_eq!(press(&mut harness, Key::F), (start, length), "it follows again");
}

#[test]
fn buttons_zoom_fit_and_follow() {
    let mut harness = harness(PerformanceView { now: Some(40.0), ..long_song() });
    let click = |harness: &mut Harness<'_, Window>, label: &str| {
        harness.get_by_label(label).click();
        harness.run_steps(3);
        harness.state().time()
    };
    let (_, length) = harness.state().time();
    assert_eq!(click(&mut harness, "Zoom in").1, length / 1.5);
    assert_eq!(click(&mut harness, "Zoom out").1, length);
    assert!(harness.state().view.viewport.follows(), "zooming goes on following");
    let (start, length) = click(&mut harness, "Fit");
    assert!(start <= 0.0 && start + length >= 98.5, "{start}, {length}");
    assert!(!harness.state().view.viewport.follows());
    click(&mut harness, "Follow");
    assert!(harness.state().view.viewport.follows());
}

/// The gestures of a dial, and the velocity of the last one.
fn gestures(window: &Window, dial: Dial) -> (Vec<DialGesture>, f32) {
    let gesture = |action: &Action| match action {
        Action::Dial(moved, gesture) if *moved == dial => *gesture,
        other => panic!("{other:?}"),
    };
    let gestures: Vec<DialGesture> = window.actions.iter().map(gesture).collect();
    let to = |gesture: &DialGesture| if let DialGesture::To(value) = gesture { Some(*value) } else { None };
    let last = gestures.iter().rev().find_map(to).expect("it moved");
    (gestures, 1.0 + 126.0 * last)
}

#[test]
fn floor_and_ceiling_are_dragged_by_their_edges_in_one_gesture() {
    for (label, dial, velocity, to) in [(FLOOR, Dial::Floor, 20.0, 50.0), (CEILING, Dial::Ceiling, 110.0, 70.0)] {
        for by_handle in [true, false] {
            let mut harness = harness(long_song());
            let lane = rect(&harness, LANE);
            let line = pos2(lane.left() + 200.0, super::lane::y(lane, velocity));
            let from = if by_handle { rect(&harness, label).center() } else { line };
            let way = super::lane::y(lane, to) - super::lane::y(lane, velocity);
            drag(&mut harness, from, from + vec2(0.0, way));
            let (gestures, last) = gestures(harness.state(), dial);
            assert!(matches!(gestures[..], [DialGesture::Begin, .., DialGesture::End]), "{gestures:?}");
            assert!((last - to).abs() <= 1.0, "{label}: {last}");
            assert!(!gestures[1..gestures.len() - 1].contains(&DialGesture::Begin));
        }
    }
}

#[test]
fn floor_and_ceiling_stop_where_they_meet() {
    let mut harness = harness(long_song());
    let (from, lane) = (rect(&harness, FLOOR).center(), rect(&harness, LANE));
    drag(&mut harness, from, pos2(from.x, lane.top()));
    assert_eq!(gestures(harness.state(), Dial::Floor).1.round(), 110.0);
}

#[test]
fn edges_that_cross_stay_until_the_user_moves_one() {
    let mut view = long_song();
    (view.floor, view.ceiling) = (100, 40);
    let mut harness = harness(view);
    harness.run_steps(5);
    assert_eq!(harness.state().actions, []);
}

#[test]
fn floor_and_ceiling_move_by_keys_and_reset_by_a_double_click() {
    let after = |key: Key, modifiers: Modifiers, label: &str, dial: Dial| {
        let mut harness = harness(long_song());
        harness.get_by_role_and_label(Role::Slider, label).focus();
        harness.run_steps(2);
        harness.key_press_modifiers(modifiers, key);
        harness.run_steps(2);
        let (gestures, velocity) = gestures(harness.state(), dial);
        assert!(matches!(gestures[..], [DialGesture::Begin, DialGesture::To(_), DialGesture::End]), "{gestures:?}");
        velocity.round()
    };
    assert_eq!(after(Key::ArrowUp, Modifiers::NONE, FLOOR, Dial::Floor), 21.0);
    assert_eq!(after(Key::ArrowDown, Modifiers::SHIFT, CEILING, Dial::Ceiling), 100.0);
    assert_eq!(after(Key::PageUp, Modifiers::NONE, CEILING, Dial::Ceiling), 120.0);
    assert_eq!(after(Key::Home, Modifiers::NONE, FLOOR, Dial::Floor), 1.0);
    assert_eq!(after(Key::End, Modifiers::NONE, FLOOR, Dial::Floor), 110.0);
    let mut harness = harness(long_song());
    let slider = harness.get_by_role_and_label(Role::Slider, FLOOR).accesskit_node();
    assert_eq!((slider.min_numeric_value(), slider.max_numeric_value()), (Some(1.0), Some(127.0)));
    let place = rect(&harness, CEILING).center();
    harness.hover_at(place);
    harness.run_steps(1);
    for _ in 0..2 {
        for pressed in [true, false] {
            let button = egui::PointerButton::Primary;
            harness.event(Event::PointerButton { pos: place, button, pressed, modifiers: Modifiers::NONE });
        }
        harness.run_steps(1);
    }
    assert_eq!(gestures(harness.state(), Dial::Ceiling).1.round(), 127.0);
}
