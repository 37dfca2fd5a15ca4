//! The panel "Status": what computes, how it keeps up, what is wrong and what to do, and the diagnostics to copy.

use tonenet_inference::runtime::{Provider, ProviderPreference};

use super::action::Action;
use super::theme::Palette;
use super::view::View;
use super::widgets::{button, choice, row, weak};
use crate::diagnostics::Diagnostics;

/// Height of the field with the diagnostics.
const TEXT_ROWS: usize = 10;

/// Load from which the machine hardly keeps up.
const HIGH_LOAD: f32 = 0.7;

/// Draws the panel.
pub(super) fn panel(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let diagnostics = &view.diagnostics;
    problems(ui, view);
    ui.separator();
    computing(ui, diagnostics);
    provider(ui, view, actions);
    ui.separator();
    report(ui, diagnostics);
}

/// What is wrong, each with its cure.
fn problems(ui: &mut egui::Ui, view: &View) {
    let problems = in_words(view);
    if problems.is_empty() {
        ui.label("Everything works.");
    }
    for problem in problems {
        ui.colored_label(Palette::of(ui).warning, sentence(&problem));
    }
}

/// A text with a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(char::to_uppercase).into_iter().flatten();
    let text: String = first.chain(characters).collect();
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

fn in_words(view: &View) -> Vec<String> {
    let Diagnostics { engine, load, counters: [_, late, _, overloads], .. } = &view.diagnostics;
    let mut problems: Vec<String> =
        engine.error.iter().chain(&engine.styles).chain(&view.other_weights).cloned().collect();
    if view.restart_pending {
        problems
            .push("A new look-ahead or tempo waits for a restart. Stop playback, or switch ToneNet off and on.".into());
    }
    if *late > 0 {
        problems.push(format!(
            "{late} notes left before their velocity was ready, and kept their own. Choose a longer look-ahead or larger \
             audio blocks; the note model is the fastest."
        ));
    }
    if *load > HIGH_LOAD {
        problems.push(format!(
            "The model needs {:.0} % of the time of one core. Choose the note model, or fewer instances.",
            load * 100.0
        ));
    }
    if *overloads > 0 {
        problems.push(format!("{overloads} events came faster than ToneNet can hold them. Send it one piano part."));
    }
    problems
}

/// The runtime, the model and how they keep up.
fn computing(ui: &mut egui::Ui, diagnostics: &Diagnostics) {
    let Diagnostics { engine, blocks, load, sample_rate, counters: [restyled, late, new, _], .. } = diagnostics;
    let or = |text: &str, other: &str| if text.is_empty() { other.to_owned() } else { text.to_owned() };
    row(ui, "Runs on", |ui| {
        ui.label(or(&engine.runtime, "nothing yet: it opens when the host starts audio")).on_hover_text(
            "What computes velocities. A hop is one run of the model, about one for each sixteenth note",
        );
    });
    if !engine.notes.is_empty() {
        row(ui, "Not used", |ui| weak(ui, engine.notes.join("\n")));
    }
    row(ui, "Model", |ui| ui.label(or(&engine.model, "none is open")));
    row(ui, "Load", |ui| {
        ui.label(format!("{:.0} %", load * 100.0)).on_hover_text(
            "The share of the last second in which the model's thread worked. Audio has a thread of its own",
        );
    });
    row(ui, "Notes", |ui| ui.label(format!("{restyled} restyled, {late} late, {new} new")));
    row(ui, "Audio", |ui| {
        ui.label(match (sample_rate, blocks) {
            (0, _) => "not started".into(),
            (rate, None) => format!("{rate} Hz"),
            (rate, Some((smallest, largest))) if smallest == largest => {
                format!("{rate} Hz, blocks of {largest} samples")
            }
            (rate, Some((smallest, largest))) => format!("{rate} Hz, blocks of {smallest} to {largest} samples"),
        });
    });
}

/// What computes, where there is something to choose: more than the processor, or an earlier choice.
fn provider(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let chosen = view.computing.provider;
    let providers = &view.engine.providers;
    if providers.len() < 2 && chosen == ProviderPreference::Auto {
        return;
    }
    row(ui, "Compute with", |ui| {
        // Where the user has chosen, the others are not tried, and any may compute.
        let is_here = |preference: &ProviderPreference| match preference {
            ProviderPreference::Only(provider) => chosen != ProviderPreference::Auto || providers.contains(provider),
            ProviderPreference::Auto | ProviderPreference::BuiltIn => true,
        };
        for preference in ProviderPreference::choices().filter(is_here) {
            let (name, hint) = match preference {
                ProviderPreference::Auto => ("The fastest".into(), "Measured once on this computer, then kept"),
                ProviderPreference::Only(Provider::Cpu) => ("CPU".into(), "The processor"),
                ProviderPreference::Only(provider) => (
                    provider.to_string(),
                    "May differ from the processor by a step. Where it does not compute, the processor does",
                ),
                ProviderPreference::BuiltIn => ("Built-in".into(), "The processor, without ONNX Runtime"),
            };
            if choice(ui, preference == chosen, &name, hint) {
                actions.push(Action::ComputeWith(preference));
            }
        }
    });
    match view.computing_saved {
        Some(true) => {
            weak(ui, "It counts for projects and tracks that are loaded from now on.");
        }
        Some(false) => {
            let refusal =
                "The choice could not be saved. Make room on the disk, or let ToneNet write its settings folder.";
            ui.colored_label(Palette::of(ui).warning, refusal);
        }
        None => {}
    }
}

/// The diagnostics, to read and to copy.
fn report(ui: &mut egui::Ui, diagnostics: &Diagnostics) {
    let mut text = diagnostics.text();
    ui.horizontal(|ui| {
        if button(ui, true, "Copy diagnostics", "Copies the text below, to send with a question or a bug report") {
            ui.ctx().copy_text(text.clone());
        }
        weak(ui, "No names of people or folders are in it.");
    });
    egui::ScrollArea::vertical().id_salt("diagnostics").max_height(ui.available_height().max(80.0)).show(ui, |ui| {
        let label = weak(ui, "Diagnostics").id;
        let field = egui::TextEdit::multiline(&mut text).desired_rows(TEXT_ROWS).desired_width(f32::INFINITY);
        ui.add(field.font(egui::TextStyle::Small).interactive(false)).labelled_by(label);
    });
}

#[cfg(test)]
mod tests;
