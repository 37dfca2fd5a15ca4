//! What chooses the provider that computes, for all commands that run a model.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use tonenet_inference::runtime::ProviderPreference;

/// What computes.
#[derive(Debug, Clone, Args)]
pub struct ProviderArgs {
    /// What computes; auto times the model once and keeps the fastest (default: as set in the plugin's window, else auto)
    #[arg(long, value_name = "NAME", value_parser = provider(), help_heading = "Computing")]
    pub provider: Option<ProviderPreference>,
    /// Let TensorRT or Core ML compute in 16 bits; velocities may then differ by more than a step
    #[arg(long, help_heading = "Computing")]
    pub half_precision: bool,
}

fn provider() -> impl TypedValueParser<Value = ProviderPreference> {
    let names = ProviderPreference::choices().map(ProviderPreference::id).collect::<Vec<_>>();
    PossibleValuesParser::new(names).try_map(|name| name.parse::<ProviderPreference>())
}
