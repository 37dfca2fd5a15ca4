//! The window as the plugin framework runs it: draws each frame and carries out what the user does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::prelude::*;
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp, RepaintNotifier, create_egui_editor,
};
use tonenet_core::style::StyleIndex;
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_engine::generator::GeneratorThread;
use tonenet_engine::status::Status;

use super::action::{Action, ClipAction, StyleAction};
use super::styles_view::{Renaming, StylesView};
use super::theme::{self, SIZE, WARNING};
use super::view::{GenerateView, Tab, View};
use crate::dialogs::{DialogState, FileDialogs};
use crate::learner::{Learner, LearnerState, LearningSource};
use crate::params::{LookAheadChoice, ToneNetParams, style_value};

/// How often the window reads the counters.
const REFRESH: Duration = Duration::from_millis(100);

/// What the window shows and changes of an instance.
pub struct Instance {
    /// Its parameters and the rest of its saved state.
    pub params: Arc<ToneNetParams>,
    /// The status of its engine.
    pub status: Arc<Status>,
    /// Its generator.
    pub generator: Arc<GeneratorThread>,
    /// Its learner.
    pub learner: Arc<Learner>,
}

/// The window of an instance.
pub struct App {
    instance: Instance,
    dialogs: FileDialogs,
    file_start: f64,
    tab: Tab,
    renaming: Option<Renaming>,
    /// The outcome of the last import of which the host was told.
    imported: DialogState<String>,
    /// The state of the learner of which the host was told.
    learned: LearnerState,
    context: Option<GuiContext>,
    /// Whether drawing has panicked since the window was opened.
    is_broken: bool,
}

/// Creates the editor of an instance.
pub fn create(instance: Instance, size: Arc<EguiEditorState>, notifier: RepaintNotifier) -> Option<EguiEditor<App>> {
    let dialogs = FileDialogs::new(instance.params.timeline(), instance.params.styles());
    let app = App {
        instance,
        dialogs,
        file_start: 0.0,
        tab: Tab::default(),
        renaming: None,
        imported: DialogState::default(),
        learned: LearnerState::default(),
        context: None,
        is_broken: false,
    };
    create_egui_editor(size, notifier, EguiNiceSettings::new().with_tile("ToneNet"), app)
}

/// The window's size before the user changes it.
pub fn default_size() -> Arc<EguiEditorState> {
    EguiEditorState::from_size(LogicalSize::new(SIZE.0, SIZE.1), 1.0)
}

impl App {
    fn view(&self) -> View {
        let Instance { params, status, generator, learner } = &self.instance;
        let view = View::new(params, status);
        let generate = GenerateView {
            generator: generator.status(),
            saving: self.dialogs.saving(),
            position: generator.link().position(),
            ..view.generate
        };
        let styles = StylesView {
            renaming: self.renaming.clone(),
            importing: self.dialogs.importing(),
            exporting: self.dialogs.exporting(),
            choosing: self.dialogs.learning(),
            learning: learner.state(),
            ..view.styles
        };
        View { opening: self.dialogs.opening(), file_start: self.file_start, tab: self.tab, generate, styles, ..view }
    }

    fn apply(&mut self, action: Action, setter: &ParamSetter) {
        let params = &self.instance.params;
        match action {
            Action::StyleA(style) => set(setter, &params.style, style_value::of(style)),
            Action::StyleB(style) => set(setter, &params.style_b, style_value::of(style)),
            Action::Dial(dial, gesture) => dial.apply(gesture, params, setter),
            Action::Take(take) => set(setter, &params.take, take.into()),
            Action::Model(model) => set(setter, &params.model, model.into()),
            Action::AcceptWeights => params.made_with().accept(),
            Action::LookAhead(mode) => set(setter, &params.look_ahead, LookAheadChoice::from(mode)),
            Action::ForgetPerformance => params.timeline().replace(TimelineSnapshot::default()),
            Action::RestorePerformance => params.timeline().undo(),
            Action::FileStart(beats) => self.file_start = beats,
            Action::OpenPerformance(start) => self.dialogs.open_performance(start),
            Action::Bypass(bypass) => set(setter, &params.bypass, bypass),
            Action::Show(tab) => self.tab = tab,
            Action::Clip(action) => self.apply_to_clips(action),
            Action::Styles(action) => self.apply_to_styles(action, setter),
        }
    }

    fn apply_to_styles(&mut self, action: StyleAction, setter: &ParamSetter) {
        let Instance { params, learner, .. } = &self.instance;
        let styles = params.styles();
        match action {
            StyleAction::LearnFromFiles => self.dialogs.learn_from_files(learner.clone()),
            StyleAction::LearnFromFolder => self.dialogs.learn_from_folder(learner.clone()),
            StyleAction::LearnFromPlaying => learner.start(LearningSource::Remembered),
            StyleAction::CancelLearning => learner.cancel(),
            StyleAction::PlayAsStyleA(slot) => StyleIndex::from_slot(slot)
                .into_iter()
                .for_each(|style| set(setter, &params.style, style_value::of(style))),
            StyleAction::Import => self.dialogs.import_style(),
            StyleAction::Export(slot) => {
                styles.style(slot).into_iter().for_each(|style| self.dialogs.export_style(style))
            }
            StyleAction::Draft(slot, name) => self.renaming = Some(Renaming { slot, name, refusal: None }),
            StyleAction::Remove(slot) => {
                styles.remove(slot);
                self.show_titles(setter);
            }
            StyleAction::UndoRemove => {
                styles.undo_remove();
                self.show_titles(setter);
            }
            StyleAction::Rename(slot, name) => {
                self.renaming = Renaming::keep(&styles, slot, name);
                self.show_titles(setter);
            }
        }
    }

    /// Has the host read the titles of the chosen styles again, by setting them to what they are.
    fn show_titles(&self, setter: &ParamSetter) {
        for param in [&self.instance.params.style, &self.instance.params.style_b] {
            set(setter, param, param.unmodulated_plain_value());
        }
    }

    /// Tells the host of a style that was imported or learned.
    fn follow_styles(&mut self, setter: &ParamSetter) {
        let (imported, learned) = (self.dialogs.importing(), self.instance.learner.state());
        let is_new = (imported != self.imported && matches!(imported, DialogState::Done(_)))
            || (learned != self.learned && matches!(learned, LearnerState::Done(_)));
        (self.imported, self.learned) = (imported, learned);
        if is_new {
            self.show_titles(setter);
        }
    }

    fn apply_to_clips(&self, action: ClipAction) {
        let Instance { params, generator, .. } = &self.instance;
        let clips = params.clips();
        match action {
            ClipAction::Change(change) => clips.change_settings(|settings| change.apply(settings)),
            ClipAction::Trigger => generator.trigger(),
            ClipAction::Cancel => generator.cancel(),
            ClipAction::Capture(phrase) => generator.capture(phrase),
            ClipAction::Undo => clips.step(true),
            ClipAction::Redo => clips.step(false),
            ClipAction::Place => clips.place(),
            ClipAction::Clear => clips.clear(),
            ClipAction::Save => {
                if let Some(clip) = clips.selected().clip {
                    self.dialogs.save_clip(clip, params.tempo());
                }
            }
        }
    }
}

/// Sets a parameter in one gesture.
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
        theme::apply(&context);
        self.context = Some(gui);
        self.is_broken = false;
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let Some(context) = self.context.clone() else { return };
        if self.is_broken {
            ui.colored_label(
                WARNING,
                "This window stopped after an internal error. Close and reopen it; the music goes on.",
            );
            return;
        }
        // The host's window calls this code, and a panic must not reach it.
        let drawn = catch_unwind(AssertUnwindSafe(|| {
            let view = self.view();
            let mut actions = Vec::new();
            egui::CentralPanel::default().show(ui, |ui| {
                // A long error must not push the controls below it out of the window.
                egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| actions = super::draw(ui, &view));
            });
            let setter = context.param_setter();
            self.follow_styles(&setter);
            for action in actions {
                self.apply(action, &setter);
            }
        }));
        self.is_broken = drawn.is_err();
        ui.ctx().request_repaint_after(REFRESH);
    }

    fn editor_closed(&mut self) {
        self.context = None;
    }
}
