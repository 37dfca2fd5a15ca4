//! A headless VST3 host built on the bindings of the `vst3` crate.
//!
//! VST3 carries controllers as parameters, apart from notes, so their order within one sample is lost. It carries no
//! program changes, and the plugin framework assigns its own note ids.

mod events;
mod module;
mod objects;
mod parameters;
mod process_data;
mod stream;
mod window;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::ptr;

use tonenet_core::midi::MidiMessage;
use vst3::Steinberg::Vst::*;
use vst3::Steinberg::*;
use vst3::{Class, ComPtr, ComWrapper, Interface};

use self::events::MessageRoute;
use self::module::Module;
use self::objects::{ComponentHandler, HostApplication, InputEvents, OutputEvents, ParameterChanges, ParameterPoints};
use self::parameters::{Parameter, parameter_infos, parameters_by_name};
use self::process_data::{
    audio_bus_buffers, pointer_to, process_context, process_mode, process_setup, speaker_arrangement,
};
use self::stream::MemoryStream;
pub use self::window::{Window, Windows};
use crate::HostError;
use crate::audio::{AudioBus, AudioBuses, BusMemory};
use crate::host::{ActivationConfig, Block, BlockInput, BlockOutput, Host, ParameterId};

/// One instance of the plugin in a `.vst3`.
pub struct Vst3Host {
    path: PathBuf,
    audio: AudioBuses,
    /// `None` while the plugin is not active.
    active: Option<ActivationConfig>,
    parameters: HashMap<String, Parameter>,
    handler: ComWrapper<ComponentHandler>,
    mapping: ComPtr<IMidiMapping>,
    controller: ComPtr<IEditController>,
    processor: ComPtr<IAudioProcessor>,
    component: ComPtr<IComponent>,
    _application: ComWrapper<HostApplication>,
    // Dropped after the instance, whose code it contains.
    _module: Module,
}

/// What goes into a block, as VST3 carries it.
#[derive(Default)]
struct ProcessInput {
    samples: u32,
    context: Option<ProcessContext>,
    events: Vec<Event>,
    parameters: ParameterPoints,
}

impl Vst3Host {
    /// Loads a bundle and creates an instance of its first plugin.
    ///
    /// # Errors
    /// When there is no bundle or it does not load.
    pub fn load(path: &Path) -> Result<Self, HostError> {
        HostError::require_bundle(path)?;
        let fail = |step| move |reason: String| HostError::plugin(path, step, reason);
        let module = Module::load(path).map_err(fail("load"))?;
        let component = module.create_first_plugin().map_err(fail("create an instance"))?;
        let application = ComWrapper::new(HostApplication);
        // SAFETY: the application outlives the plugin, which is initialised once.
        if unsafe { component.initialize(interface_pointer::<_, IHostApplication>(&application).cast()) } != kResultOk {
            return Err(fail("initialise")("it refuses".into()));
        }
        let lacks = |interface: &str| fail("initialise")(format!("it has no {interface}"));
        let processor = component.cast().ok_or_else(|| lacks("IAudioProcessor"))?;
        let controller: ComPtr<IEditController> = component.cast().ok_or_else(|| lacks("IEditController"))?;
        let mapping = controller.cast().ok_or_else(|| lacks("IMidiMapping"))?;
        let handler = ComWrapper::new(ComponentHandler::default());
        // SAFETY: the handler outlives the plugin.
        unsafe { controller.setComponentHandler(interface_pointer(&handler)) };
        let parameters = parameters_by_name(&controller);
        Ok(Self {
            path: path.to_owned(),
            audio: AudioBuses::default(),
            active: None,
            parameters,
            handler,
            mapping,
            controller,
            processor,
            component,
            _application: application,
            _module: module,
        })
    }

    /// Processes a block with the current value of every parameter, as hosts do after they load a project.
    ///
    /// This includes the parameters for MIDI controllers, which nobody has set.
    ///
    /// # Errors
    /// When the plugin fails or is not active.
    pub fn send_all_parameters(&mut self, samples: u32) -> Result<Vec<BlockOutput>, HostError> {
        let parameters = parameter_infos(&self.controller).map(|info| {
            // SAFETY: the controller is valid.
            (info.id, vec![(0, unsafe { self.controller.getParamNormalized(info.id) })])
        });
        let input = ProcessInput { samples, parameters: parameters.collect(), ..ProcessInput::default() };
        let mut outputs = Vec::new();
        self.process_input(input, &mut |output| outputs.push(output))?;
        Ok(outputs)
    }

    /// A parameter's normalised value, by name.
    pub fn parameter(&self, name: &str) -> Option<f64> {
        let id = self.parameters.get(name)?.id;
        // SAFETY: the controller is valid.
        Some(unsafe { self.controller.getParamNormalized(id) })
    }

    /// Creates the plugin's window, not yet on a screen, and gives it a frame with a run loop.
    ///
    /// The plugin must outlive the window.
    ///
    /// # Errors
    /// When the plugin has no window.
    pub fn create_window(&self) -> Result<Window, HostError> {
        self.windows().create().ok_or_else(|| self.error("create its window", "it has none"))
    }

    /// What creates the plugin's windows while it plays.
    pub fn windows(&self) -> Windows {
        Windows::new(self.controller.clone())
    }

    /// Converts a block's input to events and parameter changes.
    fn convert(&self, block: &Block, sample_rate: f64) -> Result<ProcessInput, HostError> {
        let context = block.transport.map(|transport| process_context(transport, sample_rate));
        let mut converted = ProcessInput { samples: block.samples, context, ..ProcessInput::default() };
        for input in block.inputs {
            let offset = input.offset();
            let route = match *input {
                BlockInput::Parameter(_, ParameterId(id), value) => {
                    let steps = self.parameters.values().find(|known| known.id == id).map_or(0, |known| known.steps);
                    let point = (offset as int32, value / f64::from(steps.max(1)));
                    converted.parameters.entry(id).or_default().push(point);
                    continue;
                }
                BlockInput::RawNote(_, note) => MessageRoute::Event(events::raw_note_event(offset, note)),
                BlockInput::Choke(..) | BlockInput::RawMidi(..) => MessageRoute::Unsupported,
                BlockInput::Message(_, message) => events::route(message, offset, None),
                BlockInput::Note(_, message, id) => events::route(message, offset, Some(id)),
            };
            match route {
                MessageRoute::Event(event) => converted.events.push(event),
                MessageRoute::Parameter { channel, controller, value } => {
                    let id = self.controller_parameter(channel, controller);
                    let id = id.ok_or_else(|| self.error("map a MIDI controller", controller))?;
                    converted.parameters.entry(id).or_default().push((offset as int32, value));
                }
                MessageRoute::Unsupported => {}
            }
        }
        Ok(converted)
    }

    fn process_input(
        &mut self,
        mut input: ProcessInput,
        on_output: &mut dyn FnMut(BlockOutput),
    ) -> Result<(), HostError> {
        let config = self.active_config()?;
        let (mut input_memory, mut output_memory) = (BusMemory::default(), BusMemory::default());
        let mut input_buses = audio_bus_buffers(&mut input_memory, self.audio.input, input.samples);
        let mut output_buses = audio_bus_buffers(&mut output_memory, self.audio.output, input.samples);
        let input_events = ComWrapper::new(InputEvents(input.events));
        let output_events = ComWrapper::new(OutputEvents::default());
        let changes = ComWrapper::new(ParameterChanges::new(input.parameters));
        let mut data = ProcessData {
            processMode: process_mode(&config),
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as int32,
            numSamples: input.samples as int32,
            numInputs: input_buses.len() as int32,
            numOutputs: output_buses.len() as int32,
            inputs: pointer_to(&mut input_buses),
            outputs: pointer_to(&mut output_buses),
            inputParameterChanges: interface_pointer(&changes),
            outputParameterChanges: ptr::null_mut(),
            inputEvents: interface_pointer(&input_events),
            outputEvents: interface_pointer(&output_events),
            processContext: input.context.as_mut().map_or(ptr::null_mut(), ptr::from_mut),
        };
        // SAFETY: everything that `data` points to outlives the call.
        if unsafe { self.processor.process(&raw mut data) } != kResultOk {
            return Err(self.error("process", "it refuses"));
        }
        if !output_memory.is_silent(self.audio.output) {
            return Err(self.error("process", "its audio output is not silent"));
        }
        output_events.take().into_iter().for_each(on_output);
        Ok(())
    }

    fn active_config(&self) -> Result<ActivationConfig, HostError> {
        self.active.ok_or_else(|| self.error("process", "it is not active"))
    }

    /// The parameter that the plugin assigns to a controller of a channel.
    fn controller_parameter(&self, channel: u8, controller: u8) -> Option<ParamID> {
        let mut id = 0;
        // SAFETY: the plugin is valid and writes to `id`.
        let assigned =
            unsafe { self.mapping.getMidiControllerAssignment(0, channel.into(), controller.into(), &raw mut id) };
        (assigned == kResultOk).then_some(id)
    }

    /// Proposes the audio buses to the plugin. The answer does not matter.
    fn negotiate_audio(&self) {
        let AudioBuses { input, output } = self.audio;
        let [(mut inputs, input_count), (mut outputs, output_count)] =
            [input, output].map(|bus| (speaker_arrangement(bus), int32::from(bus != AudioBus::Absent)));
        // SAFETY: the plugin is not active, and the arrangements outlive the call.
        unsafe { self.processor.setBusArrangements(&raw mut inputs, input_count, &raw mut outputs, output_count) };
        for (direction, bus) in [(BusDirections_::kInput, input), (BusDirections_::kOutput, output)] {
            let is_active = !matches!(bus, AudioBus::Inactive | AudioBus::Absent);
            let (media_type, direction) = (MediaTypes_::kAudio as MediaType, direction as BusDirection);
            // SAFETY: the plugin is not active.
            unsafe { self.component.activateBus(media_type, direction, 0, is_active.into()) };
        }
    }

    fn error(&self, step: &'static str, reason: impl std::fmt::Display) -> HostError {
        HostError::plugin(&self.path, step, reason)
    }
}

impl Host for Vst3Host {
    fn set_audio_buses(&mut self, audio: AudioBuses) {
        self.audio = audio;
    }

    fn activate(&mut self, config: &ActivationConfig) -> Result<u32, HostError> {
        self.negotiate_audio();
        let mut setup = process_setup(config);
        // The plugin framework applies an offline mode one call late, so the setup is sent twice. Other tests cover hosts
        // that never announce an offline render.
        // SAFETY: the plugin is not active, and the setup outlives the calls.
        let is_active = unsafe {
            (0..2).all(|_| self.processor.setupProcessing(&raw mut setup) == kResultOk)
                && self.component.setActive(1) == kResultOk
                && self.processor.setProcessing(1) == kResultOk
        };
        if !is_active {
            return Err(self.error("activate", "it refuses"));
        }
        self.active = Some(*config);
        // The activation granted what the plugin asked for until now.
        self.handler.take_restart_request();
        // SAFETY: the plugin is active.
        Ok(unsafe { self.processor.getLatencySamples() })
    }

    fn deactivate(&mut self) {
        if self.active.take().is_some() {
            // SAFETY: the plugin is active, and stops processing first.
            unsafe {
                self.processor.setProcessing(0);
                self.component.setActive(0);
            }
        }
    }

    /// VST3 has no reset; a host stops and restarts processing.
    fn reset(&mut self) {
        if self.active.is_some() {
            // SAFETY: the plugin is active.
            unsafe {
                self.processor.setProcessing(0);
                self.processor.setProcessing(1);
            }
        }
    }

    fn take_restart_request(&mut self) -> bool {
        self.handler.take_restart_request()
    }

    fn parameter_id(&mut self, name: &str) -> Result<ParameterId, HostError> {
        match self.parameters.get(name) {
            Some(parameter) => Ok(ParameterId(parameter.id)),
            None => Err(self.error("find a parameter", name)),
        }
    }

    fn supports(&self, message: &MidiMessage) -> bool {
        !matches!(events::route(message, 0, None), MessageRoute::Unsupported)
    }

    fn process(&mut self, block: &Block, on_output: &mut dyn FnMut(BlockOutput)) -> Result<(), HostError> {
        let sample_rate = self.active_config()?.sample_rate;
        let input = self.convert(block, sample_rate)?;
        self.process_input(input, on_output)
    }

    fn save_state(&mut self) -> Result<Vec<u8>, HostError> {
        let stream = ComWrapper::new(MemoryStream::default());
        // SAFETY: the stream outlives the call.
        match unsafe { self.component.getState(interface_pointer(&stream)) } {
            code if code == kResultOk => Ok(stream.bytes()),
            _ => Err(self.error("save its state", "it refuses")),
        }
    }

    fn load_state(&mut self, state: &[u8]) -> Result<(), HostError> {
        let stream = ComWrapper::new(MemoryStream::from_bytes(state));
        // SAFETY: the stream outlives the call.
        match unsafe { self.component.setState(interface_pointer(&stream)) } {
            code if code == kResultOk => Ok(()),
            _ => Err(self.error("load a state", "it refuses")),
        }
    }

    fn json_of_state<'a>(&self, state: &'a [u8]) -> &'a [u8] {
        state
    }

    fn state_from_json(&self, json: Vec<u8>) -> Vec<u8> {
        json
    }
}

impl Drop for Vst3Host {
    fn drop(&mut self) {
        self.deactivate();
        // SAFETY: after this the plugin is only released.
        unsafe {
            self.controller.setComponentHandler(ptr::null_mut());
            self.component.terminate();
        }
    }
}

/// A pointer to an interface of a host object, valid while the object lives.
fn interface_pointer<C: Class, I: Interface>(object: &ComWrapper<C>) -> *mut I {
    object.as_com_ref::<I>().map_or(ptr::null_mut(), |interface| interface.as_ptr())
}
