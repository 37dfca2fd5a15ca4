//! Turns wheel, pinch, drag and keys into another part of the performance to see.

use egui::{CursorIcon, EventFilter, Key, Response, Ui, Vec2};

use super::viewport::Viewport;
use crate::editor::roll::Geometry;
use crate::editor::view::View;

/// How much a press of a key scrolls: a share of the view, or keys.
const STEP: f64 = 0.125;
const STEP_OF_KEYS: f64 = 1.0;
/// How much a press of a key or a button magnifies.
pub const ZOOM: f64 = 1.5;

/// Where the user moved the view. `surfaces` are the roll and the lane.
pub fn moved(ui: &Ui, view: &View, geometry: &Geometry, surfaces: [&Response; 2]) -> Viewport {
    let [roll, lane] = surfaces;
    let mut viewport = view.viewport;
    for surface in surfaces {
        if surface.contains_pointer() {
            viewport = by_wheel(ui, view, geometry, viewport);
        }
        if surface.dragged() {
            ui.set_cursor_icon(CursorIcon::Grabbing);
            viewport = by_drag(view, geometry, viewport, surface.drag_delta());
        }
    }
    if lane.drag_started() || roll.clicked() || roll.drag_started() {
        roll.request_focus();
    }
    if roll.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(roll.id, filter));
        viewport = by_keys(ui, view, geometry, viewport);
    }
    viewport
}

fn by_wheel(ui: &Ui, view: &View, geometry: &Geometry, viewport: Viewport) -> Viewport {
    let shift = is_shifted(ui);
    let (scroll, zoom, pointer) = ui.input_mut(|input| {
        // Nothing else scrolls by it.
        let scroll = std::mem::take(&mut input.smooth_scroll_delta);
        (scroll, input.zoom_delta(), input.pointer.latest_pos())
    });
    let performance = &view.performance;
    let place = pointer.unwrap_or(geometry.rect.center());
    // A wheel turns up and down, a touchpad moves both ways.
    let by = scroll.x + scroll.y;
    let mut viewport = viewport;
    if zoom != 1.0 && shift {
        viewport = viewport.keys_zoomed(performance, zoom.into(), geometry.key_at(place.y));
    } else if zoom != 1.0 {
        viewport = viewport.zoomed(performance, zoom.into(), geometry.time_at(place.x));
    }
    if by != 0.0 && shift {
        viewport = viewport.keys_scrolled(performance, f64::from(by / geometry.row_height().max(1.0)));
    } else if by != 0.0 {
        viewport = viewport.scrolled(performance, -geometry.time_of(by));
    }
    viewport
}

/// Whether Shift was down when the wheel turned. egui spreads a turn over frames, of which the last may come later.
fn is_shifted(ui: &Ui) -> bool {
    let id = ui.scope_id().with("wheel with Shift");
    let turned = ui.input(|input| {
        input.events.iter().rev().find_map(|event| match event {
            egui::Event::MouseWheel { modifiers, .. } => Some(modifiers.shift),
            egui::Event::Zoom(_) => Some(input.modifiers.shift),
            _ => None,
        })
    });
    ui.data_mut(|data| {
        let shift = data.get_temp_mut_or_default::<bool>(id);
        *shift = turned.unwrap_or(*shift);
        *shift
    })
}

fn by_drag(view: &View, geometry: &Geometry, viewport: Viewport, by: Vec2) -> Viewport {
    let performance = &view.performance;
    let mut viewport = viewport;
    if by.x != 0.0 {
        viewport = viewport.scrolled(performance, -geometry.time_of(by.x));
    }
    if by.y != 0.0 {
        viewport = viewport.keys_scrolled(performance, f64::from(by.y / geometry.row_height().max(1.0)));
    }
    viewport
}

fn by_keys(ui: &Ui, view: &View, geometry: &Geometry, viewport: Viewport) -> Viewport {
    let performance = &view.performance;
    let (time, keys) = (geometry.time, geometry.keys);
    let presses = |key| ui.input(|input| input.num_presses(key)) as f64;
    let mut viewport = viewport;
    let right =
        presses(Key::ArrowRight) - presses(Key::ArrowLeft) + 7.0 * (presses(Key::PageDown) - presses(Key::PageUp));
    if right != 0.0 {
        viewport = viewport.scrolled(performance, right * STEP * time.length());
    }
    let up = presses(Key::ArrowUp) - presses(Key::ArrowDown);
    if up != 0.0 {
        viewport = viewport.keys_scrolled(performance, up * STEP_OF_KEYS);
    }
    let closer = presses(Key::Plus) + presses(Key::Equals) - presses(Key::Minus);
    if closer != 0.0 && ui.input(|input| input.modifiers.alt) {
        viewport = viewport.keys_zoomed(performance, ZOOM.powf(closer), keys.at(0.5));
    } else if closer != 0.0 {
        viewport = viewport.zoomed(performance, ZOOM.powf(closer), time.at(0.5));
    }
    if presses(Key::Home) > 0.0 {
        viewport = viewport.at_beginning(performance);
    }
    if presses(Key::End) > 0.0 {
        viewport = viewport.at_end(performance);
    }
    if presses(Key::F) > 0.0 {
        viewport = viewport.following(performance, !viewport.follows());
    }
    viewport
}
