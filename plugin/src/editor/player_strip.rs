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
        Some(problem) => ui.colored_label(Palette::of(ui).warning, problem),
        None => weak(ui, &view.ports),
    };
    view.notice.iter().for_each(|notice| {
        ui.colored_label(Palette::of(ui).warning, notice);
    });
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
    let is_released =
        slider.drag_stopped() || slider.clicked() || (slider.changed() && !slider.is_pointer_button_down_on());
    if is_released {
        ui.data_mut(|data| data.remove::<f64>(id));
        actions.push(Action::Player(PlayerAction::Seek(at)));
    } else if slider.is_pointer_button_down_on() {
        ui.data_mut(|data| data.insert_temp(id, at));
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
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    use super::*;

    fn view() -> PlayerView {
        PlayerView {
            file: Some("evening.mid".into()),
            position: 61.9,
            length: 600.0,
            bar: 17,
            ports: "JACK: from a keyboard to a synthesizer".into(),
            ..PlayerView::default()
        }
    }

    fn harness(view: &PlayerView) -> Harness<'_, Vec<Action>> {
        let draw = |ui: &mut egui::Ui, actions: &mut Vec<Action>| strip(ui, view, actions);
        Harness::builder().with_size(egui::vec2(900.0, 80.0)).build_ui_state(draw, Vec::new())
    }

    fn click_in(view: &PlayerView, label: &str) -> Vec<Action> {
        let mut harness = harness(view);
        harness.get_by_label(label).click();
        harness.run_steps(3);
        harness.state().clone()
    }

    #[test]
    fn times_are_in_minutes_and_seconds() {
        assert_eq!(times(&view()), "1:01 / 10:00");
        assert_eq!(times(&PlayerView { length: 0.0, ..view() }), "1:01");
    }

    #[test]
    fn the_buttons_play_pause_restart_and_loop() {
        let playing = PlayerView { is_playing: true, is_looping: true, ..view() };
        assert_eq!(click_in(&view(), "Play"), [Action::Player(PlayerAction::Play(true))]);
        assert_eq!(click_in(&playing, "Pause"), [Action::Player(PlayerAction::Play(false))]);
        assert_eq!(click_in(&view(), "Restart"), [Action::Player(PlayerAction::Seek(0.0))]);
        assert_eq!(click_in(&view(), "Loop"), [Action::Player(PlayerAction::Loop(true))]);
        assert_eq!(click_in(&playing, "Loop"), [Action::Player(PlayerAction::Loop(false))]);
        assert_eq!(click_in(&view(), "Open\u{2026}"), [Action::ChooseSong]);
    }

    #[test]
    fn a_click_on_the_position_goes_there_once() {
        let view = view();
        let clicked = click_in(&view, "Position in seconds");
        // In the middle of the slider.
        assert!(
            matches!(clicked[..], [Action::Player(PlayerAction::Seek(at))] if (at - 300.0).abs() < 10.0),
            "{clicked:?}"
        );
    }

    #[test]
    fn without_a_file_there_is_no_position_to_set() {
        let view = PlayerView { file: None, length: 0.0, ..view() };
        let harness = harness(&view);
        assert!(harness.query_by_label("Position in seconds").is_none());
        harness.get_by_label("no file: play your keyboard");
    }

    #[test]
    fn a_notice_stands_below_the_ports() {
        let view = PlayerView { notice: Some("evening.mid: one track is cut short".into()), ..view() };
        let harness = harness(&view);
        harness.get_by_label("evening.mid: one track is cut short");
        harness.get_by_label(&view.ports);
    }

    #[test]
    fn a_problem_takes_the_place_of_the_ports() {
        let view = PlayerView { problem: Some("No JACK server runs.".into()), ..view() };
        harness(&view).get_by_label("No JACK server runs.");
        assert!(harness(&view).query_by_label(&view.ports).is_none());
    }
}
