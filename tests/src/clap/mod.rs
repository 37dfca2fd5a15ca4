//! A headless CLAP host over clack.

mod events;

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clack_extensions::{latency::*, log::*, params::*, render::*, state::*};
pub use clack_host::events::event_types::NoteExpressionType;
use clack_host::events::io::EventBuffer;
use clack_host::prelude::*;
use clap_sys::audio_buffer::clap_audio_buffer;
use tonenet_core::midi::MidiMessage;

pub use self::events::NoteExpression;
use self::events::{Collected, push_to, transport_event};
use crate::HostError;
use crate::audio::{AudioBus, AudioBuses, BusMemory};
use crate::host::{BlockOutput, Host, HostTransport, Input, ParameterId, Setup};

/// What the plugin may ask of us from any thread.
pub struct Shared {
    restart: AtomicBool,
    misbehaved: AtomicBool,
}

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {
        self.restart.store(true, Ordering::Release);
    }
    fn request_process(&self) {}
    fn request_callback(&self) {}
}

impl HostLogImpl for Shared {
    fn log(&self, severity: LogSeverity, message: &str) {
        if matches!(severity, LogSeverity::PluginMisbehaving | LogSeverity::HostMisbehaving) {
            self.misbehaved.store(true, Ordering::Release);
            eprintln!("CLAP: {message}");
        }
    }
}

impl HostParamsImplShared for Shared {
    fn request_flush(&self) {}
}

/// What the plugin may ask of the main thread.
pub struct Main;

impl<'a> MainThreadHandler<'a> for Main {
    fn initialized(&self, _instance: InitializedPluginHandle<'a>) {}
}

impl HostLatencyImpl for Main {
    fn changed(&self) {}
}

impl HostStateImpl for Main {
    fn mark_dirty(&self) {}
}

impl HostParamsImplMainThread for Main {
    fn rescan(&self, _flags: ParamRescanFlags) {}
    fn clear(&self, _param: ClapId, _flags: ParamClearFlags) {}
}

struct Handlers;

impl HostHandlers for Handlers {
    type Shared<'a> = Shared;
    type MainThread<'a> = Main;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _shared: &Self::Shared<'_>) {
        builder.register::<HostLatency>().register::<HostState>().register::<HostParams>().register::<HostLog>();
    }
}

/// One instance of the plugin in a `.clap`.
pub struct ClapHost {
    path: PathBuf,
    /// What it is lent of audio.
    audio: AudioBuses,
    /// `None` while it is not active.
    running: Option<Running>,
    instance: PluginInstance<Handlers>,
    // Dropped after the instance that lives in it.
    _entry: PluginEntry,
}

impl ClapHost {
    /// Reads what plugin a bundle has, as a host does that scans its folders.
    ///
    /// # Errors
    /// When there is no bundle or it does not load.
    pub fn scan(path: &Path) -> Result<(), HostError> {
        open(path).map(drop)
    }

    /// Loads a bundle and makes an instance of its first plugin.
    ///
    /// # Errors
    /// When there is no bundle or it does not load.
    pub fn load(path: &Path) -> Result<Self, HostError> {
        let (entry, id) = open(path)?;
        let info = HostInfo::new("ToneNet host", "ToneNet", "https://tonenet.invalid", "1")
            .map_err(|e| failure(path, "take the host's name", e))?;
        let instance = PluginInstance::<Handlers>::new(
            |_| Shared { restart: AtomicBool::new(false), misbehaved: AtomicBool::new(false) },
            |_| Main,
            &entry,
            &id,
            &info,
        )
        .map_err(|e| failure(path, "make an instance", e))?;
        Ok(Self { path: path.to_owned(), audio: AudioBuses::default(), running: None, instance, _entry: entry })
    }

    /// Runs a block in which notes are told how to sound; gives what comes out of that.
    ///
    /// # Errors
    /// When the plugin fails, or is not active.
    pub fn express(
        &mut self,
        samples: u32,
        inputs: &[Input],
        expressions: &[NoteExpression],
    ) -> Result<Vec<NoteExpression>, HostError> {
        if let Some(running) = &mut self.running {
            running.buffers.expressions = expressions.to_vec();
        }
        self.block(None, samples, inputs, &mut |_| {})?;
        Ok(self
            .running
            .as_mut()
            .map(|running| std::mem::take(&mut running.buffers.collected.expressions))
            .unwrap_or_default())
    }

    /// Sets a parameter of a plugin that is not active.
    ///
    /// # Errors
    /// When it has no such parameter.
    pub fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), HostError> {
        let id = self.parameter_id(name)?;
        let mut events = EventBuffer::new();
        push_to(&mut events, &Input::Parameter(0, id, value));
        let outcome = match self.instance.inactive_plugin_handle() {
            None => Err("it is active"),
            Some(mut plugin) => match plugin.get_extension::<PluginParams>() {
                None => Err("it has no parameters"),
                Some(params) => {
                    let (input, mut output) = (InputEvents::from_buffer(&events), OutputEvents::void());
                    params.flush(&mut plugin, &input, &mut output);
                    Ok(())
                }
            },
        };
        outcome.map_err(|reason| self.fail("take a parameter", reason))
    }

    /// How many note-offs for all channels or all keys have left since the plugin was last activated.
    pub fn offs_for_all(&self) -> u32 {
        self.running.as_ref().map_or(0, |running| running.buffers.collected.offs_for_all)
    }

    /// How long the plugin took for its last block.
    pub fn took(&self) -> Duration {
        self.running.as_ref().map_or(Duration::ZERO, |running| running.took)
    }

    /// A parameter's plain value, by name.
    pub fn parameter(&mut self, name: &str) -> Option<f64> {
        let id = self.find_parameter(name)?;
        let plugin = self.instance.plugin_handle();
        plugin.get_extension::<PluginParams>()?.get_value(&plugin, id)
    }

    /// Whether host or plugin broke CLAP's rules, as far as the plugin's framework checks them.
    pub fn misbehaved(&self) -> bool {
        self.instance.access_shared_handler(|s| s.misbehaved.load(Ordering::Acquire))
    }

    fn latency(&mut self) -> u32 {
        let plugin = self.instance.plugin_handle();
        plugin.get_extension::<PluginLatency>().map_or(0, |latency| latency.get(&plugin))
    }

    fn find_parameter(&mut self, name: &str) -> Option<ClapId> {
        let plugin = self.instance.plugin_handle();
        let params = plugin.get_extension::<PluginParams>()?;
        let mut buffer = ParamInfoBuffer::new();
        (0..params.count(&plugin)).find_map(|i| {
            let info = params.get_info(&plugin, i, &mut buffer)?;
            (info.name == name.as_bytes()).then_some(info.id)
        })
    }

    fn fail(&self, step: &'static str, reason: impl std::fmt::Display) -> HostError {
        failure(&self.path, step, reason)
    }
}

/// A bundle's entry, and the id of its first plugin.
fn open(path: &Path) -> Result<(PluginEntry, CString), HostError> {
    if !path.exists() {
        return Err(HostError::NoBundle(path.display().to_string()));
    }
    // SAFETY: loading runs the bundle's initialisers; it is the project's own build, named by the caller.
    let entry = unsafe { PluginEntry::load(path) }.map_err(|e| failure(path, "load", e))?;
    let factory = entry.get_plugin_factory().ok_or_else(|| failure(path, "offer a plugin", "no factory"))?;
    let descriptor = factory.plugin_descriptors().next();
    let id =
        descriptor.as_ref().and_then(|d| d.id()).ok_or_else(|| failure(path, "offer a plugin", "no descriptor"))?;
    let id = id.to_owned();
    Ok((entry, id))
}

fn failure(path: &Path, step: &'static str, reason: impl std::fmt::Display) -> HostError {
    HostError::Plugin { bundle: path.display().to_string(), step, reason: reason.to_string() }
}

impl ClapHost {
    /// Saves the state into a buffer of the caller's, in place of what is there.
    ///
    /// # Errors
    /// When the plugin has none or fails.
    pub fn save_state_into(&mut self, saved: &mut Vec<u8>) -> Result<(), HostError> {
        saved.clear();
        let plugin = self.instance.plugin_handle();
        let outcome = match plugin.get_extension::<PluginState>() {
            Some(state) => state.save(&plugin, saved).map_err(|e| e.to_string()),
            None => Err("it has no state".into()),
        };
        outcome.map_err(|e| self.fail("save its state", e))
    }
}

impl Host for ClapHost {
    fn lend_audio(&mut self, audio: AudioBuses) {
        self.audio = audio;
    }

    fn activate(&mut self, setup: &Setup) -> Result<u32, HostError> {
        let plugin = self.instance.plugin_handle();
        if let Some(render) = plugin.get_extension::<PluginRender>() {
            let mode = if setup.offline { RenderMode::Offline } else { RenderMode::Realtime };
            render.set(&plugin, mode).map_err(|e| self.fail("take a render mode", e))?;
        }
        let config = PluginAudioConfiguration {
            sample_rate: setup.sample_rate,
            min_frames_count: 1,
            max_frames_count: setup.longest_block,
        };
        let processor = self.instance.activate(|_, _| (), config).map_err(|e| self.fail("activate", e))?;
        let latency = self.latency();
        self.instance.access_shared_handler(|s| s.restart.store(false, Ordering::Release));
        let started = processor.start_processing().map_err(|e| self.fail("start", e))?;
        self.running = Some(Running { started, buffers: Buffers::default(), took: Duration::ZERO });
        Ok(latency)
    }

    fn deactivate(&mut self) {
        if let Some(running) = self.running.take() {
            self.instance.deactivate(running.started.stop_processing());
        }
    }

    fn reset(&mut self) {
        self.running.iter_mut().for_each(|running| running.started.reset());
    }

    fn wants_restart(&mut self) -> bool {
        self.instance.access_shared_handler(|s| s.restart.swap(false, Ordering::AcqRel))
    }

    fn parameter_id(&mut self, name: &str) -> Result<ParameterId, HostError> {
        match self.find_parameter(name) {
            Some(id) => Ok(ParameterId(id.get())),
            None => Err(self.fail("have a parameter", name)),
        }
    }

    fn carries(&self, _message: &MidiMessage) -> bool {
        true
    }

    fn block(
        &mut self,
        transport: Option<&HostTransport>,
        samples: u32,
        inputs: &[Input],
        each: &mut dyn FnMut(BlockOutput),
    ) -> Result<(), HostError> {
        let processed = match &mut self.running {
            Some(running) => running.block(self.audio, transport, samples, inputs, each),
            None => Err("it is not active".to_owned()),
        };
        processed.map_err(|e| self.fail("process", e))
    }

    fn save_state(&mut self) -> Result<Vec<u8>, HostError> {
        let mut saved = Vec::new();
        self.save_state_into(&mut saved).map(|()| saved)
    }

    fn load_state(&mut self, mut state: &[u8]) -> Result<(), HostError> {
        let plugin = self.instance.plugin_handle();
        let outcome = match plugin.get_extension::<PluginState>() {
            Some(extension) => extension.load(&plugin, &mut state).map_err(|e| e.to_string()),
            None => Err("it has no state".into()),
        };
        outcome.map_err(|e| self.fail("load a state", e))
    }

    /// A state begins with the length of its JSON.
    fn json<'a>(&self, state: &'a [u8]) -> &'a [u8] {
        state.get(size_of::<u64>()..).unwrap_or_default()
    }

    fn state(&self, json: Vec<u8>) -> Vec<u8> {
        [&(json.len() as u64).to_le_bytes(), json.as_slice()].concat()
    }
}

impl Drop for ClapHost {
    fn drop(&mut self) {
        self.deactivate();
    }
}

/// The plugin while it processes.
struct Running {
    started: StartedPluginAudioProcessor<Handlers>,
    buffers: Buffers,
    /// What the last block took.
    took: Duration,
}

/// Buffers for one block after the other.
#[derive(Default)]
struct Buffers {
    input: BusMemory,
    output: BusMemory,
    input_events: EventBuffer,
    /// Those that go in with the next block.
    expressions: Vec<NoteExpression>,
    collected: Collected,
    steady: u64,
}

/// What CLAP calls what is lent of a bus; none where it is absent.
fn lent(memory: &mut BusMemory, bus: AudioBus, samples: u32) -> Vec<clap_audio_buffer> {
    let port = clap_audio_buffer {
        data32: memory.lend(bus, samples),
        data64: ptr::null_mut(),
        channel_count: bus.channels() as u32,
        latency: 0,
        constant_mask: 0,
    };
    if bus == AudioBus::Absent { Vec::new() } else { vec![port] }
}

impl Running {
    fn block(
        &mut self,
        audio: AudioBuses,
        transport: Option<&HostTransport>,
        samples: u32,
        inputs: &[Input],
        each: &mut dyn FnMut(BlockOutput),
    ) -> Result<(), String> {
        let Buffers { input, output, input_events, expressions, collected, steady } = &mut self.buffers;
        input_events.clear();
        collected.expressions.clear();
        inputs.iter().for_each(|input| push_to(input_events, input));
        expressions.drain(..).for_each(|expression| input_events.push(&expression.event()));
        input_events.sort();
        let ports_in = lent(input, audio.input, samples);
        let mut ports_out = lent(output, audio.output, samples);
        // SAFETY: the memory has so many samples and outlives the call. A pointer may be null, as hosts have it; that
        // is what is tested.
        let (audio_in, mut audio_out) = unsafe {
            let audio_in = InputAudioBuffers::from_raw_buffers(&ports_in, samples);
            (audio_in, OutputAudioBuffers::from_raw_buffers(&mut ports_out, samples))
        };
        let transport = transport.map(transport_event);
        let (events_in, mut events_out) =
            (InputEvents::from_buffer(input_events), OutputEvents::from_buffer(collected));
        let called = Instant::now();
        let processed = self.started.process(
            &audio_in,
            &mut audio_out,
            &events_in,
            &mut events_out,
            Some(*steady),
            transport.as_ref(),
        );
        self.took = called.elapsed();
        processed.map_err(|e| e.to_string())?;
        if !output.is_silent(audio.output) {
            return Err("it sounds".into());
        }
        *steady += u64::from(samples);
        collected.outputs.drain(..).for_each(each);
        Ok(())
    }
}
