//! The window: a panel with the style and what the engine is doing, and one for new material.
//!
//! Drawing is a plain function from a [`View`] to [`Action`]s, so that tests click through it without a window.

mod generate;
mod piano_roll;
mod restyle;
mod widgets;

pub use generate::{Change, ClipAction, GenerateView};

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
use tonenet_core::scheduler::Mode;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_inference::embedded::EmbeddedModel;

use crate::dialogs::{DialogState, FileDialogs};
use crate::params::{LookAheadChoice, ToneNetParams};
use tonenet_engine::Settings;
use tonenet_engine::generator::GeneratorThread;
use tonenet_engine::status::{EngineInfo, Status};
use tonenet_engine::timeline_store::Remembered;
use widgets::choice;

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
    pub filling: DialogState<String>,
    /// Where in the song a file is to begin, in beats.
    pub fill_start: f64,
    /// Runtime, model and errors in words.
    pub engine: EngineInfo,
    /// Which panel is open.
    pub tab: Tab,
    /// What the other panel shows.
    pub generate: GenerateView,
}

/// A panel of the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// How what is played is restyled.
    #[default]
    Restyle,
    /// New material.
    Generate,
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
    /// Opened a panel.
    Show(Tab),
    /// Did something to clips.
    Clip(ClipAction),
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
            filling: DialogState::default(),
            fill_start: 0.0,
            engine: status.info(),
            tab: Tab::default(),
            generate: GenerateView {
                wish: params.clips().settings(),
                shown: params.clips().selected(),
                ..GenerateView::default()
            },
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
    match view.tab {
        Tab::Restyle => restyle::panel(ui, view, &mut actions),
        Tab::Generate => generate::panel(ui, &view.generate, &mut actions),
    }
    actions
}

fn header(ui: &mut egui::Ui, view: &View, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.heading("ToneNet");
        ui.add_space(8.0);
        for (tab, name, hint) in [
            (Tab::Restyle, "Restyle", "Another genre's dynamics for what you play"),
            (Tab::Generate, "Generate", "New material, played in the song"),
        ] {
            if choice(ui, tab == view.tab, name, hint) {
                actions.push(Action::Show(tab));
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let mut bypass = view.settings.bypass;
            let bypassed = ui.checkbox(&mut bypass, "Bypass");
            if bypassed.on_hover_text("Your own velocities, still delayed, so that nothing jumps").changed() {
                actions.push(Action::Bypass(bypass));
            }
        });
    });
}

/// The window's application in the framework's terms.
pub struct App {
    params: Arc<ToneNetParams>,
    status: Arc<Status>,
    generator: Arc<GeneratorThread>,
    dialogs: FileDialogs,
    fill_start: f64,
    tab: Tab,
    context: Option<GuiContext>,
    /// Whether drawing has panicked since the window was opened.
    broken: bool,
}

/// Makes the editor of an instance.
pub fn create(
    params: Arc<ToneNetParams>,
    status: Arc<Status>,
    generator: Arc<GeneratorThread>,
    size: Arc<EguiEditorState>,
    notifier: RepaintNotifier,
) -> Option<EguiEditor<App>> {
    let dialogs = FileDialogs::new(params.timeline());
    create_egui_editor(
        size,
        notifier,
        EguiNiceSettings::new().with_tile("ToneNet"),
        App { params, status, generator, dialogs, fill_start: 0.0, tab: Tab::default(), context: None, broken: false },
    )
}

/// The window's size before the user changes it.
pub fn default_size() -> Arc<EguiEditorState> {
    EguiEditorState::from_size(LogicalSize::new(SIZE.0, SIZE.1), 1.0)
}

impl App {
    fn view(&self) -> View {
        let view = View::new(&self.params, &self.status);
        let generate = GenerateView {
            writing: self.generator.status(),
            saving: self.dialogs.saving(),
            place: self.generator.link().position(),
            ..view.generate
        };
        View { filling: self.dialogs.opening(), fill_start: self.fill_start, tab: self.tab, generate, ..view }
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
            Action::ForgetTake => params.timeline().replace(TimelineSnapshot::default()),
            Action::BringTakeBack => params.timeline().undo(),
            Action::FillStart(beats) => self.fill_start = beats,
            Action::FillTake(start) => self.dialogs.open_performance(start),
            Action::Bypass(bypass) => set(setter, &params.bypass, bypass),
            Action::Show(tab) => self.tab = tab,
            Action::Clip(action) => self.apply_to_clips(action),
        }
    }

    fn apply_to_clips(&self, action: ClipAction) {
        let clips = self.params.clips();
        match action {
            ClipAction::Change(change) => clips.change_settings(|wish| change.apply(wish)),
            ClipAction::Press => self.generator.trigger(),
            ClipAction::Cancel => self.generator.cancel(),
            ClipAction::Capture(place) => self.generator.capture(place),
            ClipAction::Undo => clips.step(true),
            ClipAction::Redo => clips.step(false),
            ClipAction::Place => clips.place(),
            ClipAction::Clear => clips.clear(),
            ClipAction::Save => {
                clips.selected().clip.into_iter().for_each(|clip| self.dialogs.save_clip(clip, self.params.tempo()));
            }
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
mod tests;
