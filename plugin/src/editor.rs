//! The window: style, amount, look-ahead, and what the engine is doing.
//!
//! Drawing is a plain function from a [`View`] to [`Action`]s, so that tests click through it without a window.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::prelude::*;
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier, create_egui_editor,
};
use tonenet_core::genre::Genre;
use tonenet_core::scheduler::{Mode, WindowLength};
use tonenet_core::style::StyleBlend;
use tonenet_core::timeline::Timeline;
use tonenet_inference::embedded::EmbeddedModel;

use crate::engine::Settings;
use crate::fill::{Filler, Filling};
use crate::memory::Remembered;
use crate::params::{AVERAGE, LAST_TAKE, LookAheadChoice, ModelChoice, ToneNetParams};
use crate::status::{EngineWords, Status};

/// Size of the window in logical pixels: all of it fits with everything unfolded.
const SIZE: (f32, f32) = (600.0, 590.0);

/// What the window leaves free on each side.
#[cfg(test)]
const MARGIN: f32 = 8.0;

/// Width of the column of labels, of a slider that has a row to itself, and of one that shares it.
const LABELS: f32 = 112.0;
const WIDE: f32 = 260.0;
const NARROW: f32 = 100.0;

/// How often counters are read.
const REFRESH: Duration = Duration::from_millis(100);

/// Sky blue and orange of the palette of Okabe and Ito, which colour-blind people tell apart.
const ACCENT: egui::Color32 = egui::Color32::from_rgb(86, 180, 233);
const WARNING: egui::Color32 = egui::Color32::from_rgb(230, 159, 0);

/// Greys that stand out from the background by more than 7 : 1.
const TEXT: egui::Color32 = egui::Color32::from_gray(225);
const WEAK_TEXT: egui::Color32 = egui::Color32::from_gray(170);

/// What the window shows.
#[derive(Debug, Clone)]
pub struct View {
    /// What the user has set.
    pub settings: Settings,
    /// The same as sliders, in the order of [`Dial::ALL`].
    pub dials: [DialView; Dial::ALL.len()],
    /// Chosen look-ahead.
    pub look_ahead: Mode,
    /// Latency in force, in samples.
    pub latency: u32,
    /// Sample rate in Hz, 0 before the first activation.
    pub sample_rate: u32,
    /// Whether a change waits for the host to restart the plugin.
    pub restart_pending: bool,
    /// Notes that left with the model's velocity.
    pub restyled: u64,
    /// Notes that came too late.
    pub late: u64,
    /// Notes that a mode without latency did not know yet.
    pub new: u64,
    /// The take that Timeline mode remembers.
    pub remembered: Remembered,
    /// Whether it is being filled from a file.
    pub filling: Filling,
    /// Where in the song a file is to begin, in beats.
    pub fill_start: f64,
    /// Runtime, model and errors in words.
    pub engine: EngineWords,
}

/// A parameter with a slider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dial {
    /// See [`ToneNetParams::blend`].
    Blend,
    /// See [`ToneNetParams::amount`].
    Amount,
    /// See [`ToneNetParams::keep_accents`].
    KeepAccents,
    /// See [`ToneNetParams::level`].
    Level,
    /// See [`ToneNetParams::range`].
    Range,
    /// See [`ToneNetParams::floor`].
    Floor,
    /// See [`ToneNetParams::ceiling`].
    Ceiling,
}

/// A slider's state; values are between 0 and 1.
#[derive(Debug, Clone, PartialEq)]
pub struct DialView {
    /// Where it stands.
    pub value: f32,
    /// Where it stands by default.
    pub default: f32,
    /// Steps from end to end, if it has any.
    pub steps: Option<usize>,
    /// Its value in the host's words.
    pub text: String,
}

/// What is done to a slider.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Turn {
    /// It is taken hold of.
    Begin,
    /// It is moved to a value between 0 and 1.
    To(f32),
    /// It is let go.
    End,
}

/// What the user did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// Chose style A.
    StyleA(Genre),
    /// Chose style B.
    StyleB(Genre),
    /// Used a slider.
    Dial(Dial, Turn),
    /// Chose a take; 0 is the average.
    Take(u16),
    /// Chose a model.
    Model(EmbeddedModel),
    /// Chose a look-ahead.
    LookAhead(Mode),
    /// Had the remembered take forgotten.
    ForgetTake,
    /// Wanted the one before back.
    BringTakeBack,
    /// Moved the beat at which a file is to begin.
    FillStart(f64),
    /// Wanted the take filled from a file that begins at that beat.
    FillTake(f64),
    /// Switched the bypass.
    Bypass(bool),
}

/// A [`Dial`]'s parameter.
enum DialParam<'a> {
    Float(&'a FloatParam),
    Int(&'a IntParam),
}

impl Dial {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Blend, Self::Amount, Self::KeepAccents, Self::Level, Self::Range, Self::Floor, Self::Ceiling];

    fn label(self) -> &'static str {
        match self {
            Self::Blend => "Blend",
            Self::Amount => "Amount",
            Self::KeepAccents => "Keep my accents",
            Self::Level => "Level",
            Self::Range => "Range",
            Self::Floor => "Floor",
            Self::Ceiling => "Ceiling",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Blend => "How far the dynamics lie on the way from style A to style B",
            Self::Amount => "0 % is your own velocity, 100 % the model's around your running level",
            Self::KeepAccents => "How much of what you play louder or softer than your running level is added",
            Self::Level => "Raises or lowers the middle that the style plays around; 0 is your running level",
            Self::Range => "How far loud and soft lie apart: 100 % is the style's own spread, 0 % is flat",
            Self::Floor => "The style plays nothing softer than this velocity",
            Self::Ceiling => "The style plays nothing louder than this velocity",
        }
    }

    fn param(self, params: &ToneNetParams) -> DialParam<'_> {
        match self {
            Self::Blend => DialParam::Float(&params.blend),
            Self::Amount => DialParam::Float(&params.amount),
            Self::KeepAccents => DialParam::Float(&params.keep_accents),
            Self::Level => DialParam::Int(&params.level),
            Self::Range => DialParam::Float(&params.range),
            Self::Floor => DialParam::Int(&params.floor),
            Self::Ceiling => DialParam::Int(&params.ceiling),
        }
    }
}

impl DialView {
    fn new<P: Param>(param: &P) -> Self {
        let value = param.modulated_normalized_value();
        Self {
            value,
            default: param.default_normalized_value(),
            steps: param.step_count(),
            text: param.normalized_value_to_string(value, true),
        }
    }
}

impl View {
    /// What there is to show of an instance.
    pub fn new(params: &ToneNetParams, status: &Status) -> Self {
        Self {
            settings: params.settings(),
            dials: Dial::ALL.map(|dial| match dial.param(params) {
                DialParam::Float(param) => DialView::new(param),
                DialParam::Int(param) => DialView::new(param),
            }),
            look_ahead: params.look_ahead.value().into(),
            latency: status.latency.load(Ordering::Relaxed),
            sample_rate: status.sample_rate.load(Ordering::Relaxed),
            restart_pending: status.restart_pending.load(Ordering::Relaxed),
            restyled: status.restyled.load(Ordering::Relaxed),
            late: status.late.load(Ordering::Relaxed),
            new: status.new.load(Ordering::Relaxed),
            remembered: params.timeline().remembered(),
            filling: Filling::default(),
            fill_start: 0.0,
            engine: status.engine.lock().clone(),
        }
    }

    fn dial(&self, dial: Dial) -> &DialView {
        &self.dials[dial as usize]
    }

    /// Whether something that is folded away is not at its default.
    fn hides_a_change(&self) -> bool {
        let changed = |dial: &Dial| self.dial(*dial).value != self.dial(*dial).default;
        [Dial::Level, Dial::Range, Dial::Floor, Dial::Ceiling].iter().any(changed)
    }
}

/// Sets colours and measures; the window is dark whatever the system's theme.
pub fn dress(context: &egui::Context) {
    context.set_theme(egui::Theme::Dark);
    context.style_mut_of(egui::Theme::Dark, |style| {
        style.visuals.override_text_color = Some(TEXT);
        style.visuals.weak_text_color = Some(WEAK_TEXT);
        style.visuals.selection.bg_fill = ACCENT;
        style.spacing.tooltip_width = SIZE.0 - 60.0;
    });
}

/// Draws the window; gives what the user did in it.
pub fn draw(ui: &mut egui::Ui, view: &View) -> Vec<Action> {
    let mut actions = Vec::new();
    ui.spacing_mut().item_spacing = egui::vec2(8.0, 8.0);
    header(ui, view, &mut actions);
    ui.separator();
    styles(ui, view, &mut actions);
    ui.add_space(4.0);
    wide_dial(ui, view, Dial::Amount, &view.dial(Dial::Amount).text, &mut actions);
    wide_dial(ui, view, Dial::KeepAccents, &view.dial(Dial::KeepAccents).text, &mut actions);
    take(ui, view.settings.take.0, &mut actions);
    ui.separator();
    timing(ui, view, &mut actions);
    notes(ui, view);
    ui.separator();
    egui::CollapsingHeader::new("More: level, range, floor, ceiling, model")
        .id_salt("more")
        .default_open(view.hides_a_change())
        .show_unindented(ui, |ui| more(ui, view, &mut actions));
    actions
}

fn header(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.heading("ToneNet");
        ui.label(egui::RichText::new("another genre's dynamics").weak());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let mut bypass = view.settings.bypass;
            let bypassed = ui.checkbox(&mut bypass, "Bypass");
            if bypassed.on_hover_text("Your own velocities, still delayed, so that nothing jumps").changed() {
                actions.push(Action::Bypass(bypass));
            }
        });
    });
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
        let modes = [(Mode::LiveAtOnce, "0 ms", at_once), (Mode::Live, "Live", live)].into_iter().chain(windows);
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
        let is_choosing = view.filling == Filling::Choosing;
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
    if let Filling::Refused(refusal) = &view.filling {
        ui.colored_label(WARNING, refusal);
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
        if matches!(view.look_ahead, Mode::LiveAtOnce | Mode::Timeline) {
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

fn row<R>(ui: &mut egui::Ui, text: &str, content: impl FnOnce(&mut egui::Ui) -> R) {
    ui.horizontal(|ui| {
        label(ui, text, LABELS);
        content(ui);
    });
}

/// A row with a slider and what it says.
fn wide_dial(ui: &mut egui::Ui, view: &View, dial: Dial, text: &str, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        let label = label(ui, dial.label(), LABELS);
        slider(ui, view, dial, WIDE, label, actions);
        ui.label(text);
    });
}

/// A slider; `label` says by which label it goes, for screen readers.
fn slider(ui: &mut egui::Ui, view: &View, dial: Dial, width: f32, label: egui::Id, actions: &mut Vec<Action>) {
    let DialView { mut value, default, steps, .. } = *view.dial(dial);
    ui.spacing_mut().slider_width = width;
    let slider = egui::Slider::new(&mut value, 0.0..=1.0).show_value(false).trailing_fill(true);
    let slider = match steps {
        Some(steps) => slider.step_by(1.0 / steps as f64),
        None => slider,
    };
    let hint = format!("{}. Double-click: back to the default", dial.hint());
    let slider = ui.add(slider).labelled_by(label).on_hover_text(hint);
    let mut turn = |turn| actions.push(Action::Dial(dial, turn));
    if slider.drag_started() || (slider.changed() && !slider.dragged()) {
        turn(Turn::Begin);
    }
    if slider.changed() {
        turn(Turn::To(value));
    }
    if slider.drag_stopped() || (slider.changed() && !slider.dragged()) {
        turn(Turn::End);
    }
    let twice = ui.input(|input| input.pointer.button_double_clicked(egui::PointerButton::Primary));
    if twice && slider.contains_pointer() {
        [Turn::Begin, Turn::To(default), Turn::End].into_iter().for_each(turn);
    }
}

fn label(ui: &mut egui::Ui, text: &str, width: f32) -> egui::Id {
    column(ui, width, |ui| ui.label(egui::RichText::new(text).weak()).id)
}

/// Something in a column of its own, so that what follows stays where it is.
fn column<R>(ui: &mut egui::Ui, width: f32, content: impl FnOnce(&mut egui::Ui) -> R) -> R {
    let size = egui::vec2(width, 20.0);
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_size(size);
        content(ui)
    })
    .inner
}

fn choice(ui: &mut egui::Ui, chosen: bool, label: &str, hint: &str) -> bool {
    let text = egui::RichText::new(label);
    let button =
        if chosen { egui::Button::new(text.color(egui::Color32::BLACK)).fill(ACCENT) } else { egui::Button::new(text) };
    ui.add(button).on_hover_text(hint).clicked() && !chosen
}

/// The window's application in the framework's terms.
pub struct App {
    params: Arc<ToneNetParams>,
    status: Arc<Status>,
    filler: Filler,
    fill_start: f64,
    context: Option<GuiContext>,
    /// Whether drawing has panicked since the window was opened.
    broken: bool,
}

/// Makes the editor of an instance.
pub fn create(
    params: Arc<ToneNetParams>,
    status: Arc<Status>,
    size: Arc<EguiEditorState>,
    notifier: RepaintNotifier,
) -> Option<EguiEditor<App>> {
    let filler = Filler::new(params.timeline());
    create_egui_editor(
        size,
        notifier,
        EguiNiceSettings::new().with_tile("ToneNet"),
        App { params, status, filler, fill_start: 0.0, context: None, broken: false },
    )
}

/// The window's size before the user changes it.
pub fn default_size() -> Arc<EguiEditorState> {
    EguiEditorState::from_size(LogicalSize::new(SIZE.0, SIZE.1), 1.0)
}

impl App {
    fn view(&self) -> View {
        let view = View::new(&self.params, &self.status);
        View { filling: self.filler.filling(), fill_start: self.fill_start, ..view }
    }

    fn apply(&mut self, action: Action, setter: &ParamSetter) {
        let params = &self.params;
        match action {
            Action::StyleA(genre) => set(setter, &params.style, genre.into()),
            Action::StyleB(genre) => set(setter, &params.style_b, genre.into()),
            Action::Dial(dial, to) => match dial.param(params) {
                DialParam::Float(param) => turn(setter, param, to),
                DialParam::Int(param) => turn(setter, param, to),
            },
            Action::Take(take) => set(setter, &params.take, take.into()),
            Action::Model(model) => set(setter, &params.model, model.into()),
            Action::LookAhead(mode) => set(setter, &params.look_ahead, LookAheadChoice::from(mode)),
            Action::ForgetTake => params.timeline().replace(Timeline::default()),
            Action::BringTakeBack => params.timeline().undo(),
            Action::FillStart(beats) => self.fill_start = beats,
            Action::FillTake(start) => self.filler.choose(start),
            Action::Bypass(bypass) => set(setter, &params.bypass, bypass),
        }
    }
}

fn turn<P: Param>(setter: &ParamSetter, param: &P, turn: Turn) {
    match turn {
        Turn::Begin => setter.begin_set_parameter(param),
        Turn::To(value) => setter.set_parameter_normalized(param, value),
        Turn::End => setter.end_set_parameter(param),
    }
}

fn set<P: Param>(setter: &ParamSetter, param: &P, value: P::Plain) {
    setter.begin_set_parameter(param);
    setter.set_parameter(param, value);
    setter.end_set_parameter(param);
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: egui::Context,
        gui: GuiContext,
        _frame: &mut Frame,
    ) -> Result<(), nice_plug_egui::baseview::HandlerError> {
        dress(&context);
        self.context = Some(gui);
        self.broken = false;
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let Some(context) = self.context.clone() else { return };
        if self.broken {
            ui.colored_label(
                WARNING,
                "This window stopped after an internal error; close and open it. Playing goes on.",
            );
            return;
        }
        // Above are the host's own calls, which a panic must not reach.
        let drawn = catch_unwind(AssertUnwindSafe(|| {
            let view = self.view();
            let mut actions = Vec::new();
            egui::CentralPanel::default().show(ui, |ui| {
                // A long error must not push what is below it out of the window.
                egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| actions = draw(ui, &view));
            });
            let setter = context.param_setter();
            for action in actions {
                self.apply(action, &setter);
            }
        }));
        self.broken = drawn.is_err();
        ui.ctx().request_repaint_after(REFRESH);
    }

    fn editor_closed(&mut self) {
        self.context = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;
    use tonenet_core::style::Take;

    fn view() -> View {
        let status = Arc::<Status>::default();
        status.latency.store(24_000, Ordering::Relaxed);
        status.sample_rate.store(48_000, Ordering::Relaxed);
        status.restyled.store(12, Ordering::Relaxed);
        status.late.store(3, Ordering::Relaxed);
        status.engine.lock().runtime = "ONNX Runtime 1.28.0 · CPU".into();
        View::new(&ToneNetParams::new(status.clone()), &status)
    }

    fn harness(view: &View) -> Harness<'_, Vec<Action>> {
        let draw = |ui: &mut egui::Ui, actions: &mut Vec<Action>| actions.extend(draw(ui, view));
        Harness::builder().with_size(egui::vec2(SIZE.0, SIZE.1)).build_ui_state(draw, Vec::new())
    }

    fn click_in(view: &View, label: &str) -> Vec<Action> {
        let mut harness = harness(view);
        harness.get_by_label(label).click();
        harness.run_steps(3);
        harness.state().clone()
    }

    fn unfolded() -> View {
        let mut view = view();
        view.dials[Dial::Level as usize].value = 0.6;
        view
    }

    #[test]
    fn a_click_on_a_style_chooses_it() {
        let view = view();
        let mut harness = harness(&view);
        let both: Vec<_> = harness.get_all_by_label("Pop").collect();
        both.iter().for_each(|button| button.click());
        let chosen: Vec<_> = harness.get_all_by_label("Jazz").collect();
        chosen[0].click();
        harness.run_steps(5);
        assert_eq!(harness.state(), &[Action::StyleA(Genre::Pop), Action::StyleB(Genre::Pop)]);
    }

    #[test]
    fn look_ahead_and_bypass_are_a_click_away() {
        assert_eq!(click_in(&view(), "4 beats"), [Action::LookAhead(Mode::Window(WindowLength::FourBeats))]);
        assert_eq!(click_in(&view(), "Live"), [Action::LookAhead(Mode::Live)]);
        assert_eq!(click_in(&view(), "0 ms"), [Action::LookAhead(Mode::LiveAtOnce)]);
        assert_eq!(click_in(&view(), "Timeline"), [Action::LookAhead(Mode::Timeline)]);
        assert_eq!(click_in(&view(), "Bypass"), [Action::Bypass(true)]);
    }

    #[test]
    fn takes_go_up_and_down_and_round() {
        let mut view = view();
        assert_eq!(click_in(&view, "Another take"), [Action::Take(1)]);
        assert_eq!(click_in(&view, "<"), [], "there is none before the first");
        view.settings.take = Take(7);
        assert_eq!(click_in(&view, "<"), [Action::Take(6)]);
        assert_eq!(click_in(&view, ">"), [Action::Take(8)]);
        assert_eq!(click_in(&view, "Average"), [Action::Take(0)]);
        view.settings.take = Take(LAST_TAKE);
        assert_eq!(click_in(&view, ">"), []);
        assert_eq!(click_in(&view, "Another take"), [Action::Take(1)]);
    }

    #[test]
    fn what_is_folded_away_shows_once_it_is_not_the_default() {
        assert!(harness(&view()).query_by_label("Ceiling").is_none());
        assert!(harness(&unfolded()).query_by_label("Ceiling").is_some());
        assert_eq!(click_in(&unfolded(), "Baseline"), [Action::Model(EmbeddedModel::Baseline)]);
    }

    #[test]
    fn a_slider_is_dragged_in_one_gesture() {
        let view = view();
        let mut harness = harness(&view);
        let place = harness.get_by_role_and_label(egui::accesskit::Role::Slider, "Amount").rect();
        let press = |pressed| egui::Event::PointerButton {
            pos: place.center(),
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        };
        for event in [egui::Event::PointerMoved(place.center()), press(true), press(false)] {
            harness.event(event);
            harness.run_steps(1);
        }
        use Turn::{Begin, End, To};
        let turns: Vec<Turn> = harness
            .state()
            .iter()
            .map(|action| match action {
                Action::Dial(Dial::Amount, turn) => *turn,
                other => panic!("{other:?}"),
            })
            .collect();
        assert!(matches!(turns[..], [Begin, To(value), .., End] if (value - 0.5).abs() < 0.02), "{turns:?}");
    }

    #[test]
    fn a_double_click_takes_a_slider_back_to_its_default() {
        let view = unfolded();
        let mut harness = harness(&view);
        let place = harness.get_by_role_and_label(egui::accesskit::Role::Slider, "Level").rect();
        harness.event(egui::Event::PointerMoved(place.center()));
        for pressed in [true, false, true, false] {
            harness.event(egui::Event::PointerButton {
                pos: place.center(),
                button: egui::PointerButton::Primary,
                pressed,
                modifiers: egui::Modifiers::NONE,
            });
        }
        harness.run_steps(5);
        let last = &harness.state()[harness.state().len() - 3..];
        let level = |turn| Action::Dial(Dial::Level, turn);
        assert_eq!(last, [level(Turn::Begin), level(Turn::To(0.5)), level(Turn::End)]);
    }

    #[test]
    fn it_tells_latency_runtime_and_late_notes() {
        let view = unfolded();
        let harness = harness(&view);
        harness.get_by_label("500 ms (24000 samples), compensated by the host");
        harness.get_by_label("ONNX Runtime 1.28.0 · CPU");
        harness.get_by_label("12 restyled");
        harness.get_by_label("3 late");
    }

    #[test]
    fn a_remembered_take_can_be_forgotten_and_brought_back() {
        let mut view = View { look_ahead: Mode::Timeline, ..view() };
        assert_eq!(click_in(&view, "Clear"), [], "there is none yet");
        view.remembered = Remembered { notes: 549, waiting: 3, can_undo: true };
        view.latency = 0;
        harness(&view).get_by_label("549 notes, 3 to be restyled when the pass ends");
        harness(&view).get_by_label("none");
        assert_eq!(click_in(&view, "Clear"), [Action::ForgetTake]);
        assert_eq!(click_in(&view, "Undo"), [Action::BringTakeBack]);
    }

    #[test]
    fn a_take_can_come_from_a_file_that_begins_where_the_user_says() {
        let mut view = View { look_ahead: Mode::Timeline, fill_start: 16.0, ..view() };
        assert_eq!(click_in(&view, "MIDI file\u{2026}"), [Action::FillTake(16.0)]);
        view.filling = Filling::Choosing;
        assert_eq!(click_in(&view, "MIDI file\u{2026}"), [], "one dialog at a time");
        view.filling = Filling::Refused("x.mid is no MIDI file".into());
        harness(&view).get_by_label("x.mid is no MIDI file");
        view.look_ahead = Mode::Live;
        assert!(harness(&view).query_by_label("MIDI file\u{2026}").is_none());
    }

    #[test]
    fn everything_fits_the_window() {
        let mut view = unfolded();
        view.look_ahead = Mode::Timeline;
        view.filling = Filling::Refused("a line of what is wrong with a file".into());
        view.remembered = Remembered { notes: 20_000, waiting: 10_000, can_undo: true };
        view.settings.style = StyleBlend { a: Genre::Jazz, b: Genre::Classical, share_of_b: 0.99 };
        view.settings.take = Take(99);
        view.restart_pending = true;
        view.engine.error = Some("a line of what went wrong".into());
        view.engine.notes = vec!["a library that was tried".into()];
        view.engine.model.clear();
        let drawn = |ui: &mut egui::Ui, used: &mut egui::Vec2| {
            draw(ui, &view);
            *used = ui.min_size();
        };
        let size = egui::vec2(SIZE.0, SIZE.1);
        let mut harness = Harness::builder().with_size(size).build_ui_state(drawn, egui::Vec2::ZERO);
        harness.run();
        let used = *harness.state() + egui::Vec2::splat(2.0 * MARGIN);
        assert!(used.x <= size.x && used.y <= size.y, "{used:?}");
    }
}
