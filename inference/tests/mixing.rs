//! A performance gets the same velocities as a file and in Timeline: both mix its styles by the one rule.

use std::path::{Path, PathBuf};

use tonenet_core::dynamics::Expression;
use tonenet_core::grid::Grid;
use tonenet_core::note::Note;
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::timeline::{TimelineNote, TimelineSnapshot};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::timeline;

/// Ticks in a beat, which lasts a second: seconds, beats and ticks are then one number apart.
const TICKS: f64 = 480.0;

fn model() -> LoadedModel {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models/note");
    LoadedModel::load(&runtime, &ModelFiles::from_dir(&folder).unwrap()).unwrap()
}

/// Notes at irregular ticks. Every twelfth lies exactly between two thousandths of a beat, where rounding could differ.
fn performance() -> Vec<Note> {
    let note = |index: u32| {
        let beats = f64::from(index * 97 + index * index % 23) / TICKS;
        let end = beats + 0.5;
        Note {
            onset: beats,
            release: end,
            onset_sixteenths: beats * 4.0,
            release_sixteenths: end * 4.0,
            channel: 0,
            key: 48 + (index * 7 % 29) as u8,
            velocity: 45 + (index * 13 % 50) as u8,
        }
    };
    (0..400).map(note).collect()
}

fn file_velocities(model: &LoadedModel, notes: &[Note], style: StyleBlend, take: TakeSeed) -> Vec<u8> {
    let view = PerformanceView { notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let settings = RestyleSettings {
        style,
        source_style: None,
        take,
        expression: Expression::default(),
        look_ahead: LookAhead::WholePerformance,
    };
    settings.velocities(model, &view).unwrap()
}

fn timeline_snapshot(model: &LoadedModel, notes: &[Note]) -> TimelineSnapshot {
    let note = |n: &Note| TimelineNote {
        beats: n.onset_sixteenths / 4.0,
        length: ((n.release_sixteenths - n.onset_sixteenths) / 4.0) as f32,
        beat_seconds: 1.0,
        channel: n.channel,
        key: n.key,
        velocity: n.velocity,
    };
    let recorded = TimelineSnapshot::new(notes.iter().map(note).collect(), Vec::new());
    timeline::restyle(&recorded, "note", model, false, &Cancellation::default()).unwrap()
}

#[test]
fn a_file_and_timeline_give_the_same_performance_the_same_velocities() {
    let (model, notes) = (model(), performance());
    let snapshot = timeline_snapshot(&model, &notes);
    assert_eq!(snapshot.notes().len(), notes.len(), "Timeline keeps every note");
    let table = snapshot.column_table(model.styles().keys());
    let mut differences = Vec::new();
    for share_of_b in [0.0, 0.3, 0.5] {
        for take in [TakeSeed(0), TakeSeed(7)] {
            let style = StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::CLASSICAL, share_of_b };
            let file = file_velocities(&model, &notes, style, take);
            let restyled = |(index, note): (usize, &TimelineNote)| {
                let expected = snapshot.expected(index, &table, style, take).unwrap();
                Expression::default().velocity(note.velocity, expected)
            };
            let timeline: Vec<u8> = snapshot.notes().iter().enumerate().map(restyled).collect();
            assert_ne!(file, notes.iter().map(|n| n.velocity).collect::<Vec<_>>(), "the style changes the velocities");
            let steps = file.iter().zip(&timeline).map(|(a, b)| a.abs_diff(*b)).filter(|&steps| steps > 0);
            let steps: Vec<u8> = steps.collect();
            if !steps.is_empty() {
                differences.push(format!("{} of {share_of_b} {take:?}: {steps:?}", steps.len()));
            }
        }
    }
    assert!(differences.is_empty(), "of {} notes differ: {differences:#?}", notes.len());
}
