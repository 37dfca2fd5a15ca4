//! The line at the bottom: how many notes were restyled, and what plays.

use std::fmt::Write as _;

use tonenet_core::scheduler::Mode;

use super::theme::Palette;
use super::view::View;
use super::widgets::weak;

/// Draws the line.
pub(super) fn line(ui: &mut egui::Ui, view: &View) {
    ui.horizontal(|ui| {
        ui.label(format!("{} restyled", view.restyled)).on_hover_text("Notes, since the plugin was loaded");
        let late = format!("{} late", view.late);
        let hint = "Late notes left on time with their own velocity, because their prediction was not ready.";
        if view.late > 0 {
            ui.colored_label(Palette::of(ui).warning, late).on_hover_text(hint);
        } else {
            weak(ui, late).on_hover_text(hint);
        }
        if matches!(view.look_ahead, Mode::LiveZeroLatency | Mode::Timeline) {
            let hint = "New notes had no prediction of their own. They got what was recently predicted for their key, \
                        or kept their own velocity.";
            weak(ui, format!("{} new", view.new)).on_hover_text(hint);
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let engine = &view.engine;
            let mut text = if engine.model.is_empty() { "loading".to_owned() } else { engine.model.clone() };
            let runtime = if engine.runtime.is_empty() { "starting" } else { &engine.runtime };
            // Writing to a string never fails.
            let _ = write!(text, " · {runtime}");
            let label = ui.add(egui::Label::new(egui::RichText::new(text).weak()).truncate());
            if !engine.notes.is_empty() {
                label.on_hover_text(format!("What else was tried:\n\n{}", engine.notes.join("\n\n")));
            }
        });
    });
}
