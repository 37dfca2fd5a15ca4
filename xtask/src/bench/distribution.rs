//! How durations are distributed: percentiles, and a histogram in text.

use std::time::Duration;

/// Durations, shortest first.
#[derive(Debug)]
pub struct Distribution(Vec<Duration>);

/// Length of the longest bar in the histogram, in characters.
const WIDTH: usize = 40;

impl Distribution {
    /// Sorts durations.
    pub fn new(mut durations: Vec<Duration>) -> Self {
        durations.sort();
        Self(durations)
    }

    /// The duration in microseconds that a share of all do not exceed; 0 without durations.
    pub fn micros(&self, share: f64) -> f64 {
        let place = (self.0.len() as f64 * share).ceil() as usize;
        let duration = self.0.get(place.saturating_sub(1)).or(self.0.last());
        duration.map_or(0.0, |d| d.as_secs_f64() * 1e6)
    }

    /// The histogram's lines: one bin per octave, from a quarter of a microsecond up.
    ///
    /// Bars are logarithms of the counts, so that single durations stay visible.
    pub fn histogram(&self) -> Vec<String> {
        let bin = |d: &Duration| (d.as_secs_f64() * 4e6).max(1.0).log2().floor() as i32;
        let most = (self.0.len().max(2) as f64).ln();
        let bins = self.0.chunk_by(|a, b| bin(a) == bin(b));
        let line = |durations: &[Duration]| {
            let from = 2f64.powi(bin(&durations[0])) / 4.0;
            let length = ((durations.len() as f64).ln() / most * WIDTH as f64).round() as usize;
            format!("{from:>8} to {:>6} µs {:>8} {}", 2.0 * from, durations.len(), "#".repeat(length.max(1)))
        };
        bins.map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_micros(micros: &[u64]) -> Distribution {
        Distribution::new(micros.iter().map(|&m| Duration::from_micros(m)).collect())
    }

    #[test]
    fn percentiles_are_durations_that_occurred() {
        let distribution = from_micros(&[5, 1, 4, 2, 3]);
        assert_eq!([0.0, 0.2, 0.5, 0.9, 1.0].map(|share| distribution.micros(share)), [1.0, 1.0, 3.0, 5.0, 5.0]);
        assert_eq!(from_micros(&[]).micros(0.5), 0.0);
    }

    #[test]
    fn a_histogram_has_a_line_an_octave_that_occurred() {
        let lines = from_micros(&[1, 1, 1, 1, 3, 100]).histogram();
        let starts: Vec<String> = lines.iter().map(|l| l.split('#').next().unwrap_or_default().trim().into()).collect();
        assert_eq!(starts, ["1 to      2 µs        4", "2 to      4 µs        1", "64 to    128 µs        1"]);
    }
}
