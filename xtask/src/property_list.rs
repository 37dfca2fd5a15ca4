//! The property list of a plugin's folder on macOS, which names it and its version to the system.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Writes `Contents/Info.plist` and `PkgInfo` of a bundle, with the identifier of its format.
pub fn write(bundle: &Path) -> Result<()> {
    write_with(bundle, "")
}

/// The same with further entries, indented lines of the list's dictionary.
pub fn write_with(bundle: &Path, entries: &str) -> Result<()> {
    let format = bundle.extension().context("a bundle has an ending")?.to_string_lossy();
    let contents = bundle.join("Contents");
    fs::create_dir_all(&contents)?;
    fs::write(contents.join("PkgInfo"), "BNDL????")?;
    fs::write(contents.join("Info.plist"), text(&format, entries))
        .with_context(|| format!("cannot write into {}", contents.display()))
}

/// The version. Apple takes three numbers: 0.2.0 of 0.2.0-rc.1.
const VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION_MAJOR"),
    ".",
    env!("CARGO_PKG_VERSION_MINOR"),
    ".",
    env!("CARGO_PKG_VERSION_PATCH")
);

fn text(format: &str, entries: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>CFBundleDevelopmentRegion</key>
    <string>en</string>
    <key>CFBundleExecutable</key>
    <string>ToneNet</string>
    <key>CFBundleIdentifier</key>
    <string>com.github.tonenet.tonenet.{format}</string>
    <key>CFBundleInfoDictionaryVersion</key>
    <string>6.0</string>
    <key>CFBundleName</key>
    <string>ToneNet</string>
    <key>CFBundlePackageType</key>
    <string>BNDL</string>
    <key>CFBundleShortVersionString</key>
    <string>{VERSION}</string>
    <key>CFBundleSignature</key>
    <string>????</string>
    <key>CFBundleVersion</key>
    <string>{VERSION}</string>
    <key>NSHighResolutionCapable</key>
    <true/>
{entries}</dict>
</plist>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_has_an_identifier_of_its_own_and_our_version() {
        let folder = tempfile::tempdir().unwrap();
        let said = ["ToneNet.clap", "ToneNet.vst3"].map(|name| {
            let bundle = folder.path().join(name);
            write(&bundle).unwrap();
            fs::read_to_string(bundle.join("Contents/Info.plist")).unwrap()
        });
        assert!(
            said[0].contains("com.github.tonenet.tonenet.clap") && said[1].contains("com.github.tonenet.tonenet.vst3")
        );
        assert!(said.iter().all(|list| list.contains(&format!("<string>{VERSION}</string>"))));
    }
}
