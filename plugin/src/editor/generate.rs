//! The panel that has something new written, shows it, and puts it into the song.

use std::sync::Arc;

use tonenet_core::clip::Clip;
use tonenet_core::tune::{Metre, PITCH_CLASSES};

use super::piano_roll::{piano_roll, words};
use super::widgets::{choice, column, label, row};
use super::{ACCENT, Action, LABELS, WARNING, WIDE};
use std::path::PathBuf;

use crate::dialogs::DialogState;
use tonenet_engine::generator::{
    BARS, ClipKind, GenerateSettings, GeneratorStatus, LAST_SEED, MorphPhrase, SelectedClip, TEMPERATURES,
};

/// Height of the picture of the clip.
const PICTURE: f32 = 150.0;

/// What the panel shows.
#[derive(Debug, Clone, Default)]
pub struct GenerateView {
    /// What the user wants.
    pub wish: GenerateSettings,
    /// What was written.
    pub shown: SelectedClip,
    /// Whether something is being written.
    pub writing: GeneratorStatus,
    /// Whether a clip is being saved.
    pub saving: DialogState<PathBuf>,
    /// Where the song is, in beats.
    pub place: Option<f64>,
}

/// What the user changed of what is to be written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// See [`GenerateSettings::kind`].
    Kind(ClipKind),
    /// See [`GenerateSettings::bars`].
    Bars(u32),
    /// See [`GenerateSettings::signature`].
    Metre(Metre),
    /// See [`GenerateSettings::tonic`].
    Tonic(u8),
    /// See [`GenerateSettings::is_minor`].
    Minor(bool),
    /// See [`GenerateSettings::in_key`].
    InKey(bool),
    /// See [`GenerateSettings::temperature`].
    Temperature(f32),
    /// See [`GenerateSettings::share`].
    Share(f32),
    /// See [`GenerateSettings::seed`].
    Seed(u32),
    /// See [`GenerateSettings::keeps_seed`].
    KeepSeed(bool),
    /// See [`GenerateSettings::plays_at_once`].
    PlayAtOnce(bool),
    /// See [`GenerateSettings::looped`].
    Looped(bool),
    /// See [`GenerateSettings::restyled`].
    Restyled(bool),
}

impl Change {
    /// Makes the change.
    pub fn apply(self, wish: &mut GenerateSettings) {
        match self {
            Self::Kind(kind) => wish.kind = kind,
            Self::Bars(bars) => wish.bars = bars,
            Self::Metre(metre) => wish.signature = metre.signature(),
            Self::Tonic(tonic) => wish.tonic = tonic,
            Self::Minor(is_minor) => wish.is_minor = is_minor,
            Self::InKey(in_key) => wish.in_key = in_key,
            Self::Temperature(temperature) => wish.temperature = temperature,
            Self::Share(share) => wish.share = share,
            Self::Seed(seed) => wish.seed = seed,
            Self::KeepSeed(keeps) => wish.keeps_seed = keeps,
            Self::PlayAtOnce(at_once) => wish.plays_at_once = at_once,
            Self::Looped(looped) => wish.looped = looped,
            Self::Restyled(restyled) => wish.restyled = restyled,
        }
    }
}

/// What the user did to clips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ClipAction {
    /// Changed what is to be written.
    Change(Change),
    /// Had something written.
    Press,
    /// Wanted it no longer.
    Cancel,
    /// Had what was played last captured.
    Capture(MorphPhrase),
    /// Went to the variation before.
    Undo,
    /// Went to the one after.
    Redo,
    /// Put the clip shown into the song.
    Place,
    /// Took the clip in the song out of it.
    Clear,
    /// Wanted the clip shown in a file.
    Save,
}

/// Draws the panel.
pub(super) fn panel(ui: &mut egui::Ui, view: &GenerateView, actions: &mut Vec<Action>) {
    let mut did = Vec::new();
    wishes(ui, &view.wish, &mut did);
    match view.wish.kind {
        ClipKind::Morph => phrases(ui, view, &mut did),
        _ => chance(ui, &view.wish, &mut did),
    }
    ui.separator();
    press(ui, view, &mut did);
    picture(ui, view);
    variations(ui, &view.shown, &view.saving, &mut did);
    ui.separator();
    in_song(ui, view, &mut did);
    actions.extend(did.into_iter().map(Action::Clip));
}

fn wishes(ui: &mut egui::Ui, wish: &GenerateSettings, did: &mut Vec<ClipAction>) {
    let mut change = |change| did.push(ClipAction::Change(change));
    let kinds = [
        (ClipKind::Variation, "New tune", "A melody over chords, of the key and metre below"),
        (ClipKind::Continuation, "Continue mine", "Goes on from the last bars that you played, in their key and metre"),
        (ClipKind::Texture, "Texture", "A piano texture of up to five bars, with velocities of its own"),
        (ClipKind::Morph, "Morph", "Up to five bars of what lies between two phrases that you played"),
    ];
    row(ui, "Write", |ui| {
        for (kind, name, hint) in kinds {
            if choice(ui, kind == wish.kind, name, hint) {
                change(Change::Kind(kind));
            }
        }
    });
    row(ui, "Bars", |ui| {
        let mut bars = wish.bars;
        if ui.add(egui::DragValue::new(&mut bars).range(BARS).speed(0.1)).on_hover_text("How many to write").changed() {
            change(Change::Bars(bars));
        }
        for bars in [4, 8, 16, 32] {
            if choice(ui, bars == wish.bars, &bars.to_string(), "How many to write") {
                change(Change::Bars(bars));
            }
        }
    });
    ui.add_enabled_ui(wish.kind == ClipKind::Variation, |ui| {
        ui.horizontal(|ui| {
            let label = label(ui, "Key", LABELS);
            let mut tonic = usize::from(wish.tonic);
            let tonics = egui::ComboBox::from_id_salt("tonic").width(56.0);
            let tonics = tonics.show_index(ui, &mut tonic, PITCH_CLASSES.len(), |index| PITCH_CLASSES[index]);
            if tonics.labelled_by(label).changed() {
                change(Change::Tonic(tonic as u8));
            }
            for (is_minor, name) in [(false, "major"), (true, "minor")] {
                if choice(ui, is_minor == wish.is_minor, name, "The scale that the tune is in") {
                    change(Change::Minor(is_minor));
                }
            }
        });
        row(ui, "Metre", |ui| {
            for metre in Metre::ALL {
                let (upper, lower) = metre.signature();
                if choice(ui, metre == wish.metre(), &format!("{upper}/{lower}"), "How the tune falls into bars") {
                    change(Change::Metre(metre));
                }
            }
        });
    });
}

/// How a piece is drawn by chance.
fn chance(ui: &mut egui::Ui, wish: &GenerateSettings, did: &mut Vec<ClipAction>) {
    let mut change = |change| did.push(ClipAction::Change(change));
    ui.horizontal(|ui| {
        let label = label(ui, "Temperature", LABELS);
        ui.spacing_mut().slider_width = WIDE;
        let mut temperature = wish.temperature;
        let slider =
            egui::Slider::new(&mut temperature, TEMPERATURES).step_by(0.05).fixed_decimals(2).trailing_fill(true);
        let hint = "1 is as the model learned; less keeps to what is likely, more dares";
        if ui.add(slider).labelled_by(label).on_hover_text(hint).changed() {
            change(Change::Temperature(temperature));
        }
        let mut in_key = wish.in_key;
        let hint = "The melody has notes of the key alone";
        if ui.checkbox(&mut in_key, "In key").on_hover_text(hint).changed() {
            change(Change::InKey(in_key));
        }
    });
    row(ui, "Seed", |ui| {
        let mut seed = wish.seed;
        let hint = "Which of all such pieces comes next: the same seed writes the same piece";
        if ui.add(egui::DragValue::new(&mut seed).range(0..=LAST_SEED).speed(0.2)).on_hover_text(hint).changed() {
            change(Change::Seed(seed));
        }
        let mut keeps = wish.keeps_seed;
        let hint = "The seed does not go on when something was written, so that an automated trigger writes the same \
                    piece each time";
        if ui.checkbox(&mut keeps, "Keep").on_hover_text(hint).changed() {
            change(Change::KeepSeed(keeps));
        }
    });
}

/// What a morph lies between, and where.
fn phrases(ui: &mut egui::Ui, view: &GenerateView, did: &mut Vec<ClipAction>) {
    row(ui, "Between", |ui| {
        let hint = "What you played last, up to five bars, or else what Timeline remembers before the song's place";
        for (place, name) in [(MorphPhrase::First, "Capture A"), (MorphPhrase::Second, "Capture B")] {
            if ui.button(name).on_hover_text(hint).clicked() {
                did.push(ClipAction::Capture(place));
            }
            column(ui, 80.0, |ui| match view.shown.phrases[place as usize] {
                Some(notes) => ui.label(format!("{notes} notes")),
                None => ui.label(egui::RichText::new("empty").weak()),
            });
        }
    });
    ui.horizontal(|ui| {
        let label = label(ui, "From A to B", LABELS);
        ui.spacing_mut().slider_width = WIDE;
        let mut share = view.wish.share;
        let slider = egui::Slider::new(&mut share, 0.0..=1.0).step_by(0.05).fixed_decimals(2).trailing_fill(true);
        if ui.add(slider).labelled_by(label).on_hover_text("0 is the first phrase, 1 the second").changed() {
            did.push(ClipAction::Change(Change::Share(share)));
        }
    });
}

fn press(ui: &mut egui::Ui, view: &GenerateView, did: &mut Vec<ClipAction>) {
    row(ui, "", |ui| {
        let is_busy = view.writing == GeneratorStatus::Generating;
        let text = egui::RichText::new("Generate").strong().color(egui::Color32::BLACK);
        let button = egui::Button::new(text).fill(ACCENT).min_size(egui::vec2(120.0, 26.0));
        let hint = "Writes the next piece; the host's parameter Generate does the same, for a controller or automation";
        if ui.add_enabled(!is_busy, button).on_hover_text(hint).clicked() {
            did.push(ClipAction::Press);
        }
        match &view.writing {
            GeneratorStatus::Idle | GeneratorStatus::Failed(_) => {}
            GeneratorStatus::Generating => {
                if ui.button("Cancel").clicked() {
                    did.push(ClipAction::Cancel);
                }
                ui.label(egui::RichText::new("writing").weak());
            }
        }
    });
    if let GeneratorStatus::Failed(refusal) = &view.writing {
        ui.colored_label(WARNING, refusal);
    }
}

fn picture(ui: &mut egui::Ui, view: &GenerateView) {
    match &view.shown.clip {
        Some(clip) => {
            piano_roll(ui, clip, PICTURE, place_in(clip, view)).on_hover_text(words(clip));
        }
        None => {
            let (rect, _) = ui.allocate_exact_size(egui::vec2(ui.available_width(), PICTURE), egui::Sense::hover());
            ui.painter().rect_filled(rect, 3.0, egui::Color32::from_gray(18));
            let hint = egui::RichText::new("What is written is shown here").weak();
            ui.put(rect, egui::Label::new(hint));
        }
    }
}

/// Where the song is in the clip shown, in beats.
fn place_in(clip: &Arc<Clip>, view: &GenerateView) -> Option<f64> {
    let start = view.shown.placement.filter(|in_song| in_song.is_selected)?.start?;
    let into = view.place? - start;
    let into = if view.wish.looped && into >= 0.0 { into.rem_euclid(clip.length()) } else { into };
    (0.0..clip.length()).contains(&into).then_some(into)
}

fn variations(ui: &mut egui::Ui, shown: &SelectedClip, saving: &DialogState<PathBuf>, did: &mut Vec<ClipAction>) {
    row(ui, "Variation", |ui| {
        let SelectedClip { clip, index: place, count, .. } = shown;
        let hint = "The piece before; in the song it takes the place of this one";
        if ui.add_enabled(*place > 0, egui::Button::new("Undo")).on_hover_text(hint).clicked() {
            did.push(ClipAction::Undo);
        }
        column(ui, 56.0, |ui| match count {
            0 => ui.label(egui::RichText::new("none yet").weak()),
            count => ui.label(format!("{} of {count}", place + 1)),
        });
        let hint = "The piece after; in the song it takes the place of this one";
        if ui.add_enabled(place + 1 < *count, egui::Button::new("Redo")).on_hover_text(hint).clicked() {
            did.push(ClipAction::Redo);
        }
        let can_save = clip.is_some() && *saving != DialogState::Choosing;
        let hint = "With the velocities that it is written with, at the song's tempo";
        if ui.add_enabled(can_save, egui::Button::new("Save .mid\u{2026}")).on_hover_text(hint).clicked() {
            did.push(ClipAction::Save);
        }
        match saving {
            DialogState::Idle | DialogState::Failed(_) => {}
            DialogState::Choosing => {
                ui.label(egui::RichText::new("choosing").weak());
            }
            DialogState::Done(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                ui.label(egui::RichText::new(format!("saved as {name}")).weak());
            }
        }
    });
    if let DialogState::Failed(refusal) = saving {
        ui.colored_label(WARNING, refusal);
    }
}

fn in_song(ui: &mut egui::Ui, view: &GenerateView, did: &mut Vec<ClipAction>) {
    row(ui, "In the song", |ui| {
        let GenerateView { shown, .. } = view;
        let hint = "The piece shown plays from the next bar line on";
        if ui.add_enabled(shown.clip.is_some(), egui::Button::new("Place")).on_hover_text(hint).clicked() {
            did.push(ClipAction::Place);
        }
        let hint = "Nothing plays but what you play";
        if ui.add_enabled(shown.placement.is_some(), egui::Button::new("Clear")).on_hover_text(hint).clicked() {
            did.push(ClipAction::Clear);
        }
        ui.label(match shown.placement {
            None => "nothing yet".into(),
            Some(in_song) => {
                let which = if in_song.is_selected { "this piece" } else { "another piece" };
                match in_song.start {
                    Some(start) => format!("{which} from beat {start} on"),
                    None => format!("{which} from the next bar line on"),
                }
            }
        });
    });
    let mut change = |change| did.push(ClipAction::Change(change));
    row(ui, "It plays", |ui| {
        for (looped, name, hint) in
            [(true, "in a loop", "It begins anew where it ends"), (false, "once", "It ends where it ends")]
        {
            if choice(ui, looped == view.wish.looped, name, hint) {
                change(Change::Looped(looped));
            }
        }
        ui.separator();
        let restyled = "Through the style, with all that is set for it";
        let written = "With the velocities that it is written with; a tune's are all 80, as in the article";
        for (is_restyled, name, hint) in [(true, "in style", restyled), (false, "as written", written)] {
            if choice(ui, is_restyled == view.wish.restyled, name, hint) {
                change(Change::Restyled(is_restyled));
            }
        }
        ui.separator();
        let mut at_once = view.wish.plays_at_once;
        let hint = "A new piece is placed as soon as it is written; otherwise it is shown, and plays once you place it";
        if ui.checkbox(&mut at_once, "new ones at once").on_hover_text(hint).changed() {
            change(Change::PlayAtOnce(at_once));
        }
    });
}
