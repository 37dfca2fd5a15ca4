//! Tells what truly computes a loaded model, which may be less than the provider that was asked for.

use crate::performance::{LoadedModel, Network};

impl LoadedModel {
    /// What computes the graphs that every style reads, such as `CPU`, or `CUDA, in part CPU`; several things where they
    /// differ.
    pub fn computed_by(&self) -> String {
        let mut providers: Vec<&str> = match self.network() {
            Network::PianoRoll(network) => network.shared_graphs().map(|graph| graph.provider()).collect(),
            Network::Note(network) => network.shared_graphs().map(|graph| graph.provider()).collect(),
        };
        providers.dedup();
        providers.join("; ")
    }
}
