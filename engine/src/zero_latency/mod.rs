//! What is known of a note at the moment it comes in, for the modes without latency.
//!
//! A note that Timeline has recorded gets what the model predicts of it there. Any other note gets what the model lately
//! predicted of its key.
//!
//! A result counts from a fixed number of samples after its request on, however early it came. So what a note gets
//! depends on the sample clock and not on the machine, except where a result comes later than that.

mod timeline_reader;

pub use timeline_reader::TimelineReader;

use std::collections::VecDeque;
use std::sync::Arc;

use tonenet_core::dynamics::Expected;
use tonenet_core::scheduler::SampleTime;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::timeline::{KeyExpectation, TimelineSnapshot};

/// Results under way at most; beyond, the oldest counts early.
const RESULTS: usize = 1024;

/// See the [module](self).
#[derive(Debug)]
pub struct ZeroLatency {
    /// Samples from a request to when its results count.
    result_time: u64,
    results: VecDeque<(SampleTime, u8, Expected)>,
    expectation: KeyExpectation,
    /// When the last restylable note came in.
    last_note: Option<SampleTime>,
    timeline: Option<TimelineReader>,
}

/// A note that came in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IncomingNote {
    /// When.
    pub time: SampleTime,
    /// Where in the song, in beats, if the host plays and tells.
    pub beats: Option<f64>,
    /// Its MIDI channel and key.
    pub channel_and_key: (u8, u8),
    /// The styles it is to be played in.
    pub style: StyleBlend,
    /// Which performance of them.
    pub take: TakeSeed,
}

/// How well a note is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// What a model predicts of it, if anything.
    pub expected: Option<Expected>,
    /// Whether no later pass will know it better.
    pub settled: bool,
}

impl ZeroLatency {
    /// Nothing known yet, except a snapshot of the song in Timeline mode. Results count so many samples after their
    /// request.
    pub fn new(result_time: u32, snapshot: Option<Arc<TimelineSnapshot>>) -> Self {
        Self {
            result_time: result_time.into(),
            results: VecDeque::with_capacity(RESULTS),
            expectation: KeyExpectation::default(),
            last_note: None,
            timeline: snapshot.map(TimelineReader::new),
        }
    }

    /// Forgets all but the snapshot.
    pub fn reset(&mut self) {
        self.results.clear();
        self.expectation = KeyExpectation::default();
        self.last_note = None;
        self.timeline.iter_mut().for_each(TimelineReader::reset);
    }

    /// The song, in Timeline mode.
    pub fn timeline(&mut self) -> Option<&mut TimelineReader> {
        self.timeline.as_mut()
    }

    /// Whether a restylable note has come in at this sample or since.
    pub fn has_note_since(&self, time: SampleTime) -> bool {
        self.last_note.is_some_and(|last| last >= time)
    }

    /// Takes in a result of a request made at a sample.
    pub fn learn(&mut self, requested: SampleTime, key: u8, expected: Expected) {
        if self.results.len() == RESULTS
            && let Some((_, key, expected)) = self.results.pop_front()
        {
            self.expectation.learn(key, expected);
        }
        self.results.push_back((requested + self.result_time, key, expected));
    }

    /// What is known of a restylable note that comes in now.
    pub fn look_up(&mut self, note: &IncomingNote) -> Known {
        let IncomingNote { time, beats, channel_and_key, style, take } = *note;
        self.last_note = Some(time);
        while let Some((_, key, expected)) = self.results.pop_front_if(|result| result.0 <= time) {
            self.expectation.learn(key, expected);
        }
        let timeline = self.timeline.as_ref().zip(beats);
        let recorded = timeline.and_then(|(timeline, beats)| timeline.expected(beats, channel_and_key, style, take));
        let settled = recorded.is_some() || self.timeline.is_none();
        Known { expected: recorded.or_else(|| self.expectation.get(channel_and_key.1)), settled }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::genre::Genre;
    use tonenet_core::timeline::{QuantisedExpectation, TimelineNote};

    const STYLE: StyleBlend = StyleBlend { a: Genre::Jazz, b: Genre::Jazz, share_of_b: 0.0 };

    fn note(time: SampleTime, beats: Option<f64>, key: u8) -> IncomingNote {
        IncomingNote { time, beats, channel_and_key: (0, key), style: STYLE, take: TakeSeed(0) }
    }

    fn expected(deviation: f32) -> Expected {
        Expected { deviation, ..Expected::default() }
    }

    #[test]
    fn a_result_counts_a_fixed_time_after_its_request() {
        let mut zero_latency = ZeroLatency::new(480, None);
        zero_latency.learn(100, 60, expected(7.0));
        let before = zero_latency.look_up(&note(579, None, 60));
        assert_eq!(before, Known { expected: None, settled: true });
        let after = zero_latency.look_up(&note(580, None, 60));
        assert!(after.expected.is_some_and(|expected| expected.deviation > 0.0), "{after:?}");
        zero_latency.reset();
        assert_eq!(zero_latency.look_up(&note(580, None, 60)), before);
    }

    #[test]
    fn a_recorded_note_gets_what_the_snapshot_predicts_and_others_are_not_settled() {
        let recorded = TimelineNote {
            beats: 4.0,
            length: 0.5,
            beat_seconds: 0.5,
            channel: 0,
            key: 60,
            velocity: 64,
            expected: None,
        };
        let timeline = TimelineSnapshot::new(String::new(), [1.0; 3], vec![recorded], Vec::new());
        let timeline =
            timeline.restyled("baseline".into(), [1.0; 3], [[QuantisedExpectation::new(5.0, 2.0); 3]].into_iter());
        let mut zero_latency = ZeroLatency::new(480, Some(Arc::new(timeline)));
        assert!(zero_latency.look_up(&note(0, Some(4.0), 60)).settled);
        for other in [note(0, Some(5.0), 60), note(0, Some(4.0), 61), note(0, None, 60)] {
            assert_eq!(zero_latency.look_up(&other), Known { expected: None, settled: false }, "{other:?}");
        }
    }

    #[test]
    fn it_knows_whether_a_note_came_in_lately() {
        let mut zero_latency = ZeroLatency::new(480, None);
        assert!(!zero_latency.has_note_since(0));
        zero_latency.look_up(&note(500, None, 60));
        assert!(zero_latency.has_note_since(500) && !zero_latency.has_note_since(501));
    }
}
