//! The panel "Restyle": styles, dials, look-ahead, and what the engine is doing.

use nice_plug::prelude::Enum;
use tonenet_core::scheduler::{Mode, WindowLength};
use tonenet_core::style::{StyleBlend, StyleIndex};
use tonenet_engine::timeline_store::TimelineSummary;
use tonenet_inference::embedded::EmbeddedModel;

use super::action::Action;
use super::dial::Dial;
use super::files;
use super::theme::{LABEL_WIDTH, NARROW_SLIDER, Palette};
use super::view::View;
use super::widgets::{DialWidths, button, choice, dial_row, labelled_slider, row, weak};
use crate::dialogs::DialogState;
use crate::params::{AVERAGE, LAST_TAKE, ModelChoice};

/// Draws the panel.
pub(super) fn panel(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    styles(ui, view, actions);
    ui.add_space(4.0);
    dial_row(ui, view, Dial::Amount, &view.dial(Dial::Amount).text, actions);
    dial_row(ui, view, Dial::KeepAccents, &view.dial(Dial::KeepAccents).text, actions);
    take(ui, view.settings.take.0, actions);
    ui.separator();
    timing(ui, view, actions);
    if view.look_ahead == Mode::Timeline {
        remembered(ui, &view.remembered, actions);
        open_file(ui, view, actions);
    }
    files::section(ui, &view.files, actions);
    notes(ui, view);
    other_weights(ui, view, actions);
    ui.separator();
    egui::CollapsingHeader::new("More: level, range, floor, ceiling, model")
        .id_salt("more")
        .default_open(view.has_changes_in_more())
        .show_unindented(ui, |ui| more(ui, view, actions));
}

/// The two styles and the blend between them.
fn styles(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let StyleBlend { a, b, share_of_b } = view.settings.style;
    let hint = "The style whose dynamics the notes get";
    actions.extend(style_row(ui, view, ("Style A", hint), a).map(Action::StyleA));
    let title = |style| view.styles.title(style);
    let shares = match share_of_b {
        0.0 => format!("only {}", title(a)),
        1.0 => format!("only {}", title(b)),
        share => format!("{:.0} % {}", share * 100.0, title(b)),
    };
    dial_row(ui, view, Dial::Blend, &shares, actions);
    let hint = "The style that Blend mixes into style A";
    actions.extend(style_row(ui, view, ("Style B", hint), b).map(Action::StyleB));
    if let Some(problem) = view.styles.problems.first() {
        ui.colored_label(Palette::of(ui).warning, problem);
    }
}

/// The built-in styles as buttons, and the user's in a list behind them. Returns the style that the user chose.
fn style_row(ui: &mut egui::Ui, view: &View, (label, hint): (&str, &str), chosen: StyleIndex) -> Option<StyleIndex> {
    let (users, built_in): (Vec<_>, Vec<_>) =
        view.styles.options.iter().partition(|option| option.style.slot().is_some());
    row(ui, label, |ui| {
        let mut clicked = None;
        for option in built_in {
            if choice(ui, option.style == chosen, &option.title, hint) {
                clicked = Some(option.style);
            }
        }
        if !users.is_empty() {
            let own = users.iter().find(|option| option.style == chosen);
            let text = own.map_or("Your styles", |option| option.title.as_str());
            let list = egui::ComboBox::from_id_salt(label).width(140.0).truncate().selected_text(text);
            let list = list.show_ui(ui, |ui| {
                for option in users {
                    if ui.selectable_label(option.style == chosen, &option.title).clicked() {
                        clicked = Some(option.style);
                    }
                }
            });
            list.response.on_hover_text(hint);
        }
        clicked.filter(|&style| style != chosen)
    })
}

/// The control "Take".
fn take(ui: &mut egui::Ui, take: u16, actions: &mut Vec<Action>) {
    row(ui, "Take", |ui| {
        let average = "What all performances of the notes have in common";
        let mut chosen = choice(ui, take == 0, AVERAGE, average).then_some(0);
        let seeded = "One of 99 performances of the same notes. The same number always plays the same one";
        let step = |ui: &mut egui::Ui, label, hint, to: Option<u16>| {
            // The button is drawn even if it leads nowhere.
            let is_clicked = button(ui, to.is_some(), label, hint);
            to.filter(|_| is_clicked)
        };
        let previous = step(ui, "<", "The previous take", take.checked_sub(1).filter(|&to| to > 0));
        let text = if take == 0 { egui::RichText::new("no take").weak() } else { format!("Take {take}").into() };
        ui.add_sized([56.0, 20.0], egui::Label::new(text)).on_hover_text(seeded);
        let next = step(ui, ">", "The next take", Some(take + 1).filter(|&to| to <= LAST_TAKE));
        let another = die(ui).on_hover_text(format!("Another take. {seeded}"));
        chosen = chosen.or(previous).or(next).or(another.clicked().then_some(take % LAST_TAKE + 1));
        actions.extend(chosen.map(Action::Take));
    });
}

/// A button that shows the five of a die.
fn die(ui: &mut egui::Ui) -> egui::Response {
    let button = ui.add(egui::Button::new("").min_size(egui::vec2(22.0, 20.0)));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, "Another take"));
    let face = egui::Rect::from_center_size(button.rect.center(), egui::Vec2::splat(14.0));
    let ink = ui.style().interact(&button).fg_stroke.color;
    ui.painter().rect_stroke(face, 3.0, egui::Stroke::new(1.0, ink), egui::StrokeKind::Inside);
    let pips = face.shrink(4.0);
    for pip in [pips.left_top(), pips.right_top(), pips.center(), pips.left_bottom(), pips.right_bottom()] {
        ui.painter().circle_filled(pip, 1.3, ink);
    }
    button
}

/// The look-ahead and its latency.
fn timing(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    row(ui, "Look-ahead", |ui| {
        let zero_latency = "No latency: each note gets what the model recently predicted for its key";
        let live = "To play a keyboard through ToneNet: 10 ms, or one block and 5 ms where audio blocks are longer";
        let window = "Holds each note this long, so that the model hears what follows it";
        let timeline = "No latency: from the second pass on, the model knows the whole performance";
        let windows = WindowLength::ALL.into_iter().zip(["½ beat", "1 beat", "2 beats", "4 beats"]);
        let windows = windows.map(|(length, label)| (Mode::Window(length), label, window));
        let modes =
            [(Mode::LiveZeroLatency, "0 ms", zero_latency), (Mode::Live, "Live", live)].into_iter().chain(windows);
        for (mode, label, hint) in modes.chain([(Mode::Timeline, "Timeline", timeline)]) {
            if choice(ui, mode == view.look_ahead, label, hint) {
                actions.push(Action::LookAhead(mode));
            }
        }
    });
    row(ui, "Latency", |ui| latency(ui, view));
}

fn latency(ui: &mut egui::Ui, view: &View) {
    if view.sample_rate == 0 {
        ui.label("not active");
        return;
    }
    let milliseconds = f64::from(view.latency) * 1000.0 / f64::from(view.sample_rate);
    // Every case takes one line, so that nothing moves under the mouse.
    if view.restart_pending {
        ui.colored_label(
            Palette::of(ui).warning,
            format!("{milliseconds:.0} ms until playback stops and the host restarts it"),
        )
        .on_hover_text("A new look-ahead or tempo takes effect when the host restarts the plugin.");
    } else {
        ui.label(match view.latency {
            0 => "none".into(),
            samples => format!("{milliseconds:.0} ms ({samples} samples), compensated by the host"),
        });
    }
}

/// The performance that Timeline mode remembers.
fn remembered(ui: &mut egui::Ui, remembered: &TimelineSummary, actions: &mut Vec<Action>) {
    row(ui, "Remembered", |ui| {
        let TimelineSummary { notes, waiting, is_entered, can_undo } = *remembered;
        let text = match (notes, waiting) {
            (0, _) => "nothing yet: play the song once, or take it from a file".into(),
            (_, 0) if is_entered => format!("{notes} notes, entered, not played"),
            (_, 0) => format!("{notes} notes"),
            (_, waiting) => format!("{notes} notes, {waiting} to be restyled when the pass ends"),
        };
        let label = ui.label(text);
        if is_entered {
            label.on_hover_text(
                "Constant tempo, onsets on the grid, few lengths and velocities: entered with the mouse or from \
                 notation. It is restyled like any other part.",
            );
        }
        if button(ui, notes > 0, "Clear", "Forgets the remembered performance. Undo brings it back") {
            actions.push(Action::ForgetPerformance);
        }
        if can_undo && button(ui, true, "Undo", "Brings the previous performance back") {
            actions.push(Action::RestorePerformance);
        }
    });
}

/// Opens a performance from a MIDI file.
fn open_file(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    row(ui, "From a file", |ui| {
        let is_choosing = view.opening == DialogState::Choosing;
        let hint = "The file's notes replace the remembered performance, so that even the first pass is restyled";
        if button(ui, !is_choosing, "MIDI file\u{2026}", hint) {
            actions.push(Action::OpenPerformance(view.file_start));
        }
        ui.label("begins at beat");
        let mut start = view.file_start;
        let field = ui.add(egui::DragValue::new(&mut start).range(-4096.0..=65_536.0).speed(0.25).max_decimals(2));
        if field.on_hover_text("Quarter notes from the start of the song to the start of the file").changed() {
            actions.push(Action::FileStart(start));
        }
        if is_choosing {
            weak(ui, "choosing");
        }
    });
    match &view.opening {
        DialogState::Failed(reason) => drop(ui.colored_label(Palette::of(ui).warning, reason)),
        DialogState::Done(part) => drop(weak(ui, part)),
        DialogState::Idle | DialogState::Choosing => {}
    }
}

/// Counts of notes, and the engine's error.
fn notes(ui: &mut egui::Ui, view: &View) {
    row(ui, "Notes", |ui| {
        ui.label(format!("{} restyled", view.restyled)).on_hover_text("Since the plugin was loaded");
        let late = format!("{} late", view.late);
        if view.late > 0 {
            ui.colored_label(Palette::of(ui).warning, late).on_hover_text(
                "Late notes left on time with their own velocity, because their prediction was not ready.",
            );
        } else {
            ui.label(late);
        }
        if matches!(view.look_ahead, Mode::LiveZeroLatency | Mode::Timeline) {
            let hint = "New notes had no prediction of their own. They got what was recently predicted for their key, \
                        or kept their own velocity.";
            ui.label(format!("{} new", view.new)).on_hover_text(hint);
        }
    });
    if let Some(error) = &view.engine.error {
        ui.colored_label(Palette::of(ui).warning, error);
    }
}

/// That the project was made with other weights than play now.
fn other_weights(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    let Some(difference) = &view.other_weights else { return };
    ui.horizontal_wrapped(|ui| {
        ui.colored_label(Palette::of(ui).warning, difference);
        if button(ui, true, "Accept", "From now on the project counts as made with the weights that play here") {
            actions.push(Action::AcceptWeights);
        }
    });
}

/// The section "More": the other dials, the model and the runtime.
fn more(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    for pair in [[Dial::Level, Dial::Range], [Dial::Floor, Dial::Ceiling]] {
        ui.horizontal(|ui| {
            for (dial, label) in pair.into_iter().zip([LABEL_WIDTH, 56.0]) {
                labelled_slider(ui, view, dial, DialWidths { label, slider: NARROW_SLIDER }, actions);
            }
        });
    }
    let engine = &view.engine;
    row(ui, "Model", |ui| {
        let models = [
            (EmbeddedModel::Note, "ToneNet's own network. It reads notes, pedal and beat"),
            (EmbeddedModel::Attention, "The second network of the article. It reads a grid of sixteenths"),
            (EmbeddedModel::Baseline, "The first network of the article. It reads a grid of sixteenths"),
        ];
        for (model, hint) in models {
            let name = ModelChoice::variants()[ModelChoice::from(model).to_index()];
            if choice(ui, model == view.settings.model, name, hint) {
                actions.push(Action::Model(model));
            }
        }
        if engine.model.is_empty() && engine.error.is_none() {
            weak(ui, "loading");
        }
    });
    row(ui, "Runtime", |ui| {
        ui.label(if engine.runtime.is_empty() { "starting" } else { &engine.runtime });
        if !engine.notes.is_empty() {
            let tried = egui::RichText::new("what else was tried").weak().underline();
            ui.label(tried).on_hover_text(engine.notes.join("\n\n"));
        }
    });
}
