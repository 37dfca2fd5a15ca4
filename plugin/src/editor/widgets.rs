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

/// The label of a dial, its slider and its value.
pub(super) fn labelled_slider(
    ui: &mut egui::Ui,
    view: &View,
    dial: Dial,
    widths: DialWidths,
    actions: &mut Vec<Action>,
) {
    let label = label(ui, dial.label(), widths.label);
    let unavailable = dial.unavailable(&view.settings);
    DialSlider { dial, view: view.dial(dial), width: widths.slider, label, unavailable }.show(ui, actions);
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

/// A button with a tooltip. Returns whether it was clicked.
pub(super) fn button(ui: &mut egui::Ui, is_enabled: bool, text: &str, hint: &str) -> bool {
    ui.add_enabled(is_enabled, egui::Button::new(text)).on_hover_text(hint).on_disabled_hover_text(hint).clicked()
}

/// A checkbox with a tooltip. Returns the new value if the user changed it.
pub(super) fn checkbox(ui: &mut egui::Ui, mut is_checked: bool, text: &str, hint: &str) -> Option<bool> {
    ui.checkbox(&mut is_checked, text).on_hover_text(hint).on_disabled_hover_text(hint).changed().then_some(is_checked)
}

/// A button of a group of which one is chosen. Returns whether the user chose it.
pub(super) fn choice(ui: &mut egui::Ui, is_chosen: bool, label: &str, hint: &str) -> bool {
    let text = egui::RichText::new(label);
    let button = if is_chosen {
        egui::Button::new(text.color(Palette::of(ui).on_accent)).fill(Palette::of(ui).accent)
    } else {
        egui::Button::new(text)
    };
    ui.add(button).on_hover_text(hint).on_disabled_hover_text(hint).clicked() && !is_chosen
}

/// A list of options with a label of some width: whether each is chosen, its name and its tooltip. Returns the option that the user chose.
pub(super) fn option_list(
    ui: &mut egui::Ui,
    width: f32,
    (name, hint): (&str, &str),
    options: &[(bool, &str, &str)],
) -> Option<usize> {
    label(ui, name, width);
    let chosen = options.iter().find(|option| option.0).map_or("", |option| option.1);
    let mut clicked = None;
    let list = egui::ComboBox::from_id_salt(name).width(ui.available_width().min(150.0)).selected_text(chosen);
    let list = list.show_ui(ui, |ui| {
        for (index, &(is_chosen, title, hint)) in options.iter().enumerate() {
            if ui.selectable_label(is_chosen, title).on_hover_text(hint).clicked() && !is_chosen {
                clicked = Some(index);
            }
        }
    });
    list.response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, list.response.enabled(), name);
        info.current_text_value = Some(chosen.into());
        info
    });
    list.response.on_hover_text(hint).on_disabled_hover_text(hint);
    clicked
}

/// Lets screen readers step a control that is drawn by hand, within a range.
pub(super) fn steppable(ui: &egui::Ui, response: &egui::Response, range: std::ops::RangeInclusive<f64>) {
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_min_numeric_value(*range.start());
        node.set_max_numeric_value(*range.end());
        node.set_numeric_value_step(1.0);
        node.add_action(egui::accesskit::Action::Increment);
        node.add_action(egui::accesskit::Action::Decrement);
    });
}

/// The steps that a screen reader asks a [`steppable`] control for.
pub(super) fn steps_asked(ui: &egui::Ui, response: &egui::Response) -> i32 {
    use egui::accesskit::Action::{Decrement, Increment};
    let asked = |action| ui.input(|input| input.num_accesskit_action_requests(response.id, action)) as i32;
    asked(Increment) - asked(Decrement)
}
