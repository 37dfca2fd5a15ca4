//! The built-in runtime: `rten`, in pure Rust, on one thread that all instances share.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use rten::{Model, ModelOptions, NodeId, OpRegistry, RunOptions, ThreadPool, Value, op_registry};
use rten_tensor::TensorView;
use rten_tensor::prelude::*;

use super::{Graph, Tensor, TensorRef, check_input};
use crate::error::InferenceError;
use crate::guard::{guarded, one_line};

/// Its name in reports.
pub(super) const NAME: &str = "built-in (rten 0.27)";
/// What computes its graphs.
pub(super) const PROVIDER: &str = "CPU";

/// The thread of all instances. It ends when the last graph is dropped, so that a host may unload the plugin.
static THREAD: Mutex<Weak<ThreadPool>> = Mutex::new(Weak::new());

/// The thread that runs a graph.
#[derive(Clone)]
pub(super) enum Thread {
    /// The one that all instances share.
    Shared,
    /// Another one.
    Own(Arc<ThreadPool>),
}

impl Thread {
    /// A thread for a few graphs.
    pub(super) fn own() -> Self {
        Self::Own(Arc::new(ThreadPool::with_num_threads(1)))
    }
}

impl std::fmt::Debug for Thread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Shared => "Shared",
            Self::Own(_) => "Own",
        })
    }
}

fn shared_thread() -> Arc<ThreadPool> {
    let mut shared = THREAD.lock();
    shared.upgrade().unwrap_or_else(|| {
        let pool = Arc::new(ThreadPool::with_num_threads(1));
        *shared = Arc::downgrade(&pool);
        pool
    })
}

/// Loads an ONNX file; error messages call it `title`.
pub(super) fn load(title: &str, bytes: Vec<u8>, thread: &Thread) -> Result<BuiltInGraph, InferenceError> {
    let title = title.to_owned();
    let load = || ModelOptions::with_ops(operators()).prepack_weights(true).load(bytes);
    let loaded = guarded(load).and_then(|result| result.map_err(|e| one_line(&e.to_string())));
    let thread = match thread {
        Thread::Shared => shared_thread(),
        Thread::Own(thread) => Arc::clone(thread),
    };
    match loaded {
        Ok(model) => Ok(BuiltInGraph { model, title, thread }),
        Err(reason) => Err(InferenceError::Refused { file: title, runtime: NAME.into(), reason }),
    }
}

/// The operators of model-export's 32-bit graphs. All of `rten`'s operators would add megabytes of code.
fn operators() -> OpRegistry {
    op_registry!(Add, Clip, Concat, Exp, Identity, LSTM, MatMul, Mul, Relu, Reshape, Softmax, Split, Tanh, Transpose)
}

/// A graph in the built-in runtime.
pub(super) struct BuiltInGraph {
    model: Model,
    title: String,
    thread: Arc<ThreadPool>,
}

impl std::fmt::Debug for BuiltInGraph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuiltInGraph").field("title", &self.title).finish_non_exhaustive()
    }
}

impl BuiltInGraph {
    fn port(&self, port: &'static str, among: &[NodeId], name: &str) -> Result<NodeId, InferenceError> {
        let named = |id: &&NodeId| self.model.node_info(**id).and_then(|info| info.name()) == Some(name);
        among.iter().find(named).copied().ok_or_else(|| InferenceError::NoSuchPort {
            file: self.title.clone(),
            port,
            name: name.into(),
        })
    }

    fn failed(&self, reason: &str) -> InferenceError {
        InferenceError::Failed { file: self.title.clone(), runtime: NAME.into(), reason: one_line(reason) }
    }
}

impl Graph for BuiltInGraph {
    fn run(&self, inputs: &[(&str, TensorRef<'_>)], outputs: &[&str]) -> Result<Vec<Tensor>, InferenceError> {
        let output_ids = outputs
            .iter()
            .map(|name| self.port("output", self.model.output_ids(), name))
            .collect::<Result<Vec<_>, _>>()?;
        let mut values = Vec::with_capacity(inputs.len());
        for (name, tensor) in inputs {
            let id = self.port("input", self.model.input_ids(), name)?;
            check_input(&self.title, name, *tensor)?;
            let view = TensorView::try_from_data(tensor.shape, tensor.data).map_err(|e| self.failed(&e.to_string()))?;
            values.push((id, view.into()));
        }
        let mut options = RunOptions::default();
        options.thread_pool = Some(Arc::clone(&self.thread));
        let results = guarded(|| self.model.run(values, &output_ids, Some(options)))
            .map_err(|panic| self.failed(&panic))?
            .map_err(|e| self.failed(&e.to_string()))?;
        results.into_iter().map(|value| self.floats(value)).collect()
    }

    fn provider(&self) -> &str {
        PROVIDER
    }
}

impl BuiltInGraph {
    fn floats(&self, value: Value) -> Result<Tensor, InferenceError> {
        let tensor: rten_tensor::Tensor<f32> = value.try_into().map_err(|e: rten::TryFromValueError| {
            self.failed(&format!("an output does not hold 32-bit floats: {e}"))
        })?;
        Ok(Tensor { shape: tensor.shape().to_vec(), data: tensor.into_data() })
    }
}
