//! Mesa's Vulkan driver that draws on the processor, for tests that render pictures without a GPU.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::require_packages;

/// Debian's packages of the driver and of what loads it.
const PACKAGES: [&str; 2] = ["mesa-vulkan-drivers", "libvulkan1"];

/// Where drivers are described, as the Vulkan loader searches.
const FOLDERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// The description of the driver, for `VK_DRIVER_FILES`. Installs it with apt where it is missing.
///
/// With this driver alone, every machine renders the same pictures, whatever GPU it has.
///
/// # Errors
/// When it is missing and apt cannot install it.
pub fn software_vulkan() -> Result<PathBuf> {
    if let Some(driver) = find() {
        return Ok(driver);
    }
    require_packages(&PACKAGES)?;
    find().context("there is no Vulkan driver lavapipe; install it (Debian: apt-get install mesa-vulkan-drivers)")
}

fn find() -> Option<PathBuf> {
    let drivers = FOLDERS.iter().filter_map(|folder| fs::read_dir(Path::new(folder)).ok()).flatten().flatten();
    let is_lavapipe = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("lvp_icd") && name.ends_with(".json")
    };
    drivers.map(|driver| driver.path()).find(is_lavapipe)
}
