//! Reads the latest snapshot of the song in Timeline mode, and tells what each pass goes over.

use std::sync::Arc;

use tonenet_core::dynamics::Expected;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::timeline::{SAME_PLACE, TimelineEvent, TimelineSnapshot};
use tonenet_core::transport::{JUMP_AHEAD, JUMP_BACK};

/// How much of the song is told as passed at once, in beats.
const PASSAGE: f64 = 0.25;

/// See the [module](self).
#[derive(Debug)]
pub struct TimelineReader {
    snapshot: Arc<TimelineSnapshot>,
    passage: Option<Passage>,
    /// Whether something of the passage was not recorded.
    is_passage_lost: bool,
}

/// What was played since the last word of it, in beats.
#[derive(Debug, Clone, Copy)]
struct Passage {
    from: f64,
    to: f64,
}

impl TimelineReader {
    /// A reader that has passed nothing yet.
    pub fn new(snapshot: Arc<TimelineSnapshot>) -> Self {
        Self { snapshot, passage: None, is_passage_lost: false }
    }

    /// Forgets all but the snapshot.
    pub fn reset(&mut self) {
        (self.passage, self.is_passage_lost) = (None, false);
    }

    /// Reads another snapshot from now on.
    pub fn set_snapshot(&mut self, snapshot: Arc<TimelineSnapshot>) {
        self.snapshot = snapshot;
    }

    /// What the snapshot predicts of a note at a place in the song.
    pub fn expected(
        &self,
        beats: f64,
        (channel, key): (u8, u8),
        style: StyleBlend,
        take: TakeSeed,
    ) -> Option<Expected> {
        let note = self.snapshot.find(beats, channel, key)?;
        self.snapshot.expected(note, style, take)
    }

    /// Whether a block that begins at `beats` does not go on from the last one: then a new pass begins.
    pub fn is_new_pass(&self, beats: Option<f64>) -> bool {
        match (self.passage, beats) {
            // Hosts round, and a tempo may change within a block; what is more is a jump for the transport's watch too.
            (Some(passage), Some(beats)) => !(-JUMP_BACK..=JUMP_AHEAD).contains(&(beats - passage.to)),
            (None, beats) => beats.is_some(),
            (Some(_), None) => true,
        }
    }

    /// The pass goes on at a place that may lie a little beside the one that was reckoned: nothing beyond it has passed.
    pub fn resume_at(&mut self, beats: f64) {
        if let Some(passage) = &mut self.passage
            && (beats - passage.to).abs() > SAME_PLACE
        {
            let from = if beats > passage.to { beats } else { beats.min(passage.from) };
            *passage = Passage { from, to: beats };
        }
    }

    /// Ends the pass; gives what is to be recorded of it, in order.
    pub fn end_pass(&mut self) -> [Option<TimelineEvent>; 2] {
        let is_lost = std::mem::take(&mut self.is_passage_lost);
        match self.passage.take() {
            Some(Passage { from, to }) => {
                [(!is_lost).then_some(TimelineEvent::Traversed { from, to }), Some(TimelineEvent::PassEnded)]
            }
            None => [None; 2],
        }
    }

    /// Something that was played since the last word of the song was not recorded: what the timeline has there stays.
    pub fn lose_passage(&mut self) {
        self.is_passage_lost = true;
    }

    /// The song went from one place to another in a block; gives what is to be recorded of it.
    pub fn pass(&mut self, from: f64, to: f64) -> Option<TimelineEvent> {
        let passage = self.passage.get_or_insert(Passage { from, to });
        passage.to = to;
        if std::mem::take(&mut self.is_passage_lost) {
            passage.from = to;
            return None;
        }
        (passage.to - passage.from >= PASSAGE).then(|| {
            let from = std::mem::replace(&mut passage.from, to);
            TimelineEvent::Traversed { from, to }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> TimelineReader {
        TimelineReader::new(Arc::default())
    }

    #[test]
    fn a_passage_is_recorded_once_it_is_long_enough_and_the_rest_when_the_pass_ends() {
        let mut reader = reader();
        assert_eq!(reader.pass(0.0, 0.2), None);
        assert_eq!(reader.pass(0.2, 0.3), Some(TimelineEvent::Traversed { from: 0.0, to: 0.3 }));
        assert_eq!(reader.pass(0.3, 0.4), None);
        assert_eq!(
            reader.end_pass(),
            [Some(TimelineEvent::Traversed { from: 0.3, to: 0.4 }), Some(TimelineEvent::PassEnded)]
        );
        assert_eq!(reader.end_pass(), [None; 2]);
    }

    #[test]
    fn a_passage_of_which_something_was_lost_is_not_recorded_as_passed() {
        let mut reader = reader();
        reader.pass(0.0, 0.1);
        reader.lose_passage();
        assert_eq!(reader.pass(0.1, 0.5), None);
        assert_eq!(
            reader.pass(0.5, 0.8),
            Some(TimelineEvent::Traversed { from: 0.5, to: 0.8 }),
            "what comes after it is"
        );
        reader.pass(0.8, 0.9);
        reader.lose_passage();
        assert_eq!(reader.end_pass(), [None, Some(TimelineEvent::PassEnded)]);
    }

    #[test]
    fn a_pass_goes_on_where_hosts_round_and_ends_where_they_jump_or_stop() {
        let mut reader = reader();
        assert!(!reader.is_new_pass(None), "a song that is stopped begins none");
        assert!(reader.is_new_pass(Some(4.0)));
        reader.pass(4.0, 4.1);
        for (beats, is_new) in [(Some(4.1), false), (Some(4.1001), false), (Some(8.0), true), (None, true)] {
            assert_eq!(reader.is_new_pass(beats), is_new, "{beats:?}");
        }
    }

    #[test]
    fn nothing_beyond_the_place_where_a_pass_resumes_counts_as_passed() {
        let mut reader = reader();
        reader.pass(4.0, 4.2);
        reader.resume_at(4.15);
        assert_eq!(reader.end_pass()[0], Some(TimelineEvent::Traversed { from: 4.0, to: 4.15 }));
        reader.pass(4.0, 4.2);
        reader.resume_at(4.22);
        assert_eq!(
            reader.end_pass()[0],
            Some(TimelineEvent::Traversed { from: 4.22, to: 4.22 }),
            "the gap was not heard"
        );
    }
}
