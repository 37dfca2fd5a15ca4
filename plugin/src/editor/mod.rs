//! The plugin's window: one panel restyles what is played, one generates clips, one learns and keeps the
//! user's styles.
//!
//! [`window`] turns a [`View`] into [`Action`]s and has no other effect. Tests therefore click through it without a
//! window.

mod action;
mod app;
mod apply;
mod dial;
mod feel;
mod file_actions;
mod files;
mod files_view;
mod generate;
mod icons;
mod learning;
mod mode_strip;
pub mod performance;
mod player_strip;
mod preset_actions;
mod presets;
mod presets_view;
mod roll;
mod shape;
mod slider;
mod status;
mod status_line;
mod styles;
mod styles_view;
mod theme;
mod view;
mod widgets;
mod window_controls;
mod window_settings;

pub use action::{Action, ClipAction, EditAction, FileAction, PresetAction, SettingsChange, StyleAction, WindowAction};
pub use app::{App, create, remembered_size};
pub use dial::{Dial, DialGesture, DialView};
pub use files_view::FilesView;
pub use presets_view::{PresetDialog, PresetsView};
pub use styles_view::{Renaming, StyleOption, StylesView, UserStyleView};
pub use theme::apply as apply_theme;
pub use view::{GenerateView, Tab, View};
pub use window_settings::{WindowSettings, WindowTheme};

use widgets::{checkbox, choice};

/// The least height of a window that shows all controls unless the user hides them.
const TALL: f32 = 560.0;

/// Width up to which the header has no room for the name. The host shows it, too.
const NARROW: f32 = 720.0;

/// Width of what follows the presets in the header.
const WIDTH_AFTER_PRESETS: f32 = 232.0;

/// Space above and below the controls.
const CONTROLS_MARGIN: f32 = 4.0;

/// Height of the status line.
const STATUS: f32 = 26.0;

/// The largest share of the window's height that the controls may take.
const MOST_CONTROLS: f32 = 0.5;

/// Draws the window and returns what the user did in it.
pub fn window(ui: &mut egui::Ui, view: &View) -> Vec<Action> {
    let mut actions = Vec::new();
    let height = ui.available_height();
    egui::Panel::top("header").resizable(false).show(ui, |ui| {
        ui.add_space(4.0);
        header(ui, view, &mut actions);
        ui.add_space(2.0);
    });
    if let Some(player) = &view.player {
        egui::Panel::top("player").resizable(false).show(ui, |ui| player_strip::strip(ui, player, &mut actions));
    }
    match view.tab {
        Tab::Restyle => restyle(ui, view, height, &mut actions),
        Tab::Generate => whole(ui, |ui| generate::panel(ui, &view.generate, &mut actions)),
        Tab::Styles => whole(ui, |ui| styles::panel(ui, &view.styles, &mut actions)),
        Tab::Status => whole(ui, |ui| status::panel(ui, view, &mut actions)),
    }
    files::drop_zones(ui, &view.files, view.player.is_some(), &mut actions);
    window_controls::corner(ui, &mut actions);
    actions
}

/// A panel that fills the window. What does not fit is scrolled to.
fn whole(ui: &mut egui::Ui, content: impl FnOnce(&mut egui::Ui)) {
    egui::CentralPanel::default().show(ui, |ui| {
        ui.spacing_mut().item_spacing = egui::vec2(8.0, 8.0);
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, content);
    });
}

/// The panel "Restyle": the mode, the performance, and the controls below it.
fn restyle(ui: &mut egui::Ui, view: &View, height: f32, actions: &mut Vec<Action>) {
    egui::Panel::top("mode").resizable(false).show(ui, |ui| {
        ui.add_space(2.0);
        mode_strip::strip(ui, view, actions);
        files::outcome(ui, &view.files, actions);
        shape::problems(ui, view, actions);
        ui.add_space(2.0);
    });
    egui::CentralPanel::default().show(ui, |ui| {
        let whole = ui.available_rect_before_wrap();
        let shows_all = view.shows_all_controls.unwrap_or(height >= TALL);
        let controls = (shape::height(ui, shows_all) + 2.0 * CONTROLS_MARGIN).min(height * MOST_CONTROLS);
        let status_top = whole.bottom() - STATUS;
        let controls_top = (status_top - controls).max(whole.top());
        // Drawn from top to bottom, because Tab goes through them in that order.
        let mut part = |top: f32, bottom: f32, content: &mut dyn FnMut(&mut egui::Ui)| {
            let rect = egui::Rect::from_x_y_ranges(whole.x_range(), top..=bottom.max(top));
            if top > whole.top() {
                ui.painter().hline(whole.x_range(), top, ui.visuals().widgets.noninteractive.bg_stroke);
            }
            let rect = rect.with_min_y((top + CONTROLS_MARGIN).min(rect.bottom()));
            content(&mut ui.new_child(egui::UiBuilder::new().max_rect(rect)));
        };
        part(whole.top(), controls_top, &mut |ui| performance::panel(ui, view, actions));
        part(controls_top, status_top, &mut |ui| {
            let controls = egui::ScrollArea::vertical().auto_shrink(false);
            controls.show(ui, |ui| shape::panel(ui, view, shows_all, actions));
        });
        part(status_top, whole.bottom(), &mut |ui| status_line::line(ui, view));
    });
}

/// The title, the choice of panels, presets and edits, Compare and Bypass.
fn header(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        let is_wide = ui.available_width() > NARROW;
        if is_wide {
            ui.heading("ToneNet");
        } else {
            ui.spacing_mut().item_spacing.x = 5.0;
        }
        for (tab, name, hint) in [
            (Tab::Restyle, "Restyle", "Gives what you play another genre's dynamics"),
            (Tab::Generate, "Generate", "Writes new pieces and plays them in the song"),
            (Tab::Styles, "Styles", "Learns and keeps styles of your own"),
            (Tab::Status, "Status", "Shows what computes, and what to do if something is wrong"),
        ] {
            if choice(ui, tab == view.tab, name, hint) {
                actions.push(Action::Show(tab));
            }
        }
        if is_wide {
            ui.separator();
        }
        let room = ui.available_size_before_wrap().x - WIDTH_AFTER_PRESETS;
        presets::header(ui, &view.presets, room, actions);
        if is_wide {
            ui.separator();
        }
        compare(ui, view, actions);
        let hint = "Keeps your own velocities, with the same delay";
        actions.extend(checkbox(ui, view.settings.bypass, "Bypass", hint).map(Action::Bypass));
        window_controls::menu(ui, &view.window, actions);
    });
}

/// The button that plays the player's own velocities while it is held.
fn compare(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let button = ui.add(egui::Button::new("Compare").sense(egui::Sense::click_and_drag()));
    let is_held_by_key = button.has_focus() && ui.input(|input| input.key_down(egui::Key::Enter));
    let is_held = button.is_pointer_button_down_on() || is_held_by_key;
    button.on_hover_text("Hold it to hear your own velocities");
    if is_held != view.settings.compare {
        actions.push(Action::Compare(is_held));
    }
}

#[cfg(test)]
mod tests;
