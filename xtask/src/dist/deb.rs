//! The Debian package: the release's files where Debian keeps such files, and what apt must know of them.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use md5::{Digest, Md5};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::archive;
use super::contents::{Contents, Item};
use crate::platform::Platform;
use crate::setup;

const NAME: &str = "tonenet";
const MAINTAINER: &str = "The ToneNet authors <tonenet@users.noreply.github.com>";
/// Files that the package has in forms of its own, or that only the archive needs.
const LEFT_OUT: [&str; 4] = ["install.sh", "uninstall.sh", "README.txt", "LICENSE-"];
const CONTROL: &str = include_str!("../../../packaging/linux/debian/control");
const COPYRIGHT: &str = include_str!("../../../packaging/linux/debian/copyright");
const LINTIAN_OVERRIDES: &str = include_str!("../../../packaging/linux/debian/lintian-overrides");

/// A version as Debian orders it: a tilde comes before everything, so a pre-release comes before its release.
fn debian_version(version: &str) -> String {
    version.replace('-', "~")
}

/// A package's file name. It has the version as it is: GitHub replaces a tilde in a file's name, and checksums would not find it.
pub fn file_name(architecture: &str) -> String {
    format!("{NAME}_{}_{architecture}.deb", env!("CARGO_PKG_VERSION"))
}

/// Makes the package from an archive's files.
///
/// # Errors
/// Where Debian's tools cannot say which libraries the programs need.
pub fn make(release: &Contents, platform: Platform, time: u64) -> Result<Vec<u8>> {
    let architecture = platform.debian_architecture().context("there are Debian packages for Linux only")?;
    let files = laid_out(release, platform, time)?;
    let depends = dependencies(&files)?;
    pack(&files, &control(&files, architecture, &depends), time)
}

/// The files where Debian keeps them.
fn laid_out(release: &Contents, platform: Platform, time: u64) -> Result<Contents> {
    let mut files = Contents::default();
    for (path, item) in release.iter() {
        if let Some(path) = debian_path(path, platform) {
            let is_compressed = path.ends_with(".gz");
            let bytes = if is_compressed { archive::gzip(&item.bytes)? } else { item.bytes.clone() };
            if item.is_executable { files.add_program(path, bytes)? } else { files.add(path, bytes)? }
        }
    }
    let date = OffsetDateTime::from_unix_timestamp(i64::try_from(time)?)?.format(&Rfc2822)?;
    let (version, debian_version) = (env!("CARGO_PKG_VERSION"), debian_version(env!("CARGO_PKG_VERSION")));
    let log = format!(
        "{NAME} ({debian_version}) stable; urgency=medium\n\n  * Release {version}. The manual's page Changelog lists the changes.\n\n -- {MAINTAINER}  {date}\n"
    );
    files.add(format!("usr/share/doc/{NAME}/changelog.gz"), archive::gzip(log.as_bytes())?)?;
    files.add(format!("usr/share/doc/{NAME}/copyright"), COPYRIGHT)?;
    files.add(format!("usr/share/lintian/overrides/{NAME}"), LINTIAN_OVERRIDES)?;
    Ok(files)
}

/// Where Debian keeps a file of the archive; `None` where the package needs none.
fn debian_path(path: &str, platform: Platform) -> Option<String> {
    if LEFT_OUT.iter().any(|start| path.starts_with(start)) {
        return None;
    }
    let (folder, rest) = path.split_once('/').unwrap_or(("", path));
    Some(match folder {
        "plugins" if rest.starts_with("ToneNet.clap") => format!("usr/lib/clap/{rest}"),
        // Both formats and the programs find the one library in /usr/lib/tonenet.
        "plugins" if rest.ends_with(platform.onnxruntime()) => return None,
        // Its notices come with it.
        "plugins" if rest.contains("/Resources/") => return None,
        "plugins" => format!("usr/lib/vst3/{rest}"),
        "bin" => format!("usr/bin/{rest}"),
        "lib" if rest.ends_with(platform.onnxruntime()) => format!("usr/lib/{rest}"),
        "lib" => format!("usr/share/doc/{NAME}/{}", rest.trim_start_matches("tonenet/")),
        // Debian names these files differently, and compresses pages.
        "share" if rest.starts_with("zsh/site-functions/") => {
            format!("usr/share/{}", rest.replace("site-functions", "vendor-completions"))
        }
        "share" if rest.starts_with("man/") => format!("usr/share/{rest}.gz"),
        "share" => format!("usr/share/{rest}"),
        "demo" => format!("usr/share/doc/{NAME}/examples/{rest}"),
        _ => format!("usr/share/doc/{NAME}/{path}"),
    })
}

/// The packages that the binaries need, as Debian's own tool finds them.
fn dependencies(files: &Contents) -> Result<String> {
    setup::require_packages(&["dpkg-dev"])?;
    let work = tempfile::tempdir()?;
    fs::create_dir(work.path().join("debian"))?;
    fs::write(work.path().join("debian/control"), format!("Source: {NAME}\n\nPackage: {NAME}\nArchitecture: any\n"))?;
    let mut shlibdeps = Command::new("dpkg-shlibdeps");
    shlibdeps.current_dir(work.path()).args(["-O", "--ignore-missing-info"]);
    for (place, (_, item)) in files.iter().filter(|(_, item)| is_binary(item)).enumerate() {
        let file = format!("binary-{place}");
        fs::write(work.path().join(&file), &item.bytes)?;
        shlibdeps.arg(format!("-e{file}"));
    }
    let output = shlibdeps.output().context("cannot run dpkg-shlibdeps")?;
    ensure!(output.status.success(), "dpkg-shlibdeps fails: {}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout)?;
    match said.trim().strip_prefix("shlibs:Depends=") {
        Some(packages) => Ok(packages.to_owned()),
        None => bail!("dpkg-shlibdeps names no packages: {said}"),
    }
}

fn is_binary(item: &Item) -> bool {
    item.bytes.starts_with(b"\x7fELF")
}

fn control(files: &Contents, architecture: &str, depends: &str) -> String {
    // As Debian counts: each file and folder takes whole kibibytes.
    let size: usize =
        files.iter().map(|(_, item)| item.bytes.len().div_ceil(1024)).sum::<usize>() + files.folders().len();
    CONTROL
        .replace("{name}", NAME)
        .replace("{version}", &debian_version(env!("CARGO_PKG_VERSION")))
        .replace("{architecture}", architecture)
        .replace("{maintainer}", MAINTAINER)
        .replace("{size}", &size.to_string())
        .replace("{depends}", depends)
        .replace("{homepage}", env!("CARGO_PKG_REPOSITORY"))
}

/// Packs files and what apt must know of them.
fn pack(files: &Contents, control: &str, time: u64) -> Result<Vec<u8>> {
    let mut sums = String::new();
    for (path, item) in files.iter() {
        let sum: String = Md5::digest(&item.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        writeln!(sums, "{sum}  {path}")?;
    }
    let mut about = Contents::default();
    about.add("control", control)?;
    about.add("md5sums", sums)?;
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar.xz", archive::tar_xz(&about, time)?),
        ("data.tar.xz", archive::tar_xz(files, time)?),
    ];
    let mut package = b"!<arch>\n".to_vec();
    for (name, bytes) in members {
        // Name, time, owner, group, permissions and size, in columns.
        let head = format!("{name:<16}{time:<12}{:<6}{:<6}{:<8}{:<10}`\n", 0, 0, "100644", bytes.len());
        package.extend(head.as_bytes());
        package.extend(&bytes);
        if bytes.len() % 2 == 1 {
            package.push(b'\n');
        }
    }
    Ok(package)
}

/// Shows what lintian says of a package, where it is installed.
///
/// # Errors
/// When it finds an error.
pub fn lint(package: &Path) -> Result<()> {
    let lintian = Command::new("lintian").args(["--fail-on", "error", "--allow-root"]).arg(package).status();
    match lintian {
        Ok(status) => ensure!(status.success(), "lintian finds errors in {}", package.display()),
        Err(_) => println!("not checked: {} by lintian, which is not installed", package.display()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release() -> Contents {
        let mut release = Contents::default();
        for path in [
            "plugins/ToneNet.clap",
            "plugins/ToneNet.vst3/Contents/x86_64-linux/ToneNet.so",
            "plugins/ToneNet.vst3/Contents/x86_64-linux/libonnxruntime.so",
            "plugins/ToneNet.vst3/Contents/Resources/ONNXRuntime-LICENSE",
            "lib/tonenet/libonnxruntime.so",
            "lib/tonenet/ONNXRuntime-LICENSE",
            "share/man/man1/tonenet.1",
            "share/zsh/site-functions/_tonenet",
            "manual/index.html",
            "demo/piece.mid",
            "README.txt",
            "LICENSE-MIT",
        ] {
            release.add(path, path).unwrap();
        }
        for program in ["bin/tonenet", "install.sh"] {
            release.add_program(program, program).unwrap();
        }
        release
    }

    #[test]
    fn files_lie_where_debian_keeps_them() {
        let files = laid_out(&release(), Platform::LinuxX64, 0).unwrap();
        let paths: Vec<_> = files.iter().map(|(path, _)| path).collect();
        assert_eq!(
            paths,
            [
                "usr/bin/tonenet",
                "usr/lib/clap/ToneNet.clap",
                "usr/lib/tonenet/libonnxruntime.so",
                "usr/lib/vst3/ToneNet.vst3/Contents/x86_64-linux/ToneNet.so",
                "usr/share/doc/tonenet/ONNXRuntime-LICENSE",
                "usr/share/doc/tonenet/changelog.gz",
                "usr/share/doc/tonenet/copyright",
                "usr/share/doc/tonenet/examples/piece.mid",
                "usr/share/doc/tonenet/manual/index.html",
                "usr/share/lintian/overrides/tonenet",
                "usr/share/man/man1/tonenet.1.gz",
                "usr/share/zsh/vendor-completions/_tonenet",
            ]
        );
    }

    #[test]
    fn a_pre_release_comes_before_its_release() {
        assert_eq!(debian_version("0.2.0"), "0.2.0");
        assert_eq!(debian_version("0.2.0-rc.1"), "0.2.0~rc.1");
        // A hyphen that is left would begin the package's own revision.
        assert_eq!(debian_version("0.2.0-rc-1"), "0.2.0~rc~1");
        let ascending = ["0.1.9", "0.2.0-alpha", "0.2.0-rc.1", "0.2.0-rc.2", "0.2.0", "0.2.1-rc.1"].map(debian_version);
        for pair in ascending.windows(2) {
            let compares = Command::new("dpkg").args(["--compare-versions", &pair[0], "lt", &pair[1]]).status();
            let Ok(compares) = compares else { return println!("not tested: there is no dpkg here") };
            assert!(compares.success(), "{pair:?}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn dpkg_reads_the_package() {
        let files = laid_out(&release(), Platform::LinuxX64, 1_795_897_359).unwrap();
        let control = control(&files, "amd64", "libc6 (>= 2.34)");
        let package = pack(&files, &control, 1_795_897_359).unwrap();
        assert_eq!(package, pack(&files, &control, 1_795_897_359).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(file_name("amd64"));
        fs::write(&file, package).unwrap();
        let say = |arguments: &[&str]| {
            let Ok(output) = Command::new("dpkg-deb").args(arguments).arg(&file).output() else { return None };
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8(output.stdout).unwrap())
        };
        let Some(info) = say(&["--field"]) else { return println!("not tested: there is no dpkg-deb here") };
        assert!(info.contains("Package: tonenet\n") && info.contains("Depends: libc6 (>= 2.34)\n"), "{info}");
        let version = format!("Version: {}\n", debian_version(env!("CARGO_PKG_VERSION")));
        assert!(info.contains(&version), "{info}");
        assert!(!info.contains('{'), "a field was not filled in: {info}");
        let listed = say(&["--contents"]).unwrap();
        let program = listed.lines().find(|line| line.ends_with(" usr/bin/tonenet")).expect("the program is there");
        assert!(program.starts_with("-rwxr-xr-x root/root"), "{program}");
        assert!(
            listed.lines().any(|line| line.starts_with("drwxr-xr-x") && line.ends_with(" usr/lib/clap/")),
            "{listed}"
        );
    }
}
