//! The window as a user sees it: what is shown, what a click does, and that everything fits.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use egui_kittest::Harness;
use egui_kittest::kittest::{By, NodeT, Queryable};
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_core::feel::PedalMode;
use tonenet_core::scheduler::{Mode, WindowLength};
use tonenet_core::scope::ScopePart;
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::tune::{Metre, PITCH_CLASSES};
use tonenet_engine::generator::{
    ClipKind, GenerateSettings, GeneratorStatus, MorphPhrase, SelectedClip, SongPlacement,
};
use tonenet_engine::status::{FAILED, Status};
use tonenet_engine::timeline_store::TimelineSummary;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::user_style::UserStyleId;

mod keyboard;

use super::theme::SIZE;
use super::*;
use crate::dialogs::DialogState;
use crate::learner::{LearnedStyle, LearnerState, LearningFailure, LeftOutSource};
use crate::params::{LAST_TAKE, ToneNetParams};

fn view() -> View {
    let status = Arc::<Status>::default();
    status.latency.store(24_000, Ordering::Relaxed);
    status.sample_rate.store(48_000, Ordering::Relaxed);
    status.restyled.store(12, Ordering::Relaxed);
    status.late.store(3, Ordering::Relaxed);
    status.info.lock().runtime = "ONNX Runtime 1.28.0 · CPU".into();
    View::new(&ToneNetParams::new(status.clone()), &status)
}

/// The view of an instance whose engine has failed.
fn failed() -> View {
    let status = Arc::<Status>::default();
    status.failed.store(true, Ordering::Relaxed);
    View::new(&ToneNetParams::new(status.clone()), &status)
}

fn harness(view: &View) -> Harness<'_, Vec<Action>> {
    let draw = |ui: &mut egui::Ui, actions: &mut Vec<Action>| actions.extend(window(ui, view));
    let mut harness = Harness::builder().with_size(egui::vec2(SIZE.0, SIZE.1)).build_ui_state(draw, Vec::new());
    // Until the panels know their heights.
    harness.run_steps(3);
    harness
}

fn click_in(view: &View, label: &str) -> Vec<Action> {
    let mut harness = harness(view);
    harness.get_by_label(label).click();
    harness.run_steps(3);
    harness.state().clone()
}

/// Opens a list of options by its label and clicks an option.
fn choose_in(view: &View, list: &str, option: &str) -> Vec<Action> {
    let mut harness = harness(view);
    harness.get_by_role_and_label(egui::accesskit::Role::ComboBox, list).click();
    harness.run_steps(3);
    let options: Vec<_> = harness.get_all_by_label(option).collect();
    options.last().expect("an option").click();
    harness.run_steps(3);
    harness.state().clone()
}

#[test]
fn styles_part_and_model_are_chosen_from_lists() {
    assert_eq!(choose_in(&view(), "Style A", "Pop"), [Action::StyleA(StyleIndex::POP)]);
    assert_eq!(choose_in(&view(), "Style B", "Pop"), [Action::StyleB(StyleIndex::POP)]);
    assert_eq!(choose_in(&view(), "Style A", "Jazz"), [], "it is chosen already");
    assert_eq!(choose_in(&view(), "Part", "Melody"), [Action::Part(ScopePart::Melody)]);
    assert_eq!(choose_in(&view(), "Model", "Baseline"), [Action::Model(EmbeddedModel::Baseline)]);
}

/// A double-click on a slider, by its label.
fn double_click_in(view: &View, label: &str) -> Vec<Action> {
    let draw = |ui: &mut egui::Ui, actions: &mut Vec<Action>| actions.extend(window(ui, view));
    let builder = Harness::builder().with_size(egui::vec2(SIZE.0, SIZE.1)).with_step_dt(1.0 / 60.0);
    let mut harness = builder.build_ui_state(draw, Vec::new());
    harness.run_steps(3);
    let pos = harness.get_by_role_and_label(egui::accesskit::Role::Slider, label).rect().center();
    harness.event(egui::Event::PointerMoved(pos));
    harness.run_steps(1);
    for _ in 0..2 {
        for pressed in [true, false] {
            let (button, modifiers) = (egui::PointerButton::Primary, egui::Modifiers::NONE);
            harness.event(egui::Event::PointerButton { pos, button, pressed, modifiers });
        }
        harness.run_steps(1);
    }
    harness.run_steps(2);
    harness.state().clone()
}

const FEEL: [(&str, Dial); 4] = [
    ("Timing", Dial::Timing),
    ("Swing", Dial::Swing),
    ("Articulation", Dial::Articulation),
    ("Chord spread", Dial::ChordSpread),
];

#[test]
fn the_feel_is_moved_by_the_pointer_and_by_keys_and_reset_by_a_double_click() {
    for (label, dial) in FEEL {
        let mut view = view();
        view.dials[dial as usize].value = 0.5;
        let mut harness = harness(&view);
        harness.get_by_role_and_label(egui::accesskit::Role::Slider, label).focus();
        harness.run_steps(2);
        harness.key_press(egui::Key::End);
        harness.run_steps(2);
        let gesture =
            |value| [DialGesture::Begin, DialGesture::To(value), DialGesture::End].map(|g| Action::Dial(dial, g));
        assert_eq!(harness.state()[..], gesture(1.0), "{label}");
        let reset = double_click_in(&view, label);
        assert_eq!(reset[reset.len() - 3..], gesture(0.0), "{label}");
    }
}

#[test]
fn the_pedal_is_chosen_from_a_list() {
    assert_eq!(choose_in(&view(), "Pedal", "Fill"), [Action::Pedal(PedalMode::Fill)]);
    assert_eq!(choose_in(&view(), "Pedal", "Replace"), [Action::Pedal(PedalMode::Replace)]);
    let mut view = view();
    view.settings.feel.pedal = PedalMode::Fill;
    assert_eq!(choose_in(&view, "Pedal", "Mine"), [Action::Pedal(PedalMode::Mine)]);
}

#[test]
fn the_feel_cannot_be_moved_where_it_does_nothing() {
    let is_disabled = |view: &View, label: &str| {
        harness(view).get_by_role_and_label(egui::accesskit::Role::Slider, label).accesskit_node().is_disabled()
    };
    let (mut bypassed, mut other_model) = (view(), view());
    bypassed.settings.bypass = true;
    other_model.settings.model = EmbeddedModel::Baseline;
    for (label, dial) in FEEL {
        assert!(!is_disabled(&view(), label), "{label}");
        assert!(is_disabled(&bypassed, label), "{label} while bypassed");
        assert_eq!(is_disabled(&other_model, label), dial != Dial::Swing, "{label}: a set swing needs no model");
        assert_eq!(double_click_in(&bypassed, label), [], "{label}");
    }
    assert!(!is_disabled(&bypassed, "Level"));
    harness(&bypassed).get_by_label("Bypass leaves every note as you play it");
}

#[test]
fn only_timeline_needs_leave_to_play_early() {
    let label = "Play early (30 ms)";
    assert_eq!(click_in(&view(), label), []);
    let mut view = View { look_ahead: Mode::Timeline, ..view() };
    assert_eq!(click_in(&view, label), [Action::TimelineLookAhead(true)]);
    view.timeline_look_ahead = true;
    assert_eq!(click_in(&view, label), [Action::TimelineLookAhead(false)]);
}

#[test]
fn the_feel_says_what_the_mode_allows() {
    for (mode, text) in [
        (Mode::Live, "Live and 0 ms can only delay notes"),
        (Mode::LiveZeroLatency, "Live and 0 ms can only delay notes"),
        (Mode::Window(WindowLength::OneBeat), "This look-ahead moves notes both ways"),
        (Mode::Timeline, "Timeline moves notes later; tick Play early to let it move them both ways"),
    ] {
        harness(&View { look_ahead: mode, ..view() }).get_by_label(text);
    }
}

#[test]
fn only_the_note_model_listens_to_the_player() {
    let mut view = view();
    assert_eq!(click_in(&view, "Listen to me"), [Action::HearPlayer(true)]);
    view.settings.condition_on_player = true;
    assert_eq!(click_in(&view, "Listen to me"), [Action::HearPlayer(false)]);
    view.settings.model = EmbeddedModel::Attention;
    assert_eq!(click_in(&view, "Listen to me"), []);
}

#[test]
fn compare_lasts_as_long_as_it_is_held() {
    let mut view = view();
    let press = |view: &View, pressed: bool| {
        let mut harness = harness(view);
        let pos = harness.get_by_label("Compare").rect().center();
        let button = egui::PointerButton::Primary;
        let event = |pressed| egui::Event::PointerButton { pos, button, pressed, modifiers: egui::Modifiers::NONE };
        harness.event(egui::Event::PointerMoved(pos));
        harness.event(event(true));
        harness.run_steps(1);
        harness.state_mut().clear();
        if !pressed {
            harness.event(event(false));
        }
        harness.run_steps(2);
        harness.state().clone()
    };
    assert!(press(&view, true).contains(&Action::Compare(true)));
    view.settings.compare = true;
    assert_eq!(press(&view, true), [], "it is held on");
    assert!(press(&view, false).contains(&Action::Compare(false)));
}

#[test]
fn a_click_chooses_look_ahead_and_bypass() {
    assert_eq!(click_in(&view(), "4 beats"), [Action::LookAhead(Mode::Window(WindowLength::FourBeats))]);
    assert_eq!(click_in(&view(), "Live"), [Action::LookAhead(Mode::Live)]);
    assert_eq!(click_in(&view(), "0 ms"), [Action::LookAhead(Mode::LiveZeroLatency)]);
    assert_eq!(click_in(&view(), "Timeline"), [Action::LookAhead(Mode::Timeline)]);
    assert_eq!(click_in(&view(), "Bypass"), [Action::Bypass(true)]);
}

#[test]
fn the_take_steps_up_and_down_and_the_die_comes_to_every_take() {
    let mut view = view();
    assert_eq!(click_in(&view, "Previous take"), [], "there is none before the first");
    view.settings.take = TakeSeed(7);
    assert_eq!(click_in(&view, "Previous take"), [Action::Take(6)]);
    assert_eq!(click_in(&view, "Next take"), [Action::Take(8)]);
    assert_eq!(click_in(&view, "Average"), [Action::Take(0)]);
    view.settings.take = TakeSeed(LAST_TAKE);
    assert_eq!(click_in(&view, "Next take"), []);
    let takes: std::collections::BTreeSet<u16> = (0..LAST_TAKE)
        .map(|_| {
            let clicked = click_in(&view, "Another take");
            let [Action::Take(take)] = clicked[..] else { panic!("{clicked:?}") };
            assert!(take.abs_diff(view.settings.take.0) > 1, "a die jumps");
            view.settings.take = TakeSeed(take);
            take
        })
        .collect();
    assert!(takes.into_iter().eq(1..=LAST_TAKE));
}

#[test]
fn a_locked_take_does_not_change() {
    let mut view = view();
    assert_eq!(click_in(&view, "Lock"), [Action::LockTake(true)]);
    view.take_locked = true;
    assert_eq!(click_in(&view, "Another take"), []);
    assert_eq!(click_in(&view, "Lock"), [Action::LockTake(false)]);
}

#[test]
fn the_other_controls_can_be_hidden() {
    let mut view = view();
    assert!(harness(&view).query_by_label("Level").is_some());
    assert_eq!(click_in(&view, "All controls"), [Action::ShowAllControls(false)]);
    view.shows_all_controls = Some(false);
    assert!(harness(&view).query_by_label("Level").is_none());
    assert_eq!(click_in(&view, "All controls"), [Action::ShowAllControls(true)]);
}

#[test]
fn a_slider_is_dragged_in_one_gesture() {
    let view = view();
    let mut harness = harness(&view);
    let place = harness.get_by_role_and_label(egui::accesskit::Role::Slider, "Amount").rect();
    let press = |pressed| egui::Event::PointerButton {
        pos: place.center(),
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    for event in [egui::Event::PointerMoved(place.center()), press(true), press(false)] {
        harness.event(event);
        harness.run_steps(1);
    }
    use DialGesture::{Begin, End, To};
    let gestures: Vec<DialGesture> = harness
        .state()
        .iter()
        .map(|action| match action {
            Action::Dial(Dial::Amount, gesture) => *gesture,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(matches!(gestures[..], [Begin, To(value), .., End] if (value - 0.5).abs() < 0.02), "{gestures:?}");
}

#[test]
fn a_double_click_resets_a_slider() {
    let mut view = view();
    view.dials[Dial::Level as usize].value = 0.6;
    let mut harness = harness(&view);
    let place = harness.get_by_role_and_label(egui::accesskit::Role::Slider, "Level").rect();
    harness.event(egui::Event::PointerMoved(place.center()));
    for pressed in [true, false, true, false] {
        harness.event(egui::Event::PointerButton {
            pos: place.center(),
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
    }
    harness.run_steps(5);
    let last = &harness.state()[harness.state().len() - 3..];
    let level = |gesture| Action::Dial(Dial::Level, gesture);
    assert_eq!(last, [level(DialGesture::Begin), level(DialGesture::To(0.5)), level(DialGesture::End)]);
}

#[test]
fn latency_runtime_and_late_notes_are_shown() {
    let view = view();
    let harness = harness(&view);
    harness.get_by_label("500 ms · 1 beat");
    harness.get_by_label("loading · ONNX Runtime 1.28.0 · CPU");
    harness.get_by_label("12 restyled");
    harness.get_by_label("3 late");
}

#[test]
fn a_remembered_performance_can_be_cleared_and_restored() {
    let mut view = View { look_ahead: Mode::Timeline, ..view() };
    assert_eq!(click_in(&view, "Clear"), [], "there is none yet");
    view.remembered = TimelineSummary { notes: 549, waiting: 3, can_undo: true, is_entered: false };
    view.latency = 0;
    harness(&view).get_by_label("549 notes remembered, 99 % restyled");
    harness(&view).get_by_label("no latency");
    assert_eq!(click_in(&view, "Clear"), [Action::ForgetPerformance]);
    assert_eq!(click_in(&view, "Undo"), [Action::RestorePerformance]);
}

#[test]
fn a_remembered_performance_that_was_entered_is_said_to_be() {
    let mut view = View { look_ahead: Mode::Timeline, ..view() };
    view.remembered = TimelineSummary { notes: 549, ..TimelineSummary::default() };
    harness(&view).get_by_label("549 notes remembered, 100 % restyled");
    view.remembered.is_entered = true;
    harness(&view).get_by_label("549 notes remembered, 100 % restyled, entered, not played");
    view.look_ahead = Mode::Live;
    assert!(harness(&view).query_by_label("549 notes remembered, 100 % restyled, entered, not played").is_none());
}

#[test]
fn a_performance_can_be_opened_from_a_file_that_begins_where_the_user_says() {
    let mut view = View { look_ahead: Mode::Timeline, file_start: 16.0, ..view() };
    assert_eq!(click_in(&view, "MIDI file\u{2026}"), [Action::OpenPerformance(16.0)]);
    view.opening = DialogState::Choosing;
    assert_eq!(click_in(&view, "MIDI file\u{2026}"), [], "one dialog at a time");
    view.opening = DialogState::Failed("x.mid is no MIDI file".into());
    harness(&view).get_by_label("x.mid is no MIDI file");
    view.opening = DialogState::Done("took \"PIANO\" of 3 parts".into());
    harness(&view).get_by_label("took \"PIANO\" of 3 parts");
    view.look_ahead = Mode::Live;
    assert!(harness(&view).query_by_label("MIDI file\u{2026}").is_none());
}

#[test]
fn an_engine_failure_is_shown() {
    assert!(harness(&view()).query_by_label(FAILED).is_none());
    harness(&failed()).get_by_label(FAILED);
}

#[test]
fn the_restyle_panel_fits_the_window() {
    let mut view = view();
    view.look_ahead = Mode::Timeline;
    view.opening = DialogState::Failed("a line of what is wrong with a file".into());
    view.remembered = TimelineSummary { notes: 20_000, waiting: 10_000, can_undo: true, is_entered: true };
    view.settings.style = StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::CLASSICAL, share_of_b: 0.99 };
    view.settings.take = TakeSeed(99);
    view.restart_pending = true;
    view.engine.error = Some(FAILED.into());
    view.engine.notes = vec!["a library that was tried".into()];
    view.engine.model.clear();
    // What does not fit is scrolled to.
    view.shows_all_controls = Some(false);
    assert_fits(&view);
}

/// Draws a view and checks that every control lies in the window, and none over another.
fn assert_fits(view: &View) {
    let mut harness = harness(view);
    harness.run();
    let window = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(SIZE.0, SIZE.1));
    use egui::accesskit::Role::{Button, CheckBox, ComboBox, Label, Slider};
    let controls: Vec<(String, egui::Rect)> = harness
        .get_all(By::new().predicate(|node| matches!(node.role(), Button | CheckBox | ComboBox | Label | Slider)))
        .map(|node| (format!("{:?}", node.accesskit_node().label()), node.rect()))
        .filter(|(_, rect)| rect.is_positive())
        .collect();
    assert!(controls.len() > 20, "{}", controls.len());
    for (index, (name, rect)) in controls.iter().enumerate() {
        assert!(window.contains_rect(*rect), "{name} is cut: {rect:?}");
        for (other, place) in &controls[index + 1..] {
            assert!(!rect.shrink(1.0).intersects(place.shrink(1.0)), "{name} and {other} overlap: {rect:?}, {place:?}");
        }
    }
}

/// The panel "Generate" with a clip that is in the song.
fn generating() -> View {
    let note = |i: u8| ClipNote { onset: f64::from(i) / 2.0, length: 0.5, key: 60 + i * 5 % 12, velocity: 80 };
    let clip = Arc::new(Clip::new(16.0, (4, 4), (0..32).map(note).collect()).unwrap());
    let other = |key| Arc::new(Clip::new(8.0, (4, 4), vec![ClipNote { key, ..note(0) }]).unwrap());
    let placement = Some(SongPlacement { is_selected: true, clip: clip.clone(), start: Some(32.0) });
    let clips = vec![other(50), clip.clone(), other(70)];
    let selected = SelectedClip { clip: Some(clip), index: 1, clips, placement, phrases: [Some(12), None] };
    View { tab: Tab::Generate, generate: GenerateView { selected, ..GenerateView::default() }, ..view() }
}

fn clip_action_of(view: &View, label: &str) -> ClipAction {
    match click_in(view, label)[..] {
        [Action::Clip(action)] => action,
        ref other => panic!("{label}: {other:?}"),
    }
}

#[test]
fn a_click_opens_the_other_panel() {
    assert_eq!(click_in(&view(), "Generate"), [Action::Show(Tab::Generate)]);
    assert_eq!(click_in(&generating(), "Restyle"), [Action::Show(Tab::Restyle)]);
}

#[test]
fn each_control_changes_one_generate_setting() {
    let mut settings = GenerateSettings::default();
    for (label, expected) in [
        ("Continue mine", GenerateSettings { kind: ClipKind::Continuation, ..settings }),
        ("16", GenerateSettings { bars: 16, ..settings }),
        ("minor", GenerateSettings { is_minor: true, ..settings }),
        ("6/8", GenerateSettings { signature: (6, 8), ..settings }),
        ("In key", GenerateSettings { in_key: false, ..settings }),
        ("Keep", GenerateSettings { keeps_seed: true, ..settings }),
        ("once", GenerateSettings { looped: false, ..settings }),
        ("as written", GenerateSettings { restyled: false, ..settings }),
        ("new ones at once", GenerateSettings { plays_at_once: false, ..settings }),
    ] {
        let ClipAction::Change(change) = clip_action_of(&generating(), label) else { panic!("{label}") };
        let mut changed = settings;
        change.apply(&mut changed);
        assert_eq!(changed, expected, "{label}");
    }
    for change in [
        SettingsChange::Tonic(7),
        SettingsChange::Temperature(0.5),
        SettingsChange::Seed(9),
        SettingsChange::Metre(Metre::NineEight),
    ] {
        change.apply(&mut settings);
    }
    assert_eq!(
        settings,
        GenerateSettings { tonic: 7, temperature: 0.5, seed: 9, signature: (9, 8), ..GenerateSettings::default() }
    );
    let mut continuing = generating();
    continuing.generate.settings.kind = ClipKind::Continuation;
    assert_eq!(click_in(&continuing, "minor"), [], "a continuation keeps the key of what was played");
}

#[test]
fn phrases_are_captured_for_a_morph_and_a_share_is_chosen() {
    let mut view = generating();
    assert!(harness(&view).query_by_label("Capture A").is_none());
    for (label, kind) in [("Texture", ClipKind::Texture), ("Morph", ClipKind::Morph)] {
        assert_eq!(clip_action_of(&view, label), ClipAction::Change(SettingsChange::Kind(kind)));
    }
    view.generate.settings.kind = ClipKind::Morph;
    assert_eq!(clip_action_of(&view, "Capture A"), ClipAction::Capture(MorphPhrase::First));
    assert_eq!(clip_action_of(&view, "Capture B"), ClipAction::Capture(MorphPhrase::Second));
    harness(&view).get_by_label("12 notes");
    harness(&view).get_by_label("empty");
    let mut settings = GenerateSettings::default();
    SettingsChange::Share(0.25).apply(&mut settings);
    assert_eq!(settings.share, 0.25);
    view.generate.generator = GeneratorStatus::Failed("a line of what went wrong with the piece".into());
    view.generate.saving = DialogState::Failed("a line of what went wrong with the file".into());
    view.generate.selected.phrases = [Some(1_000), Some(1_000)];
    assert_fits(&view);
}

#[test]
fn buttons_generate_select_place_and_save_clips() {
    let view = generating();
    for (label, action) in [
        ("Undo", ClipAction::Undo),
        ("Redo", ClipAction::Redo),
        ("Place", ClipAction::Place),
        ("Clear", ClipAction::Clear),
        ("Save .mid\u{2026}", ClipAction::Save),
    ] {
        assert_eq!(clip_action_of(&view, label), action);
    }
    let drawn = harness(&view);
    drawn.get_by_label("32 notes in 4 bars of 4/4");
    drawn.get_by_label("this piece from bar");
    drawn.get_by_label("2 of 3");
    let mut harness = harness(&view);
    let buttons: Vec<_> = harness.get_all_by_role_and_label(egui::accesskit::Role::Button, "Generate").collect();
    buttons.last().expect("there is the trigger").click();
    harness.run_steps(3);
    assert!(harness.state().contains(&Action::Clip(ClipAction::Trigger)), "{:?}", harness.state());
}

#[test]
fn a_click_on_a_small_picture_selects_its_piece() {
    let view = generating();
    let (first, second) =
        ("Piece 1 of 3: 1 note in 2 bars of 4/4", "Piece 2 of 3, in the song: 32 notes in 4 bars of 4/4");
    assert_eq!(clip_action_of(&view, first), ClipAction::Select(0));
    assert_eq!(click_in(&view, second), [], "it is selected");
    harness(&view).get_by_label("Piece 3 of 3: 1 note in 2 bars of 4/4");
}

#[test]
fn a_piece_is_auditioned_in_style_unless_it_plays_so() {
    let mut view = generating();
    assert_eq!(click_in(&view, "Audition in style"), [], "it is in the song, in style");
    view.generate.settings.restyled = false;
    assert_eq!(clip_action_of(&view, "Audition in style"), ClipAction::Audition);
    view.generate.settings.restyled = true;
    view.generate.selected.placement = None;
    assert_eq!(clip_action_of(&view, "Audition in style"), ClipAction::Audition);
}

const BAR_OF_THE_PIECE: &str = "Bar at which the piece begins";

#[test]
fn a_piece_is_dragged_to_another_bar_or_moved_by_keys() {
    let view = generating();
    let mut harness = harness(&view);
    let piece = harness.get_by_label(BAR_OF_THE_PIECE).rect();
    // It is four bars long.
    let to = piece.center() + egui::vec2(piece.width() / 2.0, 0.0);
    harness.hover_at(piece.center());
    harness.run_steps(1);
    harness.drag_at(piece.center());
    harness.run_steps(1);
    harness.hover_at(to);
    harness.run_steps(1);
    assert_eq!(harness.state(), &[], "it moves when the pointer lets go");
    harness.drop_at(to);
    harness.run_steps(2);
    assert_eq!(harness.state(), &[Action::Clip(ClipAction::MoveTo(40.0))]);
    harness.state_mut().clear();
    harness.key_press(egui::Key::ArrowLeft);
    harness.run_steps(2);
    assert_eq!(harness.state(), &[Action::Clip(ClipAction::MoveTo(28.0))]);
}

#[test]
fn the_bar_of_a_piece_can_be_typed() {
    let view = generating();
    let mut harness = harness(&view);
    harness.get_by_role_and_label(egui::accesskit::Role::SpinButton, "this piece from bar").click();
    harness.run_steps(2);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    harness.event(egui::Event::Text("3".into()));
    harness.key_press(egui::Key::Enter);
    harness.run_steps(4);
    assert_eq!(harness.state().last(), Some(&Action::Clip(ClipAction::MoveTo(8.0))));
}

#[test]
fn a_running_generator_can_be_cancelled_and_without_a_clip_no_button_acts() {
    let mut view = View { tab: Tab::Generate, ..view() };
    for label in ["Undo", "Redo", "Audition in style", "Place", "Clear", "Save .mid\u{2026}"] {
        assert_eq!(click_in(&view, label), [], "{label}");
    }
    view.generate.generator = GeneratorStatus::Generating;
    assert_eq!(clip_action_of(&view, "Cancel"), ClipAction::Cancel);
    view.generate.generator = GeneratorStatus::Failed("why it was not".into());
    harness(&view).get_by_label("why it was not");
    view.generate.saving = DialogState::Done(PathBuf::from("/a/folder/clip.mid"));
    harness(&view).get_by_label("saved as clip.mid");
}

#[test]
fn the_generate_panel_fits_the_window() {
    let mut view = generating();
    view.generate.generator = GeneratorStatus::Failed("a line of what went wrong with the piece".into());
    view.generate.saving = DialogState::Failed("a line of what went wrong with the file".into());
    let clip = view.generate.selected.clips[0].clone();
    view.generate.selected.placement =
        Some(SongPlacement { is_selected: false, clip: clip.clone(), start: Some(12_345.5) });
    view.generate.selected.clips = vec![clip; 16];
    assert_fits(&view);
}

#[test]
fn the_font_has_every_character_that_is_shown() {
    fn texts(shape: &egui::Shape) -> Vec<String> {
        match shape {
            egui::Shape::Text(text) => vec![text.galley.text().to_owned()],
            egui::Shape::Vec(shapes) => shapes.iter().flat_map(texts).collect(),
            _ => Vec::new(),
        }
    }
    for view in [view(), generating(), learned()] {
        let mut harness = harness(&view);
        harness.run();
        let mut shown: Vec<String> = harness.output().shapes.iter().flat_map(|clipped| texts(&clipped.shape)).collect();
        assert!(shown.len() > 20, "{shown:?}");
        shown.extend(PITCH_CLASSES.map(str::to_owned));
        let font = egui::FontId::proportional(14.0);
        shown.retain(|text| !harness.ctx.fonts_mut(|fonts| fonts.has_glyphs(&font, text)));
        assert_eq!(shown, [""; 0]);
    }
}

fn id() -> UserStyleId {
    "0123456789abcdef".parse().unwrap()
}

/// The view of an instance with a style of the user in its second slot, as style B.
fn with_own_style() -> View {
    let (style, mut view) = (StyleIndex::from_slot(1).unwrap(), view());
    view.styles.options.push(StyleOption { style, title: "Late evening".into() });
    view.styles.users.push(UserStyleView {
        slot: 1,
        title: "Late evening".into(),
        name: "Late evening".into(),
        description: "5 files, 9000 notes. Softer than Pop.".into(),
        id: Some(id()),
    });
    view.settings.style.b = style;
    view
}

#[test]
fn the_users_styles_are_chosen_from_the_list_of_styles() {
    let chosen = choose_in(&with_own_style(), "Style A", "Late evening");
    assert_eq!(chosen, [Action::StyleA(StyleIndex::from_slot(1).unwrap())]);
}

#[test]
fn the_panel_styles_imports_renames_exports_and_removes() {
    let mut view = View { tab: Tab::Styles, ..with_own_style() };
    let styles = |action| vec![Action::Styles(action)];
    assert_eq!(click_in(&view, "Import…"), styles(StyleAction::Import));
    assert_eq!(click_in(&view, "Export…"), styles(StyleAction::Export(1)));
    assert_eq!(click_in(&view, "Remove"), styles(StyleAction::Remove(1)));
    assert_eq!(click_in(&view, "Rename"), styles(StyleAction::Draft(1, "Late evening".into())));
    view.styles.renaming = Some(Renaming { slot: 1, name: "Morning".into(), refusal: None });
    assert_eq!(click_in(&view, "Keep name"), styles(StyleAction::Rename(1, "Morning".into())));
    view.styles.renaming = None;
    assert!(harness(&view).query_by_label("Undo remove").is_none());
    view.styles.removed = Some("Morning".into());
    assert_eq!(click_in(&view, "Undo remove"), styles(StyleAction::UndoRemove));
    view.styles.has_room = false;
    assert_eq!(click_in(&view, "Import…"), []);
    assert_eq!(click_in(&view, "Undo remove"), []);
    view.styles.problems = vec!["the style Late evening was learned with another version".into()];
    for tab in [Tab::Restyle, Tab::Styles] {
        view.tab = tab;
        assert!(harness(&view).query_by_label_contains("another version").is_some(), "{tab:?}");
    }
}

#[test]
fn a_project_made_with_other_weights_says_so_until_the_user_accepts_them() {
    let mut view = view();
    assert!(harness(&view).query_by_label("Accept").is_none());
    view.other_weights = Some("This project was made with version 1".into());
    assert!(harness(&view).query_by_label("This project was made with version 1").is_some());
    assert_eq!(click_in(&view, "Accept"), [Action::AcceptWeights]);
}

#[test]
fn a_name_that_is_refused_stays_in_its_field_with_the_reason() {
    let params = ToneNetParams::new(Arc::default());
    let store = params.styles();
    assert_eq!(Renaming::keep(&store, 1, "Morning".into()), None, "an empty slot has no name");
    store.put(1, crate::dialogs::tests::style());
    let refused = Renaming::keep(&store, 1, " ".into()).expect("no name");
    assert_eq!((refused.slot, refused.name.as_str()), (1, " "));
    let mut view = View { tab: Tab::Styles, ..View::new(&params, &Status::default()) };
    view.styles.renaming = Some(refused);
    harness(&view).get_by_label("The style keeps its name: its name must be 1 to 64 characters without line breaks");
    assert_eq!(Renaming::keep(&store, 1, "Morning".into()), None);
    assert_eq!(View::new(&params, &Status::default()).styles.users[0].title, "Morning");
}

/// The panel "Styles" where nothing was learned yet, but enough was played.
fn learning() -> View {
    let mut view = View { tab: Tab::Styles, ..with_own_style() };
    view.styles.played_notes = 1_000;
    view
}

/// The panel after a style was learned.
fn learned() -> View {
    let mut view = learning();
    let left_out = |name: &str| LeftOutSource { name: name.into(), reason: "it has no piano notes".into() };
    view.styles.learning = LearnerState::Done(Arc::new(LearnedStyle {
        id: id(),
        slot: 1,
        name: "Evening".into(),
        was_there: false,
        files: 5,
        notes: 9_000,
        description:
            "Compared with Pop: louder bass (+5.0), softer inner voices (−4.0) and a wider range (σ 18 for 12).".into(),
        reliability: "Tested on playing that it was not learned from: r 0.58, where Pop has 0.47.".into(),
        left_out: ["a.mid", "b.mid", "c.mid", "d.mid", "e.mid"].map(left_out).to_vec(),
    }));
    view
}

#[test]
fn a_style_is_learned_from_files_a_folder_or_what_was_played() {
    let sources = [
        ("Learn from files…", StyleAction::LearnFromFiles),
        ("Learn from a folder…", StyleAction::LearnFromFolder),
        ("Learn from what I played", StyleAction::LearnFromPlaying),
    ];
    let acts = |view: &View| {
        let clicks = sources.iter().map(|(label, _)| click_in(view, label));
        clicks.map(|actions| !actions.is_empty()).collect::<Vec<_>>()
    };
    let mut view = learning();
    for (label, action) in &sources {
        assert_eq!(click_in(&view, label), [Action::Styles(action.clone())]);
    }
    view.styles.played_notes = 412;
    assert_eq!(acts(&view), [true, true, false]);
    harness(&view).get_by_label_contains("at least 1000 notes in Timeline. It remembers 412 notes.");
    view.styles.played_notes = 0;
    harness(&view).get_by_label_contains("It remembers nothing yet.");
    view.styles.choosing = DialogState::Choosing;
    assert_eq!(acts(&view), [false; 3], "one dialog at a time");
    let mut full = learning();
    full.styles.has_room = false;
    assert_eq!(acts(&full), [false; 3]);
    harness(&full).get_by_label("All slots are taken; remove a style first.");
}

#[test]
fn learning_shows_its_progress_and_can_be_cancelled() {
    let mut view = learning();
    view.styles.learning = LearnerState::Learning { share: 0.42 };
    assert_eq!(click_in(&view, "Cancel"), [Action::Styles(StyleAction::CancelLearning)]);
    assert_eq!(click_in(&view, "Learn from files…"), [], "one style at a time");
    let harness = harness(&view);
    harness.get_by_label("learning, 42 %");
    harness.get_by_role(egui::accesskit::Role::ProgressIndicator);
}

#[test]
fn what_was_learned_is_told_and_can_be_played() {
    let mut view = learned();
    assert_eq!(click_in(&view, "Play it as Style A"), [Action::Styles(StyleAction::PlayAsStyleA(1))]);
    {
        let shown = harness(&view);
        shown.get_by_label("is user style 2 in the list of styles");
        shown.get_by_label_contains("Learned from 5 files, 9000 notes. Compared with Pop: louder bass (+5.0)");
        shown.get_by_label_contains("r 0.58, where Pop has 0.47");
        shown.get_by_label("c.mid was left out: it has no piano notes.");
        assert!(shown.query_by_label_contains("d.mid").is_none());
        shown.get_by_label("2 more were left out.");
    }
    view.styles.users.clear();
    assert!(harness(&view).query_by_label("Play it as Style A").is_none(), "it was removed");
    harness(&view).get_by_label("Evening");
}

#[test]
fn a_failure_is_told_with_the_files_that_were_no_use() {
    let mut view = learning();
    let left_out = vec![LeftOutSource { name: "a.mid".into(), reason: "it is no MIDI file".into() }];
    let reason = "there are no piano notes; choose piano performances".into();
    view.styles.learning = LearnerState::Failed(Arc::new(LearningFailure { reason, left_out }));
    let harness = harness(&view);
    harness.get_by_label("No style was learned: there are no piano notes; choose piano performances");
    harness.get_by_label("a.mid was left out: it is no MIDI file.");
}

#[test]
fn the_styles_panel_fits_the_window() {
    let mut view = learned();
    view.styles.removed = Some("Morning".into());
    view.styles.importing = DialogState::Failed("a sentence on a file with a long path, ".repeat(5));
    view.styles.users[0].title = "W".repeat(40);
    assert_fits(&view);
    view.styles.renaming =
        Some(Renaming { slot: 1, name: "W".repeat(40), refusal: Some("a sentence on a name, ".repeat(5)) });
    assert_fits(&view);
    view.styles.learning = LearnerState::Learning { share: 1.0 };
    view.styles.played_notes = 0;
    assert_fits(&view);
}

#[test]
fn nothing_moves_once_the_window_is_open() {
    let view = view();
    let mut harness = harness(&view);
    let places = |harness: &Harness<'_, Vec<Action>>| {
        ["Timeline", "Level", "Highest key"].map(|label| {
            let mut places: Vec<_> = harness.get_all_by_label(label).map(|node| node.rect().min.y).collect();
            places.sort_by(f32::total_cmp);
            places
        })
    };
    let before = places(&harness);
    for frame in 0..10 {
        harness.run_steps(1);
        assert_eq!(places(&harness), before, "frame {frame}");
    }
}
