//! `cargo xtask bench window`: how long a frame of the window takes, from the view to triangles, without a screen.
//!
//! It prints a line for each case: what is drawn, the notes in sight, and the median and the worst frame in ms.

#![forbid(unsafe_code)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Event, Pos2, RawInput, Rect, Vec2, ViewportId, pos2, vec2};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_engine::status::Status;
use tonenet_plugin::editor::performance::{Axis, GridLine, NoteState, NoteView, PerformanceView, Viewport, panel};
use tonenet_plugin::editor::{View, window};
use tonenet_plugin::params::ToneNetParams;

/// Numbers of notes in sight.
const NOTES: [usize; 3] = [100, 1_000, 5_000];
/// Frames before those that are timed, and those.
const WARM_UP: usize = 60;
const FRAMES: usize = 600;
/// The window's size in logical pixels, and the pixels of each.
const SIZE: Vec2 = vec2(1_600.0, 1_000.0);
const SCALE: f32 = 2.0;

/// A performance of so many notes, which move through all keys, velocities and states.
fn performance(notes: usize) -> PerformanceView {
    let states = [NoteState::Restyled, NoteState::Waiting, NoteState::Late, NoteState::New, NoteState::Kept];
    let note = |index: usize| NoteView {
        onset: index as f64 / 6.0,
        length: Some(0.4),
        written: None,
        key: (30 + index * 7 % 60) as u8,
        own: (30 + index * 11 % 70) as u8,
        restyled: Some((20 + index * 13 % 100) as u8),
        level: Some(60.0 + (index as f32 / 50.0).sin() * 20.0),
        // One in twenty is not like the others.
        state: states[if index.is_multiple_of(20) { index / 20 % states.len() } else { 0 }],
        style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::POP, share_of_b: 0.4 },
        take: TakeSeed(3),
    };
    let line =
        |beat: usize| GridLine { place: beat as f64, bar: beat.is_multiple_of(4).then_some(beat as i32 / 4 + 1) };
    PerformanceView {
        axis: Axis::Song,
        notes: (0..notes).map(note).collect(),
        grid: (0..notes / 6 + 2).map(line).collect(),
        now: Some(4.0),
        is_moving: true,
        look_ahead: 2.0,
        floor: 20,
        ceiling: 110,
    }
}

fn view(performance: PerformanceView) -> View {
    let status = Arc::<Status>::default();
    let viewport = Viewport::default().fitted(&performance);
    View { performance, viewport, ..View::new(&ToneNetParams::new(status.clone()), &status) }
}

/// The time of each frame, while the pointer moves over the notes.
fn frames(mut content: impl FnMut(&mut egui::Ui)) -> Vec<Duration> {
    let context = egui::Context::default();
    let frame = |number: usize| {
        let mut input = RawInput { screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)), ..RawInput::default() };
        input.viewports.entry(ViewportId::ROOT).or_default().native_pixels_per_point = Some(SCALE);
        input.time = Some(number as f64 / 60.0);
        let share = number as f32 / (WARM_UP + FRAMES) as f32;
        input.events.push(Event::PointerMoved(pos2(share * SIZE.x, SIZE.y * 0.3)));
        let start = Instant::now();
        let mut output = context.run_ui(input, &mut content);
        let primitives = context.tessellate(std::mem::take(&mut output.shapes), output.pixels_per_point);
        let took = start.elapsed();
        assert!(!primitives.is_empty(), "something is drawn");
        output.drop_without_applying_deltas();
        took
    };
    (0..WARM_UP + FRAMES).map(frame).skip(WARM_UP).collect()
}

fn main() {
    for (what, is_window) in [("performance view", false), ("whole window", true)] {
        for notes in NOTES {
            let view = view(performance(notes));
            let mut times = frames(|ui| {
                if is_window {
                    window(ui, &view);
                } else {
                    panel(ui, &view, &mut Vec::new());
                }
            });
            times.sort();
            let millis = |index: usize| times[index].as_secs_f64() * 1e3;
            println!("{what}\t{notes}\t{:.3}\t{:.3}", millis(FRAMES / 2), millis(FRAMES - 1));
        }
    }
}
