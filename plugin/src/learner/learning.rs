//! One run of the learner: reads the performances, learns the style, and puts it into the store.

use std::error::Error;
use std::thread;

use rayon::ThreadPoolBuilder;
use tonenet_files::error::FileError;
use tonenet_inference::cancellation::{Cancellation, Cancelled};
use tonenet_inference::error::InferenceError;
use tonenet_inference::user_style::{StyleCard, StyleContents, UserStyle, UserStyleId};
use tonenet_learn::{Basis, LearnError, Learned, Performance, learn};

use super::Shared;
use super::source::{LearningSource, LeftOutSource};

/// A style that was learned.
#[derive(Debug, Clone, PartialEq)]
pub struct LearnedStyle {
    /// Its id.
    pub id: UserStyleId,
    /// Its slot, counted from 0.
    pub slot: usize,
    /// The name that it was learned under.
    pub name: String,
    /// Whether the slot had the same style before. It then keeps its name.
    pub was_there: bool,
    /// The files that it was learned from; 0 for the remembered performance.
    pub files: usize,
    /// The notes that it was learned from.
    pub notes: usize,
    /// How it differs from the nearest built-in style, in a sentence.
    pub description: String,
    /// How far it can be relied on, in a sentence.
    pub reliability: String,
    /// What was left out.
    pub left_out: Vec<LeftOutSource>,
}

/// Why no style was learned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearningFailure {
    /// The reason, and what to do.
    pub reason: String,
    /// What could not be used.
    pub left_out: Vec<LeftOutSource>,
}

impl From<String> for LearningFailure {
    fn from(reason: String) -> Self {
        Self { reason, left_out: Vec::new() }
    }
}

/// Why a run ended without a style.
#[derive(Debug)]
pub(super) enum Stopped {
    /// The user cancelled it.
    Cancelled,
    /// It failed. The text says why, and what to do.
    Because(String),
}

impl From<Cancelled> for Stopped {
    fn from(_: Cancelled) -> Self {
        Self::Cancelled
    }
}

impl From<FileError> for Stopped {
    fn from(error: FileError) -> Self {
        let cause = error.source().map(|cause| format!(": {cause}"));
        Self::Because(format!("{error}{}", cause.unwrap_or_default()))
    }
}

impl From<LearnError> for Stopped {
    fn from(error: LearnError) -> Self {
        match error {
            LearnError::Inference(InferenceError::Cancelled) => Self::Cancelled,
            error => Self::Because(error.to_string()),
        }
    }
}

/// A run.
pub(super) struct Learning<'a> {
    shared: &'a Shared,
    cancellation: &'a Cancellation,
    progress: &'a (dyn Fn(f64) + Sync),
    left_out: Vec<LeftOutSource>,
}

impl<'a> Learning<'a> {
    pub(super) fn new(shared: &'a Shared, cancellation: &'a Cancellation, progress: &'a (dyn Fn(f64) + Sync)) -> Self {
        Self { shared, cancellation, progress, left_out: Vec::new() }
    }

    /// What was left out so far.
    pub(super) fn left_out(&self) -> Vec<LeftOutSource> {
        self.left_out.clone()
    }

    /// Learns a style and puts it into the store.
    pub(super) fn learn(&mut self, source: &LearningSource) -> Result<LearnedStyle, Stopped> {
        let styles = &self.shared.styles;
        if !styles.has_room() {
            return Err(Stopped::Because("all slots are taken; remove a style first".into()));
        }
        let remembered = self.shared.timeline.get().0;
        let performances = source.read(&remembered, self.cancellation, &mut self.left_out)?;
        let is_one_piece = *source == LearningSource::Remembered;
        let name = styles.free_name(&source.style_name());
        let learned = self.learn_from(&performances, &name, is_one_piece)?;
        self.left_out.extend(learned.left_out.iter().map(LeftOutSource::from));
        let reliability = reliability(&learned);
        let files = if is_one_piece { 0 } else { learned.used.len() };
        let style = with_files(&learned.style, files.max(1))?;
        let (id, name, card) = (style.id(), style.name().to_owned(), style.contents().card.clone());
        self.cancellation.check()?;
        let there = styles.slot_of(id);
        let no_slot = || Stopped::Because("the last slot was taken meanwhile; remove a style and learn again".into());
        let slot = there.or_else(|| styles.add(style)).ok_or_else(no_slot)?;
        Ok(LearnedStyle {
            id,
            slot,
            name,
            was_there: there.is_some(),
            files,
            notes: card.notes,
            description: card.description,
            reliability,
            left_out: self.left_out(),
        })
    }

    /// Learns a style on threads of its own, which end with it: the host may unload the plugin then.
    fn learn_from(&self, performances: &[Performance], name: &str, is_one_piece: bool) -> Result<Learned, Stopped> {
        let network = (self.shared.open)().map_err(Stopped::Because)?;
        let basis = Basis::new(&network);
        let basis = if is_one_piece { basis.of_one_piece() } else { basis };
        let learn = || learn(&basis, performances, name, self.progress, self.cancellation);
        let threads = ThreadPoolBuilder::new()
            .num_threads(threads())
            .thread_name(|index| format!("tonenet learner {}", index + 1));
        let learned = threads.build_scoped(|thread| thread.run(), |pool| pool.install(learn));
        let no_threads = |error| format!("the system gives no threads to learn on ({error}); close other programs");
        Ok(learned.map_err(|error| Stopped::Because(no_threads(error)))??)
    }
}

/// How many threads learn: half of the processor's, so that audio and models keep theirs.
fn threads() -> usize {
    thread::available_parallelism().map_or(1, |threads| (threads.get() / 2).max(1))
}

/// The style with a card that counts so many files. Sections of a performance are no files.
fn with_files(style: &UserStyle, files: usize) -> Result<UserStyle, Stopped> {
    let contents = style.contents().clone();
    let card = StyleCard { files, ..contents.card };
    Ok(UserStyle::new(StyleContents { card, ..contents }).map_err(LearnError::from)?)
}

/// How far a style can be relied on, in a sentence.
fn reliability(learned: &Learned) -> String {
    let tested = || {
        let (evidence, nearest) = (learned.evidence, learned.style.contents().nearest.title());
        format!(
            "Tested on playing that it was not learned from: r {:.2}, where {nearest} has {:.2}.",
            evidence.r, evidence.nearest_r
        )
    };
    learned.why_nearest().unwrap_or_else(tested)
}
