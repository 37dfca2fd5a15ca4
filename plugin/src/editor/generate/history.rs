//! Shows all generated clips as small pictures, of which a click selects one.

use std::sync::Arc;

use egui::{Sense, Stroke, StrokeKind, Ui, pos2, vec2};
use tonenet_core::clip::Clip;
use tonenet_engine::generator::SelectedClip;

use super::clip_roll::{describe, geometry, notes};
use crate::editor::action::ClipAction;
use crate::editor::roll::Shapes;
use crate::editor::theme::Palette;

/// Most pictures in a row, and the space between them.
const IN_A_ROW: f32 = 16.0;
const SPACE: f32 = 4.0;
/// Limits of a picture's width, and its height.
const WIDTHS: std::ops::RangeInclusive<f32> = 36.0..=72.0;
const HEIGHT: f32 = 34.0;

/// Draws the pictures, the latest last.
pub fn history(ui: &mut Ui, selected: &SelectedClip, actions: &mut Vec<ClipAction>) {
    if selected.clips.is_empty() {
        return;
    }
    let width = ((ui.available_width() + SPACE) / IN_A_ROW - SPACE).clamp(*WIDTHS.start(), *WIDTHS.end());
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(SPACE, SPACE);
        for (index, clip) in selected.clips.iter().enumerate() {
            if picture(ui, selected, (index, clip), width) && index != selected.index {
                actions.push(ClipAction::Select(index));
            }
        }
    });
}

/// Draws one picture and returns whether it was clicked.
fn picture(ui: &mut Ui, selected: &SelectedClip, (index, clip): (usize, &Arc<Clip>), width: f32) -> bool {
    let (is_selected, palette) = (index == selected.index, Palette::of(ui));
    let is_in_song = selected.placement.as_ref().is_some_and(|placed| Arc::ptr_eq(&placed.clip, clip));
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    let place = if is_in_song { ", in the song" } else { "" };
    let name = format!("Piece {} of {}{place}: {}", index + 1, selected.clips.len(), describe(clip));
    response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Button, true, is_selected, &name));
    let painter = ui.painter_at(rect);
    let pixel = 1.0 / ui.ctx().pixels_per_point();
    let mut shapes = Shapes::new(pixel);
    shapes.rect(rect, palette.roll);
    notes(&mut shapes, clip, &geometry(clip, rect.shrink(3.0), pixel), palette);
    if is_in_song {
        shapes.triangle(pos2(rect.right() - 7.0, rect.top() + 7.0), 4.0, palette.playhead);
    }
    painter.add(shapes.into_shape());
    let (thickness, colour) = match (is_selected, response.hovered(), response.has_focus()) {
        (.., true) => (2.0, palette.focus),
        (true, ..) => (2.0, palette.accent),
        (_, true, _) => (1.0, palette.weak_text),
        _ => (1.0, palette.bar_line),
    };
    painter.rect_stroke(rect, 2.0, Stroke::new(thickness, colour), StrokeKind::Inside);
    response.on_hover_text(name).clicked()
}
