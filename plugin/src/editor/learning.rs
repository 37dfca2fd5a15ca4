//! The section of the panel "Styles" that has styles learned, and says what came of it.

use tonenet_learn::FEWEST_NOTES_IN_ALL;

use super::action::StyleAction;
use super::styles_view::{StylesView, counted};
use super::theme::{Palette, WIDE_SLIDER};
use super::widgets::{button, weak};
use crate::dialogs::DialogState;
use crate::learner::{LearnedStyle, LearnerState, LeftOutSource};

/// The most files that are named of those left out.
const MOST_NAMED: usize = 3;

/// Draws the section.
pub(super) fn section(ui: &mut egui::Ui, view: &StylesView, push: &mut impl FnMut(StyleAction)) {
    let is_learning = matches!(view.learning, LearnerState::Learning { .. });
    let can_learn = view.has_room && !is_learning && view.choosing != DialogState::Choosing;
    let has_played = view.played_notes >= FEWEST_NOTES_IN_ALL;
    ui.horizontal(|ui| {
        let hint = "Learns how you play from at least two MIDI files of your playing; five to twenty are good";
        if button(ui, can_learn, "Learn from files…", hint) {
            push(StyleAction::LearnFromFiles);
        }
        let hint = "Learns how you play from all MIDI files in a folder and below";
        if button(ui, can_learn, "Learn from a folder…", hint) {
            push(StyleAction::LearnFromFolder);
        }
        let hint = "Learns from the performance that Timeline remembers, with the velocities that you played";
        if button(ui, can_learn && has_played, "Learn from what I played", hint) {
            push(StyleAction::LearnFromPlaying);
        }
    });
    if !view.has_room {
        weak(ui, "All slots are taken; remove a style first.");
    } else if !has_played && !is_learning {
        weak(ui, why_not_from_playing(view.played_notes));
    }
    match &view.learning {
        LearnerState::Idle => {}
        LearnerState::Learning { share } => progress(ui, *share, push),
        LearnerState::Done(learned) => outcome(ui, view, learned, push),
        LearnerState::Failed(failure) => {
            ui.colored_label(Palette::of(ui).warning, format!("No style was learned: {}", failure.reason));
            left_out(ui, &failure.left_out);
        }
    }
    if let DialogState::Failed(refusal) = &view.choosing {
        ui.colored_label(Palette::of(ui).warning, refusal);
    }
}

/// Why nothing can be learned from the remembered performance yet, and what to do.
fn why_not_from_playing(notes: usize) -> String {
    let remembered = if notes == 0 { "nothing yet".into() } else { counted(notes, "note") };
    format!(
        "To learn from what you played, play at least {FEWEST_NOTES_IN_ALL} notes in Timeline. It remembers {remembered}."
    )
}

fn progress(ui: &mut egui::Ui, share: f32, push: &mut impl FnMut(StyleAction)) {
    ui.horizontal(|ui| {
        ui.add(egui::ProgressBar::new(share).desired_width(WIDE_SLIDER).fill(Palette::of(ui).accent));
        weak(ui, format!("learning, {:.0} %", share * 100.0));
        if button(ui, true, "Cancel", "Stops learning. No style comes of it") {
            push(StyleAction::CancelLearning);
        }
    });
}

/// What was learned.
fn outcome(ui: &mut egui::Ui, view: &StylesView, learned: &LearnedStyle, push: &mut impl FnMut(StyleAction)) {
    let there = view.users.iter().find(|user| user.id == Some(learned.id));
    ui.horizontal_wrapped(|ui| {
        let title = there.map_or(&learned.name, |user| &user.title);
        ui.strong(title);
        ui.label(match (there, learned.was_there) {
            (None, _) => "was learned and is no longer in the list".into(),
            (Some(user), false) => format!("is user style {} in the list of styles", user.slot + 1),
            (Some(user), true) => format!("is the same as before: user style {}", user.slot + 1),
        });
        let hint = "Chooses it as style A. Nothing else changes";
        if let Some(user) = there
            && button(ui, true, "Play it as Style A", hint)
        {
            push(StyleAction::PlayAsStyleA(user.slot));
        }
    });
    let from = match learned.files {
        0 => "what you played".into(),
        files => counted(files, "file"),
    };
    ui.label(format!("Learned from {from}, {} notes. {}", learned.notes, learned.description));
    weak(ui, learned.reliability.as_str());
    left_out(ui, &learned.left_out);
}

/// Names what was left out, and why.
fn left_out(ui: &mut egui::Ui, left_out: &[LeftOutSource]) {
    for LeftOutSource { name, reason } in left_out.iter().take(MOST_NAMED) {
        weak(ui, format!("{name} was left out: {reason}."));
    }
    let others = left_out.len().saturating_sub(MOST_NAMED);
    if others > 0 {
        weak(ui, format!("{others} more were left out."));
    }
}
