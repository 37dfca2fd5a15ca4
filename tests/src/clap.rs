//! A headless CLAP host over clack.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clack_extensions::{latency::*, log::*, params::*, render::*, state::*};
pub use clack_host::events::event_types::NoteExpressionType;
use clack_host::events::event_types::*;
use clack_host::events::io::EventBuffer;
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{Match, Pckn};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};
use tonenet_core::midi::MidiMessage;

use crate::HostError;
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

/// How notes are to sound from a sample of a block on; CLAP alone tells it apart from MIDI.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoteExpression {
    /// Its sample in the block.
    pub sample: u32,
    /// Tuning, brightness and so on.
    pub kind: NoteExpressionType,
    /// Which channel; all where there is none.
    pub channel: Option<u8>,
    /// Which key; all where there is none.
    pub key: Option<u8>,
    /// Which note; all where there is none.
    pub id: Option<u32>,
    /// As CLAP has it for the kind.
    pub value: f64,
}

impl NoteExpression {
    fn of(event: &NoteExpressionEvent) -> Option<Self> {
        let voice = event.pckn();
        let seven_bits = |part: Match<u16>| match part {
            Match::Specific(part) => u8::try_from(part).ok(),
            Match::All => None,
        };
        Some(Self {
            sample: event.header().time(),
            kind: event.expression_type()?,
            channel: seven_bits(voice.channel),
            key: seven_bits(voice.key),
            id: id_of(voice),
            value: event.value(),
        })
    }

    fn event(&self) -> NoteExpressionEvent {
        let [channel, key] =
            [self.channel, self.key].map(|part| part.map_or(Match::All, |part| Match::Specific(u16::from(part))));
        let id = self.id.map_or(Match::All, Match::Specific);
        NoteExpressionEvent::new(self.sample, Pckn::new(0u16, channel, key, id), self.kind, self.value)
    }
}

fn id_of(voice: Pckn) -> Option<u32> {
    match voice.note_id {
        Match::Specific(id) => Some(id),
        Match::All => None,
    }
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
    /// `None` while it is not active.
    running: Option<Running>,
    instance: PluginInstance<Handlers>,
    // Dropped after the instance that lives in it.
    _entry: PluginEntry,
}

impl ClapHost {
    /// Loads a bundle and makes an instance of its first plugin.
    ///
    /// # Errors
    /// When there is no bundle or it does not load.
    pub fn load(path: &Path) -> Result<Self, HostError> {
        if !path.exists() {
            return Err(HostError::NoBundle(path.display().to_string()));
        }
        let fail = |step| move |reason: String| HostError::Plugin { bundle: path.display().to_string(), step, reason };
        // SAFETY: loading runs the bundle's initialisers; it is the project's own build, named by the caller.
        let entry = unsafe { PluginEntry::load(path) }.map_err(|e| fail("load")(e.to_string()))?;
        let factory = entry.get_plugin_factory().ok_or_else(|| fail("offer a plugin")("no factory".into()))?;
        let descriptor = factory.plugin_descriptors().next();
        let id =
            descriptor.as_ref().and_then(|d| d.id()).ok_or_else(|| fail("offer a plugin")("no descriptor".into()))?;
        let info = HostInfo::new("ToneNet host", "ToneNet", "https://tonenet.invalid", "1")
            .map_err(|e| fail("take the host's name")(e.to_string()))?;
        let instance = PluginInstance::<Handlers>::new(
            |_| Shared { restart: AtomicBool::new(false), misbehaved: AtomicBool::new(false) },
            |_| Main,
            &entry,
            id,
            &info,
        )
        .map_err(|e| fail("make an instance")(e.to_string()))?;
        Ok(Self { path: path.to_owned(), running: None, instance, _entry: entry })
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
        Ok(self.running.as_mut().map(|running| std::mem::take(&mut running.buffers.expressions)).unwrap_or_default())
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
        HostError::Plugin { bundle: self.path.display().to_string(), step, reason: reason.to_string() }
    }
}

impl Host for ClapHost {
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
        self.running = Some(Running { started, buffers: Buffers::new(setup.longest_block as usize) });
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
            Some(running) => running.block(transport, samples, inputs, each),
            None => Err("it is not active".to_owned()),
        };
        processed.map_err(|e| self.fail("process", e))
    }

    fn save_state(&mut self) -> Result<Vec<u8>, HostError> {
        let mut saved = Vec::new();
        let plugin = self.instance.plugin_handle();
        let outcome = match plugin.get_extension::<PluginState>() {
            Some(state) => state.save(&plugin, &mut saved).map_err(|e| e.to_string()),
            None => Err("it has no state".into()),
        };
        outcome.map(|()| saved).map_err(|e| self.fail("save its state", e))
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

fn push_to(events: &mut EventBuffer, input: &Input) {
    let (time, message, id) = match *input {
        Input::Parameter(time, ParameterId(id), value) => {
            events.push(&ParamValueEvent::new(time, ClapId::new(id), Pckn::match_all(), value));
            return;
        }
        Input::Message(time, message) => (time, message, Match::All),
        Input::Note(time, message, id) => (time, message, Match::Specific(id)),
    };
    match message {
        MidiMessage::Channel([status, key, value]) => {
            let voice = Pckn::new(0u16, u16::from(status & 0x0F), u16::from(*key), id);
            match status & 0xF0 {
                0x90 if *value > 0 => events.push(&NoteOnEvent::new(time, voice, f64::from(*value) / 127.0)),
                0x80 | 0x90 => events.push(&NoteOffEvent::new(time, voice, f64::from(*value) / 127.0)),
                _ => events.push(&MidiEvent::new(time, 0, [*status, *key, *value])),
            };
        }
        MidiMessage::SysEx(data) => {
            // SAFETY: the caller's bytes outlive the call of the plugin, which copies what it keeps.
            events.push(&unsafe { MidiSysExEvent::new(time, 0, data) });
        }
    }
}

/// The plugin while it processes.
struct Running {
    started: StartedPluginAudioProcessor<Handlers>,
    buffers: Buffers,
}

/// Buffers for one block after the other.
struct Buffers {
    input: [Vec<f32>; 2],
    output: [Vec<f32>; 2],
    input_ports: AudioPorts,
    output_ports: AudioPorts,
    input_events: EventBuffer,
    output_events: EventBuffer,
    /// Those that go in with a block, then those that came out of it.
    expressions: Vec<NoteExpression>,
    steady: u64,
}

impl Buffers {
    fn new(longest: usize) -> Self {
        let buffers = || [vec![0.0; longest], vec![0.0; longest]];
        Self {
            input: buffers(),
            output: buffers(),
            input_ports: AudioPorts::with_capacity(2, 1),
            output_ports: AudioPorts::with_capacity(2, 1),
            input_events: EventBuffer::new(),
            output_events: EventBuffer::new(),
            expressions: Vec::new(),
            steady: 0,
        }
    }
}

impl Running {
    fn block(
        &mut self,
        transport: Option<&HostTransport>,
        samples: u32,
        inputs: &[Input],
        each: &mut dyn FnMut(BlockOutput),
    ) -> Result<(), String> {
        let Buffers { input, output, input_ports, output_ports, input_events, output_events, expressions, steady } =
            &mut self.buffers;
        input_events.clear();
        output_events.clear();
        inputs.iter().for_each(|input| push_to(input_events, input));
        expressions.drain(..).for_each(|expression| input_events.push(&expression.event()));
        input_events.sort();
        let length = samples as usize;
        let audio_in = input_ports.with_input_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_input_only(
                input.iter_mut().map(|b| InputChannel::constant(&mut b[..length])),
            ),
        }]);
        let mut audio_out = output_ports.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(output.iter_mut().map(|b| &mut b[..length])),
        }]);
        self.started
            .process(
                &audio_in,
                &mut audio_out,
                &InputEvents::from_buffer(input_events),
                &mut OutputEvents::from_buffer(output_events),
                Some(*steady),
                transport.map(event_of).as_ref(),
            )
            .map_err(|e| e.to_string())?;
        *steady += u64::from(samples);
        for event in output_events.iter() {
            let sample = event.header().time();
            let (message, id) = match event.as_core_event() {
                Some(CoreEventSpace::NoteOn(on)) => {
                    let velocity = (on.velocity() * 127.0).round().clamp(1.0, 127.0) as u8;
                    (note(0x90, on.pckn(), velocity), id_of(on.pckn()))
                }
                Some(CoreEventSpace::NoteOff(off)) => {
                    (note(0x80, off.pckn(), (off.velocity() * 127.0).round() as u8), id_of(off.pckn()))
                }
                Some(CoreEventSpace::Midi(midi)) => (Some(MidiMessage::Channel(midi.data())), None),
                Some(CoreEventSpace::NoteExpression(expression)) => {
                    expressions.extend(NoteExpression::of(expression));
                    // The framework speaks of key pressure as CLAP does, whatever it came in as.
                    let is_pressure = expression.expression_type() == Some(NoteExpressionType::Pressure);
                    let pressure = note(0xA0, expression.pckn(), (expression.value() * 127.0).round() as u8);
                    (pressure.filter(|_| is_pressure), None)
                }
                Some(CoreEventSpace::MidiSysEx(sysex)) => {
                    // SAFETY: the plugin's data lives until its next call; it is copied here, before that.
                    (Some(MidiMessage::SysEx(unsafe { sysex.data() }.to_vec())), None)
                }
                _ => (None, None),
            };
            if let Some(message) = message {
                each(BlockOutput { sample, message, id });
            }
        }
        Ok(())
    }
}

fn note(status: u8, voice: Pckn, velocity: u8) -> Option<MidiMessage> {
    let (Match::Specific(channel), Match::Specific(key)) = (voice.channel, voice.key) else { return None };
    Some(MidiMessage::Channel([status | (channel as u8 & 0x0F), key as u8, velocity]))
}

fn event_of(transport: &HostTransport) -> TransportEvent {
    let HostTransport { playing, recording, beats, seconds, tempo, loop_beats, signature } = *transport;
    let mut flags = TransportFlags::HAS_TEMPO
        | TransportFlags::HAS_BEATS_TIMELINE
        | TransportFlags::HAS_SECONDS_TIMELINE
        | TransportFlags::HAS_TIME_SIGNATURE;
    flags.set(TransportFlags::IS_PLAYING, playing);
    flags.set(TransportFlags::IS_RECORDING, recording);
    flags.set(TransportFlags::IS_LOOP_ACTIVE, loop_beats.is_some());
    let (loop_start, loop_end) = loop_beats.unwrap_or_default();
    let at_tempo = |beats: f64| SecondsTime::from_float(beats * 60.0 / tempo);
    let (bar_start, bar_number) = transport.bar();
    TransportEvent {
        header: EventHeader::new_core(0, clack_host::events::EventFlags::empty()),
        flags,
        song_pos_beats: BeatTime::from_float(beats),
        song_pos_seconds: SecondsTime::from_float(seconds),
        tempo,
        tempo_inc: 0.0,
        loop_start_beats: BeatTime::from_float(loop_start),
        loop_end_beats: BeatTime::from_float(loop_end),
        loop_start_seconds: at_tempo(loop_start),
        loop_end_seconds: at_tempo(loop_end),
        bar_start: BeatTime::from_float(bar_start),
        bar_number: bar_number as i32,
        time_signature_numerator: signature.0,
        time_signature_denominator: signature.1,
    }
}
