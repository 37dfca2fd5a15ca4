//! What performances do along the phrase beyond the predictions: how much, how slowly, and whether with the dynamics.

use tonenet_core::feel::Drift;

use crate::metrics::feel::correlation;

/// Lags at which a deviation is compared with itself, in beats. Closer ones hold what changes from note to note.
const LAGS: std::ops::RangeInclusive<usize> = 1..=16;

/// Lengths of memory that are tried, in beats: so many to an octave, from the shortest to the longest.
const LENGTHS: (f64, f64, usize) = (0.5, 32.0, 4);

/// The standard deviation of the bell over which dynamics and feel are compared, in beats, and its reach.
const BELL: (f64, f64) = (2.0, 6.0);

/// What chords of a performance have beyond their predictions.
#[derive(Debug, Clone, Default)]
pub struct Deviations {
    /// Where each chord is, in beats; in order.
    pub beats: Vec<f64>,
    /// What its feel has beyond the prediction.
    pub feel: Vec<f64>,
    /// What its velocities have, in steps.
    pub louder: Vec<f64>,
}

/// The slow part of deviations, and how the correlation with itself falls over whole beats.
pub fn drift(performances: &[Deviations]) -> (Drift, Vec<f64>) {
    let mut sums = vec![(0.0, 0.0); LAGS.end() + 1];
    let (mut square, mut count) = (0.0, 0.0);
    for performance in performances {
        let feel = centred(&performance.feel);
        square += feel.iter().map(|number| number * number).sum::<f64>();
        count += feel.len() as f64;
        for (at, &number) in feel.iter().enumerate() {
            for (other, &beats) in feel.iter().zip(&performance.beats).skip(at + 1) {
                let lag = (beats - performance.beats[at]).round() as usize;
                if lag > *LAGS.end() {
                    break;
                }
                sums[lag].0 += number * other;
                sums[lag].1 += 1.0;
            }
        }
    }
    let covariances: Vec<f64> = LAGS.map(|lag| sums[lag].0 / f64::max(sums[lag].1, 1.0)).collect();
    let variance = square / f64::max(count, 1.0);
    let fit = |length: f64| {
        let decay = |lag: usize| (-(lag as f64) / length).exp();
        let both: f64 = LAGS.zip(&covariances).map(|(lag, covariance)| covariance * decay(lag)).sum();
        let slow = (both / LAGS.map(|lag| decay(lag).powi(2)).sum::<f64>()).clamp(0.0, variance.max(0.0));
        let error: f64 = LAGS.zip(&covariances).map(|(lag, c)| (c - slow * decay(lag)).powi(2)).sum();
        (error, length, slow)
    };
    let (shortest, longest, to_an_octave) = LENGTHS;
    let steps = ((longest / shortest).log2() * to_an_octave as f64) as usize;
    let fits = (0..=steps).map(|step| fit(shortest * (step as f64 / to_an_octave as f64).exp2()));
    let (_, length, slow) = fits.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or((0.0, 1.0, 0.0));
    let smoothed: Vec<f64> = performances.iter().map(with_dynamics).collect();
    let with_dynamics = smoothed.iter().sum::<f64>() / smoothed.len().max(1) as f64;
    let drift = Drift { sigma: slow.sqrt() as f32, beats: length as f32, with_dynamics: with_dynamics as f32 };
    (drift, covariances.into_iter().map(|c| if variance > 0.0 { c / variance } else { 0.0 }).collect())
}

fn centred(numbers: &[f64]) -> Vec<f64> {
    let mean = numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
    numbers.iter().map(|number| number - mean).collect()
}

/// The correlation of feel and dynamics, both smoothed over some beats.
fn with_dynamics(performance: &Deviations) -> f64 {
    let (width, reach) = BELL;
    let smoothed = |numbers: &[f64]| -> Vec<f64> {
        let around = |&beats: &f64| {
            let from = performance.beats.partition_point(|&other| other < beats - reach);
            let to = performance.beats.partition_point(|&other| other <= beats + reach);
            let weight = |at: usize| (-((performance.beats[at] - beats) / width).powi(2) / 2.0).exp();
            let (sum, weights) =
                (from..to).fold((0.0, 0.0), |(sum, all), at| (sum + weight(at) * numbers[at], all + weight(at)));
            sum / weights
        };
        performance.beats.iter().map(around).collect()
    };
    correlation(&smoothed(&performance.feel), &smoothed(&performance.louder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_wandering_is_told_from_noise_around_it() {
        // Numbers in no order, of standard deviation 1.
        let random =
            |seed: f64| move |at: f64| 12f64.sqrt() * (((at * seed).sin() * 43_758.545_3).rem_euclid(1.0) - 0.5);
        let (step, noise) = (random(12.9898), random(78.233));
        let beats: Vec<f64> = (0..4000).map(f64::from).collect();
        // Each beat keeps 0.9 of the one before: a memory of 9.5 beats.
        let slow = beats.iter().scan(0.0, |slow, &beat| {
            *slow = 0.9 * *slow + 0.1 * (1.0_f64 - 0.81).sqrt() * step(beat);
            Some(*slow)
        });
        let slow: Vec<f64> = slow.collect();
        let feel = beats.iter().zip(&slow).map(|(&beat, slow)| slow + 0.1 * noise(beat)).collect();
        let louder = slow.iter().map(|slow| -slow).collect();
        let (drift, correlations) = drift(&[Deviations { beats, feel, louder }]);
        assert!((drift.sigma - 0.1).abs() < 0.015 && (6.0..14.0).contains(&drift.beats), "{drift:?}");
        assert!(drift.with_dynamics < -0.8, "{drift:?}");
        assert_eq!(correlations.len(), 16);
    }

    #[test]
    fn without_notes_nothing_drifts() {
        assert_eq!(drift(&[]).0.sigma, 0.0);
    }
}
