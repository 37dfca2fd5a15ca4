//! `cargo xtask vendor`: makes the crates in `vendor/` from their releases and our patches, or checks that they match.

mod release;
mod tree;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::workspace::root;
use release::Release;
use tree::Tree;

#[derive(Debug, Args)]
pub struct VendorArgs {
    /// Change nothing, and fail where a crate differs from its release with the patches
    #[arg(long)]
    pub check: bool,
}

/// Makes the carried crates anew, or checks them.
///
/// # Errors
/// When a release cannot be had or is not the one we name; when a patch does not apply; when a check finds a difference.
pub fn run(args: &VendorArgs) -> Result<()> {
    let vendor = root().join("vendor");
    for release in release::all(&vendor.join("releases/Cargo.toml"))? {
        let wanted = patched(&release, &vendor)?;
        let folder = vendor.join(&release.name);
        if args.check {
            check(&wanted, &folder).with_context(|| {
                format!(
                    "vendor/{} is not {release} with the patches; put the change into a patch (vendor/README.md), or undo \
                     it with `cargo xtask vendor`",
                    release.name
                )
            })?;
            println!("vendor/{} is {release} with the patches", release.name);
        } else {
            wanted.write(&folder)?;
            println!("made vendor/{} from {release} and the patches", release.name);
        }
    }
    Ok(())
}

/// The files of a release with our patches, in the order of their names.
fn patched(release: &Release, vendor: &Path) -> Result<Tree> {
    let work = tempfile::tempdir()?;
    let folder = release.unpack(work.path())?;
    for patch in patches(&vendor.join("patches").join(release.to_string()))? {
        apply(&patch, &folder)?;
    }
    Tree::read(&folder)
}

fn patches(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut patches = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    patches.sort();
    ensure!(!patches.is_empty(), "{} holds no patch; a crate without one need not be carried", folder.display());
    Ok(patches)
}

/// Changes the files in `folder` as a patch says. The lines around each change must be those of the patch.
fn apply(patch: &Path, folder: &Path) -> Result<()> {
    let output = Command::new("git")
        .args(["-c", "core.autocrlf=false", "apply", "--whitespace=nowarn"])
        .arg(patch)
        .current_dir(folder)
        // Inside a checkout, paths would be taken from its root.
        .env("GIT_CEILING_DIRECTORIES", folder.parent().unwrap_or(folder))
        .stdin(Stdio::null())
        .output()
        .context("cannot run git")?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        bail!("{} does not apply to the release and the patches before it:\n{}", patch.display(), reason.trim());
    }
    Ok(())
}

fn check(wanted: &Tree, folder: &Path) -> Result<()> {
    let differences = Tree::read(folder)?.differences(wanted);
    ensure!(differences.is_empty(), "{}", differences.join("; "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate with one file, and a patch of it.
    struct Carried {
        work: tempfile::TempDir,
    }

    impl Carried {
        fn new() -> Self {
            let work = tempfile::tempdir().unwrap();
            let folder = work.path().join("crate");
            fs::create_dir_all(folder.join("src")).unwrap();
            fs::write(folder.join("src/lib.rs"), "one\ntwo\nthree\n").unwrap();
            let patch = "What was wrong: it said two.\n\n--- a/src/lib.rs\n+++ b/src/lib.rs\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n";
            fs::write(work.path().join("01.patch"), patch).unwrap();
            Self { work }
        }

        fn folder(&self) -> PathBuf {
            self.work.path().join("crate")
        }

        fn apply(&self) -> Result<()> {
            apply(&self.work.path().join("01.patch"), &self.folder())
        }
    }

    #[test]
    fn a_patch_with_words_before_it_is_applied() {
        let carried = Carried::new();
        carried.apply().unwrap();
        assert_eq!(fs::read_to_string(carried.folder().join("src/lib.rs")).unwrap(), "one\n2\nthree\n");
    }

    #[test]
    fn a_patch_that_the_release_has_outgrown_is_named() {
        let carried = Carried::new();
        fs::write(carried.folder().join("src/lib.rs"), "one\nnext\nthree\n").unwrap();
        let error = carried.apply().unwrap_err().to_string();
        assert!(error.contains("01.patch does not apply"), "{error}");
    }

    #[test]
    fn a_patch_that_is_applied_already_is_named() {
        let carried = Carried::new();
        carried.apply().unwrap();
        assert!(carried.apply().is_err());
    }

    #[test]
    fn every_kind_of_difference_is_found_and_undone() {
        let carried = Carried::new();
        let wanted = Tree::read(&carried.folder()).unwrap();
        check(&wanted, &carried.folder()).unwrap();

        let file = carried.folder().join("src/lib.rs");
        fs::write(&file, "one\ntwo\nthreE\n").unwrap();
        let changed = check(&wanted, &carried.folder()).unwrap_err().to_string();
        assert_eq!(changed, "src/lib.rs differs");

        fs::rename(&file, carried.folder().join("src/new.rs")).unwrap();
        let moved = check(&wanted, &carried.folder()).unwrap_err().to_string();
        assert_eq!(moved, "src/lib.rs is missing; src/new.rs is not part of it");

        wanted.write(&carried.folder()).unwrap();
        check(&wanted, &carried.folder()).unwrap();
    }
}
