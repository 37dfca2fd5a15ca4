//! The header's presets, undo and slots as a user sees them, and what the window then does.

use std::sync::Arc;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::*;
use crate::history::tests::Session;
use crate::params::UserParam;
use crate::presets::{Preset, PresetId, PresetList, SavedSettings};

/// The view of a session in which the user has a preset, "Mine".
fn view_of(session: &Session) -> PresetsView {
    let settings = SavedSettings::from_params(&session.params, UserParam::is_in_presets);
    let presets: Arc<[Preset]> = [Preset::new("Mine", settings).unwrap()].into();
    PresetsView::new(&session.params, PresetList { presets, problems: Arc::default() }, &session.edits)
}

fn view() -> PresetsView {
    view_of(&Session::new())
}

fn harness(view: &PresetsView) -> Harness<'_, Vec<Action>> {
    harness_of_width(view, 500.0)
}

fn harness_of_width(view: &PresetsView, width: f32) -> Harness<'_, Vec<Action>> {
    let draw = move |ui: &mut egui::Ui, actions: &mut Vec<Action>| {
        let drawn = ui.horizontal(|ui| header(ui, view, width, actions)).response.rect;
        assert!(drawn.width() <= width, "it takes {} of {width}", drawn.width());
    };
    Harness::builder().with_size(egui::vec2(700.0, 600.0)).build_ui_state(draw, Vec::new())
}

fn click_in(view: &PresetsView, labels: &[&str]) -> Vec<Action> {
    let mut harness = harness(view);
    for label in labels {
        harness.get_by_label(label).click();
        harness.run_steps(4);
    }
    harness.state().clone()
}

fn preset(action: PresetAction) -> Action {
    Action::Presets(action)
}

#[test]
fn the_menu_lists_all_presets_and_a_click_loads_one() {
    let load = |id| vec![preset(PresetAction::Refresh), preset(PresetAction::Load(id))];
    let shipped = PresetId::Shipped("Parlour Chopin".into());
    assert_eq!(click_in(&view(), &["Presets", "Parlour Chopin"]), load(shipped));
    assert_eq!(click_in(&view(), &["Presets", "Mine"]), load(PresetId::Own("Mine".into())));
}

#[test]
fn the_arrows_step_through_the_list_and_around_its_ends() {
    let step = |chosen: Option<PresetId>, label| {
        let view = PresetsView { chosen, ..view() };
        match &click_in(&view, &[label])[..] {
            [Action::Presets(PresetAction::Load(id))] => id.name().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let first = || Some(PresetId::Shipped("Gentle ballad".into()));
    assert_eq!(step(None, "Next preset"), "Gentle ballad");
    assert_eq!(step(first(), "Next preset"), "Late-night trio");
    assert_eq!(step(first(), "Previous preset"), "Mine");
    assert_eq!(step(Some(PresetId::Own("Mine".into())), "Next preset"), "Gentle ballad");
    assert_eq!(step(Some(PresetId::Own("deleted".into())), "Next preset"), "Gentle ballad");
}

#[test]
fn a_loaded_preset_has_a_dot_once_something_is_changed() {
    let session = Session::new();
    let chosen = crate::presets::shipped()[0].clone();
    let read = chosen.settings.read(&session.params, UserParam::is_in_presets);
    let slots = crate::history::Slots { preset: Some(PresetId::Shipped(chosen.name)), ..Default::default() };
    session.edit(|edit| edit.load("Preset".into(), read.values, slots));
    assert!(!view_of(&session).is_changed);
    session.edit(|edit| edit.set(UserParam::LookAhead, 1.0));
    assert!(!view_of(&session).is_changed, "no preset holds the look-ahead");
    session.edit(|edit| edit.set(UserParam::Range, 0.9));
    assert!(view_of(&session).is_changed);
    session.edit(|edit| edit.undo());
    assert!(!view_of(&session).is_changed);
    session.edit(|edit| edit.undo());
    session.edit(|edit| edit.undo());
    assert_eq!(view_of(&session).chosen, None, "undo takes the preset's name back, too");
}

#[test]
fn undo_and_redo_say_what_they_do_and_have_keys() {
    let session = Session::new();
    assert_eq!(click_in(&view_of(&session), &["Undo edit"]), [], "there is nothing to undo");
    session.edit(|edit| edit.set(UserParam::Amount, 0.8));
    let undo = view_of(&session);
    assert_eq!(undo.undo.as_deref(), Some("Amount 80 %"));
    assert_eq!(click_in(&undo, &["Undo edit"]), [Action::Edit(EditAction::Undo)]);
    session.edit(|edit| edit.undo());
    assert_eq!(click_in(&view_of(&session), &["Redo edit"]), [Action::Edit(EditAction::Redo)]);
    let by_key = |modifiers| {
        let mut harness = harness(&undo);
        harness.key_press_modifiers(modifiers, Key::Z);
        harness.run_steps(2);
        harness.state().clone()
    };
    assert_eq!(by_key(Modifiers::COMMAND), [Action::Edit(EditAction::Undo)]);
    assert_eq!(by_key(Modifiers::COMMAND | Modifiers::SHIFT), [Action::Edit(EditAction::Redo)]);
    assert_eq!(by_key(Modifiers::NONE), []);
}

#[test]
fn a_click_on_the_other_slot_switches_and_copy_names_both() {
    assert_eq!(click_in(&view(), &["B"]), [Action::Edit(EditAction::SwitchSlot)]);
    assert_eq!(click_in(&view(), &["A"]), [], "it plays already");
    assert_eq!(click_in(&view(), &["Copy A to B"]), [Action::Edit(EditAction::CopySlot)]);
    let view = PresetsView { slot: Slot::B, ..view() };
    assert_eq!(click_in(&view, &["A"]), [Action::Edit(EditAction::SwitchSlot)]);
    assert_eq!(click_in(&view, &["Copy B to A"]), [Action::Edit(EditAction::CopySlot)]);
}

#[test]
fn only_a_preset_of_the_user_can_be_renamed_and_deleted() {
    let shipped = PresetsView { chosen: Some(PresetId::Shipped("Gentle ballad".into())), ..view() };
    assert_eq!(click_in(&shipped, &["Presets", "Rename…"]), [preset(PresetAction::Refresh)]);
    let own = PresetsView { chosen: Some(PresetId::Own("Mine".into())), ..view() };
    let ask = |dialog| [preset(PresetAction::Refresh), preset(PresetAction::Ask(dialog))];
    let rename = PresetDialog::Rename { from: "Mine".into(), to: "Mine".into() };
    assert_eq!(click_in(&own, &["Presets", "Rename…"]), ask(rename));
    assert_eq!(click_in(&own, &["Presets", "Delete…"]), ask(PresetDialog::Delete("Mine".into())));
    assert_eq!(click_in(&own, &["Presets", "Save…"]), ask(PresetDialog::Save("Mine".into())));
}

#[test]
fn a_name_that_is_taken_is_asked_about_before_its_preset_is_replaced() {
    let mut view = PresetsView { dialog: Some(PresetDialog::Save("Mine".into())), ..view() };
    let save = |may_replace| [preset(PresetAction::Save { name: "Mine".into(), may_replace })];
    assert_eq!(click_in(&view, &["Save"]), save(false));
    view.task = PresetTask::Taken("Mine".into());
    assert!(harness(&view).query_by_label_contains("There is a preset Mine already").is_some());
    assert_eq!(click_in(&view, &["Replace"]), save(true));
    view.task = PresetTask::Working;
    assert_eq!(click_in(&view, &["Save"]), [], "one thing after the other");
    assert_eq!(click_in(&view, &["Cancel"]), [preset(PresetAction::Close)]);
}

#[test]
fn deleting_is_asked_about() {
    let view = PresetsView { dialog: Some(PresetDialog::Delete("Mine".into())), ..view() };
    assert_eq!(click_in(&view, &["Delete"]), [preset(PresetAction::Delete("Mine".into()))]);
    assert_eq!(click_in(&view, &["Cancel"]), [preset(PresetAction::Close)]);
}

#[test]
fn what_goes_wrong_is_said_until_the_user_has_read_it() {
    let problem = "The style Late evening is not in this project";
    for view in [
        PresetsView { task: PresetTask::Failed(problem.into()), ..view() },
        PresetsView { problems: vec![problem.into()], ..view() },
        PresetsView { exporting: DialogState::Failed(problem.into()), ..view() },
    ] {
        harness(&view).get_by_label(problem);
        assert_eq!(click_in(&view, &["OK"]), [preset(PresetAction::Close)]);
    }
}

#[test]
fn a_narrow_row_has_the_same_in_its_menu() {
    let view = view();
    let mut harness = harness_of_width(&view, 208.0);
    assert!(harness.query_by_label("Next preset").is_none() && harness.query_by_label("Copy A to B").is_none());
    harness.get_by_label("Presets").click();
    harness.run_steps(4);
    harness.get_by_label("Copy A to B").click();
    harness.run_steps(4);
    assert_eq!(harness.state()[1..], [Action::Edit(EditAction::CopySlot)]);
}
