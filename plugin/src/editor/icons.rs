//! Buttons with a drawn sign, because the font has few, and a name for screen readers.

use std::f32::consts::PI;

use egui::{Color32, Pos2, Rect, Role, Shape, Stroke, StrokeKind, WidgetInfo, pos2, vec2};

/// A sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Icon {
    /// A triangle to the left.
    Previous,
    /// A triangle to the right.
    Next,
    /// An arrow that turns back.
    Undo,
    /// An arrow that turns forward.
    Redo,
    /// The five of a die.
    Die,
}

/// Width and height of a button.
const SIZE: egui::Vec2 = vec2(22.0, 20.0);

/// Points of an arrow's arc.
const ARC_POINTS: usize = 16;

/// A button with a sign. Returns whether it was clicked.
pub(super) fn icon_button(ui: &mut egui::Ui, is_enabled: bool, icon: Icon, (name, hint): (&str, &str)) -> bool {
    let button = ui.add_enabled(is_enabled, egui::Button::new("").min_size(SIZE));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, name));
    let visuals = ui.style().interact(&button);
    let ink = if is_enabled { visuals.fg_stroke.color } else { ui.visuals().weak_text_color().gamma_multiply(0.6) };
    ui.painter().extend(icon.shapes(Rect::from_center_size(button.rect.center(), vec2(12.0, 12.0)), ink));
    button.on_hover_text(hint).on_disabled_hover_text(hint).clicked()
}

impl Icon {
    fn shapes(self, place: Rect, ink: Color32) -> Vec<Shape> {
        match self {
            Self::Previous => vec![triangle(place, -1.0, ink)],
            Self::Next => vec![triangle(place, 1.0, ink)],
            Self::Undo => turning_arrow(place, -1.0, ink),
            Self::Redo => turning_arrow(place, 1.0, ink),
            Self::Die => die(place, ink),
        }
    }
}

/// A triangle whose tip points to `direction`: 1 is to the right.
fn triangle(place: Rect, direction: f32, ink: Color32) -> Shape {
    let at = |x: f32, y: f32| place.center() + vec2(x * direction, y);
    Shape::convex_polygon(vec![at(-3.0, -5.0), at(4.0, 0.0), at(-3.0, 5.0)], ink, Stroke::NONE)
}

/// An arc over the top that ends in a head at the side of `direction`.
fn turning_arrow(place: Rect, direction: f32, ink: Color32) -> Vec<Shape> {
    let centre = pos2(place.center().x, place.center().y + 1.0);
    // From below on the other side, over the top, to the side of the head.
    let at = |angle: f32| centre + vec2(direction * angle.cos(), -angle.sin()) * 4.5;
    let arc = |point: usize| at(PI * 1.25 * (1.0 - point as f32 / ARC_POINTS as f32));
    let points: Vec<Pos2> = (0..=ARC_POINTS).map(arc).collect();
    let tip = at(0.0);
    let head = vec![tip + vec2(-3.6, -0.4), tip + vec2(3.6, -0.4), tip + vec2(0.0, 4.0)];
    vec![Shape::line(points, Stroke::new(1.6, ink)), Shape::convex_polygon(head, ink, Stroke::NONE)]
}

/// The five of a die.
fn die(place: Rect, ink: Color32) -> Vec<Shape> {
    let face = place.expand(1.0);
    let pips = face.shrink(4.0);
    let pips = [pips.left_top(), pips.right_top(), pips.center(), pips.left_bottom(), pips.right_bottom()];
    let frame = Shape::rect_stroke(face, 3.0, Stroke::new(1.0, ink), StrokeKind::Inside);
    std::iter::once(frame).chain(pips.map(|pip| Shape::circle_filled(pip, 1.3, ink))).collect()
}
