//! A bare Debian in a folder, in which programs run as on a machine of its own.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::setup;
use crate::workspace;

/// The release of Debian; the DAW test knows its Ardour.
const RELEASE: &str = "bookworm";
const MIRROR: &str = "http://deb.debian.org/debian";
/// The programs' environment. Nothing of the caller's gets in.
const ENVIRONMENT: [&str; 3] = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
    "DEBIAN_FRONTEND=noninteractive",
];
/// Makes devices and processes visible in the folder `$1`, in a mount namespace that ends with the program, and starts it.
const ENTER: &str = r#"set -e
root=$1
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
exec chroot "$@""#;

/// See the [module](self).
#[derive(Debug, Clone)]
pub struct Chroot {
    root: PathBuf,
}

/// A user of the system in the folder.
#[derive(Debug, Clone, Copy)]
pub struct User<'a> {
    /// The name, as `chroot` takes it.
    pub name: &'a str,
    /// The home folder, as the system sees it.
    pub home: &'a str,
}

impl Chroot {
    /// Fails where this machine cannot make or enter one.
    pub fn requirements() -> Result<()> {
        let output = Command::new("id").arg("-u").output().context("cannot run id; this needs Linux")?;
        ensure!(output.stdout.trim_ascii() == b"0", "a bare Debian can be made and entered by root only; use sudo");
        setup::require_packages(&["debootstrap"])
    }

    /// Makes one in an empty folder, with nothing but what every Debian has.
    ///
    /// # Errors
    /// When the packages cannot be downloaded.
    pub fn bootstrap(root: PathBuf) -> Result<Self> {
        let mut debootstrap = Command::new("debootstrap");
        debootstrap.args(["--variant=minbase", RELEASE]).arg(&root).arg(MIRROR).stdout(std::process::Stdio::null());
        workspace::run(&mut debootstrap).context("cannot make a bare Debian")?;
        let chroot = Self { root };
        // As apt is set up here: it may need a proxy or a certificate.
        for settings in ["etc/apt/apt.conf.d", "etc/resolv.conf"] {
            chroot.copy_setting(Path::new(settings))?;
        }
        Ok(chroot)
    }

    fn copy_setting(&self, path: &Path) -> Result<()> {
        let from = Path::new("/").join(path);
        if from.is_dir() {
            for entry in fs::read_dir(from)? {
                let name = entry?.file_name();
                self.copy_setting(&path.join(name))?;
            }
        } else if from.exists() {
            fs::copy(&from, self.root.join(path)).with_context(|| format!("cannot copy {}", from.display()))?;
        }
        Ok(())
    }

    /// A path of the system as this machine sees it.
    pub fn outside(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// A path of this machine as the system sees it.
    pub fn inside(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).map_or_else(|_| path.to_owned(), |inside| Path::new("/").join(inside))
    }

    /// A program's start in the system.
    pub fn command(&self, user: User<'_>, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--", "sh", "-c", ENTER, "sh"]).arg(&self.root);
        command.arg(format!("--userspec={}", user.name)).arg(&self.root).args(["env", "-i"]).args(ENVIRONMENT);
        command.arg(format!("HOME={}", user.home)).arg(program.as_ref());
        command
    }

    /// Runs a shell script in the system and gives back what it prints.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn shell(&self, user: User<'_>, script: &str) -> Result<String> {
        println!("# {script}");
        let output = self.command(user, "sh").args(["-euc", script]).output().context("cannot run unshare")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "`{script}` ended with {}:\n{said}{error}", output.status);
        Ok(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_system_or_of_this_machine() {
        let chroot = Chroot { root: "/scratch/debian".into() };
        assert_eq!(chroot.outside("/home/me"), Path::new("/scratch/debian/home/me"));
        assert_eq!(chroot.inside(Path::new("/scratch/debian/home/me")), Path::new("/home/me"));
    }
}
