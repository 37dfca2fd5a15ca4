//! What the window shows, read from an instance before each frame.

use std::path::PathBuf;
use std::sync::atomic::Ordering;

use tonenet_core::scheduler::Mode;
use tonenet_engine::Settings;
use tonenet_engine::generator::{GenerateSettings, GeneratorStatus, SelectedClip};
use tonenet_engine::status::{EngineInfo, Status};
use tonenet_engine::timeline_store::TimelineSummary;
use tonenet_inference::runtime_settings::RuntimeSettings;

use super::dial::{Dial, DialView};
use super::files_view::FilesView;
use super::performance::{PerformanceView, Viewport};
use super::presets_view::PresetsView;
use super::styles_view::StylesView;
use super::window_settings::WindowSettings;
use crate::diagnostics::Diagnostics;
use crate::dialogs::DialogState;
use crate::params::ToneNetParams;
use crate::player::PlayerView;

/// What the window shows.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// The settings of the style.
    pub settings: Settings,
    /// The state of each slider, in the order of [`Dial::ALL`].
    pub dials: [DialView; Dial::ALL.len()],
    /// Whether presets and clicks leave the take as it is.
    pub take_locked: bool,
    /// Whether all controls are in sight; `None` leaves it to the window's height.
    pub shows_all_controls: Option<bool>,
    /// The song's tempo, in beats per minute.
    pub tempo: f64,
    /// The chosen look-ahead.
    pub look_ahead: Mode,
    /// Whether Timeline may play notes earlier, at the cost of a latency.
    pub timeline_look_ahead: bool,
    /// The latency in force, in samples.
    pub latency: u32,
    /// The sample rate in Hz; 0 before the first activation.
    pub sample_rate: u32,
    /// That the project was made with other weights than play now.
    pub other_weights: Option<String>,
    /// Whether a change waits for the host to restart the plugin.
    pub restart_pending: bool,
    /// Notes that left with the model's velocity.
    pub restyled: u64,
    /// Notes that were due before their prediction was ready.
    pub late: u64,
    /// Notes that a mode without latency had no prediction for.
    pub new: u64,
    /// The performance that Timeline mode remembers.
    pub remembered: TimelineSummary,
    /// The state of the dialog that opens a performance.
    pub opening: DialogState<String>,
    /// Where in the song an opened file begins, in beats.
    pub file_start: f64,
    /// The runtime, the model and errors, as text.
    pub engine: EngineInfo,
    /// What the user wants to compute with, on this computer.
    pub computing: RuntimeSettings,
    /// Whether a change of that since the window was opened could be saved; `None` without one.
    pub computing_saved: Option<bool>,
    /// How the window looks and how large it is.
    pub window: WindowSettings,
    /// What the performance view shows.
    pub performance: PerformanceView,
    /// Which part of it is in sight.
    pub viewport: Viewport,
    /// The open panel.
    pub tab: Tab,
    /// What the panel "Generate" shows.
    pub generate: GenerateView,
    /// The styles to choose from, and what the panel "Styles" shows.
    pub styles: StylesView,
    /// Presets, undo and the slots A and B.
    pub presets: PresetsView,
    /// Files that are saved, restyled or dropped.
    pub files: FilesView,
    /// The player of files, if there is one.
    pub player: Option<PlayerView>,
    /// The status of the engine, for the panel "Status".
    pub diagnostics: Diagnostics,
}

/// A panel of the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tab {
    /// Restyles what is played.
    #[default]
    Restyle,
    /// Generates clips.
    Generate,
    /// Learns and keeps the user's styles.
    Styles,
    /// Shows what the engine does, and problems with their cures.
    Status,
}

/// What the panel "Generate" shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GenerateView {
    /// What the user wants generated.
    pub settings: GenerateSettings,
    /// The selected clip and its place among the others.
    pub selected: SelectedClip,
    /// Whether a clip is being generated.
    pub generator: GeneratorStatus,
    /// The state of the dialog that saves a clip.
    pub saving: DialogState<PathBuf>,
    /// The song's position, in beats.
    pub position: Option<f64>,
}

impl View {
    /// The view of an instance. What the window itself keeps has its default: panel, dialogs, generator and position.
    pub fn new(params: &ToneNetParams, status: &Status) -> Self {
        let engine = status.info();
        let settings = params.settings();
        let remembered = params.timeline().summary();
        Self {
            other_weights: params.made_with().difference(settings.model),
            settings,
            dials: Dial::ALL.map(|dial| dial.view(params)),
            take_locked: params.take_locked.load(Ordering::Relaxed),
            shows_all_controls: None,
            tempo: params.tempo(),
            look_ahead: params.look_ahead.value().into(),
            timeline_look_ahead: params.timeline_look_ahead() > 0.0,
            latency: status.latency.load(Ordering::Relaxed),
            sample_rate: status.sample_rate.load(Ordering::Relaxed),
            restart_pending: status.restart_pending.load(Ordering::Relaxed),
            restyled: status.restyled.load(Ordering::Relaxed),
            late: status.late.load(Ordering::Relaxed),
            new: status.new.load(Ordering::Relaxed),
            remembered,
            opening: DialogState::default(),
            file_start: 0.0,
            styles: StylesView {
                problems: engine.styles.clone(),
                played_notes: remembered.notes,
                ..StylesView::new(&params.styles())
            },
            engine,
            computing: RuntimeSettings::default(),
            computing_saved: None,
            window: WindowSettings::default(),
            performance: PerformanceView {
                floor: settings.expression.floor,
                ceiling: settings.expression.ceiling,
                ..PerformanceView::default()
            },
            viewport: Viewport::default(),
            presets: PresetsView::default(),
            files: FilesView::new(params, status),
            player: None,
            diagnostics: Diagnostics { look_ahead: params.look_ahead.to_string(), ..Diagnostics::new(status) },
            tab: Tab::default(),
            generate: GenerateView {
                settings: params.clips().settings(),
                selected: params.clips().selected(),
                ..GenerateView::default()
            },
        }
    }

    pub(super) fn dial(&self, dial: Dial) -> &DialView {
        &self.dials[dial as usize]
    }
}
