//! The runtimes that execute graphs, and the choice between them.
//!
//! ONNX Runtime is loaded when a library of it is found; the built-in runtime always works. Opening never fails: what
//! could not be used is told in a [`RuntimeReport`]. A graph is loaded once a process and runtime, however many
//! instances ask for it.

mod built_in;
#[cfg(test)]
pub mod counted;
mod onnx_runtime;

use std::collections::HashMap;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Weak};

use parking_lot::Mutex;

use crate::bundle::GraphFile;
use crate::dequantise::dequantise;
use crate::error::InferenceError;
use crate::library::{self, Candidate};
use crate::manifest::Sha256;
use crate::validate::validate;

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
    /// Runs the graph on the named inputs; the named outputs come back in the order asked for.
    ///
    /// Not for the audio thread: it allocates and may wait for another instance's run to end.
    ///
    /// # Errors
    /// When a name is unknown, an input is empty or not as large as its shape says, or the runtime fails.
    fn run(&self, inputs: &[(&str, TensorRef<'_>)], outputs: &[&str]) -> Result<Vec<Tensor>, InferenceError>;

    /// What computes it, for example `CPU` or `CUDA`, with the reason where that is not the runtime's provider.
    fn provider(&self) -> &str;
}

/// Which runtime the user wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuntimePreference {
    /// ONNX Runtime where there is one, else the built-in runtime.
    #[default]
    Auto,
    /// ONNX Runtime; without it the built-in runtime, and a word about it.
    OnnxRuntime,
    /// The built-in runtime.
    BuiltIn,
}

/// What was opened, and what was not and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuntimeReport {
    /// The runtime and its version.
    pub runtime: String,
    /// What computes: `CPU`, `CUDA` or `TensorRT`.
    pub provider: String,
    /// The library in use, if it is not the built-in runtime.
    pub library: Option<PathBuf>,
    /// In whole sentences, why libraries and providers that were tried are not used, with file and cure.
    pub notes: Vec<String>,
}

/// An open runtime; clones are the same one.
#[derive(Debug, Clone)]
pub struct Runtime {
    engine: Engine,
}

#[derive(Debug, Clone)]
enum Engine {
    OnnxRuntime(Arc<onnx_runtime::Engine>),
    BuiltIn,
}

/// Which engine a shared graph belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    OnnxRuntime,
    BuiltIn,
}

type SharedGraphs = HashMap<(Kind, Sha256), Weak<dyn Graph>>;

/// The loaded graphs that some instance still holds.
static GRAPHS: LazyLock<Mutex<SharedGraphs>> = LazyLock::new(Mutex::default);

impl Runtime {
    /// Opens the preferred runtime: the first usable library of `candidates` (see [`library::candidates`]), else the
    /// built-in runtime.
    ///
    /// A process has one ONNX Runtime, ever: a later call with other candidates gets the first one and says so. The
    /// first call loads a library and tries its providers, so it belongs on the inference thread.
    pub fn open(preference: RuntimePreference, candidates: &[Candidate]) -> (Self, RuntimeReport) {
        let mut notes = Vec::new();
        if preference != RuntimePreference::BuiltIn {
            if let Some(engine) = find_library(candidates, &mut notes) {
                let report = engine.report(notes);
                return (Self { engine: Engine::OnnxRuntime(engine) }, report);
            }
            notes.push(no_library(preference, candidates));
        }
        let report =
            RuntimeReport { runtime: built_in::NAME.into(), provider: built_in::PROVIDER.into(), library: None, notes };
        (Self { engine: Engine::BuiltIn }, report)
    }

    /// The runtime and its version.
    pub fn name(&self) -> String {
        match &self.engine {
            Engine::OnnxRuntime(engine) => engine.name(),
            Engine::BuiltIn => built_in::NAME.into(),
        }
    }

    /// Loads a graph, or hands out the one that is loaded already.
    ///
    /// # Errors
    /// [`InferenceError::Refused`] when the runtime cannot read it.
    pub fn load(&self, file: GraphFile<'_>) -> Result<Arc<dyn Graph>, InferenceError> {
        let kind = match self.engine {
            Engine::OnnxRuntime(_) => Kind::OnnxRuntime,
            Engine::BuiltIn => Kind::BuiltIn,
        };
        // Held while loading, so that two instances that start together load once.
        let mut graphs = GRAPHS.lock();
        if let Some(graph) = graphs.get(&(kind, file.sha256())).and_then(Weak::upgrade) {
            return Ok(graph);
        }
        let validated = dequantise(file.bytes()).and_then(|bytes| validate(&bytes).map(|()| bytes));
        let bytes = validated.map_err(|reason| InferenceError::Refused {
            file: file.title().into(),
            runtime: self.name(),
            reason: reason.into(),
        })?;
        let graph: Arc<dyn Graph> = match &self.engine {
            Engine::OnnxRuntime(engine) => Arc::new(engine.load(file.title(), &bytes)?),
            Engine::BuiltIn => Arc::new(built_in::load(file.title(), bytes.into_owned())?),
        };
        graphs.retain(|_, graph| graph.strong_count() > 0);
        graphs.insert((kind, file.sha256()), Arc::downgrade(&graph));
        Ok(graph)
    }
}

/// The first candidate that can be used; why earlier ones cannot goes into `notes`.
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
                if let Some(note) = engine.instead_of(path) {
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

/// What to say when no candidate could be used.
fn no_library(preference: RuntimePreference, candidates: &[Candidate]) -> String {
    let folders: Vec<String> = candidates
        .iter()
        .filter(|candidate| !candidate.source.is_explicit())
        .filter_map(|candidate| candidate.path.parent())
        .map(|folder| folder.display().to_string())
        .collect();
    let outcome = match preference {
        RuntimePreference::OnnxRuntime => {
            "ONNX Runtime was chosen but cannot be used; the built-in runtime plays instead"
        }
        _ => "The built-in runtime is used, which takes a little longer than ONNX Runtime",
    };
    match folders.as_slice() {
        [] => format!("{outcome}."),
        _ => format!("{outcome}. To use ONNX Runtime, put {} into {}.", library::FILE_NAME, folders.join(" or ")),
    }
}

/// Refuses an input that holds no numbers or not as many as its shape says: runtimes differ in what they make of it.
fn check_input(file: &str, name: &str, tensor: TensorRef<'_>) -> Result<(), InferenceError> {
    let wanted = tensor.shape.iter().try_fold(1usize, |count, &length| count.checked_mul(length));
    if tensor.data.is_empty() || wanted != Some(tensor.data.len()) {
        return Err(InferenceError::BadInput {
            file: file.into(),
            name: name.into(),
            shape: tensor.shape.to_vec(),
            count: tensor.data.len(),
        });
    }
    Ok(())
}
