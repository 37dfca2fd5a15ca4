//! What changes the window itself: the menu with theme and zoom, and the corner that resizes it.

use egui::{Id, Sense, Vec2, vec2};

use super::action::{Action, WindowAction};
use super::theme::{Palette, SMALLEST};
use super::widgets::choice;
use super::window_settings::{WindowSettings, WindowTheme, ZOOMS};

/// Side of the corner that resizes the window.
const CORNER: f32 = 16.0;

/// A button that opens the menu.
pub(super) fn menu(ui: &mut egui::Ui, window: &WindowSettings, actions: &mut Vec<Action>) {
    let button = ui.menu_button("View", |ui| {
        ui.set_min_width(120.0);
        ui.label("Theme");
        ui.horizontal(|ui| {
            for (theme, name) in [(WindowTheme::Dark, "Dark"), (WindowTheme::Light, "Light")] {
                if choice(ui, theme == window.theme, name, "For all ToneNet windows that are opened from now on") {
                    actions.push(Action::Window(WindowAction::Theme(theme)));
                }
            }
        });
        ui.label("Zoom");
        for row in ZOOMS.chunks(4) {
            ui.horizontal(|ui| {
                for zoom in row {
                    let hint = "The window grows with it, where the host lets it";
                    if choice(ui, *zoom == window.zoom, &format!("{zoom} %"), hint) {
                        actions.push(Action::Window(WindowAction::Zoom(*zoom)));
                    }
                }
            });
        }
    });
    button.response.on_hover_text("Theme and zoom of this window");
}

/// The corner that resizes the window, over what is drawn there.
pub(super) fn corner(ui: &egui::Ui, actions: &mut Vec<Action>) {
    let whole = ui.ctx().viewport_rect();
    let place = egui::Rect::from_min_max(whole.max - Vec2::splat(CORNER), whole.max);
    let id = Id::unique("corner that resizes the window");
    let corner = ui.interact(place, id, Sense::DRAG).on_hover_cursor(egui::CursorIcon::ResizeNwSe);
    if corner.drag_started() {
        let grabbed = corner.interact_pointer_pos().map_or(Vec2::ZERO, |pointer| whole.max - pointer);
        ui.data_mut(|data| data.insert_temp(id, grabbed));
    }
    if corner.dragged()
        && let Some(pointer) = corner.interact_pointer_pos()
    {
        let grabbed = ui.data(|data| data.get_temp::<Vec2>(id)).unwrap_or_default();
        let size = (pointer.to_vec2() + grabbed).max(vec2(SMALLEST.0, SMALLEST.1)).round();
        if size != whole.size() {
            actions.push(Action::Window(WindowAction::Resize(size)));
        }
    }
    let palette = Palette::of(ui);
    let colour = if corner.hovered() || corner.dragged() { palette.accent } else { palette.weak_text };
    for distance in [4.0, 8.0, 12.0] {
        let ends = [whole.max - vec2(distance, 2.0), whole.max - vec2(2.0, distance)];
        ui.painter().line_segment(ends, egui::Stroke::new(1.0, colour));
    }
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;

    #[test]
    fn the_menu_chooses_theme_and_zoom() {
        for (label, action) in [
            ("Light", WindowAction::Theme(WindowTheme::Light)),
            ("150 %", WindowAction::Zoom(150)),
            ("300 %", WindowAction::Zoom(300)),
        ] {
            let draw = |ui: &mut egui::Ui, actions: &mut Vec<Action>| menu(ui, &WindowSettings::default(), actions);
            let mut harness = Harness::new_ui_state(draw, Vec::new());
            harness.get_by_label("View").click();
            harness.run_steps(3);
            harness.get_by_label(label).click();
            harness.run_steps(3);
            assert_eq!(harness.state(), &[Action::Window(action)]);
        }
    }

    #[test]
    fn the_corner_resizes_the_window_but_not_below_its_smallest_size() {
        for (to, size) in [((900.0, 650.0), vec2(905.0, 655.0)), ((10.0, 10.0), vec2(SMALLEST.0, SMALLEST.1))] {
            let draw = |ui: &mut egui::Ui, actions: &mut Vec<Action>| corner(ui, actions);
            let mut harness = Harness::builder().with_size(vec2(800.0, 600.0)).build_ui_state(draw, Vec::new());
            let press = |pos, pressed| egui::Event::PointerButton {
                pos,
                button: egui::PointerButton::Primary,
                pressed,
                modifiers: egui::Modifiers::NONE,
            };
            let (grabbed, to) = (egui::pos2(795.0, 595.0), egui::pos2(to.0, to.1));
            for event in [egui::Event::PointerMoved(grabbed), press(grabbed, true), egui::Event::PointerMoved(to)] {
                harness.event(event);
                harness.run_steps(1);
            }
            assert_eq!(harness.state().last(), Some(&Action::Window(WindowAction::Resize(size))));
        }
    }
}
