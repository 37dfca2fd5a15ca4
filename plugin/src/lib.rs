//! ToneNet as a CLAP and VST3 note effect.
//!
//! [`tonenet_engine`] restyles notes; this crate connects it to the host. [`params`] holds the parameters, [`persist`]
//! the rest of the saved state, [`events`] converts the host's events, [`editor`] is the window, [`dialogs`] its file
//! dialogs, [`learner`] learns styles, [`presets`] and [`history`] keep and undo settings, [`player`] is the standalone's player of files,
//! and `allocator` is the global allocator. A host's plugin scan loads no model: the inference thread opens it
//! after activation.

mod allocator;
pub mod diagnostics;
pub mod dialogs;
pub mod editor;
pub mod events;
pub mod file_restyler;
pub mod history;
pub mod instance;
pub mod learner;
pub mod params;
pub mod persist;
pub mod player;
pub mod presets;
mod transport;
mod worker;

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nice_plug::prelude::*;
use nice_plug_egui::{EguiEditor, EguiEditorState, RepaintNotifier};
use tonenet_core::scheduler::{Mode, SchedulerConfig};
use tonenet_core::transport::Transport as CoreTransport;
use tonenet_engine::clip_track::ClipTrack;
#[cfg(feature = "fault-injection")]
use tonenet_engine::fault_injection::EngineFault;
use tonenet_engine::generator::GeneratorThread;
use tonenet_engine::inference_thread::{InferenceThread, Predictor};
use tonenet_engine::model_cache::ModelCache;
use tonenet_engine::pass_through::PassThrough;
use tonenet_engine::status::Status;
use tonenet_engine::{Block, Engine, SessionConfig, Settings};

use events::{BlockEvents, ControllerStorm, PluginEvent, ShortSysEx};
use instance::Instance;
use params::ToneNetParams;
use player::FilePlayer;
use transport::{bars, core_transport};

#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

/// Tempo changes below this, in beats per minute, do not change the latency.
const SAME_TEMPO: f64 = 0.05;

/// An instance of the plugin.
pub struct ToneNet {
    params: Arc<ToneNetParams>,
    status: Arc<Status>,
    generator: Arc<GeneratorThread>,
    instance: Instance,
    models: ModelCache,
    editor_size: Arc<EguiEditorState>,
    notifier: RepaintNotifier,
    engine: Option<Engine<PluginEvent>>,
    /// The engine's panic. The failed engine stays in `engine` until the main thread drops it, because the drop joins a
    /// thread and frees memory.
    failure: Option<Failure>,
    /// Present while the plugin is active.
    pass_through: Option<PassThrough<PluginEvent>>,
    #[cfg(feature = "fault-injection")]
    fault: EngineFault,
    storm: ControllerStorm,
    sample_rate: f64,
    longest_block: u32,
    offline: bool,
    /// The tempo from which the current latency was computed.
    tempo: f64,
    /// The current mode.
    mode: Mode,
    /// The mode and latency for which a restart was last requested.
    asked_for: Option<(Mode, SchedulerConfig)>,
}

impl Default for ToneNet {
    fn default() -> Self {
        tonenet_inference::library::keep_loaded();
        let models = ModelCache::default();
        let instance = Instance::new(&models);
        Self::new(models, instance)
    }
}

impl ToneNet {
    /// An instance of a program that plays MIDI files. Its window controls the player.
    pub fn with_player(player: Arc<dyn FilePlayer>) -> Self {
        let models = ModelCache::default();
        let instance = Instance { player: Some(player), ..Instance::new(&models) };
        Self::new(models, instance)
    }

    /// What the instance keeps besides its audio.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    fn new(models: ModelCache, instance: Instance) -> Self {
        Self {
            params: instance.params.clone(),
            status: instance.status.clone(),
            generator: instance.generator.clone(),
            instance,
            models,
            editor_size: editor::remembered_size(),
            notifier: RepaintNotifier::new(),
            engine: None,
            failure: None,
            pass_through: None,
            #[cfg(feature = "fault-injection")]
            fault: EngineFault::default(),
            storm: ControllerStorm::default(),
            sample_rate: 48_000.0,
            longest_block: 0,
            offline: false,
            tempo: 120.0,
            mode: Mode::Live,
            asked_for: None,
        }
    }

    /// Starts an engine. An error is a message for the user.
    fn start(&mut self, config: &BufferConfig) -> Result<(), String> {
        self.sample_rate = f64::from(config.sample_rate);
        self.longest_block = config.max_buffer_size;
        self.offline = config.process_mode == ProcessMode::Offline;
        self.tempo = self.params.tempo();
        let scheduler = self.params.scheduler_config(self.tempo, self.sample_rate, self.longest_block);
        self.asked_for = None;
        self.status.latency.store(scheduler.latency, Ordering::Relaxed);
        self.status.sample_rate.store(config.sample_rate as u32, Ordering::Relaxed);
        self.status.restart_pending.store(false, Ordering::Relaxed);
        // The old engine's thread must end before a new one starts.
        self.engine = None;
        self.mode = self.params.look_ahead.value().into();
        let timeline = (self.mode == Mode::Timeline).then(|| self.params.timeline());
        let styles = self.params.styles();
        let open = self.models.opener(self.sample_rate, styles.clone());
        let inference = InferenceThread::start(self.status.clone(), styles, timeline, open)
            .map_err(|e| format!("the system gives no thread for the model ({e}); close other programs"))?;
        self.generator.start();
        let clips = ClipTrack::new(self.params.clips(), self.generator.link().clone(), self.params.generate.value());
        let Settings { model, condition_on_player, .. } = self.params.settings();
        let predictor = Predictor { model, condition_on_player };
        let Self { sample_rate, longest_block, .. } = *self;
        let config = SessionConfig { sample_rate, longest_block, scheduler, predictor };
        self.engine = Some(Engine::new(config, inference, clips, self.status.clone()));
        Ok(())
    }

    /// Drops the engine, on the main thread.
    fn drop_engine(&mut self) {
        let engine = self.engine.take();
        // An engine that has failed may panic again. That panic needs no handling.
        let _ = guarded(move || drop(engine));
        self.failure = None;
    }

    /// Marks the engine as failed. The panic is freed together with the engine.
    fn fail(&mut self, failure: Failure) {
        self.failure = Some(failure);
        self.status.failed.store(true, Ordering::Relaxed);
    }

    /// Processes a block with the engine, and reports its input and output to `pass_through`.
    fn play<Context: ProcessContext<Self>>(
        &mut self,
        samples: u32,
        events: &RefCell<BlockEvents<'_, Context>>,
        pass_through: &RefCell<PassThrough<PluginEvent>>,
    ) {
        let mut settings = self.params.settings();
        if settings.feel.moves() {
            // For good: moved notes are on their way for a while after the feel was switched off.
            let config = self.params.scheduler_config(self.tempo, self.sample_rate, self.longest_block);
            let bounds = config.displacement_bounds(self.sample_rate, self.longest_block);
            pass_through.borrow_mut().set_bounds(bounds);
        }
        let Some(engine) = &mut self.engine else { return };
        let (transport, bars) = {
            let events = events.borrow();
            (core_transport(events.transport()), bars(events.transport()))
        };
        // A bounce never depends on a button in the window.
        settings.compare &= !self.offline;
        let trigger_held = self.params.generate.value();
        let block = Block { samples, transport, bars, trigger_held, offline: self.offline };
        engine.process(
            &block,
            &settings,
            || {
                let event = events.borrow_mut().receive()?;
                pass_through.borrow_mut().record_input(event);
                #[cfg(feature = "fault-injection")]
                self.fault.count_event();
                Some(event)
            },
            |event| {
                #[cfg(feature = "fault-injection")]
                self.fault.count_event();
                events.borrow_mut().send(event);
                pass_through.borrow_mut().record_output(&event);
            },
        );
        let stopped = engine.is_stopped();
        if self.wants_restart(&transport, stopped) {
            events.borrow().request_restart();
        }
    }

    /// Whether to request a restart, because the latency or mode has to change. True once for each change.
    ///
    /// A tempo counts only while the transport is stopped, so that the latency does not change during playback.
    fn wants_restart(&mut self, transport: &CoreTransport, stopped: bool) -> bool {
        if let Some(tempo) = transport.tempo {
            self.params.remember_tempo(tempo);
        }
        let tempo = match transport.tempo {
            Some(tempo) if stopped && (tempo - self.tempo).abs() > SAME_TEMPO => self.params.tempo(),
            _ => self.tempo,
        };
        let wanted = self.params.scheduler_config(tempo, self.sample_rate, self.longest_block);
        let in_force = self.status.latency.load(Ordering::Relaxed);
        let mode = Mode::from(self.params.look_ahead.value());
        let pending = wanted.latency != in_force || mode != self.mode;
        self.status.restart_pending.store(pending, Ordering::Relaxed);
        let ask = pending && self.asked_for != Some((mode, wanted));
        if ask {
            self.asked_for = Some((mode, wanted));
        }
        ask
    }
}

/// The payload of a panic.
type Failure = Box<dyn Any + Send>;

/// Runs a task and catches a panic. The framework catches none, and a panic that reaches the host would end it.
fn guarded<T>(task: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(task))
}

/// An audio layout with one input and one output bus.
const fn layout(input: u32, output: u32) -> AudioIOLayout {
    AudioIOLayout {
        main_input_channels: NonZeroU32::new(input),
        main_output_channels: NonZeroU32::new(output),
        ..AudioIOLayout::const_default()
    }
}

impl Plugin for ToneNet {
    const NAME: &'static str = "ToneNet";
    const VENDOR: &'static str = "ToneNet";
    const URL: &'static str = env!("CARGO_PKG_REPOSITORY");
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    // Some hosts refuse a plugin without audio, so the plugin outputs silence.
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[layout(2, 2), layout(1, 1), layout(1, 2)];
    const MIDI_INPUT: MidiConfig = MidiConfig::MidiCCs;
    const MIDI_OUTPUT: MidiConfig = MidiConfig::MidiCCs;
    const SAMPLE_ACCURATE_AUTOMATION: bool = true;
    const INPUT_EVENT_CAPACITY: usize = 8_192;

    type Editor = EguiEditor<editor::App>;
    type SysExMessage = ShortSysEx;
    type BackgroundTask = ();

    fn params(&self) -> Arc<dyn Params> {
        self.params.clone()
    }

    fn editor(&mut self, _executor: AsyncExecutor<Self>) -> Option<Self::Editor> {
        editor::create(self.instance.clone(), self.editor_size.clone(), self.notifier.clone())
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        self.drop_engine();
        self.status.failed.store(false, Ordering::Relaxed);
        #[cfg(feature = "fault-injection")]
        {
            self.fault = EngineFault::from_environment();
        }
        let started = guarded(|| self.start(config));
        let latency = self.status.latency.load(Ordering::Relaxed);
        let mut pass_through = PassThrough::new(latency);
        match started {
            Ok(Ok(())) => {}
            Ok(Err(refusal)) => {
                self.status.fail(refusal);
                pass_through.take_over();
            }
            Err(failure) => {
                self.fail(failure);
                pass_through.take_over();
            }
        }
        self.pass_through = Some(pass_through);
        context.set_latency_samples(latency);
        true
    }

    fn reset(&mut self) {
        self.storm = ControllerStorm::default();
        let Some(mut pass_through) = self.pass_through.take() else { return };
        if !pass_through.is_active()
            && let Err(failure) = guarded(|| self.engine.iter_mut().for_each(Engine::reset))
        {
            self.fail(failure);
            pass_through.take_over();
        }
        pass_through.reset();
        self.pass_through = Some(pass_through);
    }

    fn process(
        &mut self,
        buffer: &mut Buffer,
        _aux: &mut AuxiliaryBuffers,
        context: &mut impl ProcessContext<Self>,
    ) -> ProcessStatus {
        for channel in buffer.as_slice() {
            channel.fill(0.0);
        }
        let Some(mut pass_through) = self.pass_through.take() else { return ProcessStatus::KeepAlive };
        let samples = buffer.samples() as u32;
        pass_through.begin(samples);
        self.status.blocks.record(samples);
        let mut storm = std::mem::take(&mut self.storm);
        let status = self.status.clone();
        let mut events = BlockEvents::new(context, &mut storm, &status);
        if !pass_through.is_active() {
            let (shared, through) = (RefCell::new(events), RefCell::new(pass_through));
            let played = guarded(|| self.play(samples, &shared, &through));
            (events, pass_through) = (shared.into_inner(), through.into_inner());
            if let Err(failure) = played {
                self.fail(failure);
                pass_through.take_over();
            }
        }
        if pass_through.is_active() {
            let events = RefCell::new(events);
            pass_through.play(|| events.borrow_mut().receive(), |event| events.borrow_mut().send(event));
        }
        self.storm = storm;
        self.pass_through = Some(pass_through);
        ProcessStatus::KeepAlive
    }

    fn deactivate(&mut self) {
        self.drop_engine();
        self.pass_through = None;
    }

    fn filter_state(state: &mut PluginState) {
        // If the upgrade fails, the state is loaded as it is.
        let _ = guarded(|| params::upgrade(state));
    }
}

impl Drop for ToneNet {
    fn drop(&mut self) {
        self.drop_engine();
        self.instance.close();
    }
}

impl ClapPlugin for ToneNet {
    const CLAP_ID: &'static str = "org.tonenet.tonenet";
    const CLAP_DESCRIPTION: Option<&'static str> = Some("Plays a piano part with the dynamics of another genre");
    const CLAP_MANUAL_URL: Option<&'static str> = None;
    const CLAP_SUPPORT_URL: Option<&'static str> = None;
    const CLAP_FEATURES: &'static [ClapFeature] = &[ClapFeature::NoteEffect, ClapFeature::Utility];
}

impl Vst3Plugin for ToneNet {
    const VST3_CLASS_ID: [u8; 16] = *b"ToneNetMidiStyle";
    const VST3_SUBCATEGORIES: &'static [Vst3SubCategory] = &[Vst3SubCategory::Fx, Vst3SubCategory::Tools];
}

nice_export_clap!(ToneNet);
nice_export_vst3!(ToneNet);

#[cfg(all(feature = "auv2", target_os = "macos"))]
clap_wrapper::export_auv2!();
