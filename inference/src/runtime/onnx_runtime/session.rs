//! Opens sessions of ONNX Runtime on a provider, with that provider's options, and tells what really computes them.

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::{fs, ptr, slice};

use ort::AsPointer;
use ort::editor;
use ort::environment::Environment;
use ort::ep::{self, ExecutionProvider};
use ort::logging::LogLevel;
use ort::memory::DeviceType;
use ort::session::Session;
use ort::session::builder::{AutoDevicePolicy, SessionBuilder};
use ort::value::{Outlet, Shape, SymbolicDimensions, TensorElementType, ValueType};

use super::super::{Provider, ProviderConfig};
use crate::folders;
use crate::guard::one_line;
use crate::manifest::Sha256;

/// Steps that TensorRT builds its engines for: the fewest, the usual and the most. Without them it would build an engine
/// for each other length, which takes seconds.
const STEPS: [u32; 3] = [1, 16, 512];

/// Parts that are computed at once, and notes that look ahead at once: the fewest, the usual and the most.
const BATCH: [u32; 3] = [1, 1, 64];

/// The folders in which a provider keeps what it prepares.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    /// What it has learned of the device, for all graphs.
    shared: PathBuf,
    /// What it has compiled. A folder for each graph, because providers name their files by a graph's inputs and outputs:
    /// styles, which differ in their weights alone, would get each other's.
    of_graph: PathBuf,
}

impl Kept {
    fn new(cache: &Path, provider: Provider, bytes: &[u8]) -> Self {
        let shared = cache.join(provider.id());
        Self { of_graph: shared.join(Sha256::digest(bytes).to_string()), shared }
    }

    /// In the cache folder; `None` if it cannot be made.
    fn in_cache(provider: Provider, bytes: &[u8]) -> Option<Self> {
        let kept = Self::new(&folders::cache()?, provider, bytes);
        fs::create_dir_all(&kept.of_graph).ok()?;
        Some(kept)
    }

    /// Both folders as a provider's options carry them; `None` where one has a name that these cannot.
    fn names(&self) -> Option<[&str; 2]> {
        Some([self.shared.to_str()?, self.of_graph.to_str()?])
    }
}

/// Opens a session for an ONNX file.
pub(super) fn open(environment: &Environment, config: ProviderConfig, bytes: &[u8]) -> ort::Result<Session> {
    if config.provider == Provider::Cpu || config.provider == Provider::Cuda || config.provider == Provider::DirectMl {
        return builder(environment, config, None, None)?.commit_from_memory(bytes);
    }
    let kept = Kept::in_cache(config.provider, bytes);
    let open = |shapes| builder(environment, config, kept.as_ref(), shapes)?.commit_from_memory(bytes);
    if config.provider == Provider::CoreMl {
        return open(None);
    }
    let plain = builder(environment, ProviderConfig::CPU, None, None)?.commit_from_memory(bytes)?;
    let shapes: [String; 3] = std::array::from_fn(|place| shapes(plain.inputs(), STEPS[place], BATCH[place]));
    // TensorRT refuses them where it computes a part of the graph that has other inputs.
    open(Some(&shapes)).or_else(|_| open(None))
}

/// The shapes of a graph's inputs for a number of steps and a batch, as TensorRT's options have them.
fn shapes(inputs: &[Outlet], steps: u32, batch: u32) -> String {
    let inputs = inputs.iter().filter_map(|input| match input.dtype() {
        ValueType::Tensor { shape: lengths, .. } => Some(shape(input.name(), lengths, steps, batch)),
        _ => None,
    });
    inputs.collect::<Vec<_>>().join(",")
}

/// The shape of an input. The first axis counts steps and any other that is open the batch.
fn shape(name: &str, lengths: &[i64], steps: u32, batch: u32) -> String {
    let open = std::iter::once(steps).chain(std::iter::repeat(batch));
    let lengths = lengths.iter().zip(open).map(|(&length, open)| u32::try_from(length).unwrap_or(open).to_string());
    format!("{name}:{}", lengths.collect::<Vec<_>>().join("x"))
}

/// A session builder: one thread, one required provider, and no memory kept between runs.
///
/// An arena keeps the memory of its largest run, and memory patterns are kept for every length of a part. With them the
/// process would grow while it plays; without them no run is slower. DirectML refuses patterns and parallel execution.
fn builder(
    environment: &Environment,
    config: ProviderConfig,
    kept: Option<&Kept>,
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
        Provider::TensorRt => tensor_rt(config.half_precision, kept, shapes).build(),
        // TF32 has 10 bits: velocities would differ by more than a step from those of a processor.
        Provider::Cuda => ep::CUDA::default().with_tf32(false).build(),
        #[cfg(target_os = "macos")]
        Provider::CoreMl => core_ml(config.half_precision, kept).build(),
        #[cfg(windows)]
        Provider::DirectMl => ep::DirectML::default()
            .with_device_filter(ep::directml::DeviceFilter::Gpu)
            .with_performance_preference(ep::directml::PerformancePreference::HighPerformance)
            .build(),
        Provider::Cpu => return Ok(builder.with_execution_providers([cpu])?),
        other => return Err(ort::Error::new(format!("there is no {other} on this system"))),
    };
    Ok(builder.with_execution_providers([accelerator.error_on_failure(), cpu])?)
}

/// TensorRT with its engines and timings kept on disk, because making them takes seconds.
fn tensor_rt(half_precision: bool, kept: Option<&Kept>, shapes: Option<&[String; 3]>) -> ep::TensorRT {
    let mut provider = ep::TensorRT::default().with_fp16(half_precision);
    if let Some([fewest, usual, most]) = shapes {
        provider =
            provider.with_profile_min_shapes(fewest).with_profile_opt_shapes(usual).with_profile_max_shapes(most);
    }
    match kept.and_then(Kept::names) {
        Some([shared, of_graph]) => provider
            .with_engine_cache(true)
            .with_engine_cache_path(of_graph)
            .with_timing_cache(true)
            .with_timing_cache_path(shared),
        None => provider,
    }
}

/// Core ML with its compiled models kept on disk. The Neural Engine computes in 16 bits only.
#[cfg(target_os = "macos")]
fn core_ml(half_precision: bool, kept: Option<&Kept>) -> ep::CoreML {
    use ep::coreml::{ComputeUnits, ModelFormat};
    let units = if half_precision { ComputeUnits::All } else { ComputeUnits::CPUAndGPU };
    let provider = ep::CoreML::default()
        .with_model_format(ModelFormat::MLProgram)
        .with_compute_units(units)
        .with_low_precision_accumulation_on_gpu(half_precision);
    match kept.and_then(Kept::names) {
        Some([_, of_graph]) => provider.with_model_cache_dir(of_graph),
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

/// Whether the library was built with a provider, or why it is not there.
pub(super) fn has(provider: Provider) -> Result<(), String> {
    let is_built_in = match provider {
        Provider::Cpu => Ok(true),
        Provider::Cuda => ep::CUDA::is_available(),
        Provider::TensorRt => ep::TensorRT::is_available(),
        #[cfg(target_os = "macos")]
        Provider::CoreMl => ep::CoreML::is_available(),
        #[cfg(windows)]
        Provider::DirectMl => ep::DirectML::is_available(),
        other => return Err(format!("there is no {other} on this system")),
    };
    match is_built_in {
        Ok(true) => Ok(()),
        Ok(false) => Err("this library was built without it".into()),
        Err(error) => Err(one_line(&error.to_string())),
    }
}

/// Checks that a provider computes a graph.
pub(super) fn try_provider(environment: &Environment, config: ProviderConfig) -> Result<(), String> {
    let attempt = || -> ort::Result<Vec<String>> {
        let mut session = doubling_graph()?.into_session(&builder(environment, config, None, None)?)?;
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
    fn tensor_rt_is_told_how_many_steps_and_parts_there_are() {
        let (steps, parts) = (16, 4);
        assert_eq!(shape("frames", &[-1, 1, 12], steps, parts), "frames:16x1x12");
        assert_eq!(shape("past", &[-1, -1, 116], steps, parts), "past:16x4x116");
        assert_eq!(shape("lower_h", &[1, -1, 320], steps, parts), "lower_h:1x4x320");
    }

    #[test]
    fn what_a_provider_compiles_is_kept_apart_for_each_graph() {
        let [jazz, pop] = [b"jazz", b"pop!"].map(|bytes| Kept::new(Path::new("cache"), Provider::TensorRt, bytes));
        assert_ne!(jazz.of_graph, pop.of_graph);
        assert_eq!(jazz.shared, pop.shared);
        assert!(jazz.of_graph.starts_with(&jazz.shared));
        assert_eq!(jazz, Kept::new(Path::new("cache"), Provider::TensorRt, b"jazz"), "a later start finds it");
    }

    /// The shapes of the inputs of the model that plays.
    #[test]
    #[cfg(feature = "embedded")]
    fn each_open_axis_of_the_note_models_inputs_is_a_step_or_a_part() {
        use crate::bundle::ModelFiles;
        use crate::library::FILE_NAME;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let library = root.join("third_party/onnxruntime").join(FILE_NAME);
        let engine = super::super::open(&library).expect("run `cargo xtask setup onnxruntime` first");
        let folder = root.join("assets/models/note");
        ModelFiles::from_dir(&folder).expect("the note model");
        for (graph, expected) in [
            ("past", "past:7x3x116,lower_h:1x3x320"),
            ("ahead", "past:7x3x116,ahead:7x3x"),
            ("decoder-jazz", "before:7x3x"),
        ] {
            let stored = fs::read(folder.join(format!("{graph}.onnx"))).expect("a graph");
            let bytes = crate::dequantise::dequantise(&stored).expect("its weights");
            let session = builder(&engine.environment, ProviderConfig::CPU, None, None);
            let session = session.and_then(|mut builder| builder.commit_from_memory(&bytes)).expect("a session");
            let told = shapes(session.inputs(), 7, 3);
            assert!(told.starts_with(expected), "{graph}: {told}");
            for input in told.split(',') {
                let (_, lengths) = input.split_once(':').expect("a name and lengths");
                let lengths: Vec<&str> = lengths.split('x').collect();
                assert!(matches!(lengths[..2], ["7" | "1", "3"]), "{graph}: {input}");
            }
        }
    }
}
