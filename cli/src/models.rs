//! Finds the model that `--model` names, in the program or in a folder, and opens the runtime.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::chosen_runtime::{self, Timing};
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::error::InferenceError;
use tonenet_inference::library;
use tonenet_inference::manifest;
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::runtime::{Provider, ProviderPreference, Runtime, RuntimeReport};
use tonenet_inference::runtime_settings::RuntimeSettings;

use crate::args::ProviderArgs;

/// Where a model comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelSource {
    /// It is part of the program.
    Embedded(EmbeddedModel),
    /// It is in a folder.
    Folder(PathBuf),
}

impl ModelSource {
    /// The embedded model of a name, or the model in a folder.
    ///
    /// # Errors
    /// When there is neither.
    pub fn from_name(name: &str) -> Result<Self> {
        if let Some(model) = EmbeddedModel::ALL.into_iter().find(|model| model.id() == name) {
            return Ok(Self::Embedded(model));
        }
        let folder = Path::new(name);
        if !folder.join(manifest::FILE_NAME).exists() {
            let known = EmbeddedModel::ALL.map(EmbeddedModel::id).join(", ");
            return Err(anyhow!("there is no {} in {}", manifest::FILE_NAME, folder.display())).with_context(|| {
                format!("there is no model {name:?}; choose {known}, or a folder with a {}", manifest::FILE_NAME)
            });
        }
        Ok(Self::Folder(folder.to_owned()))
    }

    /// The folder that is read, if one is.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Embedded(_) => None,
            Self::Folder(folder) => Some(folder),
        }
    }

    /// The model's title, and its graphs on a runtime.
    ///
    /// # Errors
    /// When its files are damaged or the runtime refuses them.
    pub fn load(&self, runtime: &Runtime) -> Result<(String, LoadedModel)> {
        match self {
            Self::Embedded(model) => Ok((model.title().into(), model.load(runtime)?)),
            Self::Folder(folder) => {
                let files = ModelFiles::from_dir(folder)?;
                Ok((files.manifest().title.clone(), LoadedModel::load(runtime, &files)?))
            }
        }
    }
}

/// An open runtime, and what was asked for.
pub struct Opened {
    /// The runtime.
    pub runtime: Runtime,
    /// What was opened, and why.
    pub report: RuntimeReport,
    /// What `--provider` and the plugin's window ask for.
    pub settings: RuntimeSettings,
}

impl Opened {
    /// Opens what `--provider` names, else what the user has set in the plugin's window, else the fastest.
    ///
    /// # Errors
    /// On cancellation, which does not come.
    pub fn new(args: &ProviderArgs, timing: Timing) -> Result<Self> {
        let set = RuntimeSettings::load();
        let settings = RuntimeSettings {
            provider: args.provider.unwrap_or(set.provider),
            half_precision: args.half_precision || set.half_precision,
        };
        let candidates = library::candidates(None);
        let (runtime, report) = chosen_runtime::open(settings, timing, &candidates, &Cancellation::default())
            .map_err(InferenceError::from)?;
        Ok(Self { runtime, report, settings })
    }

    /// Checks that the provider that `--provider` names computes.
    ///
    /// # Errors
    /// When it does not.
    pub fn check(&self, args: &ProviderArgs) -> Result<()> {
        let Self { runtime, report, .. } = self;
        match args.provider {
            Some(ProviderPreference::Only(provider))
                if report.library.is_none() || runtime.provider().provider != provider =>
            {
                let notes = report.all_notes();
                Err(refused(provider, notes.last().map_or("it does not compute here", String::as_str)))
            }
            _ => Ok(()),
        }
    }

    /// Checks that it also computes a model, and has the report say what does.
    ///
    /// # Errors
    /// When another provider computes than `--provider` names.
    pub fn check_model(&mut self, args: &ProviderArgs, model: &LoadedModel) -> Result<()> {
        let (provider, computed_by) = (self.runtime.provider().provider, model.computed_by());
        if provider.has_computed(&computed_by) {
            return Ok(());
        }
        if args.provider == Some(ProviderPreference::Only(provider)) {
            return Err(refused(provider, &format!("the model is computed by {computed_by}")));
        }
        (self.report.provider, self.report.reason) = (computed_by, None);
        Ok(())
    }
}

/// The error where `--provider` names one that does not compute.
fn refused(provider: Provider, reason: &str) -> anyhow::Error {
    anyhow!("{}", reason.trim_end_matches('.'))
        .context(format!("--provider {} cannot be used; leave it out to let ToneNet choose", provider.id()))
}
