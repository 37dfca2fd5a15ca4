use super::*;

const TAKE: TakeSeed = TakeSeed(7);
const LATE: Feel = Feel { shift: 0.1, chord_offset: 0.01, stretch: -0.5, pedal_down: 0.75, pedal_lift: 0.25 };

fn drift(sigma: f32, beats: f32, with_dynamics: f32) -> Drift {
    Drift { sigma, beats, with_dynamics }
}

fn wander(shift: Drift, stretch: Drift) -> Wander {
    Wander { shift: Some(shift), stretch }
}

fn at(beats: f64) -> ChordPlace {
    ChordPlace { beats, has_beats: true }
}

fn usual() -> Wander {
    wander(drift(0.02, 3.0, -0.1), drift(0.2, 9.5, 0.1))
}

/// How far a take's shift and length are from the prediction.
fn deviations(wander: &Wander, take: TakeSeed, beats: f64) -> [f64; 2] {
    let Feel { shift, stretch, .. } = Feel::default().in_take(wander, take, at(beats));
    [shift.into(), stretch.into()]
}

fn deviation_and_correlation(pairs: &[(f64, f64)]) -> (f64, f64) {
    let n = pairs.len() as f64;
    let (a, b) = pairs.iter().fold((0.0, 0.0), |(a, b), pair| (a + pair.0 / n, b + pair.1 / n));
    let covariance = |of: &dyn Fn(f64, f64) -> f64| pairs.iter().map(|p| of(p.0 - a, p.1 - b)).sum::<f64>() / n;
    let (of_a, of_b) = (covariance(&|a, _| a * a), covariance(&|_, b| b * b));
    (of_a.sqrt(), covariance(&|a, b| a * b) / (of_a * of_b).sqrt())
}

#[test]
fn take_0_plays_the_feel_as_it_is_predicted() {
    assert_eq!(LATE.in_take(&usual(), TakeSeed(0), at(3.0)), LATE);
}

#[test]
fn another_take_moves_the_shift_and_the_length_alone_and_by_the_same_wherever_it_begins() {
    let moved = LATE.in_take(&usual(), TAKE, at(3.25));
    let [shift, stretch] = deviations(&usual(), TAKE, 3.25).map(|deviation| deviation as f32);
    assert!(shift != 0.0 && stretch != 0.0);
    assert_eq!(moved, Feel { shift: LATE.shift + shift, stretch: LATE.stretch + stretch, ..LATE });
}

#[test]
fn a_style_without_shift_and_a_part_without_beats_do_not_shift() {
    let no_shift = Wander { shift: None, ..usual() };
    let moved = LATE.in_take(&usual(), TAKE, at(3.25));
    let wanted = Feel { shift: LATE.shift, ..moved };
    assert_eq!(LATE.in_take(&no_shift, TAKE, at(3.25)), wanted);
    assert_eq!(LATE.in_take(&usual(), TAKE, ChordPlace { beats: 3.25, has_beats: false }), wanted);
}

#[test]
fn each_take_and_each_part_of_the_feel_wanders_its_own_way() {
    let places = || (1..99).flat_map(|take| (0..50).map(move |step| (take, f64::from(step) * 8.0)));
    let at = |take: u16, beats| deviations(&usual(), TakeSeed(take), beats);
    for part in 0..2 {
        let takes = places().map(|(take, beats)| (at(take, beats)[part], at(take + 1, beats)[part]));
        let (_, correlation) = deviation_and_correlation(&takes.collect::<Vec<_>>());
        assert!(correlation.abs() < 0.1, "{correlation}");
    }
    let parts = places().map(|(take, beats)| at(take, beats).into());
    let (_, correlation) = deviation_and_correlation(&parts.collect::<Vec<_>>());
    assert!(correlation.abs() < 0.1, "{correlation}");
}

#[test]
fn a_rounding_error_in_its_beats_changes_nothing() {
    for beats in [0.25, 3.5, 1000.0] {
        let at = |beats| deviations(&usual(), TAKE, beats);
        assert_eq!(at(beats), at(beats - 1e-9));
        assert_eq!(at(beats), at(beats + 1e-9));
    }
}

#[test]
fn a_take_is_somewhere_wherever_the_host_is() {
    for beats in [f64::MAX, f64::MIN, 1e19, -1e19, -3.7, 0.0] {
        assert!(deviations(&usual(), TAKE, beats).iter().all(|deviation| deviation.is_finite()), "{beats}");
    }
    for nowhere in [f64::NAN, f64::INFINITY] {
        assert_eq!(LATE.in_take(&usual(), TAKE, at(nowhere)), LATE);
    }
}

/// Their standard deviation and correlation after some beats, over 39 takes of 400 beats.
fn spread_and_correlation(wander: &Wander, part: usize, lag: f64) -> (f64, f64) {
    // No whole beats, so that they meet the drifts in all their places.
    let places = (1..40).flat_map(|take| (0..300).map(move |step| (TakeSeed(take), f64::from(step) * 4.0 / 3.0)));
    let pair =
        |(take, at): (TakeSeed, f64)| (deviations(wander, take, at)[part], deviations(wander, take, at + lag)[part]);
    deviation_and_correlation(&places.map(pair).collect::<Vec<_>>())
}

#[test]
fn over_a_long_piece_the_wandering_has_the_measured_spread_and_memory() {
    // The figures of the built-in styles are among these.
    for (sigma, memory, with_dynamics) in [(0.25, 9.5, 0.0), (0.0143, 2.83, 0.0), (0.01, 19.0, -0.05), (0.1, 1.2, -0.1)]
    {
        let drift = drift(sigma, memory, with_dynamics);
        let wander = wander(drift, drift);
        for part in 0..2 {
            let (found, after_a_beat) = spread_and_correlation(&wander, part, 1.0);
            let exponential = |lag: f64| (-lag / f64::from(memory)).exp();
            assert!((found / f64::from(sigma) - 1.0).abs() < 0.08, "{found} for {sigma}");
            assert!((after_a_beat - exponential(1.0)).abs() < 0.06, "{after_a_beat} for {}", exponential(1.0));
            let (_, after_its_memory) = spread_and_correlation(&wander, part, memory.into());
            assert!((after_its_memory - exponential(memory.into())).abs() < 0.1, "{after_its_memory} after {memory}");
        }
    }
}

#[test]
fn from_one_moment_to_the_next_the_wandering_is_smooth() {
    let path =
        |wander: &Wander| (0..4000).map(|step| deviations(wander, TAKE, f64::from(step) / 50.0)[0]).collect::<Vec<_>>();
    for memory in [1.2, 2.8, 19.0] {
        let path = path(&wander(drift(0.1, memory, 0.0), drift(0.0, 1.0, 0.0)));
        let farthest = path.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
        assert!(farthest < 0.02, "{farthest} within 1/50 beat, memory of {memory} beats");
    }
}

#[test]
fn a_mix_of_two_styles_wanders_about_as_far_as_the_mix_of_their_figures() {
    let [one, other] = [drift(0.02, 3.0, 0.0), drift(0.01, 12.0, 0.0)].map(|drift| wander(drift, drift));
    let places = (1..40).flat_map(|take| (0..300).map(move |step| (TakeSeed(take), f64::from(step) * 4.0 / 3.0)));
    let mixed = |(take, beats)| {
        let [one, other] = [&one, &other].map(|wander| Feel::default().in_take(wander, take, at(beats)));
        (f64::from(one.mix(other, 0.5).shift), f64::from(one.shift))
    };
    let (spread, _) = deviation_and_correlation(&places.map(mixed).collect::<Vec<_>>());
    assert!((0.013..0.0155).contains(&spread), "{spread}; they would have .0112 if they had nothing in common");
}

/// Means over the beats around each, as the figures were measured.
fn smoothed(half_beats: &[f64]) -> Vec<f64> {
    let bell = |apart: f64| (-(apart / 2.0).powi(2) / 2.0).exp();
    let around = |at: usize| {
        let near = at.saturating_sub(12)..(at + 13).min(half_beats.len());
        let weighted = near.map(|other| (bell((at as f64 - other as f64) / 2.0), half_beats[other]));
        let (sum, weights) = weighted.fold((0.0, 0.0), |(sum, all), (w, value)| (sum + w * value, all + w));
        sum / weights
    };
    (0..half_beats.len()).map(around).collect()
}

#[test]
fn louder_passages_are_later_and_longer_as_far_as_was_measured() {
    for (with_dynamics, memory) in [(-0.8, 9.5), (-0.1, 2.8), (0.0, 9.5), (0.3, 19.0), (0.8, 2.8)] {
        let drift = drift(0.1, memory, with_dynamics);
        let wander = wander(drift, drift);
        let mut found = [0.0; 2];
        for take in (1..100).map(TakeSeed) {
            let beats = || (0..200).map(|step| f64::from(step) / 2.0);
            let noise = |beats, key| f64::from(take.deviation(beats, key).expect("a number"));
            let louder = |beats| [43, 60, 67].map(|key| noise(beats, key)).iter().sum::<f64>();
            let louder = smoothed(&beats().map(louder).collect::<Vec<_>>());
            for (part, found) in found.iter_mut().enumerate() {
                let feel = smoothed(&beats().map(|beats| deviations(&wander, take, beats)[part]).collect::<Vec<_>>());
                let pairs: Vec<_> = feel.into_iter().zip(louder.iter().copied()).collect();
                *found += deviation_and_correlation(&pairs).1 / 99.0;
            }
        }
        for found in found {
            assert!((found - f64::from(with_dynamics)).abs() < 0.1, "{found} for {with_dynamics}");
        }
    }
}
