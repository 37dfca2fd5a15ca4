//! How far a decoder moves a performance towards another genre, compared with references that do not read the music.

use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;

use crate::data::performances::Performance;

/// Divisions of a beat.
pub const PLACES: usize = 12;

/// Mean z-scored velocity at each 1/12 of the beat, and the number of notes there.
#[derive(Debug, Clone, Copy, Default)]
pub struct Profile {
    sums: [f64; PLACES],
    notes: [f64; PLACES],
}

impl Profile {
    /// Adds a file's velocities, if it has beats.
    pub fn add(&mut self, performance: &Performance, velocities: &[f32]) {
        if performance.grid != Grid::Sixteenths {
            return;
        }
        let Some(scored) = z_scores(velocities) else { return };
        for (note, z) in performance.notes.iter().zip(scored) {
            let place = ((note.onset_sixteenths / 4.0).rem_euclid(1.0) * PLACES as f64).round() as usize % PLACES;
            self.sums[place] += z;
            self.notes[place] += 1.0;
        }
    }

    /// The profile of equal velocities at the same places: they have no z-scores, hence no accents.
    pub fn without_accents(&self) -> Self {
        Self { sums: [0.0; PLACES], notes: self.notes }
    }

    /// Root mean square distance to another profile, each place weighted by the notes both have there.
    pub fn distance(&self, other: &Self) -> f64 {
        let (mut sum, mut weight) = (0.0, 0.0);
        for place in 0..PLACES {
            let notes = self.notes[place].min(other.notes[place]);
            if notes > 0.0 {
                let mean = |p: &Self| p.sums[place] / p.notes[place];
                sum += notes * (mean(self) - mean(other)).powi(2);
                weight += notes;
            }
        }
        if weight > 0.0 { (sum / weight).sqrt() } else { 0.0 }
    }
}

/// Values with mean 0 and standard deviation 1; `None` where they do not vary.
pub fn z_scores(values: &[f32]) -> Option<Vec<f64>> {
    let n = values.len() as f64;
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
    let spread = (values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt();
    (spread > 1e-6).then(|| values.iter().map(|&v| (f64::from(v) - mean) / spread).collect())
}

/// Mean |Δ| between two predictions of the same notes in velocity steps, after each got mean 0 and the human spread.
pub fn matched_difference(a: &[f32], b: &[f32], human_spread: f64) -> f64 {
    match (z_scores(a), z_scores(b)) {
        (Some(a), Some(b)) => {
            let sum: f64 = a.iter().zip(&b).map(|(a, b)| (a - b).abs()).sum();
            human_spread * sum / a.len().max(1) as f64
        }
        _ => 0.0,
    }
}

/// References for transfer that change accents without reading the music.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// The performance as it is.
    Identity,
    /// One velocity.
    Flat,
    /// The performance's velocities in another order, by a fixed seed.
    Shuffle,
    /// The velocities put in rank order onto the target genre's histogram.
    QuantileMap,
}

impl Control {
    pub const ALL: [Self; 4] = [Self::Identity, Self::Flat, Self::Shuffle, Self::QuantileMap];

    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Flat => "flat",
            Self::Shuffle => "shuffle",
            Self::QuantileMap => "quantile map",
        }
    }

    /// The control's velocities for a human performance; `target` are velocities of the target genre, sorted.
    pub fn apply(self, human: &[f32], target: &[f32]) -> Vec<f32> {
        let n = human.len();
        match self {
            Self::Identity => human.to_vec(),
            Self::Flat => vec![64.0; n],
            // A step that shares no factor with n visits every place once.
            Self::Shuffle => {
                let step = (n / 2 + 1..).find(|&s| gcd(s, n.max(1)) == 1).unwrap_or(1);
                (0..n).map(|i| human[i * step % n]).collect()
            }
            Self::QuantileMap => {
                let mut by_rank: Vec<usize> = (0..n).collect();
                by_rank.sort_by(|&a, &b| human[a].total_cmp(&human[b]));
                let mut mapped = vec![64.0; n];
                for (rank, &note) in by_rank.iter().enumerate() {
                    mapped[note] = target.get(rank * target.len() / n).copied().unwrap_or(64.0);
                }
                mapped
            }
        }
    }
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The genres that have files with beats on the valid split.
pub const METRICAL: [Genre; 2] = [Genre::Jazz, Genre::Pop];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_keep_what_they_say_they_keep() {
        let human: Vec<f32> = (0..101).map(|i| ((i * 37) % 101) as f32).collect();
        let sorted = |mut v: Vec<f32>| {
            v.sort_by(f32::total_cmp);
            v
        };
        let shuffled = Control::Shuffle.apply(&human, &[]);
        let stayed = shuffled.iter().zip(&human).filter(|(a, b)| a == b).count();
        assert!(stayed < 20, "{stayed} of {} are where they were", human.len());
        assert_eq!(sorted(shuffled), sorted(human.clone()));
        let target: Vec<f32> = (0..101).map(|i| 20.0 + i as f32 * 0.5).collect();
        assert_eq!(sorted(Control::QuantileMap.apply(&human, &target)), target);
    }

    #[test]
    fn equal_predictions_do_not_differ_after_matching() {
        let a = [1.0, 2.0, 3.0, 5.0];
        let louder = a.map(|x| 2.0 * x + 7.0);
        assert!(matched_difference(&a, &louder, 16.0) < 1e-6);
        assert_eq!(matched_difference(&a, &[3.0; 4], 16.0), 0.0);
    }
}
