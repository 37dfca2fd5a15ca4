//! A headless CLAP host over clack.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clack_extensions::{latency::*, log::*, params::*, render::*, state::*};
use clack_host::events::event_types::*;
use clack_host::events::io::EventBuffer;
use clack_host::events::spaces::CoreEventSpace;
use clack_host::events::{Match, Pckn};
use clack_host::prelude::*;
use clack_host::utils::{BeatTime, SecondsTime};
use tonenet_core::midi::MidiMessage;

use crate::session::{Automation, Output, Played, Session};
use crate::{HostError, Report, report};

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
        let fail = |step| move |reason: String| failure(path, step, reason);
        let info = HostInfo::new("ToneNet host", "ToneNet", "https://tonenet.invalid", "1")
            .map_err(|e| fail("take the host's name")(e.to_string()))?;
        let instance = PluginInstance::<Handlers>::new(
            |_| Shared { restart: AtomicBool::new(false), misbehaved: AtomicBool::new(false) },
            |_| Main,
            &entry,
            &id,
            &info,
        )
        .map_err(|e| fail("make an instance")(e.to_string()))?;
        Ok(Self { path: path.to_owned(), instance, _entry: entry })
    }

    /// Plays a session from start to end, after a stopped pre-roll in which restarts that the plugin asks for happen.
    ///
    /// `progress` is told the sample that was reached and the last one.
    ///
    /// # Errors
    /// When the plugin refuses to be activated or to process.
    pub fn play(&mut self, session: &Session, mut progress: impl FnMut(u64, u64)) -> Result<Played, HostError> {
        let set = |(name, value): &(String, f64)| Ok(InputEvent::Parameter(0, self.known_parameter(name)?, *value));
        let parameters = session.parameters.iter().map(set).collect::<Result<Vec<_>, HostError>>()?;
        let set = |a: &Automation| Ok((a.time, self.known_parameter(&a.name)?, a.value));
        let automation = session.automation.iter().map(set).collect::<Result<Vec<_>, HostError>>()?;
        let longest = session.blocks.iter().copied().max().unwrap_or(512).max(64);
        let at_rest = transport(session, 0);
        let (mut running, restarts) =
            self.start_at_rest(session.sample_rate, longest, session.offline, &parameters, &at_rest)?;
        let latency = running.latency;
        let mut outputs = Vec::new();
        let end = session.end() + u64::from(latency) + 1;
        let (mut at, mut next) = (0u64, 0usize);
        for &size in session.blocks.iter().cycle() {
            if at >= end {
                break;
            }
            let from = next;
            while session.messages.get(next).is_some_and(|m| m.time < at + u64::from(size)) {
                next += 1;
            }
            let in_block = |time: &u64| (at..at + u64::from(size)).contains(time);
            let mut events: Vec<InputEvent> = automation
                .iter()
                .filter(|(time, ..)| in_block(time))
                .map(|&(time, id, value)| InputEvent::Parameter((time - at) as u32, id, value))
                .collect();
            events.extend(
                session.messages[from..next].iter().map(|m| InputEvent::Message((m.time - at) as u32, &m.message)),
            );
            // A parameter comes before the notes at its sample.
            events.sort_by_key(InputEvent::time);
            let mut take = |out: BlockOutput| {
                outputs.push(Output { time: at + u64::from(out.time), message: out.message });
            };
            running.block(&transport(session, at), size, &events, &mut take).map_err(|e| self.fail("process", e))?;
            at += u64::from(size);
            progress(at.min(end), end);
        }
        self.stop(running);
        Ok(Played { latency, restarts, outputs })
    }

    /// Starts as [`ClapHost::start`] does, with `parameters` set and the transport stopped at a place of the song: the
    /// plugin sees the tempo there and may ask for other latencies; tells how many restarts that took.
    ///
    /// # Errors
    /// When the plugin refuses to be activated or to process.
    pub fn start_at_rest(
        &mut self,
        sample_rate: f64,
        longest: u32,
        offline: bool,
        parameters: &[InputEvent],
        place: &HostTransport,
    ) -> Result<(Running, u32), HostError> {
        let at_rest = HostTransport { playing: false, ..*place };
        let mut restarts = 0;
        loop {
            let mut running = self.start(sample_rate, longest, offline)?;
            for i in 0..8 {
                let events = if i == 0 { parameters } else { &[] };
                running.block(&at_rest, longest.min(512), events, |_| {}).map_err(|e| self.fail("process", e))?;
            }
            if self.wants_restart() && restarts < 4 {
                restarts += 1;
                self.stop(running);
                continue;
            }
            running.reset();
            return Ok((running, restarts));
        }
    }

    /// Sets a parameter of a plugin that is not active.
    ///
    /// # Errors
    /// When it has no such parameter.
    pub fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), HostError> {
        let id = self.known_parameter(name)?;
        let mut events = EventBuffer::new();
        InputEvent::Parameter(0, id, value).push_to(&mut events);
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

    /// Activates the plugin and starts processing, in blocks of up to `longest` samples.
    ///
    /// # Errors
    /// When the plugin refuses.
    pub fn start(&mut self, sample_rate: f64, longest: u32, offline: bool) -> Result<Running, HostError> {
        let plugin = self.instance.plugin_handle();
        if let Some(render) = plugin.get_extension::<PluginRender>() {
            let mode = if offline { RenderMode::Offline } else { RenderMode::Realtime };
            render.set(&plugin, mode).map_err(|e| self.fail("take a render mode", e))?;
        }
        let config = PluginAudioConfiguration { sample_rate, min_frames_count: 1, max_frames_count: longest };
        let processor = self.instance.activate(|_, _| (), config).map_err(|e| self.fail("activate", e))?;
        let latency = self.latency();
        self.instance.access_shared_handler(|s| s.restart.store(false, Ordering::Release));
        let started = processor.start_processing().map_err(|e| self.fail("start", e))?;
        Ok(Running { latency, started, buffers: Buffers::new(longest as usize) })
    }

    /// Stops processing and deactivates the plugin.
    pub fn stop(&mut self, running: Running) {
        self.instance.deactivate(running.started.stop_processing());
    }

    /// Whether the plugin has asked for a restart since it was last started or asked about.
    pub fn wants_restart(&mut self) -> bool {
        self.instance.access_shared_handler(|s| s.restart.swap(false, Ordering::AcqRel))
    }

    /// The plugin's state as it saves it in a project.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn save_state(&mut self) -> Result<Vec<u8>, HostError> {
        let mut saved = Vec::new();
        let plugin = self.instance.plugin_handle();
        let outcome = match plugin.get_extension::<PluginState>() {
            Some(state) => state.save(&plugin, &mut saved).map_err(|e| e.to_string()),
            None => Err("it has no state".into()),
        };
        outcome.map(|()| saved).map_err(|e| self.fail("save its state", e))
    }

    /// Makes the plugin tell [`report`](Self::report) what it does.
    ///
    /// # Errors
    /// When its state takes no such wish.
    pub fn ask_for_report(&mut self) -> Result<(), HostError> {
        let state = self.save_state()?;
        let asking = Report::ask_in(&state).map_err(|e| self.fail("take a wish for a report", e))?;
        self.load_state(&asking)
    }

    /// What the plugin says that it has done since it was loaded.
    ///
    /// # Errors
    /// When it says nothing, as it does until it was [asked](Self::ask_for_report).
    pub fn report(&mut self) -> Result<Report, HostError> {
        let state = self.save_state()?;
        Report::of_state(&state).map_err(|e| self.fail("report what it did", e))
    }

    /// How many notes the plugin remembers of its song.
    ///
    /// # Errors
    /// When its state has no word of them.
    pub fn remembered(&mut self) -> Result<usize, HostError> {
        let state = self.save_state()?;
        report::remembered(&state).map_err(|e| self.fail("tell what it remembers", e))
    }

    /// Gives the plugin a state.
    ///
    /// # Errors
    /// When the plugin refuses it.
    pub fn load_state(&mut self, mut state: &[u8]) -> Result<(), HostError> {
        let plugin = self.instance.plugin_handle();
        let outcome = match plugin.get_extension::<PluginState>() {
            Some(extension) => extension.load(&plugin, &mut state).map_err(|e| e.to_string()),
            None => Err("it has no state".into()),
        };
        outcome.map_err(|e| self.fail("load a state", e))
    }

    /// A parameter's plain value, by name.
    pub fn parameter(&mut self, name: &str) -> Option<f64> {
        let id = self.parameter_id(name)?;
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

    fn parameter_id(&mut self, name: &str) -> Option<ClapId> {
        let plugin = self.instance.plugin_handle();
        let params = plugin.get_extension::<PluginParams>()?;
        let mut buffer = ParamInfoBuffer::new();
        (0..params.count(&plugin)).find_map(|i| {
            let info = params.get_info(&plugin, i, &mut buffer)?;
            (info.name == name.as_bytes()).then_some(info.id)
        })
    }

    /// The id of a parameter that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn known_parameter(&mut self, name: &str) -> Result<ClapId, HostError> {
        self.parameter_id(name).ok_or_else(|| self.fail("have a parameter", name))
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

/// Something that goes into a block.
pub enum InputEvent<'a> {
    /// A message at a sample of the block.
    Message(u32, &'a MidiMessage),
    /// A message about a note with an id, at a sample of the block.
    Note(u32, &'a MidiMessage, u32),
    /// A parameter's plain value from a sample of the block on.
    Parameter(u32, ClapId, f64),
}

impl InputEvent<'_> {
    /// Its sample in the block.
    pub fn time(&self) -> u32 {
        match *self {
            Self::Message(time, _) | Self::Note(time, ..) | Self::Parameter(time, ..) => time,
        }
    }

    fn push_to(&self, events: &mut EventBuffer) {
        let (time, message, id) = match *self {
            Self::Parameter(time, id, value) => {
                events.push(&ParamValueEvent::new(time, id, Pckn::match_all(), value));
                return;
            }
            Self::Message(time, message) => (time, message, Match::All),
            Self::Note(time, message, id) => (time, message, Match::Specific(id)),
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
}

/// Something that came out of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockOutput {
    /// Its sample in the block.
    pub time: u32,
    /// The message; a note-on's velocity is rounded to 1–127.
    pub message: MidiMessage,
    /// The note's id, where the plugin gave one.
    pub id: Option<u32>,
}

/// What the host tells of its timeline at the start of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostTransport {
    /// Whether it plays.
    pub playing: bool,
    /// Quarter notes from the start of the song.
    pub beats: f64,
    /// The same in seconds.
    pub seconds: f64,
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Start and end of the loop in quarter notes, while looping is on.
    pub loop_beats: Option<(f64, f64)>,
    /// Beats in a bar, and which part of a whole note a beat is.
    pub signature: (u16, u16),
}

/// The plugin while it processes; given back to [`ClapHost::stop`].
pub struct Running {
    /// Latency reported at the activation, in samples.
    pub latency: u32,
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
            steady: 0,
        }
    }
}

impl Running {
    /// The host's reset: the plugin forgets what it was doing and goes on.
    pub fn reset(&mut self) {
        self.started.reset();
    }

    /// Runs a block of `size` samples with `events` in the order of their times; tells how long the plugin took.
    ///
    /// # Errors
    /// When the plugin fails.
    pub fn block(
        &mut self,
        transport: &HostTransport,
        size: u32,
        events: &[InputEvent],
        mut each: impl FnMut(BlockOutput),
    ) -> Result<Duration, String> {
        let Buffers { input, output, input_ports, output_ports, input_events, output_events, steady } =
            &mut self.buffers;
        input_events.clear();
        output_events.clear();
        for event in events {
            event.push_to(input_events);
        }
        let length = size as usize;
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
        let transport = transport.event();
        let (events_in, mut events_out) =
            (InputEvents::from_buffer(input_events), OutputEvents::from_buffer(output_events));
        let called = Instant::now();
        let processed = self.started.process(
            &audio_in,
            &mut audio_out,
            &events_in,
            &mut events_out,
            Some(*steady),
            Some(&transport),
        );
        let took = called.elapsed();
        processed.map_err(|e| e.to_string())?;
        *steady += u64::from(size);
        for event in output_events.iter() {
            let time = event.header().time();
            let id = |voice: Pckn| match voice.note_id {
                Match::Specific(id) => Some(id),
                Match::All => None,
            };
            let (message, id) = match event.as_core_event() {
                Some(CoreEventSpace::NoteOn(on)) => {
                    let velocity = (on.velocity() * 127.0).round().clamp(1.0, 127.0) as u8;
                    (note(0x90, on.pckn(), velocity), id(on.pckn()))
                }
                Some(CoreEventSpace::NoteOff(off)) => {
                    (note(0x80, off.pckn(), (off.velocity() * 127.0).round() as u8), id(off.pckn()))
                }
                Some(CoreEventSpace::Midi(midi)) => (Some(MidiMessage::Channel(midi.data())), None),
                // The framework speaks of key pressure as CLAP does, whatever it came in as.
                Some(CoreEventSpace::NoteExpression(expression))
                    if expression.expression_type() == Some(NoteExpressionType::Pressure) =>
                {
                    (note(0xA0, expression.pckn(), (expression.value() * 127.0).round() as u8), None)
                }
                Some(CoreEventSpace::MidiSysEx(sysex)) => {
                    // SAFETY: the plugin's data lives until its next call; it is copied here, before that.
                    (Some(MidiMessage::SysEx(unsafe { sysex.data() }.to_vec())), None)
                }
                _ => (None, None),
            };
            if let Some(message) = message {
                each(BlockOutput { time, message, id });
            }
        }
        Ok(took)
    }
}

fn note(status: u8, voice: Pckn, velocity: u8) -> Option<MidiMessage> {
    let (Match::Specific(channel), Match::Specific(key)) = (voice.channel, voice.key) else { return None };
    Some(MidiMessage::Channel([status | (channel as u8 & 0x0F), key as u8, velocity]))
}

fn transport(session: &Session, time: u64) -> HostTransport {
    let (beats, tempo) = session.transport(time);
    HostTransport {
        playing: true,
        beats,
        seconds: time as f64 / session.sample_rate,
        tempo,
        loop_beats: None,
        signature: (4, 4),
    }
}

impl HostTransport {
    fn event(&self) -> TransportEvent {
        let mut flags = TransportFlags::HAS_TEMPO
            | TransportFlags::HAS_BEATS_TIMELINE
            | TransportFlags::HAS_SECONDS_TIMELINE
            | TransportFlags::HAS_TIME_SIGNATURE;
        if self.playing {
            flags |= TransportFlags::IS_PLAYING;
        }
        if self.loop_beats.is_some() {
            flags |= TransportFlags::IS_LOOP_ACTIVE;
        }
        let (loop_start, loop_end) = self.loop_beats.unwrap_or_default();
        let seconds = |beats: f64| SecondsTime::from_float(beats * 60.0 / self.tempo);
        let bar = f64::from(self.signature.0) * 4.0 / f64::from(self.signature.1);
        TransportEvent {
            header: EventHeader::new_core(0, clack_host::events::EventFlags::empty()),
            flags,
            song_pos_beats: BeatTime::from_float(self.beats),
            song_pos_seconds: SecondsTime::from_float(self.seconds),
            tempo: self.tempo,
            tempo_inc: 0.0,
            loop_start_beats: BeatTime::from_float(loop_start),
            loop_end_beats: BeatTime::from_float(loop_end),
            loop_start_seconds: seconds(loop_start),
            loop_end_seconds: seconds(loop_end),
            bar_start: BeatTime::from_float((self.beats / bar).floor() * bar),
            bar_number: (self.beats / bar).floor() as i32,
            time_signature_numerator: self.signature.0,
            time_signature_denominator: self.signature.1,
        }
    }
}
