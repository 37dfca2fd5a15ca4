use super::lanes::STEPS;
use super::performance::SEGMENT;
use super::*;
use crate::decoders::built_in_decoders;
use crate::performance::LookAhead;
use crate::runtime::counted::{CountedGraph, Runs};
use tonenet_core::note_rows::{Part, PartNote};

fn network(runs: &Arc<Runs>) -> NoteNetwork {
    let graph = || -> Arc<dyn Graph> { Arc::new(CountedGraph { runs: runs.clone(), width: 1 }) };
    NoteNetwork {
        feel: None,
        past: graph(),
        ahead: graph(),
        encoders: vec![Sha256::digest(b""); 2],
        decoders: built_in_decoders(graph),
        past_hidden: 1,
        ahead_hidden: 1,
        decoder_hidden: 1,
    }
}

fn part(notes: usize) -> Part {
    let mut part = Part::default();
    for index in 0..notes {
        let onset = index as f64 * 0.1;
        part.push(PartNote { onset, release: onset + 0.1, key: 60, beat_phase: None, deviation: None });
    }
    part
}

/// Predicts parts in all built-in styles.
fn predict(runs: &Arc<Runs>, parts: &[&Part]) -> Result<Vec<Vec<Vec<Prediction>>>, InferenceError> {
    let styles = StyleIndex::BUILT_IN.map(PlayedStyle::Decoder);
    network(runs).predict_each(parts, LookAhead::WholePerformance, &styles, &runs.cancellation)
}

/// The runs of a chunk of notes: each is read once, and decoded in each style.
const RUNS_PER_CHUNK: usize = 1 + StyleIndex::BUILT_IN.len();

#[test]
fn performances_share_the_runs_of_the_longest() {
    let parts = [part(3), part(10 * STEPS), part(0), part(4 * STEPS + 1)];
    let all = Runs::stopping_at(0);
    let predicted = predict(&all, &parts.each_ref()).unwrap();
    assert_eq!(all.count(), 10 * (1 + RUNS_PER_CHUNK), "looked ahead over, and predicted");
    for (part, predicted) in parts.iter().zip(predicted) {
        assert_eq!(predicted.iter().map(Vec::len).collect::<Vec<_>>(), [part.len(); StyleIndex::BUILT_IN.len()]);
    }
}

#[test]
fn cancelled_performances_stop_within_one_run_over_a_few_notes() {
    let parts = [part(40 * STEPS), part(3 * STEPS)];
    for stop_at in [1, 2, 39, 40, 41, 42, 150, 200 - 4] {
        let runs = Runs::stopping_at(stop_at);
        assert!(matches!(predict(&runs, &parts.each_ref()), Err(InferenceError::Cancelled)), "stopped at {stop_at}");
        assert!((stop_at..stop_at + RUNS_PER_CHUNK).contains(&runs.count()), "{} runs", runs.count());
    }
}

#[test]
fn a_long_performance_is_looked_ahead_over_twice_in_segments() {
    let all = Runs::stopping_at(0);
    let notes = lanes::LONGEST_LANE + SEGMENT;
    assert_eq!(predict(&all, &[&part(notes)]).unwrap()[0][0].len(), notes);
    assert_eq!(all.count(), (notes + notes - SEGMENT + notes * RUNS_PER_CHUNK) / CHUNK);
}

#[test]
fn a_cancelled_long_performance_stops_both_threads_within_one_chunk() {
    let part = part(lanes::LONGEST_LANE + 2 * SEGMENT);
    for stop_at in [1, 2, 70, 300, 500] {
        let runs = Runs::stopping_at(stop_at);
        assert!(matches!(predict(&runs, &[&part]), Err(InferenceError::Cancelled)), "stopped at {stop_at}");
        // Either thread may have just begun a chunk.
        assert!((stop_at..stop_at + 1 + RUNS_PER_CHUNK).contains(&runs.count()), "{} runs", runs.count());
    }
}
