//! The window's theme, zoom and size, which the user's configuration folder remembers.
//!
//! They belong to the user and the screen, not to the song: a project that is opened elsewhere does not bring them along,
//! and a project does not count as changed because its window was resized.

use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tonenet_inference::folders;

use super::theme::{SIZE, SMALLEST};

/// Names the file where the user wants another one than the platform's.
const VARIABLE: &str = "TONENET_WINDOW";

/// The zooms to choose from, in per cent.
pub const ZOOMS: [u16; 8] = [75, 100, 125, 150, 175, 200, 250, 300];

/// The largest side of a window in logical pixels: four times that of a large screen. A file may claim anything.
const LARGEST: f32 = 16_384.0;

/// How the window looks and how large it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowSettings {
    /// The theme.
    pub theme: WindowTheme,
    /// The zoom in per cent, on top of the system's scale.
    pub zoom: u16,
    /// The width in logical pixels, before the zoom.
    pub width: f32,
    /// The height in logical pixels, before the zoom.
    pub height: f32,
}

/// A theme of the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowTheme {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
}

impl From<WindowTheme> for egui::Theme {
    fn from(theme: WindowTheme) -> Self {
        match theme {
            WindowTheme::Dark => Self::Dark,
            WindowTheme::Light => Self::Light,
        }
    }
}

impl Default for WindowSettings {
    fn default() -> Self {
        Self { theme: WindowTheme::default(), zoom: 100, width: SIZE.0, height: SIZE.1 }
    }
}

impl WindowSettings {
    /// What is remembered; the default where nothing is, or nothing that can be read.
    pub fn load() -> Self {
        let bytes = file().and_then(|file| std::fs::read(file).ok());
        bytes.map_or_else(Self::default, |bytes| Self::from_json(&bytes))
    }

    /// Changes what is remembered, and leaves alone what another instance changed. A window that cannot be remembered opens
    /// with its default next time; that needs no message.
    pub(super) fn remember(change: impl FnOnce(&mut Self)) {
        let mut settings = Self::load();
        let before = settings;
        change(&mut settings);
        if settings != before {
            let _ = settings.store();
        }
    }

    fn from_json(json: &[u8]) -> Self {
        let read: Self = serde_json::from_slice(json).unwrap_or_default();
        let side = |side: f32, usual: f32, smallest: f32| match side.is_finite() {
            true => side.clamp(smallest, LARGEST),
            false => usual,
        };
        Self {
            zoom: if ZOOMS.contains(&read.zoom) { read.zoom } else { 100 },
            width: side(read.width, SIZE.0, SMALLEST.0),
            height: side(read.height, SIZE.1, SMALLEST.1),
            ..read
        }
    }

    /// Writes the file whole or not at all.
    fn store(&self) -> io::Result<()> {
        let file = file().ok_or(io::ErrorKind::NotFound)?;
        let folder = file.parent().ok_or(io::ErrorKind::NotFound)?;
        std::fs::create_dir_all(folder)?;
        let mut new = tempfile::NamedTempFile::new_in(folder)?;
        new.write_all(&serde_json::to_vec_pretty(self)?)?;
        new.persist(&file)?;
        Ok(())
    }

    /// The zoom as a factor.
    pub(super) fn zoom_factor(&self) -> f32 {
        f32::from(self.zoom) / 100.0
    }
}

/// The file that remembers the window.
fn file() -> Option<PathBuf> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    named.or_else(|| folders::config().map(|folder| folder.join("window.json")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn settings_are_read_as_they_were_written() {
        let settings = WindowSettings { theme: WindowTheme::Light, zoom: 150, width: 1_200.0, height: 700.5 };
        let json = serde_json::to_string(&settings).unwrap();
        assert_eq!(json, r#"{"theme":"light","zoom":150,"width":1200.0,"height":700.5}"#);
        assert_eq!(WindowSettings::from_json(json.as_bytes()), settings);
    }

    #[test]
    fn what_cannot_be_shown_is_put_right() {
        let read = |json: &str| WindowSettings::from_json(json.as_bytes());
        assert_eq!(read("{}"), WindowSettings::default());
        assert_eq!(read("no JSON"), WindowSettings::default());
        assert_eq!(read(r#"{"zoom": 7}"#), WindowSettings::default());
        let small = read(r#"{"width": 1, "height": -5, "theme": "light"}"#);
        assert_eq!((small.width, small.height, small.theme), (SMALLEST.0, SMALLEST.1, WindowTheme::Light));
        assert_eq!(read(r#"{"width": 1e30}"#).width, LARGEST);
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_window_that_can_be_shown(bytes: Vec<u8>, width: f32, height: f32, zoom: u16) {
            let json = format!(r#"{{"width": {width}, "height": {height}, "zoom": {zoom}}}"#);
            for settings in [WindowSettings::from_json(&bytes), WindowSettings::from_json(json.as_bytes())] {
                prop_assert!((SMALLEST.0..=LARGEST).contains(&settings.width));
                prop_assert!((SMALLEST.1..=LARGEST).contains(&settings.height));
                prop_assert!(ZOOMS.contains(&settings.zoom));
            }
        }
    }
}
