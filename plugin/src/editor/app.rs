//! The window as the plugin framework runs it: draws each frame and carries out what the user does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::LogicalSize;
use nice_plug::editor::{ResizeHint, SizeConstraints};
use nice_plug::prelude::*;
use nice_plug_egui::baseview::WindowSize;
use nice_plug_egui::{
    EguiEditor, EguiEditorState, EguiNiceSettings, Frame, Key, KeyCapture, NiceEguiApp, RepaintNotifier,
    create_egui_editor,
};
use tonenet_inference::runtime_settings::RuntimeSettings;

use super::files_view::FilesView;
use super::performance::{Moment, PerformanceSource, Stores, Viewport};
use super::preset_actions::PresetState;
use super::presets_view::PresetsView;
use super::styles_view::{Renaming, StylesView};
use super::theme::{self, Palette, SMALLEST};
use super::view::{GenerateView, Tab, View};
use super::window_settings::WindowSettings;
use crate::diagnostics::Diagnostics;
use crate::dialogs::{DialogState, FileDialogs};
use crate::instance::Instance;
use crate::learner::LearnerState;
use crate::player::{FilePlayer, PlayerAction};

/// How often the window looks whether there is something new to show.
const REFRESH: Duration = Duration::from_millis(100);

/// How often the framework asks whether to draw. Parameters that the host moves are drawn at this rate.
const POLL: Duration = Duration::from_millis(33);

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
    pub(super) window: WindowSettings,
    pub(super) computing: RuntimeSettings,
    pub(super) computing_saved: Option<bool>,
    /// The size that the user drags the window to.
    pub(super) wanted_size: Option<egui::Vec2>,
    /// What the window shows.
    shown: Option<View>,
    /// When to look for something new.
    next_look: Instant,
    /// When the editor was made.
    opened: Instant,
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
    let smallest = SizeConstraints::min_logical_size(LogicalSize::new(SMALLEST.0, SMALLEST.1));
    let settings = EguiNiceSettings::new()
        .with_tile("ToneNet")
        .with_resize_hint(ResizeHint { size_constraints: smallest, ..ResizeHint::RESIZABLE })
        .with_repaint_poll_interval(POLL);
    create_egui_editor(size, notifier, settings, App::new(instance))
}

/// The size that the user last gave a window, and the zoom.
pub fn remembered_size() -> Arc<EguiEditorState> {
    let window = WindowSettings::load();
    EguiEditorState::from_size(LogicalSize::new(window.width, window.height), window.zoom_factor())
}

impl App {
    /// A window that is not open yet.
    pub(super) fn new(instance: Instance) -> Self {
        let dialogs = FileDialogs::new(instance.params.timeline(), instance.params.styles());
        Self {
            instance,
            dialogs,
            file_start: 0.0,
            viewport: Viewport::default(),
            shows_all_controls: None,
            tab: Tab::default(),
            performance: PerformanceSource::default(),
            renaming: None,
            window: WindowSettings::load(),
            computing: RuntimeSettings::default(),
            computing_saved: None,
            wanted_size: None,
            shown: None,
            next_look: Instant::now(),
            opened: Instant::now(),
            presets: PresetState::default(),
            imported: DialogState::default(),
            learned: LearnerState::default(),
            context: None,
            is_broken: false,
        }
    }

    fn view(&mut self) -> View {
        let Instance { params, status, generator, learner, restyler, presets, edits, player } = &self.instance;
        edits.forget_answered(params);
        let view = View::new(params, status);
        let (timeline, styles) = (params.timeline(), params.styles());
        let stores = Stores { played: &status.played, timeline: &timeline, styles: &styles };
        let (bars, position) = (generator.link().bars(), generator.link().position());
        let clock = self.opened.elapsed().as_secs_f64();
        let moment = Moment { settings: view.settings, mode: view.look_ahead, bars, position, clock };
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
        // They change all the time, and an idle window must not be drawn for them.
        let diagnostics = match self.tab {
            Tab::Status => Diagnostics { format, ..view.diagnostics },
            _ => Diagnostics::default(),
        };
        View {
            opening: self.dialogs.opening(),
            file_start: self.file_start,
            performance,
            window: self.window,
            computing: self.computing,
            computing_saved: self.computing_saved,
            viewport: self.viewport,
            shows_all_controls: self.shows_all_controls,
            tab: self.tab,
            generate,
            styles,
            presets,
            files,
            player: player.as_ref().map(|player| player.view()),
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

/// Hosts start and stop with the space bar. Unless a text is typed, it is theirs, and presses no button here; Enter does.
fn leave_space_to_the_host(ui: &mut egui::Ui, frame: &mut Frame) {
    let is_typing = ui.ctx().text_edit_focused();
    frame.set_key_capture(match is_typing {
        true => KeyCapture::CaptureAll,
        false => KeyCapture::IgnoreKeys(vec![Key::Character(" ".into())]),
    });
    if !is_typing {
        take_space(ui);
    }
}

/// Takes the space bar from the input. Returns whether it was pressed; a key that is held repeats itself, which does not count.
fn take_space(ui: &mut egui::Ui) -> bool {
    ui.input_mut(|input| {
        let is_pressed = input.events.iter().any(is_space_pressed);
        input.events.retain(|event| !is_space(event));
        is_pressed
    })
}

/// Without a host, the space bar starts and stops the player, unless a text is typed.
fn play_with_space(ui: &mut egui::Ui, frame: &mut Frame, player: &dyn FilePlayer) {
    frame.set_key_capture(KeyCapture::CaptureAll);
    if !ui.ctx().text_edit_focused() && take_space(ui) {
        player.control(PlayerAction::Play(!player.view().is_playing));
    }
}

fn is_space_pressed(event: &egui::Event) -> bool {
    matches!(event, egui::Event::Key { key: egui::Key::Space, pressed: true, repeat: false, .. })
}

fn is_space(event: &egui::Event) -> bool {
    match event {
        egui::Event::Key { key, .. } => *key == egui::Key::Space,
        egui::Event::Text(text) => text == " ",
        _ => false,
    }
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        context: egui::Context,
        gui: GuiContext,
        _frame: &mut Frame,
    ) -> Result<(), nice_plug_egui::baseview::HandlerError> {
        // Not when an instance is made: a host's plugin scan makes instances, too.
        self.instance.presets.refresh();
        // Another window may have changed it.
        self.window.theme = WindowSettings::load().theme;
        (self.computing, self.computing_saved) = (RuntimeSettings::load(), None);
        theme::apply(&context, self.window.theme.into());
        // The host has these keys, and the window a zoom of its own.
        context.options_mut(|options| {
            options.zoom_with_keyboard = false;
            options.quit_shortcuts.clear();
        });
        self.context = Some(gui);
        self.is_broken = false;
        Ok(())
    }

    fn ui(&mut self, ui: &mut egui::Ui, frame: &mut Frame) {
        match &self.instance.player {
            Some(player) => play_with_space(ui, frame, &**player),
            None => leave_space_to_the_host(ui, frame),
        }
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
            if view.tab == Tab::Restyle && view.performance.is_moving {
                ui.ctx().request_repaint();
            }
            self.shown = Some(view);
        }));
        self.is_broken = drawn.is_err();
        ui.ctx().set_theme(egui::Theme::from(self.window.theme));
        ui.ctx().set_zoom_factor(self.window.zoom_factor());
        if let Some(size) = self.wanted_size.take() {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::InnerSize(size));
        }
    }

    /// Whether something has changed since the window was drawn. An idle window costs a comparison, not a picture.
    fn needs_repaint(&mut self) -> bool {
        let now = Instant::now();
        if now < self.next_look || self.is_broken {
            return false;
        }
        self.next_look = now + REFRESH;
        // A panic is shown by the next frame, which catches it.
        catch_unwind(AssertUnwindSafe(|| {
            let mut view = self.view();
            let Some(shown) = &self.shown else { return true };
            if view.tab != Tab::Status {
                // It changes every second, and no other panel shows it.
                view.diagnostics.uptime = shown.diagnostics.uptime;
            }
            *shown != view
        }))
        .unwrap_or(true)
    }

    fn resized(&mut self, size: WindowSize) {
        self.window.width = size.logical.width as f32;
        self.window.height = size.logical.height as f32;
    }

    fn editor_closed(&mut self) {
        if let Some(context) = &self.context {
            self.editing(&context.param_setter()).end_open_gesture();
        }
        self.instance.params.comparing.store(false, Ordering::Relaxed);
        self.context = None;
        self.shown = None;
        let WindowSettings { width, height, .. } = self.window;
        WindowSettings::remember(|window| (window.width, window.height) = (width, height));
    }
}

#[cfg(test)]
mod tests;
