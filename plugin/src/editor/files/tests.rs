//! Saving, restyling and dropping files as a user sees them.

use std::path::Path;
use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::*;
use crate::file_restyler::Outcome;

fn view() -> FilesView {
    FilesView { can_save: true, style: "Jazz".into(), ..FilesView::default() }
}

fn harness(view: &FilesView) -> Harness<'_, Vec<Action>> {
    harness_with_player(view, false)
}

fn harness_with_player(view: &FilesView, can_play: bool) -> Harness<'_, Vec<Action>> {
    let draw = move |ui: &mut egui::Ui, actions: &mut Vec<Action>| {
        ui.horizontal(|ui| buttons(ui, view, actions));
        outcome(ui, view, actions);
        drop_zones(ui, view, can_play, actions);
    };
    Harness::builder().with_size(egui::vec2(640.0, 400.0)).build_ui_state(draw, Vec::new())
}

fn click_in(view: &FilesView, label: &str) -> Vec<Action> {
    let mut harness = harness(view);
    harness.get_by_label(label).click();
    harness.run_steps(3);
    harness.state().clone()
}

#[test]
fn a_performance_is_saved_once_there_is_one() {
    let save = [Action::Files(FileAction::SavePerformance)];
    assert_eq!(click_in(&view(), "Save restyled .mid…"), save);
    assert_eq!(click_in(&FilesView { can_save: false, ..view() }, "Save restyled .mid…"), []);
    let view = FilesView { saving: DialogState::Done("a/evening.mid".into()), ..view() };
    harness(&view).get_by_label("Written to a/evening.mid");
    assert_eq!(click_in(&view, "Close"), [Action::Files(FileAction::Close)]);
}

#[test]
fn what_timeline_took_is_said_where_its_own_controls_are_not_shown() {
    let text = "Timeline remembers a.mid";
    let opened = FilesView { opening: DialogState::Done(text.into()), ..view() };
    harness(&opened).get_by_label(text);
    assert!(harness(&FilesView { is_timeline: true, ..opened }).query_by_label(text).is_none());
}

#[test]
fn restyling_shows_its_progress_and_can_be_cancelled() {
    assert_eq!(click_in(&view(), "Restyle files…"), [Action::Files(FileAction::RestyleChosen)]);
    let working = RestylerState::Working { file: "evening.mid".into(), share: 0.5 };
    let view = FilesView { restyler: working, ..view() };
    harness(&view).get_by_label("restyling evening.mid, 50 %");
    assert_eq!(click_in(&view, "Restyle files…"), [], "one after the other");
    assert_eq!(click_in(&view, "Cancel"), [Action::Files(FileAction::CancelRestyling)]);
}

#[test]
fn what_came_of_files_is_said_until_the_user_has_read_it() {
    let result_of = |result: &str| {
        let outcome = Outcome { result: result.into(), notes: 549, changed: 540 };
        (String::new(), outcome)
    };
    let refused = vec!["a.png: this is no MIDI file".to_owned()];
    let one = RestyledFiles { written: vec![result_of("evening-jazz.mid")], refused, is_cancelled: false };
    let view_of = |files: RestyledFiles| FilesView { restyler: RestylerState::Done(Arc::new(files)), ..view() };
    let view = view_of(one);
    harness(&view).get_by_label("Wrote evening-jazz.mid: 540 of 549 notes have a new velocity");
    harness(&view).get_by_label("a.png: this is no MIDI file");
    assert_eq!(click_in(&view, "Close"), [Action::Files(FileAction::Close)]);
    let written = (0..6).map(|number| result_of(&format!("{number}.mid"))).collect();
    let view = view_of(RestyledFiles { written, ..RestyledFiles::default() });
    harness(&view).get_by_label("Wrote 6 files: 0.mid, 1.mid, 2.mid, 3.mid and 2 more");
    let view = view_of(RestyledFiles { is_cancelled: true, ..RestyledFiles::default() });
    harness(&view).get_by_label("Cancelled. Nothing was written");
}

/// A file as the framework hands it over.
#[derive(Debug)]
struct Dropped(&'static str);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        Path::new(self.0)
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("nobody reads it here".into())
    }
}

/// Drags files to a place of the window, where there is one, and drops them there.
fn dropped(view: &FilesView, at: Option<egui::Pos2>, files: &[&'static str]) -> Vec<Action> {
    dropped_on(harness(view), at, files)
}

fn dropped_on(mut harness: Harness<'_, Vec<Action>>, at: Option<egui::Pos2>, files: &[&'static str]) -> Vec<Action> {
    harness.input_mut().hovered_files = files.iter().map(|_| egui::HoveredFile::default()).collect();
    at.into_iter().for_each(|at| harness.event(egui::Event::PointerMoved(at)));
    harness.run_steps(1);
    harness.input_mut().hovered_files.clear();
    harness.input_mut().dropped_files = files.iter().map(|file| Arc::new(Dropped(file)) as _).collect();
    harness.run_steps(1);
    harness.run_steps(2);
    harness.state().clone()
}

#[test]
fn the_zones_show_while_a_file_hovers_and_say_what_comes_of_it() {
    let view = view();
    let mut harness = harness(&view);
    assert!(harness.query_by_label_contains("Take it for Timeline").is_none());
    harness.input_mut().hovered_files = vec![egui::HoveredFile::default(); 2];
    harness.run_steps(3);
    harness.get_by_label_contains("Restyle beside the original. Writes a copy of each in Jazz");
    harness.get_by_label_contains("It takes the first file only. Choose the mode Timeline to hear it.");
}

#[test]
fn dropped_files_go_where_they_are_dropped() {
    let files: Vec<PathBuf> = vec!["a.mid".into(), "b.mid".into()];
    let drop_at = |at| dropped(&view(), at, &["a.mid", "b.mid"]);
    let beside = [Action::Files(FileAction::RestyleDropped(files.clone()))];
    assert_eq!(drop_at(Some(pos2(300.0, 100.0))), beside);
    assert_eq!(drop_at(None), beside, "which changes nothing in the project");
    assert_eq!(drop_at(Some(pos2(300.0, 300.0))), [Action::Files(FileAction::TakeDropped(files))]);
}

#[test]
fn with_a_player_a_file_is_played_unless_it_is_dropped_on_another_zone() {
    let view = view();
    let dropped = |at: Option<egui::Pos2>| dropped_on(harness_with_player(&view, true), at, &["a.mid", "b.mid"]);
    let plays = [Action::Player(PlayerAction::Open("a.mid".into()))];
    assert_eq!(dropped(None), plays);
    assert_eq!(dropped(Some(pos2(320.0, 60.0))), plays);
    let files = vec!["a.mid".into(), "b.mid".into()];
    assert_eq!(dropped(Some(pos2(320.0, 200.0))), [Action::Files(FileAction::RestyleDropped(files.clone()))]);
    assert_eq!(dropped(Some(pos2(320.0, 360.0))), [Action::Files(FileAction::TakeDropped(files))]);
}
