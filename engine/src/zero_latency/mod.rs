//! Predicts a note at the moment it arrives, for the zero-latency modes.
//!
//! A note that Timeline has recorded gets the prediction of the recorded note. Any other note gets a recent prediction
//! for its key.
//!
//! A result takes effect a fixed number of samples after its request, even if it arrives earlier. Predictions therefore
//! depend on the sample clock and not on the machine, unless a result arrives later than that.

mod timeline_reader;

use timeline_reader::RecordedNote;
pub use timeline_reader::TimelineReader;

use std::collections::VecDeque;

use tonenet_core::dynamics::Expected;
use tonenet_core::feel::Feel;
use tonenet_core::scheduler::SampleTime;
use tonenet_core::scope::VoicePosition;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::timeline::{KeyExpectation, TimelineView};

/// The most pending results. When full, the oldest takes effect early.
const RESULTS: usize = 1024;

/// Looks up predictions for the zero-latency modes.
#[derive(Debug)]
pub struct ZeroLatency {
    /// Samples between a request and the moment its results take effect.
    result_time: u64,
    results: VecDeque<(SampleTime, u8, Expected)>,
    expectation: KeyExpectation,
    /// The time of the last restylable note.
    last_note: Option<SampleTime>,
    timeline: Option<TimelineReader>,
}

/// A note that has arrived.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IncomingNote {
    /// Sample at which it arrived.
    pub time: SampleTime,
    /// Song position in beats, if the host is playing and reports it.
    pub beats: Option<f64>,
    /// MIDI channel and key.
    pub channel_and_key: (u8, u8),
    /// The styles to predict in.
    pub style: StyleBlend,
    /// The seed that selects one of many performances in these styles.
    pub take: TakeSeed,
}

/// The result of a look-up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NoteLookup {
    /// The prediction, if there is one.
    pub expected: Option<Expected>,
    /// What the styles do with it besides, if the performance is recorded.
    pub feel: Feel,
    /// Whether the prediction is final: no later pass will improve it.
    pub settled: bool,
    /// The note's voice, if the performance is recorded.
    pub voice: Option<VoicePosition>,
}

impl ZeroLatency {
    /// Creates an empty state, with a view of the song in Timeline mode. Results take effect `result_time` samples
    /// after their request.
    pub fn new(result_time: u32, timeline: Option<TimelineView>) -> Self {
        Self {
            result_time: result_time.into(),
            results: VecDeque::with_capacity(RESULTS),
            expectation: KeyExpectation::default(),
            last_note: None,
            timeline: timeline.map(TimelineReader::new),
        }
    }

    /// Clears everything but the view.
    pub fn reset(&mut self) {
        self.results.clear();
        self.expectation = KeyExpectation::default();
        self.last_note = None;
        self.timeline.iter_mut().for_each(TimelineReader::reset);
    }

    /// The timeline reader, present only in Timeline mode.
    pub fn timeline(&mut self) -> Option<&mut TimelineReader> {
        self.timeline.as_mut()
    }

    /// Whether a restylable note has arrived at this sample or later.
    pub fn has_note_since(&self, time: SampleTime) -> bool {
        self.last_note.is_some_and(|last| last >= time)
    }

    /// Adds a result of a request made at a sample.
    pub fn add_result(&mut self, requested: SampleTime, key: u8, expected: Expected) {
        if self.results.len() == RESULTS
            && let Some((_, key, expected)) = self.results.pop_front()
        {
            self.expectation.learn(key, expected);
        }
        self.results.push_back((requested + self.result_time, key, expected));
    }

    /// Looks up the prediction for a restylable note that arrives now.
    pub fn look_up(&mut self, note: &IncomingNote) -> NoteLookup {
        let IncomingNote { time, beats, channel_and_key, .. } = *note;
        self.last_note = Some(time);
        while let Some((_, key, expected)) = self.results.pop_front_if(|result| result.0 <= time) {
            self.expectation.learn(key, expected);
        }
        let timeline = self.timeline.as_ref().zip(beats);
        let recorded = timeline.map_or_else(RecordedNote::default, |(timeline, beats)| timeline.look_up(beats, note));
        let RecordedNote { expected, feel, voice } = recorded;
        let settled = expected.is_some() || self.timeline.is_none();
        NoteLookup { expected: expected.or_else(|| self.expectation.get(channel_and_key.1)), feel, settled, voice }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline_store::tests::restyled;
    use std::sync::Arc;
    use tonenet_core::feel::{ChordPlace, Drift, QuantisedFeel, Wander};
    use tonenet_core::style::{QuantisedExpectation, StyleColumn, StyleIndex, built_in_keys};
    use tonenet_core::timeline::{TimelineNote, TimelineSnapshot};

    const STYLE: StyleBlend = StyleBlend { a: StyleIndex::JAZZ, b: StyleIndex::JAZZ, share_of_b: 0.0 };

    fn note(time: SampleTime, beats: Option<f64>, key: u8) -> IncomingNote {
        IncomingNote { time, beats, channel_and_key: (0, key), style: STYLE, take: TakeSeed(0) }
    }

    fn expected(deviation: f32) -> Expected {
        Expected { deviation, ..Expected::default() }
    }

    #[test]
    fn a_result_takes_effect_a_fixed_time_after_its_request() {
        let mut zero_latency = ZeroLatency::new(480, None);
        zero_latency.add_result(100, 60, expected(7.0));
        let before = zero_latency.look_up(&note(579, None, 60));
        assert_eq!(before, NoteLookup { expected: None, feel: Feel::default(), settled: true, voice: None });
        let after = zero_latency.look_up(&note(580, None, 60));
        assert!(after.expected.is_some_and(|expected| expected.deviation > 0.0), "{after:?}");
        zero_latency.reset();
        assert_eq!(zero_latency.look_up(&note(580, None, 60)), before);
    }

    #[test]
    fn a_recorded_note_gets_the_snapshots_prediction_and_others_are_not_settled() {
        let recorded = TimelineNote { beats: 4.0, length: 0.5, beat_seconds: 0.5, channel: 0, key: 60, velocity: 64 };
        let timeline = TimelineSnapshot::new(vec![recorded], Vec::new());
        let timeline = restyled(&timeline, "baseline", [QuantisedExpectation::new(5.0, 2.0)].into_iter());
        let view = TimelineView::new(Arc::new(timeline), &built_in_keys());
        let mut zero_latency = ZeroLatency::new(480, Some(view));
        assert!(zero_latency.look_up(&note(0, Some(4.0), 60)).settled);
        for other in [note(0, Some(5.0), 60), note(0, Some(4.0), 61), note(0, None, 60)] {
            assert_eq!(
                zero_latency.look_up(&other),
                NoteLookup { expected: None, feel: Feel::default(), settled: false, voice: None },
                "{other:?}"
            );
        }
    }

    #[test]
    fn a_recorded_note_has_the_feel_of_its_take() {
        let recorded = TimelineNote { beats: 4.0, length: 0.5, beat_seconds: 0.5, channel: 0, key: 60, velocity: 64 };
        let drift = Drift { sigma: 0.1, beats: 3.0, with_dynamics: 0.0 };
        let wander = Wander { shift: Some(drift), stretch: drift };
        let late = Feel::from(QuantisedFeel::from(Feel { shift: 0.25, ..Feel::default() }));
        let column = StyleColumn::new(1.0, vec![QuantisedExpectation::new(5.0, 2.0)]);
        let column = column.with_feel(vec![late.into()]).with_wander(Some(wander));
        let timeline = TimelineSnapshot::new(vec![recorded], Vec::new());
        let timeline = timeline.restyled("note".into(), [("jazz".into(), column)]);
        let mut zero_latency = ZeroLatency::new(480, Some(TimelineView::new(Arc::new(timeline), &built_in_keys())));
        // What is played a little beside its recorded place has the feel of that place.
        let mut feel = |take| {
            let note = IncomingNote { take: TakeSeed(take), ..note(0, Some(4.001), 60) };
            zero_latency.look_up(&note).feel
        };
        assert_eq!(feel(0), late);
        let recorded = ChordPlace { beats: 4.0, has_beats: true };
        assert_eq!(feel(7), late.in_take(&wander, TakeSeed(7), recorded));
        assert_ne!(feel(7), late);
    }

    #[test]
    fn has_note_since_includes_the_sample_of_the_last_note() {
        let mut zero_latency = ZeroLatency::new(480, None);
        assert!(!zero_latency.has_note_since(0));
        zero_latency.look_up(&note(500, None, 60));
        assert!(zero_latency.has_note_since(500) && !zero_latency.has_note_since(501));
    }
}
