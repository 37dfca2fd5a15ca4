//! `THIRD_PARTY.md`: the crates that are linked for a platform, with the texts of their licences.
//!
//! cargo names the linked crates, and their packages bring the texts. Where a package brings none, the licence's own text
//! stands in for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::programs::PROGRAMS;
use crate::bundle::PACKAGE;
use crate::platform::Platform;
use crate::workspace;

/// How the names of files with licences and notices begin.
const FILES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// A crate's name and version.
type Name = (String, String);

/// A crate as its package describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Package {
    licence: String,
    link: Option<String>,
    folder: PathBuf,
    authors: Vec<String>,
}

/// Writes the notices for the crates that are linked for a platform.
///
/// # Errors
/// When cargo fails, or a crate states no licence that is known.
pub fn write(platform: Platform) -> Result<String> {
    let packages = packages(platform)?;
    let linked = linked(platform)?;
    let mut table = String::new();
    // Texts by the words in them: packages fill their lines differently.
    let mut texts: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for name in &linked {
        let package = packages.get(name).with_context(|| format!("cargo does not describe {} {}", name.0, name.1))?;
        let title = format!("{} {}", name.0, name.1);
        let shown = package.link.as_ref().map_or_else(|| title.clone(), |link| format!("[{title}]({link})"));
        writeln!(table, "| {shown} | {} |", package.licence)?;
        for text in texts_of(package).with_context(|| format!("the licence of {title}"))? {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            texts.entry(words).or_insert_with(|| (text, BTreeSet::new())).1.insert(title.clone());
        }
    }
    let mut document = format!(
        "# Third-party software in ToneNet\n\n\
         ToneNet for {} contains these {} crates. Below the table are their licences and notices.\n\
         It also contains the standard library of Rust (MIT or Apache-2.0; its notices are in `rust-standard-library.html`).\n\
         ONNX Runtime (MIT) comes as a library of its own, with its notices beside it.\n\n\
         | crate | licence |\n|---|---|\n{table}",
        platform.name(),
        linked.len(),
    );
    let mut texts: Vec<_> = texts.into_values().collect();
    texts.sort_by(|(a, of_a), (b, of_b)| of_a.first().cmp(&of_b.first()).then_with(|| a.cmp(b)));
    for (text, names) in texts {
        let names = names.into_iter().collect::<Vec<_>>().join(", ");
        write!(document, "\n## {names}\n\n```text\n{}\n```\n", text.replace("\r\n", "\n").trim_end())?;
    }
    Ok(document)
}

/// The crates of others that the plugin and the programs link, without those that run only while they compile.
fn linked(platform: Platform) -> Result<BTreeSet<Name>> {
    let mut linked = BTreeSet::new();
    for target in platform.linked_targets() {
        let mut cargo = workspace::cargo();
        cargo.args(["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"]);
        cargo.args(["--target", target, "--package", PACKAGE]);
        cargo.args(features(platform));
        for program in PROGRAMS {
            cargo.args(["--package", program.package]);
        }
        let output = cargo.output().context("cannot run cargo tree")?;
        ensure!(output.status.success(), "cargo tree fails: {}", String::from_utf8_lossy(&output.stderr));
        linked.extend(String::from_utf8(output.stdout)?.lines().filter_map(name));
    }
    Ok(linked)
}

/// The features with which a release is built.
fn features(platform: Platform) -> &'static [&'static str] {
    match platform {
        Platform::MacOs => &["--features", "tonenet-plugin/auv2"],
        Platform::LinuxX64 | Platform::LinuxArm64 | Platform::WindowsX64 => &[],
    }
}

/// A crate's name in a line of `cargo tree`; `None` in an empty one and for our own crates.
fn name(line: &str) -> Option<Name> {
    let mut words = line.split(' ');
    let (name, version) = (words.next()?, words.next()?.strip_prefix('v')?);
    (!name.starts_with("tonenet-")).then(|| (name.to_owned(), version.to_owned()))
}

fn packages(platform: Platform) -> Result<BTreeMap<Name, Package>> {
    let mut cargo = workspace::cargo();
    cargo.args(["metadata", "--locked", "--format-version", "1"]).args(features(platform));
    for target in platform.linked_targets() {
        cargo.args(["--filter-platform", target]);
    }
    let output = cargo.output().context("cannot run cargo metadata")?;
    ensure!(output.status.success(), "cargo metadata fails: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let package = |value: &Value| {
        let manifest = PathBuf::from(value["manifest_path"].as_str()?);
        let authors = value["authors"].as_array().map(|all| all.iter().filter_map(text).collect());
        let package = Package {
            // The older way to say "or".
            licence: text(&value["license"])?.replace('/', " OR ").replace("  ", " "),
            link: text(&value["repository"]).or_else(|| text(&value["homepage"])),
            folder: manifest.parent()?.to_owned(),
            authors: authors.unwrap_or_default(),
        };
        Some(((text(&value["name"])?, text(&value["version"])?), package))
    };
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    Ok(packages.iter().filter_map(package).collect())
}

/// The texts in a package, or those that its licence stands for.
fn texts_of(package: &Package) -> Result<Vec<String>> {
    let mut files = licence_files(&package.folder)?;
    // The sources of others that a crate carries.
    if let Ok(carried) = fs::read_dir(package.folder.join("external")) {
        for entry in carried {
            files.extend(licence_files(&entry?.path())?);
        }
    }
    files.sort();
    let mut texts = Vec::new();
    for file in files {
        texts.push(fs::read_to_string(&file).with_context(|| format!("{} is no text", file.display()))?);
    }
    let is_only_about_fonts = package.folder.join("fonts").is_dir();
    if texts.is_empty() || is_only_about_fonts {
        texts.extend(standard_texts(package)?);
    }
    Ok(texts)
}

/// The files with licences and notices in a folder.
fn licence_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        if path.is_file() && FILES.iter().any(|start| name.starts_with(start)) {
            files.push(path);
        } else if path.is_dir() && ["LICENSES", "LICENSE", "FONTS"].contains(&name.as_str()) {
            files.extend(text_files(&path)?);
        }
    }
    Ok(files)
}

fn text_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_text = path.extension().is_none_or(|ending| ending == "txt" || ending == "md");
        if path.is_file() && is_text {
            files.push(path);
        }
    }
    Ok(files)
}

/// The standard text of each licence that a package names, with its authors.
fn standard_texts(package: &Package) -> Result<Vec<String>> {
    let expression = spdx::Expression::parse(&package.licence)?;
    let mut texts = Vec::new();
    for requirement in expression.requirements() {
        let id = requirement.req.license.id().context("it is not one of SPDX's list")?;
        let authors = match package.authors.as_slice() {
            [] => "its authors".to_owned(),
            authors => authors.join(", "),
        };
        let link = package.link.as_deref().unwrap_or("crates.io");
        texts.push(format!(
            "The package brings no text of its licence, {}. This is the standard text. Copyright: {authors} ({link}).\n\n{}",
            id.name,
            id.text()
        ));
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_linked_crate_is_named_with_a_text() {
        let platform = Platform::current().unwrap();
        let document = write(platform).unwrap();
        for name in linked(platform).unwrap() {
            let title = format!("{} {}", name.0, name.1);
            let has_text = document
                .lines()
                .any(|line| line.strip_prefix("## ").is_some_and(|names| names.split(", ").any(|name| name == title)));
            assert!(has_text, "{title} has no text");
        }
        // What the window, the models and the hosts' interfaces are made of.
        for name in ["egui ", "ort ", "rten ", "nice-plug ", "vst3 "] {
            assert!(document.contains(&format!("[{name}")), "{name}is missing");
        }
        assert!(document.contains("SIL OPEN FONT LICENSE"), "the fonts' licence is missing");
        assert!(!document.contains("| [tonenet"), "our own crates are not of others");
        assert!(!document.contains(workspace::root().to_str().unwrap()), "a folder of this machine is named");
    }

    #[test]
    fn on_macos_the_sources_that_the_audio_unit_carries_are_named_with_their_texts() {
        let document = write(Platform::MacOs).unwrap();
        let carried = workspace::root().join("vendor/clap-wrapper/external");
        for licence in ["AudioUnitSDK/LICENSE.txt", "clap/LICENSE", "clap-wrapper/LICENSE", "filesystem/LICENSE"] {
            let text = fs::read_to_string(carried.join(licence)).unwrap().replace("\r\n", "\n");
            assert!(document.contains(text.trim_end()), "{licence} is missing");
        }
        assert!(!write(Platform::LinuxX64).unwrap().contains("clap-wrapper"), "Linux has no Audio Unit");
    }

    #[test]
    fn a_line_of_cargo_tree_names_a_crate() {
        assert_eq!(name("egui v0.37.0"), Some(("egui".into(), "0.37.0".into())));
        assert_eq!(name("baseview v0.4.2 (/home/me/vendor/baseview)"), Some(("baseview".into(), "0.4.2".into())));
        assert_eq!(name("tonenet-core v0.1.0 (/home/me/core)"), None);
        assert_eq!(name(""), None);
    }
}
