//! The window's main states as committed pictures. `cargo xtask snapshots` compares them, and `--update` renews them.

mod picture;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use egui::Theme;
use egui_kittest::SnapshotResults;
use picture::{Appearance, DEFAULT_SIZE, SMALLEST_SIZE, compare};
use tonenet_core::scheduler::{Mode, WindowLength};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_engine::status::Status;
use tonenet_plugin::editor::performance::{GridLine, NoteState, NoteView, PerformanceView};
use tonenet_plugin::editor::{Tab, View};
use tonenet_plugin::params::ToneNetParams;

/// The window of a new instance.
fn first_run() -> View {
    let status = Arc::<Status>::default();
    status.latency.store(480, Ordering::Relaxed);
    status.sample_rate.store(48_000, Ordering::Relaxed);
    status.info.lock().runtime = "ONNX Runtime 1.28.0 · CPU".into();
    let mut view = View::new(&ToneNetParams::new(status.clone()), &status);
    // Not of the program that renders it.
    view.diagnostics.host = "a host".into();
    view
}

/// Broken chords over eight bars, as a player and a style would have them.
fn performance() -> PerformanceView {
    const CHORDS: [[u8; 4]; 4] = [[48, 60, 64, 67], [45, 60, 64, 69], [41, 60, 65, 69], [43, 59, 62, 67]];
    let note = |index: usize| {
        let (bar, step) = (index / 16, index % 16);
        let wave = ((index * 37) % 23) as u8;
        let accent = if step % 4 == 0 { 18 } else { 0 };
        let phrase = (12.0 * (bar as f64 * 0.8).sin()) as i8;
        let restyled = (58 + accent + wave / 2).saturating_add_signed(phrase);
        let waits = index >= 120;
        NoteView {
            onset: index as f64 * 0.125,
            length: Some(0.12),
            key: CHORDS[bar % 4][step % 4] + if step % 8 > 5 { 12 } else { 0 },
            own: 52 + wave,
            restyled: (!waits).then_some(restyled),
            level: (!waits).then(|| f32::from(62_u8.saturating_add_signed(phrase))),
            state: match index {
                _ if waits => NoteState::Waiting,
                45 => NoteState::Late,
                _ => NoteState::Restyled,
            },
            style: StyleBlend::only(StyleIndex::JAZZ),
            take: TakeSeed(0),
        }
    };
    let line = |beat: i32| GridLine { place: f64::from(beat) * 0.5, bar: (beat % 4 == 0).then_some(beat / 4 + 1) };
    PerformanceView {
        notes: (0..128).map(note).collect(),
        grid: (0..33).map(line).collect(),
        now: Some(15.95),
        look_ahead: 0.5,
        is_moving: true,
        ..first_run().performance
    }
}

/// The window after some playing.
fn playing() -> View {
    let mut view = View { performance: performance(), ..first_run() };
    view.engine.model = "Note model".into();
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
        ("status", View { tab: Tab::Status, ..playing() }),
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
