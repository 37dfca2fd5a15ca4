//! When the window draws itself anew.

use std::sync::atomic::Ordering;

use tonenet_engine::model_cache::ModelCache;

use super::*;

/// The window of a new instance, which has just been drawn.
fn drawn() -> App {
    let mut app = App::new(Instance::new(&ModelCache::default()));
    draw(&mut app);
    app
}

fn draw(app: &mut App) {
    let view = app.view();
    app.shown = Some(view);
    app.next_look = Instant::now();
}

#[test]
fn a_window_with_nothing_new_is_not_drawn_again() {
    let mut app = drawn();
    for _ in 0..3 {
        app.next_look = Instant::now();
        assert!(!app.needs_repaint());
    }
}

#[test]
fn whatever_changes_outside_the_window_draws_it_once() {
    type Change = fn(&App);
    let changes: [(&str, Change); 4] = [
        ("a counter", |app| app.instance.status.late.store(1, Ordering::Relaxed)),
        ("a restart", |app| app.instance.status.restart_pending.store(true, Ordering::Relaxed)),
        ("the runtime", |app| app.instance.status.info.lock().runtime = "another".into()),
        ("a clip's setting", |app| app.instance.params.clips().change_settings(|settings| settings.seed += 1)),
    ];
    for (what, change) in changes {
        let mut app = drawn();
        change(&app);
        assert!(app.needs_repaint(), "{what}");
        draw(&mut app);
        assert!(!app.needs_repaint(), "{what} is drawn");
    }
}

#[test]
fn a_space_bar_that_is_held_counts_once() {
    let draw = |ui: &mut egui::Ui, pressed: &mut u32| *pressed += u32::from(take_space(ui));
    let mut harness = egui_kittest::Harness::builder().build_ui_state(draw, 0);
    for (is_down, pressed) in [(true, 1), (true, 1), (true, 1), (false, 1), (true, 2)] {
        match is_down {
            true => harness.key_down(egui::Key::Space),
            false => harness.key_up(egui::Key::Space),
        }
        harness.step();
        assert_eq!(*harness.state(), pressed);
    }
}
