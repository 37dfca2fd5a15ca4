//! `cargo xtask bundle` and `install`: the plugin as `.clap` and `.vst3`, with ONNX Runtime next to it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use tonenet_files::outputs::Inputs;

use crate::setup;
use crate::workspace;

const PACKAGE: &str = "tonenet-plugin";
const LIBRARY: &str = "libonnxruntime.so";
/// Where a `.vst3` keeps its binary on this system.
pub const VST3_BINARIES: &str = "Contents/x86_64-linux";

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
}

/// Builds and bundles the plugin for users, optimised, with ONNX Runtime next to it.
pub fn release() -> Result<Bundles> {
    let onnxruntime = setup::onnxruntime()?;
    std::env::set_current_dir(workspace::root())?;
    let arguments = ["--release".to_owned()];
    // Builds the library only: cargo does not optimise across crates if Rust's own kind of library is built beside it.
    workspace::run(
        workspace::cargo().args(["rustc", "--package", PACKAGE, "--lib", "--crate-type", "cdylib"]).args(&arguments),
    )?;
    nice_plug_xtask::bundle(Path::new("target"), PACKAGE, &arguments, false)?;
    let bundles = Bundles { folder: workspace::root().join("target/bundled") };
    put_library(&onnxruntime, &bundles)?;
    println!("{} and {}", bundles.clap().display(), bundles.vst3().display());
    Ok(bundles)
}

/// Builds the plugin with the checks for tests, separate from what a user would install.
pub fn for_tests() -> Result<Bundles> {
    built_for_tests(&["--package", PACKAGE], &[])
}

/// The same when all packages are tested.
///
/// Cargo gives dependencies the features of all chosen packages together, so they are then not built twice. `features`
/// are those that are tested in addition to the plugin's.
pub fn for_tests_of_all(features: &[&str]) -> Result<Bundles> {
    built_for_tests(&["--workspace"], features)
}

/// Builds the plugin for `cargo xtask demo`, in a quarter of a release's time.
///
/// Its functions are optimised, but not across crates. ONNX Runtime comes with it only if it is installed already; the
/// built-in runtime plays the same within one velocity step.
pub fn for_demo() -> Result<Bundles> {
    workspace::run(workspace::cargo().args(["build", "--package", PACKAGE, "--lib", "--locked", "--profile", "demo"]))?;
    let bundles = Bundles { folder: workspace::root().join("target/bundled-demo") };
    copy(&workspace::root().join("target/demo/libtonenet_plugin.so"), &bundles.clap())?;
    Ok(bundles)
}

fn built_for_tests(packages: &[&str], others: &[&str]) -> Result<Bundles> {
    let onnxruntime = setup::onnxruntime()?;
    let own = ["assert_process_allocs", "fault-injection"].map(|feature| format!("{PACKAGE}/{feature}")).join(",");
    let features = [&[own.as_str()], others].concat().join(",");
    workspace::run(workspace::cargo().arg("build").args(packages).args(["--locked", "--features"]).arg(features))?;
    let bundles = Bundles { folder: workspace::root().join("target/bundled-test") };
    let built = workspace::root().join("target/debug/libtonenet_plugin.so");
    let binary = bundles.vst3().join(VST3_BINARIES).join("ToneNet.so");
    for target in [bundles.clap(), binary] {
        copy(&built, &target)?;
    }
    put_library(&onnxruntime, &bundles)?;
    Ok(bundles)
}

fn put_library(onnxruntime: &Path, bundles: &Bundles) -> Result<()> {
    let resources = bundles.vst3().join("Contents/Resources");
    fs::create_dir_all(&resources)?;
    let from = onnxruntime.parent().context("the library lies in a folder")?;
    fs::copy(from.join("LICENSE"), resources.join("ONNXRuntime-LICENSE"))?;
    fs::copy(from.join("ThirdPartyNotices.txt"), resources.join("ONNXRuntime-ThirdPartyNotices.txt"))?;
    for folder in [bundles.vst3().join(VST3_BINARIES), bundles.folder.clone()] {
        copy(onnxruntime, &folder.join(LIBRARY))?;
    }
    Ok(())
}

/// `cargo xtask install`: into the folders where DAWs look, and ONNX Runtime where the single-file `.clap` looks.
pub fn install() -> Result<()> {
    let bundles = release()?;
    let home = std::env::var_os("HOME").map(PathBuf::from).context("HOME is not set; copy target/bundled by hand")?;
    if !cfg!(target_os = "linux") {
        bail!("install knows Linux's folders only; copy the bundles from target/bundled to where your DAW looks");
    }
    let data = std::env::var_os("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from);
    let clap = home.join(".clap/ToneNet.clap");
    let vst3 = home.join(".vst3/ToneNet.vst3");
    let library = data.join("tonenet/lib").join(LIBRARY);
    // If a DAW's folder is a link to the bundles, these would be removed before they were copied.
    let bundled = bundles.folder.join(LIBRARY);
    let mut outputs = Inputs::default().files([&bundles.clap(), &bundled]).folders([bundles.vst3()]).outputs();
    outputs.file(&clap)?;
    outputs.file(&library)?;
    outputs.folder(&vst3)?;
    copy(&bundles.clap(), &clap)?;
    if vst3.exists() {
        fs::remove_dir_all(&vst3)?;
    }
    copy_folder(&bundles.vst3(), &vst3)?;
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
