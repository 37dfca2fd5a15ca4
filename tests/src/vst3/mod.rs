//! A headless VST3 host over the bindings of the `vst3` crate.
//!
//! VST3 carries controllers as parameters, apart from notes: their order at one sample is not kept by the format. It
//! carries no programme changes, and the plugin's framework gives notes ids of its own.

mod events;
mod objects;
mod window;

use std::collections::{BTreeMap, HashMap};
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::ptr;

use libloading::os::unix::Library;
use tonenet_core::midi::MidiMessage;
use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_;
use vst3::Steinberg::Vst::*;
use vst3::Steinberg::*;
use vst3::{ComPtr, ComWrapper, Interface};

use self::events::Way;
use self::objects::{Application, EventsIn, EventsOut, Handler, ParameterChanges, Stream};
pub use self::window::Window;
use crate::HostError;
use crate::audio::{AudioBus, AudioBuses, BusMemory};
use crate::host::{BlockOutput, Host, HostTransport, Input, ParameterId, Setup};

/// Where a bundle keeps its binary on this system.
const BINARIES: &str = "Contents/x86_64-linux";
/// What a factory calls plugins, apart from their controllers.
const PLUGINS: &[u8] = b"Audio Module Class";

/// A parameter that the plugin has.
#[derive(Debug, Clone, Copy)]
struct Known {
    id: ParamID,
    steps: i32,
}

/// One instance of the plugin in a `.vst3`.
pub struct Vst3Host {
    path: PathBuf,
    /// What it is lent of audio.
    audio: AudioBuses,
    active: Option<Setup>,
    /// By name; of equal names the first.
    parameters: HashMap<String, Known>,
    handler: ComWrapper<Handler>,
    mapping: ComPtr<IMidiMapping>,
    controller: ComPtr<IEditController>,
    processor: ComPtr<IAudioProcessor>,
    component: ComPtr<IComponent>,
    _application: ComWrapper<Application>,
    // Dropped after the instance that lives in it.
    _module: Module,
}

impl Vst3Host {
    /// Loads a bundle and makes an instance of its first plugin.
    ///
    /// # Errors
    /// When there is no bundle or it does not load.
    pub fn load(path: &Path) -> Result<Self, HostError> {
        if !path.exists() {
            return Err(HostError::NoBundle(path.display().to_string()));
        }
        let fail = |step| move |reason: String| HostError::Plugin { bundle: path.display().to_string(), step, reason };
        let lacks = |interface: &str| format!("it has no {interface}");
        let module = Module::load(path).map_err(fail("load"))?;
        let component = module.first_plugin().map_err(fail("offer a plugin"))?;
        let application = ComWrapper::new(Application);
        let context = application.as_com_ref::<IHostApplication>().map_or(ptr::null_mut(), |host| host.as_ptr());
        // SAFETY: the application outlives the plugin, which is initialised once.
        if unsafe { component.initialize(context.cast()) } != kResultOk {
            return Err(fail("initialise")("it refuses".into()));
        }
        let processor = component.cast().ok_or_else(|| fail("process")(lacks("IAudioProcessor")))?;
        let controller: ComPtr<IEditController> =
            component.cast().ok_or_else(|| fail("have parameters")(lacks("IEditController")))?;
        let mapping = controller.cast().ok_or_else(|| fail("take controllers")(lacks("IMidiMapping")))?;
        let handler = ComWrapper::new(Handler::default());
        let handle = handler.as_com_ref::<IComponentHandler>().map_or(ptr::null_mut(), |handler| handler.as_ptr());
        // SAFETY: the handler lives as long as the plugin.
        unsafe { controller.setComponentHandler(handle) };
        let parameters = parameters_of(&controller);
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

    /// What hosts send when they load a project: every parameter's value, those for controllers included, which no
    /// one has set.
    ///
    /// # Errors
    /// When the plugin fails, or is not active.
    pub fn send_all_parameters(&mut self, samples: u32) -> Result<Vec<BlockOutput>, HostError> {
        // SAFETY: the controller lives; an index that it counts has a parameter.
        let count = unsafe { self.controller.getParameterCount() };
        let values = (0..count).filter_map(|index| parameter(&self.controller, index)).map(|info| {
            // SAFETY: the controller lives.
            (info.id, vec![(0, unsafe { self.controller.getParamNormalized(info.id) })])
        });
        let values = values.collect();
        let mut out = Vec::new();
        self.process(None, samples, Vec::new(), values, &mut |event| out.push(event))?;
        Ok(out)
    }

    /// A parameter's value from 0 to 1, by name.
    pub fn parameter(&self, name: &str) -> Option<f64> {
        let id = self.parameters.get(name)?.id;
        // SAFETY: the controller lives.
        Some(unsafe { self.controller.getParamNormalized(id) })
    }

    /// Makes the plugin's window, which is on no screen yet, and lends it a frame with a run loop. The plugin must
    /// outlive it.
    ///
    /// # Errors
    /// When the plugin has no window.
    pub fn window(&self) -> Result<Window, HostError> {
        // SAFETY: the controller lives, and gives a view that is ours.
        let view = unsafe { ComPtr::from_raw(self.controller.createView(ViewType::kEditor)) };
        Ok(Window::framed(view.ok_or_else(|| self.fail("make its window", "it has none"))?))
    }

    /// Runs a block with events and with values of parameters.
    fn process(
        &mut self,
        transport: Option<&HostTransport>,
        samples: u32,
        events: Vec<Event>,
        values: BTreeMap<ParamID, Vec<(int32, ParamValue)>>,
        each: &mut dyn FnMut(BlockOutput),
    ) -> Result<(), HostError> {
        let Some(setup) = self.active else { return Err(self.fail("process", "it is not active")) };
        let mut context = transport.map(|transport| context_of(transport, setup.sample_rate));
        let (mut input, mut output) = (BusMemory::default(), BusMemory::default());
        let mut buses_in = lent_bus(&mut input, self.audio.input, samples);
        let mut buses_out = lent_bus(&mut output, self.audio.output, samples);
        let events_in = ComWrapper::new(EventsIn(events));
        let events_out = ComWrapper::new(EventsOut::default());
        let changes = ComWrapper::new(ParameterChanges::new(values));
        let mut data = ProcessData {
            processMode: mode_of(&setup),
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as int32,
            numSamples: samples as int32,
            numInputs: buses_in.len() as int32,
            numOutputs: buses_out.len() as int32,
            inputs: pointer_to(&mut buses_in),
            outputs: pointer_to(&mut buses_out),
            inputParameterChanges: lent(&changes),
            outputParameterChanges: ptr::null_mut(),
            inputEvents: lent(&events_in),
            outputEvents: lent(&events_out),
            processContext: context.as_mut().map_or(ptr::null_mut(), ptr::from_mut),
        };
        // SAFETY: all that `data` points to outlives the call.
        if unsafe { self.processor.process(&raw mut data) } != kResultOk {
            return Err(self.fail("process", "it refuses"));
        }
        if !output.is_silent(self.audio.output) {
            return Err(self.fail("process", "it sounds"));
        }
        events_out.0.take().into_iter().for_each(each);
        Ok(())
    }

    /// The parameter that stands for a controller of a channel.
    fn controller_parameter(&self, channel: u8, controller: u8) -> Option<ParamID> {
        let mut id = 0;
        // SAFETY: the plugin is lent room for a number.
        let known =
            unsafe { self.mapping.getMidiControllerAssignment(0, channel.into(), controller.into(), &raw mut id) };
        (known == kResultOk).then_some(id)
    }

    /// Offers the plugin what it is lent of audio, and goes on whatever it says.
    fn negotiate_audio(&self) {
        let arrangement = |bus: AudioBus| match bus.channels() {
            0 => SpeakerArr::kEmpty,
            1 => SpeakerArr::kMono,
            2 => SpeakerArr::kStereo,
            _ => SpeakerArr::k51,
        };
        let buses = [(BusDirections_::kInput, self.audio.input), (BusDirections_::kOutput, self.audio.output)];
        let [(mut inputs, ins), (mut outputs, outs)] =
            buses.map(|(_, bus)| (arrangement(bus), int32::from(bus != AudioBus::Absent)));
        // SAFETY: the plugin is not active, and is lent the arrangements while it is called.
        unsafe { self.processor.setBusArrangements(&raw mut inputs, ins, &raw mut outputs, outs) };
        for (direction, bus) in buses {
            let is_active = !matches!(bus, AudioBus::Inactive | AudioBus::Absent);
            // SAFETY: the plugin is not active.
            unsafe {
                self.component.activateBus(
                    MediaTypes_::kAudio as MediaType,
                    direction as BusDirection,
                    0,
                    is_active.into(),
                )
            };
        }
    }

    fn fail(&self, step: &'static str, reason: impl std::fmt::Display) -> HostError {
        HostError::Plugin { bundle: self.path.display().to_string(), step, reason: reason.to_string() }
    }
}

impl Host for Vst3Host {
    fn lend_audio(&mut self, audio: AudioBuses) {
        self.audio = audio;
    }

    fn activate(&mut self, setup: &Setup) -> Result<u32, HostError> {
        self.negotiate_audio();
        let mut process = ProcessSetup {
            processMode: mode_of(setup),
            symbolicSampleSize: SymbolicSampleSizes_::kSample32 as int32,
            maxSamplesPerBlock: setup.longest_block as int32,
            sampleRate: setup.sample_rate,
        };
        // Twice, for the plugin's framework hears of an offline render one call late; how the plugin does without is
        // tested by hosts that say nothing of it.
        // SAFETY: the plugin is not active, and is lent the setup while it is called.
        let done = unsafe {
            (0..2).all(|_| self.processor.setupProcessing(&raw mut process) == kResultOk)
                && self.component.setActive(1) == kResultOk
                && self.processor.setProcessing(1) == kResultOk
        };
        if !done {
            return Err(self.fail("activate", "it refuses"));
        }
        self.active = Some(*setup);
        // What it asked for while it was activated, it has.
        self.handler.restart.set(false);
        // SAFETY: the plugin is active.
        Ok(unsafe { self.processor.getLatencySamples() })
    }

    fn deactivate(&mut self) {
        if self.active.take().is_some() {
            // SAFETY: the plugin is active, and no longer processes.
            unsafe {
                self.processor.setProcessing(0);
                self.component.setActive(0);
            }
        }
    }

    /// VST3 has no reset but to stop and to start processing.
    fn reset(&mut self) {
        if self.active.is_some() {
            // SAFETY: the plugin is active.
            unsafe {
                self.processor.setProcessing(0);
                self.processor.setProcessing(1);
            }
        }
    }

    fn wants_restart(&mut self) -> bool {
        self.handler.restart.take()
    }

    fn parameter_id(&mut self, name: &str) -> Result<ParameterId, HostError> {
        match self.parameters.get(name) {
            Some(known) => Ok(ParameterId(known.id)),
            None => Err(self.fail("have a parameter", name)),
        }
    }

    fn carries(&self, message: &MidiMessage) -> bool {
        !matches!(events::way_of(message, 0, None), Way::None)
    }

    fn block(
        &mut self,
        transport: Option<&HostTransport>,
        samples: u32,
        inputs: &[Input],
        each: &mut dyn FnMut(BlockOutput),
    ) -> Result<(), HostError> {
        let (mut events, mut values) = (Vec::new(), BTreeMap::<_, Vec<_>>::new());
        for input in inputs {
            let sample = input.sample();
            let way = match *input {
                Input::Parameter(_, ParameterId(id), value) => {
                    let steps = self.parameters.values().find(|known| known.id == id).map_or(0, |known| known.steps);
                    values.entry(id).or_default().push((sample as int32, value / f64::from(steps.max(1))));
                    continue;
                }
                Input::Odd(_, note) => Way::Event(events::odd(sample, note)),
                Input::Choke(..) | Input::Bytes(..) => Way::None,
                Input::Message(_, message) => events::way_of(message, sample, None),
                Input::Note(_, message, id) => events::way_of(message, sample, Some(id)),
            };
            match way {
                Way::Event(event) => events.push(event),
                Way::Parameter { channel, controller, value } => {
                    let id = self.controller_parameter(channel, controller);
                    let id = id.ok_or_else(|| self.fail("have a controller", controller))?;
                    values.entry(id).or_default().push((sample as int32, value));
                }
                Way::None => {}
            }
        }
        self.process(transport, samples, events, values, each)
    }

    fn save_state(&mut self) -> Result<Vec<u8>, HostError> {
        let stream = ComWrapper::new(Stream::default());
        // SAFETY: the stream outlives the call.
        match unsafe { self.component.getState(lent(&stream)) } {
            code if code == kResultOk => Ok(stream.bytes()),
            _ => Err(self.fail("save its state", "it refuses")),
        }
    }

    fn load_state(&mut self, state: &[u8]) -> Result<(), HostError> {
        let stream = ComWrapper::new(Stream::of(state));
        // SAFETY: the stream outlives the call.
        match unsafe { self.component.setState(lent(&stream)) } {
            code if code == kResultOk => Ok(()),
            _ => Err(self.fail("load a state", "it refuses")),
        }
    }

    fn json<'a>(&self, state: &'a [u8]) -> &'a [u8] {
        state
    }

    fn state(&self, json: Vec<u8>) -> Vec<u8> {
        json
    }
}

impl Drop for Vst3Host {
    fn drop(&mut self) {
        self.deactivate();
        // SAFETY: nothing of the plugin is used after this but its release.
        unsafe {
            self.controller.setComponentHandler(ptr::null_mut());
            self.component.terminate();
        }
    }
}

/// What VST3 calls what is lent of a bus; none where it is absent.
fn lent_bus(memory: &mut BusMemory, bus: AudioBus, samples: u32) -> Vec<AudioBusBuffers> {
    let channel_buffers = AudioBusBuffers__type0 { channelBuffers32: memory.lend(bus, samples) };
    let buffers = AudioBusBuffers { numChannels: bus.channels() as int32, silenceFlags: 0, __field0: channel_buffers };
    if bus == AudioBus::Absent { Vec::new() } else { vec![buffers] }
}

/// A pointer to a list, null where it is empty.
fn pointer_to<T>(list: &mut [T]) -> *mut T {
    if list.is_empty() { ptr::null_mut() } else { list.as_mut_ptr() }
}

/// A bundle's binary.
struct Module {
    library: Library,
}

impl Module {
    fn load(bundle: &Path) -> Result<Self, String> {
        let name = bundle.file_stem().unwrap_or_default();
        let binary = bundle.join(BINARIES).join(name).with_extension("so");
        // SAFETY: loading runs the bundle's initialisers; it is the project's own build, named by the caller.
        let handle = unsafe { Library::new(&binary) }.map_err(|e| e.to_string())?.into_raw();
        // SAFETY: the handle was just opened, and is closed once.
        let library = unsafe { Library::from_raw(handle) };
        // SAFETY: the function is there in every VST3 module, with this signature.
        let enter = unsafe { library.get::<unsafe extern "C" fn(*mut c_void) -> bool>(b"ModuleEntry\0") };
        // SAFETY: it is called once for each time that the module is loaded.
        if unsafe { enter.map_err(|e| e.to_string())?(handle) } {
            Ok(Self { library })
        } else {
            Err("it does not let itself be entered".into())
        }
    }

    fn first_plugin(&self) -> Result<ComPtr<IComponent>, String> {
        // SAFETY: the function is there in every VST3 module, with this signature.
        let factory = unsafe {
            let get = self.library.get::<unsafe extern "C" fn() -> *mut IPluginFactory>(b"GetPluginFactory\0");
            ComPtr::from_raw(get.map_err(|e| e.to_string())?())
        };
        let factory = factory.ok_or("it has no factory")?;
        // SAFETY: the factory lives.
        let count = unsafe { factory.countClasses() };
        let class = (0..count)
            .filter_map(|index| {
                let mut info = PClassInfo { cid: [0; 16], cardinality: 0, category: [0; 32], name: [0; 64] };
                // SAFETY: the factory is lent room for what it tells.
                (unsafe { factory.getClassInfo(index, &raw mut info) } == kResultOk).then_some(info)
            })
            .find(|info| info.category.iter().zip(PLUGINS).all(|(a, b)| *a as u8 == *b))
            .ok_or("it has no plugin")?;
        let mut component: *mut c_void = ptr::null_mut();
        // SAFETY: both ids have 16 bytes, and the factory is lent room for a pointer, which is then ours.
        unsafe {
            factory.createInstance(class.cid.as_ptr(), IComponent::IID.as_ptr().cast(), &raw mut component);
            ComPtr::from_raw(component.cast()).ok_or_else(|| "it makes no instance".into())
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        // SAFETY: the function is there in every VST3 module, with this signature; it is called once for each entry.
        unsafe {
            if let Ok(leave) = self.library.get::<unsafe extern "C" fn() -> bool>(b"ModuleExit\0") {
                leave();
            }
        }
    }
}

/// A pointer to one of our objects, to be used while the object lives.
fn lent<C, I: Interface>(object: &ComWrapper<C>) -> *mut I
where
    C: vst3::Class,
{
    object.as_com_ref::<I>().map_or(ptr::null_mut(), |interface| interface.as_ptr())
}

fn mode_of(setup: &Setup) -> int32 {
    (if setup.offline { ProcessModes_::kOffline } else { ProcessModes_::kRealtime }) as int32
}

fn context_of(transport: &HostTransport, sample_rate: f64) -> ProcessContext {
    let HostTransport { playing, recording, beats, tells_beats, seconds, tempo, loop_beats, signature } = *transport;
    let mut state = StatesAndFlags_::kTempoValid
        | StatesAndFlags_::kTimeSigValid
        | StatesAndFlags_::kBarPositionValid
        | StatesAndFlags_::kCycleValid;
    for (flag, is_set) in [
        (StatesAndFlags_::kProjectTimeMusicValid, tells_beats),
        (StatesAndFlags_::kPlaying, playing),
        (StatesAndFlags_::kRecording, recording),
        (StatesAndFlags_::kCycleActive, loop_beats.is_some()),
    ] {
        state |= if is_set { flag } else { 0 };
    }
    let samples = (seconds * sample_rate).round() as TSamples;
    let (cycle_start, cycle_end) = loop_beats.unwrap_or_default();
    ProcessContext {
        state: state as uint32,
        sampleRate: sample_rate,
        projectTimeSamples: samples,
        systemTime: 0,
        continousTimeSamples: samples,
        projectTimeMusic: beats,
        barPositionMusic: transport.bar().0,
        cycleStartMusic: cycle_start,
        cycleEndMusic: cycle_end,
        tempo,
        timeSigNumerator: signature.0.into(),
        timeSigDenominator: signature.1.into(),
        chord: Chord { keyNote: 0, rootNote: 0, chordMask: 0 },
        smpteOffsetSubframes: 0,
        frameRate: FrameRate { framesPerSecond: 0, flags: 0 },
        samplesToNextClock: 0,
    }
}

fn parameter(controller: &ComPtr<IEditController>, index: int32) -> Option<ParameterInfo> {
    let mut info = ParameterInfo {
        id: 0,
        title: [0; 128],
        shortTitle: [0; 128],
        units: [0; 128],
        stepCount: 0,
        defaultNormalizedValue: 0.0,
        unitId: 0,
        flags: 0,
    };
    // SAFETY: the controller is lent room for what it tells.
    (unsafe { controller.getParameterInfo(index, &raw mut info) } == kResultOk).then_some(info)
}

fn parameters_of(controller: &ComPtr<IEditController>) -> HashMap<String, Known> {
    let mut parameters = HashMap::new();
    // SAFETY: the controller lives.
    let count = unsafe { controller.getParameterCount() };
    for info in (0..count).filter_map(|index| parameter(controller, index)) {
        let title = info.title.split(|&unit| unit == 0).next().unwrap_or_default();
        let known = Known { id: info.id, steps: info.stepCount };
        parameters.entry(String::from_utf16_lossy(title)).or_insert(known);
    }
    parameters
}
