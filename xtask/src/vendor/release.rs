//! The releases that `vendor/releases/Cargo.toml` names, as they were published.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::workspace::cargo;

/// The platform whose crates cargo fetches. A build on this one needs most of them anyway.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// A published crate.
pub struct Release {
    pub name: String,
    version: String,
    /// SHA-256 of the archive, in hex.
    sha256: String,
    /// Files and folders that are omitted.
    left_out: Vec<String>,
    /// Where cargo keeps the archive.
    archive: PathBuf,
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.name, self.version)
    }
}

/// The releases that a manifest depends on. Cargo fetches the ones that are not on this machine.
pub fn all(manifest: &Path) -> Result<Vec<Release>> {
    let output = cargo()
        .args(["metadata", "--locked", "--format-version", "1", "--filter-platform", PLATFORM, "--manifest-path"])
        .arg(manifest)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    ensure!(output.status.success(), "cargo cannot fetch what {} names; see its message above", manifest.display());
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cannot read what cargo metadata prints")?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let ours = packages
        .iter()
        .find(|package| package["source"].is_null())
        .with_context(|| format!("cargo metadata does not list {}", manifest.display()))?;
    let names = ours["dependencies"].as_array().context("a package has a list of dependencies")?;
    let releases = names.iter().filter_map(|dependency| dependency["name"].as_str()).map(|name| {
        let package = packages.iter().find(|package| package["name"] == name);
        let package = package.with_context(|| format!("cargo metadata does not list {name}"))?;
        Release::new(package, &ours["metadata"][name])
            .with_context(|| format!("cannot find the release of {name} that {} names", manifest.display()))
    });
    let releases = releases.collect::<Result<Vec<_>>>()?;
    ensure!(!releases.is_empty(), "{} names no release", manifest.display());
    Ok(releases)
}

impl Release {
    /// Reads a release from cargo's metadata and our manifest.
    fn new(package: &Value, ours: &Value) -> Result<Self> {
        let text = |value: &Value, what: &str| value.as_str().map(str::to_owned).with_context(|| format!("no {what}"));
        let name = text(&package["name"], "name")?;
        let version = text(&package["version"], "version")?;
        let manifest = PathBuf::from(text(&package["manifest_path"], "manifest_path")?);
        let left_out = ours["left-out"].as_array().context("no list `left-out` in package.metadata")?;
        Ok(Self {
            archive: archive(&manifest)
                .with_context(|| format!("{} is in no registry's folder", manifest.display()))?,
            sha256: text(&ours["sha256"], "`sha256` in package.metadata")?,
            left_out: left_out.iter().map(|path| text(path, "path in `left-out`")).collect::<Result<_>>()?,
            name,
            version,
        })
    }

    /// Unpacks the release without the omitted files; returns its folder inside `folder`.
    pub fn unpack(&self, folder: &Path) -> Result<PathBuf> {
        let archive = fs::read(&self.archive).with_context(|| {
            format!("cannot read {}, which cargo keeps unless its crates come from a folder", self.archive.display())
        })?;
        let found: String = Sha256::digest(&archive).iter().map(|byte| format!("{byte:02x}")).collect();
        if found != self.sha256 {
            bail!("{} has SHA-256 {found}, not {}; it is not used", self.archive.display(), self.sha256);
        }
        let status = Command::new("tar").arg("-xzf").arg(&self.archive).arg("-C").arg(folder).status();
        let status = status.context("cannot run tar")?;
        ensure!(status.success(), "tar cannot unpack {} ({status})", self.archive.display());
        let unpacked = folder.join(self.to_string());
        for path in &self.left_out {
            let path = unpacked.join(path);
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }
                .with_context(|| format!("{} is to be left out, and is not in the release", path.display()))?;
        }
        Ok(unpacked)
    }
}

/// The archive beside an unpacked release: `registry/cache/INDEX/NAME-VERSION.crate` for `registry/src/INDEX/NAME-VERSION`.
fn archive(manifest: &Path) -> Option<PathBuf> {
    let unpacked = manifest.parent()?;
    let index = unpacked.parent()?;
    let registry = index.parent()?.parent()?;
    let mut name = unpacked.file_name()?.to_owned();
    name.push(".crate");
    Some(registry.join("cache").join(index.file_name()?).join(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_that_is_not_the_pinned_one_is_not_used() {
        let work = tempfile::tempdir().unwrap();
        let archive = work.path().join("some-1.0.0.crate");
        fs::write(&archive, "not the release").unwrap();
        let release = Release {
            name: "some".into(),
            version: "1.0.0".into(),
            sha256: "0".repeat(64),
            left_out: Vec::new(),
            archive,
        };
        let error = release.unpack(work.path()).unwrap_err().to_string();
        assert!(error.contains("it is not used"), "{error}");
    }

    #[test]
    fn the_archive_lies_in_the_registrys_cache() {
        assert_eq!(
            archive(Path::new("registry/src/index-1/some-1.0.0/Cargo.toml")),
            Some("registry/cache/index-1/some-1.0.0.crate".into())
        );
        assert_eq!(archive(Path::new("Cargo.toml")), None);
    }
}
