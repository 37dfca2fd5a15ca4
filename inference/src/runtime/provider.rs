//! The execution providers that ONNX Runtime may compute with, and the user's choice among them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An execution provider: what computes the graphs in ONNX Runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// The processor.
    Cpu,
    /// A graphics card by NVIDIA, through CUDA.
    Cuda,
    /// A graphics card by NVIDIA, through TensorRT.
    TensorRt,
    /// Apple's Core ML.
    CoreMl,
    /// A graphics card on Windows, through DirectML.
    DirectMl,
}

impl Provider {
    /// All providers.
    pub const ALL: [Self; 5] = [Self::Cpu, Self::Cuda, Self::TensorRt, Self::CoreMl, Self::DirectMl];

    /// The accelerators that this system may have.
    pub const ACCELERATORS: &'static [Self] = if cfg!(windows) {
        &[Self::TensorRt, Self::Cuda, Self::DirectMl]
    } else if cfg!(target_os = "macos") {
        &[Self::CoreMl]
    } else {
        &[Self::TensorRt, Self::Cuda]
    };

    /// Its id in settings and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::TensorRt => "tensorrt",
            Self::CoreMl => "coreml",
            Self::DirectMl => "directml",
        }
    }

    /// Its name in ONNX Runtime.
    pub(super) fn canonical_name(self) -> &'static str {
        match self {
            Self::Cpu => "CPUExecutionProvider",
            Self::Cuda => "CUDAExecutionProvider",
            Self::TensorRt => "TensorrtExecutionProvider",
            Self::CoreMl => "CoreMLExecutionProvider",
            Self::DirectMl => "DmlExecutionProvider",
        }
    }

    /// What to do to have it, in whole sentences.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Cpu => "Install onnxruntime 1.28 again.",
            Self::Cuda | Self::TensorRt => {
                "With an NVIDIA graphics card, install onnxruntime-gpu and its CUDA libraries to use it; without one, \
                 nothing is wrong."
            }
            Self::CoreMl => "Use the onnxruntime library for macOS, which has it.",
            Self::DirectMl => {
                "Put onnxruntime.dll of onnxruntime-directml and its DirectML.dll beside the plugin to use it; without a \
                 graphics card, nothing is wrong."
            }
        }
    }
}

impl Provider {
    /// Whether it has computed at least a part of each graph, by [what computed them](super::Graph::provider).
    pub fn has_computed(self, computed_by: &str) -> bool {
        computed_by.split("; ").all(|graph| graph.starts_with(&self.to_string()))
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "CPU",
            Self::Cuda => "CUDA",
            Self::TensorRt => "TensorRT",
            Self::CoreMl => "Core ML",
            Self::DirectMl => "DirectML",
        })
    }
}

/// What to do about a failure that is remembered.
pub(crate) const MEASURE_AGAIN: &str = "`tonenet doctor --measure-again` tries it again.";

/// Why a provider does not compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The provider.
    pub provider: Provider,
    /// Why, as a clause.
    pub reason: String,
    /// Whether that is remembered, so that it is not tried again.
    pub is_remembered: bool,
}

impl Refusal {
    /// What to do, in whole sentences.
    pub fn remedy(&self) -> &'static str {
        if self.is_remembered { MEASURE_AGAIN } else { self.provider.remedy() }
    }

    /// The sentences that say why a runtime does not use it, and what to do.
    pub fn note(&self, runtime: &str) -> String {
        format!("{} is not used by {runtime}: {}. {}", self.provider, self.reason, self.remedy())
    }
}

/// A provider with its options: graphs of one are shared, graphs of two are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProviderConfig {
    /// The provider.
    pub provider: Provider,
    /// Whether TensorRT and Core ML may compute in 16 bits: faster, and velocities may differ by more than a step.
    pub half_precision: bool,
}

impl ProviderConfig {
    /// The processor.
    pub const CPU: Self = Self { provider: Provider::Cpu, half_precision: false };

    /// The same without an option that its provider does not have.
    pub(super) fn with_own_options(self) -> Self {
        let has_half = matches!(self.provider, Provider::TensorRt | Provider::CoreMl);
        Self { half_precision: self.half_precision && has_half, ..self }
    }
}

/// What the user wants to compute with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ProviderPreference {
    /// The fastest one.
    #[default]
    Auto,
    /// This one in ONNX Runtime.
    Only(Provider),
    /// The built-in runtime.
    BuiltIn,
}

impl ProviderPreference {
    /// What can be chosen on this system.
    pub fn choices() -> impl Iterator<Item = Self> {
        let accelerators = Provider::ACCELERATORS.iter().copied();
        let providers = std::iter::once(Provider::Cpu).chain(accelerators).map(Self::Only);
        std::iter::once(Self::Auto).chain(providers).chain([Self::BuiltIn])
    }

    /// Its id in settings and on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Only(provider) => provider.id(),
            Self::BuiltIn => "built-in",
        }
    }
}

impl From<ProviderPreference> for String {
    fn from(preference: ProviderPreference) -> Self {
        preference.id().into()
    }
}

impl TryFrom<String> for ProviderPreference {
    type Error = String;

    fn try_from(id: String) -> Result<Self, String> {
        id.parse()
    }
}

impl FromStr for ProviderPreference {
    type Err = String;

    fn from_str(id: &str) -> Result<Self, String> {
        let all = Provider::ALL.into_iter().map(Self::Only).chain([Self::Auto, Self::BuiltIn]);
        all.into_iter().find(|preference| preference.id() == id).ok_or_else(|| {
            let known: Vec<_> = Self::choices().map(Self::id).collect();
            format!("there is no provider {id:?}; choose {}", known.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_has_computed_what_it_computed_a_part_of() {
        for (provider, computed_by, has_computed) in [
            (Provider::Cpu, "CPU", true),
            (Provider::Cuda, "CUDA, in part CPU", true),
            (Provider::Cuda, "CUDA; CUDA, in part CPU", true),
            (Provider::Cuda, "CUDA; CPU (CUDA refused it: no)", false),
            (Provider::TensorRt, "CPU (TensorRT runs no part of this graph)", false),
        ] {
            assert_eq!(provider.has_computed(computed_by), has_computed, "{provider}: {computed_by}");
        }
    }

    #[test]
    fn graphs_differ_by_options_only_where_the_provider_has_them() {
        let own = |provider| ProviderConfig { provider, half_precision: true }.with_own_options().half_precision;
        let with_half = Provider::ALL.into_iter().filter(|&provider| own(provider));
        assert_eq!(with_half.collect::<Vec<_>>(), [Provider::TensorRt, Provider::CoreMl]);
        let full = ProviderConfig { provider: Provider::TensorRt, half_precision: false };
        assert_eq!(full.with_own_options(), full);
    }

    #[test]
    fn a_remembered_refusal_names_the_command_that_tries_again() {
        let refusal = |is_remembered| Refusal { provider: Provider::Cuda, reason: "it is ill".into(), is_remembered };
        assert!(refusal(true).note("ONNX Runtime 1.28.0").contains("it is ill. `tonenet doctor --measure-again`"));
        assert!(refusal(false).note("ONNX Runtime 1.28.0").ends_with(Provider::Cuda.remedy()));
    }

    #[test]
    fn ids_are_read_as_they_are_written() {
        for preference in Provider::ALL.map(ProviderPreference::Only).into_iter().chain(ProviderPreference::choices()) {
            assert_eq!(preference.id().parse(), Ok(preference));
            let json = serde_json::to_string(&preference).unwrap();
            assert_eq!(json, format!("{:?}", preference.id()));
            assert_eq!(serde_json::from_str::<ProviderPreference>(&json).unwrap(), preference);
        }
        for provider in Provider::ALL {
            assert_eq!(serde_json::to_string(&provider).unwrap(), format!("{:?}", provider.id()));
        }
        let refusal = "gpu".parse::<ProviderPreference>().unwrap_err();
        assert!(refusal.contains("\"gpu\"") && refusal.contains("auto, cpu"), "{refusal}");
    }
}
