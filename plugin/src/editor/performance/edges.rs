//! Floor and ceiling as edges in the velocity lane, to drag or to move by keys.

use egui::{Align2, CursorIcon, EventFilter, FontId, Key, Rect, Sense, Stroke, StrokeKind, Ui, pos2, vec2};

use super::lane::{velocity_at, y};
use crate::editor::action::Action;
use crate::editor::dial::{Dial, DialGesture};
use crate::editor::theme::Palette;
use crate::editor::view::View;
use crate::editor::widgets::{steppable, steps_asked};

/// How far from an edge the pointer takes hold of it.
const LINE: f32 = 3.0;
/// Size of a handle.
const HANDLE: egui::Vec2 = vec2(72.0, 14.0);
/// A velocity per press of a key; with Shift or by page.
const STEP: i32 = 1;
const BIG_STEP: i32 = 10;

/// One of the edges.
struct Edge {
    dial: Dial,
    name: &'static str,
    /// The velocity at which it is.
    velocity: u8,
    /// The velocities that it can go to.
    limits: (u8, u8),
}

/// Draws both edges.
pub fn edges(ui: &mut Ui, view: &View, lane: Rect, actions: &mut Vec<Action>) {
    let floor = view.performance.floor.clamp(1, 127);
    let ceiling = view.performance.ceiling.clamp(1, 127);
    let both = [
        Edge { dial: Dial::Ceiling, name: "ceiling", velocity: ceiling, limits: (floor, 127) },
        Edge { dial: Dial::Floor, name: "floor", velocity: floor, limits: (1, ceiling) },
    ];
    for edge in both {
        edge.show(ui, view, lane, actions);
    }
}

impl Edge {
    fn show(&self, ui: &mut Ui, view: &View, lane: Rect, actions: &mut Vec<Action>) {
        let height = y(lane, self.velocity.into());
        let id = ui.scope_id().with(self.name);
        let line = Rect::from_x_y_ranges(lane.x_range(), height - LINE..=height + LINE);
        let line = ui.interact(line, id.with("line"), Sense::CLICK | Sense::DRAG);
        let handle = self.handle(lane);
        let response = ui.interact(handle, id, Sense::click_and_drag()) | line;
        let response = response.on_hover_cursor(CursorIcon::ResizeVertical);
        let label = format!("{} of the velocity lane", capitalised(self.name));
        response.widget_info(|| egui::WidgetInfo::slider(true, self.velocity.into(), &label));
        steppable(ui, &response, 1.0..=127.0);
        if response.clicked() || response.drag_started() {
            response.request_focus();
        }
        let mut push = |gesture| actions.push(Action::Dial(self.dial, gesture));
        if response.drag_started() {
            ui.data_mut(|data| data.insert_temp(id, self.velocity));
            push(DialGesture::Begin);
        }
        if response.dragged()
            && let Some(velocity) = self.dragged_to(ui, id, lane)
        {
            push(DialGesture::To(normalised(velocity)));
        }
        if response.drag_stopped() {
            push(DialGesture::End);
        }
        let to = if response.double_clicked() {
            Some(view.dial(self.dial).default)
        } else {
            self.moved_by_keys(ui, &response).map(normalised)
        };
        if let Some(to) = to {
            [DialGesture::Begin, DialGesture::To(to), DialGesture::End].into_iter().for_each(push);
        }
        self.draw(ui, &response, lane, handle);
        response.on_hover_text(format!("{}. Drag it, or double-click to reset", self.dial.hint()));
    }

    /// The velocity that the pointer drags the edge to, unless that is where it is.
    fn dragged_to(&self, ui: &Ui, id: egui::Id, lane: Rect) -> Option<u8> {
        let (origin, pointer) = ui.input(|input| (input.pointer.press_origin(), input.pointer.latest_pos()));
        let start = ui.data(|data| data.get_temp::<u8>(id))?;
        let moved = pointer?.y - origin?.y;
        let to = velocity_at(lane, y(lane, start.into()) + moved).round() as u8;
        Some(to.max(self.limits.0).min(self.limits.1)).filter(|&to| to != self.velocity)
    }

    /// The velocity that keys or a screen reader move the edge to.
    fn moved_by_keys(&self, ui: &Ui, response: &egui::Response) -> Option<u8> {
        let mut by = steps_asked(ui, response);
        let (lowest, highest) = (i32::from(self.limits.0), i32::from(self.limits.1));
        if response.has_focus() {
            let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
            by += ui.input(|input| {
                let presses = |key| input.num_presses(key) as i32;
                let step = if input.modifiers.shift { BIG_STEP } else { STEP };
                step * (presses(Key::ArrowUp) - presses(Key::ArrowDown))
                    + BIG_STEP * (presses(Key::PageUp) - presses(Key::PageDown))
                    + 127 * (presses(Key::End) - presses(Key::Home))
            });
        }
        // Crossed edges lie beyond each other's limits, and stay there until the user moves one.
        if by == 0 {
            return None;
        }
        let to = (i32::from(self.velocity) + by).min(highest).max(lowest);
        u8::try_from(to).ok().filter(|&to| to != self.velocity)
    }

    /// The handle: above the ceiling, below the floor, so that the two do not cover each other. A low lane has no room
    /// there for all of it.
    fn handle(&self, lane: Rect) -> Rect {
        let height = y(lane, self.velocity.into());
        let centre = if self.dial == Dial::Ceiling { height - HANDLE.y / 2.0 } else { height + HANDLE.y / 2.0 };
        let centre = centre.min(lane.bottom() - HANDLE.y / 2.0).max(lane.top() + HANDLE.y / 2.0);
        Rect::from_center_size(pos2(lane.right() - HANDLE.x / 2.0 - 6.0, centre), HANDLE)
    }

    fn draw(&self, ui: &Ui, response: &egui::Response, lane: Rect, handle: Rect) {
        let (painter, palette) = (ui.painter_at(lane), Palette::of(ui));
        let height = y(lane, self.velocity.into());
        let is_active = response.hovered() || response.dragged() || response.has_focus();
        let colour = if is_active { palette.accent } else { palette.weak_text };
        painter.hline(lane.x_range(), height, Stroke::new(1.0, colour));
        painter.rect_filled(handle, 2.0, colour);
        let text = format!("{} {}", capitalised(self.name), self.velocity);
        painter.text(handle.center(), Align2::CENTER_CENTER, text, FontId::proportional(11.0), palette.roll);
        if response.has_focus() {
            painter.rect_stroke(handle.expand(1.0), 2.0, Stroke::new(1.0, palette.focus), StrokeKind::Inside);
        }
    }
}

/// A velocity as the parameters of floor and ceiling have it.
fn normalised(velocity: u8) -> f32 {
    f32::from(velocity.clamp(1, 127) - 1) / 126.0
}

fn capitalised(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    first.to_uppercase() + rest
}
