use super::performance::SEGMENT;
use super::*;
use crate::decoders::built_in_decoders;
use crate::performance::LookAhead;
use crate::runtime::counted::{CountedGraph, Runs};
use tonenet_core::note_rows::{Part, PartNote};

fn network(runs: &Arc<Runs>) -> NoteNetwork {
    let graph = || -> Arc<dyn Graph> { Arc::new(CountedGraph { runs: runs.clone(), width: 1 }) };
    NoteNetwork {
        past: graph(),
        ahead: graph(),
        encoders: vec![Sha256::digest(b""); 2],
        decoders: built_in_decoders(graph),
        past_hidden: 1,
        ahead_hidden: 1,
        decoder_hidden: 1,
    }
}

#[test]
fn a_cancelled_performance_stops_within_one_chunk() {
    let mut part = Part::default();
    for index in 0..3 * SEGMENT {
        let onset = index as f64 * 0.1;
        part.push(PartNote { onset, release: onset + 0.1, key: 60, beat_phase: None, deviation: None });
    }
    let styles = StyleIndex::BUILT_IN.map(PlayedStyle::Decoder);
    let all = Runs::stopping_at(0);
    assert!(network(&all).predict(&part, LookAhead::WholePerformance, &styles, &all.cancellation).is_ok());
    // The first segment is looked ahead over once, the others twice; each is read and decoded once.
    let chunks = 3 * SEGMENT / CHUNK;
    assert_eq!(all.count(), chunks + chunks * 2 / 3 + chunks * 4);
    for stop_at in [1, 2, 70, 100, 150, 151, 152, 153, all.count() - 4] {
        let runs = Runs::stopping_at(stop_at);
        let result = network(&runs).predict(&part, LookAhead::WholePerformance, &styles, &runs.cancellation);
        assert!(matches!(result, Err(InferenceError::Cancelled)), "stopped at {stop_at}");
        let runs_per_chunk = 1 + StyleIndex::BUILT_IN.len();
        assert!(
            (stop_at..stop_at + runs_per_chunk).contains(&runs.count()),
            "{} runs, stopped at {stop_at}",
            runs.count()
        );
    }
}
