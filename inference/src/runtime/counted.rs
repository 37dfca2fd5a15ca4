//! A graph for tests that counts its runs and cancels the work at a chosen one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Graph, Tensor, TensorRef};
use crate::cancellation::Cancellation;
use crate::error::InferenceError;

/// The count of runs that the graphs of a model share.
#[derive(Debug, Default)]
pub struct Runs {
    count: AtomicUsize,
    /// The run during which the work is cancelled, counted from 1; 0 for none.
    pub stop_at: usize,
    /// The cancellation of the work.
    pub cancellation: Cancellation,
}

impl Runs {
    /// A count that cancels the work during run `stop_at`.
    pub fn stopping_at(stop_at: usize) -> Arc<Self> {
        Arc::new(Self { stop_at, ..Self::default() })
    }

    /// How many runs there were.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

/// A graph that returns zeros: `width` numbers per step, and one for a state.
#[derive(Debug)]
pub struct CountedGraph {
    /// The shared count.
    pub runs: Arc<Runs>,
    /// Numbers per step.
    pub width: usize,
}

impl Graph for CountedGraph {
    fn run(&self, inputs: &[(&str, TensorRef<'_>)], outputs: &[&str]) -> Result<Vec<Tensor>, InferenceError> {
        if self.runs.count.fetch_add(1, Ordering::Relaxed) + 1 == self.runs.stop_at {
            self.runs.cancellation.cancel();
        }
        let (steps, batch) = (inputs[0].1.shape[0], inputs[0].1.shape[1]);
        let output = |name: &&str| {
            let shape = if name.ends_with("_out") { vec![1, batch, 1] } else { vec![steps, batch, self.width] };
            Tensor { data: vec![0.0; shape.iter().product()], shape }
        };
        Ok(outputs.iter().map(output).collect())
    }

    fn provider(&self) -> &str {
        "CPU"
    }
}
