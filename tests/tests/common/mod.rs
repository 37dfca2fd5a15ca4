//! What the host tests share: the bundles under test, the piece, and the engine without a host.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::{Path, PathBuf};

use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::midi::Song;
use tonenet_core::scheduler::{SchedulerConfig, WindowLength};
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::transport::Transport;
use tonenet_hosts::Session;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::offline::{Playback, events_from_song, restyle};
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::restyler::Restyler;
use tonenet_inference::runtime::{Runtime, RuntimePreference};

pub const RATE: f64 = 48_000.0;

pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder of the bundles that `cargo xtask test` built.
pub fn bundles() -> PathBuf {
    std::env::var_os("TONENET_BUNDLES").map_or_else(|| workspace().join("target/bundled-test"), PathBuf::from)
}

pub fn clap() -> PathBuf {
    bundles().join("ToneNet.clap")
}

pub fn vst3() -> PathBuf {
    bundles().join("ToneNet.vst3")
}

/// The demo piece: two minutes, 549 notes.
pub fn piece() -> Song {
    let path = workspace().join("assets/demo/bach-prelude-bwv-846.mid");
    Song::parse(std::fs::read(path).unwrap()).unwrap()
}

pub fn own_velocities(song: &Song) -> Vec<u8> {
    song.notes().iter().map(|n| n.note.velocity).collect()
}

/// The folders of the models in the order of the plugin's parameter; the first is its default.
pub const MODELS: [&str; 3] = ["note", "attention", "baseline"];

/// What a user has set: by default as the plugin has it.
#[derive(Debug, Clone, Copy)]
pub struct Performance {
    pub model: &'static str,
    pub style: StyleBlend,
    pub take: TakeSeed,
    pub expression: Expression,
}

impl Performance {
    pub fn of(style: Genre) -> Self {
        Self { model: MODELS[0], style: StyleBlend::only(style), take: TakeSeed(0), expression: Expression::default() }
    }

    /// The song in a host with all of it set.
    pub fn session(&self, song: &Song) -> Session {
        let Expression { amount, keep_accents, level, range, floor, ceiling } = self.expression;
        let model = MODELS.iter().position(|&model| model == self.model).unwrap();
        Session::from_song(song, RATE)
            .with("Style", self.style.a.index() as f64)
            .with("Style B", self.style.b.index() as f64)
            .with("Blend", self.style.share_of_b.into())
            .with("Amount", amount.into())
            .with("Keep my accents", keep_accents.into())
            .with("Level", f64::from(level) + 40.0)
            .with("Range", f64::from(range) / 2.0)
            .with("Floor", f64::from(floor) - 1.0)
            .with("Ceiling", f64::from(ceiling) - 1.0)
            .with("Take", self.take.0.into())
            .with("Model", model as f64)
    }

    /// What the engine makes of a song without a plugin or host: ONNX Runtime, one beat of look-ahead.
    pub fn velocities(&self, song: &Song) -> Vec<u8> {
        let tempo = Session::from_song(song, RATE).transport(0).1;
        self.velocities_at(
            song,
            SchedulerConfig::window(WindowLength::OneBeat, (tempo * 1000.0).round() / 1000.0, RATE),
        )
    }

    /// The same at another look-ahead.
    pub fn velocities_at(&self, song: &Song, look_ahead: SchedulerConfig) -> Vec<u8> {
        let library = workspace().join("third_party/onnxruntime/libonnxruntime.so");
        let (runtime, report) = Runtime::open(RuntimePreference::OnnxRuntime, &library::candidates(Some(&library)));
        assert!(report.library.is_some(), "run `cargo xtask setup onnxruntime` first: {:?}", report.notes);
        let files = ModelFiles::from_dir(&workspace().join("assets/models").join(self.model)).unwrap();
        let model = LoadedModel::load(&runtime, &files).unwrap();
        let session = Session::from_song(song, RATE);
        let playback = Playback { sample_rate: RATE, look_ahead, block: 512, style: self.style, take: self.take };
        let transport = |time| {
            let (beats, tempo) = session.transport(time);
            Transport { playing: true, tempo: Some(tempo), beats: Some(beats), ..Default::default() }
        };
        let mut restyler = Restyler::new(model.live_model(RATE));
        let expected = restyle(&mut restyler, &events_from_song(song, RATE), &playback, transport).unwrap();
        // The part's note-ons stand in the order of the file, the song's notes by onset.
        let mut velocities = own_velocities(song);
        let order = session.messages.iter().filter_map(|m| m.note);
        for (note, expected) in order.zip(expected) {
            if let Some(expected) = expected {
                velocities[note] = self.expression.velocity(velocities[note], expected);
            }
        }
        velocities
    }
}

/// What the plugin makes of a song by default, in a style.
pub fn reference(song: &Song, style: Genre) -> Vec<u8> {
    Performance::of(style).velocities(song)
}

/// How far apart the two velocities of a note lie at most; the performances must be of the same notes, and have some.
pub fn furthest(a: &[u8], b: &[u8]) -> u8 {
    assert_eq!(a.len(), b.len(), "other notes");
    a.iter().zip(b).map(|(a, b)| a.abs_diff(*b)).max().expect("there are notes")
}

/// The mean distance of two performances; they must be of the same notes, and have some.
pub fn distance(a: &[u8], b: &[u8]) -> f64 {
    assert!(!a.is_empty() && a.len() == b.len(), "{} and {} notes", a.len(), b.len());
    let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum();
    sum / a.len() as f64
}
