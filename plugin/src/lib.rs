//! ToneNet as a CLAP and VST3 note effect.
//!
//! [`engine`] is what the audio thread owns, [`worker`] the instance's inference thread, [`status`] what both tell
//! the [`editor`], [`memory`] the take that Timeline mode remembers, [`fill`] how a file becomes one, [`generate`] what
//! is written anew, [`save`] how that becomes a file, `opener` the models that are opened, `allocator` where memory comes
//! from. Nothing is loaded when a host scans: the model opens on the inference thread after activation.

mod allocator;
pub mod editor;
pub mod engine;
pub mod events;
#[cfg(feature = "faults")]
pub mod faults;
pub mod fill;
pub mod generate;
pub mod memory;
mod opener;
pub mod pace;
pub mod params;
pub mod save;
pub mod status;
pub mod worker;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use nice_plug::prelude::*;
use nice_plug_egui::{EguiEditor, EguiEditorState, RepaintNotifier};
use tonenet_core::clip::Bars;
use tonenet_core::scheduler::{LookAhead, Mode};
use tonenet_core::timeline::Place;
use tonenet_core::transport::Transport as CoreTransport;

use engine::{Block, ClipTrack, Engine};
use events::{ControllerStorm, ShortSysEx};
use generate::Studio;
use opener::Opener;
use params::ToneNetParams;
use status::Status;
use worker::Worker;

#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator;

/// Tempi closer than this, in beats a minute, give the same latency for a listener.
const SAME_TEMPO: f64 = 0.05;

/// An instance of the plugin.
pub struct ToneNet {
    params: Arc<ToneNetParams>,
    status: Arc<Status>,
    opener: Opener,
    studio: Arc<Studio>,
    editor_size: Arc<EguiEditorState>,
    notifier: RepaintNotifier,
    engine: Option<Engine>,
    storm: ControllerStorm,
    sample_rate: f64,
    longest_block: u32,
    offline: bool,
    /// The tempo the latency in force was computed from.
    tempo: f64,
    /// The mode in force.
    mode: Mode,
    /// The latency that the host was last asked to restart for.
    asked_for: Option<(Mode, LookAhead)>,
}

impl Default for ToneNet {
    fn default() -> Self {
        let status: Arc<Status> = Arc::default();
        let params = Arc::new(ToneNetParams::new(status.clone()));
        let opener = Opener::default();
        let open = {
            let (opener, status) = (opener.clone(), status.clone());
            move || Box::new(opener.composer(&status)) as Box<dyn generate::Composer>
        };
        let studio = Arc::new(Studio::new(params.clips(), params.timeline(), Box::new(open)));
        Self {
            params,
            status,
            opener,
            studio,
            editor_size: editor::default_size(),
            notifier: RepaintNotifier::new(),
            engine: None,
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
    fn look_ahead(&self, tempo: f64) -> LookAhead {
        LookAhead::of(self.params.look_ahead.value().into(), tempo, self.sample_rate, self.longest_block)
    }

    /// Starts an engine; gives its latency in samples, or why there is none.
    fn start(&mut self, config: &BufferConfig) -> Result<u32, String> {
        self.sample_rate = f64::from(config.sample_rate);
        self.longest_block = config.max_buffer_size;
        self.offline = config.process_mode == ProcessMode::Offline;
        self.tempo = self.params.tempo();
        let look_ahead = self.look_ahead(self.tempo);
        self.asked_for = None;
        self.status.latency.store(look_ahead.latency, Ordering::Relaxed);
        self.status.sample_rate.store(config.sample_rate as u32, Ordering::Relaxed);
        self.status.restart_pending.store(false, Ordering::Relaxed);
        // The old engine's thread ends before a new one starts.
        self.engine = None;
        self.mode = self.params.look_ahead.value().into();
        let memory = (self.mode == Mode::Timeline).then(|| self.params.timeline());
        let picture = memory.as_ref().map(|memory| memory.get().0);
        let (opener, sample_rate) = (self.opener.clone(), self.sample_rate);
        let open = move |model, status: &Status| opener.open(model, sample_rate, status);
        let worker = Worker::start(self.status.clone(), memory, open)
            .map_err(|e| format!("the system gives no thread for the model ({e}); close other programs"))?;
        self.studio.start();
        let clips = ClipTrack::new(self.params.clips(), self.studio.link().clone(), self.params.generate.value());
        let (model, status) = (self.params.settings().model, self.status.clone());
        self.engine = Some(Engine::new(self.sample_rate, look_ahead, model, worker, status, picture, clips));
        Ok(look_ahead.latency)
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
        let wanted = self.look_ahead(tempo);
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

/// Does something a host asks for. The framework catches no panics, and one that reached the host would end it; the
/// plugin is silent after one, and the window says so.
fn guarded<T>(status: &Status, task: impl FnOnce() -> T) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(task));
    if done.is_err() {
        status.fail("ToneNet is silent after an internal error; reload it");
    }
    done.ok()
}

fn core_transport(transport: &Transport) -> CoreTransport {
    CoreTransport {
        playing: transport.playing,
        tempo: transport.tempo,
        // A place so far that no song has it says nothing, as does one that is no number.
        beats: transport.pos_beats().filter(|beats| Place::new(*beats).is_some()),
        loop_start_beats: transport.loop_range_beats().map(|(start, _)| start),
    }
}

fn bars(transport: &Transport) -> Bars {
    let signature = transport.time_sig_numerator.zip(transport.time_sig_denominator);
    Bars::told(signature, transport.bar_start_pos_beats(), transport.pos_beats(), transport.loop_range_beats())
}

impl Plugin for ToneNet {
    const NAME: &'static str = "ToneNet";
    const VENDOR: &'static str = "ToneNet";
    const URL: &'static str = env!("CARGO_PKG_REPOSITORY");
    const EMAIL: &'static str = "";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    // Some hosts refuse a plugin without audio; silence goes out.
    const AUDIO_IO_LAYOUTS: &'static [AudioIOLayout] = &[AudioIOLayout {
        main_input_channels: NonZeroU32::new(2),
        main_output_channels: NonZeroU32::new(2),
        ..AudioIOLayout::const_default()
    }];
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
        let (params, status, studio) = (self.params.clone(), self.status.clone(), self.studio.clone());
        editor::create(params, status, studio, self.editor_size.clone(), self.notifier.clone())
    }

    fn activate(
        &mut self,
        _layout: &AudioIOLayout,
        config: &BufferConfig,
        context: &mut impl ActivateContext<Self>,
    ) -> bool {
        let status = self.status.clone();
        match guarded(&status, || self.start(config)) {
            Some(Ok(latency)) => {
                context.set_latency_samples(latency);
                true
            }
            Some(Err(refusal)) => {
                status.fail(refusal);
                false
            }
            None => false,
        }
    }

    fn reset(&mut self) {
        self.storm = ControllerStorm::default();
        let engine = self.engine.take();
        self.engine = engine.and_then(|mut engine| {
            guarded(&self.status, move || {
                engine.reset();
                engine
            })
        });
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
        let (transport, bars) = (core_transport(context.transport()), bars(context.transport()));
        let Some(mut engine) = self.engine.take() else { return ProcessStatus::KeepAlive };
        let (samples, pressed) = (buffer.samples() as u32, self.params.generate.value());
        let block = Block { samples, transport, bars, pressed, offline: self.offline };
        let settings = self.params.settings();
        let filter_storm = context.plugin_api() == PluginApi::Vst3;
        let context = std::cell::RefCell::new(context);
        let (storm, status) = (&mut self.storm, &self.status);
        let shared = &context;
        // The engine goes in, so that a panic ends its thread too before the window tells of it.
        let played = guarded(status, move || {
            engine.process(
                &block,
                &settings,
                || {
                    loop {
                        let event = shared.borrow_mut().next_event()?;
                        if !(filter_storm && storm.is_empty_word(&event)) {
                            return Some(event);
                        }
                    }
                },
                |event| {
                    if shared.borrow_mut().try_send_event(event).is_err() {
                        Status::count(&status.overloads);
                    }
                },
            );
            engine
        });
        let context = context.into_inner();
        let Some(engine) = played else {
            return ProcessStatus::Error("ToneNet is silent after an internal error; reload it");
        };
        let stopped = engine.is_stopped();
        self.engine = Some(engine);
        if self.wants_restart(&transport, stopped) {
            context.request_restart();
        }
        ProcessStatus::KeepAlive
    }

    fn deactivate(&mut self) {
        let status = self.status.clone();
        guarded(&status, || self.engine = None);
    }

    fn filter_state(state: &mut PluginState) {
        params::upgrade(state);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_panic_the_window_says_that_the_plugin_is_silent() {
        let mut plugin = ToneNet::default();
        let status = plugin.status.clone();
        assert_eq!(guarded(&status, || 7), Some(7));
        assert_eq!(status.engine.lock().error, None);
        assert_eq!(guarded::<()>(&status, || panic!("a test")), None);
        let told = status.engine.lock().error.clone();
        assert!(told.is_some_and(|error| error.contains("silent")));
        plugin.deactivate();
    }
}
