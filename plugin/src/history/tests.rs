//! Undo, redo and the slots, with a host that takes values at once or a block later.

use std::sync::Arc;

use nice_plug::context::PluginApi;
use nice_plug::context::gui::{GuiContextInner, ParamSetter};
use nice_plug::params::internals::ParamPtr;
use nice_plug::prelude::PluginState;
use parking_lot::Mutex;
use proptest::prelude::*;

use super::*;
use crate::params::{ToneNetParams, UserParam};
use crate::presets::PresetId;

/// A host that takes the window's values when [`Self::process`] is called, as a host does in its next block.
#[derive(Default)]
pub(crate) struct Host {
    waiting: Mutex<Vec<(ParamPtr, f32)>>,
    gestures: Mutex<Vec<&'static str>>,
}

impl Host {
    pub(crate) fn process(&self) {
        for (param, value) in self.waiting.lock().drain(..) {
            // SAFETY: the tests keep the parameters alive, and use them on one thread.
            unsafe { param._internal_set_normalized_value(value) };
        }
    }

    /// What the window sent, in order.
    fn gestures(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.gestures.lock())
    }
}

impl GuiContextInner for Host {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    unsafe fn raw_begin_set_parameter(&self, _param: ParamPtr) {
        self.gestures.lock().push("begin");
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, normalized: f32) {
        self.gestures.lock().push("set");
        self.waiting.lock().push((param, normalized));
    }

    unsafe fn raw_end_set_parameter(&self, _param: ParamPtr) {
        self.gestures.lock().push("end");
    }

    fn get_state(&self) -> PluginState {
        unreachable!("the window saves no state")
    }

    fn set_state(&self, _state: PluginState) {
        unreachable!("the window loads no state")
    }

    fn request_restart(&self) {}
}

/// An instance with its host.
pub(crate) struct Session {
    pub(crate) params: Arc<ToneNetParams>,
    pub(crate) host: Host,
    pub(crate) edits: Edits,
}

impl Session {
    pub(crate) fn new() -> Self {
        let params = Arc::new(ToneNetParams::new(Arc::default()));
        Self { params, host: Host::default(), edits: Edits::default() }
    }

    /// Edits the parameters; the host then processes a block.
    pub(crate) fn edit<R>(&self, edit: impl FnOnce(Editing<'_>) -> R) -> R {
        let result = self.edit_within_a_block(edit);
        self.host.process();
        result
    }

    fn edit_within_a_block<R>(&self, edit: impl FnOnce(Editing<'_>) -> R) -> R {
        let setter = ParamSetter::new(&self.host);
        edit(Editing { params: &self.params, edits: &self.edits, setter: &setter })
    }

    pub(crate) fn value(&self, param: UserParam) -> f32 {
        param.of(&self.params).value()
    }

    fn values(&self) -> Vec<f32> {
        UserParam::ALL.into_iter().map(|param| self.value(param)).collect()
    }

    /// The host automates a parameter.
    fn automate(&self, param: UserParam, value: f32) {
        let setter = ParamSetter::new(&self.host);
        param.of(&self.params).set(&setter, value);
        self.host.process();
    }
}

#[test]
fn an_edit_is_named_undone_and_redone_through_gestures() {
    let session = Session::new();
    session.edit(|edit| edit.set(UserParam::Amount, 0.8));
    assert_eq!(session.host.gestures(), ["begin", "set", "end"]);
    assert_eq!(session.edits.next_undo().as_deref(), Some("Amount 80 %"));
    session.edit(|edit| edit.undo());
    assert_eq!((session.value(UserParam::Amount), session.host.gestures()), (1.0, vec!["begin", "set", "end"]));
    assert_eq!((session.edits.next_undo(), session.edits.next_redo().as_deref()), (None, Some("Amount 80 %")));
    session.edit(|edit| edit.redo());
    assert_eq!(session.value(UserParam::Amount), 0.8);
}

#[test]
fn a_drag_is_one_step_however_often_it_moves() {
    let session = Session::new();
    session.edit(|edit| edit.begin(UserParam::Range));
    for step in 1..50 {
        session.edit(|edit| edit.drag(UserParam::Range, 0.5 + step as f32 / 100.0));
    }
    session.edit(|edit| edit.end(UserParam::Range));
    assert_eq!(session.edits.next_undo().as_deref(), Some("Range 198 %"));
    session.edit(|edit| edit.undo());
    assert_eq!((session.value(UserParam::Range), session.edits.next_undo()), (0.5, None));
}

#[test]
fn a_drag_that_a_closing_window_cuts_off_ends_with_the_next_edit() {
    let session = Session::new();
    session.edit(|edit| edit.begin(UserParam::Range));
    session.edit(|edit| edit.drag(UserParam::Range, 0.75));
    session.edit(|edit| edit.set(UserParam::Take, 0.0));
    assert_eq!(session.host.gestures(), ["begin", "set", "end", "begin", "set", "end"], "every gesture ends");
    assert_eq!(session.edits.next_undo().as_deref(), Some("Range 150 %"), "the take did not change");
}

#[test]
fn edits_within_one_block_are_undone_one_by_one() {
    let session = Session::new();
    session.edit_within_a_block(|edit| edit.set(UserParam::Amount, 0.5));
    session.edit_within_a_block(|edit| edit.set(UserParam::Amount, 0.25));
    session.edit(|edit| edit.undo());
    assert_eq!(session.value(UserParam::Amount), 0.5);
    session.edit(|edit| edit.undo());
    assert_eq!(session.value(UserParam::Amount), 1.0);
}

#[test]
fn the_feel_is_undone_and_the_slots_hold_all_of_it_but_what_needs_a_restart() {
    let session = Session::new();
    session.edit(|edit| edit.switch_slot());
    for (param, name) in [
        (UserParam::Timing, "Timing 100 %"),
        (UserParam::Swing, "Swing 75 % (dotted)"),
        (UserParam::Articulation, "Articulation 100 %"),
        (UserParam::ChordSpread, "Chord spread 100 %"),
        (UserParam::Pedal, "Pedal Replace"),
        (UserParam::TimelineLookAhead, "Timeline look-ahead 30 ms"),
    ] {
        session.edit(|edit| edit.set(param, 1.0));
        assert_eq!(session.edits.next_undo().as_deref(), Some(name));
        session.edit(|edit| edit.undo());
        assert_eq!(session.value(param), 0.0);
        session.edit(|edit| edit.redo());
        session.edit(|edit| edit.switch_slot());
        let is_held = param != UserParam::TimelineLookAhead;
        assert_eq!(session.value(param), if is_held { 0.0 } else { 1.0 }, "{param:?}");
        session.edit(|edit| edit.switch_slot());
        assert_eq!(session.value(param), 1.0, "{param:?}");
    }
}

#[test]
fn automation_is_no_step_and_an_undo_leaves_other_parameters_alone() {
    let session = Session::new();
    session.edit(|edit| edit.set(UserParam::Amount, 0.5));
    session.automate(UserParam::Blend, 0.75);
    assert_eq!(session.edits.next_undo().as_deref(), Some("Amount 50 %"));
    session.edit(|edit| edit.undo());
    assert_eq!((session.value(UserParam::Amount), session.value(UserParam::Blend)), (1.0, 0.75));
    session.automate(UserParam::Amount, 0.25);
    session.edit(|edit| edit.set(UserParam::Amount, 0.75));
    session.edit(|edit| edit.undo());
    assert_eq!(session.value(UserParam::Amount), 0.25, "what automation had set");
}

#[test]
fn a_value_that_the_host_brings_back_is_the_hosts() {
    let session = Session::new();
    session.edit(|edit| edit.set(UserParam::Bypass, 1.0));
    session.edits.forget_answered(&session.params);
    session.automate(UserParam::Bypass, 0.0);
    session.edit(|edit| edit.set(UserParam::Bypass, 1.0));
    session.edit(|edit| edit.undo());
    assert_eq!(session.value(UserParam::Bypass), 0.0, "the second edit is a step of its own");
}

#[test]
fn the_slots_are_the_same_until_one_is_edited_and_a_switch_can_be_undone() {
    let session = Session::new();
    let active = || session.params.slots().get().active;
    assert_eq!(session.edit(|edit| edit.switch_slot()), Vec::<String>::new());
    assert_eq!((active(), session.value(UserParam::Amount)), (Slot::B, 1.0));
    session.edit(|edit| edit.set(UserParam::Amount, 0.25));
    session.edit(|edit| edit.set(UserParam::LookAhead, 1.0));
    session.edit(|edit| edit.switch_slot());
    assert_eq!((active(), session.value(UserParam::Amount)), (Slot::A, 1.0));
    assert_eq!(session.value(UserParam::LookAhead), 1.0, "no switch needs a restart");
    session.edit(|edit| edit.undo());
    assert_eq!((active(), session.value(UserParam::Amount)), (Slot::B, 0.25));
    session.edit(|edit| edit.redo());
    session.edit(|edit| edit.copy_slot());
    assert_eq!(session.edits.next_undo().as_deref(), Some("Copy A to B"));
    session.edit(|edit| edit.switch_slot());
    assert_eq!(session.value(UserParam::Amount), 1.0, "B is a copy of A");
}

#[test]
fn a_project_keeps_the_slots_and_one_without_them_has_two_equal_ones() {
    let session = Session::new();
    session.edit(|edit| edit.set(UserParam::Level, 0.25));
    session.edit(|edit| edit.switch_slot());
    session.edit(|edit| edit.set(UserParam::Level, 0.5));
    let saved = serde_json::to_string(&session.params.slots().get()).unwrap();
    let opened = Session::new();
    opened.params.slots().set(serde_json::from_str(&saved).unwrap());
    opened.edit(|edit| edit.switch_slot());
    assert_eq!(opened.value(UserParam::Level), 0.25, "{saved}");
    let none: Slots = serde_json::from_str("{}").unwrap();
    assert_eq!(none, Slots::default());
    let slots = Slots { preset: Some(PresetId::Own("Mine".into())), ..none };
    assert_eq!(serde_json::from_str::<Slots>(&serde_json::to_string(&slots).unwrap()).unwrap(), slots);
}

/// Something that a user does.
#[derive(Debug, Clone)]
enum Deed {
    Set(usize, f32),
    Drag(usize, Vec<f32>),
    Load(Vec<(usize, f32)>),
    Switch,
    Copy,
    Undo,
    Redo,
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let param = || 0..UserParam::ALL.len();
    let value = || (0u8..=8).prop_map(|eighths| f32::from(eighths) / 8.0);
    let deed = prop_oneof![
        4 => (param(), value()).prop_map(|(param, value)| Deed::Set(param, value)),
        2 => (param(), proptest::collection::vec(value(), 1..5)).prop_map(|(param, values)| Deed::Drag(param, values)),
        1 => proptest::collection::vec((param(), value()), 0..5).prop_map(Deed::Load),
        1 => Just(Deed::Switch),
        1 => Just(Deed::Copy),
        2 => Just(Deed::Undo),
        2 => Just(Deed::Redo),
    ];
    proptest::collection::vec(deed, 1..150)
}

/// The values of all parameters, and the slots.
type State = (Vec<f32>, Slots);

fn state(session: &Session) -> State {
    (session.values(), session.params.slots().get())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// A model keeps every state; undo and redo must lead to the same ones.
    #[test]
    fn undo_and_redo_lead_to_every_state_exactly(deeds in deeds()) {
        let session = Session::new();
        let (mut past, mut future): (Vec<State>, Vec<State>) = Default::default();
        for deed in deeds {
            let before = state(&session);
            session.edit(|edit| match &deed {
                Deed::Set(param, value) => edit.set(UserParam::ALL[*param], *value),
                Deed::Drag(param, values) => {
                    edit.begin(UserParam::ALL[*param]);
                    values.iter().for_each(|value| edit.drag(UserParam::ALL[*param], *value));
                    edit.end(UserParam::ALL[*param]);
                }
                Deed::Load(values) => {
                    let mut values: Vec<_> = values.iter().map(|(param, value)| (UserParam::ALL[*param], *value)).collect();
                    values.sort_by_key(|(param, _)| *param);
                    values.dedup_by_key(|(param, _)| *param);
                    edit.load("a preset".into(), values, session.params.slots().get());
                }
                Deed::Switch => drop(edit.switch_slot()),
                Deed::Copy => edit.copy_slot(),
                Deed::Undo => edit.undo(),
                Deed::Redo => edit.redo(),
            });
            let after = state(&session);
            match deed {
                Deed::Undo => match past.pop() {
                    Some(expected) => {
                        future.push(before);
                        prop_assert_eq!(&after, &expected);
                    }
                    None => prop_assert_eq!(&after, &before),
                },
                Deed::Redo => match future.pop() {
                    Some(expected) => {
                        past.push(before);
                        prop_assert_eq!(&after, &expected);
                    }
                    None => prop_assert_eq!(&after, &before),
                },
                _ if after != before => {
                    past.push(before);
                    past.drain(..past.len().saturating_sub(MOST_STEPS));
                    future.clear();
                }
                _ => {}
            }
            prop_assert_eq!(session.edits.next_undo().is_some(), !past.is_empty());
            prop_assert_eq!(session.edits.next_redo().is_some(), !future.is_empty());
        }
    }

    #[test]
    fn there_are_never_more_than_a_hundred_steps(values in proptest::collection::vec(0.0f32..=1.0, 0..250)) {
        let mut history = History::default();
        for (&before, &after) in values.iter().zip(values.iter().skip(1)) {
            let change = Change { param: UserParam::Amount, before, after };
            history.record(Step { name: "Amount".into(), changes: vec![change], slots: None });
            prop_assert!(history.len() <= MOST_STEPS);
        }
        let undone = std::iter::from_fn(|| history.undo()).count();
        prop_assert_eq!(undone, values.len().saturating_sub(1).min(MOST_STEPS));
        prop_assert!(history.is_empty());
    }
}
