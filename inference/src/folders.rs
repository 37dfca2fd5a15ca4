//! Names the folders in which ToneNet keeps its files, on each system.

use std::path::PathBuf;

use directories::{BaseDirs, ProjectDirs};

/// The folder for what can be made again, such as TensorRT's engines; `None` without a home folder.
pub fn cache() -> Option<PathBuf> {
    BaseDirs::new().map(|folders| folders.cache_dir().join("tonenet"))
}

/// The folder for the user's settings, such as presets; `None` without a home folder.
pub fn config() -> Option<PathBuf> {
    ProjectDirs::from("", "", "tonenet").map(|folders| folders.config_dir().to_owned())
}

/// The folder for the user's data, such as ONNX Runtime; `None` without a home folder.
pub fn data() -> Option<PathBuf> {
    BaseDirs::new().map(|folders| folders.data_dir().join("tonenet"))
}
