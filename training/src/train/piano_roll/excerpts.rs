//! Excerpts of performances as piano-rolls: cut at random places, and augmented.

use rand::Rng;
use rand::distr::weighted::WeightedIndex;
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonenet_core::grid::{FREE_STEP_SECONDS, Grid, GridNote};
use tonenet_core::note::{HIGHEST_KEY, LOWEST_KEY, PIANO_KEYS};
use tonenet_core::piano_roll::{FRAME, PianoRoll, VelocityRoll};

use crate::data::genre::GenreId;
use crate::data::performances::{Performance, USUAL_SPREAD};

/// Standard deviation of the tempo augmentation, as a factor's natural logarithm.
const TEMPO_SPREAD: f64 = 0.12;
/// How often a beat-aligned file is cut on the free grid instead, so that a missing beat does no harm.
const FREE_SHARE: f64 = 0.25;

/// A batch of excerpts of one genre, row-major.
pub struct Batch {
    /// Input, shape \[excerpts, steps, 176\].
    pub frames: Vec<f32>,
    /// Deviation of each onset from its file's mean, in velocity steps; shape \[excerpts, steps, 88\].
    pub deviations: Vec<f32>,
    /// 1 where a note begins; same shape.
    pub onsets: Vec<f32>,
}

/// Draws batches of a genre; long performances are drawn more often.
pub struct Excerpts {
    performances: Vec<Performance>,
    by_length: WeightedIndex<f64>,
}

impl Excerpts {
    /// The excerpts of one genre, or `None` where no performance is of it.
    pub fn new(performances: &[Performance], genre: &GenreId) -> Option<Self> {
        let performances: Vec<_> = performances.iter().filter(|p| p.genre == *genre).cloned().collect();
        let seconds = |p: &Performance| p.notes.last().map_or(1.0, |n| n.onset.max(1.0));
        let by_length = WeightedIndex::new(performances.iter().map(seconds)).ok()?;
        Some(Self { performances, by_length })
    }

    /// The performances that excerpts are drawn from.
    pub fn performances(&self) -> &[Performance] {
        &self.performances
    }

    /// A batch of `excerpts` excerpts, each `steps` long, at random places, transpositions and tempi.
    pub fn draw(&self, excerpts: usize, steps: usize, random: &mut ChaCha8Rng) -> Batch {
        let mut batch = Batch {
            frames: Vec::with_capacity(excerpts * steps * FRAME),
            deviations: Vec::with_capacity(excerpts * steps * PIANO_KEYS),
            onsets: Vec::with_capacity(excerpts * steps * PIANO_KEYS),
        };
        for _ in 0..excerpts {
            let performance = &self.performances[self.by_length.sample(random)];
            cut(performance, steps, random, &mut batch);
        }
        batch
    }
}

fn cut(performance: &Performance, steps: usize, random: &mut ChaCha8Rng, batch: &mut Batch) {
    let on_beats = performance.grid == Grid::Sixteenths && !random.random_bool(FREE_SHARE);
    let (grid, phase) = if on_beats {
        (Grid::Sixteenths, 0.0)
    } else {
        // A sum of uniforms is near enough to a normal distribution.
        let normal: f64 = (0..12).map(|_| random.random::<f64>()).sum::<f64>() - 6.0;
        (Grid::Seconds(FREE_STEP_SECONDS * (TEMPO_SPREAD * normal).exp()), random.random())
    };
    let transposition = random.random_range(-5..=6);

    let position = |seconds, sixteenths| grid.position(seconds, sixteenths) + phase;
    let last = performance.notes.last().map_or(0.0, |n| position(n.onset, n.onset_sixteenths)) as i64;
    let first_step = random.random_range(0..=(last + 1 - steps as i64 / 2).max(0));
    let end_step = first_step + steps as i64;
    let notes: Vec<GridNote> = performance
        .notes
        .iter()
        .filter_map(|n| {
            let key = i16::from(n.key) + transposition;
            let in_range = (i16::from(LOWEST_KEY)..=i16::from(HIGHEST_KEY)).contains(&key);
            let onset = position(n.onset, n.onset_sixteenths);
            let release = position(n.release, n.release_sixteenths);
            let near = onset < end_step as f64 + 1.0 && release > first_step as f64 - 2.0;
            (in_range && near).then(|| GridNote::new(onset, release, n.channel, key as u8, n.velocity)).flatten()
        })
        .collect();

    let roll = PianoRoll::new(first_step, steps, &notes);
    let target = VelocityRoll::new(&roll, &notes);
    let (mean, spread) = performance.level();
    let stretch = (USUAL_SPREAD / spread).clamp(1.0, 2.0);
    batch.frames.extend_from_slice(roll.frames());
    batch.deviations.extend(
        target.velocities.iter().zip(&target.onsets).map(|(&v, &on)| on * ((f64::from(v) - mean) * stretch) as f32),
    );
    batch.onsets.extend_from_slice(&target.onsets);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonenet_core::genre::Genre;
    use tonenet_core::note::Note;

    fn scale() -> Performance {
        let notes = (0..200)
            .map(|i| Note {
                onset: f64::from(i) * 0.125,
                release: f64::from(i) * 0.125 + 0.1,
                onset_sixteenths: f64::from(i),
                release_sixteenths: f64::from(i) + 0.8,
                channel: 0,
                key: 40 + (i % 40) as u8,
                velocity: if i % 2 == 0 { 48 } else { 80 },
            })
            .collect();
        Performance {
            name: "scale".into(),
            genre: Genre::Pop.into(),
            grid: Grid::Sixteenths,
            notes,
            pedals: Vec::new(),
            group: "test".into(),
        }
    }

    #[test]
    fn targets_are_at_onsets_and_centred_per_file() {
        let performances = [scale()];
        let excerpts = Excerpts::new(&performances, &Genre::Pop.into()).unwrap();
        let batch = excerpts.draw(8, 32, &mut ChaCha8Rng::seed_from_u64(1));
        assert_eq!(batch.frames.len(), 8 * 32 * FRAME);
        for (i, (&deviation, &onset)) in batch.deviations.iter().zip(&batch.onsets).enumerate() {
            assert_eq!(batch.frames[2 * i], onset, "articulated where the target is");
            assert_eq!(deviation.abs(), 16.0 * onset);
        }
        assert!(batch.onsets.iter().sum::<f32>() > 100.0);
    }

    #[test]
    fn the_same_seed_draws_the_same_batch() {
        let performances = [scale()];
        let excerpts = Excerpts::new(&performances, &Genre::Pop.into()).unwrap();
        let draw = |seed| excerpts.draw(4, 16, &mut ChaCha8Rng::seed_from_u64(seed)).frames;
        assert_eq!(draw(3), draw(3));
        // Cells that differ between the two batches.
        let others = draw(3).iter().zip(draw(4)).filter(|(a, b)| **a != *b).count();
        assert!(others > 50, "{others} cells differ");
    }
}
