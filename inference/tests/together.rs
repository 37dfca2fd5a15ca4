//! Performances that are predicted together get the predictions, to the bit, that each gets alone.
//!
//! Files are restyled together so that they take less time. What a file becomes must not depend on its neighbours.

mod common;

use std::path::Path;
use std::sync::LazyLock;

use common::{built_in, onnx_runtime};
use proptest::prelude::*;
use tonenet_core::note_rows::{Part, PartNote};
use tonenet_core::style::StyleIndex;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::model::Prediction;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::LookAhead;
use tonenet_inference::runtime::Runtime;
use tonenet_inference::styles::PlayedStyle;

/// The shipped note model in each runtime.
static NETWORKS: LazyLock<[(&str, NoteNetwork); 2]> =
    LazyLock::new(|| [("built-in", network(&built_in())), ("ONNX Runtime", network(&onnx_runtime().0))]);

fn network(runtime: &Runtime) -> NoteNetwork {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models/note");
    NoteNetwork::load(runtime, &ModelFiles::from_dir(&folder).unwrap()).unwrap()
}

fn styles() -> [PlayedStyle; 2] {
    [StyleIndex::JAZZ, StyleIndex::CLASSICAL].map(PlayedStyle::Decoder)
}

/// A part from the gap before each note, its length and its key.
fn part(notes: &[(f64, f64, u8)]) -> Part {
    let mut part = Part::default();
    let mut onset = 0.0;
    for &(gap, length, key) in notes {
        onset += gap;
        part.push(PartNote { onset, release: onset + length, key, beat_phase: None, deviation: None });
    }
    part
}

fn any_part() -> impl Strategy<Value = Part> {
    let note = (0.05..2.0, 0.02..3.0, 21u8..=108);
    // A run over notes has 32, so these lengths are none, part of a run, whole runs, and a little more.
    let length = prop_oneof![0usize..4, Just(32), Just(33), Just(64), 0usize..150];
    length.prop_flat_map(move |length| proptest::collection::vec(note.clone(), length)).prop_map(|notes| part(&notes))
}

fn predict(network: &NoteNetwork, parts: &[&Part]) -> Vec<Vec<Vec<Prediction>>> {
    network.predict_each(parts, LookAhead::WholePerformance, &styles(), &Cancellation::default()).unwrap()
}

/// The bits of means and spreads.
fn bits(predictions: &[Vec<Prediction>]) -> Vec<Vec<(u32, u32)>> {
    let bits = |prediction: &Prediction| (prediction.deviation.to_bits(), prediction.spread.to_bits());
    predictions.iter().map(|notes| notes.iter().map(bits).collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn neighbours_change_no_prediction(parts in proptest::collection::vec(any_part(), 1..7)) {
        let parts: Vec<&Part> = parts.iter().collect();
        for (runtime, network) in NETWORKS.iter() {
            let together = predict(network, &parts);
            for (part, together) in parts.iter().zip(&together) {
                let alone = &predict(network, &[part])[0];
                prop_assert_eq!(alone.iter().map(Vec::len).collect::<Vec<_>>(), [part.len(); 2]);
                prop_assert_eq!(bits(alone), bits(together), "{} of {} notes", runtime, part.len());
            }
        }
    }
}

#[test]
fn two_threads_predict_a_long_performance_as_one_does() {
    let notes: Vec<(f64, f64, u8)> =
        (0..8_300u32).map(|note| (0.1 + f64::from(note % 7) / 20.0, 0.3, 40 + (note * 31 % 47) as u8)).collect();
    let part = part(&notes);
    let (_, network) = &NETWORKS[1];
    let two_threads = predict(network, &[&part]).remove(0);
    let mut one_thread = vec![Vec::new(); styles().len()];
    let (whole, styles) = ([LookAhead::WholePerformance], [StyleIndex::JAZZ, StyleIndex::CLASSICAL]);
    let mut visit = |_: usize, notes: tonenet_inference::note::EncodedNotes<'_>| {
        one_thread.iter_mut().zip(notes.predictions).for_each(|(all, predicted)| all.extend_from_slice(predicted));
    };
    network.encode(&part, &whole, &styles, &Cancellation::default(), &mut visit).unwrap();
    assert_eq!(one_thread[0].len(), notes.len());
    assert_eq!(bits(&two_threads), bits(&one_thread));
}
