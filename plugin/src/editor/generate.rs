//! The panel "Generate": it has clips generated, shows them, and puts them into the song.

mod clip_roll;
mod history;
mod song_strip;

use std::path::PathBuf;
use std::sync::Arc;

use tonenet_core::clip::Clip;
use tonenet_core::tune::{Metre, PITCH_CLASSES};
use tonenet_engine::generator::{
    BARS, ClipKind, GenerateSettings, GeneratorStatus, LAST_SEED, MorphPhrase, SelectedClip, SongPlacement,
    TEMPERATURES,
};

use super::action::{Action, ClipAction, SettingsChange};
use super::theme::{LABEL_WIDTH, Palette};
use super::view::GenerateView;
use super::widgets::{button, checkbox, choice, column, label, quantity, row, weak};
use crate::dialogs::DialogState;
use clip_roll::{clip_roll, describe};
use history::history;
use song_strip::{bar_number, song_strip, start_at};

/// Limits of the height of the piano roll with its velocities.
const ROLL_HEIGHTS: (f32, f32) = (140.0, 420.0);
/// The height of everything else in the panel, with errors.
const REST: f32 = 478.0;

/// Draws the panel.
pub(super) fn panel(ui: &mut egui::Ui, view: &GenerateView, actions: &mut Vec<Action>) {
    let mut clip_actions = Vec::new();
    clip_settings(ui, &view.settings, &mut clip_actions);
    match view.settings.kind {
        ClipKind::Morph => morph(ui, view, &mut clip_actions),
        _ => sampling(ui, &view.settings, &mut clip_actions),
    }
    ui.separator();
    trigger(ui, &view.generator, &mut clip_actions);
    roll(ui, view);
    history(ui, &view.selected, &mut clip_actions);
    variations(ui, &view.selected, &view.saving, &mut clip_actions);
    ui.separator();
    placement(ui, view, &mut clip_actions);
    song_strip(ui, view, &mut clip_actions);
    playback(ui, &view.settings, &mut clip_actions);
    actions.extend(clip_actions.into_iter().map(Action::Clip));
}

/// The kind of clip and its length; the key and metre of a new tune.
fn clip_settings(ui: &mut egui::Ui, settings: &GenerateSettings, actions: &mut Vec<ClipAction>) {
    let mut change = |change| actions.push(ClipAction::Change(change));
    let kinds = [
        (ClipKind::Variation, "New tune", "A melody over chords, in the key and metre below"),
        (ClipKind::Continuation, "Continue mine", "Continues the last bars that you played, in their key and metre"),
        (ClipKind::Texture, "Texture", "A piano texture of up to five bars, with velocities of its own"),
        (ClipKind::Morph, "Morph", "Up to five bars between two phrases that you captured"),
    ];
    row(ui, "Write", |ui| {
        for (kind, name, hint) in kinds {
            if choice(ui, kind == settings.kind, name, hint) {
                change(SettingsChange::Kind(kind));
            }
        }
    });
    ui.horizontal(|ui| {
        let label = label(ui, "Bars", LABEL_WIDTH);
        let hint = "How many bars to write";
        let mut bars = settings.bars;
        let field = ui.add(egui::DragValue::new(&mut bars).range(BARS).speed(0.1)).labelled_by(label);
        if field.on_hover_text(hint).changed() {
            change(SettingsChange::Bars(bars));
        }
        for bars in [4, 8, 16, 32] {
            if choice(ui, bars == settings.bars, &bars.to_string(), hint) {
                change(SettingsChange::Bars(bars));
            }
        }
    });
    ui.add_enabled_ui(settings.kind == ClipKind::Variation, |ui| {
        ui.horizontal(|ui| {
            let label = label(ui, "Key", LABEL_WIDTH);
            let mut tonic = usize::from(settings.tonic);
            let tonics = egui::ComboBox::from_id_salt("tonic").width(56.0);
            let tonics = tonics.show_index(ui, &mut tonic, PITCH_CLASSES.len(), |index| PITCH_CLASSES[index]);
            if tonics.labelled_by(label).changed() {
                change(SettingsChange::Tonic(tonic as u8));
            }
            for (is_minor, name) in [(false, "major"), (true, "minor")] {
                if choice(ui, is_minor == settings.is_minor, name, "Whether the tune is in major or in minor") {
                    change(SettingsChange::Minor(is_minor));
                }
            }
        });
        row(ui, "Metre", |ui| {
            for metre in Metre::ALL {
                let (upper, lower) = metre.signature();
                if choice(ui, metre == settings.metre(), &format!("{upper}/{lower}"), "The tune's time signature") {
                    change(SettingsChange::Metre(metre));
                }
            }
        });
    });
}

/// How the model samples a clip.
fn sampling(ui: &mut egui::Ui, settings: &GenerateSettings, actions: &mut Vec<ClipAction>) {
    let mut change = |change| actions.push(ClipAction::Change(change));
    ui.horizontal(|ui| {
        let hint = "1 is as the model learned. Less keeps to what is likely, more takes risks";
        if let Some(temperature) = quantity(ui, "Temperature", hint, settings.temperature, TEMPERATURES) {
            change(SettingsChange::Temperature(temperature));
        }
        if let Some(in_key) = checkbox(ui, settings.in_key, "In key", "The melody uses notes of the key only") {
            change(SettingsChange::InKey(in_key));
        }
    });
    ui.horizontal(|ui| {
        let label = label(ui, "Seed", LABEL_WIDTH);
        let mut seed = settings.seed;
        let hint = "The same seed writes the same piece. Each press takes the next seed";
        let field = ui.add(egui::DragValue::new(&mut seed).range(0..=LAST_SEED).speed(0.2)).labelled_by(label);
        if field.on_hover_text(hint).changed() {
            change(SettingsChange::Seed(seed));
        }
        let hint = "Keeps this seed, so that an automated trigger writes the same piece each time";
        if let Some(keeps) = checkbox(ui, settings.keeps_seed, "Keep", hint) {
            change(SettingsChange::KeepSeed(keeps));
        }
    });
}

/// The phrases that a morph lies between, and how far it lies from each.
fn morph(ui: &mut egui::Ui, view: &GenerateView, actions: &mut Vec<ClipAction>) {
    row(ui, "Between", |ui| {
        let hint = "Keeps what you played last, up to five bars. If you played nothing: what Timeline remembers before \
                    the song's position";
        for (phrase, name) in [(MorphPhrase::First, "Capture A"), (MorphPhrase::Second, "Capture B")] {
            if button(ui, true, name, hint) {
                actions.push(ClipAction::Capture(phrase));
            }
            column(ui, 80.0, |ui| match view.selected.phrases[phrase as usize] {
                Some(notes) => ui.label(format!("{notes} notes")),
                None => weak(ui, "empty"),
            });
        }
    });
    ui.horizontal(|ui| {
        let hint = "0 is the first phrase, 1 is the second";
        if let Some(share) = quantity(ui, "From A to B", hint, view.settings.share, 0.0..=1.0) {
            actions.push(ClipAction::Change(SettingsChange::Share(share)));
        }
    });
}

/// The button that triggers the generator, and what became of the last trigger.
fn trigger(ui: &mut egui::Ui, generator: &GeneratorStatus, actions: &mut Vec<ClipAction>) {
    let is_generating = *generator == GeneratorStatus::Generating;
    row(ui, "", |ui| {
        let text = egui::RichText::new("Generate").strong().color(Palette::of(ui).on_accent);
        let generate = egui::Button::new(text).fill(Palette::of(ui).accent).min_size(egui::vec2(120.0, 26.0));
        let hint = "Writes a piece. The host parameter Generate does the same, for a controller or automation";
        if ui.add_enabled(!is_generating, generate).on_hover_text(hint).clicked() {
            actions.push(ClipAction::Trigger);
        }
        if is_generating {
            if ui.button("Cancel").clicked() {
                actions.push(ClipAction::Cancel);
            }
            weak(ui, "writing");
        }
    });
    if let GeneratorStatus::Failed(reason) = generator {
        ui.colored_label(Palette::of(ui).warning, reason);
    }
}

/// The selected clip as a piano roll, as high as the panel has room for.
fn roll(ui: &mut egui::Ui, view: &GenerateView) {
    let height = (ui.clip_rect().height() - REST).clamp(ROLL_HEIGHTS.0, ROLL_HEIGHTS.1);
    match &view.selected.clip {
        Some(clip) => {
            clip_roll(ui, clip, height, position_in(clip, view)).on_hover_text(describe(clip));
        }
        None => {
            let size = egui::vec2(ui.available_width(), height);
            let (rect, _) = ui.allocate_exact_size(size, egui::Sense::hover());
            ui.painter().rect_filled(rect, 3.0, Palette::of(ui).roll);
            ui.put(rect, egui::Label::new(egui::RichText::new("New pieces appear here").weak()));
        }
    }
}

/// The song's position in the selected clip, in beats from the clip's start; `None` if it is outside.
fn position_in(clip: &Arc<Clip>, view: &GenerateView) -> Option<f64> {
    let start = view.selected.placement.as_ref().filter(|placement| placement.is_selected)?.start?;
    let beats = view.position? - start;
    let beats = if view.settings.looped && beats >= 0.0 { beats.rem_euclid(clip.length()) } else { beats };
    (0.0..clip.length()).contains(&beats).then_some(beats)
}

/// Selects a variation, and saves it.
fn variations(
    ui: &mut egui::Ui,
    selected: &SelectedClip,
    saving: &DialogState<PathBuf>,
    actions: &mut Vec<ClipAction>,
) {
    row(ui, "Variation", |ui| {
        let SelectedClip { clip, index, clips, .. } = selected;
        if button(ui, *index > 0, "Undo", "The previous piece; in the song it replaces this one") {
            actions.push(ClipAction::Undo);
        }
        column(ui, 56.0, |ui| match clips.len() {
            0 => weak(ui, "none yet"),
            count => ui.label(format!("{} of {count}", index + 1)),
        });
        if button(ui, index + 1 < clips.len(), "Redo", "The next piece; in the song it replaces this one") {
            actions.push(ClipAction::Redo);
        }
        let can_save = clip.is_some() && *saving != DialogState::Choosing;
        if button(ui, can_save, "Save .mid\u{2026}", "Saves the piece with its own velocities, at the song's tempo") {
            actions.push(ClipAction::Save);
        }
        match saving {
            DialogState::Idle | DialogState::Failed(_) => {}
            DialogState::Choosing => drop(weak(ui, "choosing")),
            DialogState::Done(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                weak(ui, format!("saved as {name}"));
            }
        }
    });
    if let DialogState::Failed(reason) = saving {
        ui.colored_label(Palette::of(ui).warning, reason);
    }
}

/// Auditions the selected clip, puts it into the song or takes it out.
fn placement(ui: &mut egui::Ui, view: &GenerateView, actions: &mut Vec<ClipAction>) {
    let selected = &view.selected;
    row(ui, "In the song", |ui| {
        let is_in_song = selected.placement.as_ref().is_some_and(|placement| placement.is_selected);
        let is_auditioned = is_in_song && view.settings.restyled;
        let hint = "Plays this piece with the style's velocities, from the next bar line of the song on";
        if button(ui, selected.clip.is_some() && !is_auditioned, "Audition in style", hint) {
            actions.push(ClipAction::Audition);
        }
        if button(ui, selected.clip.is_some(), "Place", "Plays this piece from the next bar line on") {
            actions.push(ClipAction::Place);
        }
        if button(ui, selected.placement.is_some(), "Clear", "Takes the piece out of the song") {
            actions.push(ClipAction::Clear);
        }
        match &selected.placement {
            None => drop(weak(ui, "nothing yet")),
            Some(placement) => start(ui, placement, actions),
        }
    });
}

/// Where the clip in the song begins.
fn start(ui: &mut egui::Ui, placement: &SongPlacement, actions: &mut Vec<ClipAction>) {
    let which = if placement.is_selected { "this piece" } else { "another piece" };
    let Some(start) = placement.start else {
        ui.label(format!("{which} from the next bar line on"));
        return;
    };
    let label = ui.label(format!("{which} from bar")).id;
    let mut bar = bar_number(placement, start);
    let field = egui::DragValue::new(&mut bar).range(1.0..=9_999.0).speed(0.05);
    let field = field.custom_formatter(|bar, _| ((bar * 100.0).round() / 100.0).to_string());
    let field = ui.add(field).labelled_by(label).on_hover_text("The bar at which the piece begins. Click to type it");
    // A drag goes from bar line to bar line; what is typed may lie between.
    let bar = if field.dragged() { bar.round() } else { bar };
    let to = start_at(placement, bar);
    if field.changed() && to != start {
        actions.push(ClipAction::MoveTo(to));
    }
}

/// How the clip in the song plays.
fn playback(ui: &mut egui::Ui, settings: &GenerateSettings, actions: &mut Vec<ClipAction>) {
    let mut change = |change| actions.push(ClipAction::Change(change));
    row(ui, "It plays", |ui| {
        for (looped, name, hint) in
            [(true, "in a loop", "The piece starts again at its end"), (false, "once", "The piece stops at its end")]
        {
            if choice(ui, looped == settings.looped, name, hint) {
                change(SettingsChange::Looped(looped));
            }
        }
        ui.separator();
        let restyled = "The style gives the velocities, with all settings of the other panel";
        let written = "The piece keeps its own velocities. A tune's are all 80, as in the article";
        for (is_restyled, name, hint) in [(true, "in style", restyled), (false, "as written", written)] {
            if choice(ui, is_restyled == settings.restyled, name, hint) {
                change(SettingsChange::Restyled(is_restyled));
            }
        }
        ui.separator();
        let hint = "Places a new piece as soon as it is written. Otherwise it plays once you press Place";
        if let Some(at_once) = checkbox(ui, settings.plays_at_once, "new ones at once", hint) {
            change(SettingsChange::PlayAtOnce(at_once));
        }
    });
}
