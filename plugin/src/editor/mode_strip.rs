//! The mode: how long notes are held, what that costs, and what Timeline remembers.

use tonenet_core::scheduler::{Mode, WindowLength};
use tonenet_engine::timeline_store::TimelineSummary;

use super::action::Action;
use super::files;
use super::theme::Palette;
use super::view::View;
use super::widgets::{button, choice, column, weak};
use crate::dialogs::DialogState;

/// Every mode with its name.
const MODES: [(Mode, &str); 7] = [
    (Mode::LiveZeroLatency, "0 ms"),
    (Mode::Live, "Live"),
    (Mode::Window(WindowLength::HalfBeat), "½ beat"),
    (Mode::Window(WindowLength::OneBeat), "1 beat"),
    (Mode::Window(WindowLength::TwoBeats), "2 beats"),
    (Mode::Window(WindowLength::FourBeats), "4 beats"),
    (Mode::Timeline, "Timeline"),
];

/// Width of the buttons for files.
const FILE_BUTTONS: f32 = 246.0;

/// When to use a mode.
fn advice(mode: Mode) -> &'static str {
    match mode {
        Mode::LiveZeroLatency => "No delay: a note gets what its key got lately.",
        Mode::Live => "To play a keyboard with the shortest useful delay.",
        Mode::Window(_) => "For recorded parts: the style hears what follows.",
        Mode::Timeline => "Play the song once: the next pass knows all of it.",
    }
}

/// Draws the strip.
pub(super) fn strip(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    ui.horizontal_wrapped(|ui| {
        weak(ui, "Look-ahead").on_hover_text(
            "How long notes are held. Hosts cannot automate it, because a new latency needs a restart of the plugin.",
        );
        for (mode, name) in MODES {
            if choice(ui, mode == view.look_ahead, name, advice(mode)) {
                actions.push(Action::LookAhead(mode));
            }
        }
        ui.add_space(4.0);
        let tempo = format!("At {:.0} BPM. A new tempo counts once playback has stopped", view.tempo);
        ui.label(latency(view)).on_hover_text(tempo);
    });
    ui.horizontal(|ui| {
        let width = (ui.available_width() - FILE_BUTTONS).max(0.0);
        column(ui, width, |ui| {
            ui.add(egui::Label::new(egui::RichText::new(advice(view.look_ahead)).weak()).truncate())
        });
        files::buttons(ui, &view.files, actions);
    });
    if view.restart_pending {
        ui.colored_label(Palette::of(ui).warning, RESTART);
    }
    if view.look_ahead == Mode::Timeline {
        remembered(ui, view, actions);
    }
}

/// How a new look-ahead takes effect.
const RESTART: &str = "The new look-ahead needs a restart: stop playback. If nothing changes, switch ToneNet off and on in \
                       the host, or reload the project.";

/// The latency in force, in milliseconds and beats.
fn latency(view: &View) -> String {
    if view.sample_rate == 0 {
        return "not active yet".into();
    }
    let seconds = f64::from(view.latency) / f64::from(view.sample_rate);
    match view.latency {
        0 => "no latency".into(),
        _ => {
            let beats = (seconds * view.tempo / 60.0 * 100.0).round() / 100.0;
            let plural = if beats == 1.0 { "" } else { "s" };
            format!("{:.0} ms · {beats} beat{plural}", seconds * 1e3)
        }
    }
}

/// What Timeline remembers, and where to take it from.
fn remembered(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let TimelineSummary { notes, waiting, is_entered, can_undo } = view.remembered;
    ui.horizontal_wrapped(|ui| {
        if button(ui, notes > 0, "Clear", "Forgets the remembered performance. Undo brings it back") {
            actions.push(Action::ForgetPerformance);
        }
        if button(ui, can_undo, "Undo", "Brings the previous performance back") {
            actions.push(Action::RestorePerformance);
        }
        ui.separator();
        let is_choosing = view.opening == DialogState::Choosing;
        let hint = "The file's notes replace the remembered performance, so that even the first pass is restyled";
        if button(ui, !is_choosing, "MIDI file\u{2026}", hint) {
            actions.push(Action::OpenPerformance(view.file_start));
        }
        let label = ui.label("begins at beat").id;
        let mut start = view.file_start;
        let field = egui::DragValue::new(&mut start).range(-4096.0..=65_536.0).speed(0.25).max_decimals(2);
        let field = ui.add(field).labelled_by(label);
        if field.on_hover_text("Quarter notes from the start of the song to the start of the file").changed() {
            actions.push(Action::FileStart(start));
        }
        ui.separator();
        let text = match notes {
            0 => "Nothing remembered yet".into(),
            _ => format!("{notes} notes remembered, {} % restyled", (notes - waiting.min(notes)) * 100 / notes),
        };
        let text = if is_entered { format!("{text}, entered, not played") } else { text };
        let label = ui.label(text);
        if is_entered {
            label.on_hover_text(
                "Constant tempo, onsets on the grid, few lengths and velocities: entered with the mouse or from \
                 notation. It is restyled like any other part.",
            );
        }
        match &view.opening {
            DialogState::Choosing => drop(weak(ui, "choosing")),
            DialogState::Failed(reason) => drop(ui.colored_label(Palette::of(ui).warning, reason)),
            DialogState::Done(part) => drop(weak(ui, part)),
            DialogState::Idle => {}
        }
    });
}
