//! The legend below the performance view, and the buttons that zoom and follow.

use egui::{Align, Button, FontId, Layout, Pos2, Rect, Response, RichText, Ui, UiBuilder, pos2, vec2};

use super::input::ZOOM;
use super::lane;
use super::notes::beginning_in;
use super::roll::{MARK, mark};
use super::view::{Axis, NoteState, NoteView, PerformanceView};
use super::viewport::Viewport;
use crate::editor::roll::{Geometry, Shapes};
use crate::editor::theme::Palette;

/// Width of a sign in the legend, and the space behind each of its texts.
const SIGN: f32 = 16.0;
const SPACE: f32 = 12.0;

/// Draws the buttons at the right of a strip. Returns where they move the view, and the rest of the strip.
///
/// They are drawn from left to right, because Tab goes through them in that order, and so need their width of the frame
/// before.
pub fn buttons(ui: &mut Ui, view: &PerformanceView, strip: Rect, viewport: Viewport) -> (Viewport, Rect) {
    let id = ui.scope_id().with("width of the buttons");
    let width = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or_default();
    let place = strip.with_min_x((strip.right() - width).max(strip.left()));
    let layout = Layout::left_to_right(Align::Center);
    let buttons = ui.scope_builder(UiBuilder::new().max_rect(place).layout(layout), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let moved = zoom(ui, view, viewport);
        let moved = follow(ui, view, moved);
        (moved, ui.min_rect().width())
    });
    let (moved, drawn) = buttons.inner;
    if drawn != width {
        ui.data_mut(|data| data.insert_temp(id, drawn));
        ui.ctx().request_discard("the buttons have another width");
    }
    (moved, strip.with_max_x(place.left()))
}

fn follow(ui: &mut Ui, view: &PerformanceView, viewport: Viewport) -> Viewport {
    let (palette, follows, text) = (Palette::of(ui), viewport.follows(), RichText::new("Follow"));
    let button =
        if follows { Button::new(text.color(palette.on_accent)).fill(palette.accent) } else { Button::new(text) };
    let hint = match view.axis {
        Axis::Song => "Keeps the song's position in sight. Key: F",
        Axis::Seconds => "Keeps what you play in sight. Key: F",
    };
    let button = ui.add(button).on_hover_text(hint);
    button.widget_info(|| egui::WidgetInfo::selected(egui::Role::CheckBox, true, follows, "Follow"));
    if button.clicked() { viewport.following(view, !follows) } else { viewport }
}

fn zoom(ui: &mut Ui, view: &PerformanceView, viewport: Viewport) -> Viewport {
    let farther = named(ui, "\u{2212}", "Zoom out", "Zooms out. Key: \u{2212}, or the wheel with Ctrl");
    let closer = named(ui, "+", "Zoom in", "Zooms in. Key: +, or the wheel with Ctrl");
    let fit = ui.button("Fit").on_hover_text("Shows all notes");
    match [fit, closer, farther].map(|button| button.clicked()) {
        [true, ..] => viewport.fitted(view),
        [_, true, _] => viewport.zoomed(view, ZOOM, viewport.in_sight(view).time.at(0.5)),
        [.., true] => viewport.zoomed(view, 1.0 / ZOOM, viewport.in_sight(view).time.at(0.5)),
        _ => viewport,
    }
}

/// A button whose sign is no name.
fn named(ui: &mut Ui, sign: &str, name: &str, hint: &str) -> Response {
    let button = ui.add(Button::new(sign).min_size(vec2(24.0, 0.0))).on_hover_text(hint);
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    button
}

/// What the signs mean, as far as there is room.
pub fn legend(ui: &Ui, rect: Rect, performance: &PerformanceView, lane: &Geometry) {
    let (painter, palette) = (ui.painter_at(rect), Palette::of(ui));
    if performance.notes.is_empty() {
        return;
    }
    let notes = beginning_in(performance, lane.time);
    let count = |state: NoteState| notes.iter().filter(|note| note.state == state).count();
    let mut left = rect.left() + 4.0;
    let mut entry = |text: String, sign: &dyn Fn(&mut Shapes, Pos2)| {
        let galley = painter.layout_no_wrap(text, FontId::proportional(11.5), palette.weak_text);
        let right = left + SIGN + galley.size().x;
        if right > rect.right() {
            return;
        }
        let mut shapes = Shapes::new(1.0 / painter.ctx().pixels_per_point());
        sign(&mut shapes, pos2(left + SIGN / 2.0 - 2.0, rect.center().y));
        painter.add(shapes.into_shape());
        let top = rect.center().y - galley.size().y / 2.0;
        painter.galley(pos2(left + SIGN, top), galley, palette.weak_text);
        left = right + SPACE;
    };
    let marked =
        |state| move |shapes: &mut Shapes, place| mark(shapes, &NoteView { state, ..notes[0] }, (place, MARK), palette);
    let loud = palette.velocity(100);
    if lane::is_crowded(notes.len(), lane.rect.width()) {
        let centred = |place, width, height| Rect::from_center_size(place, vec2(width, height));
        entry("as played, on average".into(), &|shapes, place| shapes.rect(centred(place, 11.0, 1.0), palette.own));
        entry("in style, from softest to loudest".into(), &|shapes, place| {
            shapes.rect(centred(place, 3.0, 11.0), loud)
        });
    } else {
        entry("as played".into(), &|shapes, place| shapes.ring(place, 3.6, (1.2, palette.own)));
        entry("in style".into(), &|shapes, place| shapes.disc(place, 3.6, loud));
    }
    for (state, name) in [(NoteState::Late, "late"), (NoteState::New, "new")] {
        let number = count(state);
        if number > 0 {
            entry(format!("{number} {name}"), &marked(state));
        }
    }
    if notes.iter().any(|note| note.written.is_some()) {
        entry("written".into(), &|shapes, place| {
            shapes.frame(Rect::from_center_size(place, vec2(10.0, 6.0)), shapes.pixel(), palette.own)
        });
    }
    if performance.look_ahead > 0.0 {
        entry("waiting".into(), &|shapes, place| {
            shapes.frame(Rect::from_center_size(place, vec2(10.0, 6.0)), 1.0, palette.own)
        });
    }
    entry("style's level".into(), &|shapes, place| {
        shapes.rect(Rect::from_center_size(place, vec2(11.0, 1.5)), palette.accent)
    });
}
