//! A headless CLAP host built on clack.

mod events;
mod handlers;
mod processor;

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clack_extensions::{latency::*, params::*, render::*, state::*};
pub use clack_host::events::event_types::NoteExpressionType;
use clack_host::events::io::EventBuffer;
use clack_host::prelude::*;
use tonenet_core::midi::MidiMessage;

pub use self::events::NoteExpression;
use self::events::push_input;
use self::handlers::{Handlers, Main, Shared};
use self::processor::Processor;
use crate::HostError;
use crate::audio::AudioBuses;
use crate::host::{ActivationConfig, Block, BlockInput, BlockOutput, Host, ParameterId};

/// One instance of the plugin in a `.clap`.
pub struct ClapHost {
    path: PathBuf,
    audio: AudioBuses,
    /// `None` while the plugin is not active.
    processor: Option<Processor>,
    instance: PluginInstance<Handlers>,
    // Dropped after the instance, whose code it contains.
    _entry: PluginEntry,
}

impl ClapHost {
    /// Loads a bundle's descriptor and unloads it again, as a plugin scan does.
    ///
    /// # Errors
    /// When there is no bundle or it does not load.
    pub fn scan(path: &Path) -> Result<(), HostError> {
        open(path).map(drop)
    }

    /// Loads a bundle and creates an instance of its first plugin.
    ///
    /// # Errors
    /// When there is no bundle or it does not load.
    pub fn load(path: &Path) -> Result<Self, HostError> {
        let (entry, id) = open(path)?;
        let info = HostInfo::new("ToneNet host", "ToneNet", "https://tonenet.invalid", "1")
            .map_err(|e| HostError::plugin(path, "accept the host's name", e))?;
        let instance = PluginInstance::<Handlers>::new(|_| Shared::default(), |_| Main, &entry, &id, &info)
            .map_err(|e| HostError::plugin(path, "create an instance", e))?;
        Ok(Self { path: path.to_owned(), audio: AudioBuses::default(), processor: None, instance, _entry: entry })
    }

    /// Processes a block with note expressions and returns the expressions that leave.
    ///
    /// # Errors
    /// When the plugin fails or is not active.
    pub fn process_expressions(
        &mut self,
        block: &Block,
        expressions: &[NoteExpression],
    ) -> Result<Vec<NoteExpression>, HostError> {
        if let Some(processor) = &mut self.processor {
            processor.set_expressions(expressions);
        }
        self.process(block, &mut |_| {})?;
        Ok(self.processor.as_mut().map(Processor::take_expressions).unwrap_or_default())
    }

    /// Sets a parameter of a plugin that is not active.
    ///
    /// # Errors
    /// When the plugin is active or has no such parameter.
    pub fn set_parameter(&mut self, name: &str, value: f64) -> Result<(), HostError> {
        let id = self.parameter_id(name)?;
        let mut events = EventBuffer::new();
        push_input(&mut events, &BlockInput::Parameter(0, id, value));
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
        outcome.map_err(|reason| self.error("set a parameter", reason))
    }

    /// A parameter's plain value, by name.
    pub fn parameter(&mut self, name: &str) -> Option<f64> {
        let id = self.find_parameter(name)?;
        let plugin = self.instance.plugin_handle();
        plugin.get_extension::<PluginParams>()?.get_value(&plugin, id)
    }

    /// Saves the state into the caller's buffer, replacing its content.
    ///
    /// # Errors
    /// When the plugin has no state or fails.
    pub fn save_state_into(&mut self, saved: &mut Vec<u8>) -> Result<(), HostError> {
        saved.clear();
        let plugin = self.instance.plugin_handle();
        let outcome = match plugin.get_extension::<PluginState>() {
            Some(state) => state.save(&plugin, saved).map_err(|e| e.to_string()),
            None => Err("it has no state".into()),
        };
        outcome.map_err(|e| self.error("save its state", e))
    }

    /// How many note-offs for all channels or all keys have left since the last activation.
    pub fn wildcard_note_offs(&self) -> u32 {
        self.processor.as_ref().map_or(0, Processor::wildcard_note_offs)
    }

    /// How long the plugin took to process the last block.
    pub fn last_block_duration(&self) -> Duration {
        self.processor.as_ref().map_or(Duration::ZERO, Processor::last_duration)
    }

    /// Whether host or plugin broke CLAP's rules, as far as the plugin framework checks them.
    pub fn misbehaved(&self) -> bool {
        self.instance.access_shared_handler(Shared::misbehaved)
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

    fn error(&self, step: &'static str, reason: impl std::fmt::Display) -> HostError {
        HostError::plugin(&self.path, step, reason)
    }
}

/// A bundle's entry, and the id of its first plugin.
fn open(path: &Path) -> Result<(PluginEntry, CString), HostError> {
    const LIST_PLUGINS: &str = "list its plugins";
    HostError::require_bundle(path)?;
    // SAFETY: loading runs the bundle's initialisers; it is the project's own build, named by the caller.
    let entry = unsafe { PluginEntry::load(path) }.map_err(|e| HostError::plugin(path, "load", e))?;
    let factory = entry.get_plugin_factory().ok_or_else(|| HostError::plugin(path, LIST_PLUGINS, "no factory"))?;
    let id = factory.plugin_descriptors().next().and_then(|descriptor| descriptor.id().map(ToOwned::to_owned));
    let id = id.ok_or_else(|| HostError::plugin(path, LIST_PLUGINS, "no descriptor"))?;
    Ok((entry, id))
}

impl Host for ClapHost {
    fn set_audio_buses(&mut self, audio: AudioBuses) {
        self.audio = audio;
    }

    fn activate(&mut self, config: &ActivationConfig) -> Result<u32, HostError> {
        let plugin = self.instance.plugin_handle();
        if let Some(render) = plugin.get_extension::<PluginRender>() {
            let mode = if config.offline { RenderMode::Offline } else { RenderMode::Realtime };
            render.set(&plugin, mode).map_err(|e| self.error("set its render mode", e))?;
        }
        let config = PluginAudioConfiguration {
            sample_rate: config.sample_rate,
            min_frames_count: 1,
            max_frames_count: config.max_block_size,
        };
        let processor = self.instance.activate(|_, _| (), config).map_err(|e| self.error("activate", e))?;
        let latency = self.latency();
        // The activation granted what the plugin asked for until now.
        self.instance.access_shared_handler(Shared::take_restart_request);
        let started = processor.start_processing().map_err(|e| self.error("start processing", e))?;
        self.processor = Some(Processor::new(started));
        Ok(latency)
    }

    fn deactivate(&mut self) {
        if let Some(processor) = self.processor.take() {
            self.instance.deactivate(processor.stop());
        }
    }

    fn reset(&mut self) {
        self.processor.iter_mut().for_each(Processor::reset);
    }

    fn take_restart_request(&mut self) -> bool {
        self.instance.access_shared_handler(Shared::take_restart_request)
    }

    fn parameter_id(&mut self, name: &str) -> Result<ParameterId, HostError> {
        match self.find_parameter(name) {
            Some(id) => Ok(ParameterId(id.get())),
            None => Err(self.error("find a parameter", name)),
        }
    }

    fn supports(&self, _message: &MidiMessage) -> bool {
        true
    }

    fn process(&mut self, block: &Block, on_output: &mut dyn FnMut(BlockOutput)) -> Result<(), HostError> {
        let processed = match &mut self.processor {
            Some(processor) => processor.process(self.audio, block, on_output),
            None => Err("it is not active".to_owned()),
        };
        processed.map_err(|e| self.error("process", e))
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
        outcome.map_err(|e| self.error("load a state", e))
    }

    /// A CLAP state begins with the length of its JSON.
    fn json_of_state<'a>(&self, state: &'a [u8]) -> &'a [u8] {
        state.get(size_of::<u64>()..).unwrap_or_default()
    }

    fn state_from_json(&self, json: Vec<u8>) -> Vec<u8> {
        [&(json.len() as u64).to_le_bytes(), json.as_slice()].concat()
    }
}

impl Drop for ClapHost {
    fn drop(&mut self) {
        self.deactivate();
    }
}
