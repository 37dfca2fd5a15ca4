//! Excerpts of performances as rows of notes: drawn, augmented ([`super::augmentation`]) and cut at random moments.

use rand::distr::weighted::WeightedIndex;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use tch::{Device, Tensor};
use tonenet_core::genre::Genre;
use tonenet_core::note_rows::{AHEAD, PAST, Part};

use super::augmentation::{Augmented, Reading, augmented};
use super::batch::{Masks, NoteBatch};
use crate::data::genre::GenreId;
use crate::data::performances::{Performance, USUAL_SPREAD};

/// Excerpt lengths in notes, with probabilities.
///
/// Long excerpts teach the swells of a long piece; short ones cover more pieces.
fn lengths(genre: &GenreId) -> &'static [(usize, f64)] {
    match genre.built_in() {
        Some(Genre::Classical) => &[(1024, 0.1), (512, 0.6), (256, 0.3)],
        _ => &[(512, 0.4), (256, 0.6)],
    }
}
/// Notes before an excerpt, for its rows' look-back and for the part's running averages.
const CONTEXT: usize = 1024;

/// How often excerpts are read from the page.
const PAGE_SHARE: f64 = 0.5;

/// Largest segment lengths, with probabilities, of performances and of pages.
///
/// A note sees what follows in its segment, so short segments teach short look-aheads. Pages are mostly restyled whole.
const SEGMENTS: [(usize, f64); 4] = [(usize::MAX, 0.5), (64, 0.15), (16, 0.2), (4, 0.15)];
const PAGE_SEGMENTS: [(usize, f64); 4] = [(usize::MAX, 0.75), (64, 0.1), (16, 0.1), (4, 0.05)];

/// How often the model gets the player's velocities. On a page there are none.
const PLAYER_SHARE: f64 = 0.25;

/// How far sources are levelled by size: 0 draws by notes, 1 draws each source equally often.
const SOURCE_LEVELLING: f64 = 0.1;

/// Draws batches of a genre.
pub struct NoteExcerpts {
    genre: GenreId,
    /// Decoders of the network, from which the player's style is drawn.
    decoders: usize,
    performances: Vec<Performance>,
    weighted: WeightedIndex<f64>,
}

impl NoteExcerpts {
    /// The excerpts of one genre for a network of so many decoders, or `None` where no performance is of it.
    pub fn new(performances: &[Performance], genre: &GenreId, decoders: usize) -> Option<Self> {
        let performances: Vec<_> = performances.iter().filter(|p| p.genre == *genre).cloned().collect();
        let mut groups: HashMap<&str, usize> = HashMap::new();
        for performance in &performances {
            *groups.entry(&performance.group).or_default() += performance.notes.len();
        }
        let weight = |p: &Performance| {
            // Scores are means over files: long ones are drawn more often, but not in proportion.
            (p.notes.len() as f64).powf(0.75) * (groups[p.group.as_str()] as f64).powf(-SOURCE_LEVELLING)
        };
        let weighted = WeightedIndex::new(performances.iter().map(weight)).ok()?;
        Some(Self { genre: genre.clone(), decoders, performances, weighted })
    }

    /// The performances that excerpts are drawn from.
    pub fn performances(&self) -> &[Performance] {
        &self.performances
    }

    /// Draws a batch for each of `shards` members; its excerpts have `notes` notes together.
    pub fn draw(&self, shards: usize, notes: usize, random: &mut ChaCha8Rng, device: Device) -> Vec<NoteBatch> {
        let is_page = random.random_bool(PAGE_SHARE);
        let length = by_share(lengths(&self.genre), random);
        let segment = by_share(if is_page { &PAGE_SEGMENTS } else { &SEGMENTS }, random).min(length);
        let with_player = !is_page && random.random_bool(PLAYER_SHARE);
        let player_style = with_player.then(|| random.random_range(0..self.decoders));
        let reading = Reading { is_page, with_player };
        let excerpts = notes / length;
        (0..shards)
            .map(|member| {
                let mut rows = Rows::default();
                for _ in 0..excerpts {
                    let performance = &self.performances[self.weighted.sample(random)];
                    rows.add(performance, length, segment, reading, random);
                }
                let tensor = |values: &[f32], width: usize| {
                    let shape = [excerpts as i64, length as i64, width as i64];
                    Tensor::from_slice(values).view(shape).to_device(device)
                };
                NoteBatch {
                    past: tensor(&rows.past, PAST),
                    ahead: tensor(&rows.ahead, AHEAD),
                    deviations: tensor(&rows.deviations, 1).squeeze_dim(-1),
                    weights: tensor(&rows.weights, 1).squeeze_dim(-1),
                    segment: segment as i64,
                    player_style,
                    member,
                    masks: Masks::draw(excerpts, || random.random(), device),
                }
            })
            .collect()
    }
}

/// Draws one of some numbers by their shares.
fn by_share(choices: &[(usize, f64)], random: &mut ChaCha8Rng) -> usize {
    let shares = WeightedIndex::new(choices.iter().map(|choice| choice.1)).expect("shares above zero");
    choices[shares.sample(random)].0
}

/// Rows of some excerpts, one after the other.
#[derive(Debug, Default, PartialEq)]
struct Rows {
    past: Vec<f32>,
    ahead: Vec<f32>,
    deviations: Vec<f32>,
    weights: Vec<f32>,
}

impl Rows {
    fn add(
        &mut self,
        performance: &Performance,
        length: usize,
        segment: usize,
        reading: Reading,
        random: &mut ChaCha8Rng,
    ) {
        let total = performance.notes.len();
        let end = random.random_range(length.min(total)..=total);
        let start = end.saturating_sub(length);
        let first = start.saturating_sub(CONTEXT);
        let seen = (end + 1).min(total);
        let Augmented { part, deviations } = augmented(performance, first..seen, reading, random);
        // Sorting may have moved notes across the excerpt's edges and thinning removed some. Only the number of notes
        // matters.
        let skipped = deviations.len().saturating_sub(length + (seen - end)).min(start - first);
        let count = (deviations.len() - skipped).saturating_sub(seen - end).min(length);

        let padding = length - count;
        self.past.resize(self.past.len() + padding * PAST, 0.0);
        self.ahead.resize(self.ahead.len() + padding * AHEAD, 0.0);
        self.deviations.resize(self.deviations.len() + padding, 0.0);
        self.weights.resize(self.weights.len() + padding, 0.0);
        let mut known = 0.0;
        for i in 0..count {
            // Segments are counted from the excerpt's end, which has no padding.
            let left = count - i;
            if i == 0 || left % segment == 0 {
                let last = skipped + i + if left % segment == 0 { segment } else { left % segment } - 1;
                known = moment(&part, last, random);
            }
            part.past(skipped + i, &mut self.past);
            part.ahead(skipped + i, known, &mut self.ahead);
        }
        self.deviations.extend(&deviations[skipped..skipped + count]);
        // A compromise between equal weight for every velocity step and for every file.
        let weight = USUAL_SPREAD / performance.level().1.clamp(6.0, 32.0);
        self.weights.resize(self.weights.len() + count, weight as f32);
    }
}

/// A random moment between note `last` and the next one.
fn moment(part: &Part, last: usize, random: &mut ChaCha8Rng) -> f64 {
    let onset = part.note(last).map_or(0.0, |n| n.onset);
    let gap = part.note(last + 1).map_or(3.0, |next| (next.onset - onset).max(0.0));
    let share = random.random::<f64>();
    if random.random_bool(0.5) {
        return onset + share * gap * 0.999;
    }
    // Log-uniform from 5 ms to 3 s, so that the model sees the shortest look-aheads too.
    onset + gap.min(0.005 * (600f64).powf(share)) * 0.999
}
