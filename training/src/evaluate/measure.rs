//! Everything that an evaluation measures of a predictor.

use crate::metrics::bootstrap::bootstrap_interval;
use crate::metrics::velocities::{FileScore, score_file, summarise};
use anyhow::Result;
use rayon::prelude::*;
use serde::Serialize;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::style::TakeSeed;
use tonenet_inference::model::Prediction;
use tonenet_inference::performance::{LookAhead, PerformanceView};
use tonenet_learn::page::{Notation, page};

use super::cycle::{self, CycleReport};
use super::predictor::Predictor;
use super::transfer::{Control, METRICAL, Profile, matched_difference};
use crate::data::genre::GenreId;
use crate::data::performances::Performance;
use crate::progress;

const DRAWS: usize = 2000;
const SEED: u64 = 1;

/// The seed for the sampled performance.
const TAKE: TakeSeed = TakeSeed(1);

/// All figures of one predictor.
#[derive(Debug, Serialize)]
pub struct Report {
    pub model: String,
    pub genres: Vec<GenreReport>,
    /// Of whole performances, file by file.
    pub files: Vec<FileReport>,
    /// Distances to the metrical accents of another genre.
    pub accents: Vec<AccentReport>,
    /// Round trips through another genre; empty unless the model reads the player's velocities.
    pub cycles: Vec<CycleReport>,
}

/// Figures of one performance.
#[derive(Debug, Serialize)]
pub struct FileReport {
    pub file: String,
    pub genre: GenreId,
    pub notes: usize,
    pub r: f64,
    pub sd_ratio: f64,
    pub human_sd: f64,
}

/// Figures of one genre's performances.
#[derive(Debug, Serialize)]
pub struct GenreReport {
    pub genre: GenreId,
    pub files: usize,
    pub notes: usize,
    /// From the shortest look-ahead to the whole performance.
    pub scores: Vec<ScoreReport>,
    /// R²c of its own decoder minus that of the best other decoder, on whole performances; `None` without another.
    pub specificity: Option<Interval>,
    /// Mean |Δ| between each other decoder and its own, means and spreads matched, in velocity steps.
    pub transfer: Vec<(GenreId, f64)>,
    /// The same without matching, as listeners hear it.
    pub raw_transfer: Vec<(GenreId, f64)>,
    /// Accuracy on the performances' pages ([`tonenet_learn::page`]), as whole takes.
    pub page: Option<ScoreReport>,
    /// The spread that is heard at Take 0; `None` for references.
    pub range: Option<RangeReport>,
    /// Of a sampled performance.
    pub take: Option<TakeReport>,
}

/// A figure with its 95 % bootstrap interval over files.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Interval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// Accuracy of predictions at a look-ahead.
#[derive(Debug, Clone, Serialize)]
pub struct ScoreReport {
    /// In words.
    pub look_ahead: String,
    /// In seconds; `None` for the whole performance.
    pub seconds: Option<f64>,
    pub r: Interval,
    pub r2: f64,
    pub mae: f64,
    pub sd_ratio: f64,
}

/// The spread of restyled velocities over that of human ones, as a mean over files.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct RangeReport {
    pub performed: f64,
    pub page: f64,
}

/// A performance sampled from the predicted distribution.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct TakeReport {
    pub sd_ratio: f64,
    pub r: f64,
    /// r to expect at this spread if the deviations from the mean are independent of the performer's.
    ///
    /// It is r of the mean × SD of the mean / SD of the sampled performance.
    pub r_independent: f64,
}

/// Distances of transferred performances from the target genre's metrical profile.
#[derive(Debug, Serialize)]
pub struct AccentReport {
    pub from: Genre,
    pub to: Genre,
    /// Root mean square z-score difference from the target's profile, by method; identity is the starting point.
    pub distances: Vec<(&'static str, f64)>,
}

/// The figures of one performance.
struct File<'a> {
    performance: &'a Performance,
    human: Vec<f32>,
    /// The index of its own style.
    own: usize,
    /// Predictions for the whole performance, in each style.
    styles: Vec<Vec<f32>>,
    /// Their scores.
    scores: Vec<FileScore>,
    /// Scores in its own style, at each look-ahead.
    early: Vec<FileScore>,
    /// Of its page, in its own style.
    page: Option<FileScore>,
    /// The SD ratios of the restyled performance and page.
    range: Option<RangeReport>,
    take: Option<FileScore>,
}

/// Measures a predictor; `look_aheads` in seconds. Performances of a genre that it has no style for are left out.
pub fn measure(
    title: &str,
    predictor: &Predictor,
    performances: &[Performance],
    look_aheads: &[f64],
) -> Result<Report> {
    let look_aheads = if predictor.has_look_ahead() { look_aheads } else { &[] };
    let styles = predictor.styles()?;
    let performances: Vec<(&Performance, usize)> = performances
        .iter()
        .filter_map(|performance| Some((performance, styles.iter().position(|style| *style == performance.genre)?)))
        .collect();
    let bar = progress::labelled("{msg:34} ", performances.len(), "{pos}/{len} performances, {eta} left");
    bar.set_message(title.to_owned());
    // In the order of the performances, whatever the number of threads.
    let files: Vec<Option<File<'_>>> = performances
        .par_iter()
        .map(|&file| measure_file(predictor, &styles, file, look_aheads).inspect(|_| bar.inc(1)))
        .collect::<Result<_>>()?;
    let files: Vec<File<'_>> = files.into_iter().flatten().collect();
    bar.finish_and_clear();
    let genres = (0..styles.len()).filter_map(|own| genre_report(own, &styles, &files, look_aheads)).collect();
    let by_file = files.iter().map(|f| {
        let FileScore { notes, r, sd_ratio, variance, .. } = f.scores[f.own];
        FileReport {
            file: f.performance.name.clone(),
            genre: f.performance.genre.clone(),
            notes,
            r,
            sd_ratio,
            human_sd: (variance / notes as f64).sqrt(),
        }
    });
    let measured: Vec<&Performance> = files.iter().map(|f| f.performance).collect();
    let cycles = if predictor.reads_player_velocities() { cycle::measure(predictor, &measured)? } else { Vec::new() };
    Ok(Report { model: title.into(), genres, files: by_file.collect(), accents: accents(&styles, &files), cycles })
}

fn measure_file<'a>(
    predictor: &Predictor,
    styles: &[GenreId],
    (performance, own): (&'a Performance, usize),
    look_aheads: &[f64],
) -> Result<Option<File<'a>>> {
    let own_style = &styles[own..=own];
    let human: Vec<f32> = performance.notes.iter().map(|n| f32::from(n.velocity)).collect();
    let view = performance.view();
    let predicted = predictor.predict(&view, LookAhead::WholePerformance, styles)?;
    let means = |p: &[Prediction]| -> Vec<f32> { p.iter().map(|p| p.deviation).collect() };
    let by_style: Vec<Vec<f32>> = predicted.iter().map(|p| means(p)).collect();
    let scores: Vec<FileScore> = by_style.iter().filter_map(|p| score_file(p, &human)).collect();
    // Human velocities that do not vary have no score in any style.
    if scores.len() < styles.len() {
        return Ok(None);
    }
    let mut early = Vec::new();
    for &seconds in look_aheads {
        let predicted = predictor.predict(&view, LookAhead::Seconds(seconds), own_style)?;
        early.extend(score_file(&means(&predicted[0]), &human));
    }
    let page_notes = page(&performance.notes, performance.grid, Notation::default());
    let page_view = PerformanceView { notes: &page_notes, pedals: &[], ..view };
    let page_predicted = predictor.predict(&page_view, LookAhead::WholePerformance, own_style)?;
    let page = score_file(&means(&page_predicted[0]), &human);
    let sd_ratio = |view: &PerformanceView<'_>| -> Result<Option<f64>> {
        let Some(restyled) = predictor.restyled(view, &performance.genre)? else { return Ok(None) };
        Ok(score_file(&restyled, &human).map(|score| score.sd_ratio))
    };
    let range = sd_ratio(&view)?.zip(sd_ratio(&page_view)?);
    let range = range.map(|(performed, page)| RangeReport { performed, page });

    let own_predictions = &predicted[own];
    let sampled: Vec<f32> = own_predictions
        .iter()
        .zip(&performance.notes)
        .map(|(p, n)| {
            let beats = match performance.grid {
                Grid::Sixteenths => n.onset_sixteenths / 4.0,
                Grid::Seconds(_) => n.onset * 2.0,
            };
            p.deviation + p.spread * TAKE.deviation(beats, n.key).unwrap_or(0.0)
        })
        .collect();
    let has_spread = own_predictions.iter().any(|p| p.spread > 0.0);
    let take = if has_spread { score_file(&sampled, &human) } else { None };
    Ok(Some(File { performance, human, own, styles: by_style, scores, early, page, range, take }))
}

fn genre_report(own_style: usize, styles: &[GenreId], files: &[File<'_>], look_aheads: &[f64]) -> Option<GenreReport> {
    let files: Vec<&File<'_>> = files.iter().filter(|f| f.own == own_style).collect();
    let own: Vec<FileScore> = files.iter().map(|f| f.scores[own_style]).collect();
    summarise(&own)?;
    let others = || (0..styles.len()).filter(move |&style| style != own_style);
    let mut scores = Vec::new();
    for (place, &seconds) in look_aheads.iter().enumerate() {
        let early: Vec<FileScore> = files.iter().filter_map(|f| f.early.get(place).copied()).collect();
        scores.extend(score_report(LookAhead::Seconds(seconds), &early));
    }
    scores.extend(score_report(LookAhead::WholePerformance, &own));

    let together: Vec<&[FileScore]> = files.iter().map(|f| f.scores.as_slice()).collect();
    let specificity = |files: &[&[FileScore]]| {
        let r2 = |style: usize| {
            let of: Vec<FileScore> = files.iter().map(|f| f[style]).collect();
            summarise(&of).map_or(0.0, |s| s.r2)
        };
        r2(own_style) - others().map(r2).fold(f64::NEG_INFINITY, f64::max)
    };
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let differences = |other: usize, matched: bool| {
        mean(
            files
                .iter()
                .map(|f| {
                    let (a, b) = (&f.styles[other], &f.styles[own_style]);
                    if matched {
                        let own = &f.scores[own_style];
                        return matched_difference(a, b, (own.variance / own.notes as f64).sqrt());
                    }
                    let sum: f64 = a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs())).sum();
                    sum / a.len().max(1) as f64
                })
                .collect(),
        )
    };
    let takes: Vec<FileScore> = files.iter().filter_map(|f| f.take).collect();
    let take = summarise(&takes).zip(summarise(&own)).map(|(take, mean)| TakeReport {
        sd_ratio: take.sd_ratio,
        r: take.r,
        r_independent: mean.r * mean.sd_ratio / take.sd_ratio,
    });
    let pages: Vec<FileScore> = files.iter().filter_map(|f| f.page).collect();
    let ranges: Vec<RangeReport> = files.iter().filter_map(|f| f.range).collect();
    Some(GenreReport {
        genre: styles[own_style].clone(),
        files: files.len(),
        notes: own.iter().map(|s| s.notes).sum(),
        scores,
        specificity: others().next().map(|_| interval(&together, specificity)),
        transfer: others().map(|other| (styles[other].clone(), differences(other, true))).collect(),
        raw_transfer: others().map(|other| (styles[other].clone(), differences(other, false))).collect(),
        page: score_report(LookAhead::WholePerformance, &pages),
        range: (ranges.len() == files.len()).then(|| RangeReport {
            performed: mean(ranges.iter().map(|range| range.performed).collect()),
            page: mean(ranges.iter().map(|range| range.page).collect()),
        }),
        take,
    })
}

fn score_report(look_ahead: LookAhead, files: &[FileScore]) -> Option<ScoreReport> {
    let summary = summarise(files)?;
    Some(ScoreReport {
        look_ahead: look_ahead_name(look_ahead),
        seconds: match look_ahead {
            LookAhead::WholePerformance => None,
            LookAhead::Seconds(seconds) => Some(seconds),
        },
        r: interval(files, |f| summarise(f).map_or(0.0, |s| s.r)),
        r2: summary.r2,
        mae: summary.mae,
        sd_ratio: summary.sd_ratio,
    })
}

/// The name of a look-ahead.
fn look_ahead_name(look_ahead: LookAhead) -> String {
    match look_ahead {
        LookAhead::WholePerformance => "whole take".into(),
        LookAhead::Seconds(seconds) if seconds < 0.1 => format!("{:.0} ms", seconds * 1000.0),
        LookAhead::Seconds(seconds) => format!("{seconds} s"),
    }
}

fn interval<F: Copy>(files: &[F], statistic: impl Fn(&[F]) -> f64) -> Interval {
    let value = statistic(files);
    let (low, high) = bootstrap_interval(files, statistic, DRAWS, SEED).unwrap_or((value, value));
    Interval { value, low, high }
}

fn accents(styles: &[GenreId], files: &[File<'_>]) -> Vec<AccentReport> {
    let of = |genre: Genre| files.iter().filter(move |f| f.performance.genre == genre);
    let mut reports = Vec::new();
    let style = |genre: Genre| styles.iter().position(|style| *style == genre).filter(|_| of(genre).next().is_some());
    let Some(places) = style(METRICAL[0]).zip(style(METRICAL[1])) else { return reports };
    let ((first, second), [one, other]) = (places, METRICAL);
    for ((from, from_style), (to, to_style)) in [((one, first), (other, second)), ((other, second), (one, first))] {
        let mut target = Profile::default();
        let mut histogram = Vec::new();
        for file in of(to) {
            target.add(file.performance, &file.human);
            histogram.extend_from_slice(&file.human);
        }
        histogram.sort_by(f32::total_cmp);
        let distance = |velocities: &dyn Fn(&File<'_>) -> Vec<f32>| {
            let mut profile = Profile::default();
            of(from).for_each(|file| profile.add(file.performance, &velocities(file)));
            profile.distance(&target)
        };
        let mut distances: Vec<(&'static str, f64)> = Control::ALL
            .into_iter()
            .map(|control| match control {
                Control::Flat => (control.name(), target.distance(&target.without_accents())),
                _ => (control.name(), distance(&|file| control.apply(&file.human, &histogram))),
            })
            .collect();
        distances.push(("own decoder", distance(&|file| file.styles[from_style].clone())));
        distances.push(("target decoder", distance(&|file| file.styles[to_style].clone())));
        reports.push(AccentReport { from, to, distances });
    }
    reports
}
