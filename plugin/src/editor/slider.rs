//! The slider of a dial, with its value behind it: it is dragged, stepped by keys, typed and reset.

use egui::accesskit::Role;
use egui::{Align2, EventFilter, Id, Key, Rect, Response, Sense, Stroke, WidgetInfo, pos2, vec2};

use super::action::Action;
use super::dial::{Dial, DialGesture, DialView};
use super::theme::Palette;

/// Height of a slider with its handle.
const HEIGHT: f32 = 20.0;
/// Height of the rail that the handle moves on.
const RAIL: f32 = 6.0;
/// Radius of the handle.
const HANDLE: f32 = 7.0;
/// Width of the value behind the rail.
pub(super) const VALUE_WIDTH: f32 = 64.0;
/// How far a drag with Shift moves the handle, as a share of one without.
const FINE: f32 = 0.1;
/// What an arrow key changes a continuous parameter by.
const ARROW: f32 = 0.01;
/// Arrow keys in a page key.
const PAGE: f32 = 10.0;

/// A dial's slider.
pub(super) struct DialSlider<'a> {
    /// The dial.
    pub dial: Dial,
    /// Its state.
    pub view: &'a DialView,
    /// Width of the rail.
    pub width: f32,
    /// The label that names the slider.
    pub label: Id,
    /// Why it cannot be moved at present; `None` if it can.
    pub unavailable: Option<&'a str>,
}

impl DialSlider<'_> {
    /// Draws the slider and its value.
    pub fn show(&self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        ui.add_enabled_ui(self.unavailable.is_none(), |ui| self.parts(ui, actions));
    }

    fn parts(&self, ui: &mut egui::Ui, actions: &mut Vec<Action>) {
        let rail = self.rail(ui);
        actions.extend(self.gestures(ui, &rail).into_iter().map(|gesture| Action::Dial(self.dial, gesture)));
        let starts = rail.has_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        self.value(ui, &rail, starts, actions);
        let hint = self.dial.hint();
        rail.on_hover_text(format!("{hint}.\nShift drags finely, a double-click resets, Enter lets you type a value."))
            .on_disabled_hover_text(self.unavailable.unwrap_or_default());
    }

    /// Draws the rail with its handle.
    fn rail(&self, ui: &mut egui::Ui) -> Response {
        let (_, place) = ui.allocate_space(vec2(self.width, HEIGHT));
        let response = ui.interact(place, self.label.with("slider"), Sense::drag()).labelled_by(self.label);
        response.widget_info(|| WidgetInfo::slider(ui.is_enabled(), f64::from(self.view.value), ""));
        ui.ctx().accesskit_node_builder(response.id, |node| {
            use egui::accesskit::Action;
            node.set_min_numeric_value(0.0);
            node.set_max_numeric_value(1.0);
            node.set_numeric_value_step(f64::from(self.step()));
            // Screen readers read the value as the host shows it.
            node.set_value(self.view.text.as_str());
            [Action::SetValue, Action::Increment, Action::Decrement]
                .into_iter()
                .for_each(|action| node.add_action(action));
        });
        if ui.is_rect_visible(place) {
            self.paint(ui, &response);
        }
        response
    }

    fn paint(&self, ui: &egui::Ui, response: &Response) {
        let palette = Palette::of(ui);
        let (place, painter) = (response.rect, ui.painter());
        let handle = pos2(self.handle(place), place.center().y);
        let rail = Rect::from_center_size(place.center(), vec2(place.width(), RAIL));
        painter.rect_filled(rail, RAIL / 2.0, palette.control);
        let filled = Rect::from_min_max(rail.min, pos2(handle.x, rail.max.y));
        painter.rect_filled(filled, RAIL / 2.0, palette.accent);
        let is_held = response.dragged() || response.hovered();
        painter.circle(
            handle,
            HANDLE,
            if is_held { palette.accent } else { palette.text },
            Stroke::new(2.0, palette.window),
        );
        if response.has_focus() {
            painter.circle_stroke(handle, HANDLE + 1.5, Stroke::new(2.0, palette.focus));
        }
    }

    /// What the user does with the rail and its handle. A change that is not a drag is a gesture of its own.
    fn gestures(&self, ui: &egui::Ui, rail: &Response) -> Vec<DialGesture> {
        let mut gestures = self.drag(ui, rail);
        let reset = (ui.is_enabled() && is_double_clicked(ui, rail)).then_some(self.view.default);
        if let Some(value) = reset.or_else(|| self.asked_for(ui, rail)) {
            gestures.extend([DialGesture::Begin, DialGesture::To(value), DialGesture::End]);
        }
        gestures
    }

    /// A drag of the handle, or a click on the rail, which moves the handle to it.
    fn drag(&self, ui: &egui::Ui, rail: &Response) -> Vec<DialGesture> {
        let memory = rail.id.with("drag");
        let mut gestures = Vec::new();
        let (is_fine, moved) = ui.input(|input| (input.modifiers.shift, input.pointer.delta().x));
        if rail.drag_started()
            && let Some(pointer) = rail.interact_pointer_pos()
        {
            // Grabbing the handle does not move it, however far off its centre.
            let grabs = is_fine || (pointer.x - self.handle(rail.rect)).abs() <= HANDLE;
            let value = if grabs { self.view.value } else { self.at(rail.rect, pointer.x) };
            gestures.push(DialGesture::Begin);
            gestures.extend(self.change_to(value));
            ui.data_mut(|data| data.insert_temp(memory, value));
        } else if rail.dragged() && moved != 0.0 {
            // Kept unrounded, so that small movements add up, and beyond the ends, so that the handle stays at the pointer.
            let before = ui.data(|data| data.get_temp(memory)).unwrap_or(self.view.value);
            let speed = if is_fine { FINE } else { 1.0 };
            let value = before + moved * speed / (rail.rect.width() - 2.0 * HANDLE);
            gestures.extend(self.change_to(value));
            ui.data_mut(|data| data.insert_temp(memory, value));
        }
        if rail.drag_stopped() {
            gestures.push(DialGesture::End);
            ui.data_mut(|data| data.remove::<f32>(memory));
        }
        gestures
    }

    /// The value that keys or a screen reader ask for.
    fn asked_for(&self, ui: &egui::Ui, rail: &Response) -> Option<f32> {
        use egui::accesskit::{Action, ActionData};
        if rail.has_focus() {
            // Otherwise the arrow keys move the focus.
            let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(rail.id, arrows));
        }
        let has_focus = rail.has_focus();
        ui.input(|input| {
            let presses = |key| if has_focus { input.num_presses(key) as f32 } else { 0.0 };
            let requests = |action| input.num_accesskit_action_requests(rail.id, action) as f32;
            let arrows =
                presses(Key::ArrowRight) + presses(Key::ArrowUp) - presses(Key::ArrowLeft) - presses(Key::ArrowDown);
            let pages = presses(Key::PageUp) - presses(Key::PageDown);
            let steps = arrows + PAGE * pages + requests(Action::Increment) - requests(Action::Decrement);
            let fine = if input.modifiers.shift && self.view.steps.is_none() { FINE } else { 1.0 };
            let set = input.accesskit_action_requests(rail.id, Action::SetValue).last();
            let wanted = match set.and_then(|request| request.data.clone()) {
                Some(ActionData::NumericValue(value)) => value as f32,
                _ if presses(Key::Home) > 0.0 => 0.0,
                _ if presses(Key::End) > 0.0 => 1.0,
                _ if presses(Key::Delete) + presses(Key::Backspace) > 0.0 => self.view.default,
                // A value that the host modulates lies between two steps, and stays there.
                _ if steps == 0.0 => return None,
                _ => self.view.value + steps * self.step() * fine,
            };
            let wanted = self.rounded(wanted);
            (wanted != self.view.value && wanted.is_finite()).then_some(wanted)
        })
    }

    /// The value, as text or as the field that it is typed in.
    fn value(&self, ui: &mut egui::Ui, rail: &Response, starts: bool, actions: &mut Vec<Action>) {
        let field = rail.id.with("field");
        let mut draft = ui.data(|data| data.get_temp::<String>(field));
        let (_, place) = ui.allocate_space(vec2(VALUE_WIDTH, HEIGHT));
        if let Some(text) = &mut draft {
            let edit = ui.put(place, egui::TextEdit::singleline(text).id(field).margin(vec2(4.0, 1.0)));
            let edit = edit.labelled_by(self.label);
            if edit.has_focus() {
                ui.data_mut(|data| data.insert_temp(field, text.clone()));
                return;
            }
            ui.data_mut(|data| data.remove::<String>(field));
            let (is_given_up, is_confirmed) =
                ui.input(|input| (input.key_pressed(Key::Escape), input.key_pressed(Key::Enter)));
            if !is_given_up && *text != self.view.text {
                actions.push(Action::DialText(self.dial, text.clone()));
            }
            if is_given_up || is_confirmed {
                rail.request_focus();
            }
            return;
        }
        // Enter on the slider does the same, so that the keyboard needs no second stop here.
        let cell = ui.interact(place, field.with("text"), Sense::CLICK);
        cell.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &self.view.text));
        let palette = Palette::of(ui);
        if cell.hovered() {
            ui.painter().rect_filled(place, 3.0, palette.control);
        }
        let font = egui::TextStyle::Body.resolve(ui.style());
        let at = place.left_center() + vec2(4.0, 0.0);
        ui.painter().with_clip_rect(place).text(at, Align2::LEFT_CENTER, &self.view.text, font, palette.text);
        if cell.clicked() || starts {
            let text = self.view.text.clone();
            let mut state = egui::text_edit::TextEditState::default();
            state.cursor.set_char_range(Some(egui::text::CCursorRange::select_all_str(&text)));
            state.store(ui.ctx(), field);
            ui.data_mut(|data| data.insert_temp(field, text));
            ui.memory_mut(|memory| memory.request_focus(field));
        }
        cell.on_hover_cursor(egui::CursorIcon::Text).on_hover_text("Click to type a value");
    }

    /// The smallest change by an arrow key.
    fn step(&self) -> f32 {
        self.view.steps.map_or(ARROW, |steps| 1.0 / steps as f32)
    }

    fn rounded(&self, value: f32) -> f32 {
        let value = value.clamp(0.0, 1.0);
        self.view.steps.map_or(value, |steps| (value * steps as f32).round() / steps as f32)
    }

    fn change_to(&self, value: f32) -> Option<DialGesture> {
        let value = self.rounded(value);
        (value != self.view.value).then_some(DialGesture::To(value))
    }

    /// Where the handle's centre is.
    fn handle(&self, rail: Rect) -> f32 {
        egui::lerp(rail.left() + HANDLE..=rail.right() - HANDLE, self.view.value.clamp(0.0, 1.0))
    }

    /// The value at a place on the rail.
    fn at(&self, rail: Rect, x: f32) -> f32 {
        egui::remap_clamp(x, rail.left() + HANDLE..=rail.right() - HANDLE, 0.0..=1.0)
    }
}

/// Whether something was double-clicked. A response that senses drags alone does not say so itself.
fn is_double_clicked(ui: &egui::Ui, response: &Response) -> bool {
    let is_double = ui.input(|input| input.pointer.button_double_clicked(egui::PointerButton::Primary));
    is_double && response.contains_pointer()
}

#[cfg(test)]
mod tests;
