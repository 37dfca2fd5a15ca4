//! What can compute here, and why the rest cannot.

use serde::Serialize;
use tonenet_inference::runtime::{Provider, ProviderConfig, Runtime, RuntimePreference};

/// Something that can compute, or could.
#[derive(Debug, Serialize)]
pub struct ProviderEntry {
    /// Its id, as `--provider` takes it.
    pub id: &'static str,
    /// Its name.
    pub title: String,
    /// Whether it computes here.
    computes: bool,
    /// Whether it computes for `tonenet` and the plugin.
    is_in_use: bool,
    /// Why it does not compute, if it does not.
    reason: Option<String>,
    /// What to do to have it, if it does not.
    remedy: Option<&'static str>,
}

impl ProviderEntry {
    fn computing(id: &'static str, title: String, is_in_use: bool) -> Self {
        Self { id, title, computes: true, is_in_use, reason: None, remedy: None }
    }

    /// The line for people.
    pub fn line(&self) -> String {
        let title = &self.title;
        match (&self.reason, self.remedy) {
            (Some(reason), remedy) => format!("{title}: not here, {reason}. {}", remedy.unwrap_or_default()),
            (None, _) if self.is_in_use => format!("{title}: in use"),
            (None, _) => format!("{title}: computes"),
        }
    }
}

/// The provider in use, then the others of this system with a runtime where they compute, then the built-in runtime.
pub fn find(in_use: &Runtime, is_onnx_runtime: bool, half_precision: bool) -> Vec<(ProviderEntry, Option<Runtime>)> {
    let mut found = Vec::new();
    if is_onnx_runtime {
        let used = in_use.provider().provider;
        let title = |provider: Provider| format!("{provider} by {}", in_use.name());
        found.push((ProviderEntry::computing(used.id(), title(used), true), Some(in_use.clone())));
        let others = std::iter::once(&Provider::Cpu).chain(Provider::ACCELERATORS).filter(|&&other| other != used);
        found.extend(others.map(|&provider| match in_use.on(ProviderConfig { provider, half_precision }) {
            Ok(runtime) => (ProviderEntry::computing(provider.id(), title(provider), false), Some(runtime)),
            Err(reason) => {
                let computing = ProviderEntry::computing(provider.id(), title(provider), false);
                let remedy = Some(provider.remedy());
                (ProviderEntry { computes: false, reason: Some(reason), remedy, ..computing }, None)
            }
        }));
    }
    let (built_in, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    let entry = ProviderEntry::computing("built-in", format!("CPU by {}", built_in.name()), !is_onnx_runtime);
    found.push((entry, Some(built_in)));
    found
}
