//! The steps that can be undone and redone.

use std::collections::VecDeque;

use super::Slots;
use crate::params::UserParam;

/// The most steps that can be undone.
pub const MOST_STEPS: usize = 100;

/// A parameter that a step changes. Values are normalised to 0–1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The parameter.
    pub param: UserParam,
    /// Its value before the step.
    pub before: f32,
    /// Its value after the step.
    pub after: f32,
}

/// An edit of the user.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Step {
    /// What was done, such as "Amount 80 %".
    pub name: String,
    /// The parameters that it changes.
    pub changes: Vec<Change>,
    /// The slots before and after the step, if it changes them.
    pub slots: Option<(Slots, Slots)>,
}

/// What undo or redo sets.
#[derive(Debug, Clone, PartialEq)]
pub struct Restored {
    /// Parameters and their values.
    pub values: Vec<(UserParam, f32)>,
    /// The slots, if they change.
    pub slots: Option<Slots>,
}

/// The steps of an instance.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    done: VecDeque<Step>,
    undone: Vec<Step>,
}

impl History {
    /// Adds a step. Undone steps are then lost, and so is the oldest step beyond [`MOST_STEPS`]. A step that changes nothing is
    /// not added.
    pub fn record(&mut self, mut step: Step) {
        step.changes.retain(|change| change.before != change.after);
        step.slots.take_if(|(before, after)| before == after);
        if step.changes.is_empty() && step.slots.is_none() {
            return;
        }
        self.undone.clear();
        if self.done.len() == MOST_STEPS {
            self.done.pop_front();
        }
        self.done.push_back(step);
    }

    /// Undoes the last step, and returns what to set.
    pub fn undo(&mut self) -> Option<Restored> {
        let step = self.done.pop_back()?;
        let restored = Restored {
            values: step.changes.iter().map(|change| (change.param, change.before)).collect(),
            slots: step.slots.as_ref().map(|(before, _)| before.clone()),
        };
        self.undone.push(step);
        Some(restored)
    }

    /// Redoes the step that was undone last, and returns what to set.
    pub fn redo(&mut self) -> Option<Restored> {
        let step = self.undone.pop()?;
        let restored = Restored {
            values: step.changes.iter().map(|change| (change.param, change.after)).collect(),
            slots: step.slots.as_ref().map(|(_, after)| after.clone()),
        };
        self.done.push_back(step);
        Some(restored)
    }

    /// The name of the step that [`Self::undo`] undoes.
    pub fn next_undo(&self) -> Option<&str> {
        self.done.back().map(|step| step.name.as_str())
    }

    /// The name of the step that [`Self::redo`] redoes.
    pub fn next_redo(&self) -> Option<&str> {
        self.undone.last().map(|step| step.name.as_str())
    }

    /// The number of steps that can be undone.
    pub fn len(&self) -> usize {
        self.done.len()
    }

    /// Whether there is nothing to undo.
    pub fn is_empty(&self) -> bool {
        self.done.is_empty()
    }
}
