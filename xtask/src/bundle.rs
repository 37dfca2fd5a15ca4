//! `cargo xtask bundle` and `install`: the plugin as `.clap` and `.vst3`, with ONNX Runtime next to it.

mod audio_unit;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tonenet_files::outputs::Inputs;

use crate::platform::Platform;
use crate::property_list;
use crate::release_build::{self, Output};
use crate::setup;
use crate::workspace;

/// The plugin's crate.
pub const PACKAGE: &str = "tonenet-plugin";

/// The features of the plugin that tests are built with.
pub const TEST_FEATURES: &str = "tonenet-plugin/assert_process_allocs,tonenet-plugin/fault-injection";

/// The bundles in a folder.
pub struct Bundles {
    pub folder: PathBuf,
}

impl Bundles {
    pub fn clap(&self) -> PathBuf {
        self.folder.join("ToneNet.clap")
    }

    pub fn vst3(&self) -> PathBuf {
        self.folder.join("ToneNet.vst3")
    }

    /// The Audio Unit, which only macOS has.
    pub fn audio_unit(&self) -> PathBuf {
        self.folder.join("ToneNet.component")
    }
}

/// Builds and bundles the plugin for users, optimised, with ONNX Runtime next to it.
pub fn release() -> Result<Bundles> {
    let platform = Platform::current()?;
    let onnxruntime = setup::onnxruntime()?;
    let built = release_build::build(platform, PACKAGE, Output::Plugin)?;
    let bundles = Bundles { folder: workspace::root().join("target/bundled") };
    assemble(platform, &built, &onnxruntime, &bundles)?;
    if platform == Platform::MacOs {
        audio_unit::assemble(&built, &onnxruntime, &bundles.audio_unit())?;
    }
    println!("{} and {}", bundles.clap().display(), bundles.vst3().display());
    Ok(bundles)
}

/// Builds the plugin with the checks for tests, separate from what a user would install.
pub fn for_tests() -> Result<Bundles> {
    built_for_tests(&["--package", PACKAGE], &[])
}

/// The same, with all tests of all packages.
///
/// Cargo builds a crate with the features that all chosen targets want of it, and those of tests want more. So all that is
/// tested is chosen at once, and no crate is built twice. `features` are those to test besides [`TEST_FEATURES`].
pub fn for_tests_of_all(features: &[&str]) -> Result<Bundles> {
    built_for_tests(&["--workspace", "--lib", "--bins", "--examples", "--tests"], features)
}

/// Builds the plugin for `cargo xtask demo`, in a quarter of a release's time.
///
/// It is hardly optimised, and plays on the built-in runtime, so that the first sound waits for no download.
pub fn for_demo() -> Result<Bundles> {
    workspace::run(workspace::cargo().args(["build", "--package", PACKAGE, "--lib", "--locked", "--profile", "demo"]))?;
    let bundles = Bundles { folder: workspace::root().join("target/bundled-demo") };
    let platform = Platform::current()?;
    let built = workspace::root().join("target/demo").join(platform.library(PACKAGE));
    copy(&built, &bundles.folder.join(platform.clap_binary()))?;
    Ok(bundles)
}

fn built_for_tests(packages: &[&str], others: &[&str]) -> Result<Bundles> {
    let onnxruntime = setup::onnxruntime()?;
    let features = [&[TEST_FEATURES], others].concat().join(",");
    workspace::run(workspace::cargo().arg("build").args(packages).args(["--locked", "--features"]).arg(features))?;
    let platform = Platform::current()?;
    let bundles = Bundles { folder: workspace::root().join("target/bundled-test") };
    let built = workspace::root().join("target/debug").join(platform.library(PACKAGE));
    assemble(platform, &built, &onnxruntime, &bundles)?;
    Ok(bundles)
}

/// Lays out both formats around a built binary, as hosts expect them on a platform.
///
/// On macOS both are folders that carry ONNX Runtime. Elsewhere a `.clap` is one file, and the library lies beside it.
fn assemble(platform: Platform, binary: &Path, onnxruntime: &Path, bundles: &Bundles) -> Result<()> {
    // A file of an earlier build must not get into a release.
    for bundle in [bundles.clap(), bundles.vst3()].iter().filter(|bundle| bundle.is_dir()) {
        fs::remove_dir_all(bundle).with_context(|| format!("cannot replace {}", bundle.display()))?;
    }
    let vst3 = bundles.vst3().join(platform.vst3_binary());
    let clap = bundles.folder.join(platform.clap_binary());
    for target in [&clap, &vst3] {
        copy(binary, target)?;
        let folder = target.parent().context("a binary lies in a folder")?;
        copy(onnxruntime, &folder.join(platform.onnxruntime()))?;
    }
    put_notices(onnxruntime, &bundles.vst3())?;
    if platform == Platform::MacOs {
        for bundle in [bundles.clap(), bundles.vst3()] {
            property_list::write(&bundle)?;
        }
    }
    Ok(())
}

/// Copies the library's licence and notices into a bundle.
fn put_notices(onnxruntime: &Path, bundle: &Path) -> Result<()> {
    let resources = bundle.join("Contents/Resources");
    fs::create_dir_all(&resources)?;
    let from = onnxruntime.parent().context("the library lies in a folder")?;
    fs::copy(from.join("LICENSE"), resources.join("ONNXRuntime-LICENSE"))?;
    fs::copy(from.join("ThirdPartyNotices.txt"), resources.join("ONNXRuntime-ThirdPartyNotices.txt"))?;
    Ok(())
}

/// `cargo xtask install`: into the folders where DAWs look, and ONNX Runtime where the single-file `.clap` looks.
pub fn install() -> Result<()> {
    let platform = Platform::current()?;
    let bundles = release()?;
    let folders = platform.user_folders()?;
    let clap = folders.clap.join("ToneNet.clap");
    let vst3 = folders.vst3.join("ToneNet.vst3");
    let library = folders.data.join("tonenet").join("lib").join(platform.onnxruntime());
    let bundled = bundles.vst3().join(platform.vst3_binary()).with_file_name(platform.onnxruntime());
    // If a DAW's folder is a link to the bundles, these would be removed before they were copied.
    let mut installed = vec![(bundles.clap(), &clap), (bundles.vst3(), &vst3)];
    let audio_unit = folders.vst3.with_file_name("Components").join("ToneNet.component");
    if platform == Platform::MacOs {
        installed.push((bundles.audio_unit(), &audio_unit));
    }
    let mut outputs = Inputs::default().folders(installed.iter().map(|(from, _)| from.clone())).outputs();
    outputs.file(&library)?;
    for (from, to) in &installed {
        if from.is_dir() {
            outputs.folder(to)?;
        } else {
            outputs.file(to)?;
        }
    }
    for (from, to) in installed {
        if !from.is_dir() {
            copy(&from, to)?;
            continue;
        }
        if to.exists() {
            fs::remove_dir_all(to)?;
        }
        copy_folder(&from, to)?;
    }
    copy(&bundled, &library)?;
    println!("installed {} and {}; rescan plugins in your DAW", clap.display(), vst3.display());
    Ok(())
}

/// Replaces the file instead of writing into it: a host that has it mapped would crash.
fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let _ = fs::remove_file(to);
    fs::copy(from, to).map(drop).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// Copies a folder with everything in it.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}
