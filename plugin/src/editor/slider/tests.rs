//! The slider of a dial, as hands and keys use it.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;

use super::*;

/// What a harness keeps: the dial's state, which a drag changes, and everything that the user did.
struct Hands {
    view: DialView,
    actions: Vec<Action>,
}

impl Hands {
    /// Applies what the user did, as the parameter would.
    fn take(&mut self, actions: Vec<Action>) {
        for action in &actions {
            if let Action::Dial(_, DialGesture::To(value)) = action {
                self.view.value = *value;
            }
        }
        self.actions.extend(actions);
    }

    fn gestures(&self) -> Vec<DialGesture> {
        let gesture = |action: &Action| match action {
            Action::Dial(Dial::Level, gesture) => *gesture,
            other => panic!("{other:?}"),
        };
        self.actions.iter().map(gesture).collect()
    }
}

fn slider(value: f32, steps: Option<usize>) -> Harness<'static, Hands> {
    let view = DialView { value, default: 0.5, steps, text: "+3 steps".into() };
    let draw = |ui: &mut egui::Ui, hands: &mut Hands| {
        ui.horizontal(|ui| {
            let label = ui.label("Level").id;
            let (mut actions, view) = (Vec::new(), hands.view.clone());
            DialSlider { dial: Dial::Level, view: &view, width: 214.0, label, unavailable: None }
                .show(ui, &mut actions);
            hands.take(actions);
        });
    };
    Harness::builder().build_ui_state(draw, Hands { view, actions: Vec::new() })
}

fn rail(harness: &Harness<'_, Hands>) -> Rect {
    harness.get_by_role_and_label(Role::Slider, "Level").rect()
}

fn press(harness: &mut Harness<'_, Hands>, pos: egui::Pos2, pressed: bool, modifiers: egui::Modifiers) {
    harness.event(egui::Event::PointerMoved(pos));
    harness.event(egui::Event::PointerButton { pos, button: egui::PointerButton::Primary, pressed, modifiers });
    harness.run_steps(1);
}

/// Grabs the handle and moves it by `distance`.
fn drag(harness: &mut Harness<'_, Hands>, distance: f32, modifiers: egui::Modifiers) {
    let value = harness.state().view.value;
    let rail = rail(harness);
    // Off the handle's centre, which must make no difference.
    let grabbed = pos2(egui::lerp(rail.left() + HANDLE..=rail.right() - HANDLE, value) + 3.0, rail.center().y);
    harness.event(egui::Event::ModifiersChanged(modifiers));
    press(harness, grabbed, true, modifiers);
    for step in 1..=4 {
        harness.event(egui::Event::PointerMoved(grabbed + vec2(distance * step as f32 / 4.0, 0.0)));
        harness.run_steps(1);
    }
    press(harness, grabbed + vec2(distance, 0.0), false, modifiers);
    harness.event(egui::Event::ModifiersChanged(egui::Modifiers::NONE));
}

fn press_key(harness: &mut Harness<'_, Hands>, key: Key) {
    harness.key_press(key);
    harness.run_steps(2);
}

#[test]
fn a_drag_follows_the_pointer_and_is_one_gesture() {
    let mut slider = slider(0.25, None);
    drag(&mut slider, 100.0, egui::Modifiers::NONE);
    let gestures = slider.state().gestures();
    assert!(matches!(gestures[..], [DialGesture::Begin, .., DialGesture::To(_), DialGesture::End]), "{gestures:?}");
    assert!((slider.state().view.value - 0.75).abs() < 1e-3, "{}", slider.state().view.value);
    assert_eq!(gestures.iter().filter(|gesture| **gesture == DialGesture::Begin).count(), 1);
}

#[test]
fn shift_drags_ten_times_as_finely() {
    let mut slider = slider(0.25, None);
    drag(&mut slider, 100.0, egui::Modifiers::SHIFT);
    assert!((slider.state().view.value - 0.30).abs() < 1e-3, "{}", slider.state().view.value);
}

#[test]
fn small_movements_of_a_fine_drag_add_up_to_a_step() {
    let mut slider = slider(0.5, Some(40));
    drag(&mut slider, 60.0, egui::Modifiers::SHIFT);
    assert_eq!(slider.state().view.value, 0.525, "each movement alone is less than half a step");
}

#[test]
fn grabbing_the_handle_changes_nothing() {
    let mut slider = slider(0.25, None);
    drag(&mut slider, 0.0, egui::Modifiers::NONE);
    assert_eq!(slider.state().gestures(), [DialGesture::Begin, DialGesture::End]);
}

#[test]
fn a_drag_beyond_the_end_stays_at_the_end_until_the_pointer_is_back() {
    let mut slider = slider(0.9, None);
    drag(&mut slider, 500.0, egui::Modifiers::NONE);
    assert_eq!(slider.state().view.value, 1.0);
}

#[test]
fn keys_step_page_and_reset_without_losing_the_focus() {
    for (steps, step) in [(None, 0.01), (Some(40), 0.025)] {
        let mut slider = slider(0.25, steps);
        slider.get_by_role_and_label(Role::Slider, "Level").focus();
        slider.run_steps(2);
        for (key, value) in [
            (Key::ArrowRight, 0.25 + step),
            (Key::ArrowUp, 0.25 + 2.0 * step),
            (Key::ArrowLeft, 0.25 + step),
            (Key::ArrowDown, 0.25),
            (Key::PageUp, 0.25 + 10.0 * step),
            (Key::PageDown, 0.25),
            (Key::End, 1.0),
            (Key::Home, 0.0),
            (Key::Delete, 0.5),
        ] {
            press_key(&mut slider, key);
            let found = slider.state().view.value;
            assert!((found - value).abs() < 1e-5, "{key:?} with {steps:?} steps: {found}, not {value}");
        }
        assert!(slider.get_by_role_and_label(Role::Slider, "Level").is_focused());
    }
}

#[test]
fn enter_or_a_click_on_the_value_lets_the_user_type_it() {
    for by_key in [true, false] {
        let mut slider = slider(0.25, None);
        if by_key {
            slider.get_by_role_and_label(Role::Slider, "Level").focus();
            slider.run_steps(2);
            press_key(&mut slider, Key::Enter);
        } else {
            slider.get_by_label("+3 steps").click();
            slider.run_steps(2);
        }
        // All of the old value is selected, so that typing replaces it.
        slider.get_by_role(Role::TextInput).type_text("-2");
        slider.run_steps(2);
        assert_eq!(slider.state().actions, [], "not before the user confirms it");
        press_key(&mut slider, Key::Enter);
        assert_eq!(slider.state().actions, [Action::DialText(Dial::Level, "-2".into())], "by key: {by_key}");
        assert!(slider.query_by_role(Role::TextInput).is_none());
        assert!(slider.get_by_role_and_label(Role::Slider, "Level").is_focused());
    }
}

#[test]
fn escape_gives_up_what_was_typed_and_an_unchanged_value_is_no_change() {
    for key in [Key::Escape, Key::Enter] {
        let mut slider = slider(0.25, None);
        slider.get_by_label("+3 steps").click();
        slider.run_steps(2);
        if key == Key::Escape {
            slider.get_by_role(Role::TextInput).type_text("-2");
            slider.run_steps(2);
        }
        press_key(&mut slider, key);
        assert_eq!(slider.state().actions, [], "{key:?}");
        assert!(slider.query_by_role(Role::TextInput).is_none(), "{key:?}");
    }
}

#[test]
fn screen_readers_hear_the_value_as_the_host_shows_it() {
    let slider = slider(0.25, None);
    let node = slider.get_by_role_and_label(Role::Slider, "Level");
    assert_eq!(node.value().as_deref(), Some("+3 steps"));
}
