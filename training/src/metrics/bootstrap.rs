//! Confidence intervals by bootstrap.

/// A 95 % percentile bootstrap interval of a statistic over files (Efron 1979), seeded by `seed`.
///
/// A file stands for whatever was measured on it. Files are drawn with replacement `draws` times. Returns `None`
/// without files or draws.
pub fn bootstrap_interval<F: Copy>(
    files: &[F],
    statistic: impl Fn(&[F]) -> f64,
    draws: usize,
    seed: u64,
) -> Option<(f64, f64)> {
    if files.is_empty() || draws == 0 {
        return None;
    }
    let mut random = SplitMix64(seed);
    let mut sample = files.to_vec();
    let mut values: Vec<f64> = (0..draws)
        .map(|_| {
            for slot in &mut sample {
                *slot = files[(random.next() % files.len() as u64) as usize];
            }
            statistic(&sample)
        })
        .collect();
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((draws - 1) as f64 * share).round() as usize];
    Some((at(0.025), at(0.975)))
}

/// Steele, Lea and Flood's generator: enough to draw files, and no dependency.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::velocities::{FileScore, summarise};

    #[test]
    fn the_interval_holds_the_mean_and_repeats_by_seed() {
        let files: Vec<_> = (0..40)
            .map(|i| FileScore {
                r: f64::from(i) / 40.0,
                residual: 1.0,
                variance: 2.0,
                mae: 1.0,
                sd_ratio: 1.0,
                notes: 9,
            })
            .collect();
        let mean_r = |f: &[FileScore]| summarise(f).unwrap().r;
        let (low, high) = bootstrap_interval(&files, mean_r, 500, 7).unwrap();
        assert!(low < mean_r(&files) && mean_r(&files) < high);
        assert_eq!(bootstrap_interval(&files, mean_r, 500, 7), Some((low, high)));
    }
}
