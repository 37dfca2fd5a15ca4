//! `cargo xtask dist`: what users download for the platform that it runs on.
//!
//! The same sources give the same bytes: order, times and owners are fixed, and binaries name no folder of the machine.

mod archive;
mod check;
mod contents;
mod deb;
mod html;
mod notices;
mod programs;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::bundle;
use crate::cli::DistArgs;
use crate::demo::DEFAULT_PIECE;
use crate::platform::Platform;
use crate::release_build;
use crate::workspace;
use contents::{Contents, read};

const NAME: &str = "tonenet";
const SUMS: &str = "SHA256SUMS";

/// Builds the release and writes it to the output folder; with `--check`, installs it on a bare Debian.
///
/// # Errors
/// When something does not build or cannot be read or written; with `--check`, when it does not work there.
pub fn run(args: &DistArgs) -> Result<()> {
    let platform = Platform::current()?;
    let folder = args.output.clone().unwrap_or_else(|| workspace::root().join("target/dist"));
    if args.check {
        check::requirements()?;
    }
    let time = source_date()?;
    let release = release(platform)?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let name = format!("{NAME}-{}-{}", env!("CARGO_PKG_VERSION"), platform.name());
    let mut files = vec![write_archive(&release, platform, &folder.join(&name), time)?];
    if let Some(architecture) = platform.debian_architecture() {
        let package = folder.join(deb::file_name(architecture));
        write(&package, &deb::make(&release, platform, time)?)?;
        deb::lint(&package)?;
        files.push(package);
    } else {
        // The scripts in packaging/ make installers from it.
        let staged = workspace::root().join("target/dist-files").join(&name);
        release.write_to(&staged)?;
        println!("the files for the installer are in {}", staged.display());
    }
    write(&folder.join(SUMS), sums(&files)?.as_bytes())?;
    for file in &files {
        println!("{}", file.display());
    }
    if args.check {
        check::run(&folder, &name, platform)?;
    }
    Ok(())
}

/// All files of a release.
fn release(platform: Platform) -> Result<Contents> {
    let root = workspace::root();
    let bundles = bundle::release()?;
    let mut release = Contents::default();
    programs::add(&mut release, platform)?;
    let mut formats = vec![bundles.clap(), bundles.vst3()];
    if platform == Platform::MacOs {
        formats.push(bundles.audio_unit());
    }
    for bundle in formats {
        let name = bundle.file_name().context("a bundle has a name")?.to_string_lossy().into_owned();
        release.add_from(&format!("plugins/{name}"), &bundle)?;
    }
    let library = crate::setup::onnxruntime()?;
    let beside = library.parent().context("the library lies in a folder")?;
    release.add_from(&format!("lib/tonenet/{}", platform.onnxruntime()), &library)?;
    release.add_from("lib/tonenet/ONNXRuntime-LICENSE", &beside.join("LICENSE"))?;
    release.add_from("lib/tonenet/ONNXRuntime-ThirdPartyNotices.txt", &beside.join("ThirdPartyNotices.txt"))?;
    release.add("THIRD_PARTY.md", notices::write(platform)?)?;
    release.add_from("rust-standard-library.html", &release_build::standard_library_notices()?)?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        release.add_from(licence, &root.join(licence))?;
    }
    html::add(&mut release, "manual")?;
    let piece = Path::new(DEFAULT_PIECE).file_name().context("the piece has a name")?.to_string_lossy();
    release.add_from(&format!("demo/{piece}"), &root.join(DEFAULT_PIECE))?;
    add_scripts(&mut release, platform, &root.join("packaging"))?;
    Ok(release)
}

/// Adds what a user reads first, and the scripts that install where the platform has no installer.
fn add_scripts(release: &mut Contents, platform: Platform, packaging: &Path) -> Result<()> {
    let folder = match platform {
        Platform::LinuxX64 | Platform::LinuxArm64 => "linux",
        Platform::WindowsX64 => "windows",
        Platform::MacOs => "macos",
    };
    let folder = packaging.join(folder);
    let text = fs::read_to_string(folder.join("README.txt")).context("cannot read the platform's README.txt")?;
    release.add("README.txt", text.replace("{version}", env!("CARGO_PKG_VERSION")))?;
    for script in ["install.sh", "uninstall.sh"] {
        if folder.join(script).exists() {
            release.add_program(script, read(&folder.join(script))?)?;
        }
    }
    Ok(())
}

fn write_archive(release: &Contents, platform: Platform, path: &Path, time: u64) -> Result<PathBuf> {
    let name = path.file_name().context("an archive has a name")?.to_string_lossy().into_owned();
    let all = release.clone().inside(&name);
    let (ending, bytes) = match platform {
        Platform::LinuxX64 | Platform::LinuxArm64 => ("tar.xz", archive::tar_xz(&all, time)?),
        Platform::WindowsX64 | Platform::MacOs => ("zip", archive::zip(&all, time)?),
    };
    let path = path.with_file_name(format!("{name}.{ending}"));
    write(&path, &bytes)?;
    Ok(path)
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// Checksums in the form that `sha256sum --check` reads.
fn sums(files: &[PathBuf]) -> Result<String> {
    let mut sums = String::new();
    for file in files {
        let hex: String = Sha256::digest(read(file)?).iter().map(|byte| format!("{byte:02x}")).collect();
        let name = file.file_name().context("a file has a name")?.to_string_lossy();
        sums += &format!("{hex}  {name}\n");
    }
    Ok(sums)
}

/// The time that all files of a release get, in seconds since 1970: that of the commit, unless the environment says one.
fn source_date() -> Result<u64> {
    const VARIABLE: &str = "SOURCE_DATE_EPOCH";
    let text = match std::env::var(VARIABLE) {
        Ok(text) => text,
        Err(_) => {
            let output = Command::new("git")
                .args(["log", "-1", "--format=%ct"])
                .current_dir(workspace::root())
                .output()
                .with_context(|| format!("cannot run git for the commit's date; set {VARIABLE}"))?;
            ensure!(output.status.success(), "git does not know the commit's date; set {VARIABLE}");
            String::from_utf8(output.stdout)?
        }
    };
    text.trim().parse().with_context(|| format!("{VARIABLE} should be seconds since 1970 and is {:?}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_read_by_the_usual_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.txt");
        fs::write(&file, "abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.txt\n";
        assert_eq!(sums(&[file]).unwrap(), expected);
    }

    #[test]
    fn every_platform_has_what_its_user_reads_first() {
        for platform in Platform::ALL {
            let mut release = Contents::default();
            add_scripts(&mut release, platform, &workspace::root().join("packaging")).unwrap();
            let (_, item) = release.iter().find(|(path, _)| *path == "README.txt").unwrap();
            let text = String::from_utf8(item.bytes.clone()).unwrap();
            assert!(text.contains(env!("CARGO_PKG_VERSION")) && !text.contains('{'), "{text}");
        }
    }
}
