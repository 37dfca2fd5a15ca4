//! Converts activation, transport and audio buses to the structures of a VST3 `process` call.
#![forbid(unsafe_code)]

use std::ptr;

use vst3::Steinberg::Vst::ProcessContext_::StatesAndFlags_;
use vst3::Steinberg::Vst::*;
use vst3::Steinberg::*;

use crate::audio::{AudioBus, BusMemory};
use crate::host::{ActivationConfig, HostTransport};

/// The process mode of an activation.
pub fn process_mode(config: &ActivationConfig) -> int32 {
    (if config.offline { ProcessModes_::kOffline } else { ProcessModes_::kRealtime }) as int32
}

/// The process setup of an activation.
pub fn process_setup(config: &ActivationConfig) -> ProcessSetup {
    ProcessSetup {
        processMode: process_mode(config),
        symbolicSampleSize: SymbolicSampleSizes_::kSample32 as int32,
        maxSamplesPerBlock: config.max_block_size as int32,
        sampleRate: config.sample_rate,
    }
}

/// The transport as VST3 reports it.
pub fn process_context(transport: &HostTransport, sample_rate: f64) -> ProcessContext {
    let HostTransport { playing, recording, beats, has_beats, seconds, tempo, loop_beats, signature } = *transport;
    let mut state = StatesAndFlags_::kTempoValid
        | StatesAndFlags_::kTimeSigValid
        | StatesAndFlags_::kBarPositionValid
        | StatesAndFlags_::kCycleValid;
    for (flag, is_set) in [
        (StatesAndFlags_::kProjectTimeMusicValid, has_beats),
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
        barPositionMusic: transport.current_bar().0,
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

/// The VST3 description of an audio bus; empty where the bus is absent.
pub fn audio_bus_buffers(memory: &mut BusMemory, bus: AudioBus, samples: u32) -> Vec<AudioBusBuffers> {
    let channel_buffers = AudioBusBuffers__type0 { channelBuffers32: memory.prepare(bus, samples) };
    let buffers = AudioBusBuffers { numChannels: bus.channels() as int32, silenceFlags: 0, __field0: channel_buffers };
    if bus == AudioBus::Absent { Vec::new() } else { vec![buffers] }
}

/// The speaker arrangement with a bus's number of channels.
pub fn speaker_arrangement(bus: AudioBus) -> SpeakerArrangement {
    match bus.channels() {
        0 => SpeakerArr::kEmpty,
        1 => SpeakerArr::kMono,
        2 => SpeakerArr::kStereo,
        _ => SpeakerArr::k51,
    }
}

/// A pointer to a list; null where the list is empty.
pub fn pointer_to<T>(list: &mut [T]) -> *mut T {
    if list.is_empty() { ptr::null_mut() } else { list.as_mut_ptr() }
}
