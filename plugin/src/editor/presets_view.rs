//! What the header shows of presets, undo and the slots A and B.

use std::path::PathBuf;

use crate::dialogs::DialogState;
use crate::history::{Edits, Slot, Slots};
use crate::params::{ToneNetParams, UserParam};
use crate::presets::{Preset, PresetId, PresetList, PresetTask, shipped};

/// Values closer than this are the same: hosts keep them with other precision.
const SAME_VALUE: f32 = 1e-4;

/// What the header shows of presets, undo and the slots A and B.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PresetsView {
    /// The user's presets.
    pub own: PresetList,
    /// The preset that was loaded last.
    pub chosen: Option<PresetId>,
    /// Whether the settings differ from it.
    pub is_changed: bool,
    /// The question that is open.
    pub dialog: Option<PresetDialog>,
    /// What came of the last change to the user's presets.
    pub task: PresetTask,
    /// What the preset or the slot that was loaded last lacks.
    pub problems: Vec<String>,
    /// The state of the dialog that imports a preset.
    pub importing: DialogState<()>,
    /// The state of the dialog that exports a preset.
    pub exporting: DialogState<PathBuf>,
    /// The name of the step to undo.
    pub undo: Option<String>,
    /// The name of the step to redo.
    pub redo: Option<String>,
    /// The slot that plays.
    pub slot: Slot,
}

/// A question about a preset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PresetDialog {
    /// Under which name to save the settings.
    Save(String),
    /// Which other name a preset gets.
    Rename {
        /// Its name.
        from: String,
        /// The name so far.
        to: String,
    },
    /// Whether to delete a preset.
    Delete(String),
}

impl PresetsView {
    /// The view of an instance. What the window itself keeps has its default.
    pub fn new(params: &ToneNetParams, own: PresetList, edits: &Edits) -> Self {
        let Slots { active, preset, .. } = params.slots().get();
        let is_changed = preset.as_ref().is_some_and(|id| find(id, &own).is_none_or(|preset| differs(preset, params)));
        Self {
            own,
            is_changed,
            chosen: preset,
            undo: edits.next_undo(),
            redo: edits.next_redo(),
            slot: active,
            ..Self::default()
        }
    }

    /// Every preset, in the order of the menu.
    pub fn all(&self) -> impl Iterator<Item = (PresetId, &Preset)> {
        let shipped = shipped().iter().map(|preset| (PresetId::Shipped(preset.name.clone()), preset));
        shipped.chain(self.own.presets.iter().map(|preset| (PresetId::Own(preset.name.clone()), preset)))
    }

    /// The preset after the chosen one, or before it; from the last on to the first.
    pub(super) fn neighbour(&self, is_next: bool) -> Option<PresetId> {
        let all: Vec<PresetId> = self.all().map(|(id, _)| id).collect();
        let chosen = self.chosen.as_ref().and_then(|chosen| all.iter().position(|id| id == chosen));
        let place = match (chosen, is_next) {
            (Some(chosen), true) => chosen + 1,
            (Some(chosen), false) => chosen + all.len() - 1,
            (None, true) => 0,
            (None, false) => all.len() - 1,
        };
        all.get(place % all.len()).cloned()
    }

    /// The user's preset that is chosen, if one is.
    pub(super) fn own_name(&self) -> Option<&str> {
        let is_there = |name: &str| self.own.presets.iter().any(|preset| preset.name == name);
        match &self.chosen {
            Some(PresetId::Own(name)) if is_there(name) => Some(name),
            _ => None,
        }
    }
}

/// The preset with an id.
pub(super) fn find<'a>(id: &PresetId, own: &'a PresetList) -> Option<&'a Preset> {
    let presets = match id {
        PresetId::Shipped(_) => shipped(),
        PresetId::Own(_) => &own.presets,
    };
    presets.iter().find(|preset| preset.name == id.name())
}

/// Whether an instance's settings differ from a preset.
fn differs(preset: &Preset, params: &ToneNetParams) -> bool {
    let read = preset.settings.read(params, UserParam::is_in_presets);
    read.values.iter().any(|(param, value)| (param.of(params).value() - value).abs() > SAME_VALUE)
}
