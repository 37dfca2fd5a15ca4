//! The plugin's window: one panel restyles what is played, one generates clips, one learns and keeps the
//! user's styles.
//!
//! [`draw`] turns a [`View`] into [`Action`]s and has no other effect. Tests therefore click through it without a
//! window.

mod action;
mod app;
mod apply;
mod dial;
mod file_actions;
mod files;
mod files_view;
mod generate;
mod icons;
mod learning;
pub mod performance;
mod piano_roll;
mod preset_actions;
mod presets;
mod presets_view;
mod restyle;
mod roll;
mod slider;
mod status;
mod styles;
mod styles_view;
mod theme;
mod view;
mod widgets;

pub use action::{Action, ClipAction, EditAction, FileAction, PresetAction, SettingsChange, StyleAction};
pub use app::{App, Instance, create, default_size};
pub use dial::{Dial, DialGesture, DialView};
pub use files_view::FilesView;
pub use presets_view::{PresetDialog, PresetsView};
pub use styles_view::{Renaming, StyleOption, StylesView, UserStyleView};
pub use theme::apply as apply_theme;
pub use view::{GenerateView, Tab, View};

use widgets::{checkbox, choice};

/// Draws the window with its background and returns what the user did in it.
pub fn window(ui: &mut egui::Ui, view: &View) -> Vec<Action> {
    let mut actions = Vec::new();
    egui::CentralPanel::default().show(ui, |ui| {
        // A long error must not push the controls below it out of the window.
        egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| actions = draw(ui, view));
    });
    actions
}

/// Draws what stands in the window and returns what the user did in it.
pub fn draw(ui: &mut egui::Ui, view: &View) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.spacing_mut().item_spacing = egui::vec2(8.0, 8.0);
    header(ui, view, &mut actions);
    ui.separator();
    match view.tab {
        Tab::Restyle => restyle::panel(ui, view, &mut actions),
        Tab::Generate => generate::panel(ui, &view.generate, &mut actions),
        Tab::Styles => styles::panel(ui, &view.styles, &mut actions),
        Tab::Status => status::panel(ui, view),
    }
    files::drop_zones(ui, &view.files, &mut actions);
    actions
}

/// The title, the choice of panels, and the bypass.
fn header(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.heading("ToneNet");
        ui.add_space(8.0);
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
        ui.add_space(8.0);
        let room_for_bypass = 84.0;
        presets::header(ui, &view.presets, ui.available_width() - room_for_bypass, actions);
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let hint = "Keeps your own velocities, with the same delay";
            actions.extend(checkbox(ui, view.settings.bypass, "Bypass", hint).map(Action::Bypass));
        });
    });
}

#[cfg(test)]
mod tests;
