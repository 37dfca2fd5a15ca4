//! Fuzzes saved states: a state is refused, or its parameters are in range and saving and loading reproduces them.

use std::collections::BTreeMap;
use std::sync::Arc;

use nice_plug::params::InternalParamMut;
use nice_plug::plugin::ParamValue;
use nice_plug::prelude::{Param as _, ParamPtr, Params, Plugin, PluginState};
use tonenet_core::clip::{Bars, CapturedPart};
use tonenet_core::scheduler::{Mode, SchedulerConfig};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed, built_in_keys};
use tonenet_core::timeline::{TimelineEvent, TimelineRecorder, TimelineSnapshot};
use tonenet_plugin::ToneNet;
use tonenet_plugin::params::{LAST_TAKE, STATE_VERSION, ToneNetParams};

const SAMPLE_RATE: f32 = 48_000.0;

/// Loads bytes as a saved state, as the plugin framework does, and checks the result.
pub fn check(bytes: &[u8]) {
    let Ok(mut state) = serde_json::from_slice::<PluginState>(bytes) else { return };
    let params = ToneNetParams::new(Arc::default());
    load(&params, &mut state);
    check_params(&params);

    let mut saved = save(&params);
    let json = serde_json::to_vec(&saved).unwrap_or_else(|e| panic!("a loaded state cannot be saved: {e}"));
    let read = serde_json::from_slice::<PluginState>(&json);
    assert!(read.is_ok(), "the saved state is refused: {}", String::from_utf8_lossy(&json));
    check_performance(&params, &saved);
    let again = ToneNetParams::new(Arc::default());
    load(&again, &mut saved);
    assert_eq!(again.serialize_fields(), params.serialize_fields(), "saving and loading changes the state");
    assert_eq!(again.settings(), params.settings());
    assert_eq!(again.tempo(), params.tempo());
    assert_eq!(again.look_ahead.value(), params.look_ahead.value());
    assert_eq!(again.clips().settings(), params.clips().settings());
    let in_song = |params: &ToneNetParams| params.clips().selected().placement.is_some();
    assert_eq!(in_song(&again), in_song(&params));
}

/// Loads a state as the framework's private `deserialize_object` does.
fn load(params: &ToneNetParams, state: &mut PluginState) {
    ToneNet::filter_state(state);
    let by_id: BTreeMap<String, ParamPtr> = params.param_map().into_iter().map(|(id, param, _)| (id, param)).collect();
    for (id, value) in &state.params {
        let Some(&param) = by_id.get(id) else { continue };
        // SAFETY: the pointers are to fields of `params`, which is borrowed for longer.
        unsafe {
            match (param, value) {
                (ParamPtr::FloatParam(p), ParamValue::F32(v)) => drop((*p)._internal_set_plain_value(*v)),
                (ParamPtr::IntParam(p), ParamValue::I32(v)) => drop((*p)._internal_set_plain_value(*v)),
                (ParamPtr::BoolParam(p), ParamValue::Bool(v)) => drop((*p)._internal_set_plain_value(*v)),
                (ParamPtr::EnumParam(p), ParamValue::I32(v)) => drop((*p)._internal_set_plain_value(*v)),
                (ParamPtr::EnumParam(p), ParamValue::String(id)) => drop((*p).set_from_id(id)),
                // The framework skips a value of another kind than the parameter.
                _ => {}
            }
            param._internal_update_smoother(SAMPLE_RATE, true);
        }
    }
    params.deserialize_fields(&state.fields);
}

/// Saves a state as the framework's private `serialize_object` does.
fn save(params: &ToneNetParams) -> PluginState {
    let value = |param: ParamPtr| {
        // SAFETY: the pointers are to fields of `params`, which is borrowed for longer.
        unsafe {
            match param {
                ParamPtr::FloatParam(p) => ParamValue::F32((*p).unmodulated_plain_value()),
                ParamPtr::IntParam(p) => ParamValue::I32((*p).unmodulated_plain_value()),
                ParamPtr::BoolParam(p) => ParamValue::Bool((*p).unmodulated_plain_value()),
                ParamPtr::EnumParam(p) => match (*p).unmodulated_plain_id() {
                    Some(id) => ParamValue::String(id.into()),
                    None => ParamValue::I32((*p).unmodulated_plain_value()),
                },
            }
        }
    };
    PluginState {
        version: ToneNet::VERSION.into(),
        params: params.param_map().into_iter().map(|(id, param, _)| (id, value(param))).collect(),
        fields: params.serialize_fields(),
    }
}

/// The loaded performance can be played, recorded over and restyled, and loading a saved state keeps the user's undo.
fn check_performance(params: &ToneNetParams, saved: &PluginState) {
    let store = params.timeline();
    let (take, _) = store.get();
    let (notes, pedals) = take.performance();
    assert!(notes.iter().all(|n| n.onset.is_finite() && n.release.is_finite() && n.release >= n.onset));
    assert!(pedals.iter().all(|p| p.0.is_finite()));
    let mut recorder = TimelineRecorder::new(&take);
    let table = take.column_table(&built_in_keys());
    let blend = StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::POP, share_of_b: 0.5 };
    for note in take.notes() {
        let beats = note.beats;
        let found = take.find(beats, note.channel, note.key).expect("it is there");
        let expected = take.expected(found, &table, blend, TakeSeed(7));
        assert!(expected.is_none_or(|e| e.deviation.is_finite() && (1.0..=127.0).contains(&e.level)), "{expected:?}");
        let (channel, key, velocity, beat_seconds) = (note.channel, note.key, note.velocity, note.beat_seconds.into());
        recorder.record(&TimelineEvent::NoteOn { beats, beat_seconds, channel, key, velocity });
        recorder.record(&TimelineEvent::Traversed { from: beats - 1.0, to: beats + 1.0 });
    }
    recorder.record(&TimelineEvent::PassEnded);
    assert!(recorder.snapshot(&take).notes().len() <= take.notes().len());
    let heard = CapturedPart::from_timeline(&take, 4.0);
    assert!(heard.last_bars(8, &Bars::default()).is_none_or(|clip| clip.length() <= 32.0));

    // The user's change, which undo reverts to the saved performance.
    store.replace(TimelineSnapshot::default());
    store.replace((*take).clone());
    params.deserialize_fields(&saved.fields);
    assert!(store.summary().can_undo, "loading the same performance removes the undo");
}

/// Settings are in range, hosts see normalised values, and the latency fits the mode.
fn check_params(params: &ToneNetParams) {
    let settings = params.settings();
    let expression = settings.expression;
    for (name, value, range) in [
        ("blend", settings.style.share_of_b, 0.0..=1.0),
        ("amount", expression.amount, 0.0..=1.0),
        ("keep accents", expression.keep_accents, 0.0..=1.0),
        ("level", expression.level, -40.0..=40.0),
        ("range", expression.range, 0.0..=2.0),
    ] {
        assert!(range.contains(&value), "{name} is {value}");
    }
    let velocities = 1..=127;
    assert!(velocities.contains(&expression.floor) && velocities.contains(&expression.ceiling), "{expression:?}");
    assert!(settings.take.0 <= LAST_TAKE, "{:?}", settings.take);

    let wish = params.clips().settings();
    assert_eq!(wish.in_range(), wish, "a wish out of range");
    let shown = params.clips().selected();
    let count = shown.clips.len();
    assert!(shown.index < count.max(1) && count <= 16, "{shown:?}");

    for (id, param, _) in params.param_map() {
        // SAFETY: the pointers are to fields of `params`, which is borrowed for longer.
        let (share, text) = unsafe {
            let share = param.unmodulated_normalized_value();
            (share, param.normalized_value_to_string(share, true))
        };
        assert!((0.0..=1.0).contains(&share), "{id} is at {share}");
        assert!(!text.is_empty(), "{id} has no text");
    }

    let tempo = params.tempo();
    assert!(tempo.is_finite() && tempo >= 0.0, "tempo {tempo}");
    let mode = Mode::from(params.look_ahead.value());
    let latency = SchedulerConfig::for_mode(mode, tempo, SAMPLE_RATE.into(), 512).latency;
    // At most four beats at 20 beats a minute; zero in modes without latency.
    assert!(latency <= 12 * SAMPLE_RATE as u32, "latency {latency}");
    assert_eq!(latency == 0, matches!(mode, Mode::LiveZeroLatency | Mode::Timeline), "latency {latency}");
    assert_eq!(params.serialize_fields()["state_version"], STATE_VERSION.to_string());
}
