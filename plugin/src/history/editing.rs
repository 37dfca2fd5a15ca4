//! Sets parameters as the user asks, and records each edit as a step.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nice_plug::prelude::ParamSetter;
use parking_lot::Mutex;

use super::{Change, History, Restored, Slots, Step, StoredSlot};
use crate::params::{AnyParam, ToneNetParams, UserParam};
use crate::presets::SavedSettings;

/// What an instance keeps of the user's edits. It outlives the window.
#[derive(Debug, Default)]
pub struct Edits(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    history: History,
    /// The parameter that the user is dragging, and its value before.
    gesture: Option<(UserParam, f32)>,
    asked: BTreeMap<UserParam, Asked>,
}

/// A value that was sent to the host. The parameter takes it when the host sends it back, perhaps a block later.
#[derive(Debug, Clone, Copy)]
struct Asked {
    value: f32,
    /// The parameter's value at that moment.
    found: f32,
    /// When that was.
    since: Instant,
}

/// How long the host may take to send a value back. After that it has refused it.
const ANSWER: Duration = Duration::from_secs(1);

impl Edits {
    /// The name of the step that undo undoes.
    pub fn next_undo(&self) -> Option<String> {
        self.0.lock().history.next_undo().map(Into::into)
    }

    /// Forgets what the host was asked for and has answered. The window calls it in each frame, so that a value that comes
    /// back later is the host's.
    pub fn forget_answered(&self, params: &ToneNetParams) {
        self.0.lock().asked.retain(|param, asked| param.of(params).value() == asked.found);
    }

    /// The name of the step that redo redoes.
    pub fn next_redo(&self) -> Option<String> {
        self.0.lock().history.next_redo().map(Into::into)
    }
}

impl Contents {
    /// A parameter's value, counting what the host was asked for and has not sent back yet.
    fn value(&self, param: UserParam, params: &ToneNetParams) -> f32 {
        let found = param.of(params).value();
        match self.asked.get(&param) {
            Some(asked) if asked.found == found && asked.since.elapsed() < ANSWER => asked.value,
            _ => found,
        }
    }

    /// Notes that the host is asked for a value.
    fn ask(&mut self, param: UserParam, params: &ToneNetParams, value: f32) {
        self.asked.insert(param, Asked { value, found: param.of(params).value(), since: Instant::now() });
    }
}

/// Edits the parameters of an instance.
#[derive(Clone, Copy)]
pub struct Editing<'a> {
    /// The parameters.
    pub params: &'a ToneNetParams,
    /// What is kept of the edits.
    pub edits: &'a Edits,
    /// Passes values on to the host.
    pub setter: &'a ParamSetter<'a>,
}

impl Editing<'_> {
    /// Sets a parameter to a value from 0 to 1, in one step.
    pub fn set(self, param: UserParam, value: f32) {
        let name = format!("{} {}", self.param(param).title(), self.param(param).text(value));
        self.load(name, vec![(param, value)], self.params.slots().get());
    }

    /// Begins to drag a parameter. What follows until [`Self::end`] is one step.
    pub fn begin(self, param: UserParam) {
        self.end_open_gesture();
        let mut contents = self.edits.0.lock();
        let before = contents.value(param, self.params);
        contents.gesture = Some((param, before));
        drop(contents);
        self.param(param).begin(self.setter);
    }

    /// Drags a parameter to a value from 0 to 1.
    pub fn drag(self, param: UserParam, value: f32) {
        let value = self.param(param).nearest(value);
        self.edits.0.lock().ask(param, self.params, value);
        self.param(param).set(self.setter, value);
    }

    /// Ends dragging a parameter.
    pub fn end(self, param: UserParam) {
        if self.edits.0.lock().gesture.is_some_and(|(open, _)| open == param) {
            self.end_open_gesture();
        }
    }

    /// Ends a gesture that was left open, as by a window that closes while the user drags.
    pub fn end_open_gesture(self) {
        let mut contents = self.edits.0.lock();
        let Some((param, before)) = contents.gesture.take() else { return };
        let after = contents.value(param, self.params);
        let name = format!("{} {}", self.param(param).title(), self.param(param).text(after));
        let changes = vec![Change { param, before, after }];
        contents.history.record(Step { name, changes, slots: None });
        drop(contents);
        self.param(param).end(self.setter);
    }

    /// Sets several parameters and the slots in one step.
    pub fn load(self, name: String, mut values: Vec<(UserParam, f32)>, slots: Slots) {
        self.end_open_gesture();
        values.iter_mut().for_each(|(param, value)| *value = self.param(*param).nearest(*value));
        let change = |contents: &Contents, (param, after)| {
            let before = contents.value(param, self.params);
            Change { param, before, after }
        };
        let before = self.params.slots().get();
        {
            let mut contents = self.edits.0.lock();
            let changes = values.iter().map(|&value| change(&contents, value)).collect();
            contents.history.record(Step { name, changes, slots: Some((before, slots.clone())) });
        }
        self.restore(Restored { values, slots: Some(slots) });
    }

    /// Undoes the last step.
    pub fn undo(self) {
        self.end_open_gesture();
        let restored = self.edits.0.lock().history.undo();
        restored.into_iter().for_each(|restored| self.restore(restored));
    }

    /// Redoes the step that was undone last.
    pub fn redo(self) {
        self.end_open_gesture();
        let restored = self.edits.0.lock().history.redo();
        restored.into_iter().for_each(|restored| self.restore(restored));
    }

    /// Plays the other slot. The settings go into the slot that played. Returns which styles are missing, in words.
    pub fn switch_slot(self) -> Vec<String> {
        let Slots { active, preset, other } = self.params.slots().get();
        let current = StoredSlot { settings: self.current(), preset };
        let StoredSlot { settings, preset } = other.unwrap_or_else(|| current.clone());
        let read = settings.read(self.params, UserParam::is_in_slots);
        let slots = Slots { active: active.other(), preset, other: Some(current) };
        self.load(format!("Switch to {}", slots.active.name()), read.values, slots);
        read.problems
    }

    /// Copies the settings of the slot that plays to the other one.
    pub fn copy_slot(self) {
        let slots = self.params.slots().get();
        let other = StoredSlot { settings: self.current(), preset: slots.preset.clone() };
        let name = format!("Copy {} to {}", slots.active.name(), slots.active.other().name());
        self.load(name, Vec::new(), Slots { other: Some(other), ..slots });
    }

    /// The settings that play, as a slot stores them.
    fn current(self) -> SavedSettings {
        let contents = self.edits.0.lock();
        let value = |param: UserParam| contents.value(param, self.params);
        SavedSettings::from_values(self.params, UserParam::is_in_slots, value)
    }

    /// Sets parameters, each in a gesture of its own, and the slots.
    fn restore(self, restored: Restored) {
        for (param, value) in restored.values {
            self.edits.0.lock().ask(param, self.params, value);
            let param = self.param(param);
            param.begin(self.setter);
            param.set(self.setter, value);
            param.end(self.setter);
        }
        restored.slots.into_iter().for_each(|slots| self.params.slots().set(slots));
    }

    fn param(&self, param: UserParam) -> &dyn AnyParam {
        param.of(self.params)
    }
}
