//! The runtimes that execute graphs, and the choice between them.
//!
//! ONNX Runtime is used when its library is found; the built-in runtime always works. Opening never fails: a
//! [`RuntimeReport`] says what could not be used. In a process, each runtime loads a graph once and all instances share
//! it.

mod built_in;
#[cfg(test)]
pub mod counted;
#[expect(unsafe_code, reason = "one call of ONNX Runtime's C API has no safe wrapper")]
mod onnx_runtime;
mod provider;

use std::collections::HashMap;
use std::fmt::{self, Debug};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;

use crate::bundle::GraphFile;
use crate::dequantise::dequantise;
use crate::error::InferenceError;
use crate::library::{self, Candidate, Source};
use crate::manifest::Sha256;
use crate::validate::validate;
#[cfg(feature = "embedded")]
pub(crate) use provider::MEASURE_AGAIN;
pub use provider::{Provider, ProviderConfig, ProviderPreference, Refusal};

/// 32-bit floats with a shape, in row-major order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tensor {
    /// Length of each axis.
    pub shape: Vec<usize>,
    /// As many numbers as the product of the shape.
    pub data: Vec<f32>,
}

/// A borrowed [`Tensor`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TensorRef<'a> {
    /// Length of each axis.
    pub shape: &'a [usize],
    /// As many numbers as the product of the shape, and at least one.
    pub data: &'a [f32],
}

impl Tensor {
    /// The tensor, borrowed.
    pub fn view(&self) -> TensorRef<'_> {
        TensorRef { shape: &self.shape, data: &self.data }
    }
}

/// A loaded graph; it may be shared by several instances and runs one request at a time.
pub trait Graph: Debug + Send + Sync {
    /// Runs the graph on the named inputs; returns the named outputs in the given order.
    ///
    /// Not for the audio thread: it allocates and may wait for another instance's run to end.
    ///
    /// # Errors
    /// When a name is unknown, an input is empty or not as large as its shape says, or the runtime fails.
    fn run(&self, inputs: &[(&str, TensorRef<'_>)], outputs: &[&str]) -> Result<Vec<Tensor>, InferenceError>;

    /// What computes it, such as `CPU` or `CUDA`, with the reason if that is not the runtime's provider.
    fn provider(&self) -> &str;
}

/// The runtime that the user prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuntimePreference {
    /// ONNX Runtime if it is found, else the built-in runtime.
    #[default]
    Auto,
    /// ONNX Runtime, else the built-in runtime with a note in the report.
    OnnxRuntime,
    /// The built-in runtime.
    BuiltIn,
}

/// Which runtime was opened, and why others were not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeReport {
    /// The runtime and its version.
    pub runtime: String,
    /// What computes its graphs, such as `CPU` or `CUDA`.
    pub provider: String,
    /// Why that provider computes, where there was a choice.
    pub reason: Option<String>,
    /// The providers of this library that load, the processor first. Others were not tried, or do not.
    pub providers: Vec<Provider>,
    /// The library in use, if it is not the built-in runtime.
    pub library: Option<PathBuf>,
    /// Why other providers are not used.
    pub refusals: Vec<Refusal>,
    /// Why other libraries are not used, in whole sentences with file and remedy.
    pub notes: Vec<String>,
}

impl RuntimeReport {
    /// Why other libraries and providers are not used, in whole sentences.
    pub fn all_notes(&self) -> Vec<String> {
        let refusals = self.refusals.iter().map(|refusal| refusal.note(&self.runtime));
        self.notes.iter().cloned().chain(refusals).collect()
    }
}

impl fmt::Display for RuntimeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} · {}", self.runtime, self.provider)?;
        self.reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({reason})"))
    }
}

/// An open runtime; clones share it.
#[derive(Debug, Clone)]
pub struct Runtime {
    engine: Engine,
    /// Whether its graphs are also those of other runtimes.
    shares_graphs: bool,
}

#[derive(Debug, Clone)]
enum Engine {
    OnnxRuntime(Arc<onnx_runtime::Engine>, ProviderConfig),
    BuiltIn(built_in::Thread),
}

/// The runtime that a shared graph belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    OnnxRuntime(ProviderConfig),
    BuiltIn,
}

type SharedGraphs = HashMap<(Kind, Sha256), Weak<dyn Graph>>;

/// The loaded graphs that an instance still holds.
static GRAPHS: LazyLock<Mutex<SharedGraphs>> = LazyLock::new(Mutex::default);

impl Runtime {
    /// Opens the preferred runtime: the first usable library of `candidates` (see [`library::candidates`]), else the
    /// built-in runtime.
    ///
    /// ONNX Runtime computes on the CPU; [`Self::on`] gives it another provider, and `chosen_runtime` chooses one. A
    /// process keeps its first ONNX Runtime: a later call with other candidates gets that one, with a note. The first call
    /// loads a library, which takes long, so it belongs on the inference thread.
    pub fn open(preference: RuntimePreference, candidates: &[Candidate]) -> (Self, RuntimeReport) {
        let mut notes = Vec::new();
        if preference != RuntimePreference::BuiltIn {
            if let Some(engine) = find_library(candidates, &mut notes) {
                notes.extend(engine.version().warning());
                let report = RuntimeReport {
                    runtime: engine.name(),
                    provider: Provider::Cpu.to_string(),
                    reason: None,
                    providers: vec![Provider::Cpu],
                    library: Some(engine.library().to_path_buf()),
                    refusals: Vec::new(),
                    notes,
                };
                let engine = Engine::OnnxRuntime(engine, ProviderConfig::CPU);
                return (Self { engine, shares_graphs: true }, report);
            }
            notes.push(no_library(preference, candidates));
        }
        let report = RuntimeReport {
            runtime: built_in::NAME.into(),
            provider: built_in::PROVIDER.into(),
            reason: None,
            providers: vec![Provider::Cpu],
            library: None,
            refusals: Vec::new(),
            notes,
        };
        (Self { engine: Engine::BuiltIn(built_in::Thread::Shared), shares_graphs: true }, report)
    }

    /// The runtime and its version.
    pub fn name(&self) -> String {
        match &self.engine {
            Engine::OnnxRuntime(engine, _) => engine.name(),
            Engine::BuiltIn(_) => built_in::NAME.into(),
        }
    }

    /// The same runtime with graphs of its own, so that its runs wait for no other's. Each graph takes memory again.
    #[must_use]
    pub fn unshared(&self) -> Self {
        let engine = match &self.engine {
            Engine::OnnxRuntime(engine, config) => Engine::OnnxRuntime(Arc::clone(engine), *config),
            Engine::BuiltIn(_) => Engine::BuiltIn(built_in::Thread::own()),
        };
        Self { engine, shares_graphs: false }
    }

    /// The provider that computes its graphs, as far as that takes them.
    pub fn provider(&self) -> ProviderConfig {
        match &self.engine {
            Engine::OnnxRuntime(_, config) => *config,
            Engine::BuiltIn(_) => ProviderConfig::CPU,
        }
    }

    /// The same runtime with another provider, once that has computed a small graph. Trying one may take seconds.
    ///
    /// # Errors
    /// Why that provider cannot compute here, as a clause.
    pub fn on(&self, config: ProviderConfig) -> Result<Self, String> {
        let config = config.with_own_options();
        match &self.engine {
            Engine::OnnxRuntime(engine, _) => {
                engine.try_provider(config)?;
                Ok(Self { engine: Engine::OnnxRuntime(Arc::clone(engine), config), ..*self })
            }
            Engine::BuiltIn(_) if config.provider == Provider::Cpu => Ok(self.clone()),
            Engine::BuiltIn(_) => Err("the built-in runtime computes on the processor alone".into()),
        }
    }

    /// Whether the library has a provider at all. Loads nothing.
    ///
    /// # Errors
    /// Why it has not, as a clause.
    #[cfg(feature = "embedded")]
    pub(crate) fn has(&self, provider: Provider) -> Result<(), String> {
        match &self.engine {
            Engine::OnnxRuntime(engine, _) => engine.has(provider),
            Engine::BuiltIn(_) => Err("the built-in runtime computes on the processor alone".into()),
        }
    }

    /// The same runtime on the processor. What must be the same on all machines is computed there.
    pub fn on_processor(&self) -> Self {
        let engine = match &self.engine {
            Engine::OnnxRuntime(engine, _) => Engine::OnnxRuntime(Arc::clone(engine), ProviderConfig::CPU),
            Engine::BuiltIn(_) => self.engine.clone(),
        };
        Self { engine, ..*self }
    }

    /// ONNX Runtime's library; empty with the built-in runtime.
    #[cfg(feature = "embedded")]
    pub(crate) fn library(&self) -> &std::path::Path {
        match &self.engine {
            Engine::OnnxRuntime(engine, _) => engine.library(),
            Engine::BuiltIn(_) => std::path::Path::new(""),
        }
    }

    /// The devices that ONNX Runtime sees; none with the built-in runtime.
    pub fn devices(&self) -> Vec<String> {
        match &self.engine {
            Engine::OnnxRuntime(engine, _) => engine.devices(),
            Engine::BuiltIn(_) => Vec::new(),
        }
    }

    /// Loads a graph, or returns the one already loaded with the same checksum.
    ///
    /// # Errors
    /// [`InferenceError::Refused`] when the file is invalid or the runtime cannot load it.
    pub fn load(&self, file: GraphFile<'_>) -> Result<Arc<dyn Graph>, InferenceError> {
        let kind = match self.engine {
            Engine::OnnxRuntime(_, config) => Kind::OnnxRuntime(config),
            Engine::BuiltIn(_) => Kind::BuiltIn,
        };
        if !self.shares_graphs {
            return self.load_graph(file);
        }
        // Locked while loading, so that two instances that start together load it once.
        let mut graphs = GRAPHS.lock();
        if let Some(graph) = graphs.get(&(kind, file.sha256())).and_then(Weak::upgrade) {
            return Ok(graph);
        }
        let graph = self.load_graph(file)?;
        graphs.retain(|_, graph| graph.strong_count() > 0);
        graphs.insert((kind, file.sha256()), Arc::downgrade(&graph));
        Ok(graph)
    }

    fn load_graph(&self, file: GraphFile<'_>) -> Result<Arc<dyn Graph>, InferenceError> {
        let validated = dequantise(file.bytes()).and_then(|bytes| validate(&bytes).map(|()| bytes));
        let bytes = validated.map_err(|reason| InferenceError::Refused {
            file: file.title().into(),
            runtime: self.name(),
            reason: reason.into(),
        })?;
        Ok(match &self.engine {
            Engine::OnnxRuntime(engine, config) => Arc::new(engine.load(*config, file.title(), &bytes)?),
            Engine::BuiltIn(thread) => Arc::new(built_in::load(file.title(), bytes.into_owned(), thread)?),
        })
    }
}

/// Opens the first usable candidate, and adds to `notes` why earlier ones are not usable.
fn find_library(candidates: &[Candidate], notes: &mut Vec<String>) -> Option<Arc<onnx_runtime::Engine>> {
    candidates.iter().find_map(|Candidate { path, source }| {
        if !path.is_file() {
            if source.is_explicit() {
                notes.push(format!(
                    "There is no ONNX Runtime at {}, which {source} names; correct the path or clear it.",
                    path.display()
                ));
            }
            return None;
        }
        match onnx_runtime::open(path) {
            Ok(engine) => {
                if let Some(note) = engine.other_library_note(path) {
                    notes.push(note);
                }
                Some(engine)
            }
            Err(reason) => {
                notes.push(format!("{} ({source}) is not used: {reason}.", path.display()));
                None
            }
        }
    })
}

/// The note for when no candidate is usable.
fn no_library(preference: RuntimePreference, candidates: &[Candidate]) -> String {
    let folders: Vec<String> = candidates
        .iter()
        .filter(|candidate| matches!(candidate.source, Source::Plugin | Source::UserData))
        .filter_map(|candidate| candidate.path.parent())
        .map(|folder| folder.display().to_string())
        .collect();
    let outcome = match preference {
        RuntimePreference::OnnxRuntime => {
            "ONNX Runtime was chosen but cannot be used; the built-in runtime is used instead"
        }
        _ => "The built-in runtime is used, which is a little slower than ONNX Runtime",
    };
    match folders.as_slice() {
        [] => format!("{outcome}."),
        _ => format!("{outcome}. To use ONNX Runtime, put {} into {}.", library::FILE_NAME, folders.join(" or ")),
    }
}

/// Refuses an input that is empty or does not match its shape, because runtimes handle it differently.
fn check_input(file: &str, name: &str, tensor: TensorRef<'_>) -> Result<(), InferenceError> {
    let expected = tensor.shape.iter().try_fold(1usize, |count, &length| count.checked_mul(length));
    if tensor.data.is_empty() || expected != Some(tensor.data.len()) {
        return Err(InferenceError::BadInput {
            file: file.into(),
            name: name.into(),
            shape: tensor.shape.to_vec(),
            count: tensor.data.len(),
        });
    }
    Ok(())
}
