//! The rules of the source tree that no compiler checks: which crate may use which, and how long and how plain files are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Most lines of a file without tests.
const MAX_LINES: usize = 400;

/// Most arguments of a function, `self` aside.
const MAX_ARGUMENTS: usize = 5;

/// Each crate with those of our crates that it may use outside its tests. A new crate needs a line here.
const MAY_USE: &[(&str, &[&str])] = &[
    ("tonenet-core", &[]),
    ("tonenet-inference", &["tonenet-core"]),
    ("tonenet-engine", &["tonenet-core", "tonenet-inference"]),
    ("tonenet-plugin", &["tonenet-core", "tonenet-inference", "tonenet-engine", "tonenet-files", "tonenet-learn"]),
    ("tonenet-standalone", &["tonenet-core", "tonenet-engine", "tonenet-files", "tonenet-inference", "tonenet-plugin"]),
    ("tonenet-window-snapshots", &[]),
    ("tonenet-learn", &["tonenet-core", "tonenet-inference"]),
    ("tonenet-files", &["tonenet-core"]),
    ("tonenet-cli", &["tonenet-core", "tonenet-files", "tonenet-inference", "tonenet-learn"]),
    ("tonenet-model-export", &[]),
    ("tonenet-plot", &[]),
    (
        "tonenet-training",
        &[
            "tonenet-core",
            "tonenet-files",
            "tonenet-inference",
            "tonenet-learn",
            "tonenet-model-export",
            "tonenet-plot",
        ],
    ),
    ("tonenet-hosts", &["tonenet-core"]),
    ("tonenet-test-support", &[]),
    (
        "tonenet-fuzz-targets",
        &["tonenet-core", "tonenet-engine", "tonenet-inference", "tonenet-model-export", "tonenet-plugin"],
    ),
    // No crate with a model runtime, so that xtask builds in a minute.
    ("xtask", &["tonenet-core", "tonenet-files", "tonenet-hosts", "tonenet-plot"]),
];

/// Crates that contain unsafe code, each for a foreign interface. All others forbid it.
const MAY_BE_UNSAFE: &[&str] = &[
    "tonenet-inference",
    "tonenet-plugin",
    "tonenet-standalone",
    "tonenet-hosts",
    "tonenet-files",
    "tonenet-fuzz-targets",
];

/// A crate of the workspace.
struct Package {
    folder: PathBuf,
    /// Our crates that it uses outside its tests.
    uses: BTreeSet<String>,
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_owned()
}

/// The workspace's crates by name.
fn packages() -> BTreeMap<String, Package> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let packages = metadata["packages"].as_array().expect("a list of packages");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let ours: BTreeSet<String> = packages.iter().map(|package| text(&package["name"])).collect();
    let package = |package: &Value| {
        let dependencies = package["dependencies"].as_array().expect("a list of dependencies").iter();
        // Only dependencies of tests and build scripts have a kind.
        let outside_tests = dependencies.filter(|dependency| dependency["kind"].is_null());
        let uses = outside_tests.map(|dependency| text(&dependency["name"])).filter(|name| ours.contains(name));
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let folder = manifest.parent().expect("a manifest lies in a folder").to_owned();
        (text(&package["name"]), Package { folder, uses: uses.collect() })
    };
    packages.iter().map(package).collect()
}

/// Collects the Rust files below a crate's folder, without tests, build outputs and other crates.
fn collect_sources(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).expect("a folder can be read") {
        let path = entry.expect("an entry can be read").path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy();
        if path.is_dir() {
            if !["tests", "target"].contains(&&*name) && !path.join("Cargo.toml").exists() {
                collect_sources(&path, found);
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).expect("a source file is text");
            found.insert(path.strip_prefix(workspace()).expect("it lies in the workspace").to_owned(), text);
        }
    }
}

/// All Rust files without tests, by path.
fn sources() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for package in packages().values() {
        collect_sources(&package.folder, &mut found);
    }
    // A workspace of its own, which the main one does not list.
    collect_sources(&workspace().join("fuzz"), &mut found);
    for known in ["core/src/lib.rs", "xtask/src/main.rs", "tests/src/lib.rs", "fuzz/bins/state.rs"] {
        assert!(found.contains_key(Path::new(known)), "{known} is not among {} files", found.len());
    }
    found
}

/// The paths of the source files that break a rule.
fn offenders(breaks: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    sources().into_iter().filter(|(_, text)| breaks(text)).map(|(path, _)| path).collect()
}

/// The functions that `source` declares, each with the number of its arguments, `self` aside.
fn functions(source: &str) -> Vec<(&str, usize)> {
    let mut functions = Vec::new();
    for line in source.match_indices("fn ").filter(|(at, _)| !source[..*at].ends_with(|c: char| c.is_alphanumeric())) {
        let declaration = &source[line.0 + 3..];
        let name_end = declaration.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(declaration.len());
        // Comments and prose name no function, or no list of arguments follows.
        if name_end > 0 && declaration[name_end..].starts_with(['(', '<']) {
            functions.push((&declaration[..name_end], count_arguments(&declaration[name_end..])));
        }
    }
    functions
}

/// The number of arguments in a declaration that begins behind the function's name, `self` aside.
fn count_arguments(declaration: &str) -> usize {
    let mut depth = 0_usize;
    let mut arguments = vec![String::new()];
    let mut inside = false;
    // Arrows are no brackets.
    for character in declaration.replace("->", "  ").chars() {
        match character {
            '(' if depth == 0 => inside = true,
            ')' if depth == 1 && inside => break,
            ',' if depth == 1 && inside => arguments.push(String::new()),
            _ => arguments.last_mut().expect("it is never empty").push(character),
        }
        match character {
            '(' | '<' | '[' | '{' => depth += 1,
            ')' | '>' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    let is_self = |argument: &str| argument.split(':').next().is_some_and(|name| name.trim_end().ends_with("self"));
    arguments.iter().filter(|argument| !argument.trim().is_empty() && !is_self(argument)).count()
}

#[test]
fn arguments_are_counted_without_self() {
    let source = "
        fn none() {}
        pub fn method(&mut self, one: u8) {}
        fn generic<F: Fn(u8, u8) -> u8>(one: F, two: [u8; 2],) -> u8 {}
        fn nested(
            one: (u8, u8),
            two: &impl Fn(&str, u8) -> Result<u8, ()>,
            three: BTreeMap<u8, (u8, u8)>,
        ) {}
    ";
    assert_eq!(functions(source), [("none", 0), ("method", 1), ("generic", 2), ("nested", 3)]);
}

#[test]
fn crates_use_each_other_one_way_only() {
    let may_use: BTreeMap<_, _> = MAY_USE.iter().copied().collect();
    for (name, Package { uses, .. }) in packages() {
        let allowed = may_use.get(name.as_str()).unwrap_or_else(|| panic!("{name} is missing from MAY_USE"));
        for used in uses {
            assert!(allowed.contains(&used.as_str()), "{name} must not use {used}");
        }
    }
}

#[test]
fn no_file_is_longer_than_one_reads_in_a_sitting() {
    let long = offenders(|text| text.lines().count() > MAX_LINES);
    assert!(long.is_empty(), "over {MAX_LINES} lines: {long:#?}");
}

#[test]
fn every_file_begins_with_its_purpose() {
    let silent = offenders(|text| !text.starts_with("//! "));
    assert!(silent.is_empty(), "no module documentation: {silent:#?}");
}

/// A file up to its unit tests: a property test takes as many inputs as it needs.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

#[test]
fn no_function_has_too_many_arguments() {
    let all = sources();
    let mut counted = Vec::new();
    for (path, text) in &all {
        counted.extend(functions(without_tests(text)).into_iter().map(|found| (path, found)));
    }
    let (long, short): (Vec<_>, Vec<_>) = counted.into_iter().partition(|(_, (_, count))| *count > MAX_ARGUMENTS);
    assert!(short.len() > 1_000, "only {} functions were found", short.len());
    assert!(long.is_empty(), "over {MAX_ARGUMENTS} arguments: {long:#?}");
}

#[test]
fn only_crates_with_a_foreign_interface_allow_unsafe_code() {
    for (name, Package { folder, .. }) in packages() {
        let roots = ["src/lib.rs", "src/main.rs", "lib.rs"].map(|root| folder.join(root));
        let roots: Vec<_> = roots.into_iter().filter(|root| root.is_file()).collect();
        assert!(!roots.is_empty(), "{name} has no root file");
        for root in roots {
            let forbids = fs::read_to_string(&root).expect("a source file is text").contains("#![forbid(unsafe_code)]");
            assert_eq!(forbids, !MAY_BE_UNSAFE.contains(&name.as_str()), "{}", root.display());
        }
    }
}
