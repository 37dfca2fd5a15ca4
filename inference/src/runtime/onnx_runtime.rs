//! ONNX Runtime through `ort`: opens the process's one library, chooses a provider and runs graphs.
//!
//! Sessions run on the calling thread alone, without spinning. They send no telemetry and write nothing to the host's
//! console.

use std::ffi::CStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, fs, ptr, slice};

use directories::BaseDirs;
use ort::AsPointer;
use ort::editor;
use ort::environment::Environment;
use ort::ep;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{AutoDevicePolicy, SessionBuilder};
use ort::value::{Outlet, Shape, SymbolicDimensions, TensorElementType, ValueType};
use parking_lot::Mutex;

use super::{Graph, RuntimeReport, Tensor, TensorRef, check_input};
use crate::error::InferenceError;
use crate::guard::{guarded, one_line};
use crate::library::{self, Version};

/// The one ONNX Runtime of this process.
static OPENED: Mutex<Option<Arc<Engine>>> = Mutex::new(None);

/// An execution provider, which computes a session's graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provider {
    TensorRt,
    Cuda,
    Cpu,
}

impl Provider {
    /// The accelerators, in the order of preference.
    const ACCELERATORS: [Self; 2] = [Self::TensorRt, Self::Cuda];

    /// Its name in ONNX Runtime.
    fn canonical_name(self) -> &'static str {
        match self {
            Self::TensorRt => "TensorrtExecutionProvider",
            Self::Cuda => "CUDAExecutionProvider",
            Self::Cpu => "CPUExecutionProvider",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TensorRt => "TensorRT",
            Self::Cuda => "CUDA",
            Self::Cpu => "CPU",
        })
    }
}

/// A loaded ONNX Runtime and the provider that its sessions use.
#[derive(Debug)]
pub(super) struct Engine {
    environment: Environment,
    library: PathBuf,
    version: Version,
    provider: Provider,
    /// Why better providers are not used, and warnings about the library.
    notes: Vec<String>,
}

/// Opens a library, or returns the one that this process has already opened.
///
/// # Errors
/// Why the library cannot be used, as a clause about it.
pub(super) fn open(library: &Path) -> Result<Arc<Engine>, String> {
    let version = library::inspect(library)?;
    let library = library.canonicalize().unwrap_or_else(|_| library.to_path_buf());
    let mut opened = OPENED.lock();
    if let Some(engine) = opened.as_ref() {
        return Ok(Arc::clone(engine));
    }
    let environment = guarded(|| {
        let builder = ort::init_from(&library).map_err(|e| one_line(&e.to_string()))?;
        let environment = builder
            .with_name("tonenet")
            .with_telemetry(false)
            // Failures come back as errors; the host's console is not ours to write to.
            .with_logger(Arc::new(|_: LogLevel, _: &str, _: &str, _: &str, _: &str| {}))
            .build()
            .map_err(|e| one_line(&e.to_string()))?;
        // Without this, every message would be formatted before our logger drops it.
        environment.set_log_level(LogLevel::Error);
        Ok(environment)
    })
    .unwrap_or_else(Err)?;
    let mut notes: Vec<String> = version.warning().into_iter().collect();
    let provider = choose_provider(&environment, &library, &mut notes);
    let engine = Arc::new(Engine { environment, library, version, provider, notes });
    *opened = Some(Arc::clone(&engine));
    Ok(engine)
}

impl Engine {
    /// A note if this engine runs another library than the requested one.
    pub(super) fn other_library_note(&self, library: &Path) -> Option<String> {
        let is_other = library.canonicalize().is_ok_and(|library| library != self.library);
        is_other.then(|| {
            format!(
                "{} is not used: this program already runs {} from {}, and can hold only one; restart it to change.",
                library.display(),
                self.name(),
                self.library.display()
            )
        })
    }

    /// Its report, with `notes` before its own.
    pub(super) fn report(&self, mut notes: Vec<String>) -> RuntimeReport {
        notes.extend(self.notes.iter().cloned());
        RuntimeReport {
            runtime: self.name(),
            provider: self.provider.to_string(),
            library: Some(self.library.clone()),
            notes,
        }
    }

    /// Loads an ONNX file on the chosen provider, or on the CPU if that provider refuses it.
    pub(super) fn load(&self, title: &str, bytes: &[u8]) -> Result<OnnxRuntimeGraph, InferenceError> {
        let graph = |session: Session, provider: String| OnnxRuntimeGraph {
            inputs: names(session.inputs()),
            outputs: names(session.outputs()),
            session: Mutex::new(session),
            title: title.into(),
            runtime: self.name(),
            provider,
        };
        let refused = match self.session(self.provider, bytes) {
            Ok(session) => {
                let provider = describe(&session, self.provider);
                return Ok(graph(session, provider));
            }
            Err(reason) => reason,
        };
        let reason = if self.provider == Provider::Cpu {
            refused
        } else {
            match self.session(Provider::Cpu, bytes) {
                Ok(session) => return Ok(graph(session, format!("CPU ({} refused it: {refused})", self.provider))),
                Err(reason) => reason,
            }
        };
        Err(InferenceError::Refused { file: title.into(), runtime: self.name(), reason })
    }

    fn session(&self, provider: Provider, bytes: &[u8]) -> Result<Session, String> {
        guarded(|| builder(&self.environment, provider)?.commit_from_memory(bytes))?
            .map_err(|e| one_line(&e.to_string()))
    }

    /// Its name and version.
    pub(super) fn name(&self) -> String {
        format!("ONNX Runtime {}", self.version)
    }
}

fn names(ports: &[Outlet]) -> Vec<String> {
    ports.iter().map(|port| port.name().to_string()).collect()
}

/// A session builder: one thread, one required provider, and no memory kept between runs.
///
/// An arena keeps the memory of its largest run, and memory patterns are kept for every length of a part. With them the
/// process would grow while it plays; without them no run is slower.
fn builder(environment: &Environment, provider: Provider) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(environment)?
        .with_auto_device(AutoDevicePolicy::PreferCPU)?
        .with_intra_threads(1)?
        .with_inter_threads(1)?
        .with_memory_pattern(false)?
        .with_config_entry("session.intra_op.allow_spinning", "0")?
        .with_config_entry("session.record_ep_graph_assignment_info", "1")?
        .with_log_level(LogLevel::Error)?;
    let cpu = ep::CPU::default().with_arena_allocator(false).build();
    let accelerator = match provider {
        Provider::TensorRt => tensor_rt().build(),
        Provider::Cuda => ep::CUDA::default().build(),
        Provider::Cpu => return Ok(builder.with_execution_providers([cpu])?),
    };
    Ok(builder.with_execution_providers([accelerator.error_on_failure(), cpu])?)
}

/// TensorRT with its engines cached on disk, because building one takes seconds.
fn tensor_rt() -> ep::TensorRT {
    let provider = ep::TensorRT::default();
    let folder = BaseDirs::new().map(|dirs| dirs.cache_dir().join("tonenet").join("tensorrt"));
    match folder.filter(|folder| fs::create_dir_all(folder).is_ok()) {
        Some(folder) => provider.with_engine_cache(true).with_engine_cache_path(folder.display()),
        None => provider,
    }
}

/// Chooses the first accelerator that computes a small graph, else the CPU. Adds to `notes` why the others do not.
fn choose_provider(environment: &Environment, library: &Path, notes: &mut Vec<String>) -> Provider {
    for provider in Provider::ACCELERATORS {
        match guarded(|| try_provider(environment, provider)).unwrap_or_else(Err) {
            Ok(()) => return provider,
            Err(reason) => notes.push(format!(
                "{provider} is not used by {}: {}. With an NVIDIA graphics card, install onnxruntime-gpu and its CUDA \
                 libraries to use it; without one, nothing is wrong.",
                library.display(),
                reason.trim_end_matches('.')
            )),
        }
    }
    Provider::Cpu
}

/// Checks that a provider computes a graph. A provider can be registered and still compute nothing.
fn try_provider(environment: &Environment, provider: Provider) -> Result<(), String> {
    let attempt = || -> ort::Result<Vec<String>> {
        let mut session = doubling_graph()?.into_session(&builder(environment, provider)?)?;
        let assigned = assignment(&session)?;
        let numbers = [1.0f32, 2.0, 3.0, 4.0];
        let input = ort::value::TensorRef::from_array_view(([4usize], numbers.as_slice()))?;
        session.run(ort::inputs!["x" => input])?;
        Ok(assigned)
    };
    let assigned = attempt().map_err(|e| one_line(&e.to_string()))?;
    match assigned.iter().any(|name| name == provider.canonical_name()) {
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
fn describe(session: &Session, provider: Provider) -> String {
    let Ok(assigned) = assignment(session) else { return provider.to_string() };
    let runs_part = |provider: Provider| assigned.iter().any(|name| name == provider.canonical_name());
    match (runs_part(provider), runs_part(Provider::Cpu)) {
        (true, true) if provider != Provider::Cpu => format!("{provider}, in part CPU"),
        (false, true) => format!("CPU ({provider} runs no part of this graph)"),
        _ => provider.to_string(),
    }
}

/// A graph in ONNX Runtime.
#[derive(Debug)]
pub(super) struct OnnxRuntimeGraph {
    /// Concurrent runs of one session are not safe with every provider.
    session: Mutex<Session>,
    inputs: Vec<String>,
    outputs: Vec<String>,
    title: String,
    runtime: String,
    provider: String,
}

impl OnnxRuntimeGraph {
    fn check_port(&self, port: &'static str, among: &[String], name: &str) -> Result<(), InferenceError> {
        match among.iter().any(|known| known == name) {
            true => Ok(()),
            false => Err(InferenceError::NoSuchPort { file: self.title.clone(), port, name: name.into() }),
        }
    }

    fn failed(&self, reason: &str) -> InferenceError {
        InferenceError::Failed { file: self.title.clone(), runtime: self.runtime.clone(), reason: one_line(reason) }
    }
}

impl Graph for OnnxRuntimeGraph {
    fn run(&self, inputs: &[(&str, TensorRef<'_>)], outputs: &[&str]) -> Result<Vec<Tensor>, InferenceError> {
        outputs.iter().try_for_each(|name| self.check_port("output", &self.outputs, name))?;
        for (name, tensor) in inputs {
            self.check_port("input", &self.inputs, name)?;
            check_input(&self.title, name, *tensor)?;
        }
        let run = || -> ort::Result<Vec<Tensor>> {
            let values = inputs
                .iter()
                .map(|(name, tensor)| Ok((*name, ort::value::TensorRef::from_array_view((tensor.shape, tensor.data))?)))
                .collect::<ort::Result<Vec<_>>>()?;
            let mut session = self.session.lock();
            let results = session.run(values)?;
            outputs
                .iter()
                .map(|name| {
                    let (shape, data) = results[*name].try_extract_tensor::<f32>()?;
                    let shape = shape.iter().map(|&length| usize::try_from(length).unwrap_or(0)).collect();
                    Ok(Tensor { shape, data: data.to_vec() })
                })
                .collect()
        };
        guarded(run).map_err(|panic| self.failed(&panic))?.map_err(|e| self.failed(&e.to_string()))
    }

    fn provider(&self) -> &str {
        &self.provider
    }
}
