//! The platforms that releases are built for, and what files are called there.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// A platform with a release archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    LinuxX64,
    LinuxArm64,
    WindowsX64,
    /// Both kinds of Mac in one file.
    MacOs,
}

impl Platform {
    /// All of them.
    #[cfg(test)]
    pub const ALL: [Self; 4] = [Self::LinuxX64, Self::LinuxArm64, Self::WindowsX64, Self::MacOs];

    /// The platform that this program runs on.
    ///
    /// # Errors
    /// On a system without release archives.
    pub fn current() -> Result<Self> {
        match (std::env::consts::OS, std::env::consts::ARCH) {
            ("linux", "x86_64") => Ok(Self::LinuxX64),
            ("linux", "aarch64") => Ok(Self::LinuxArm64),
            ("windows", "x86_64") => Ok(Self::WindowsX64),
            ("macos", _) => Ok(Self::MacOs),
            (system, processor) => bail!("there are no bundles for {system} on {processor}"),
        }
    }

    /// The name in an archive's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::LinuxX64 => "linux-x86_64",
            Self::LinuxArm64 => "linux-aarch64",
            Self::WindowsX64 => "windows-x86_64",
            Self::MacOs => "macos-universal",
        }
    }

    /// The name of the processor in Debian's packages; `None` where there are no such packages.
    pub fn debian_architecture(self) -> Option<&'static str> {
        match self {
            Self::LinuxX64 => Some("amd64"),
            Self::LinuxArm64 => Some("arm64"),
            Self::WindowsX64 | Self::MacOs => None,
        }
    }

    /// The compiler's targets, of which the binaries are joined. Empty: the compiler's own.
    pub fn targets(self) -> &'static [&'static str] {
        match self {
            Self::MacOs => &["aarch64-apple-darwin", "x86_64-apple-darwin"],
            Self::LinuxX64 | Self::LinuxArm64 | Self::WindowsX64 => &[],
        }
    }

    /// The targets by name, to list the crates that are linked.
    pub fn linked_targets(self) -> &'static [&'static str] {
        match self {
            Self::LinuxX64 => &["x86_64-unknown-linux-gnu"],
            Self::LinuxArm64 => &["aarch64-unknown-linux-gnu"],
            Self::WindowsX64 => &["x86_64-pc-windows-msvc"],
            Self::MacOs => self.targets(),
        }
    }

    /// The plugin's binary in `ToneNet.clap`'s folder. On macOS a `.clap` is a folder.
    pub fn clap_binary(self) -> &'static str {
        match self {
            Self::MacOs => "ToneNet.clap/Contents/MacOS/ToneNet",
            Self::LinuxX64 | Self::LinuxArm64 | Self::WindowsX64 => "ToneNet.clap",
        }
    }

    /// The plugin's binary in `ToneNet.vst3`.
    pub fn vst3_binary(self) -> &'static str {
        match self {
            Self::LinuxX64 => "Contents/x86_64-linux/ToneNet.so",
            Self::LinuxArm64 => "Contents/aarch64-linux/ToneNet.so",
            Self::WindowsX64 => "Contents/x86_64-win/ToneNet.vst3",
            Self::MacOs => "Contents/MacOS/ToneNet",
        }
    }

    /// ONNX Runtime's library, as `inference/src/library.rs` looks for it.
    pub fn onnxruntime(self) -> &'static str {
        match self {
            Self::LinuxX64 | Self::LinuxArm64 => "libonnxruntime.so",
            Self::WindowsX64 => "onnxruntime.dll",
            Self::MacOs => "libonnxruntime.dylib",
        }
    }

    /// What cargo calls a library of this crate.
    pub fn library(self, package: &str) -> String {
        let name = package.replace('-', "_");
        match self {
            Self::LinuxX64 | Self::LinuxArm64 => format!("lib{name}.so"),
            Self::WindowsX64 => format!("{name}.dll"),
            Self::MacOs => format!("lib{name}.dylib"),
        }
    }

    /// What a program is called.
    pub fn program(self, name: &str) -> String {
        match self {
            Self::WindowsX64 => format!("{name}.exe"),
            Self::LinuxX64 | Self::LinuxArm64 | Self::MacOs => name.to_owned(),
        }
    }

    /// A user's own folders for plugins and for the library of the single-file `.clap`.
    ///
    /// # Errors
    /// When the variable that names the user's folder is not set.
    pub fn user_folders(self) -> Result<UserFolders> {
        let folder = |variable: &str| {
            let named = std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
            named.with_context(|| format!("{variable} is not set; copy target/bundled by hand"))
        };
        Ok(match self {
            Self::LinuxX64 | Self::LinuxArm64 => {
                let home = folder("HOME")?;
                let data = folder("XDG_DATA_HOME").unwrap_or_else(|_| home.join(".local/share"));
                UserFolders { clap: home.join(".clap"), vst3: home.join(".vst3"), data }
            }
            Self::WindowsX64 => {
                let common = folder("LOCALAPPDATA")?.join("Programs").join("Common");
                UserFolders { clap: common.join("CLAP"), vst3: common.join("VST3"), data: folder("APPDATA")? }
            }
            Self::MacOs => {
                let library = folder("HOME")?.join("Library");
                let plugins = library.join("Audio/Plug-Ins");
                let data = library.join("Application Support");
                UserFolders { clap: plugins.join("CLAP"), vst3: plugins.join("VST3"), data }
            }
        })
    }
}

/// See [`Platform::user_folders`].
#[derive(Debug)]
pub struct UserFolders {
    pub clap: PathBuf,
    pub vst3: PathBuf,
    /// The user's data.
    pub data: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_have_names_of_their_own() {
        let names: std::collections::BTreeSet<_> = Platform::ALL.iter().map(|platform| platform.name()).collect();
        assert_eq!(names.len(), Platform::ALL.len());
    }

    #[test]
    fn files_are_named_as_hosts_and_cargo_name_them() {
        assert_eq!(Platform::WindowsX64.library("tonenet-plugin"), "tonenet_plugin.dll");
        assert_eq!(Platform::LinuxArm64.library("tonenet-plugin"), "libtonenet_plugin.so");
        assert_eq!(Platform::WindowsX64.program("tonenet"), "tonenet.exe");
        // On Windows the binary of a VST3 is called like its folder.
        assert!(Platform::WindowsX64.vst3_binary().ends_with("/ToneNet.vst3"));
        assert!(Platform::MacOs.clap_binary().starts_with("ToneNet.clap/Contents/MacOS/"));
    }
}
