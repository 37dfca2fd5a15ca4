//! The window's main states as committed pictures. `cargo xtask snapshots` compares them, and `--update` renews them.

mod picture;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use egui::Theme;
use egui_kittest::SnapshotResults;
use picture::{Appearance, DEFAULT_SIZE, SMALLEST_SIZE, compare};
use tonenet_core::scheduler::{Mode, WindowLength};
use tonenet_engine::status::Status;
use tonenet_plugin::editor::{Tab, View};
use tonenet_plugin::params::ToneNetParams;

/// The window of a new instance.
fn first_run() -> View {
    let status = Arc::<Status>::default();
    status.latency.store(480, Ordering::Relaxed);
    status.sample_rate.store(48_000, Ordering::Relaxed);
    status.info.lock().runtime = "ONNX Runtime 1.28.0 · CPU".into();
    View::new(&ToneNetParams::new(status.clone()), &status)
}

/// The window after some playing.
fn playing() -> View {
    let mut view = first_run();
    view.look_ahead = Mode::Window(WindowLength::OneBeat);
    view.latency = 24_000;
    view.restyled = 1_250;
    view.late = 3;
    view
}

/// The window of an instance whose engine has failed.
fn failed() -> View {
    let status = Arc::<Status>::default();
    status.failed.store(true, Ordering::Relaxed);
    View::new(&ToneNetParams::new(status.clone()), &status)
}

/// The main states of the window, by the names of their pictures.
fn states() -> Vec<(&'static str, View)> {
    vec![
        ("first-run", first_run()),
        ("playing", playing()),
        ("generate", View { tab: Tab::Generate, ..playing() }),
        ("styles", View { tab: Tab::Styles, ..playing() }),
        ("failed", failed()),
    ]
}

/// The states that are rendered at 200 % too, in the smallest window, where a control is cut or overlaps first.
const SMALL_TOO: [&str; 2] = ["playing", "generate"];

#[test]
#[ignore = "needs a Vulkan driver; `cargo xtask snapshots` installs one that draws on the processor, and runs this test"]
fn the_window_looks_as_in_the_committed_pictures() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let mut results = SnapshotResults::new();
    for (state, view) in states() {
        for (theme, shade) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
            let full = Appearance { theme, size: DEFAULT_SIZE, scale: 1.0 };
            results.add(compare(&view, full, &folder, &format!("{state}-{shade}")));
            if SMALL_TOO.contains(&state) {
                let small = Appearance { size: SMALLEST_SIZE, scale: 2.0, ..full };
                results.add(compare(&view, small, &folder, &format!("{state}-{shade}-small-200")));
            }
        }
    }
    results.unwrap();
}
