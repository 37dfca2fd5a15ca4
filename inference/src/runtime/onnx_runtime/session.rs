//! Opens sessions of ONNX Runtime on a provider, with that provider's options, and tells what really computes them.

use std::ffi::CStr;
use std::{fs, ptr, slice};

use ort::AsPointer;
use ort::editor;
use ort::environment::Environment;
use ort::ep;
use ort::logging::LogLevel;
use ort::memory::DeviceType;
use ort::session::Session;
use ort::session::builder::{AutoDevicePolicy, SessionBuilder};
use ort::value::{Outlet, Shape, SymbolicDimensions, TensorElementType, ValueType};

use super::super::{Provider, ProviderConfig};
use crate::folders;
use crate::guard::one_line;

/// Steps that TensorRT builds its engines for: the fewest, the usual and the most. Without them it would build an engine
/// for each other length, which takes seconds.
const STEPS: [u32; 3] = [1, 16, 512];

/// Whether a provider may keep on disk what it prepares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeps {
    /// Nothing: a trial leaves no folder behind where the provider does not compute.
    Nothing,
    /// In the cache folder.
    InCache,
}

impl Keeps {
    /// A provider's folder; `None` if it keeps nothing, the folder cannot be made, or its name is not one that the
    /// provider's options can carry.
    fn folder(self, name: &str) -> Option<String> {
        let folder = folders::cache().filter(|_| self == Self::InCache)?.join(name);
        fs::create_dir_all(&folder).ok()?;
        folder.to_str().map(str::to_owned)
    }
}

/// Opens a session for an ONNX file.
pub(super) fn open(environment: &Environment, config: ProviderConfig, bytes: &[u8]) -> ort::Result<Session> {
    if config.provider != Provider::TensorRt {
        return builder(environment, config, Keeps::InCache, None)?.commit_from_memory(bytes);
    }
    let plain = builder(environment, ProviderConfig::CPU, Keeps::Nothing, None)?.commit_from_memory(bytes)?;
    let shapes = STEPS.map(|steps| shapes(plain.inputs(), steps));
    let with_shapes = builder(environment, config, Keeps::InCache, Some(&shapes))?.commit_from_memory(bytes);
    // TensorRT refuses them where it computes a part of the graph that has other inputs.
    with_shapes.or_else(|_| builder(environment, config, Keeps::InCache, None)?.commit_from_memory(bytes))
}

/// The shapes of a graph's inputs for a number of steps, as TensorRT's options have them.
fn shapes(inputs: &[Outlet], steps: u32) -> String {
    let inputs = inputs.iter().filter_map(|input| match input.dtype() {
        ValueType::Tensor { shape: lengths, .. } => Some(shape(input.name(), lengths, steps)),
        _ => None,
    });
    inputs.collect::<Vec<_>>().join(",")
}

/// The shape of an input; an axis without a length of its own gets `steps`.
fn shape(name: &str, lengths: &[i64], steps: u32) -> String {
    let lengths = lengths.iter().map(|&length| u32::try_from(length).unwrap_or(steps).to_string());
    format!("{name}:{}", lengths.collect::<Vec<_>>().join("x"))
}

/// A session builder: one thread, one required provider, and no memory kept between runs.
///
/// An arena keeps the memory of its largest run, and memory patterns are kept for every length of a part. With them the
/// process would grow while it plays; without them no run is slower. DirectML refuses patterns and parallel execution.
fn builder(
    environment: &Environment,
    config: ProviderConfig,
    keeps: Keeps,
    shapes: Option<&[String; 3]>,
) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(environment)?
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_parallel_execution(false)?
        .with_memory_pattern(false)?
        .with_config_entry("session.intra_op.allow_spinning", "0")?
        .with_config_entry("session.record_ep_graph_assignment_info", "1")?
        .with_log_level(LogLevel::Error)?;
    let cpu = ep::CPU::default().with_arena_allocator(false).build();
    let accelerator = match config.provider {
        Provider::TensorRt => tensor_rt(config.half_precision, keeps, shapes).build(),
        // TF32 has 10 bits: velocities would differ by more than a step from those of a processor.
        Provider::Cuda => ep::CUDA::default().with_tf32(false).build(),
        #[cfg(target_os = "macos")]
        Provider::CoreMl => core_ml(config.half_precision, keeps).build(),
        #[cfg(windows)]
        Provider::DirectMl => ep::DirectML::default()
            .with_device_filter(ep::directml::DeviceFilter::Gpu)
            .with_performance_preference(ep::directml::PerformancePreference::HighPerformance)
            .build(),
        Provider::Cpu => return Ok(builder.with_execution_providers([cpu])?),
        #[allow(unreachable_patterns, reason = "each system lacks others")]
        other => return Err(ort::Error::new(format!("there is no {other} on this system"))),
    };
    Ok(builder.with_execution_providers([accelerator.error_on_failure(), cpu])?)
}

/// TensorRT with its engines and timings kept on disk, because making them takes seconds.
fn tensor_rt(half_precision: bool, keeps: Keeps, shapes: Option<&[String; 3]>) -> ep::TensorRT {
    let mut provider = ep::TensorRT::default().with_fp16(half_precision);
    if let Some([fewest, usual, most]) = shapes {
        provider =
            provider.with_profile_min_shapes(fewest).with_profile_opt_shapes(usual).with_profile_max_shapes(most);
    }
    match keeps.folder("tensorrt") {
        Some(folder) => provider
            .with_engine_cache(true)
            .with_engine_cache_path(&folder)
            .with_timing_cache(true)
            .with_timing_cache_path(&folder),
        None => provider,
    }
}

/// Core ML with its compiled models kept on disk. The Neural Engine computes in 16 bits only.
#[cfg(target_os = "macos")]
fn core_ml(half_precision: bool, keeps: Keeps) -> ep::CoreML {
    use ep::coreml::{ComputeUnits, ModelFormat};
    let units = if half_precision { ComputeUnits::All } else { ComputeUnits::CPUAndGPU };
    let provider = ep::CoreML::default()
        .with_model_format(ModelFormat::MLProgram)
        .with_compute_units(units)
        .with_low_precision_accumulation_on_gpu(half_precision);
    match keeps.folder("coreml") {
        Some(folder) => provider.with_model_cache_dir(folder),
        None => provider,
    }
}

/// The devices that the library sees.
pub(super) fn devices(environment: &Environment) -> Vec<String> {
    let devices = environment.devices().map(|device| {
        let hardware = device.hardware_device();
        let kind = match hardware.ty() {
            DeviceType::CPU => "CPU",
            DeviceType::GPU => "GPU",
            _ => "NPU",
        };
        format!("{kind} {} {:x}", hardware.vendor().unwrap_or("unknown"), hardware.id())
    });
    devices.collect()
}

/// Checks that a provider computes a graph.
pub(super) fn try_provider(environment: &Environment, config: ProviderConfig) -> Result<(), String> {
    let attempt = || -> ort::Result<Vec<String>> {
        let mut session = doubling_graph()?.into_session(&builder(environment, config, Keeps::Nothing, None)?)?;
        let assigned = assignment(&session)?;
        let numbers = [1.0f32, 2.0, 3.0, 4.0];
        let input = ort::value::TensorRef::from_array_view(([4usize], numbers.as_slice()))?;
        session.run(ort::inputs!["x" => input])?;
        Ok(assigned)
    };
    let assigned = attempt().map_err(|e| one_line(&e.to_string()))?;
    match assigned.iter().any(|name| name == config.provider.canonical_name()) {
        true => Ok(()),
        false => Err("it did not run any part of a test graph".into()),
    }
}

/// The graph y = x + x over four numbers.
fn doubling_graph() -> ort::Result<editor::Model> {
    let four = || ValueType::Tensor {
        ty: TensorElementType::Float32,
        shape: Shape::new([4i64]),
        dimension_symbols: SymbolicDimensions::empty(1),
    };
    let mut graph = editor::Graph::new()?;
    graph.set_inputs([Outlet::new("x", four())])?;
    graph.set_outputs([Outlet::new("y", four())])?;
    graph.add_node(editor::Node::new("Add", editor::ONNX_DOMAIN, "double", ["x", "x"], ["y"], [])?)?;
    let mut model = editor::Model::new([editor::Opset::new(editor::ONNX_DOMAIN, 17)?])?;
    model.set_graph(graph)?;
    Ok(model)
}

/// The provider of each subgraph into which ONNX Runtime has split a session's graph.
fn assignment(session: &Session) -> ort::Result<Vec<String>> {
    let api = ort::api();
    let (mut parts, mut count) = (ptr::null(), 0);
    // SAFETY: the session is alive and both out-pointers are valid for writing.
    let status = unsafe { (api.Session_GetEpGraphAssignmentInfo)(session.ptr(), &mut parts, &mut count) };
    // SAFETY: the status comes from ONNX Runtime and is used once.
    unsafe { ort::Error::result_from_status(status) }?;
    if parts.is_null() {
        return Ok(Vec::new());
    }
    // SAFETY: after success `parts` is an array of `count` pointers that the session owns.
    let parts = unsafe { slice::from_raw_parts(parts, count) };
    parts
        .iter()
        .map(|&part| {
            let mut name = ptr::null();
            // SAFETY: `part` belongs to the session and the out-pointer is valid for writing.
            let status = unsafe { (api.EpAssignedSubgraph_GetEpName)(part, &mut name) };
            // SAFETY: as above.
            unsafe { ort::Error::result_from_status(status) }?;
            // SAFETY: after success the name is a NUL-terminated string that the session owns.
            Ok(unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned())
        })
        .collect()
}

/// What computes a session that was built for `provider`.
pub(super) fn describe(session: &Session, provider: Provider) -> String {
    let Ok(assigned) = assignment(session) else { return provider.to_string() };
    let runs_part = |provider: Provider| assigned.iter().any(|name| name == provider.canonical_name());
    match (runs_part(provider), runs_part(Provider::Cpu)) {
        (true, true) if provider != Provider::Cpu => format!("{provider}, in part CPU"),
        (false, true) => format!("CPU ({provider} runs no part of this graph)"),
        _ => provider.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensor_rt_is_told_a_length_for_open_axes() {
        assert_eq!(shape("rows", &[-1, 1, 12], 16), "rows:16x1x12");
        assert_eq!(shape("state", &[1, 1, 64], 512), "state:1x1x64");
    }
}
