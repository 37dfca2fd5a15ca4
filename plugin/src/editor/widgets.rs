//! The building blocks of both panels: rows, labels, buttons and sliders.

use super::action::Action;
use super::dial::Dial;
use super::slider::DialSlider;
use super::theme::{LABEL_WIDTH, Palette, WIDE_SLIDER};
use super::view::View;

/// A row with a label before its content.
pub(super) fn row<R>(ui: &mut egui::Ui, text: &str, content: impl FnOnce(&mut egui::Ui) -> R) -> R {
    ui.horizontal(|ui| {
        label(ui, text, LABEL_WIDTH);
        content(ui)
    })
    .inner
}

/// The widths of a dial's parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct DialWidths {
    /// Width of the label.
    pub label: f32,
    /// Width of the slider.
    pub slider: f32,
}

/// A row with a dial and a remark behind it, unless that is the dial's value, which its slider shows.
pub(super) fn dial_row(ui: &mut egui::Ui, view: &View, dial: Dial, remark: &str, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        labelled_slider(ui, view, dial, DialWidths { label: LABEL_WIDTH, slider: WIDE_SLIDER }, actions);
        if remark != view.dial(dial).text {
            ui.label(remark);
        }
    });
}

/// The label of a dial, its slider and its value.
pub(super) fn labelled_slider(
    ui: &mut egui::Ui,
    view: &View,
    dial: Dial,
    widths: DialWidths,
    actions: &mut Vec<Action>,
) {
    let label = label(ui, dial.label(), widths.label);
    DialSlider { dial, view: view.dial(dial), width: widths.slider, label }.show(ui, actions);
}

/// A slider over a quantity of its own, in a row with its label. Returns the new value if the user changed it.
pub(super) fn quantity(
    ui: &mut egui::Ui,
    text: &str,
    hint: &str,
    mut value: f32,
    range: std::ops::RangeInclusive<f32>,
) -> Option<f32> {
    let label = label(ui, text, LABEL_WIDTH);
    ui.spacing_mut().slider_width = WIDE_SLIDER;
    let slider = egui::Slider::new(&mut value, range).step_by(0.05).fixed_decimals(2).trailing_fill(true);
    ui.add(slider).labelled_by(label).on_hover_text(hint).changed().then_some(value)
}

/// A label in a column of its own. Returns its id, by which screen readers find the control that it belongs to.
pub(super) fn label(ui: &mut egui::Ui, text: &str, width: f32) -> egui::Id {
    column(ui, width, |ui| weak(ui, text).id)
}

/// Text that stands back behind the rest.
pub(super) fn weak(ui: &mut egui::Ui, text: impl Into<String>) -> egui::Response {
    ui.label(egui::RichText::new(text).weak())
}

/// Content in a column of fixed width, so that what follows does not move.
pub(super) fn column<R>(ui: &mut egui::Ui, width: f32, content: impl FnOnce(&mut egui::Ui) -> R) -> R {
    let size = egui::vec2(width, 20.0);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        content(ui)
    })
    .inner
}

/// Controls at the right end of a row, drawn from left to right, so that Tab goes through them in that order.
pub(super) fn at_right_edge(ui: &mut egui::Ui, content: impl FnOnce(&mut egui::Ui)) {
    let id = ui.scope_id().with("width at the right edge");
    let width = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(0.0);
    ui.add_space((ui.available_width() - width - ui.spacing().item_spacing.x).max(0.0));
    let drawn = ui.horizontal(content).response.rect.width();
    if drawn != width {
        ui.data_mut(|data| data.insert_temp(id, drawn));
        ui.ctx().request_discard("the controls at the right edge have another width");
    }
}

/// A button with a tooltip. Returns whether it was clicked.
pub(super) fn button(ui: &mut egui::Ui, is_enabled: bool, text: &str, hint: &str) -> bool {
    ui.add_enabled(is_enabled, egui::Button::new(text)).on_hover_text(hint).clicked()
}

/// A checkbox with a tooltip. Returns the new value if the user changed it.
pub(super) fn checkbox(ui: &mut egui::Ui, mut is_checked: bool, text: &str, hint: &str) -> Option<bool> {
    ui.checkbox(&mut is_checked, text).on_hover_text(hint).changed().then_some(is_checked)
}

/// A button of a group of which one is chosen. Returns whether the user chose it.
pub(super) fn choice(ui: &mut egui::Ui, is_chosen: bool, label: &str, hint: &str) -> bool {
    let text = egui::RichText::new(label);
    let button = if is_chosen {
        egui::Button::new(text.color(Palette::of(ui).on_accent)).fill(Palette::of(ui).accent)
    } else {
        egui::Button::new(text)
    };
    ui.add(button).on_hover_text(hint).clicked() && !is_chosen
}
