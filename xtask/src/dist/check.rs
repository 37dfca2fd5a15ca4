//! `cargo xtask dist --check`: a user downloads the release onto a bare Debian without Rust, installs it and plays.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tonenet_files::midi_files::read_song;

use super::deb;
use super::programs::PROGRAMS;
use crate::chroot::{Chroot, User};
use crate::daw_test;
use crate::platform::Platform;

/// A name that a careless script would break on.
const HOME: &str = "/home/Zoë Müller";
const MUSICIAN: User<'_> = User { name: "musician", home: HOME };
const ROOT: User<'_> = User { name: "root", home: "/root" };
/// Ardour writes to the home folder beside files that this program writes there, so it runs as root.
const ARDOUR: User<'_> = User { name: "root", home: HOME };
const PIECE: &str = "demo/bach-prelude-bwv-846.mid";
const FOLDER: &str = "/home/downloads";

/// Fails where the check cannot run.
pub fn requirements() -> Result<()> {
    Chroot::requirements()
}

/// Installs the release of a folder in both forms, and uses each.
///
/// # Errors
/// The first thing that a user would find broken. The Debian is then kept, and its folder named.
pub fn run(folder: &Path, name: &str, platform: Platform) -> Result<()> {
    let work = tempfile::Builder::new().prefix("tonenet-debian-").tempdir()?;
    let debian = Chroot::bootstrap(work.path().join("debian"))?;
    let outcome = check(&debian, folder, name, platform);
    if outcome.is_err() {
        let kept = work.keep();
        return outcome.with_context(|| format!("the Debian is kept in {}", kept.display()));
    }
    println!("a user without Rust can install, restyle and play it");
    Ok(())
}

fn check(debian: &Chroot, folder: &Path, name: &str, platform: Platform) -> Result<()> {
    debian.shell(ROOT, "! command -v cargo && ! command -v rustc")?;
    debian.shell(ROOT, &format!("useradd --create-home --home-dir '{HOME}' {} && mkdir -p {FOLDER}", MUSICIAN.name))?;
    // A Debian with a desktop has them; the standalone needs ALSA's library.
    debian.shell(ROOT, "apt-get -q update && apt-get -qy install --no-install-recommends xz-utils libasound2")?;
    let architecture = platform.debian_architecture().context("the check is for Linux")?;
    let (archive, package) = (format!("{name}.tar.xz"), deb::file_name(architecture));
    for file in [&archive, &package] {
        fs::copy(folder.join(file), debian.outside(FOLDER).join(file))
            .with_context(|| format!("cannot copy {file}"))?;
    }
    let piece = format!("{FOLDER}/{name}/{PIECE}");
    debian.shell(ROOT, &format!("cd {FOLDER} && tar xf {archive} && chmod -R a+rX ."))?;

    let restyled = check_archive(debian, &format!("{FOLDER}/{name}"), &piece)?;
    let from_package = check_package(debian, &package, &piece)?;
    ensure!(restyled == from_package, "the archive and the package restyle differently");
    ensure!(fs::read(debian.outside(&piece))? != restyled, "nothing was restyled");

    // Last, because it installs the DAW with all that it needs.
    debian.shell(ROOT, "apt-get -qy install --no-install-recommends ardour")?;
    debian.shell(MUSICIAN, &format!("{FOLDER}/{name}/install.sh"))?;
    let bundle = debian.outside(HOME).join(".vst3/ToneNet.vst3");
    daw_test::play_installed(debian, ARDOUR, &bundle, &read_song(&debian.outside(&piece))?)
}

/// Installs the archive for one user, uses it and removes it; returns the restyled piece.
fn check_archive(debian: &Chroot, unpacked: &str, piece: &str) -> Result<Vec<u8>> {
    let before = files(&debian.outside(HOME))?;
    let dry = debian.shell(MUSICIAN, &format!("{unpacked}/install.sh --dry-run"))?;
    ensure!(files(&debian.outside(HOME))? == before, "--dry-run writes something");
    debian.shell(MUSICIAN, &format!("{unpacked}/install.sh"))?;
    for file in dry.lines().filter_map(|line| line.strip_prefix("would install ")) {
        ensure!(debian.outside(file).is_file(), "{file} was announced and is not installed");
    }
    // An update takes the same way.
    debian.shell(MUSICIAN, &format!("{unpacked}/install.sh"))?;
    let restyled = use_programs(debian, MUSICIAN, "$HOME/.local/bin/", piece)?;
    // From anywhere, by the copy that was installed.
    debian.shell(MUSICIAN, "\"$HOME/.local/share/tonenet/uninstall.sh\"")?;
    let left: Vec<PathBuf> = files(&debian.outside(HOME))?.difference(&before).cloned().collect();
    ensure!(left.is_empty(), "uninstall.sh left {left:?}");
    Ok(restyled)
}

/// Installs the package for all users, uses it and removes it; returns the restyled piece.
fn check_package(debian: &Chroot, package: &str, piece: &str) -> Result<Vec<u8>> {
    debian.shell(ROOT, &format!("apt-get -qy install --no-install-recommends {FOLDER}/{package}"))?;
    debian.shell(ROOT, "dpkg --verify tonenet")?;
    for file in ["/usr/lib/clap/ToneNet.clap", "/usr/lib/vst3/ToneNet.vst3", "/usr/lib/tonenet/libonnxruntime.so"] {
        ensure!(debian.outside(file).exists(), "the package does not install {file}");
    }
    let restyled = use_programs(debian, MUSICIAN, "", piece)?;
    debian.shell(ROOT, "apt-get -qy purge tonenet")?;
    ensure!(!debian.outside("/usr/lib/tonenet").exists(), "purging the package leaves /usr/lib/tonenet");
    Ok(restyled)
}

/// Starts every program, asks `tonenet doctor`, and restyles a piece; returns the restyled bytes.
fn use_programs(debian: &Chroot, user: User<'_>, folder: &str, piece: &str) -> Result<Vec<u8>> {
    for program in PROGRAMS {
        debian.shell(user, &format!("\"{folder}{}\" --version", program.name))?;
    }
    let doctor = debian.shell(user, &format!("\"{folder}tonenet\" doctor"))?;
    println!("{doctor}");
    ensure!(doctor.contains("ONNX Runtime 1."), "tonenet doctor does not find ONNX Runtime:\n{doctor}");
    let result = "/tmp/restyled.mid";
    debian.shell(user, &format!("\"{folder}tonenet\" restyle '{piece}' --style jazz -o {result}"))?;
    let restyled = fs::read(debian.outside(result)).context("tonenet restyle wrote no file")?;
    fs::remove_file(debian.outside(result))?;
    Ok(restyled)
}

/// All files below a folder.
fn files(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(files(&path)?);
        } else {
            found.insert(path);
        }
    }
    Ok(found)
}
