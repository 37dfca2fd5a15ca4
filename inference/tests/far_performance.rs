//! A performance is restyled wherever its notes are in the song; the cost depends only on their number.

use std::path::{Path, PathBuf};

use tonenet_core::midi::Song;
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::timeline::TimelineSnapshot;
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

/// The beginning of the demo piece with notes far after it.
fn performance(far: &[f64]) -> TimelineSnapshot {
    let piece = std::fs::read(workspace().join("assets/demo/bach-prelude-bwv-846.mid")).unwrap();
    let mut notes = TimelineSnapshot::from_song(&Song::parse(piece).unwrap(), 0.0).notes()[..64].to_vec();
    for &beats in far {
        let mut note = notes[0];
        note.beats = beats;
        notes.push(note);
    }
    TimelineSnapshot::new(notes, Vec::new())
}

/// The beat and the deviation in jazz of each note.
fn deviations(model: &LoadedModel, timeline: &TimelineSnapshot) -> Vec<(f64, f32)> {
    let restyled = restyle(timeline, "model", model, false, &Cancellation::default()).unwrap();
    let jazz = StyleBlend::only(StyleIndex::JAZZ);
    let table = restyled.column_table(model.styles().keys());
    let deviation = |note| restyled.expected(note, &table, jazz, TakeSeed(0)).unwrap().deviation;
    restyled.notes().iter().enumerate().map(|(index, note)| (note.beats, deviation(index))).collect()
}

#[test]
fn every_model_restyles_a_note_at_any_distance() {
    // 268,435,455 is the last beat that a MIDI file can reach with its largest delta time at one tick per beat.
    let far = [268_435_455.0, 1e12, 2f64.powi(52) - 1.0, 2f64.powi(52)];
    for name in ["attention", "baseline", "note"] {
        let model = model(name);
        let restyled = deviations(&model, &performance(&far));
        assert_eq!(restyled.len(), 64 + far.len(), "{name}");
        assert!(restyled.iter().all(|(_, deviation)| deviation.is_finite()), "{name}");
    }
}

#[test]
fn for_the_articles_models_a_far_note_changes_no_earlier_differences() {
    for name in ["attention", "baseline"] {
        let model = model(name);
        let (alone, with_far) = (deviations(&model, &performance(&[])), deviations(&model, &performance(&[1e6])));
        // One note more shifts the centre of all deviations and changes their gain. So their differences are compared,
        // as shares of the largest.
        let steps = |notes: &[(f64, f32)]| {
            let steps: Vec<f32> = notes[..64].windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
            let largest = steps.iter().fold(0.0f32, |largest, step| largest.max(step.abs()));
            steps.iter().map(|step| step / largest).collect::<Vec<f32>>()
        };
        let differ = |(a, b): (&f32, &f32)| (a - b).abs() > 1e-3;
        assert_eq!(steps(&alone).len(), 63);
        assert!(!steps(&alone).iter().zip(&steps(&with_far)).any(differ), "{name}");
    }
}
