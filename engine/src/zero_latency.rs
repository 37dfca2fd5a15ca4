//! What the audio thread knows of a note at the moment it comes in, for the modes without latency: the remembered
//! take's word where it has one, else what was expected of its key lately.
//!
//! An answer counts from a fixed number of samples after its question on, however early it came, so that what a note
//! gets depends on the sample clock and not on the machine (answers that come later than that aside).

use std::collections::VecDeque;
use std::sync::Arc;

use tonenet_core::dynamics::Expected;
use tonenet_core::scheduler::SampleTime;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::timeline::{KeyExpectation, SAME_PLACE, TimelineEvent, TimelineSnapshot};
use tonenet_core::transport::{JUMP_AHEAD, JUMP_BACK};

/// Answers under way at most; beyond, the oldest counts early.
const ANSWERS: usize = 1024;

/// How much of the song is told as passed at once, in beats.
const PASSAGE: f64 = 0.25;

/// See the [module](self).
#[derive(Debug)]
pub struct AtOnce {
    /// Samples from a question to when its answers count.
    answer_time: u64,
    answers: VecDeque<(SampleTime, u8, Expected)>,
    expectation: KeyExpectation,
    /// `None` where nothing is remembered.
    song: Option<Song>,
}

#[derive(Debug)]
struct Song {
    picture: Arc<TimelineSnapshot>,
    passage: Option<Passage>,
    /// Whether something of the passage was not told.
    is_passage_lost: bool,
}

/// What was played since the last word of it, in beats.
#[derive(Debug, Clone, Copy)]
struct Passage {
    from: f64,
    to: f64,
}

/// How well a note is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// What is expected of it, if anything is.
    pub expected: Option<Expected>,
    /// Whether nothing better will be said of it on a later pass.
    pub settled: bool,
}

impl AtOnce {
    /// Nothing known but a picture of the song, in Timeline mode.
    pub fn new(answer_time: u32, picture: Option<Arc<TimelineSnapshot>>) -> Self {
        Self {
            answer_time: answer_time.into(),
            answers: VecDeque::with_capacity(ANSWERS),
            expectation: KeyExpectation::default(),
            song: picture.map(|picture| Song { picture, passage: None, is_passage_lost: false }),
        }
    }

    /// Forgets all but the picture.
    pub fn reset(&mut self) {
        self.answers.clear();
        self.expectation = KeyExpectation::default();
        self.song.iter_mut().for_each(|song| (song.passage, song.is_passage_lost) = (None, false));
    }

    /// Whether a song is remembered.
    pub fn remembers(&self) -> bool {
        self.song.is_some()
    }

    /// Looks the song up in another picture from now on; the old one is let go.
    pub fn show(&mut self, picture: Arc<TimelineSnapshot>) {
        self.song.iter_mut().for_each(|song| song.picture = picture.clone());
    }

    /// Takes in an answer to a question asked at a sample.
    pub fn learn(&mut self, asked: SampleTime, key: u8, expected: Expected) {
        if self.answers.len() == ANSWERS
            && let Some((_, key, expected)) = self.answers.pop_front()
        {
            self.expectation.learn(key, expected);
        }
        self.answers.push_back((asked + self.answer_time, key, expected));
    }

    /// What is known of a note that comes in at `time`, at `beats` of the song if the host plays and tells.
    pub fn known(
        &mut self,
        time: SampleTime,
        beats: Option<f64>,
        (channel, key): (u8, u8),
        style: StyleBlend,
        take: TakeSeed,
    ) -> Known {
        while let Some((_, key, expected)) = self.answers.pop_front_if(|answer| answer.0 <= time) {
            self.expectation.learn(key, expected);
        }
        let remembered = self.song.as_ref().zip(beats).and_then(|(song, beats)| {
            let note = song.picture.find(beats, channel, key)?;
            song.picture.expected(note, style, take)
        });
        let settled = remembered.is_some() || self.song.is_none();
        Known { expected: remembered.or_else(|| self.expectation.get(key)), settled }
    }

    /// Whether a block that begins at `beats` does not go on from the last one: then a new pass begins.
    pub fn is_new_pass(&self, beats: Option<f64>) -> bool {
        let last = self.song.as_ref().and_then(|song| song.passage);
        match (last, beats) {
            // Hosts round, and a tempo may change within a block; what is more is a jump for the transport's watch too.
            (Some(passage), Some(beats)) => !(-JUMP_BACK..=JUMP_AHEAD).contains(&(beats - passage.to)),
            (None, beats) => beats.is_some(),
            (Some(_), None) => true,
        }
    }

    /// The pass goes on at a place that may lie a little beside the one that was reckoned: nothing beyond it has passed.
    pub fn go_on(&mut self, beats: f64) {
        if let Some(passage) = self.song.as_mut().and_then(|song| song.passage.as_mut())
            && (beats - passage.to).abs() > SAME_PLACE
        {
            let from = if beats > passage.to { beats } else { beats.min(passage.from) };
            *passage = Passage { from, to: beats };
        }
    }

    /// Ends the pass; `tell` gets what is to be remembered of it.
    pub fn end_pass(&mut self, mut tell: impl FnMut(TimelineEvent)) {
        let Some(song) = &mut self.song else { return };
        let is_lost = std::mem::take(&mut song.is_passage_lost);
        if let Some(Passage { from, to }) = song.passage.take() {
            if !is_lost {
                tell(TimelineEvent::Traversed { from, to });
            }
            tell(TimelineEvent::PassEnded);
        }
    }

    /// Something that was played since the last word of the song was not told: what is remembered there stays.
    pub fn lose_passage(&mut self) {
        self.song.iter_mut().for_each(|song| song.is_passage_lost = true);
    }

    /// The song went from one place to another in a block; `tell` gets what is to be remembered of it.
    pub fn pass(&mut self, from: f64, to: f64, mut tell: impl FnMut(TimelineEvent)) {
        let Some(song) = &mut self.song else { return };
        let passage = song.passage.get_or_insert(Passage { from, to });
        passage.to = to;
        if std::mem::take(&mut song.is_passage_lost) {
            passage.from = to;
        } else if passage.to - passage.from >= PASSAGE {
            tell(TimelineEvent::Traversed { from: passage.from, to });
            passage.from = to;
        }
    }
}
