//! Progress bars.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of `length` steps; `counted` follows it, as in `{pos}/{len} epochs, {eta} left`.
pub fn bar(length: usize, counted: &str) -> ProgressBar {
    labelled("", length, counted)
}

/// A bar after a label, which may be a template too.
pub fn labelled(label: &str, length: usize, counted: &str) -> ProgressBar {
    let template = format!("{label}{{bar:32}} {counted}");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length as u64).with_style(style)
}
