use super::*;
use crate::params::LAST_TAKE;

use crate::dialogs::DialogState;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use std::path::PathBuf;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_core::scheduler::WindowLength;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::tune::{Metre, PITCH_CLASSES};
use tonenet_engine::generator::{
    ClipKind, GenerateSettings, GeneratorStatus, MorphPhrase, SelectedClip, SongPlacement,
};
use tonenet_engine::status::FAILED;

fn view() -> View {
    let status = Arc::<Status>::default();
    status.latency.store(24_000, Ordering::Relaxed);
    status.sample_rate.store(48_000, Ordering::Relaxed);
    status.restyled.store(12, Ordering::Relaxed);
    status.late.store(3, Ordering::Relaxed);
    status.info.lock().runtime = "ONNX Runtime 1.28.0 · CPU".into();
    View::new(&ToneNetParams::new(status.clone()), &status)
}

/// With an engine that has failed.
fn out_of_order() -> View {
    let status = Arc::<Status>::default();
    status.failed.store(true, Ordering::Relaxed);
    View::new(&ToneNetParams::new(status.clone()), &status)
}

fn harness(view: &View) -> Harness<'_, Vec<Action>> {
    let draw = |ui: &mut egui::Ui, actions: &mut Vec<Action>| actions.extend(draw(ui, view));
    Harness::builder().with_size(egui::vec2(SIZE.0, SIZE.1)).build_ui_state(draw, Vec::new())
}

fn click_in(view: &View, label: &str) -> Vec<Action> {
    let mut harness = harness(view);
    harness.get_by_label(label).click();
    harness.run_steps(3);
    harness.state().clone()
}

fn unfolded() -> View {
    let mut view = view();
    view.dials[Dial::Level as usize].value = 0.6;
    view
}

#[test]
fn a_click_on_a_style_chooses_it() {
    let view = view();
    let mut harness = harness(&view);
    let both: Vec<_> = harness.get_all_by_label("Pop").collect();
    both.iter().for_each(|button| button.click());
    let chosen: Vec<_> = harness.get_all_by_label("Jazz").collect();
    chosen[0].click();
    harness.run_steps(5);
    assert_eq!(harness.state(), &[Action::StyleA(Genre::Pop), Action::StyleB(Genre::Pop)]);
}

#[test]
fn look_ahead_and_bypass_are_a_click_away() {
    assert_eq!(click_in(&view(), "4 beats"), [Action::LookAhead(Mode::Window(WindowLength::FourBeats))]);
    assert_eq!(click_in(&view(), "Live"), [Action::LookAhead(Mode::Live)]);
    assert_eq!(click_in(&view(), "0 ms"), [Action::LookAhead(Mode::LiveZeroLatency)]);
    assert_eq!(click_in(&view(), "Timeline"), [Action::LookAhead(Mode::Timeline)]);
    assert_eq!(click_in(&view(), "Bypass"), [Action::Bypass(true)]);
}

#[test]
fn takes_go_up_and_down_and_round() {
    let mut view = view();
    assert_eq!(click_in(&view, "Another take"), [Action::Take(1)]);
    assert_eq!(click_in(&view, "<"), [], "there is none before the first");
    view.settings.take = TakeSeed(7);
    assert_eq!(click_in(&view, "<"), [Action::Take(6)]);
    assert_eq!(click_in(&view, ">"), [Action::Take(8)]);
    assert_eq!(click_in(&view, "Average"), [Action::Take(0)]);
    view.settings.take = TakeSeed(LAST_TAKE);
    assert_eq!(click_in(&view, ">"), []);
    assert_eq!(click_in(&view, "Another take"), [Action::Take(1)]);
}

#[test]
fn what_is_folded_away_shows_once_it_is_not_the_default() {
    assert!(harness(&view()).query_by_label("Ceiling").is_none());
    assert!(harness(&unfolded()).query_by_label("Ceiling").is_some());
    assert_eq!(click_in(&unfolded(), "Baseline"), [Action::Model(EmbeddedModel::Baseline)]);
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
    use Turn::{Begin, End, To};
    let turns: Vec<Turn> = harness
        .state()
        .iter()
        .map(|action| match action {
            Action::Dial(Dial::Amount, turn) => *turn,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(matches!(turns[..], [Begin, To(value), .., End] if (value - 0.5).abs() < 0.02), "{turns:?}");
}

#[test]
fn a_double_click_takes_a_slider_back_to_its_default() {
    let view = unfolded();
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
    let level = |turn| Action::Dial(Dial::Level, turn);
    assert_eq!(last, [level(Turn::Begin), level(Turn::To(0.5)), level(Turn::End)]);
}

#[test]
fn it_tells_latency_runtime_and_late_notes() {
    let view = unfolded();
    let harness = harness(&view);
    harness.get_by_label("500 ms (24000 samples), compensated by the host");
    harness.get_by_label("ONNX Runtime 1.28.0 · CPU");
    harness.get_by_label("12 restyled");
    harness.get_by_label("3 late");
}

#[test]
fn a_remembered_take_can_be_forgotten_and_brought_back() {
    let mut view = View { look_ahead: Mode::Timeline, ..view() };
    assert_eq!(click_in(&view, "Clear"), [], "there is none yet");
    view.remembered = Remembered { notes: 549, waiting: 3, can_undo: true };
    view.latency = 0;
    harness(&view).get_by_label("549 notes, 3 to be restyled when the pass ends");
    harness(&view).get_by_label("none");
    assert_eq!(click_in(&view, "Clear"), [Action::ForgetTake]);
    assert_eq!(click_in(&view, "Undo"), [Action::BringTakeBack]);
}

#[test]
fn a_take_can_come_from_a_file_that_begins_where_the_user_says() {
    let mut view = View { look_ahead: Mode::Timeline, fill_start: 16.0, ..view() };
    assert_eq!(click_in(&view, "MIDI file\u{2026}"), [Action::FillTake(16.0)]);
    view.filling = DialogState::Choosing;
    assert_eq!(click_in(&view, "MIDI file\u{2026}"), [], "one dialog at a time");
    view.filling = DialogState::Failed("x.mid is no MIDI file".into());
    harness(&view).get_by_label("x.mid is no MIDI file");
    view.filling = DialogState::Done("took \"PIANO\" of 3 parts".into());
    harness(&view).get_by_label("took \"PIANO\" of 3 parts");
    view.look_ahead = Mode::Live;
    assert!(harness(&view).query_by_label("MIDI file\u{2026}").is_none());
}

#[test]
fn an_engine_that_failed_is_told_of() {
    assert!(harness(&view()).query_by_label(FAILED).is_none());
    harness(&out_of_order()).get_by_label(FAILED);
}

#[test]
fn everything_fits_the_window() {
    let mut view = unfolded();
    view.look_ahead = Mode::Timeline;
    view.filling = DialogState::Failed("a line of what is wrong with a file".into());
    view.remembered = Remembered { notes: 20_000, waiting: 10_000, can_undo: true };
    view.settings.style = StyleBlend { a: Genre::Jazz, b: Genre::Classical, share_of_b: 0.99 };
    view.settings.take = TakeSeed(99);
    view.restart_pending = true;
    view.engine.error = Some(FAILED.into());
    view.engine.notes = vec!["a library that was tried".into()];
    view.engine.model.clear();
    assert_fits(&view);
}

/// Draws a view, and looks at how much of the window it takes.
fn assert_fits(view: &View) {
    let drawn = |ui: &mut egui::Ui, used: &mut egui::Vec2| {
        draw(ui, view);
        *used = ui.min_size();
    };
    let size = egui::vec2(SIZE.0, SIZE.1);
    let mut harness = Harness::builder().with_size(size).build_ui_state(drawn, egui::Vec2::ZERO);
    harness.run();
    let used = *harness.state() + egui::Vec2::splat(2.0 * MARGIN);
    assert!(used.x <= size.x && used.y <= size.y, "{used:?}");
}

/// The other panel with a clip that is in the song.
fn generating() -> View {
    let note = |i: u8| ClipNote { onset: f64::from(i) / 2.0, length: 0.5, key: 60 + i * 5 % 12, velocity: 80 };
    let clip = Arc::new(Clip::new(16.0, (4, 4), (0..32).map(note).collect()).unwrap());
    let placement = Some(SongPlacement { is_selected: true, start: Some(32.0) });
    let shown = SelectedClip { clip: Some(clip), index: 1, count: 3, placement, phrases: [Some(12), None] };
    View { tab: Tab::Generate, generate: GenerateView { shown, ..GenerateView::default() }, ..view() }
}

fn clip_action_of(view: &View, label: &str) -> ClipAction {
    match click_in(view, label)[..] {
        [Action::Clip(action)] => action,
        ref other => panic!("{label}: {other:?}"),
    }
}

#[test]
fn panels_are_a_click_apart() {
    assert_eq!(click_in(&view(), "Generate"), [Action::Show(Tab::Generate)]);
    assert_eq!(click_in(&generating(), "Restyle"), [Action::Show(Tab::Restyle)]);
}

#[test]
fn what_is_to_be_written_is_a_click_away() {
    let mut wish = GenerateSettings::default();
    for (label, expected) in [
        ("Continue mine", GenerateSettings { kind: ClipKind::Continuation, ..wish }),
        ("16", GenerateSettings { bars: 16, ..wish }),
        ("minor", GenerateSettings { is_minor: true, ..wish }),
        ("6/8", GenerateSettings { signature: (6, 8), ..wish }),
        ("In key", GenerateSettings { in_key: false, ..wish }),
        ("Keep", GenerateSettings { keeps_seed: true, ..wish }),
        ("once", GenerateSettings { looped: false, ..wish }),
        ("as written", GenerateSettings { restyled: false, ..wish }),
        ("new ones at once", GenerateSettings { plays_at_once: false, ..wish }),
    ] {
        let ClipAction::Change(change) = clip_action_of(&generating(), label) else { panic!("{label}") };
        let mut changed = wish;
        change.apply(&mut changed);
        assert_eq!(changed, expected, "{label}");
    }
    for change in [Change::Tonic(7), Change::Temperature(0.5), Change::Seed(9), Change::Metre(Metre::NineEight)] {
        change.apply(&mut wish);
    }
    assert_eq!(
        wish,
        GenerateSettings { tonic: 7, temperature: 0.5, seed: 9, signature: (9, 8), ..GenerateSettings::default() }
    );
    let mut continuing = generating();
    continuing.generate.wish.kind = ClipKind::Continuation;
    assert_eq!(click_in(&continuing, "minor"), [], "it has the key of what it goes on from");
}

#[test]
fn phrases_are_captured_for_a_morph_and_a_share_is_chosen() {
    let mut view = generating();
    assert!(harness(&view).query_by_label("Capture A").is_none());
    for (label, kind) in [("Texture", ClipKind::Texture), ("Morph", ClipKind::Morph)] {
        assert_eq!(clip_action_of(&view, label), ClipAction::Change(Change::Kind(kind)));
    }
    view.generate.wish.kind = ClipKind::Morph;
    assert_eq!(clip_action_of(&view, "Capture A"), ClipAction::Capture(MorphPhrase::First));
    assert_eq!(clip_action_of(&view, "Capture B"), ClipAction::Capture(MorphPhrase::Second));
    harness(&view).get_by_label("12 notes");
    harness(&view).get_by_label("empty");
    let mut wish = GenerateSettings::default();
    Change::Share(0.25).apply(&mut wish);
    assert_eq!(wish.share, 0.25);
    view.generate.writing = GeneratorStatus::Failed("a line of what went wrong with the piece".into());
    view.generate.saving = DialogState::Failed("a line of what went wrong with the file".into());
    view.generate.shown.phrases = [Some(1_000), Some(1_000)];
    assert_fits(&view);
}

#[test]
fn clips_are_written_gone_through_and_put_into_the_song() {
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
    let shown = harness(&view);
    shown.get_by_label("32 notes in 4 bars of 4/4");
    shown.get_by_label("this piece from beat 32 on");
    shown.get_by_label("2 of 3");
    let mut harness = harness(&view);
    let buttons: Vec<_> = harness.get_all_by_role_and_label(egui::accesskit::Role::Button, "Generate").collect();
    buttons.last().expect("there is the trigger").click();
    harness.run_steps(3);
    assert!(harness.state().contains(&Action::Clip(ClipAction::Press)), "{:?}", harness.state());
}

#[test]
fn what_is_being_written_can_be_cancelled_and_without_a_clip_there_is_nothing_to_do() {
    let mut view = View { tab: Tab::Generate, ..view() };
    for label in ["Undo", "Redo", "Place", "Clear", "Save .mid\u{2026}"] {
        assert_eq!(click_in(&view, label), [], "{label}");
    }
    view.generate.writing = GeneratorStatus::Generating;
    assert_eq!(clip_action_of(&view, "Cancel"), ClipAction::Cancel);
    view.generate.writing = GeneratorStatus::Failed("why it was not".into());
    harness(&view).get_by_label("why it was not");
    view.generate.saving = DialogState::Done(PathBuf::from("/a/folder/clip.mid"));
    harness(&view).get_by_label("saved as clip.mid");
}

#[test]
fn the_other_panel_fits_the_window_too() {
    let mut view = generating();
    view.generate.writing = GeneratorStatus::Failed("a line of what went wrong with the piece".into());
    view.generate.saving = DialogState::Failed("a line of what went wrong with the file".into());
    view.generate.shown.placement = Some(SongPlacement { is_selected: false, start: Some(12_345.5) });
    assert_fits(&view);
}

#[test]
fn the_window_has_letters_for_all_that_it_shows() {
    fn texts(shape: &egui::Shape) -> Vec<String> {
        match shape {
            egui::Shape::Text(text) => vec![text.galley.text().to_owned()],
            egui::Shape::Vec(shapes) => shapes.iter().flat_map(texts).collect(),
            _ => Vec::new(),
        }
    }
    for view in [unfolded(), generating()] {
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
