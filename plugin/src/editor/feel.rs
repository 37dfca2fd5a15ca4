//! The controls of the feel that have no slider, and what the mode allows the feel to do.

use nice_plug::prelude::Enum;
use tonenet_core::feel::PedalMode;
use tonenet_core::scheduler::Mode;

use super::action::Action;
use super::dial::feel_unavailable;
use super::shape::LABEL;
use super::view::View;
use super::widgets::{checkbox, option_list, weak};
use crate::params::PedalChoice;

/// A control of the feel.
#[derive(Debug, Clone, Copy)]
pub(super) enum Cell {
    /// Whose pedal is heard.
    Pedal,
    /// Whether Timeline may play notes earlier.
    TimelineLookAhead,
}

impl Cell {
    /// Draws the control.
    pub(super) fn show(self, ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
        match self {
            Self::Pedal => pedal(ui, view, actions),
            Self::TimelineLookAhead => timeline_look_ahead(ui, view, actions),
        }
    }
}

/// What the mode allows.
fn allowed(view: &View) -> &'static str {
    match view.look_ahead {
        Mode::Window(_) => "This look-ahead moves notes both ways",
        Mode::Live | Mode::LiveZeroLatency => "Live and 0 ms can only delay notes",
        Mode::Timeline if view.timeline_look_ahead => "Timeline moves notes later, and up to 30 ms earlier",
        Mode::Timeline => "Timeline moves notes later; tick Play early to let it move them both ways",
    }
}

/// The heading of the group.
pub(super) fn heading(ui: &mut egui::Ui, view: &View, height: f32) {
    ui.horizontal(|ui| {
        ui.set_min_height(height);
        ui.strong("Feel");
        let text = match view.settings.bypass {
            true => "Bypass leaves every note as you play it",
            false => allowed(view),
        };
        weak(ui, text).on_hover_text(
            "Where the style places notes, how long it holds them, and its pedal. At 0 % and Mine everything is yours. \
             Live and 0 ms can only delay.",
        );
    });
}

/// Whose pedal is heard.
fn pedal(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let modes = [
        (PedalMode::Mine, "Your own pedal passes as it is"),
        (PedalMode::Fill, "The style pedals where you use none"),
        (PedalMode::Replace, "The style pedals alone, whatever you do"),
    ];
    let name = |mode: PedalMode| PedalChoice::variants()[PedalChoice::from(mode).to_index()];
    let options = modes.map(|(mode, hint)| (mode == view.settings.feel.pedal, name(mode), hint));
    let unavailable = feel_unavailable(&view.settings, true);
    let hint = unavailable.unwrap_or("Whose sustain pedal is heard");
    ui.add_enabled_ui(unavailable.is_none(), |ui| {
        if let Some(index) = option_list(ui, LABEL, ("Pedal", hint), &options) {
            actions.push(Action::Pedal(modes[index].0));
        }
    });
}

/// Whether Timeline may play notes earlier.
fn timeline_look_ahead(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let is_timeline = view.look_ahead == Mode::Timeline;
    let hint = match is_timeline {
        _ if view.settings.bypass => "Bypass leaves every note as you play it",
        true => {
            "Lets Timeline play notes up to 30 ms earlier than written. It costs 30 ms of latency, and takes effect when the \
             host restarts the plugin"
        }
        false => {
            "Only Timeline needs it: choose Timeline as Look-ahead. The other look-aheads have a latency of their own"
        }
    };
    ui.add_enabled_ui(is_timeline && !view.settings.bypass, |ui| {
        let is_on = view.timeline_look_ahead;
        actions.extend(checkbox(ui, is_on, "Play early (30 ms)", hint).map(Action::TimelineLookAhead));
    });
}
