//! The controls of the player of files, above the panels: play, position, loop, file and ports.

use super::action::Action;
use super::theme::Palette;
use super::widgets::{button, checkbox, weak};
use crate::player::{PlayerAction, PlayerView};

/// The least width of the position's slider.
const NARROWEST_SLIDER: f32 = 60.0;

/// Width of what follows the slider.
const WIDTH_AFTER_SLIDER: f32 = 320.0;

/// Draws the strip.
pub(super) fn strip(ui: &mut egui::Ui, view: &PlayerView, actions: &mut Vec<Action>) {
    ui.add_space(2.0);
    ui.horizontal(|ui| {
        let (text, hint) = match view.is_playing {
            true => ("Pause", "Stops here (space bar)"),
            false => ("Play", "Plays from here (space bar)"),
        };
        if button(ui, true, text, hint) {
            actions.push(Action::Player(PlayerAction::Play(!view.is_playing)));
        }
        if button(ui, true, "Restart", "Goes to the beginning") {
            actions.push(Action::Player(PlayerAction::Seek(0.0)));
        }
        let hint = "Begins again at the end of the last bar";
        actions.extend(checkbox(ui, view.is_looping, "Loop", hint).map(|on| Action::Player(PlayerAction::Loop(on))));
        if view.length > 0.0 {
            position(ui, view, actions);
        }
        ui.label(format!("{}  bar {}", times(view), view.bar));
        if button(ui, true, "Open\u{2026}", "Plays a MIDI file. You can drop one on the window, too") {
            actions.push(Action::ChooseSong);
        }
        let file = view.file.as_deref().unwrap_or("no file: play your keyboard");
        ui.add(egui::Label::new(egui::RichText::new(file).strong()).truncate());
    });
    match &view.problem {
        Some(problem) => drop(ui.colored_label(Palette::of(ui).warning, problem)),
        None => drop(weak(ui, &view.ports)),
    }
    ui.add_space(2.0);
}

/// The slider that shows the position and sets it. A drag seeks where it ends.
fn position(ui: &mut egui::Ui, view: &PlayerView, actions: &mut Vec<Action>) {
    let id = egui::Id::unique("dragged position");
    let dragged: Option<f64> = ui.data(|data| data.get_temp(id));
    let mut at = dragged.unwrap_or(view.position);
    ui.spacing_mut().slider_width = (ui.available_width() - WIDTH_AFTER_SLIDER).max(NARROWEST_SLIDER);
    let slider = egui::Slider::new(&mut at, 0.0..=view.length).show_value(false).trailing_fill(true);
    let slider = ui.add(slider).on_hover_text("The position in the file");
    slider.widget_info(|| egui::WidgetInfo::slider(true, at, "Position in seconds"));
    if slider.dragged() {
        ui.data_mut(|data| data.insert_temp(id, at));
    } else if slider.drag_stopped() || slider.changed() {
        ui.data_mut(|data| data.remove::<f64>(id));
        actions.push(Action::Player(PlayerAction::Seek(at)));
    }
}

/// The position, and the length if there is one.
fn times(view: &PlayerView) -> String {
    match view.length {
        0.0 => clock(view.position),
        length => format!("{} / {}", clock(view.position), clock(length)),
    }
}

fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_minutes_and_seconds() {
        let view = PlayerView { position: 61.9, length: 600.0, ..PlayerView::default() };
        assert_eq!(times(&view), "1:01 / 10:00");
        assert_eq!(times(&PlayerView { length: 0.0, ..view }), "1:01");
    }
}
