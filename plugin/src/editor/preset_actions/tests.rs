//! What the window does with presets, up to the files.

use std::sync::Arc;
use std::thread;

use tonenet_engine::model_cache::ModelCache;

use super::super::action::{Action, EditAction};
use super::*;
use crate::history::tests::Host;
use crate::presets::{PresetFolder, PresetStore};

/// A window whose user keeps presets in a temporary folder, and its host.
struct Window {
    app: App,
    host: Host,
    _folder: tempfile::TempDir,
}

impl Window {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let presets = Arc::new(PresetStore::new(PresetFolder::at(folder.path())));
        let instance = Instance { presets, ..Instance::new(&ModelCache::default()) };
        Self { app: App::new(instance), host: Host::default(), _folder: folder }
    }

    /// Carries out an action, and waits until its files are written.
    fn act(&mut self, action: Action) {
        self.app.apply(action, &ParamSetter::new(&self.host));
        self.host.process();
        while self.app.instance.presets.task() == PresetTask::Working {
            thread::yield_now();
        }
        self.app.follow_presets(&ParamSetter::new(&self.host));
        self.host.process();
    }

    fn view(&self) -> PresetsView {
        let Instance { params, presets, edits, .. } = &self.app.instance;
        PresetsView::new(params, presets.list(), edits)
    }

    fn save(&mut self, name: &str, may_replace: bool) {
        self.act(Action::Presets(PresetAction::Save { name: name.into(), may_replace }));
    }

    fn take(&self) -> u16 {
        self.app.instance.params.settings().take.0
    }
}

fn own(name: &str) -> Option<PresetId> {
    Some(PresetId::Own(name.into()))
}

#[test]
fn a_preset_that_is_saved_is_the_chosen_one_and_brings_its_settings_back() {
    let mut window = Window::new();
    window.act(Action::Take(7));
    window.act(Action::Presets(PresetAction::Ask(PresetDialog::Save("Mine".into()))));
    window.save("Mine", false);
    assert_eq!((window.view().chosen, window.app.presets.dialog.is_none()), (own("Mine"), true));
    window.act(Action::Take(8));
    assert!(window.view().is_changed);
    window.act(Action::Presets(PresetAction::Load(PresetId::Own("Mine".into()))));
    assert_eq!((window.take(), window.view().is_changed), (7, false));
    assert_eq!(window.view().undo.as_deref(), Some("Preset Mine"));
    window.act(Action::Edit(EditAction::Undo));
    assert_eq!(window.take(), 8);
}

#[test]
fn a_name_that_is_taken_keeps_the_question_open_until_it_is_replaced() {
    let mut window = Window::new();
    window.save("Mine", false);
    window.act(Action::Take(9));
    window.act(Action::Presets(PresetAction::Ask(PresetDialog::Save("Mine".into()))));
    window.save("Mine", false);
    assert_eq!(window.app.instance.presets.task(), PresetTask::Taken("Mine".into()));
    assert!(window.app.presets.dialog.is_some());
    window.save("Mine", true);
    assert!(window.app.presets.dialog.is_none());
    window.act(Action::Take(1));
    window.act(Action::Presets(PresetAction::Load(PresetId::Own("Mine".into()))));
    assert_eq!(window.take(), 9);
}

#[test]
fn a_preset_that_is_renamed_stays_the_chosen_one_and_one_that_is_deleted_leaves_its_sound() {
    let mut window = Window::new();
    window.act(Action::Take(5));
    window.save("Mine", false);
    window.act(Action::Presets(PresetAction::Rename { from: "Mine".into(), to: "Yours".into() }));
    assert_eq!((window.view().chosen, window.view().is_changed), (own("Yours"), false));
    window.act(Action::Presets(PresetAction::Delete("Yours".into())));
    assert_eq!((window.take(), window.view().own.presets.len()), (5, 0));
    assert!(window.view().is_changed, "no preset has these settings any more");
}

#[test]
fn a_slot_keeps_the_preset_that_was_loaded_into_it() {
    let mut window = Window::new();
    let chosen = |window: &Window| window.view().chosen.map(|id| id.name().to_owned());
    window.act(Action::Presets(PresetAction::Load(PresetId::Shipped("Late-night trio".into()))));
    assert_eq!(window.take(), 7);
    window.act(Action::Edit(EditAction::SwitchSlot));
    window.act(Action::Presets(PresetAction::Load(PresetId::Shipped("Parlour Chopin".into()))));
    assert_eq!((window.take(), chosen(&window).as_deref()), (3, Some("Parlour Chopin")));
    window.act(Action::Edit(EditAction::SwitchSlot));
    assert_eq!((window.take(), chosen(&window).as_deref()), (7, Some("Late-night trio")));
    assert!(!window.view().is_changed);
}

#[test]
fn an_unchanged_preset_is_exported_as_it_is_and_others_under_its_name() {
    let mut window = Window::new();
    assert_eq!(window.app.exported_preset().name, "My sound");
    window.act(Action::Presets(PresetAction::Load(PresetId::Shipped("Gentle ballad".into()))));
    assert_eq!(window.app.exported_preset(), crate::presets::shipped()[0]);
    window.act(Action::Take(4));
    let exported = window.app.exported_preset();
    assert_eq!(exported.name, "Gentle ballad");
    assert_ne!(exported.settings, crate::presets::shipped()[0].settings);
}
