//! The song's bars with the clip in them, whose start can be dragged to another bar.

use egui::{CursorIcon, EventFilter, Id, Key, Rect, Response, Sense, Stroke, StrokeKind, Ui, vec2};
use tonenet_engine::generator::SongPlacement;

use super::clip_roll::bar_length;
use crate::editor::action::ClipAction;
use crate::editor::roll::{Geometry, GridLine, Shapes, Span, bar_lines, bar_numbers};
use crate::editor::theme::Palette;
use crate::editor::view::GenerateView;
use crate::editor::widgets::{steppable, steps_asked};

/// Height of the strip.
const HEIGHT: f32 = 30.0;
/// The song is shown in so many bars, or a multiple of them.
const BARS: f64 = 32.0;
/// The last bar that a clip can be dragged to.
const LAST_BAR: f64 = 9_999.0;

/// A drag: the clip's start and the beats of a point on the screen as it began, and where the clip is dragged to.
#[derive(Debug, Clone, Copy)]
struct Grip {
    start: f64,
    beats_per_point: f64,
    to: f64,
}

/// Draws the strip if a clip is in the song.
pub fn song_strip(ui: &mut Ui, view: &GenerateView, actions: &mut Vec<ClipAction>) {
    let Some(placement) = &view.selected.placement else { return };
    let Some(start) = placement.start else { return };
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::hover());
    let bar = bar_length(&placement.clip);
    let id = ui.scope_id().with("start of the clip");
    let grip = ui.data(|data| data.get_temp::<Grip>(id)).map(|grip| dragged(ui, grip, bar));
    let shown = grip.map_or(start, |grip| grip.to);
    let end = shown.max(start) + placement.clip.length();
    let bars = ((end.max(view.position.unwrap_or(0.0)) / bar + 1.0) / BARS).ceil().clamp(1.0, 1e4) * BARS;
    let time = Span::new(start.min(0.0), bars * bar);
    let geometry = Geometry { rect, time, keys: Span::new(0.0, 1.0), pixel: 1.0 / ui.ctx().pixels_per_point() };
    let response = block(ui, (id, &geometry), placement, shown);
    let new = Grip { start, beats_per_point: geometry.time_of(1.0), to: start };
    let new = response.drag_started().then(|| dragged(ui, new, bar));
    ui.data_mut(|data| match new.or(grip).filter(|_| response.dragged()) {
        Some(grip) => drop(data.insert_temp(id, grip)),
        None => data.remove::<Grip>(id),
    });
    let by_drag = grip.filter(|_| response.drag_stopped()).map(|grip| grip.to);
    let to = by_drag.or_else(|| moved_by_keys(ui, &response, start, bar)).filter(|&to| to != start);
    actions.extend(to.map(ClipAction::MoveTo));
    draw(ui, &geometry, (bar, bars), view.position);
}

/// The number of the bar in which a clip begins; with a fraction if that is not at a bar line.
pub fn bar_number(placement: &SongPlacement, start: f64) -> f64 {
    start / bar_length(&placement.clip) + 1.0
}

/// Where a clip begins that is put at a bar.
pub fn start_at(placement: &SongPlacement, bar: f64) -> f64 {
    (bar.clamp(1.0, LAST_BAR) - 1.0) * bar_length(&placement.clip)
}

/// A start that is whole bars away, not before the song and not too late in it.
fn whole_bars_from(start: f64, bars: f64, bar: f64) -> f64 {
    let earliest = -(start / bar).floor();
    start + bars.round().min(LAST_BAR + earliest - 1.0).max(earliest.min(0.0)) * bar
}

/// A drag with the place that the pointer is at now, if there is a pointer.
fn dragged(ui: &Ui, grip: Grip, bar: f64) -> Grip {
    let (origin, pointer) = ui.input(|input| (input.pointer.press_origin(), input.pointer.latest_pos()));
    let (Some(origin), Some(pointer)) = (origin, pointer) else { return grip };
    let beats = f64::from(pointer.x - origin.x) * grip.beats_per_point;
    Grip { to: whole_bars_from(grip.start, beats / bar, bar), ..grip }
}

fn moved_by_keys(ui: &Ui, response: &Response, start: f64, bar: f64) -> Option<f64> {
    let mut by = f64::from(steps_asked(ui, response));
    if response.has_focus() {
        let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let presses = |key| ui.input(|input| input.num_presses(key)) as f64;
        by += presses(Key::ArrowRight) - presses(Key::ArrowLeft);
    }
    (by != 0.0).then(|| whole_bars_from(start, by, bar))
}

/// The clip in the song, and its repetitions if it loops.
fn block(ui: &Ui, (id, geometry): (Id, &Geometry), placement: &SongPlacement, start: f64) -> Response {
    let Geometry { rect, .. } = *geometry;
    let end = start + placement.clip.length();
    let place = Rect::from_x_y_ranges(geometry.x(start)..=geometry.x(end).max(geometry.x(start) + 6.0), rect.y_range());
    let response = ui.interact(place.intersect(rect), id, Sense::click_and_drag());
    let number = bar_number(placement, start);
    response.widget_info(|| egui::WidgetInfo::slider(true, number, "Bar at which the piece begins"));
    steppable(ui, &response, 1.0..=LAST_BAR);
    if response.clicked() || response.drag_started() {
        response.request_focus();
    }
    let response = response.on_hover_cursor(CursorIcon::Grab);
    let palette = Palette::of(ui);
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 2.0, palette.roll);
    let is_held = response.hovered() || response.dragged() || response.has_focus();
    let fill = palette.accent.gamma_multiply(if is_held { 0.6 } else { 0.4 });
    painter.rect_filled(place, 2.0, fill);
    let frame = if response.has_focus() { palette.focus } else { palette.accent };
    painter.rect_stroke(place, 2.0, Stroke::new(1.5, frame), StrokeKind::Inside);
    response.on_hover_text("Drag the piece to another bar. Keys: left and right")
}

/// The bars with their numbers, and the song's position.
fn draw(ui: &Ui, geometry: &Geometry, (bar, bars): (f64, f64), position: Option<f64>) {
    let (rect, palette) = (geometry.rect, Palette::of(ui));
    let line = |index: i32| GridLine { place: f64::from(index) * bar, bar: Some(index + 1) };
    let grid: Vec<GridLine> = (0..bars as i32).map(line).collect();
    let painter = ui.painter_at(rect);
    let mut shapes = Shapes::new(geometry.pixel);
    bar_lines(&mut shapes, geometry, &grid, palette);
    if let Some(position) = position {
        let x = geometry.x(position);
        shapes.rect(Rect::from_x_y_ranges(x - 1.0..=x + 1.0, rect.y_range()), palette.playhead);
    }
    painter.add(shapes.into_shape());
    let numbers = rect.with_max_y(rect.top() + 14.0);
    bar_numbers(&painter, numbers, geometry, &grid, palette);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clip_moves_by_whole_bars_and_not_before_the_song() {
        assert_eq!(whole_bars_from(32.0, 1.4, 4.0), 36.0);
        assert_eq!(whole_bars_from(33.0, -2.0, 4.0), 25.0, "a song may have had other bars before");
        assert_eq!(whole_bars_from(33.0, -100.0, 4.0), 1.0);
        assert_eq!(whole_bars_from(-2.0, -3.0, 4.0), -2.0, "what begins before the song does not move further");
        assert_eq!(whole_bars_from(0.0, 1e9, 3.0), 9_998.0 * 3.0);
    }
}
