//! The panel with styles, dials, look-ahead, and what the engine is doing.

use nice_plug::prelude::Enum;
use tonenet_core::genre::Genre;
use tonenet_core::scheduler::{Mode, WindowLength};
use tonenet_core::style::StyleBlend;
use tonenet_inference::embedded::EmbeddedModel;

use super::widgets::{choice, column, label, row, slider, wide_dial};
use super::{Action, Dial, LABELS, NARROW, View, WARNING};
use crate::dialogs::DialogState;
use crate::params::{AVERAGE, LAST_TAKE, ModelChoice};
use tonenet_engine::timeline_store::Remembered;

/// Draws the panel.
pub(super) fn panel(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    styles(ui, view, actions);
    ui.add_space(4.0);
    wide_dial(ui, view, Dial::Amount, &view.dial(Dial::Amount).text, actions);
    wide_dial(ui, view, Dial::KeepAccents, &view.dial(Dial::KeepAccents).text, actions);
    take(ui, view.settings.take.0, actions);
    ui.separator();
    timing(ui, view, actions);
    notes(ui, view);
    ui.separator();
    egui::CollapsingHeader::new("More: level, range, floor, ceiling, model")
        .id_salt("more")
        .default_open(view.hides_a_change())
        .show_unindented(ui, |ui| more(ui, view, actions));
}

fn styles(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let StyleBlend { a, b, share_of_b } = view.settings.style;
    row(ui, "Style A", |ui| {
        for genre in Genre::ALL {
            if choice(ui, genre == a, genre.title(), "Whose dynamics the notes get") {
                actions.push(Action::StyleA(genre));
            }
        }
    });
    let shares = match share_of_b {
        0.0 => format!("only {}", a.title()),
        1.0 => format!("only {}", b.title()),
        share => format!("{:.0} % {}", share * 100.0, b.title()),
    };
    wide_dial(ui, view, Dial::Blend, &shares, actions);
    row(ui, "Style B", |ui| {
        for genre in Genre::ALL {
            if choice(ui, genre == b, genre.title(), "What Blend mixes into style A") {
                actions.push(Action::StyleB(genre));
            }
        }
    });
}

fn take(ui: &mut egui::Ui, take: u16, actions: &mut Vec<Action>) {
    row(ui, "Take", |ui| {
        let average = "What all performances have in common";
        let mut chosen = choice(ui, take == 0, AVERAGE, average).then_some(0);
        let seeded = "One of 99 performances of the same notes, the same every time you play it";
        let step = |ui: &mut egui::Ui, label, hint, to: Option<u16>| {
            let button = ui.add_enabled(to.is_some(), egui::Button::new(label)).on_hover_text(hint);
            to.filter(|_| button.clicked())
        };
        let before = step(ui, "<", "The take before", take.checked_sub(1).filter(|&to| to > 0));
        let text = if take == 0 { egui::RichText::new("no take").weak() } else { format!("Take {take}").into() };
        ui.add_sized([56.0, 20.0], egui::Label::new(text)).on_hover_text(seeded);
        let after = step(ui, ">", "The take after", Some(take + 1).filter(|&to| to <= LAST_TAKE));
        let another = die(ui).on_hover_text(format!("Another take. {seeded}"));
        chosen = chosen.or(before).or(after).or(another.clicked().then_some(take % LAST_TAKE + 1));
        actions.extend(chosen.map(Action::Take));
    });
}

/// A button with the five of a die on it.
fn die(ui: &mut egui::Ui) -> egui::Response {
    let button = ui.add(egui::Button::new("").min_size(egui::vec2(22.0, 20.0)));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Another take"));
    let face = egui::Rect::from_center_size(button.rect.center(), egui::Vec2::splat(14.0));
    let ink = ui.style().interact(&button).fg_stroke.color;
    ui.painter().rect_stroke(face, 3.0, egui::Stroke::new(1.0, ink), egui::StrokeKind::Inside);
    let eyes = face.shrink(4.0);
    for eye in [eyes.left_top(), eyes.right_top(), eyes.center(), eyes.left_bottom(), eyes.right_bottom()] {
        ui.painter().circle_filled(eye, 1.3, ink);
    }
    button
}

fn timing(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    row(ui, "Look-ahead", |ui| {
        let live = "To play through: 10 ms, or a host block and 5 ms where blocks are longer";
        let held = "How long each note is held, so that the model hears what comes after it";
        let windows = WindowLength::ALL.into_iter().zip(["½ beat", "1 beat", "2 beats", "4 beats"]);
        let windows = windows.map(|(length, label)| (Mode::Window(length), label, held));
        let at_once = "No latency: each note gets what was expected of its key lately";
        let timeline = "No latency: from its second pass on, each place of the song gets what the whole take gives it";
        let modes = [(Mode::LiveZeroLatency, "0 ms", at_once), (Mode::Live, "Live", live)].into_iter().chain(windows);
        for (mode, label, hint) in modes.chain([(Mode::Timeline, "Timeline", timeline)]) {
            if choice(ui, mode == view.look_ahead, label, hint) {
                actions.push(Action::LookAhead(mode));
            }
        }
    });
    row(ui, "Latency", |ui| {
        if view.sample_rate > 0 {
            let milliseconds = f64::from(view.latency) * 1000.0 / f64::from(view.sample_rate);
            // One line either way, so that nothing moves under the mouse.
            if view.restart_pending {
                let pending = format!("{milliseconds:.0} ms until playback stops and the host restarts it");
                ui.colored_label(WARNING, pending)
                    .on_hover_text("Another look-ahead or tempo takes effect when the host restarts the plugin.");
            } else {
                ui.label(match view.latency {
                    0 => "none".into(),
                    samples => format!("{milliseconds:.0} ms ({samples} samples), compensated by the host"),
                });
            }
        } else {
            ui.label("not active");
        }
    });
    if view.look_ahead == Mode::Timeline {
        remembered(ui, &view.remembered, actions);
        fill(ui, view, actions);
    }
}

fn remembered(ui: &mut egui::Ui, remembered: &Remembered, actions: &mut Vec<Action>) {
    row(ui, "Remembered", |ui| {
        let Remembered { notes, waiting, can_undo } = *remembered;
        ui.label(match (notes, waiting) {
            (0, _) => "nothing yet: play the song once, or take it from a file".into(),
            (_, 0) => format!("{notes} notes"),
            (_, waiting) => format!("{notes} notes, {waiting} to be restyled when the pass ends"),
        });
        let clear = ui.add_enabled(notes > 0, egui::Button::new("Clear"));
        if clear.on_hover_text("Forgets the take that the project remembers; it can be undone").clicked() {
            actions.push(Action::ForgetTake);
        }
        if can_undo && ui.button("Undo").on_hover_text("Brings the take before back").clicked() {
            actions.push(Action::BringTakeBack);
        }
    });
}

fn fill(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    row(ui, "From a file", |ui| {
        let is_choosing = view.filling == DialogState::Choosing;
        let button = ui.add_enabled(!is_choosing, egui::Button::new("MIDI file\u{2026}"));
        let hint =
            "What the file plays takes the place of the remembered take, so that the first pass is restyled already";
        if button.on_hover_text(hint).clicked() {
            actions.push(Action::FillTake(view.fill_start));
        }
        ui.label("begins at beat");
        let mut start = view.fill_start;
        let moved = ui.add(egui::DragValue::new(&mut start).range(-4096.0..=65_536.0).speed(0.25).max_decimals(2));
        if moved.on_hover_text("Quarter notes from the start of the song to the start of the file").changed() {
            actions.push(Action::FillStart(start));
        }
        if is_choosing {
            ui.label(egui::RichText::new("choosing").weak());
        }
    });
    match &view.filling {
        DialogState::Failed(refusal) => drop(ui.colored_label(WARNING, refusal)),
        DialogState::Done(part) => drop(ui.label(egui::RichText::new(part).weak())),
        DialogState::Idle | DialogState::Choosing => {}
    }
}

fn notes(ui: &mut egui::Ui, view: &View) {
    row(ui, "Notes", |ui| {
        ui.label(format!("{} restyled", view.restyled)).on_hover_text("Since the plugin was loaded");
        let late = format!("{} late", view.late);
        if view.late > 0 {
            ui.colored_label(WARNING, late)
                .on_hover_text("Late notes left on time, with their own velocity: the model had not answered yet.");
        } else {
            ui.label(late);
        }
        if matches!(view.look_ahead, Mode::LiveZeroLatency | Mode::Timeline) {
            let hint = "They left at once with what was expected of their key lately, or with their own velocity.";
            ui.label(format!("{} new", view.new)).on_hover_text(hint);
        }
    });
    if let Some(error) = &view.engine.error {
        ui.colored_label(WARNING, error);
    }
}

fn more(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    for pair in [[Dial::Level, Dial::Range], [Dial::Floor, Dial::Ceiling]] {
        ui.horizontal(|ui| {
            for (dial, width) in pair.into_iter().zip([LABELS, 56.0]) {
                let label = label(ui, dial.label(), width);
                slider(ui, view, dial, NARROW, label, actions);
                column(ui, 64.0, |ui| ui.label(&view.dial(dial).text));
            }
        });
    }
    let words = &view.engine;
    row(ui, "Model", |ui| {
        let models = [
            (EmbeddedModel::Note, "ToneNet's own model: it reads notes, pedal and beat"),
            (EmbeddedModel::Attention, "The article's second network, over a grid of sixteenths"),
            (EmbeddedModel::Baseline, "The article's first network, over a grid of sixteenths"),
        ];
        for (model, hint) in models {
            let name = ModelChoice::variants()[ModelChoice::from(model).to_index()];
            if choice(ui, model == view.settings.model, name, hint) {
                actions.push(Action::Model(model));
            }
        }
        if words.model.is_empty() && words.error.is_none() {
            ui.label(egui::RichText::new("loading").weak());
        }
    });
    row(ui, "Runtime", |ui| {
        let text = if words.runtime.is_empty() { "starting" } else { &words.runtime };
        ui.label(text);
        if !words.notes.is_empty() {
            let tried = egui::RichText::new("what else was tried").weak().underline();
            ui.label(tried).on_hover_text(words.notes.join("\n\n"));
        }
    });
}
