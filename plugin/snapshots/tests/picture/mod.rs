//! Renders the window without a screen, and compares it with a committed picture.

use std::path::Path;

use egui::{Theme, Vec2};
use egui_kittest::{Harness, SnapshotOptions, SnapshotResult};
use tonenet_plugin::editor::{self, View};

/// The window's size in logical pixels before the user changes it.
pub const DEFAULT_SIZE: Vec2 = egui::vec2(960.0, 680.0);

/// The smallest size of the window in logical pixels.
pub const SMALLEST_SIZE: Vec2 = egui::vec2(640.0, 400.0);

/// Frames until animations and layout rest.
const FRAMES: usize = 30;

/// How a pixel may differ, in egui_kittest's measure: drivers round the edges of text differently.
const THRESHOLD: f32 = 1.0;

/// How the window is rendered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Appearance {
    /// The theme.
    pub theme: Theme,
    /// The window's size in logical pixels.
    pub size: Vec2,
    /// Pixels of the picture in a logical pixel.
    pub scale: f32,
}

/// Renders a view and compares it with `NAME.png` in `folder`. With `UPDATE_SNAPSHOTS=1` it writes the picture instead,
/// where it differs.
///
/// # Errors
/// When the picture differs or is missing. The new picture and the differences then lie beside it.
pub fn compare(view: &View, appearance: Appearance, folder: &Path, name: &str) -> SnapshotResult {
    let mut harness = Harness::builder()
        .with_size(appearance.size)
        .with_pixels_per_point(appearance.scale)
        .with_theme(appearance.theme)
        .with_context_setup(move |context| editor::apply_theme(context, appearance.theme))
        .wgpu()
        .build_ui(|ui| {
            // The harness leaves a margin, the framework does not.
            let whole = ui.ctx().viewport_rect();
            let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(whole));
            ui.set_clip_rect(whole);
            // What the user does has no effect here.
            editor::window(&mut ui, view);
        });
    harness.run_steps(FRAMES);
    harness.try_snapshot_options(name, &SnapshotOptions::new().threshold(THRESHOLD).output_path(folder))
}
