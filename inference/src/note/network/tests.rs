use super::performance::STRETCH;
use super::*;
use crate::runtime::counted::{CountedGraph, Runs};
use tonenet_core::note_rows::Part;
use tonenet_core::note_rows::PartNote;

fn network(runs: &Arc<Runs>) -> NoteNetwork {
    let graph = || -> Arc<dyn Graph> { Arc::new(CountedGraph { runs: runs.clone(), width: 1 }) };
    let spread = StyleSpread { human: 1.0, predicted: 1.0 };
    NoteNetwork {
        past: graph(),
        ahead: graph(),
        decoders: Genre::ALL.map(|style| Decoder { style, graph: graph(), spread }).into(),
        past_hidden: 1,
        ahead_hidden: 1,
        decoder_hidden: 1,
    }
}

#[test]
fn a_take_that_nobody_wants_any_more_is_left_within_a_piece() {
    let mut part = Part::default();
    for index in 0..3 * STRETCH {
        let onset = index as f64 * 0.1;
        part.push(PartNote { onset, release: onset + 0.1, key: 60, beat_phase: None, deviation: None });
    }
    let all = Runs::stopping_at(0);
    assert!(network(&all).whole_performance(&part, &Genre::ALL, &all.cancellation).is_ok());
    // Looked ahead over twice but for the first stretch; read and decoded once.
    let pieces = 3 * STRETCH / PIECE;
    assert_eq!(all.count(), pieces + pieces * 2 / 3 + pieces * 4);
    for stop_at in [1, 2, 70, 100, 150, 151, 152, 153, all.count() - 4] {
        let runs = Runs::stopping_at(stop_at);
        let result = network(&runs).whole_performance(&part, &Genre::ALL, &runs.cancellation);
        assert!(matches!(result, Err(InferenceError::Cancelled)), "stopped at {stop_at}");
        let piece = 1 + Genre::ALL.len();
        assert!((stop_at..stop_at + piece).contains(&runs.count()), "{} runs, stopped at {stop_at}", runs.count());
    }
}
