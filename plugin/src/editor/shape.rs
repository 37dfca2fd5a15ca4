//! The controls that shape the dynamics and the feel: styles, dials, the take, the scope and the pedal.

use nice_plug::prelude::Enum;
use tonenet_core::scope::ScopePart;
use tonenet_core::style::{StyleBlend, StyleIndex};
use tonenet_inference::embedded::EmbeddedModel;

use super::action::Action;
use super::dial::Dial;
use super::feel::{Cell as FeelCell, heading};
use super::icons::{Icon, icon_button};
use super::slider::VALUE_WIDTH;
use super::theme::Palette;
use super::view::View;
use super::widgets::{DialWidths, button, checkbox, choice, label, labelled_slider, option_list};
use crate::params::{AVERAGE, LAST_TAKE, ModelChoice, PartChoice};

/// The least width of a cell, and the most cells in a row.
const CELL: (f32, usize) = (290.0, 4);
/// How far the die jumps. No divisor of the number of takes is in it, so it comes to all of them.
const DIE: u16 = 36;
/// Height of a row.
const ROW: f32 = 20.0;
/// Width of a cell's label.
pub(super) const LABEL: f32 = 104.0;
/// Width of a list of styles.
const STYLE_LIST: f32 = 132.0;
/// The least width of a slider.
const LEAST_SLIDER: f32 = 60.0;

/// A control in the grid.
#[derive(Debug, Clone, Copy)]
enum Cell {
    Dial(Dial),
    Listen,
    Take,
    Model,
    Part,
    Feel(FeelCell),
}

/// The controls that are always in sight.
const FIRST: [Cell; 4] = [Cell::Dial(Dial::Amount), Cell::Dial(Dial::KeepAccents), Cell::Listen, Cell::Take];
/// The others.
const MORE: [Cell; 8] = [
    Cell::Dial(Dial::Level),
    Cell::Dial(Dial::Range),
    Cell::Dial(Dial::Floor),
    Cell::Dial(Dial::Ceiling),
    Cell::Part,
    Cell::Dial(Dial::KeyLow),
    Cell::Dial(Dial::KeyHigh),
    Cell::Model,
];

/// The feel, below them.
const FEEL: [Cell; 6] = [
    Cell::Dial(Dial::Timing),
    Cell::Dial(Dial::Swing),
    Cell::Dial(Dial::Articulation),
    Cell::Dial(Dial::ChordSpread),
    Cell::Feel(FeelCell::Pedal),
    Cell::Feel(FeelCell::TimelineLookAhead),
];

/// Draws all controls, or only the first ones.
pub(super) fn panel(ui: &mut egui::Ui, view: &View, shows_all: bool, actions: &mut Vec<Action>) {
    styles(ui, view, shows_all, actions);
    let columns = columns(ui.available_width());
    let width = (ui.available_width() - (columns - 1) as f32 * ui.spacing().item_spacing.x) / columns as f32;
    let mut rows = |ui: &mut egui::Ui, cells: &[Cell]| {
        for row in cells.chunks(columns) {
            ui.horizontal(|ui| {
                for &control in row {
                    let size = egui::vec2(width, ROW);
                    ui.allocate_ui_with_layout(size, egui::Layout::left_to_right(egui::Align::Center), |ui| {
                        ui.set_min_size(size);
                        cell(ui, view, control, actions);
                    });
                }
            });
        }
    };
    rows(ui, &cells(shows_all));
    if shows_all {
        heading(ui, view, ROW);
        rows(ui, &FEEL);
    }
}

/// How high the controls are in a window of this width.
pub(super) fn height(ui: &egui::Ui, shows_all: bool) -> f32 {
    let columns = columns(ui.available_width());
    // With the styles above, and the heading of the feel.
    let feel = if shows_all { 1 + FEEL.len().div_ceil(columns) } else { 0 };
    let rows = 1 + cells(shows_all).len().div_ceil(columns) + feel;
    rows as f32 * (ROW + ui.spacing().item_spacing.y)
}

fn cells(shows_all: bool) -> Vec<Cell> {
    let more = if shows_all { &MORE[..] } else { &[] };
    FIRST.iter().chain(more).copied().collect()
}

fn columns(width: f32) -> usize {
    let (least, most) = CELL;
    ((width / least) as usize).clamp(1, most)
}

/// The two styles, and the blend between them.
fn styles(ui: &mut egui::Ui, view: &View, shows_all: bool, actions: &mut Vec<Action>) {
    let StyleBlend { a, b, .. } = view.settings.style;
    ui.horizontal(|ui| {
        let hint = "The style whose dynamics the notes get";
        actions.extend(style_list(ui, view, ("Style A", hint), a).map(Action::StyleA));
        let toggle = "All controls";
        let after = STYLE_LIST + text_width(ui, toggle) + 44.0 + 3.0 * ui.spacing().item_spacing.x;
        let slider = (ui.available_width() - after - text_width(ui, "Blend") - VALUE_WIDTH - 24.0).max(LEAST_SLIDER);
        let widths = DialWidths { label: text_width(ui, "Blend"), slider };
        labelled_slider(ui, view, Dial::Blend, widths, actions);
        let hint = "The style that Blend mixes into style A";
        actions.extend(style_list(ui, view, ("Style B", hint), b).map(Action::StyleB));
        let hint = "Shows Level, Range, Floor, Ceiling, the scope, the model and the feel, too";
        actions.extend(checkbox(ui, shows_all, toggle, hint).map(Action::ShowAllControls));
    });
}

fn text_width(ui: &egui::Ui, text: &str) -> f32 {
    let font = egui::TextStyle::Body.resolve(ui.style());
    ui.painter().layout_no_wrap(text.into(), font, egui::Color32::WHITE).size().x
}

/// The built-in styles, and the user's below them. Returns the style that the user chose.
fn style_list(ui: &mut egui::Ui, view: &View, (name, hint): (&str, &str), chosen: StyleIndex) -> Option<StyleIndex> {
    let mut clicked = None;
    let title = view.styles.title(chosen);
    let list = egui::ComboBox::from_id_salt(name).width(STYLE_LIST).truncate().selected_text(title.as_str());
    let list = list.show_ui(ui, |ui| {
        let is_own = |style: StyleIndex| style.slot().is_some();
        let options = || view.styles.options.iter();
        for option in options().filter(|option| !is_own(option.style)) {
            if ui.selectable_label(option.style == chosen, &option.title).clicked() {
                clicked = Some(option.style);
            }
        }
        if options().any(|option| is_own(option.style)) {
            ui.separator();
        }
        for option in options().filter(|option| is_own(option.style)) {
            if ui.selectable_label(option.style == chosen, &option.title).clicked() {
                clicked = Some(option.style);
            }
        }
    });
    list.response.widget_info(|| {
        let mut info = egui::WidgetInfo::labeled(egui::Role::ComboBox, true, name);
        info.current_text_value = Some(title.clone());
        info
    });
    list.response.on_hover_text(hint);
    clicked.filter(|&style| style != chosen)
}

fn cell(ui: &mut egui::Ui, view: &View, cell: Cell, actions: &mut Vec<Action>) {
    match cell {
        Cell::Dial(dial) => {
            let taken = LABEL + VALUE_WIDTH + 2.0 * ui.spacing().item_spacing.x;
            let slider = (ui.available_width() - taken).max(LEAST_SLIDER);
            labelled_slider(ui, view, dial, DialWidths { label: LABEL, slider }, actions);
        }
        Cell::Listen => listen(ui, view, actions),
        Cell::Take => take(ui, view, actions),
        Cell::Model => model(ui, view, actions),
        Cell::Part => part(ui, view, actions),
        Cell::Feel(feel) => feel.show(ui, view, actions),
    }
}

/// The control "Listen to me".
fn listen(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let can_listen = view.settings.model == EmbeddedModel::Note;
    let hint = if can_listen {
        "The style hears how loud you play each note, and follows your dynamics more closely"
    } else {
        "Only ToneNet's own network can listen to you. Choose it under Model"
    };
    ui.add_enabled_ui(can_listen, |ui| {
        let listens = view.settings.condition_on_player;
        actions.extend(checkbox(ui, listens, "Listen to me", hint).map(Action::HearPlayer));
    });
}

/// The control "Take".
fn take(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let take = view.settings.take.0;
    label(ui, "Take", 34.0);
    ui.spacing_mut().item_spacing.x = 4.0;
    let is_free = !view.take_locked;
    ui.add_enabled_ui(is_free, |ui| {
        let average = "What all performances of the notes have in common";
        let mut chosen = choice(ui, take == 0, AVERAGE, average).then_some(0);
        let mut step = |ui: &mut egui::Ui, icon, name, to: Option<u16>| {
            // The button is drawn even if it leads nowhere.
            let is_clicked = icon_button(ui, to.is_some(), icon, (name, name));
            chosen = chosen.or(to.filter(|_| is_clicked));
        };
        step(ui, Icon::Previous, "Previous take", take.checked_sub(1).filter(|&to| to > 0));
        let text = if take == 0 { egui::RichText::new("\u{2013}").weak() } else { take.to_string().into() };
        let seeded = "One of 99 performances of the same notes. The same number always plays the same one";
        ui.add_sized([22.0, 20.0], egui::Label::new(text)).on_hover_text(seeded);
        step(ui, Icon::Next, "Next take", Some(take + 1).filter(|&to| to <= LAST_TAKE));
        step(ui, Icon::Die, "Another take", Some((take + DIE) % LAST_TAKE + 1));
        actions.extend(chosen.map(Action::Take));
    });
    let hint = "Keeps this take when you load a preset, and locks these buttons";
    actions.extend(checkbox(ui, view.take_locked, "Lock", hint).map(Action::LockTake));
}

/// The model that predicts.
fn model(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let models = [
        (EmbeddedModel::Note, "ToneNet's own network. It reads notes, pedal and beat"),
        (EmbeddedModel::Attention, "The second network of the article. It reads a grid of sixteenths"),
        (EmbeddedModel::Baseline, "The first network of the article. It reads a grid of sixteenths"),
    ];
    let name = |model: EmbeddedModel| ModelChoice::variants()[ModelChoice::from(model).to_index()];
    let chosen = view.settings.model;
    let options = models.map(|(model, hint)| (model == chosen, name(model), hint));
    let hint = "The network that predicts. Hosts cannot automate it, because another one takes a moment to load";
    if let Some(index) = option_list(ui, LABEL, ("Model", hint), &options) {
        actions.push(Action::Model(models[index].0));
    }
}

/// The part of the texture that is restyled.
fn part(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let parts = [
        (ScopePart::All, "Every note is restyled"),
        (ScopePart::Melody, "Only the highest sounding notes are restyled; the others keep your velocities"),
        (ScopePart::Bass, "Only the lowest sounding notes are restyled; the others keep your velocities"),
        (ScopePart::Inner, "Only the notes between melody and bass are restyled; the others keep your velocities"),
    ];
    let name = |part: ScopePart| PartChoice::variants()[PartChoice::from(part).to_index()];
    let options = parts.map(|(part, hint)| (part == view.settings.scope.part, name(part), hint));
    if let Some(index) = option_list(ui, LABEL, ("Part", "Which notes are restyled"), &options) {
        actions.push(Action::Part(parts[index].0));
    }
}

/// What the user's styles lack, and whether other weights play than the project was made with.
pub(super) fn problems(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    for problem in view.engine.error.iter().chain(view.styles.problems.first()) {
        ui.colored_label(Palette::of(ui).warning, problem);
    }
    let Some(difference) = &view.other_weights else { return };
    ui.horizontal_wrapped(|ui| {
        ui.colored_label(Palette::of(ui).warning, difference);
        if button(ui, true, "Accept", "From now on the project counts as made with the weights that play here") {
            actions.push(Action::AcceptWeights);
        }
    });
}
