//! No data, no size and nothing that the user does makes drawing panic or leaves nothing in sight.

use egui::epaint::{ClippedPrimitive, Primitive};
use egui::{RawInput, Theme, ViewportId};
use proptest::prelude::*;

use super::*;

/// Any number but NaN, often of a size that occurs.
fn place() -> impl Strategy<Value = f64> {
    prop_oneof![
        6 => -8.0..200.0_f64,
        1 => any::<f64>().prop_filter("NaN", |place| !place.is_nan()),
        1 => proptest::sample::select(vec![f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 0.0]),
    ]
}

fn any_note() -> impl Strategy<Value = NoteView> {
    let states = vec![NoteState::Restyled, NoteState::Waiting, NoteState::Late, NoteState::New, NoteState::Kept];
    let velocities = (any::<u8>(), any::<Option<u8>>(), proptest::option::of(place()));
    let times = || (place(), proptest::option::of(place()));
    let written = proptest::option::of(times().prop_map(|(onset, length)| WrittenNote { onset, length }));
    ((times(), written), any::<u8>(), velocities, proptest::sample::select(states), any::<f32>(), any::<u16>())
        .prop_map(|(((onset, length), written), key, (own, restyled, level), state, share_of_b, take)| NoteView {
            onset,
            length,
            written,
            key,
            own,
            restyled,
            level: level.map(|level| level as f32),
            state,
            style: StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::POP, share_of_b },
            take: TakeSeed(take),
        })
}

fn any_performance() -> impl Strategy<Value = PerformanceView> {
    let line = (place(), any::<Option<i32>>()).prop_map(|(place, bar)| GridLine { place, bar });
    let lists = (proptest::collection::vec(any_note(), 0..60), proptest::collection::vec(line, 0..60), any::<bool>());
    (lists, any::<bool>(), proptest::option::of(place()), place(), any::<(u8, u8)>()).prop_map(
        |((mut notes, mut grid, is_sorted), is_song, now, look_ahead, (floor, ceiling))| {
            if is_sorted {
                notes.sort_by(|one, other| one.onset.total_cmp(&other.onset));
                grid.sort_by(|one, other| one.place.total_cmp(&other.place));
            }
            PerformanceView {
                axis: if is_song { Axis::Song } else { Axis::Seconds },
                notes: notes.into(),
                grid: grid.into(),
                now,
                is_moving: true,
                look_ahead,
                floor,
                ceiling,
            }
        },
    )
}

/// What a user may do, at a share of the window's width and height.
fn any_deed() -> impl Strategy<Value = Vec<Event>> {
    let keys = vec![
        Key::ArrowLeft,
        Key::ArrowRight,
        Key::ArrowUp,
        Key::ArrowDown,
        Key::Plus,
        Key::Minus,
        Key::Home,
        Key::End,
        Key::PageUp,
        Key::F,
        Key::Tab,
    ];
    let key = proptest::sample::select(keys).prop_map(|key| {
        let modifiers = Modifiers::NONE;
        vec![Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers }]
    });
    let modifiers = proptest::sample::select(vec![Modifiers::NONE, Modifiers::SHIFT, Modifiers::COMMAND]);
    let wheel = (-1e5..1e5_f32, -1e5..1e5_f32, modifiers).prop_map(|(x, y, modifiers)| {
        let (unit, phase, source) = (MouseWheelUnit::Point, TouchPhase::Move, egui::MouseWheelSource::Unknown);
        vec![Event::MouseWheel { unit, delta: vec2(x, y), phase, source, modifiers }]
    });
    let pinch = prop_oneof![0.01..100.0_f32, Just(0.0), Just(f32::INFINITY)].prop_map(|by| vec![Event::Zoom(by)]);
    let place = || (-50.0..1700.0_f32, -50.0..900.0_f32).prop_map(|(x, y)| pos2(x, y));
    let point = place().prop_map(|place| vec![Event::PointerMoved(place)]);
    let drag = (place(), place()).prop_map(|(from, to)| {
        let (button, modifiers) = (egui::PointerButton::Primary, Modifiers::NONE);
        let press = |pos, pressed| Event::PointerButton { pos, button, pressed, modifiers };
        vec![Event::PointerMoved(from), press(from, true), Event::PointerMoved(to), press(to, false)]
    });
    prop_oneof![key, wheel, pinch, point, drag]
}

/// Draws a frame, and does with the view what the window does.
fn draw(context: &egui::Context, view: &mut View, size: Vec2, scale: f32, events: Vec<Event>) -> Vec<ClippedPrimitive> {
    let mut input = RawInput { screen_rect: Some(egui::Rect::from_min_size(Pos2::ZERO, size)), ..RawInput::default() };
    input.events = events;
    input.viewports.entry(ViewportId::ROOT).or_default().native_pixels_per_point = Some(scale);
    let mut actions = Vec::new();
    let mut output = context.run_ui(input, |ui| panel(ui, view, &mut actions));
    for action in actions {
        match action {
            Action::Viewport(viewport) => view.viewport = viewport,
            Action::Dial(_, DialGesture::To(value)) => assert!((0.0..=1.0).contains(&value), "{value}"),
            _ => {}
        }
    }
    let shapes = std::mem::take(&mut output.shapes);
    let scale = output.pixels_per_point;
    output.drop_without_applying_deltas();
    context.tessellate(shapes, scale)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn drawing_never_panics_and_something_is_always_in_sight(
        performance in any_performance(),
        size in (0.0..1700.0_f32, 0.0..900.0_f32),
        scale in 0.5..4.0_f32,
        is_dark in any::<bool>(),
        deeds in proptest::collection::vec(any_deed(), 0..12),
    ) {
        let context = egui::Context::default();
        context.enable_accesskit();
        context.set_theme(if is_dark { Theme::Dark } else { Theme::Light });
        let mut view = view(performance);
        for events in [Vec::new()].into_iter().chain(deeds) {
            for primitive in draw(&context, &mut view, size.into(), scale, events) {
                if let Primitive::Mesh(mesh) = primitive.primitive {
                    prop_assert!(mesh.is_valid());
                    prop_assert!(mesh.vertices.iter().all(|vertex| vertex.pos.is_finite()));
                }
            }
            let sight = view.viewport.in_sight(&view.performance);
            for span in [sight.time, sight.keys] {
                prop_assert!(span.start().is_finite() && span.end().is_finite() && span.end() > span.start(), "{span:?}");
            }
        }
    }
}
