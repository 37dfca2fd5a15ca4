//! ONNX Runtime through `ort`: opens the process's one library, tries its providers and runs graphs.
//!
//! Sessions run on the calling thread alone, without spinning. They send no telemetry and write nothing to the host's
//! console.

mod session;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::value::Outlet;
use parking_lot::Mutex;

use super::{Graph, Provider, ProviderConfig, Tensor, TensorRef, check_input};
use crate::error::InferenceError;
use crate::guard::{guarded, one_line};
use crate::library::{self, Version};

/// The one ONNX Runtime of this process.
static OPENED: Mutex<Option<Arc<Engine>>> = Mutex::new(None);

/// A loaded ONNX Runtime.
#[derive(Debug)]
pub(super) struct Engine {
    environment: Environment,
    library: PathBuf,
    version: Version,
    /// Whether each provider that was tried computes a small graph, or why it does not.
    trials: Mutex<HashMap<ProviderConfig, Result<(), String>>>,
}

/// Opens a library, or returns the one that this process has already opened.
///
/// # Errors
/// Why the library cannot be used, as a clause about it.
pub(super) fn open(library: &Path) -> Result<Arc<Engine>, String> {
    let inspected = library::inspect(library)?;
    let library = library::resolved(library);
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
    let engine = Arc::new(Engine { environment, library, version: inspected.version, trials: Mutex::default() });
    *opened = Some(Arc::clone(&engine));
    Ok(engine)
}

impl Engine {
    /// A note if this engine runs another library than the requested one.
    pub(super) fn other_library_note(&self, library: &Path) -> Option<String> {
        let is_other = library::resolved(library) != self.library;
        is_other.then(|| {
            format!(
                "{} is not used: this program already runs {} from {}, and can hold only one; restart it to change.",
                library.display(),
                self.name(),
                self.library.display()
            )
        })
    }

    /// The library's path.
    pub(super) fn library(&self) -> &Path {
        &self.library
    }

    /// The release of the library.
    pub(super) fn version(&self) -> &Version {
        &self.version
    }

    /// The devices that the library sees, such as `GPU NVIDIA 2684`, in its own order.
    pub(super) fn devices(&self) -> Vec<String> {
        guarded(|| session::devices(&self.environment)).unwrap_or_default()
    }

    /// Whether the library has a provider. Loads nothing.
    ///
    /// # Errors
    /// Why it has not, as a clause.
    pub(super) fn has(&self, provider: Provider) -> Result<(), String> {
        guarded(|| session::has(provider)).unwrap_or_else(Err)
    }

    /// Checks that a provider computes a small graph. It can be registered and still compute nothing.
    ///
    /// # Errors
    /// Why it does not, as a clause.
    pub(super) fn try_provider(&self, config: ProviderConfig) -> Result<(), String> {
        if config.provider == Provider::Cpu {
            return Ok(());
        }
        if let Some(trial) = self.trials.lock().get(&config) {
            return trial.clone();
        }
        // Not locked meanwhile: a driver may hang, and others must go on.
        let attempt = || session::try_provider(&self.environment, config);
        let result = self.has(config.provider).and_then(|()| guarded(attempt).unwrap_or_else(Err));
        let result = result.map_err(|reason| reason.trim_end_matches('.').to_owned());
        self.trials.lock().entry(config).or_insert(result).clone()
    }

    /// Loads an ONNX file on a provider, or on the CPU if that provider refuses it.
    pub(super) fn load(
        &self,
        config: ProviderConfig,
        title: &str,
        bytes: &[u8],
    ) -> Result<OnnxRuntimeGraph, InferenceError> {
        let graph = |session: Session, provider: String| OnnxRuntimeGraph {
            inputs: names(session.inputs()),
            outputs: names(session.outputs()),
            session: Mutex::new(session),
            title: title.into(),
            runtime: self.name(),
            provider,
        };
        let refused = match self.session(config, bytes) {
            Ok(session) => {
                let provider = session::describe(&session, config.provider);
                return Ok(graph(session, provider));
            }
            Err(reason) => reason,
        };
        let provider = config.provider;
        let reason = if provider == Provider::Cpu {
            refused
        } else {
            match self.session(ProviderConfig::CPU, bytes) {
                Ok(session) => return Ok(graph(session, format!("CPU ({provider} refused it: {refused})"))),
                Err(reason) => reason,
            }
        };
        Err(InferenceError::Refused { file: title.into(), runtime: self.name(), reason })
    }

    fn session(&self, config: ProviderConfig, bytes: &[u8]) -> Result<Session, String> {
        guarded(|| session::open(&self.environment, config, bytes))?.map_err(|e| one_line(&e.to_string()))
    }

    /// Its name and version.
    pub(super) fn name(&self) -> String {
        format!("ONNX Runtime {}", self.version)
    }
}

fn names(ports: &[Outlet]) -> Vec<String> {
    ports.iter().map(|port| port.name().to_string()).collect()
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
