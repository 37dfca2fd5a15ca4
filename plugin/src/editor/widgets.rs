//! What both panels are made of.

use super::{ACCENT, Action, Dial, DialView, LABELS, Turn, View, WIDE};

/// A row with its label.
pub(super) fn row<R>(ui: &mut egui::Ui, text: &str, content: impl FnOnce(&mut egui::Ui) -> R) {
    ui.horizontal(|ui| {
        label(ui, text, LABELS);
        content(ui);
    });
}

/// A row with a slider and what it says.
pub(super) fn wide_dial(ui: &mut egui::Ui, view: &View, dial: Dial, text: &str, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let label = label(ui, dial.label(), LABELS);
        slider(ui, view, dial, WIDE, label, actions);
        ui.label(text);
    });
}

/// A slider; `label` says by which label it goes, for screen readers.
pub(super) fn slider(
    ui: &mut egui::Ui,
    view: &View,
    dial: Dial,
    width: f32,
    label: egui::Id,
    actions: &mut Vec<Action>,
) {
    let DialView { mut value, default, steps, .. } = *view.dial(dial);
    ui.spacing_mut().slider_width = width;
    let slider = egui::Slider::new(&mut value, 0.0..=1.0).show_value(false).trailing_fill(true);
    let slider = match steps {
        Some(steps) => slider.step_by(1.0 / steps as f64),
        None => slider,
    };
    let hint = format!("{}. Double-click: back to the default", dial.hint());
    let slider = ui.add(slider).labelled_by(label).on_hover_text(hint);
    let mut turn = |turn| actions.push(Action::Dial(dial, turn));
    if slider.drag_started() || (slider.changed() && !slider.dragged()) {
        turn(Turn::Begin);
    }
    if slider.changed() {
        turn(Turn::To(value));
    }
    if slider.drag_stopped() || (slider.changed() && !slider.dragged()) {
        turn(Turn::End);
    }
    let twice = ui.input(|input| input.pointer.button_double_clicked(egui::PointerButton::Primary));
    if twice && slider.contains_pointer() {
        [Turn::Begin, Turn::To(default), Turn::End].into_iter().for_each(turn);
    }
}

pub(super) fn label(ui: &mut egui::Ui, text: &str, width: f32) -> egui::Id {
    column(ui, width, |ui| ui.label(egui::RichText::new(text).weak()).id)
}

/// Something in a column of its own, so that what follows stays where it is.
pub(super) fn column<R>(ui: &mut egui::Ui, width: f32, content: impl FnOnce(&mut egui::Ui) -> R) -> R {
    let size = egui::vec2(width, 20.0);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        content(ui)
    })
    .inner
}

pub(super) fn choice(ui: &mut egui::Ui, chosen: bool, label: &str, hint: &str) -> bool {
    let text = egui::RichText::new(label);
    let button =
        if chosen { egui::Button::new(text.color(egui::Color32::BLACK)).fill(ACCENT) } else { egui::Button::new(text) };
    ui.add(button).on_hover_text(hint).clicked() && !chosen
}
