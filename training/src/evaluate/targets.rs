//! The targets of the project's own models on the valid split.

use tonenet_core::genre::Genre;

use super::cycle::Way;
use super::measure::{GenreReport, RangeReport, Report};
use crate::target::Target;

/// One target for each genre of a report, in the report's order.
pub struct Row {
    /// The measured quantity.
    pub what: String,
    /// The figures next to their targets.
    pub targets: Vec<Target>,
}

/// Targets for the note model's r at each look-ahead, by genre; `None` is the whole performance.
///
/// They are what the model had before it was trained on pages, less .003.
const NOTE_R: [(Option<f64>, [f64; 3]); 4] = [
    (Some(0.01), [0.593, 0.474, 0.478]),
    (Some(0.1), [0.620, 0.507, 0.523]),
    (Some(0.5), [0.630, 0.533, 0.562]),
    (None, [0.643, 0.558, 0.600]),
];
/// r on pages: what the model had before it was trained on pages (.574, .494, .577), and .028, .018 and .015 more.
const NOTE_PAGE_R: [f64; 3] = [0.602, 0.512, 0.592];
const NOTE_R2: [f64; 3] = [0.48, 0.35, 0.34];
const BASELINE_R: [f64; 3] = [0.52, 0.42, 0.46];
const SD_RATIO: f64 = 0.60;
const TAKE_SD_RATIO: (f64, f64) = (0.85, 1.10);
/// How far r of a sampled performance may be below that of independent deviations.
const TAKE_R_LOSS: f64 = 0.03;
const SPECIFICITY: f64 = 0.20;
/// The range that is heard at Take 0, as a share of the human one.
const RANGE: (f64, f64) = (0.90, 1.10);
const TRANSFER: f64 = 4.0;
/// The largest error of a round trip, as a share of flat's error.
const CYCLE_SHARE: f64 = 0.5;

/// The genres of a report that have targets: the built-in ones.
pub fn genres(report: &Report) -> impl Iterator<Item = &GenreReport> {
    report.genres.iter().filter(|genre| genre.genre.built_in().is_some())
}

/// The targets of a model by its id; other models have none.
pub fn for_model(id: &str, report: &Report) -> Vec<Row> {
    match id {
        "note" => note(report),
        "baseline" => {
            vec![row(report, "r of whole takes", |g| Some(r(g, None)?.at_least(of(g, BASELINE_R)?)))]
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
        rows.push(row(report, what, |g| Some(r(g, seconds)?.at_least(of(g, needed)?))));
    }
    let whole = |g: &GenreReport| g.scores.iter().find(|s| s.seconds.is_none()).cloned();
    let take = |g: &GenreReport| g.take;
    rows.push(row(report, "R²c of whole takes", |g| Some(Found(whole(g)?.r2, 3).at_least(of(g, NOTE_R2)?))));
    rows.push(row(report, "SD ratio of the mean", |g| Some(Found(whole(g)?.sd_ratio, 2).at_least(SD_RATIO))));
    rows.push(row(report, "specificity", |g| Some(Found(g.specificity?.value, 3).at_least(SPECIFICITY))));
    rows.push(row(report, "its interval's lower end", |g| Some(Found(g.specificity?.low, 3).above(0.0))));
    rows.push(row(report, "r of whole takes from the page", |g| {
        Some(Found(g.page.as_ref()?.r.value, 3).at_least(of(g, NOTE_PAGE_R)?))
    }));
    for (what, range) in
        [("range performed", (|r| r.performed) as fn(RangeReport) -> f64), ("range from the page", |r| r.page)]
    {
        rows.push(row(report, what, |g| Some(Found(range(g.range?), 2).at_least(RANGE.0))));
        rows.push(row(report, what, |g| Some(Found(range(g.range?), 2).at_most(RANGE.1))));
    }
    rows.push(row(report, "SD ratio of a Take", |g| Some(Found(take(g)?.sd_ratio, 2).at_least(TAKE_SD_RATIO.0))));
    rows.push(row(report, "SD ratio of a Take", |g| Some(Found(take(g)?.sd_ratio, 2).at_most(TAKE_SD_RATIO.1))));
    rows.push(row(report, "r of a Take", |g| {
        let take = take(g)?;
        Some(Found(take.r, 3).at_least(take.r_independent - TAKE_R_LOSS))
    }));
    for place in 0..Genre::ALL.len() - 1 {
        // The first and second other genre of each genre.
        let cycle = |g: &GenreReport| {
            let to = Genre::ALL.into_iter().filter(|&other| g.genre != other).nth(place)?;
            report.cycles.iter().find(|c| c.way == Way::Heard && c.from == g.genre && c.to == to)
        };
        let targets: Vec<&str> = genres(report).filter_map(|g| Some(cycle(g)?.to.as_str())).collect();
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

/// What a genre needs, of figures in the order of [`Genre::ALL`].
fn of(genre: &GenreReport, needed: [f64; 3]) -> Option<f64> {
    Some(needed[genre.genre.built_in()?.index()])
}

/// A figure, and with how many decimals it is printed.
struct Found(f64, usize);

impl Found {
    fn at_least(self, bound: f64) -> Target {
        Target::at_least(self.0, bound, self.1)
    }

    fn at_most(self, bound: f64) -> Target {
        Target::at_most(self.0, bound, self.1)
    }

    fn above(self, bound: f64) -> Target {
        Target::above(self.0, bound, self.1)
    }

    fn below(self, bound: f64) -> Target {
        Target::below(self.0, bound, self.1)
    }
}

fn r(genre: &GenreReport, seconds: Option<f64>) -> Option<Found> {
    genre.scores.iter().find(|s| s.seconds == seconds).map(|s| Found(s.r.value, 3))
}

fn row(report: &Report, what: impl Into<String>, target: impl Fn(&GenreReport) -> Option<Target>) -> Row {
    Row { what: what.into(), targets: genres(report).filter_map(target).collect() }
}
