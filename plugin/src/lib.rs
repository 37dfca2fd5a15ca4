//! ToneNet as a CLAP and VST3 note effect.
//!
//! The session that restyles notes is in [`tonenet_engine`]; this crate joins it to the host. [`params`] are what the host
//! and the user set, [`persist`] what a project keeps besides, [`events`] the host's events in and out, [`editor`] the
//! window, [`dialogs`] its file dialogs, and `allocator` where memory comes from. Nothing is loaded when a host scans: the
//! model opens on the inference thread after activation.

mod allocator;
pub mod dialogs;
pub mod editor;
pub mod events;
pub mod params;
pub mod persist;

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nice_plug::prelude::*;
use nice_plug_egui::{EguiEditor, EguiEditorState, RepaintNotifier};
use tonenet_core::clip::Bars;
use tonenet_core::scheduler::{Mode, SchedulerConfig};
use tonenet_core::transport::Transport as CoreTransport;
use tonenet_engine::clip_track::ClipTrack;
#[cfg(feature = "fault-injection")]
use tonenet_engine::fault_injection::EngineFault;
use tonenet_engine::generator::{Generator, GeneratorThread};
use tonenet_engine::inference_thread::InferenceThread;
use tonenet_engine::model_cache::ModelCache;
use tonenet_engine::pass_through::PassThrough;
use tonenet_engine::status::Status;
use tonenet_engine::{Block, Engine, SessionConfig};

use events::{BlockEvents, ControllerStorm, PluginEvent, ShortSysEx};
use params::ToneNetParams;

#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

/// Tempi closer than this, in beats a minute, give the same latency for a listener.
const SAME_TEMPO: f64 = 0.05;

/// An instance of the plugin.
pub struct ToneNet {
    params: Arc<ToneNetParams>,
    status: Arc<Status>,
    models: ModelCache,
    generator: Arc<GeneratorThread>,
    editor_size: Arc<EguiEditorState>,
    notifier: RepaintNotifier,
    engine: Option<Engine<PluginEvent>>,
    /// What the engine failed with. The engine stays where it is until it is dropped on the main thread: its end waits
    /// for a thread and frees memory.
    failure: Option<Failure>,
    /// While the plugin is active.
    pass_through: Option<PassThrough<PluginEvent>>,
    #[cfg(feature = "fault-injection")]
    fault: EngineFault,
    storm: ControllerStorm,
    sample_rate: f64,
    longest_block: u32,
    offline: bool,
    /// The tempo the latency in force was computed from.
    tempo: f64,
    /// The mode in force.
    mode: Mode,
    /// The latency that the host was last asked to restart for.
    asked_for: Option<(Mode, SchedulerConfig)>,
}

impl Default for ToneNet {
    fn default() -> Self {
        let status: Arc<Status> = Arc::default();
        let params = Arc::new(ToneNetParams::new(status.clone()));
        let models = ModelCache::default();
        let open = {
            let (models, status) = (models.clone(), status.clone());
            move || Box::new(models.generator(&status)) as Box<dyn Generator>
        };
        let generator = Arc::new(GeneratorThread::new(params.clips(), params.timeline(), Box::new(open)));
        Self {
            params,
            status,
            models,
            generator,
            editor_size: editor::default_size(),
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
}

impl ToneNet {
    fn scheduler_config(&self, tempo: f64) -> SchedulerConfig {
        SchedulerConfig::for_mode(self.params.look_ahead.value().into(), tempo, self.sample_rate, self.longest_block)
    }

    /// Starts an engine with the latency that it then has, or says why there is none.
    fn start(&mut self, config: &BufferConfig) -> Result<(), String> {
        self.sample_rate = f64::from(config.sample_rate);
        self.longest_block = config.max_buffer_size;
        self.offline = config.process_mode == ProcessMode::Offline;
        self.tempo = self.params.tempo();
        let scheduler = self.scheduler_config(self.tempo);
        self.asked_for = None;
        self.status.latency.store(scheduler.latency, Ordering::Relaxed);
        self.status.sample_rate.store(config.sample_rate as u32, Ordering::Relaxed);
        self.status.restart_pending.store(false, Ordering::Relaxed);
        // The old engine's thread ends before a new one starts.
        self.engine = None;
        self.mode = self.params.look_ahead.value().into();
        let timeline = (self.mode == Mode::Timeline).then(|| self.params.timeline());
        let (models, sample_rate) = (self.models.clone(), self.sample_rate);
        let open = move |model, status: &Status| models.open(model, sample_rate, status);
        let inference = InferenceThread::start(self.status.clone(), timeline, open)
            .map_err(|e| format!("the system gives no thread for the model ({e}); close other programs"))?;
        self.generator.start();
        let clips = ClipTrack::new(self.params.clips(), self.generator.link().clone(), self.params.generate.value());
        let config = SessionConfig { sample_rate, scheduler, model: self.params.settings().model };
        self.engine = Some(Engine::new(config, inference, clips, self.status.clone()));
        Ok(())
    }

    /// Ends the engine, on the main thread.
    fn drop_engine(&mut self) {
        let engine = self.engine.take();
        // One that has failed may fail again; then there is no more to end.
        let _ = guarded(move || drop(engine));
        self.failure = None;
    }

    /// The engine has failed; what it failed with is freed together with it.
    fn fail(&mut self, failure: Failure) {
        self.failure = Some(failure);
        self.status.failed.store(true, Ordering::Relaxed);
    }

    /// Plays a block with the engine; what goes through it is told to `pass_through`.
    fn play<Context: ProcessContext<Self>>(
        &mut self,
        samples: u32,
        events: &RefCell<BlockEvents<'_, Context>>,
        pass_through: &RefCell<PassThrough<PluginEvent>>,
    ) {
        let Some(engine) = &mut self.engine else { return };
        let (transport, bars) = {
            let events = events.borrow();
            (core_transport(events.transport()), bars(events.transport()))
        };
        let pressed = self.params.generate.value();
        let block = Block { samples, transport, bars, pressed, offline: self.offline };
        engine.process(
            &block,
            &self.params.settings(),
            || {
                let event = events.borrow_mut().receive()?;
                pass_through.borrow_mut().came_in(event);
                #[cfg(feature = "fault-injection")]
                self.fault.count_event();
                Some(event)
            },
            |event| {
                #[cfg(feature = "fault-injection")]
                self.fault.count_event();
                events.borrow_mut().send(event);
                pass_through.borrow_mut().engine_sent(&event);
            },
        );
        let stopped = engine.is_stopped();
        if self.wants_restart(&transport, stopped) {
            events.borrow().request_restart();
        }
    }

    /// Whether another latency or mode than the one in force is wanted, which only a restart can give; asked once for
    /// each.
    ///
    /// A tempo counts only while the transport is at rest: latency must not move under the user's hands.
    fn wants_restart(&mut self, transport: &CoreTransport, stopped: bool) -> bool {
        if let Some(tempo) = transport.tempo {
            self.params.remember_tempo(tempo);
        }
        let tempo = match transport.tempo {
            Some(tempo) if stopped && (tempo - self.tempo).abs() > SAME_TEMPO => self.params.tempo(),
            _ => self.tempo,
        };
        let wanted = self.scheduler_config(tempo);
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

/// What a panic left.
type Failure = Box<dyn Any + Send>;

/// Does something a host asks for. The framework catches no panics, and one that reached the host would end it.
fn guarded<T>(task: impl FnOnce() -> T) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(task))
}

/// One audio input and one output with so many channels.
const fn layout(input: u32, output: u32) -> AudioIOLayout {
    AudioIOLayout {
        main_input_channels: NonZeroU32::new(input),
        main_output_channels: NonZeroU32::new(output),
        ..AudioIOLayout::const_default()
    }
}

fn core_transport(transport: &Transport) -> CoreTransport {
    CoreTransport {
        playing: transport.playing,
        tempo: transport.tempo,
        // Only what the host tells: beats that the framework computes from seconds jump where the tempo changes.
        beats: transport.pos_beats,
        seconds: transport.pos_seconds(),
        loop_beats: transport.loop_range_beats(),
    }
    .plausible()
}

fn bars(transport: &Transport) -> Bars {
    let signature = transport.time_sig_numerator.zip(transport.time_sig_denominator);
    Bars::from_host(signature, transport.bar_start_pos_beats(), transport.pos_beats(), transport.loop_range_beats())
}

impl Plugin for ToneNet {
    const NAME: &'static str = "ToneNet";
    const VENDOR: &'static str = "ToneNet";
    const URL: &'static str = env!("CARGO_PKG_REPOSITORY");
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    // Some hosts refuse a plugin without audio; silence goes out.
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
        let (params, status, generator) = (self.params.clone(), self.status.clone(), self.generator.clone());
        editor::create(params, status, generator, self.editor_size.clone(), self.notifier.clone())
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
        if !pass_through.plays()
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
        let mut storm = std::mem::take(&mut self.storm);
        let status = self.status.clone();
        let mut events = BlockEvents::new(context, &mut storm, &status);
        if !pass_through.plays() {
            let (shared, through) = (RefCell::new(events), RefCell::new(pass_through));
            let played = guarded(|| self.play(samples, &shared, &through));
            (events, pass_through) = (shared.into_inner(), through.into_inner());
            if let Err(failure) = played {
                self.fail(failure);
                pass_through.take_over();
            }
        }
        if pass_through.plays() {
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
        // What could not be brought up to date is read as it is.
        let _ = guarded(|| params::upgrade(state));
    }
}

impl Drop for ToneNet {
    fn drop(&mut self) {
        self.drop_engine();
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
