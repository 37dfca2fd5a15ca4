//! Learns a style from a few performances, in seconds and without libtorch.
//!
//! The note model's encoders stay as they are. [`learn`] solves a ridge regression from what its decoders read, and from
//! what its built-in styles predict, to the player's velocities. It is shrunk towards the built-in style that comes
//! nearest. How much is decided on files that were left out. Where these show no reliable gain, the style plays as the
//! nearest built-in style does. The feel is learned as a difference from that style's ([`feel`]).
//!
//! - [`Performance`] holds what is learned from; [`LeftOut`] says which performances do not fit, and why.
//! - [`learn`] returns a [`Learned`] style with its card. Its [`Basis`] is the note model.
//!
//! It may run on any thread but the audio thread: it reports its progress and can be cancelled.
#![forbid(unsafe_code)]

mod describe;
mod encode;
mod error;
pub mod feel;
mod groups;
mod layout;
pub mod page;
mod performance;
mod regression;
mod sums;

pub use error::LearnError;
pub use performance::{FEWEST_NOTES, FLAT_SPREAD, LeftOut, LeftOutReason, Performance, is_chosen_evenly};
pub use regression::Evidence;

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use time::OffsetDateTime;
use tonenet_core::genre::Genre;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::error::InferenceError;
use tonenet_inference::model::StyleSpread;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::user_style::{StyleCard, StyleContents, UserStyle};

use describe::{Described, describe};
use encode::EncodedPerformance;
use feel::{LearnedFeel, own_feel};
use layout::Layout;
use regression::{Fit, Regression};
use sums::Sums;

/// The fewest notes to learn from, in all performances together.
pub const FEWEST_NOTES_IN_ALL: usize = 1_000;

/// The most performances to learn from. The sums of each take 1.3 MB, and more would add little.
pub const MOST_PERFORMANCES: usize = 100;

/// The shares of the work that encoding and reading the feel are, for the progress.
const ENCODING_SHARE: f64 = 0.7;
const FEEL_SHARE: f64 = 0.25;

/// What was learned.
#[derive(Debug, Clone)]
pub struct Learned {
    /// The style.
    pub style: UserStyle,
    /// How well it predicts performances that were left out.
    pub evidence: Evidence,
    /// The performances that it was learned from.
    pub used: Vec<Used>,
    /// Those that did not fit.
    pub left_out: Vec<LeftOut>,
}

impl Learned {
    /// Why the style plays as the nearest built-in style does, if so. A sentence for the user.
    pub fn why_nearest(&self) -> Option<String> {
        let nearest = self.style.contents().nearest.title();
        match self.used.len() {
            _ if self.evidence.is_reliable => None,
            1 => Some(format!(
                "One performance cannot show a style of its own, so this one plays as {nearest} does; give more."
            )),
            _ => Some(format!(
                "Nothing in these performances reliably differs from {nearest}, so this style plays as {nearest} does."
            )),
        }
    }
}

/// A performance that a style was learned from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Its name.
    pub name: String,
    /// Its notes.
    pub notes: usize,
}

/// What a style is learned on top of: a note model and its built-in styles.
#[derive(Clone)]
pub struct Basis<'a> {
    network: &'a NoteNetwork,
    built_ins: Vec<Genre>,
    mixes_only: bool,
}

impl<'a> Basis<'a> {
    /// All built-in styles of a note model.
    pub fn new(network: &'a NoteNetwork) -> Self {
        let has = |genre: &Genre| network.style((*genre).into()).is_some();
        Self { network, built_ins: Genre::ALL.into_iter().filter(has).collect(), mixes_only: false }
    }

    /// The same for sections of one performance. Only mixes of the built-in styles are learned, and the feel: what the
    /// encodings tell of a single piece holds for that piece alone.
    pub fn of_one_piece(self) -> Self {
        Self { mixes_only: true, ..self }
    }

    /// The same without one style, to measure what is learned of it.
    pub fn without(mut self, style: Genre) -> Self {
        self.built_ins.retain(|&built_in| built_in != style);
        self
    }
}

/// Learns a style from some performances.
///
/// The result depends on the performances and their order alone, whatever the number of threads. `progress` is called
/// from several threads with the share that is done, 0 to 1.
///
/// # Errors
/// When no performance fits, they have too few notes together, the name does not fit, the runtime fails, or on
/// cancellation.
pub fn learn(
    basis: &Basis<'_>,
    performances: &[Performance],
    name: &str,
    progress: &(dyn Fn(f64) + Sync),
    cancellation: &Cancellation,
) -> Result<Learned, LearnError> {
    UserStyle::check_name(name)?;
    let (used, left_out) = performance::select(performances)?;
    let encoded = Encoded::new(basis, &used, progress, cancellation)?;
    let fit = Regression::new(&encoded.layout, &encoded.sums, basis.mixes_only).solve(cancellation)?;
    let feel = feel(basis.network, encoded.layout.built_ins[fit.nearest], &used, progress, cancellation)?;
    let used: Vec<Used> = used.iter().map(|p| Used { name: p.name.clone(), notes: p.notes.len() }).collect();
    let style = encoded.style(basis.network, &fit, feel, name, &used)?;
    progress(1.0);
    Ok(Learned { style, evidence: fit.evidence, used, left_out })
}

/// How the feel of performances differs from the nearest style's, where that has a feel.
fn feel(
    network: &NoteNetwork,
    nearest: Genre,
    performances: &[Performance],
    progress: &(dyn Fn(f64) + Sync),
    cancellation: &Cancellation,
) -> Result<LearnedFeel, LearnError> {
    let Some(nearest) = network.feel().and_then(|model| model.style(nearest.into())) else {
        return Ok(LearnedFeel::default());
    };
    let read = AtomicUsize::new(0);
    let done = || {
        let read = read.fetch_add(1, Ordering::Relaxed) + 1;
        progress(ENCODING_SHARE + FEEL_SHARE * read as f64 / performances.len() as f64);
    };
    own_feel(network, nearest, performances, &done, cancellation)
}

/// All performances, encoded.
struct Encoded {
    layout: Layout,
    /// Of each performance.
    sums: Vec<Sums>,
    /// Of all.
    groups: groups::GroupSums,
}

impl Encoded {
    fn new(
        basis: &Basis<'_>,
        performances: &[Performance],
        progress: &(dyn Fn(f64) + Sync),
        cancellation: &Cancellation,
    ) -> Result<Self, LearnError> {
        let layout = Layout::new(basis.network, &basis.built_ins);
        let all_notes = performances.iter().map(|performance| performance.notes.len()).sum::<usize>();
        let done = AtomicUsize::new(0);
        let encode = |performance: &Performance| {
            let encoded = EncodedPerformance::new(basis.network, &layout, performance, cancellation)?;
            let notes = performance.notes.len();
            let done = done.fetch_add(notes, Ordering::Relaxed) + notes;
            progress(ENCODING_SHARE * done as f64 / all_notes as f64);
            Ok(encoded)
        };
        let encoded: Vec<EncodedPerformance> =
            performances.par_iter().map(encode).collect::<Result<_, LearnError>>()?;
        let (sums, groups): (Vec<Sums>, Vec<_>) = encoded.into_iter().map(|e| (e.sums, e.groups)).unzip();
        let merged = groups.into_iter().reduce(|mut all, groups| {
            all.merge(&groups);
            all
        });
        let groups = merged.ok_or(LearnError::NoPianoNotes)?;
        Ok(Self { layout, sums, groups })
    }

    /// The style that a solved regression gives.
    fn style(
        &self,
        network: &NoteNetwork,
        fit: &Fit,
        feel: LearnedFeel,
        name: &str,
        used: &[Used],
    ) -> Result<UserStyle, LearnError> {
        let built_ins = &self.layout.built_ins;
        let nearest = built_ins[fit.nearest];
        let spread = StyleSpread { human: fit.spreads.human as f32, predicted: fit.spreads.predicted as f32 };
        let nearest_spread = network.style(nearest.into()).ok_or_else(|| InferenceError::no_such_style(nearest))?;
        let of_nearest = self.layout.only(self.layout.built_in(fit.nearest));
        let description = describe(
            Described { title: name, weights: &fit.weights, spread },
            Described { title: nearest.title(), weights: &of_nearest, spread: nearest_spread },
            &self.groups,
        );
        let description = match feel::describe(&feel) {
            Some(of_feel) => format!("{description} {of_feel}"),
            None => description,
        };
        let is_tested = used.len() > 1;
        Ok(UserStyle::new(StyleContents {
            name: name.into(),
            fingerprint: network.fingerprint(&self.layout.style_indices())?,
            readout: self.layout.readout(&fit.weights, &mean_row(&self.sums)),
            spread_scale: fit.spreads.residual as f32 / mean_residual(network, built_ins)?,
            spread,
            nearest,
            feel: feel.own,
            card: StyleCard {
                files: used.len(),
                notes: used.iter().map(|used| used.notes).sum(),
                r: is_tested.then_some(fit.evidence.r as f32),
                nearest_r: fit.evidence.nearest_r as f32,
                learned_on: OffsetDateTime::now_utc().date().to_string(),
                description,
            },
        })?)
    }
}

/// The mean spread of human velocities around the means of some built-in styles, in velocity steps.
fn mean_residual(network: &NoteNetwork, styles: &[Genre]) -> Result<f32, InferenceError> {
    let residual = |&style: &Genre| network.residual(style.into()).ok_or_else(|| InferenceError::no_such_style(style));
    let residuals = styles.iter().map(residual).collect::<Result<Vec<f32>, InferenceError>>()?;
    Ok((residuals.iter().sum::<f32>() / residuals.len().max(1) as f32).max(f32::MIN_POSITIVE))
}

/// The mean of each column, where each performance counts the same.
fn mean_row(sums: &[Sums]) -> Vec<f64> {
    let mut row = vec![0.0; sums.first().map_or(0, |sums| sums.means.len())];
    for sums in sums {
        row.iter_mut().zip(&sums.means).for_each(|(mean, of_one)| *mean += of_one);
    }
    let performances = sums.len().max(1) as f64;
    row.into_iter().map(|sum| sum / performances).collect()
}
