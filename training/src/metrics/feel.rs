//! Scores of timing, lengths and pedal.

/// Correlation of two lists; 0 where one does not vary.
pub fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let count = a.len().max(1) as f64;
    let mean = |list: &[f64]| list.iter().sum::<f64>() / count;
    let (a_mean, b_mean) = (mean(a), mean(b));
    let mut sums = [0.0; 3];
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (a - a_mean, b - b_mean);
        sums[0] += a * a;
        sums[1] += b * b;
        sums[2] += a * b;
    }
    if sums[0] > 0.0 && sums[1] > 0.0 { sums[2] / (sums[0] * sums[1]).sqrt() } else { 0.0 }
}

/// The middle one of some numbers; 0 for none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

/// The share of weighted decisions that agree, and Cohen's kappa: the share beyond chance.
///
/// Where both lists are constant and agree, nothing is beyond chance and kappa is 0.
pub fn agreement(predicted: &[bool], played: &[bool], weights: &[usize]) -> (f64, f64) {
    let mut counts = [[0.0; 2]; 2];
    for ((&predicted, &played), &weight) in predicted.iter().zip(played).zip(weights) {
        counts[usize::from(predicted)][usize::from(played)] += weight as f64;
    }
    let all: f64 = counts.iter().flatten().sum();
    if all == 0.0 {
        return (0.0, 0.0);
    }
    let agreed = (counts[0][0] + counts[1][1]) / all;
    let by_chance = |is: usize| (counts[is][0] + counts[is][1]) / all * (counts[0][is] + counts[1][is]) / all;
    let chance = by_chance(0) + by_chance(1);
    (agreed, if chance < 1.0 { (agreed - chance) / (1.0 - chance) } else { 0.0 })
}

/// F1 of predicted events, each of which may match one played event at most one place away.
pub fn events_f1(predicted: &[bool], played: &[bool]) -> f64 {
    let places = |events: &[bool]| events.iter().enumerate().filter(|(_, is)| **is).map(|(at, _)| at).collect();
    let (predicted, played): (Vec<usize>, Vec<usize>) = (places(predicted), places(played));
    let (mut matched, mut next) = (0, 0);
    for &place in &predicted {
        while played.get(next).is_some_and(|&played| played + 1 < place) {
            next += 1;
        }
        if played.get(next).is_some_and(|&played| played <= place + 1) {
            matched += 1;
            next += 1;
        }
    }
    let all = predicted.len() + played.len();
    if all > 0 { 2.0 * f64::from(matched) / all as f64 } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_beyond_chance_is_kappa() {
        let (agreed, kappa) = agreement(&[true, true, false, false], &[true, false, false, false], &[1; 4]);
        assert_eq!((agreed, kappa), (0.75, 0.5));
        assert_eq!(agreement(&[true; 3], &[true; 3], &[1; 3]), (1.0, 0.0));
        assert_eq!(agreement(&[true, false], &[true, true], &[3, 1]).0, 0.75);
    }

    #[test]
    fn an_event_matches_one_that_is_a_place_away_and_only_one() {
        let events = |places: &[usize]| (0..8).map(|at| places.contains(&at)).collect::<Vec<_>>();
        assert_eq!(events_f1(&events(&[1, 4]), &events(&[2, 4])), 1.0);
        assert_eq!(events_f1(&events(&[1, 2]), &events(&[2])), 2.0 / 3.0);
        assert_eq!(events_f1(&events(&[0]), &events(&[2])), 0.0);
    }

    #[test]
    fn a_scaled_list_correlates_and_a_constant_one_does_not() {
        assert!((correlation(&[1.0, 2.0, 4.0], &[-2.0, 0.0, 4.0]) - 1.0).abs() < 1e-12);
        assert_eq!(correlation(&[1.0, 1.0], &[0.0, 5.0]), 0.0);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }
}
