//! `ToneNet.component`: the plugin as an Audio Unit for Logic Pro, on macOS.
//!
//! It is a music effect (`aumi`), because Logic offers others no slot before an instrument. Its binary is that of the other
//! formats, built with the feature `auv2`. Written, never run by us: no Mac was at hand.

use std::path::Path;

use anyhow::Result;

use super::{copy, put_notices};
use crate::platform::Platform;
use crate::property_list;

/// The code of the maker. Apple asks for an upper-case letter in it.
const MANUFACTURER: &str = "TnNt";

/// The code of the plugin. Saved songs name it, so it never changes.
const SUBTYPE: &str = "Tone";

/// Lays out the bundle around a built binary.
///
/// # Errors
/// When a file cannot be copied or written.
pub fn assemble(binary: &Path, onnxruntime: &Path, bundle: &Path) -> Result<()> {
    let binaries = bundle.join("Contents/MacOS");
    copy(binary, &binaries.join("ToneNet"))?;
    copy(onnxruntime, &binaries.join(Platform::MacOs.onnxruntime()))?;
    put_notices(onnxruntime, bundle)?;
    property_list::write_with(bundle, &components(env!("CARGO_PKG_VERSION")))
}

/// What the system reads of the Audio Unit before it loads the binary.
fn components(version: &str) -> String {
    format!(
        r#"    <key>AudioComponents</key>
    <array>
        <dict>
            <key>name</key>
            <string>ToneNet: ToneNet</string>
            <key>description</key>
            <string>Plays a piano part with the dynamics of another genre</string>
            <key>factoryFunction</key>
            <string>GetPluginFactoryAUV2</string>
            <key>manufacturer</key>
            <string>{MANUFACTURER}</string>
            <key>subtype</key>
            <string>{SUBTYPE}</string>
            <key>type</key>
            <string>aumi</string>
            <key>version</key>
            <integer>{}</integer>
            <key>tags</key>
            <array>
                <string>MIDI</string>
            </array>
        </dict>
    </array>
"#,
        version_number(version)
    )
}

/// The version as Apple counts it: sixteen bits for the first number, and eight for each of the others.
fn version_number(version: &str) -> u32 {
    let mut numbers = version.split(['.', '-']).map(|number| number.parse::<u32>().unwrap_or(0));
    let mut next = || numbers.next().unwrap_or(0);
    (next() << 16) | (next() << 8) | next()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_later_version_has_a_greater_number() {
        assert_eq!(version_number("1.2.3"), 0x0001_0203);
        assert!(version_number("0.2.0") > version_number("0.1.9"));
        assert!(version_number("2.0.0-rc.1") > version_number("1.9.9"));
    }

    #[test]
    fn the_bundle_has_the_binary_the_library_its_notices_and_the_codes() {
        let folder = tempfile::tempdir().unwrap();
        let (binary, library) = (folder.path().join("built"), folder.path().join("libonnxruntime.dylib"));
        for file in [&binary, &library, &folder.path().join("LICENSE"), &folder.path().join("ThirdPartyNotices.txt")] {
            fs::write(file, "content").unwrap();
        }
        let bundle = folder.path().join("ToneNet.component");
        assemble(&binary, &library, &bundle).unwrap();
        for file in ["MacOS/ToneNet", "MacOS/libonnxruntime.dylib", "Resources/ONNXRuntime-LICENSE", "PkgInfo"] {
            assert!(bundle.join("Contents").join(file).is_file(), "{file}");
        }
        let list = fs::read_to_string(bundle.join("Contents/Info.plist")).unwrap();
        for part in [
            "<string>aumi</string>",
            MANUFACTURER,
            SUBTYPE,
            "com.github.tonenet.tonenet.component",
            "GetPluginFactoryAUV2",
        ] {
            assert!(list.contains(part), "{part} is not in {list}");
        }
        assert_eq!(list.matches("<dict>").count(), list.matches("</dict>").count());
        assert_eq!(list.matches("<array>").count(), list.matches("</array>").count());
        assert!([MANUFACTURER, SUBTYPE].iter().all(|code| code.len() == 4 && code.is_ascii()));
        assert!(MANUFACTURER.chars().any(char::is_uppercase), "lower-case codes are Apple's own");
    }
}
