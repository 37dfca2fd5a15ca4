//! What can compute here, and why the rest cannot.

use serde::Serialize;
use tonenet_inference::runtime::{Provider, ProviderConfig, Refusal, Runtime, RuntimePreference};

use super::self_test::SelfTest;
use crate::models::Opened;

/// Something that can compute, or could.
#[derive(Debug, Serialize)]
pub struct ProviderEntry {
    /// Its id, as `--provider` takes it.
    pub id: &'static str,
    /// Its name.
    pub title: String,
    /// Whether it computes here.
    computes: bool,
    /// Whether it is what was opened: what `--provider` names, else what `tonenet` and the plugin use.
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

    /// It does not compute.
    pub fn refuse(&mut self, reason: String, remedy: &'static str) {
        (self.computes, self.reason, self.remedy) = (false, Some(reason), Some(remedy));
    }

    /// It does not compute the model, where a test says so.
    pub fn follow(&mut self, test: &SelfTest) {
        if !test.provider.has_computed(&test.computed_by) {
            self.refuse(format!("the note model is computed by {}", test.computed_by), test.provider.remedy());
        }
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
///
/// One that was refused when the runtime was opened is not tried again: it may end the process.
pub fn find(opened: &Opened) -> Vec<(ProviderEntry, Option<Runtime>)> {
    let Opened { runtime: in_use, report, settings } = opened;
    let mut found = Vec::new();
    if report.library.is_some() {
        let used = in_use.provider().provider;
        let title = |provider: Provider| format!("{provider} by {}", in_use.name());
        found.push((ProviderEntry::computing(used.id(), title(used), true), Some(in_use.clone())));
        let others = std::iter::once(&Provider::Cpu).chain(Provider::ACCELERATORS).filter(|&&other| other != used);
        found.extend(others.map(|&provider| {
            let mut entry = ProviderEntry::computing(provider.id(), title(provider), false);
            let config = ProviderConfig { provider, half_precision: settings.half_precision };
            let refused = report.refusals.iter().find(|refusal| refusal.provider == provider).cloned();
            let tried = refused.map_or_else(
                || in_use.on(config).map_err(|reason| Refusal { provider, reason, is_remembered: false }),
                Err,
            );
            let runtime = tried.map_err(|refusal| entry.refuse(refusal.reason.clone(), refusal.remedy()));
            (entry, runtime.ok())
        }));
    }
    let (built_in, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    let is_in_use = report.library.is_none();
    found
        .push((ProviderEntry::computing("built-in", format!("CPU by {}", built_in.name()), is_in_use), Some(built_in)));
    found
}
