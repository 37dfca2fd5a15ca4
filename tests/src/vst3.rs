//! A headless VST3 host over vst3-host.
//!
//! VST3 carries controllers as parameters, apart from notes; their order at one sample is not kept by the format.

use std::path::{Path, PathBuf};

use tonenet_core::midi::MidiMessage;
use vst3_host::audio::AudioBuffers;
use vst3_host::midi::{MidiChannel, MidiEvent};
use vst3_host::plugin::TransportPosition;
use vst3_host::{Plugin, ProcessMode, Vst3Host as Backend};

use crate::HostError;
use crate::session::{Output, Played, Session};

/// One instance of the plugin in a `.vst3`.
pub struct Vst3Host {
    path: PathBuf,
    plugin: Plugin,
    block: u32,
    // Keeps the module loaded.
    _backend: Backend,
}

impl Vst3Host {
    /// Loads a bundle and makes an instance of its first plugin, for blocks of up to `longest_block` samples.
    ///
    /// # Errors
    /// When there is no bundle or it does not load.
    pub fn load(path: &Path, sample_rate: f64, longest_block: u32) -> Result<Self, HostError> {
        if !path.exists() {
            return Err(HostError::NoBundle(path.display().to_string()));
        }
        let fail = |step| move |e: vst3_host::Error| fail(path, step, e);
        let mut backend = Backend::builder()
            .sample_rate(sample_rate)
            .block_size(longest_block as usize)
            .build()
            .map_err(fail("find a host"))?;
        let plugin = backend.load_plugin(path).map_err(fail("load"))?;
        Ok(Self { path: path.to_owned(), plugin, block: longest_block, _backend: backend })
    }

    /// Plays a session from start to end, after a stopped pre-roll in which restarts that the plugin asks for happen.
    ///
    /// # Errors
    /// When the plugin refuses to be activated or to process.
    pub fn play(&mut self, session: &Session) -> Result<Played, HostError> {
        self.try_play(session).map_err(|e| fail(&self.path, "play", e))
    }

    fn try_play(&mut self, session: &Session) -> Result<Played, vst3_host::Error> {
        let mode = if session.offline { ProcessMode::Offline } else { ProcessMode::Realtime };
        self.plugin.set_process_mode(mode)?;
        for (name, value) in &session.parameters {
            let (id, value) = self.normalized(name, *value)?;
            self.plugin.set_parameter(id, value)?;
        }
        let mut restarts = 0;
        self.plugin.start_processing()?;
        self.plugin.set_playing(false)?;
        loop {
            for _ in 0..8 {
                self.run(session, 0, self.block.min(512), &mut Vec::new())?;
            }
            // The backend reads the latency before it activates again, so it takes a second round to see a new one.
            if self.plugin.service_host_requests()?.is_empty() || restarts >= 6 {
                break;
            }
            restarts += 1;
        }
        // A host stops and starts processing before it plays, which resets the plugin's clock.
        self.plugin.stop_processing()?;
        self.plugin.start_processing()?;
        self.plugin.set_playing(true)?;
        let latency = self.plugin.latency_samples();
        let end = session.end() + u64::from(latency) + 1;
        let (mut at, mut next, mut outputs) = (0u64, 0, Vec::new());
        for &size in session.blocks.iter().cycle() {
            if at >= end {
                break;
            }
            while let Some(message) = session.messages.get(next).filter(|m| m.time < at + u64::from(size)) {
                next += 1;
                let offset = (message.time - at) as i32;
                match &message.message {
                    MidiMessage::Channel(bytes) => {
                        if let Some(event) = event_of(*bytes) {
                            self.plugin.send_midi_event_at(event, offset)?;
                        }
                    }
                    MidiMessage::SysEx(bytes) => self.plugin.send_sysex_at(bytes.clone(), offset)?,
                }
            }
            for set in session.automation.iter().filter(|a| (at..at + u64::from(size)).contains(&a.time)) {
                let (id, value) = self.normalized(&set.name, set.value)?;
                self.plugin.set_parameter_at(id, value, (set.time - at) as i32)?;
            }
            self.run(session, at, size, &mut outputs)?;
            at += u64::from(size);
        }
        self.plugin.stop_processing()?;
        Ok(Played { latency, restarts, outputs })
    }

    /// A parameter's id and value from 0 to 1.
    fn normalized(&self, name: &str, value: f64) -> Result<(u32, f64), vst3_host::Error> {
        let parameter = self.plugin.find_parameter(name)?;
        Ok((parameter.id, value / f64::from(parameter.step_count.max(1))))
    }

    fn run(
        &mut self,
        session: &Session,
        at: u64,
        size: u32,
        outputs: &mut Vec<Output>,
    ) -> Result<(), vst3_host::Error> {
        let (beats, tempo) = session.transport(at);
        self.plugin.set_tempo(tempo)?;
        self.plugin.set_transport_position(TransportPosition { samples: at as i64, quarter_notes: beats })?;
        let mut buffers = AudioBuffers::new(2, 2, size as usize, session.sample_rate);
        self.plugin.process_audio(&mut buffers)?;
        for event in self.plugin.take_output_events() {
            let time = at + event.sample_offset.max(0) as u64;
            if let Some(message) = event.to_midi().and_then(message_of) {
                outputs.push(Output { time, message });
            }
        }
        Ok(())
    }

    /// The plugin's state as it saves it in a project.
    ///
    /// # Errors
    /// When it cannot be saved.
    pub fn save_state(&self) -> Result<Vec<u8>, HostError> {
        self.plugin.save_state().map_err(|e| fail(&self.path, "save its state", e))
    }

    /// Gives the plugin a state.
    ///
    /// # Errors
    /// When the plugin refuses it.
    pub fn load_state(&mut self, state: &[u8]) -> Result<(), HostError> {
        self.plugin.load_state(state).map_err(|e| fail(&self.path, "load a state", e))
    }

    /// A parameter's normalised value, by name.
    pub fn parameter(&self, name: &str) -> Option<f64> {
        let id = self.plugin.find_parameter(name).ok()?.id;
        self.plugin.get_parameter(id).ok()
    }
}

fn fail(path: &Path, step: &'static str, error: vst3_host::Error) -> HostError {
    HostError::Plugin { bundle: path.display().to_string(), step, reason: error.to_string() }
}

fn event_of([status, first, second]: [u8; 3]) -> Option<MidiEvent> {
    let channel = MidiChannel::from_index(status & 0x0F)?;
    Some(match status & 0xF0 {
        0x90 if second > 0 => MidiEvent::NoteOn { channel, note: first, velocity: second },
        0x80 | 0x90 => MidiEvent::NoteOff { channel, note: first, velocity: second },
        0xA0 => MidiEvent::PolyAftertouch { channel, note: first, pressure: second },
        0xB0 => MidiEvent::ControlChange { channel, controller: first, value: second },
        0xC0 => MidiEvent::ProgramChange { channel, program: first },
        0xD0 => MidiEvent::ChannelAftertouch { channel, pressure: first },
        _ => MidiEvent::PitchBend { channel, value: u16::from(first) | u16::from(second) << 7 },
    })
}

fn message_of(event: MidiEvent) -> Option<MidiMessage> {
    Some(MidiMessage::Channel(match event {
        MidiEvent::NoteOn { channel, note, velocity } => [0x90 | channel.as_index(), note, velocity],
        MidiEvent::NoteOff { channel, note, velocity } => [0x80 | channel.as_index(), note, velocity],
        MidiEvent::PolyAftertouch { channel, note, pressure } => [0xA0 | channel.as_index(), note, pressure],
        MidiEvent::ControlChange { channel, controller, value } => [0xB0 | channel.as_index(), controller, value],
        MidiEvent::ProgramChange { channel, program } => [0xC0 | channel.as_index(), program, 0],
        MidiEvent::ChannelAftertouch { channel, pressure } => [0xD0 | channel.as_index(), pressure, 0],
        MidiEvent::PitchBend { channel, value } => {
            [0xE0 | channel.as_index(), (value & 0x7F) as u8, (value >> 7) as u8]
        }
        // The backend's enum may grow; what it then means is not known here.
        _ => return None,
    }))
}
