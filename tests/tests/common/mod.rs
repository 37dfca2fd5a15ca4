//! What the host tests share: the bundles under test, the piece, and the engine without a host.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tonenet_core::dynamics::blend;
use tonenet_core::genre::Genre;
use tonenet_core::midi::Song;
use tonenet_core::scheduler::{LookAhead, WindowLength};
use tonenet_core::transport::Transport;
use tonenet_hosts::Session;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::offline::{Playback, part_of, restyle};
use tonenet_inference::piano_roll::{PianoRollModel, PianoRollNetwork};
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

/// What the engine makes of a song without a plugin or host: ONNX Runtime, one beat of look-ahead, Amount 100 %.
pub fn reference(song: &Song, style: Genre) -> Vec<u8> {
    let library = workspace().join("third_party/onnxruntime/libonnxruntime.so");
    let (runtime, report) = Runtime::open(RuntimePreference::OnnxRuntime, &library::candidates(Some(&library)));
    assert!(report.library.is_some(), "run `cargo xtask setup onnxruntime` first: {:?}", report.notes);
    let files = ModelFiles::from_dir(&workspace().join("assets/models/baseline")).unwrap();
    let network = Arc::new(PianoRollNetwork::load(&runtime, &files).unwrap());
    let mut restyler = Restyler::new(Box::new(PianoRollModel::new(network)));
    let session = Session::of_song(song, RATE);
    let tempo = session.transport(0).1;
    let playback = Playback {
        sample_rate: RATE,
        look_ahead: LookAhead::window(WindowLength::OneBeat, (tempo * 1000.0).round() / 1000.0, RATE),
        block: 512,
        style,
    };
    let transport = |time| {
        let (beats, tempo) = session.transport(time);
        Transport { playing: true, tempo: Some(tempo), beats: Some(beats), loop_start_beats: None }
    };
    let restyled = restyle(&mut restyler, &part_of(song, RATE), &playback, transport).unwrap();
    // The part's note-ons stand in the order of the file, the song's notes by onset.
    let mut velocities = own_velocities(song);
    let order = session.messages.iter().filter_map(|m| m.note);
    for (note, restyled) in order.zip(restyled) {
        if let Some(restyled) = restyled {
            velocities[note] = blend(velocities[note], restyled, 1.0);
        }
    }
    velocities
}
