//! What the project wants of its models on the valid split, and whether they have it.

use std::fmt;

use tonenet_core::genre::Genre;

use super::cycle::Way;
use super::measure::{GenreReport, Report};

/// A figure with what is needed of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    found: f64,
    needed: Needed,
    decimals: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Needed {
    AtLeast(f64),
    AtMost(f64),
    Above(f64),
    Below(f64),
}

/// One bar's figures, in the order of the report's genres.
pub struct Row {
    pub what: String,
    pub bars: Vec<Bar>,
}

impl Bar {
    pub fn at_least(found: f64, bound: f64, decimals: usize) -> Self {
        Self { found, needed: Needed::AtLeast(bound), decimals }
    }

    pub fn at_most(found: f64, bound: f64, decimals: usize) -> Self {
        Self { found, needed: Needed::AtMost(bound), decimals }
    }

    pub fn above(found: f64, bound: f64, decimals: usize) -> Self {
        Self { found, needed: Needed::Above(bound), decimals }
    }

    pub fn below(found: f64, bound: f64, decimals: usize) -> Self {
        Self { found, needed: Needed::Below(bound), decimals }
    }

    pub fn holds(&self) -> bool {
        match self.needed {
            Needed::AtLeast(bound) => self.found >= bound,
            Needed::AtMost(bound) => self.found <= bound,
            Needed::Above(bound) => self.found > bound,
            Needed::Below(bound) => self.found < bound,
        }
    }
}

impl fmt::Display for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, bound) = match self.needed {
            Needed::AtLeast(bound) => ("≥", bound),
            Needed::AtMost(bound) => ("≤", bound),
            Needed::Above(bound) => (">", bound),
            Needed::Below(bound) => ("<", bound),
        };
        // A miss by a hair must not look like none.
        let by_a_hair = !self.holds() && (self.found - bound).abs() < 10f64.powi(-(self.decimals as i32));
        let decimals = if by_a_hair { self.decimals + 2 } else { self.decimals };
        write!(f, "{:.decimals$} ({sign} {bound:.*})", self.found, self.decimals)?;
        if self.holds() { Ok(()) } else { f.write_str(" missed") }
    }
}

/// r of the note model at each look-ahead, in seconds or of whole takes: what is needed in the order of `Genre::ALL`.
const NOTE_R: [(Option<f64>, [f64; 3]); 4] = [
    (Some(0.01), [0.61, 0.46, 0.45]),
    (Some(0.1), [0.63, 0.50, 0.49]),
    (Some(0.5), [0.65, 0.54, 0.53]),
    (None, [0.67, 0.56, 0.57]),
];
const NOTE_R2: [f64; 3] = [0.48, 0.35, 0.34];
const BASELINE_R: [f64; 3] = [0.52, 0.42, 0.46];
const SD_RATIO: f64 = 0.60;
const TAKE_SD_RATIO: (f64, f64) = (0.85, 1.10);
/// How far r of a take may fall below that of independent deviations.
const TAKE_R_LOSS: f64 = 0.03;
const SPECIFICITY: f64 = 0.20;
const STEP_ENTERED_LOSS: f64 = 0.12;
const TRANSFER: f64 = 4.0;
/// The share of flat's error that a cycle's has to stay below.
const CYCLE_SHARE: f64 = 0.5;

/// The bars of a model by its id; none for models that are not the project's.
pub fn of(id: &str, report: &Report) -> Vec<Row> {
    match id {
        "note" => note(report),
        "baseline" => {
            vec![row(report, "r of whole takes", |g| Some(r(g, None)?.at_least(BASELINE_R[g.genre.index()])))]
        }
        _ => Vec::new(),
    }
}

fn note(report: &Report) -> Vec<Row> {
    let mut rows = Vec::new();
    for (seconds, needed) in NOTE_R {
        let what = match seconds {
            Some(seconds) => format!("r at {seconds} s"),
            None => "r of whole takes".into(),
        };
        rows.push(row(report, what, |g| Some(r(g, seconds)?.at_least(needed[g.genre.index()]))));
    }
    let whole = |g: &GenreReport| g.scores.iter().find(|s| s.seconds.is_none()).cloned();
    let take = |g: &GenreReport| g.take;
    rows.push(row(report, "R²c of whole takes", |g| Some(Found(whole(g)?.r2, 3).at_least(NOTE_R2[g.genre.index()]))));
    rows.push(row(report, "SD ratio of the mean", |g| Some(Found(whole(g)?.sd_ratio, 2).at_least(SD_RATIO))));
    rows.push(row(report, "specificity", |g| Some(Found(g.specificity.value, 3).at_least(SPECIFICITY))));
    rows.push(row(report, "its interval's lower end", |g| Some(Found(g.specificity.low, 3).above(0.0))));
    rows.push(row(report, "r lost step-entered", |g| {
        Some(Found(whole(g)?.r.value - g.step_entered_r, 3).at_most(STEP_ENTERED_LOSS))
    }));
    rows.push(row(report, "SD ratio of a Take", |g| Some(Found(take(g)?.sd_ratio, 2).at_least(TAKE_SD_RATIO.0))));
    rows.push(row(report, "SD ratio of a Take", |g| Some(Found(take(g)?.sd_ratio, 2).at_most(TAKE_SD_RATIO.1))));
    rows.push(row(report, "r of a Take", |g| {
        let take = take(g)?;
        Some(Found(take.r, 3).at_least(take.r_independent - TAKE_R_LOSS))
    }));
    for place in 0..Genre::ALL.len() - 1 {
        // Each genre's first and second other one.
        let cycle = |g: &GenreReport| {
            let to = Genre::ALL.into_iter().filter(|&other| other != g.genre).nth(place)?;
            report.cycles.iter().find(|c| c.way == Way::Heard && (c.from, c.to) == (g.genre, to))
        };
        let targets: Vec<&str> = report.genres.iter().filter_map(|g| Some(cycle(g)?.to.id())).collect();
        let targets = targets.join(", ");
        rows.push(row(report, format!("there and back ({targets}): error"), |g| {
            let cycle = cycle(g)?;
            Some(Found(cycle.error, 1).below(cycle.flat_error * CYCLE_SHARE))
        }));
        rows.push(row(report, format!("there ({targets}): |Δ|"), |g| {
            Some(Found(cycle(g)?.transfer, 1).at_least(TRANSFER))
        }));
    }
    rows
}

/// A figure, and to how many decimals it is told.
struct Found(f64, usize);

impl Found {
    fn bar(self, needed: Needed) -> Bar {
        Bar { found: self.0, needed, decimals: self.1 }
    }

    fn at_least(self, bound: f64) -> Bar {
        self.bar(Needed::AtLeast(bound))
    }

    fn at_most(self, bound: f64) -> Bar {
        self.bar(Needed::AtMost(bound))
    }

    fn above(self, bound: f64) -> Bar {
        self.bar(Needed::Above(bound))
    }

    fn below(self, bound: f64) -> Bar {
        self.bar(Needed::Below(bound))
    }
}

fn r(genre: &GenreReport, seconds: Option<f64>) -> Option<Found> {
    genre.scores.iter().find(|s| s.seconds == seconds).map(|s| Found(s.r.value, 3))
}

fn row(report: &Report, what: impl Into<String>, bar: impl Fn(&GenreReport) -> Option<Bar>) -> Row {
    Row { what: what.into(), bars: report.genres.iter().filter_map(bar).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_miss_by_a_hair_is_told_as_one() {
        assert_eq!(Found(0.1999, 3).at_least(0.20).to_string(), "0.19990 (≥ 0.200) missed");
        assert_eq!(Found(0.21, 3).at_least(0.20).to_string(), "0.210 (≥ 0.200)");
        assert_eq!(Found(7.2, 1).below(6.7).to_string(), "7.2 (< 6.7) missed");
    }

    #[test]
    fn a_bound_that_is_reached_exactly_holds_unless_it_must_be_passed() {
        assert!(Found(0.12, 2).at_most(0.12).holds() && Found(0.2, 2).at_least(0.2).holds());
        assert!(!Found(0.0, 2).above(0.0).holds() && !Found(6.7, 1).below(6.7).holds());
    }
}
