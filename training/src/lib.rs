//! Training, export and evaluation of ToneNet's models: what `cargo xtask train`, `export`, `evaluate`, `quantise` and
//! `bench` run.
//!
//! Each module uses only those above it:
//!
//! 1. [`workspace`], [`models`], [`runtimes`], [`progress`] and [`target`]: where files are, which models exist, how they
//!    run, how a command reports.
//! 2. [`data`] reads performances, tunes and phrases. [`metrics`] scores them.
//! 3. [`plots`] draws, [`graphs`] turns weights into ONNX files.
//! 4. [`arguments`] declares the command line. [`checks`] refuses a run that would fail or overwrite its own input.
//! 5. `train` (feature `torch`) trains with libtorch.
//!    [`feel`] needs no libtorch: its read-outs are solved in closed form.
//! 6. [`evaluate`] scores models, [`quantise`] compares their weights' precisions, [`mod@bench`] times them.
//! 7. `export` (feature `torch`) writes what the plugin embeds.
#![forbid(unsafe_code)]

pub mod arguments;
pub mod bench;
pub mod checks;
pub mod data;
pub mod evaluate;
#[cfg(feature = "torch")]
pub mod export;
pub mod feel;
pub mod graphs;
pub mod metrics;
pub mod models;
pub mod plots;
pub mod progress;
pub mod quantise;
pub mod runtimes;
pub mod target;
#[cfg(feature = "torch")]
pub mod train;
pub mod workspace;
