//! The panel "Styles": learns styles, and shows those of the user with what can be done with each.

use tonenet_inference::user_style::MOST_NAME_CHARACTERS;

use super::action::{Action, StyleAction};
use super::learning;
use super::styles_view::{Renaming, StylesView, UserStyleView};
use super::theme::Palette;
use super::widgets::{button, weak};
use crate::dialogs::DialogState;

/// Draws the panel.
pub(super) fn panel(ui: &mut egui::Ui, view: &StylesView, actions: &mut Vec<Action>) {
    let mut push = |action| actions.push(Action::Styles(action));
    learning::section(ui, view, &mut push);
    ui.separator();
    if view.users.is_empty() {
        weak(ui, "No styles of your own yet. Learn one, or import a .tonestyle file.");
    }
    for style in &view.users {
        let renaming = view.renaming.as_ref().filter(|renaming| renaming.slot == style.slot);
        ui.horizontal_wrapped(|ui| row(ui, style, renaming, &mut push));
        if let Some(refusal) = renaming.and_then(|renaming| renaming.refusal.as_ref()) {
            ui.colored_label(Palette::of(ui).warning, refusal);
        }
        weak(ui, style.description.as_str());
        ui.separator();
    }
    ui.horizontal(|ui| {
        let hint = "Opens a .tonestyle file and puts its style into the next empty slot. Your project keeps a copy";
        if button(ui, view.has_room && view.importing != DialogState::Choosing, "Import…", hint) {
            push(StyleAction::Import);
        }
        if let Some(name) = &view.removed
            && button(ui, view.has_room, "Undo remove", &format!("Brings {name} back"))
        {
            push(StyleAction::UndoRemove);
        }
    });
    outcome(ui, &view.importing, |name| format!("{name} is in the list of styles"));
    outcome(ui, &view.exporting, |path| format!("Written to {}", path.display()));
    for problem in &view.problems {
        ui.colored_label(Palette::of(ui).warning, problem);
    }
}

/// What came of a dialog, below its button so that a long path fits the window.
fn outcome<Done>(ui: &mut egui::Ui, state: &DialogState<Done>, text: impl Fn(&Done) -> String) {
    match state {
        DialogState::Done(done) => drop(weak(ui, text(done))),
        DialogState::Failed(refusal) => drop(ui.colored_label(Palette::of(ui).warning, refusal)),
        DialogState::Idle | DialogState::Choosing => {}
    }
}

/// A style's name, or the field for another one, and its buttons.
fn row(ui: &mut egui::Ui, style: &UserStyleView, renaming: Option<&Renaming>, push: &mut impl FnMut(StyleAction)) {
    let slot = style.slot;
    if let Some(renaming) = renaming {
        let mut text = renaming.name.clone();
        let label = weak(ui, "Name").id;
        let field = egui::TextEdit::singleline(&mut text).char_limit(MOST_NAME_CHARACTERS).desired_width(180.0);
        let field = ui.add(field).labelled_by(label);
        if field.changed() {
            push(StyleAction::Draft(slot, text.clone()));
        }
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
        if button(ui, !text.trim().is_empty(), "Keep name", "Gives the style this name") || is_entered {
            push(StyleAction::Rename(slot, text));
        }
        return;
    }
    ui.strong(&style.title);
    let is_readable = style.id.is_some();
    if button(ui, is_readable, "Rename", "Gives the style another name. It plays the same") {
        push(StyleAction::Draft(slot, style.name.clone()));
    }
    if button(ui, is_readable, "Export…", "Writes the style to a .tonestyle file") {
        push(StyleAction::Export(slot));
    }
    if button(
        ui,
        true,
        "Remove",
        "Takes the style out of this project. Its slot then plays as the style before it. Undo brings it back",
    ) {
        push(StyleAction::Remove(slot));
    }
}
