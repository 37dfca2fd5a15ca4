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
