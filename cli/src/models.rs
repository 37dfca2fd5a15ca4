//! Finds the model that `--model` names, in the program or in a folder, and opens the runtime.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::chosen_runtime::{self, Timing};
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::library;
use tonenet_inference::manifest;
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::runtime::{ProviderPreference, Runtime, RuntimePreference, RuntimeReport};
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

/// Opens what `--provider` names, else what the user has set in the plugin's window, else the fastest.
///
/// # Errors
/// When a provider is named that does not compute here.
pub fn open_runtime(args: &ProviderArgs, timing: Timing) -> Result<(Runtime, RuntimeReport)> {
    let set = RuntimeSettings::load();
    let settings = RuntimeSettings {
        provider: args.provider.unwrap_or(set.provider),
        half_precision: args.half_precision || set.half_precision,
    };
    let (runtime, report) = chosen_runtime::open(settings, timing, &library::candidates(None));
    if let Some(ProviderPreference::Only(provider)) = args.provider
        && (report.library.is_none() || runtime.provider().provider != provider)
    {
        let notes = report.all_notes();
        let reason = notes.last().map_or("it does not compute here", String::as_str);
        return Err(anyhow!("{}", reason.trim_end_matches('.'))).with_context(|| {
            format!("--provider {} cannot be used; leave it out to let ToneNet choose", provider.id())
        });
    }
    Ok((runtime, report))
}

/// ONNX Runtime where its library is found, else the built-in runtime; it computes on the processor, so that the result is
/// the same on every machine.
pub fn open_runtime_on_processor() -> (Runtime, RuntimeReport) {
    Runtime::open(RuntimePreference::Auto, &library::candidates(None))
}
