//! The window without a mouse: every control has a name and is reached by Tab, in the order of the window.

use egui::accesskit::{Action as NodeAction, NodeId};
use egui_kittest::Node;
use egui_kittest::kittest::NodeT;

use super::*;

/// Presses of Tab after which every control was reached.
const PRESSES: usize = 200;

/// A control that takes the keyboard: its id, its name and its place.
#[derive(Debug, Clone)]
struct Stop {
    id: NodeId,
    name: String,
    place: egui::Rect,
}

impl Stop {
    fn new(node: &Node<'_>) -> Self {
        let data = node.accesskit_node();
        let name = data.label().or_else(|| data.value()).unwrap_or_default();
        Self { id: data.locate().0, name, place: node.rect() }
    }

    /// Whether it comes after another one for someone who reads the window: in a lower row, or further to the right.
    fn follows(&self, other: &Self) -> bool {
        let share_a_row = self.place.y_range().intersects(other.place.y_range());
        if share_a_row { self.place.left() > other.place.left() } else { self.place.top() > other.place.top() }
    }
}

fn stops(harness: &Harness<'_, Vec<Action>>) -> Vec<Stop> {
    let takes_the_keyboard = |node: &Node<'_>| {
        let data = node.accesskit_node();
        !data.is_disabled() && data.data().supports_action(NodeAction::Focus)
    };
    let nodes = harness.root().children_recursive().filter(takes_the_keyboard);
    nodes.map(|node| Stop::new(&node)).collect()
}

/// The main states of the window.
fn states() -> Vec<(&'static str, View)> {
    let timeline = View { look_ahead: Mode::Timeline, ..view() };
    vec![
        ("Restyle", view()),
        ("Timeline", timeline),
        ("Generate", View { tab: Tab::Generate, ..view() }),
        ("Styles", learned()),
    ]
}

#[test]
fn every_control_is_named() {
    for (state, view) in states() {
        let stops = stops(&harness(&view));
        assert!(stops.len() > 5, "{state}: only {stops:#?}");
        let nameless: Vec<_> = stops.iter().filter(|stop| stop.name.trim().is_empty()).collect();
        assert!(nameless.is_empty(), "{state}: {nameless:#?}");
    }
}

#[test]
fn tab_reaches_every_control_in_the_order_of_the_window() {
    for (state, view) in states() {
        let mut harness = harness(&view);
        let all = stops(&harness);
        let mut reached: Vec<Stop> = Vec::new();
        for _ in 0..PRESSES {
            harness.key_press(egui::Key::Tab);
            harness.run_steps(2);
            let Some(focused) = harness.root().children_recursive().find(|node| node.is_focused()) else { continue };
            let stop = Stop::new(&focused);
            if reached.iter().any(|known| known.id == stop.id) {
                break;
            }
            reached.push(stop);
        }
        let missed: Vec<_> = all.iter().filter(|stop| !reached.iter().any(|known| known.id == stop.id)).collect();
        assert!(missed.is_empty(), "{state}: Tab does not reach {missed:#?}");
        for pair in reached.windows(2) {
            assert!(pair[1].follows(&pair[0]), "{state}: Tab goes from {:#?} to {:#?}", pair[0], pair[1]);
        }
        assert_eq!(harness.state(), &[], "{state}: Tab changes something");
    }
}
