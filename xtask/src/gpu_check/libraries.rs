//! Installs ONNX Runtime and libtorch for CUDA, with NVIDIA's libraries, from pinned Python packages.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Bench;

/// The packages from PyPI, with their hashes.
const REQUIREMENTS: &str = include_str!("requirements.txt");

/// TensorRT's libraries. NVIDIA keeps them on an index of its own; ONNX Runtime 1.28 takes any release 10.
const TENSOR_RT: &str = "tensorrt-cu13-libs==10.16.1.11";
const NVIDIA_INDEX: &str = "https://pypi.nvidia.com";

/// What the packages are made for; pip does not conclude older systems from newer ones.
const PLATFORMS: [&str; 7] = [
    "manylinux_2_28_x86_64",
    "manylinux_2_27_x86_64",
    "manylinux_2_25_x86_64",
    "manylinux_2_24_x86_64",
    "manylinux_2_18_x86_64",
    "manylinux_2_17_x86_64",
    "manylinux2014_x86_64",
];

/// The installed libraries.
pub(super) struct Libraries {
    packages: PathBuf,
}

impl Libraries {
    /// Installs the packages from PyPI, unless they are there.
    ///
    /// # Errors
    /// When pip is missing, cannot reach its index, or gets a file with another hash.
    pub fn install(bench: &Bench) -> Result<Self> {
        let packages = bench.folder.join("packages");
        let requirements = bench.folder.join("requirements.txt");
        if is_done(&packages.join("installed"), REQUIREMENTS) {
            return Ok(Self { packages });
        }
        if packages.exists() {
            fs::remove_dir_all(&packages).context("cannot remove the packages of an earlier check")?;
        }
        fs::write(&requirements, REQUIREMENTS)?;
        let from_pypi = [OsString::from("--require-hashes"), "--requirement".into(), requirements.into()];
        bench.run("packages", pip(&packages).args(from_pypi))?;
        fs::write(packages.join("installed"), REQUIREMENTS)?;
        Ok(Self { packages })
    }

    /// Installs TensorRT's libraries from NVIDIA's index, unless they are there.
    ///
    /// # Errors
    /// When pip cannot reach that index.
    pub fn install_tensor_rt(&self, bench: &Bench) -> Result<String> {
        let done = self.packages.join("tensorrt-installed");
        if !is_done(&done, TENSOR_RT) {
            bench
                .run("tensorrt", pip(&self.packages).args(["--extra-index-url", NVIDIA_INDEX, TENSOR_RT]))
                .with_context(|| format!("TensorRT's libraries come from {NVIDIA_INDEX}"))?;
            fs::write(done, TENSOR_RT)?;
        }
        Ok(TENSOR_RT.into())
    }

    /// ONNX Runtime's library, with those of its providers beside it.
    pub fn onnx_runtime(&self) -> PathBuf {
        self.packages.join("onnxruntime/capi/libonnxruntime.so.1.28.0")
    }

    /// The folder that `LIBTORCH` names.
    pub fn libtorch(&self) -> PathBuf {
        self.packages.join("torch")
    }

    /// The folders with shared libraries, for `LD_LIBRARY_PATH`.
    ///
    /// # Errors
    /// When the packages cannot be listed.
    pub fn search_path(&self) -> Result<OsString> {
        let mut folders = vec![self.packages.join("tensorrt_libs"), self.packages.join("torch/lib")];
        let nvidia = self.packages.join("nvidia");
        for entry in fs::read_dir(&nvidia).with_context(|| format!("{} cannot be listed", nvidia.display()))? {
            folders.push(entry?.path().join("lib"));
        }
        folders.retain(|folder| folder.is_dir());
        folders.sort();
        let own = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
        folders.extend(std::env::split_paths(&own).filter(|folder| !folder.as_os_str().is_empty()));
        std::env::join_paths(folders).context("a folder's name has a colon; move the workspace")
    }

    /// The packages with their versions.
    pub fn versions(&self) -> Vec<String> {
        names().map(str::to_owned).collect()
    }
}

/// Whether an installation left this mark.
fn is_done(mark: &Path, wanted: &str) -> bool {
    fs::read_to_string(mark).is_ok_and(|installed| installed == wanted)
}

/// The packages with their versions, as pip names them.
fn names() -> impl Iterator<Item = &'static str> {
    let lines = REQUIREMENTS.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split(' ').next()).chain([TENSOR_RT])
}

/// pip, set to install libraries for Python 3.11 whatever Python runs it.
fn pip(packages: &Path) -> Command {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-cache-dir"]);
    pip.args(["--only-binary=:all:", "--implementation", "cp", "--python-version", "3.11"]);
    pip.args(["--abi", "cp311", "--abi", "none", "--upgrade", "--target"]).arg(packages);
    pip.args(PLATFORMS.iter().flat_map(|platform| ["--platform", platform]));
    pip
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_has_one_version_and_a_hash() {
        let lines: Vec<&str> = REQUIREMENTS.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.len() >= 10, "{lines:?}");
        for line in lines {
            let (requirement, hash) = line.split_once(" --hash=sha256:").expect(line);
            let (name, version) = requirement.split_once("==").expect(line);
            assert!(!name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()), "{line}");
            assert!(hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{line}");
        }
        let named: Vec<&str> = names().collect();
        for wanted in ["onnxruntime-gpu==1.28.0", "torch==2.13.0", TENSOR_RT] {
            assert!(named.contains(&wanted), "{wanted}");
        }
    }

    #[test]
    fn libraries_are_searched_in_every_folder_that_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let packages = folder.path().join("packages");
        for part in ["nvidia/cu13/lib", "nvidia/cudnn/lib", "nvidia/nothing", "torch/lib"] {
            fs::create_dir_all(packages.join(part)).unwrap();
        }
        let path = Libraries { packages: packages.clone() }.search_path().unwrap();
        let found: Vec<PathBuf> = std::env::split_paths(&path).filter(|part| part.starts_with(&packages)).collect();
        assert_eq!(found, ["nvidia/cu13/lib", "nvidia/cudnn/lib", "torch/lib"].map(|part| packages.join(part)));
    }

    #[test]
    fn installed_packages_are_not_fetched_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("packages")).unwrap();
        fs::write(folder.path().join("packages/installed"), REQUIREMENTS).unwrap();
        fs::write(folder.path().join("packages/tensorrt-installed"), TENSOR_RT).unwrap();
        // No time is left for pip.
        let bench = Bench { folder: folder.path().into(), ends: std::time::Instant::now() };
        let libraries = Libraries::install(&bench).unwrap();
        assert_eq!(libraries.install_tensor_rt(&bench).unwrap(), TENSOR_RT);
    }
}
