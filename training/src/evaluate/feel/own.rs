//! Scores the feel of users' styles: what is learned from a few files where only another genre's feel is known.

use anyhow::Result;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use tonenet_core::feel::Feel;
use tonenet_core::genre::Genre;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::feel::{FeelModel, FeelStyle, OwnFeel};
use tonenet_inference::note::NoteNetwork;
use tonenet_learn::feel::{PageRows, own_feel};

use super::{Line, Predicted, mean};
use crate::data::performances::Performance;
use crate::evaluate::own_styles::to_learn_from;
use crate::metrics::feel::correlation;

/// Files that are learned from, and how often others are drawn.
const LEARNED: [(usize, u64); 2] = [(5, 4), (20, 2)];

/// What styles are learned with.
pub struct Known<'a> {
    /// The note model.
    pub network: &'a NoteNetwork,
    /// The feel of the built-in styles.
    pub model: &'a FeelModel,
    /// The training files of the genre.
    pub files: Vec<&'a Performance>,
}

/// The figures of a genre, on top of each other one.
pub fn lines(known: &Known<'_>, genre: Genre, pages: &[Predicted]) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for nearest in Genre::ALL.into_iter().filter(|nearest| *nearest != genre) {
        let Some(style) = known.model.style(nearest.into()) else { continue };
        let mut text =
            format!("a user's style with {}'s feel: {}", nearest.title(), scored(pages, style, &[OwnFeel::NEAREST]));
        for (count, draws) in LEARNED {
            let learned: Vec<OwnFeel> =
                (0..draws).map(|draw| learn(known, style, (count, draw))).collect::<Result<_>>()?;
            text += &format!("; learned from {count} files: {}", scored(pages, style, &learned));
        }
        lines.push(Line::Figure(text));
    }
    Ok(lines)
}

fn learn(known: &Known<'_>, nearest: &FeelStyle, (count, draw): (usize, u64)) -> Result<OwnFeel> {
    let mut drawn = known.files.clone();
    drawn.shuffle(&mut ChaCha8Rng::seed_from_u64(draw));
    let performances: Vec<_> = drawn.into_iter().take(count).map(|file| to_learn_from(file, usize::MAX)).collect();
    Ok(own_feel(known.network, nearest, &performances, &|| (), &Cancellation::default())?.own)
}

/// How far a genre's pages are from what some feels predict, as means over both.
fn scored(pages: &[Predicted], nearest: &FeelStyle, feels: &[OwnFeel]) -> String {
    let of_each = |of: &dyn Fn(&PageRows, &[Feel]) -> Option<f64>| {
        mean(
            feels
                .iter()
                .flat_map(|own| pages.iter().filter_map(move |page| of(&page.rows, &page.rows.predict(nearest, own)))),
        )
    };
    let timing = match pages.iter().any(|page| page.rows.paged.has_timing) {
        true => format!("shift {:.1} ms, r {:.2}, ", of_each(&shift_error), of_each(&shift_r)),
        false => String::new(),
    };
    let pedal = match pages.iter().any(|page| page.rows.paged.has_pedal) {
        true => format!(", pedal {:.3}", of_each(&pedal_agreement)),
        false => String::new(),
    };
    format!("{timing}length ×{:.2}{pedal}", of_each(&length_error).exp())
}

/// The shifts of a page's chords in beats: played and predicted; none without timing.
fn shifts(page: &PageRows, feels: &[Feel]) -> Option<(Vec<f64>, Vec<f64>)> {
    let rows = (0..page.rows.len()).filter(|&row| page.rows[row].begins_chord);
    let shifts = rows.map(|row| (page.paged.chords[page.played(row).chord].shift, f64::from(feels[row].shift)));
    page.paged.has_timing.then(|| shifts.unzip())
}

fn shift_error(page: &PageRows, feels: &[Feel]) -> Option<f64> {
    let (played, predicted) = shifts(page, feels)?;
    let squares = played.iter().zip(&predicted).map(|(played, predicted)| (played - predicted).powi(2));
    Some(mean(squares).sqrt() * page.paged.beat_seconds * 1000.0)
}

fn shift_r(page: &PageRows, feels: &[Feel]) -> Option<f64> {
    let (played, predicted) = shifts(page, feels)?;
    Some(correlation(&played, &predicted))
}

fn length_error(page: &PageRows, feels: &[Feel]) -> Option<f64> {
    let left = feels.iter().enumerate().map(|(row, feel)| (page.played(row).stretch - f64::from(feel.stretch)).powi(2));
    Some(mean(left).sqrt())
}

/// The share of chords at which the pedal is as played.
fn pedal_agreement(page: &PageRows, feels: &[Feel]) -> Option<f64> {
    let rows = (0..page.rows.len()).filter(|&row| page.rows[row].begins_chord);
    let agrees = rows.map(|row| {
        let played = page.paged.chords[page.played(row).chord].pedal;
        f64::from(u8::from(played == (feels[row].pedal_down > 0.5)))
    });
    page.paged.has_pedal.then(|| mean(agrees))
}
