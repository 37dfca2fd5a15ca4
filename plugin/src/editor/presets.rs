//! The part of the header with presets, undo and redo, and the slots A and B.

use egui::{Key, KeyboardShortcut, Modifiers};

use super::action::{Action, EditAction, PresetAction};
use super::icons::{Icon, icon_button};
use super::presets_view::{PresetDialog, PresetsView};
use super::theme::Palette;
use super::widgets::{button, choice, weak};
use crate::dialogs::DialogState;
use crate::history::Slot;
use crate::presets::{MOST_NAME_CHARACTERS, PresetTask, shipped};

/// The narrowest and the widest name of a preset.
const NAME_WIDTH: std::ops::RangeInclusive<f32> = 80.0..=176.0;
/// The width of all other controls, and of those that stay in a narrow window.
const OTHER_WIDTH: f32 = 222.0;
const FEWER_WIDTH: f32 = 126.0;
/// The part of the window's height that the menu takes besides the list.
const MENU_HEIGHT: f32 = 190.0;
/// The largest height of the list of presets.
const LIST_HEIGHT: f32 = 320.0;
/// The width of a dialog.
const DIALOG_WIDTH: f32 = 320.0;

const UNDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND, Key::Z);
const REDO: KeyboardShortcut = KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Z);

/// Draws the controls in a row of at most this width, and the open question above everything.
///
/// A narrow row lacks the buttons for the previous and the next preset and for copying; the menu has the same.
pub(super) fn header(ui: &mut egui::Ui, view: &PresetsView, width: f32, actions: &mut Vec<Action>) {
    let mut preset_actions = Vec::new();
    ui.spacing_mut().item_spacing.x = 4.0;
    let is_narrow = width < NAME_WIDTH.start() + OTHER_WIDTH;
    let others = if is_narrow { FEWER_WIDTH } else { OTHER_WIDTH };
    let name_width = (width - others).clamp(*NAME_WIDTH.start(), *NAME_WIDTH.end());
    if !is_narrow
        && icon_button(ui, true, Icon::Previous, ("Previous preset", "The preset before this one in the list"))
    {
        preset_actions.extend(view.neighbour(false).map(PresetAction::Load));
    }
    let copies = menu(ui, view, (name_width, is_narrow), &mut preset_actions);
    if !is_narrow && icon_button(ui, true, Icon::Next, ("Next preset", "The preset after this one in the list")) {
        preset_actions.extend(view.neighbour(true).map(PresetAction::Load));
    }
    ui.add_space(6.0);
    edits(ui, view, actions);
    ui.add_space(6.0);
    if slots(ui, view, !is_narrow, actions) || copies {
        actions.push(Action::Edit(EditAction::CopySlot));
    }
    dialog(ui, view, &mut preset_actions);
    actions.extend(preset_actions.into_iter().map(Action::Presets));
}

/// The menu of presets. Returns whether the user chose to copy a slot, which only a narrow row has here.
fn menu(
    ui: &mut egui::Ui,
    view: &PresetsView,
    (width, is_narrow): (f32, bool),
    actions: &mut Vec<PresetAction>,
) -> bool {
    let name = match &view.chosen {
        Some(id) if view.is_changed => format!("• {}", id.name()),
        Some(id) => id.name().into(),
        None => "Presets".into(),
    };
    let button = egui::Button::new(name).min_size(egui::vec2(width, 0.0)).truncate();
    let hint = match (&view.chosen, view.is_changed) {
        (None, _) => "Settings by name: those that ToneNet comes with, and your own",
        (Some(_), true) => "The preset that was loaded last. The dot says that you have changed something since",
        (Some(_), false) => "The preset that plays",
    };
    let menu = ui.scope(|ui| {
        ui.set_max_width(width);
        let config = egui::containers::menu::MenuConfig::new();
        let button = egui::containers::menu::MenuButton::from_button(button).config(config);
        button.ui(ui, |ui| {
            list(ui, view, actions);
            is_narrow && copy_item(ui, view)
        })
    });
    let (response, copies) = menu.inner;
    let response = response.on_hover_text(hint);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Presets"));
    if response.clicked() {
        actions.push(PresetAction::Refresh);
    }
    copies.is_some_and(|copies| copies.inner)
}

/// The item that copies a slot. Returns whether it was clicked.
fn copy_item(ui: &mut egui::Ui, view: &PresetsView) -> bool {
    let (name, hint) = copy_texts(view);
    let is_clicked = button(ui, true, &name, &hint);
    if is_clicked {
        ui.close();
    }
    is_clicked
}

/// The name of copying, and what it does.
fn copy_texts(view: &PresetsView) -> (String, String) {
    let (from, to) = (view.slot.name(), view.slot.other().name());
    (format!("Copy {from} to {to}"), format!("Makes {to} the same as {from}"))
}

/// What the menu holds.
fn list(ui: &mut egui::Ui, view: &PresetsView, actions: &mut Vec<PresetAction>) {
    ui.set_min_width(220.0);
    egui::ScrollArea::vertical().max_height(LIST_HEIGHT.min(ui.ctx().content_rect().height() - MENU_HEIGHT)).show(
        ui,
        |ui| {
            for (place, (id, preset)) in view.all().enumerate() {
                if place == shipped().len() {
                    ui.separator();
                    weak(ui, "Yours");
                }
                let is_chosen = view.chosen.as_ref() == Some(&id);
                let label = ui.selectable_label(is_chosen, &preset.name);
                let label =
                    if preset.description.is_empty() { label } else { label.on_hover_text(&preset.description) };
                if label.clicked() {
                    actions.push(PresetAction::Load(id));
                    ui.close();
                }
            }
            for problem in view.own.problems.iter() {
                ui.colored_label(Palette::of(ui).warning, problem);
            }
        },
    );
    ui.separator();
    let mut item = |is_enabled: bool, text: &str, hint: &str, action: PresetAction| {
        if ui.add_enabled(is_enabled, egui::Button::new(text)).on_hover_text(hint).clicked() {
            actions.push(action);
            ui.close();
        }
    };
    let own = view.own_name();
    let name = own.unwrap_or("My sound").to_owned();
    let ask = PresetAction::Ask;
    item(true, "Save…", "Keeps the settings under a name", ask(PresetDialog::Save(name.clone())));
    let hint = "Gives your preset another name";
    item(own.is_some(), "Rename…", hint, ask(PresetDialog::Rename { from: name.clone(), to: name.clone() }));
    item(own.is_some(), "Delete…", "Deletes your preset", ask(PresetDialog::Delete(name)));
    let is_free = view.importing != DialogState::Choosing;
    item(is_free, "Import…", "Takes a preset from a .tonepreset file", PresetAction::Import);
    let is_free = view.exporting != DialogState::Choosing;
    item(is_free, "Export…", "Writes the settings to a .tonepreset file", PresetAction::Export);
}

/// Undo and redo, by button and by key.
fn edits(ui: &mut egui::Ui, view: &PresetsView, actions: &mut Vec<Action>) {
    let named = |verb: &str, step: &Option<String>| match step {
        Some(step) => format!("{verb}: {step}"),
        None => format!("There is nothing to {}", verb.to_lowercase()),
    };
    // A text field has an undo of its own. Redo is asked first, because its keys include those of undo.
    let is_typing = ui.text_edit_focused();
    let pressed = |shortcut| !is_typing && ui.input_mut(|input| input.consume_shortcut(shortcut));
    let (by_redo_key, by_undo_key) = (pressed(&REDO), pressed(&UNDO));
    if icon_button(ui, view.undo.is_some(), Icon::Undo, ("Undo edit", &named("Undo", &view.undo))) || by_undo_key {
        actions.push(Action::Edit(EditAction::Undo));
    }
    if icon_button(ui, view.redo.is_some(), Icon::Redo, ("Redo edit", &named("Redo", &view.redo))) || by_redo_key {
        actions.push(Action::Edit(EditAction::Redo));
    }
}

/// The slots A and B. Returns whether the user copied one.
fn slots(ui: &mut egui::Ui, view: &PresetsView, has_copy: bool, actions: &mut Vec<Action>) -> bool {
    for slot in [Slot::A, Slot::B] {
        let hint = format!("Plays the settings {}. Edits change the one that plays", slot.name());
        if choice(ui, slot == view.slot, slot.name(), &hint) {
            actions.push(Action::Edit(EditAction::SwitchSlot));
        }
    }
    if !has_copy {
        return false;
    }
    let (name, hint) = copy_texts(view);
    let button = ui.button("Copy").on_hover_text(hint);
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
    button.clicked()
}

/// The open question, or what came of the last one if it has to be read.
fn dialog(ui: &mut egui::Ui, view: &PresetsView, actions: &mut Vec<PresetAction>) {
    let modal = |ui: &egui::Ui, content: &mut dyn FnMut(&mut egui::Ui)| {
        let modal = egui::Modal::new(egui::Id::unique("preset dialog")).show(ui.ctx(), |ui| {
            ui.set_width(DIALOG_WIDTH);
            ui.spacing_mut().item_spacing = egui::vec2(8.0, 8.0);
            content(ui);
        });
        modal.should_close()
    };
    let is_closed = match (&view.dialog, &view.task) {
        (Some(question), task) => modal(ui, &mut |ui| ask(ui, question, task, actions)),
        (None, PresetTask::Failed(refusal)) => modal(ui, &mut |ui| tell(ui, refusal, actions)),
        // Without a question only an import can find its name taken.
        (None, PresetTask::Taken(name)) => {
            let refusal = format!("There is a preset {name} already. Rename it, then import again.");
            modal(ui, &mut |ui| tell(ui, &refusal, actions))
        }
        (None, _) => match first_failure(view) {
            Some(failure) => modal(ui, &mut |ui| tell(ui, &failure, actions)),
            None => false,
        },
    };
    if is_closed {
        actions.push(PresetAction::Close);
    }
}

/// What else went wrong.
fn first_failure(view: &PresetsView) -> Option<String> {
    match (&view.problems[..], &view.importing, &view.exporting) {
        ([], DialogState::Failed(refusal), _) | ([], _, DialogState::Failed(refusal)) => Some(refusal.clone()),
        ([], ..) => None,
        (problems, ..) => Some(problems.join("\n")),
    }
}

fn tell(ui: &mut egui::Ui, text: &str, actions: &mut Vec<PresetAction>) {
    ui.colored_label(Palette::of(ui).warning, text);
    if button(ui, true, "OK", "Closes this message") {
        actions.push(PresetAction::Close);
    }
}

/// Asks a question. `task` says what came of the last answer.
fn ask(ui: &mut egui::Ui, question: &PresetDialog, task: &PresetTask, actions: &mut Vec<PresetAction>) {
    let is_free = *task != PresetTask::Working;
    match question {
        PresetDialog::Save(name) => {
            ui.strong("Save the settings as a preset");
            let (text, is_entered) = name_field(ui, name, PresetDialog::Save, actions);
            let may_replace = matches!(task, PresetTask::Taken(taken) if *taken == text.trim());
            let verb = if may_replace { "Replace" } else { "Save" };
            let hint = if may_replace { "Replaces the preset of that name" } else { "Keeps the settings" };
            answer(ui, (is_free && !text.trim().is_empty(), verb, hint), is_entered && !may_replace, actions, || {
                PresetAction::Save { name: text.clone(), may_replace }
            });
        }
        PresetDialog::Rename { from, to } => {
            ui.strong(format!("Rename {from}"));
            let rename = |to| PresetDialog::Rename { from: from.clone(), to };
            let (text, is_entered) = name_field(ui, to, rename, actions);
            answer(
                ui,
                (is_free && !text.trim().is_empty(), "Rename", "Gives it this name"),
                is_entered,
                actions,
                || PresetAction::Rename { from: from.clone(), to: text.clone() },
            );
        }
        PresetDialog::Delete(name) => {
            ui.strong(format!("Delete the preset {name}?"));
            ui.label("Its file is deleted; that cannot be undone. What plays stays as it is.");
            answer(ui, (is_free, "Delete", "Deletes the preset"), false, actions, || {
                PresetAction::Delete(name.clone())
            });
        }
    }
    match task {
        PresetTask::Taken(name) => drop(ui.colored_label(
            Palette::of(ui).warning,
            format!("There is a preset {name} already. Choose another name, or replace it."),
        )),
        PresetTask::Failed(refusal) => drop(ui.colored_label(Palette::of(ui).warning, refusal)),
        PresetTask::Working => drop(weak(ui, "One moment…")),
        PresetTask::Idle | PresetTask::Done(_) => {}
    }
}

/// A field for a name. Returns its text, and whether the user pressed Enter.
fn name_field(
    ui: &mut egui::Ui,
    name: &str,
    draft: impl FnOnce(String) -> PresetDialog,
    actions: &mut Vec<PresetAction>,
) -> (String, bool) {
    ui.horizontal(|ui| {
        let mut text = name.to_owned();
        let label = weak(ui, "Name").id;
        let field = egui::TextEdit::singleline(&mut text).char_limit(MOST_NAME_CHARACTERS).desired_width(f32::INFINITY);
        let field = ui.add(field).labelled_by(label);
        if ui.memory(|memory| memory.focused().is_none()) {
            field.request_focus();
        }
        if field.changed() {
            actions.push(PresetAction::Ask(draft(text.clone())));
        }
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        (text, is_entered)
    })
    .inner
}

/// The buttons that answer a question or withdraw it.
fn answer(
    ui: &mut egui::Ui,
    (is_enabled, verb, hint): (bool, &str, &str),
    is_entered: bool,
    actions: &mut Vec<PresetAction>,
    action: impl FnOnce() -> PresetAction,
) {
    ui.horizontal(|ui| {
        if button(ui, is_enabled, verb, hint) || is_enabled && is_entered {
            actions.push(action());
        }
        if button(ui, true, "Cancel", "Leaves everything as it is") {
            actions.push(PresetAction::Close);
        }
    });
}

#[cfg(test)]
mod tests;
