//! How close predicted velocities come to a human's: the project's definitions of r, R²c, MAEc and SD ratio.
//!
//! All figures compare notes within one file, in velocity steps, after both means are removed: half of the variance
//! between recordings is their overall level.

/// The score of one file. It keeps sums, so that files can be pooled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FileScore {
    /// Pearson correlation of prediction and human velocity; 0 where the prediction is flat.
    pub r: f64,
    /// Sum of squared residuals, both means removed.
    pub residual: f64,
    /// Sum of squared human deviations from their mean.
    pub variance: f64,
    /// Mean absolute error, both means removed.
    pub mae: f64,
    /// Predicted over human standard deviation.
    pub sd_ratio: f64,
    /// Notes compared.
    pub notes: usize,
}

/// Scores one file, or `None` where there are under two notes or the human velocities do not vary.
///
/// Both slices must be equally long.
pub fn score_file(predicted: &[f32], human: &[f32]) -> Option<FileScore> {
    assert_eq!(predicted.len(), human.len(), "one prediction a note");
    let n = human.len();
    if n < 2 {
        return None;
    }
    let mean = |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64;
    let (predicted_mean, human_mean) = (mean(predicted), mean(human));
    let (mut pp, mut hh, mut ph, mut residual, mut absolute) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (&p, &h) in predicted.iter().zip(human) {
        let (p, h) = (f64::from(p) - predicted_mean, f64::from(h) - human_mean);
        pp += p * p;
        hh += h * h;
        ph += p * h;
        residual += (p - h) * (p - h);
        absolute += (p - h).abs();
    }
    // Below this the values only differ by rounding.
    let varies = |sum: f64| sum > 1e-9 * n as f64;
    varies(hh).then(|| FileScore {
        r: if varies(pp) { ph / (pp * hh).sqrt() } else { 0.0 },
        residual,
        variance: hh,
        mae: absolute / n as f64,
        sd_ratio: (pp / hh).sqrt(),
        notes: n,
    })
}

/// The scores of several files together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Mean of the files' r.
    pub r: f64,
    /// 1 − Σ residual² / Σ human², pooled over the files.
    pub r2: f64,
    /// Mean of the files' mean absolute errors.
    pub mae: f64,
    /// Mean of the files' SD ratios.
    pub sd_ratio: f64,
}

/// Pools the scores of files; `None` for none.
pub fn summarise(files: &[FileScore]) -> Option<Summary> {
    if files.is_empty() {
        return None;
    }
    let mean = |f: fn(&FileScore) -> f64| files.iter().map(f).sum::<f64>() / files.len() as f64;
    let sum = |f: fn(&FileScore) -> f64| files.iter().map(f).sum::<f64>();
    Some(Summary {
        r: mean(|f| f.r),
        r2: 1.0 - sum(|f| f.residual) / sum(|f| f.variance),
        mae: mean(|f| f.mae),
        sd_ratio: mean(|f| f.sd_ratio),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_human_itself_scores_perfectly_at_any_level() {
        let human = [30.0, 60.0, 90.0, 50.0];
        let louder: Vec<f32> = human.iter().map(|v| v + 20.0).collect();
        let score = score_file(&louder, &human).unwrap();
        assert!((score.r - 1.0).abs() < 1e-12 && score.residual < 1e-9 && score.mae < 1e-9);
        assert!((score.sd_ratio - 1.0).abs() < 1e-12);
    }

    #[test]
    fn flat_scores_nothing() {
        let score = score_file(&[64.0; 4], &[30.0, 60.0, 90.0, 50.0]).unwrap();
        assert_eq!((score.r, score.sd_ratio), (0.0, 0.0));
        let summary = summarise(&[score]).unwrap();
        assert!(summary.r2.abs() < 1e-12);
    }

    #[test]
    fn a_worked_example() {
        // Deviations: predicted −1, 1; human −2, 2.
        let score = score_file(&[9.0, 11.0], &[8.0, 12.0]).unwrap();
        assert_eq!((score.r, score.residual, score.variance, score.mae, score.sd_ratio), (1.0, 2.0, 8.0, 1.0, 0.5));
        assert_eq!(summarise(&[score]).unwrap().r2, 0.75);
    }

    #[test]
    fn files_that_cannot_be_scored_are_left_out() {
        assert_eq!(score_file(&[60.0], &[60.0]), None);
        assert_eq!(score_file(&[1.0, 2.0], &[60.0, 60.0]), None);
        assert_eq!(summarise(&[]), None);
    }
}
