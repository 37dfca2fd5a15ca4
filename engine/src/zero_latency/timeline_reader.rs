//! Reads predictions from the latest Timeline snapshot, and tracks which parts of the song a pass traverses.

use tonenet_core::dynamics::Expected;
use tonenet_core::feel::Feel;
use tonenet_core::scope::VoicePosition;
use tonenet_core::timeline::{SAME_PLACE, TimelineEvent, TimelineView};
use tonenet_core::transport::{JUMP_AHEAD, JUMP_BACK};

use super::IncomingNote;

/// The shortest passage to report as traversed, in beats.
const PASSAGE: f64 = 0.25;

/// The audio thread's reader of Timeline snapshots.
#[derive(Debug)]
pub struct TimelineReader {
    view: TimelineView,
    passage: Option<Passage>,
    /// Whether some input of the passage was not recorded.
    is_passage_incomplete: bool,
}

/// What a snapshot knows of a note.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RecordedNote {
    pub(super) expected: Option<Expected>,
    pub(super) feel: Feel,
    pub(super) voice: Option<VoicePosition>,
}

/// The part of the song traversed since the last report, in beats.
#[derive(Debug, Clone, Copy)]
struct Passage {
    from: f64,
    to: f64,
}

impl TimelineReader {
    /// Creates a reader at the start of a pass.
    pub fn new(view: TimelineView) -> Self {
        Self { view, passage: None, is_passage_incomplete: false }
    }

    /// Clears everything but the view.
    pub fn reset(&mut self) {
        (self.passage, self.is_passage_incomplete) = (None, false);
    }

    /// Replaces the view.
    pub fn set_view(&mut self, view: TimelineView) {
        self.view = view;
    }

    /// What the snapshot knows of a note at a song position.
    pub(super) fn look_up(&self, beats: f64, note: &IncomingNote) -> RecordedNote {
        let (channel, key) = note.channel_and_key;
        let found = self.view.snapshot().find(beats, channel, key);
        let Some(index) = found else { return RecordedNote::default() };
        RecordedNote {
            expected: self.view.expected(index, note.style, note.take),
            feel: self.view.feel(index, note.style, note.take),
            voice: self.view.snapshot().voice(index),
        }
    }

    /// Whether a block that begins at `beats` begins a new pass, because it does not continue the last block.
    pub fn is_new_pass(&self, beats: Option<f64>) -> bool {
        match (self.passage, beats) {
            // Hosts round positions, and the tempo may change within a block. `TransportWatch` has the same tolerance.
            (Some(passage), Some(beats)) => !(-JUMP_BACK..=JUMP_AHEAD).contains(&(beats - passage.to)),
            (None, beats) => beats.is_some(),
            (Some(_), None) => true,
        }
    }

    /// Corrects the position at which the pass continues. Nothing beyond it counts as traversed.
    pub fn resume_at(&mut self, beats: f64) {
        if let Some(passage) = &mut self.passage
            && (beats - passage.to).abs() > SAME_PLACE
        {
            let from = if beats > passage.to { beats } else { beats.min(passage.from) };
            *passage = Passage { from, to: beats };
        }
    }

    /// Ends the pass. Returns the events to record, in order.
    pub fn end_pass(&mut self) -> [Option<TimelineEvent>; 2] {
        let is_incomplete = std::mem::take(&mut self.is_passage_incomplete);
        match self.passage.take() {
            Some(Passage { from, to }) => {
                [(!is_incomplete).then_some(TimelineEvent::Traversed { from, to }), Some(TimelineEvent::PassEnded)]
            }
            None => [None; 2],
        }
    }

    /// Some input of the current passage was not recorded, so the timeline keeps its notes there.
    pub fn mark_passage_incomplete(&mut self) {
        self.is_passage_incomplete = true;
    }

    /// Advances from one song position to another. Returns the event to record, if any.
    pub fn advance(&mut self, from: f64, to: f64) -> Option<TimelineEvent> {
        let passage = self.passage.get_or_insert(Passage { from, to });
        passage.to = to;
        if std::mem::take(&mut self.is_passage_incomplete) {
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
        TimelineReader::new(TimelineView::default())
    }

    #[test]
    fn a_passage_is_reported_once_it_is_long_enough_and_the_rest_when_the_pass_ends() {
        let mut reader = reader();
        assert_eq!(reader.advance(0.0, 0.2), None);
        assert_eq!(reader.advance(0.2, 0.3), Some(TimelineEvent::Traversed { from: 0.0, to: 0.3 }));
        assert_eq!(reader.advance(0.3, 0.4), None);
        assert_eq!(
            reader.end_pass(),
            [Some(TimelineEvent::Traversed { from: 0.3, to: 0.4 }), Some(TimelineEvent::PassEnded)]
        );
        assert_eq!(reader.end_pass(), [None; 2]);
    }

    #[test]
    fn an_incomplete_passage_is_not_reported_as_traversed() {
        let mut reader = reader();
        reader.advance(0.0, 0.1);
        reader.mark_passage_incomplete();
        assert_eq!(reader.advance(0.1, 0.5), None);
        assert_eq!(
            reader.advance(0.5, 0.8),
            Some(TimelineEvent::Traversed { from: 0.5, to: 0.8 }),
            "the passage after it"
        );
        reader.advance(0.8, 0.9);
        reader.mark_passage_incomplete();
        assert_eq!(reader.end_pass(), [None, Some(TimelineEvent::PassEnded)]);
    }

    #[test]
    fn a_pass_continues_over_rounding_errors_and_ends_at_a_jump_or_stop() {
        let mut reader = reader();
        assert!(!reader.is_new_pass(None), "a stopped song begins no pass");
        assert!(reader.is_new_pass(Some(4.0)));
        reader.advance(4.0, 4.1);
        for (beats, is_new) in [(Some(4.1), false), (Some(4.1001), false), (Some(8.0), true), (None, true)] {
            assert_eq!(reader.is_new_pass(beats), is_new, "{beats:?}");
        }
    }

    #[test]
    fn nothing_beyond_the_position_where_a_pass_resumes_counts_as_traversed() {
        let mut reader = reader();
        reader.advance(4.0, 4.2);
        reader.resume_at(4.15);
        assert_eq!(reader.end_pass()[0], Some(TimelineEvent::Traversed { from: 4.0, to: 4.15 }));
        reader.advance(4.0, 4.2);
        reader.resume_at(4.22);
        assert_eq!(
            reader.end_pass()[0],
            Some(TimelineEvent::Traversed { from: 4.22, to: 4.22 }),
            "the gap was not traversed"
        );
    }
}
