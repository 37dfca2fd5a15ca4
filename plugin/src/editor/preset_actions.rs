//! Carries out what the user does with presets.

use std::sync::atomic::Ordering;

use nice_plug::prelude::ParamSetter;

use super::action::PresetAction;
use super::app::App;
use super::presets_view::{PresetDialog, PresetsView, find};
use crate::history::Slots;
use crate::instance::Instance;
use crate::params::UserParam;
use crate::presets::{Preset, PresetId, PresetTask, SavedSettings};

/// What the window keeps of presets between frames.
#[derive(Debug, Default)]
pub(super) struct PresetState {
    /// The question that is open.
    pub dialog: Option<PresetDialog>,
    /// What the preset or the slot that was loaded last lacks.
    pub problems: Vec<String>,
    /// What the store is doing for this window.
    begun: Option<Begun>,
}

/// What the store is doing.
#[derive(Debug)]
enum Begun {
    Saving,
    Renaming { from: String },
    Deleting,
    Importing,
}

impl App {
    /// Carries out an action.
    pub(super) fn apply_to_presets(&mut self, action: PresetAction, setter: &ParamSetter) {
        let store = self.instance.presets.clone();
        match action {
            PresetAction::Load(id) => self.load_preset(id, setter),
            PresetAction::Refresh => store.refresh(),
            PresetAction::Ask(dialog) => {
                store.acknowledge();
                self.presets.dialog = Some(dialog);
            }
            PresetAction::Close => {
                store.acknowledge();
                self.dialogs.acknowledge_presets();
                self.presets = PresetState { begun: self.presets.begun.take(), ..PresetState::default() };
            }
            PresetAction::Save { name, may_replace } => {
                if let Some(preset) = self.current_preset(&name) {
                    self.presets.begun = Some(Begun::Saving);
                    store.save(preset, may_replace);
                }
            }
            PresetAction::Rename { from, to } => {
                self.presets.begun = Some(Begun::Renaming { from: from.clone() });
                store.rename(from, to);
            }
            PresetAction::Delete(name) => {
                self.presets.begun = Some(Begun::Deleting);
                store.delete(name);
            }
            PresetAction::Import => {
                self.presets.begun = Some(Begun::Importing);
                self.dialogs.import_preset(store);
            }
            PresetAction::Export => self.dialogs.export_preset(self.exported_preset()),
        }
    }

    /// Finishes what the store has done for this window.
    pub(super) fn follow_presets(&mut self, setter: &ParamSetter) {
        let PresetTask::Done(name) = self.instance.presets.task() else { return };
        let Some(begun) = self.presets.begun.take() else { return };
        self.instance.presets.acknowledge();
        self.presets.dialog = None;
        let slots = self.instance.params.slots();
        match (begun, name) {
            (Begun::Saving, Some(name)) => slots.set(Slots { preset: Some(PresetId::Own(name)), ..slots.get() }),
            (Begun::Renaming { from }, Some(name)) if slots.get().preset == Some(PresetId::Own(from.clone())) => {
                slots.set(Slots { preset: Some(PresetId::Own(name)), ..slots.get() });
            }
            (Begun::Importing, Some(name)) => self.load_preset(PresetId::Own(name), setter),
            _ => {}
        }
    }

    fn load_preset(&mut self, id: PresetId, setter: &ParamSetter) {
        let Instance { params, presets, .. } = &self.instance;
        let own = presets.list();
        let Some(preset) = find(&id, &own) else { return };
        let is_locked = params.take_locked.load(Ordering::Relaxed);
        let is_loaded = |param: UserParam| param.is_in_presets() && !(is_locked && param == UserParam::Take);
        let read = preset.settings.read(params, is_loaded);
        let slots = Slots { preset: Some(id), ..params.slots().get() };
        self.editing(setter).load(format!("Preset {}", preset.name), read.values, slots);
        self.presets.problems = read.problems;
    }

    /// The settings as a preset. A name that is refused gives none; the window asks for another.
    fn current_preset(&self, name: &str) -> Option<Preset> {
        let settings = SavedSettings::from_params(&self.instance.params, UserParam::is_in_presets);
        let plain: String = name.chars().filter(|character| !character.is_control()).collect();
        Preset::new(&plain, settings).ok()
    }

    /// The chosen preset if nothing is changed, else the settings under its name.
    fn exported_preset(&self) -> Preset {
        let Instance { params, presets, edits, .. } = &self.instance;
        let view = PresetsView::new(params, presets.list(), edits);
        let chosen = view.chosen.as_ref().and_then(|id| find(id, &view.own));
        match chosen {
            Some(preset) if !view.is_changed => preset.clone(),
            other => {
                let name = other.map_or("My sound", |preset| &preset.name);
                self.current_preset(name).expect("the name of a preset, or a plain one")
            }
        }
    }
}

#[cfg(test)]
mod tests;
