//! The window as the plugin framework runs it: draws each frame and carries out what the user does.

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

use super::files_view::FilesView;
use super::performance::{Moment, PerformanceSource, Stores, Viewport};
use super::preset_actions::PresetState;
use super::presets_view::PresetsView;
use super::styles_view::{Renaming, StylesView};
use super::theme::{self, Palette, SIZE};
use super::view::{GenerateView, Tab, View};
use crate::diagnostics::Diagnostics;
use crate::dialogs::{DialogState, FileDialogs};
use crate::instance::Instance;
use crate::learner::LearnerState;

/// How often the window reads the counters.
const REFRESH: Duration = Duration::from_millis(100);

/// The window of an instance.
pub struct App {
    pub(super) instance: Instance,
    pub(super) dialogs: FileDialogs,
    pub(super) file_start: f64,
    pub(super) viewport: Viewport,
    pub(super) shows_all_controls: Option<bool>,
    pub(super) tab: Tab,
    performance: PerformanceSource,
    pub(super) renaming: Option<Renaming>,
    pub(super) presets: PresetState,
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
    instance.presets.refresh();
    let dialogs = FileDialogs::new(instance.params.timeline(), instance.params.styles());
    let app = App {
        instance,
        dialogs,
        file_start: 0.0,
        viewport: Viewport::default(),
        shows_all_controls: None,
        tab: Tab::default(),
        performance: PerformanceSource::default(),
        renaming: None,
        presets: PresetState::default(),
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
    fn view(&mut self) -> View {
        let Instance { params, status, generator, learner, restyler, presets, edits } = &self.instance;
        let view = View::new(params, status);
        let (timeline, styles) = (params.timeline(), params.styles());
        let stores = Stores { played: &status.played, timeline: &timeline, styles: &styles };
        let (bars, position) = (generator.link().bars(), generator.link().position());
        let moment = Moment { settings: view.settings, mode: view.look_ahead, bars, position };
        let performance = self.performance.view(stores, &moment);
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
        let presets = PresetsView {
            dialog: self.presets.dialog.clone(),
            problems: self.presets.problems.clone(),
            task: presets.task(),
            importing: self.dialogs.importing_preset(),
            exporting: self.dialogs.exporting_preset(),
            ..PresetsView::new(params, presets.list(), edits)
        };
        let files = FilesView {
            saving: self.dialogs.saving_performance(),
            choosing: self.dialogs.restyling(),
            restyler: restyler.state(),
            opening: self.dialogs.opening(),
            ..view.files
        };
        let format = self.context.as_ref().map(|context| context.plugin_api().to_string()).unwrap_or_default();
        let diagnostics = Diagnostics { format, ..view.diagnostics };
        View {
            opening: self.dialogs.opening(),
            file_start: self.file_start,
            performance,
            viewport: self.viewport,
            shows_all_controls: self.shows_all_controls,
            tab: self.tab,
            generate,
            styles,
            presets,
            files,
            diagnostics,
            ..view
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
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: egui::Context,
        gui: GuiContext,
        _frame: &mut Frame,
    ) -> Result<(), nice_plug_egui::baseview::HandlerError> {
        theme::apply(&context, egui::Theme::Dark);
        self.context = Some(gui);
        self.is_broken = false;
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut Frame) {
        let Some(context) = self.context.clone() else { return };
        if self.is_broken {
            ui.colored_label(
                Palette::of(ui).warning,
                "This window stopped after an internal error. Close and reopen it; the music goes on.",
            );
            return;
        }
        // The host's window calls this code, and a panic must not reach it.
        let drawn = catch_unwind(AssertUnwindSafe(|| {
            let view = self.view();
            let actions = super::window(ui, &view);
            let setter = context.param_setter();
            self.follow_styles(&setter);
            self.follow_presets(&setter);
            for action in actions {
                self.apply(action, &setter);
            }
        }));
        self.is_broken = drawn.is_err();
        ui.ctx().request_repaint_after(REFRESH);
    }

    fn editor_closed(&mut self) {
        if let Some(context) = &self.context {
            self.editing(&context.param_setter()).end_open_gesture();
        }
        self.instance.params.comparing.store(false, Ordering::Relaxed);
        self.context = None;
    }
}
