//! Standard output: what a terminal can show, and text for other programs.

use std::env;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use anyhow::{Context, Result};

/// A heading.
pub const HEADING: Style = Style::new().bold();
/// Something that is as it should be.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something that has to be mended.
pub const BAD: Style = AnsiColor::Red.on_default().bold();

/// Whether the locale's text is UTF-8, so that blocks can be drawn.
pub fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().filter_map(env::var_os).find(|value| !value.is_empty());
    match locale {
        Some(locale) => {
            let locale = locale.to_string_lossy().to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        // Only Unix tells by the environment.
        None => cfg!(not(unix)),
    }
}

/// Prints text that is made for another program.
///
/// # Errors
/// When standard output takes nothing.
pub fn print(text: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text).and_then(|()| stdout.flush()).context("cannot write to standard output")
}
