//! Helpers that the host tests share: the bundles under test, the demo piece, and the expected velocities.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::{Path, PathBuf};

use serde_json::Value;
use tonenet_core::dynamics::Expression;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::scheduler::{SchedulerConfig, WindowLength};
use tonenet_core::scope::{self, Scope, ScopeNote, ScopePart, VoicePosition};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::transport::Transport;
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::vst3::Vst3Host;
use tonenet_hosts::{Host, Session, check};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::offline::{Playback, events_from_song, restyle};
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::restyler::Restyler;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_test_support::midi_from_tracks;

/// Samples per second in every test.
pub const RATE: f64 = 48_000.0;

/// The value of the parameter Look-ahead for each mode without a window.
pub mod look_ahead {
    pub const LIVE: f64 = 4.0;
    pub const ZERO_LATENCY: f64 = 5.0;
    pub const TIMELINE: f64 = 6.0;
}

pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of the bundles that `cargo xtask test` built.
pub fn bundles() -> PathBuf {
    std::env::var_os("TONENET_BUNDLES").map_or_else(|| workspace().join("target/bundled-test"), PathBuf::from)
}

pub fn clap_bundle() -> PathBuf {
    bundles().join("ToneNet.clap")
}

pub fn clap_host() -> ClapHost {
    ClapHost::load(&clap_bundle()).unwrap()
}

pub fn vst3_host() -> Vst3Host {
    Vst3Host::load(&bundles().join("ToneNet.vst3")).unwrap()
}

/// The demo piece: two minutes, 549 notes.
pub fn piece() -> Song {
    let path = workspace().join("assets/demo/bach-prelude-bwv-846.mid");
    Song::parse(std::fs::read(path).unwrap()).unwrap()
}

/// A song with one track of 96 ticks a beat, from the track's bytes without its end.
pub fn song_of_track(track: &[u8]) -> Song {
    Song::parse(midi_from_tracks(96, &[track])).unwrap()
}

/// The velocities that the song was played with.
pub fn own_velocities(song: &Song) -> Vec<u8> {
    song.notes().iter().map(|n| n.note.velocity).collect()
}

/// The value of Style and Style B for a place in the list. The one in the middle is that of Jazz once more.
pub fn style_value(style: StyleIndex) -> f64 {
    let place = style.index();
    if place < 13 { place as f64 } else { place as f64 + 1.0 }
}

/// A session with the plugin's defaults in a style.
pub fn in_style(song: &Song, style: StyleIndex) -> Session {
    Session::from_song(song, RATE).with_parameter("Style", style_value(style))
}

/// Plays a session and checks that nothing but velocities changed; returns them and the latency.
pub fn play_velocities(host: &mut impl Host, session: &Session) -> (Vec<u8>, u32) {
    let output = host.play(session, |_, _| {}).unwrap();
    (check::velocities(session, &output).unwrap(), output.latency)
}

/// The JSON of the plugin's state.
pub fn state_json(host: &mut dyn Host) -> Value {
    let state = host.save_state().unwrap();
    serde_json::from_slice(host.json_of_state(&state)).unwrap()
}

/// Saves the project, edits its JSON, and opens it again.
pub fn edit_state(host: &mut dyn Host, edit: impl FnOnce(&mut Value)) {
    let mut json = state_json(host);
    edit(&mut json);
    host.load_state(&host.state_from_json(json.to_string().into_bytes())).unwrap();
}

/// The JSON of a state in `tests/states`.
pub fn saved_state_json(name: &str) -> Vec<u8> {
    std::fs::read(workspace().join(format!("tests/states/{name}.json"))).unwrap()
}

/// The folders of the models in the order of the plugin's parameter; the first is the default.
pub const MODELS: [&str; 3] = ["note", "attention", "baseline"];

/// Loads a model on ONNX Runtime.
pub fn load_model(model: &str) -> LoadedModel {
    let library = workspace().join("third_party/onnxruntime/libonnxruntime.so");
    let (runtime, report) = Runtime::open(RuntimePreference::OnnxRuntime, &library::candidates(Some(&library)));
    assert!(report.library.is_some(), "run `cargo xtask setup onnxruntime` first: {:?}", report.notes);
    let files = ModelFiles::from_dir(&workspace().join("assets/models").join(model)).unwrap();
    LoadedModel::load(&runtime, &files).unwrap()
}

/// A user's settings; by default the plugin's.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub model: &'static str,
    pub style: StyleBlend,
    pub take: TakeSeed,
    pub expression: Expression,
    pub scope: Scope,
    pub condition_on_player: bool,
}

impl Settings {
    /// The plugin's defaults in a style.
    pub fn for_style(style: StyleIndex) -> Self {
        Self {
            model: MODELS[0],
            style: StyleBlend::only(style),
            take: TakeSeed(0),
            expression: Expression::default(),
            scope: Scope { low: 21, high: 108, part: ScopePart::All },
            condition_on_player: false,
        }
    }

    /// The song in a host with these settings.
    pub fn session(&self, song: &Song) -> Session {
        let Expression { amount, keep_accents, level, range, floor, ceiling } = self.expression;
        let model = MODELS.iter().position(|&model| model == self.model).unwrap();
        in_style(song, self.style.a)
            .with_parameter("Style B", style_value(self.style.b))
            .with_parameter("Blend", self.style.share_of_b.into())
            .with_parameter("Amount", amount.into())
            .with_parameter("Keep my accents", keep_accents.into())
            .with_parameter("Level", f64::from(level) + 40.0)
            .with_parameter("Range", f64::from(range) / 2.0)
            .with_parameter("Floor", f64::from(floor) - 1.0)
            .with_parameter("Ceiling", f64::from(ceiling) - 1.0)
            .with_parameter("Take", self.take.0.into())
            .with_parameter("Model", model as f64)
            .with_parameter("Listen to me", f64::from(u8::from(self.condition_on_player)))
            .with_parameter("Lowest key", f64::from(self.scope.low) - 21.0)
            .with_parameter("Highest key", f64::from(self.scope.high) - 21.0)
            .with_parameter("Part", f64::from(self.scope.part as u8))
    }

    /// The velocities without a plugin or host: on ONNX Runtime, with one beat of look-ahead.
    pub fn expected_velocities(&self, song: &Song) -> Vec<u8> {
        let tempo = Session::from_song(song, RATE).position_at(0).1;
        // The plugin stores the tempo in thousandths.
        let look_ahead = SchedulerConfig::window(WindowLength::OneBeat, (tempo * 1000.0).round() / 1000.0, RATE);
        self.expected_velocities_at(song, look_ahead)
    }

    /// The velocities without a plugin or host, at another look-ahead.
    pub fn expected_velocities_at(&self, song: &Song, look_ahead: SchedulerConfig) -> Vec<u8> {
        self.expected_velocities_of(&load_model(self.model), song, look_ahead)
    }

    /// The velocities of a model without a plugin or host.
    pub fn expected_velocities_of(&self, model: &LoadedModel, song: &Song, look_ahead: SchedulerConfig) -> Vec<u8> {
        let session = Session::from_song(song, RATE);
        let playback = Playback { sample_rate: RATE, look_ahead, block: 512, style: self.style, take: self.take };
        let transport = |time| {
            let (beats, tempo) = session.position_at(time);
            Transport { playing: true, tempo: Some(tempo), beats: Some(beats), ..Default::default() }
        };
        let mut restyler = Restyler::new(model.live_model(RATE));
        restyler.condition_on_player(self.condition_on_player);
        let predicted = restyle(&mut restyler, &events_from_song(song, RATE), &playback, transport).unwrap();
        // The part's note-ons are in the order of the file, the song's notes in the order of their onsets.
        let mut velocities = own_velocities(song);
        let order = session.messages.iter().filter_map(|m| m.note);
        let voices = self::voices(song);
        for (note, predicted) in order.zip(predicted) {
            let is_in_scope = self.scope.includes(song.notes()[note].note.key, voices[note]);
            if let Some(predicted) = predicted.filter(|_| is_in_scope) {
                velocities[note] = self.expression.velocity(velocities[note], predicted);
            }
        }
        velocities
    }
}

/// The place of each of a song's notes among those that sound with it.
pub fn voices(song: &Song) -> Vec<VoicePosition> {
    let note = |Note { onset, release, channel, key, .. }| ScopeNote { onset, release, channel, key };
    scope::voices(&song.notes().iter().map(|n| note(n.note)).collect::<Vec<_>>())
}

/// The velocities of a song with the plugin's defaults in a style, without a plugin or host.
pub fn expected_velocities(song: &Song, style: StyleIndex) -> Vec<u8> {
    Settings::for_style(style).expected_velocities(song)
}

/// The largest difference between the velocities of the same notes.
pub fn max_difference(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len(), "not the same notes");
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().expect("there are notes")
}

/// The mean difference between the velocities of the same notes.
pub fn mean_difference(a: &[u8], b: &[u8]) -> f64 {
    assert!(!a.is_empty() && a.len() == b.len(), "{} and {} notes", a.len(), b.len());
    let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / a.len() as f64
}
