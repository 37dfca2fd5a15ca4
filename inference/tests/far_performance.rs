//! Notes may stand anywhere in a song: what a take costs to restyle depends on its notes alone.

use std::path::{Path, PathBuf};

use tonenet_core::genre::Genre;
use tonenet_core::midi::Song;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::timeline::{TimelineNote, TimelineSnapshot};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::timeline::restyle;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn model(name: &str) -> LoadedModel {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    LoadedModel::load(&runtime, &ModelFiles::from_dir(&workspace().join("assets/models").join(name)).unwrap()).unwrap()
}

/// The beginning of a piece with some notes behind it.
fn take(far: &[f64]) -> TimelineSnapshot {
    let piece = std::fs::read(workspace().join("assets/demo/bach-prelude-bwv-846.mid")).unwrap();
    let mut notes = TimelineSnapshot::from_song(&Song::parse(piece).unwrap(), 0.0).notes()[..64].to_vec();
    for &beats in far {
        let mut note = notes[0];
        note.beats = beats;
        notes.push(note);
    }
    TimelineSnapshot::new(String::new(), [1.0; 3], notes, Vec::new())
}

/// Where every note stands, and what jazz expects of it.
fn expected(model: &LoadedModel, take: &TimelineSnapshot) -> Vec<(f64, f32)> {
    let restyled = restyle(take, "model", model, &Cancellation::default()).unwrap();
    let jazz = StyleBlend::only(Genre::Jazz);
    let of = |note: &TimelineNote| (note.beats, restyled.expected(note, jazz, TakeSeed(0)).unwrap().deviation);
    restyled.notes().iter().map(of).collect()
}

#[test]
fn a_far_note_is_restyled_by_every_model() {
    // 268,435,455 is the last beat that a MIDI file's shortest beat and longest pause reach.
    let far = [268_435_455.0, 1e12, 2f64.powi(52) - 1.0, 2f64.powi(52)];
    for name in ["attention", "baseline", "note"] {
        let model = model(name);
        let restyled = expected(&model, &take(&far));
        assert_eq!(restyled.len(), 64 + far.len(), "{name}");
        assert!(restyled.iter().all(|(_, deviation)| deviation.is_finite()), "{name}");
    }
}

#[test]
fn what_lies_far_behind_changes_nothing_before_it_for_the_articles_models() {
    for name in ["attention", "baseline"] {
        let model = model(name);
        let (alone, with_far) = (expected(&model, &take(&[])), expected(&model, &take(&[1e6])));
        // Around the take's own centre, which one note more moves.
        let steps = |notes: &[(f64, f32)]| notes.windows(2).map(|pair| pair[1].1 - pair[0].1).collect::<Vec<_>>();
        let differ = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-3;
        assert_eq!(steps(&alone).len(), 63);
        assert!(!steps(&alone).iter().zip(&steps(&with_far)).any(differ), "{name}");
    }
}
