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
use tonenet_core::scheduler::WindowLength;

use crate::params::{LookAheadChoice, ToneNetParams};
use crate::status::{EngineWords, Status};

/// Size of the window in logical pixels.
const SIZE: (f32, f32) = (460.0, 360.0);

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
    /// Chosen style.
    pub style: Genre,
    /// Amount, 0–1.
    pub amount: f32,
    /// Chosen look-ahead.
    pub look_ahead: WindowLength,
    /// Whether it is bypassed.
    pub bypass: bool,
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
    /// Runtime, model and errors in words.
    pub engine: EngineWords,
}

/// What the user did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action {
    /// Chose a style.
    Style(Genre),
    /// Took hold of the amount.
    AmountBegin,
    /// Moved the amount, 0–1.
    Amount(f32),
    /// Let go of the amount.
    AmountEnd,
    /// Chose a look-ahead.
    LookAhead(WindowLength),
    /// Switched the bypass.
    Bypass(bool),
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
    ui.horizontal(|ui| {
        ui.heading("ToneNet");
        ui.label(egui::RichText::new("another genre's dynamics").weak());
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let mut bypass = view.bypass;
            let bypassed = ui.checkbox(&mut bypass, "Bypass");
            if bypassed.on_hover_text("Your own velocities, still delayed, so that nothing jumps").changed() {
                actions.push(Action::Bypass(bypass));
            }
        });
    });
    ui.separator();

    row(ui, "Style", |ui| {
        for genre in Genre::ALL {
            if choice(ui, genre == view.style, genre.title(), "Whose dynamics the notes get") {
                actions.push(Action::Style(genre));
            }
        }
    });
    row_with_label(ui, "Amount", |ui, label| {
        let mut percent = view.amount * 100.0;
        ui.spacing_mut().slider_width = 230.0;
        let slider = egui::Slider::new(&mut percent, 0.0..=100.0).show_value(false).trailing_fill(true);
        let slider = ui
            .add(slider)
            .labelled_by(label)
            .on_hover_text("0 % is your own velocity, 100 % the model's around your running level");
        ui.label(format!("{percent:.0} %"));
        let held = slider.dragged() && !slider.drag_started();
        if slider.drag_started() || (slider.changed() && !held) {
            actions.push(Action::AmountBegin);
        }
        if slider.changed() {
            actions.push(Action::Amount(percent / 100.0));
        }
        if slider.drag_stopped() || (slider.changed() && !slider.dragged()) {
            actions.push(Action::AmountEnd);
        }
    });
    row(ui, "Look-ahead", |ui| {
        for (length, label) in WindowLength::ALL.into_iter().zip(["½ beat", "1 beat", "2 beats", "4 beats"]) {
            let hint = "How long each note is held, so that the model hears what comes after it";
            if choice(ui, length == view.look_ahead, label, hint) {
                actions.push(Action::LookAhead(length));
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
                ui.label(format!("{milliseconds:.0} ms ({} samples), compensated by the host", view.latency));
            }
        } else {
            ui.label("not active");
        }
    });
    ui.separator();

    let words = &view.engine;
    row(ui, "Runtime", |ui| {
        let text = if words.runtime.is_empty() { "starting" } else { &words.runtime };
        ui.label(text);
        if !words.notes.is_empty() {
            let tried = egui::RichText::new("what else was tried").weak().underline();
            ui.label(tried).on_hover_text(words.notes.join("\n\n"));
        }
    });
    row(ui, "Model", |ui| ui.label(if words.model.is_empty() { "loading" } else { &words.model }));
    row(ui, "Notes", |ui| {
        ui.label(format!("{} restyled", view.restyled)).on_hover_text("Since the plugin was loaded");
        let late = format!("{} late", view.late);
        if view.late > 0 {
            ui.colored_label(WARNING, late)
                .on_hover_text("Late notes left on time, with their own velocity: the computer was too busy.");
        } else {
            ui.label(late);
        }
    });
    if let Some(error) = &words.error {
        ui.colored_label(WARNING, error);
    }
    actions
}

fn row<R>(ui: &mut egui::Ui, label: &str, content: impl FnOnce(&mut egui::Ui) -> R) {
    row_with_label(ui, label, |ui, _| content(ui));
}

/// A row whose content says by which label it goes, for screen readers.
fn row_with_label<R>(ui: &mut egui::Ui, label: &str, content: impl FnOnce(&mut egui::Ui, egui::Id) -> R) {
    ui.horizontal(|ui| {
        let column = egui::vec2(80.0, 20.0);
        let label = ui.allocate_ui_with_layout(column, egui::Layout::left_to_right(egui::Align::Center), |ui| {
            ui.set_min_size(column);
            ui.label(egui::RichText::new(label).weak()).id
        });
        content(ui, label.inner);
    });
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
    create_egui_editor(
        size,
        notifier,
        EguiNiceSettings::new().with_tile("ToneNet"),
        App { params, status, context: None, broken: false },
    )
}

/// The window's size before the user changes it.
pub fn default_size() -> Arc<EguiEditorState> {
    EguiEditorState::from_size(LogicalSize::new(SIZE.0, SIZE.1), 1.0)
}

impl App {
    fn view(&self) -> View {
        let status = &self.status;
        View {
            style: self.params.style.value().into(),
            amount: self.params.amount.value(),
            look_ahead: self.params.look_ahead.value().into(),
            bypass: self.params.bypass.value(),
            latency: status.latency.load(Ordering::Relaxed),
            sample_rate: status.sample_rate.load(Ordering::Relaxed),
            restart_pending: status.restart_pending.load(Ordering::Relaxed),
            restyled: status.restyled.load(Ordering::Relaxed),
            late: status.late.load(Ordering::Relaxed),
            engine: status.engine.lock().clone(),
        }
    }

    fn apply(&self, action: Action, setter: &ParamSetter) {
        let params = &self.params;
        match action {
            Action::Style(genre) => set(setter, &params.style, genre.into()),
            Action::AmountBegin => setter.begin_set_parameter(&params.amount),
            Action::Amount(amount) => setter.set_parameter(&params.amount, amount),
            Action::AmountEnd => setter.end_set_parameter(&params.amount),
            Action::LookAhead(length) => set(setter, &params.look_ahead, LookAheadChoice::from(length)),
            Action::Bypass(bypass) => set(setter, &params.bypass, bypass),
        }
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
            egui::CentralPanel::default().show(ui, |ui| actions = draw(ui, &view));
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

    fn view() -> View {
        View {
            style: Genre::Jazz,
            amount: 1.0,
            look_ahead: WindowLength::OneBeat,
            bypass: false,
            latency: 24_000,
            sample_rate: 48_000,
            restart_pending: false,
            restyled: 12,
            late: 3,
            engine: EngineWords { runtime: "ONNX Runtime 1.28.0 · CPU".into(), ..Default::default() },
        }
    }

    fn click(label: &'static str) -> Vec<Action> {
        let view = view();
        let mut harness =
            Harness::new_ui_state(|ui, actions: &mut Vec<Action>| actions.extend(draw(ui, &view)), Vec::new());
        harness.get_by_label(label).click();
        harness.run_steps(3);
        harness.state().clone()
    }

    #[test]
    fn a_click_on_a_style_chooses_it() {
        assert_eq!(click("Classical"), [Action::Style(Genre::Classical)]);
        assert_eq!(click("Jazz"), [], "it is chosen already");
    }

    #[test]
    fn look_ahead_and_bypass_are_a_click_away() {
        assert_eq!(click("4 beats"), [Action::LookAhead(WindowLength::FourBeats)]);
        assert_eq!(click("Bypass"), [Action::Bypass(true)]);
    }

    #[test]
    fn it_tells_latency_runtime_and_late_notes() {
        let view = view();
        let harness = Harness::new_ui(|ui| {
            draw(ui, &view);
        });
        harness.get_by_label("500 ms (24000 samples), compensated by the host");
        harness.get_by_label("ONNX Runtime 1.28.0 · CPU");
        harness.get_by_label("12 restyled");
        harness.get_by_label("3 late");
    }
}
