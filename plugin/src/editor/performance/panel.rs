//! Lays the performance view out in the space that it gets.

use egui::text::{LayoutJob, TextFormat};
use egui::{FontId, Rect, Sense, Stroke, StrokeKind, TextStyle, TextWrapMode, Ui, pos2, vec2};

use super::roll::Roll;
use super::view::Axis;
use super::{controls, describe, edges, input, lane, roll};
use crate::editor::action::Action;
use crate::editor::roll::{Geometry, bar_numbers, keyboard};
use crate::editor::theme::Palette;
use crate::editor::view::View;

/// Width of the keyboard.
const KEYBOARD: f32 = 40.0;
/// Height of the numbers of bars.
const NUMBERS: f32 = 18.0;
/// Height of the legend and the buttons.
const CONTROLS: f32 = 26.0;
/// Space between the roll and the velocity lane.
const GAP: f32 = 4.0;
/// Height of the velocity lane: a share of the height, and its limits.
const LANE: (f32, f32, f32) = (0.38, 62.0, 220.0);
/// Height of the view where the space has none of its own.
const USUAL_HEIGHT: f32 = 320.0;

/// Where the parts lie.
struct Parts {
    numbers: Rect,
    keyboard: Rect,
    roll: Rect,
    scale: Rect,
    lane: Rect,
    controls: Rect,
}

impl Parts {
    fn new(rect: Rect) -> Self {
        let left = rect.left() + KEYBOARD.min(rect.width() / 4.0);
        let bottom = (rect.bottom() - CONTROLS).max(rect.top());
        let top = (rect.top() + NUMBERS).min(bottom);
        let (share, least, most) = LANE;
        let height = (share * (bottom - top)).clamp(least, most).min((bottom - top) / 2.0);
        let (lane_top, right) = (bottom - height, rect.right());
        let roll_bottom = (lane_top - GAP).max(top);
        let part = |left, top, right, bottom| Rect::from_min_max(pos2(left, top), pos2(right, bottom));
        Self {
            numbers: part(left, rect.top(), right, top),
            keyboard: part(rect.left(), top, left, roll_bottom),
            roll: part(left, top, right, roll_bottom),
            scale: part(rect.left(), lane_top, left, bottom),
            lane: part(left, lane_top, right, bottom),
            controls: part(rect.left(), bottom, right, rect.bottom()),
        }
    }
}

/// Draws the performance view in the space that is left.
pub fn panel(ui: &mut Ui, view: &View, actions: &mut Vec<Action>) {
    let size = ui.available_size();
    let height = if size.y.is_finite() { size.y } else { USUAL_HEIGHT };
    let (rect, _) = ui.allocate_exact_size(vec2(size.x, height).max(vec2(1.0, 1.0)), Sense::hover());
    let parts = Parts::new(rect);
    let (performance, palette) = (&view.performance, Palette::of(ui));
    let sight = view.viewport.in_sight(performance);
    let pixel = 1.0 / ui.ctx().pixels_per_point();
    let geometry = Geometry { rect: parts.roll, time: sight.time, keys: sight.keys, pixel };
    let lane_geometry = Geometry { rect: parts.lane, ..geometry };

    let surface = ui.interact(parts.roll, ui.scope_id().with("roll"), Sense::click_and_drag());
    surface.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, describe::in_sight(performance, &sight)));
    let lane_surface = ui.interact(parts.lane, ui.scope_id().with("lane"), Sense::DRAG | Sense::HOVER);
    lane_surface.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Image, true, "Velocity lane"));

    let painter = ui.painter_at(rect);
    let pointed = surface
        .hover_pos()
        .and_then(|place| roll::note_at(performance, &geometry, place))
        .or_else(|| lane_surface.hover_pos().and_then(|place| lane::note_at(performance, &lane_geometry, place)));
    let drawn = Roll { view: performance, geometry: &geometry, palette, pointed };
    drawn.draw(&painter.with_clip_rect(parts.roll));
    bar_numbers(&painter, parts.numbers, &geometry, &performance.grid, palette);
    keyboard(&painter, parts.keyboard.x_range(), &geometry, palette);
    lane::scale(&painter, parts.scale, palette);
    lane::draw(&painter.with_clip_rect(parts.lane), &Roll { geometry: &lane_geometry, ..drawn });
    if performance.notes.is_empty() {
        nothing_yet(ui, parts.roll, performance.axis);
    }
    edges::edges(ui, view, parts.lane, actions);
    if surface.has_focus() {
        let stroke = Stroke::new(2.0, palette.focus);
        ui.painter().rect_stroke(parts.roll, 2.0, stroke, StrokeKind::Inside);
    }
    tooltip(view, &surface, &lane_surface, pointed);

    let moved = input::moved(ui, view, &geometry, [&surface, &lane_surface]);
    let (moved, left) = controls::buttons(ui, performance, parts.controls, moved);
    controls::legend(ui, left, performance, &lane_geometry);
    if moved != view.viewport {
        actions.push(Action::Viewport(moved));
    }
}

/// What to do as long as there are no notes.
fn nothing_yet(ui: &mut Ui, rect: Rect, axis: Axis) {
    let text = match axis {
        Axis::Seconds => {
            "Nothing played yet. Play a key or start the song: notes appear here with the style's velocities."
        }
        Axis::Song => {
            "Nothing remembered yet. Play the song once, or take a MIDI file: then the style knows all of it."
        }
    };
    let text = egui::RichText::new(text).color(Palette::of(ui).weak_text).font(FontId::proportional(14.0));
    let place = rect.shrink2(vec2(rect.width() * 0.12, 4.0));
    ui.put(place, egui::Label::new(text).wrap_mode(TextWrapMode::Wrap).halign(egui::Align::Center).selectable(false));
}

/// Says at the pointer which note it points to.
fn tooltip(view: &View, surface: &egui::Response, lane: &egui::Response, pointed: Option<&super::NoteView>) {
    let response = if lane.hovered() { lane } else { surface };
    let Some(note) = pointed.filter(|_| !response.dragged()) else { return };
    let text = describe::note(note, &view.performance, &view.styles);
    egui::Tooltip::for_widget(response).at_pointer().gap(14.0).show(|ui| ui.label(with_arrow(ui, &text)));
}

/// A text of which the arrow is drawn in the only font that has one.
fn with_arrow(ui: &Ui, text: &str) -> LayoutJob {
    let format = |font| TextFormat::simple(font, ui.visuals().text_color());
    let size = TextStyle::Body.resolve(ui.style()).size;
    let mut job = LayoutJob::default();
    for part in text.split_inclusive('\u{2192}') {
        let before = part.trim_end_matches('\u{2192}');
        job.append(before, 0.0, format(FontId::proportional(size)));
        job.append(&part[before.len()..], 0.0, format(FontId::monospace(size)));
    }
    job
}
