//! `evaluate --scores`: how well a model plays from real scores, and how well pianists agree with one another.
//!
//! Two pianists who play the same score differ, so no model can agree with one of them much better than another pianist
//! does. That is the human ceiling. The model gets the score's MIDI file: the tempo as marked, onsets on the grid, lengths
//! as printed, no pedal. Its r counts the notes that a pianist played, as for a performance.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use tonenet_core::genre::Genre;
use tonenet_core::grid::{FREE_STEP_SECONDS, Grid};
use tonenet_core::note::Note;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView};

use crate::arguments::EvaluateArgs;
use crate::data::Split;
use crate::data::performances;
use crate::data::scores::{self, Score, ScoreFiles, ScorePerformance, TrainedRuns};
use crate::metrics::bootstrap::bootstrap_interval;
use crate::metrics::velocities::{FileScore, score_file};
use crate::models::velocity_model_folder;
use crate::progress;
use crate::runtimes;

/// The human ceiling as this command measured it, for the tables of other evaluations.
pub const CEILING: &str = "human ceiling, classical scores of (n)ASAP (evaluate --scores): \
    r of two pianists .645, of one and the mean of the others .739";

/// The fewest notes that two performances must share to be compared.
const FEWEST_NOTES: usize = 50;
/// The fewest pianists of a score who can be compared with the mean of the others.
const FEWEST_PIANISTS: usize = 3;
const DRAWS: usize = 2000;
const SEED: u64 = 1;

/// The style that the scores are played in.
const STYLE: Genre = Genre::Classical;

/// What is measured of each score.
const ROWS: [&str; 8] = [
    "r: two pianists",
    "r: one pianist and the mean of the others",
    "r: model from the score, beat known",
    "r: model from the score, beat unknown",
    "r: model from the performance",
    "range: model from the score, beat known",
    "range: model from the score, beat unknown",
    "range: model from the performance",
];

/// The figures of a score or piece, in the order of [`ROWS`].
type Figures = [Option<f64>; ROWS.len()];

/// A score's figures.
struct Measured {
    piece: String,
    pianists: usize,
    left_out: usize,
    /// Whether a training file plays it.
    is_trained: bool,
    figures: Figures,
}

/// `cargo xtask evaluate --scores`.
pub fn run(args: &EvaluateArgs, folder: &Path) -> Result<()> {
    let name = match args.models.as_slice() {
        [] => "note",
        [name] => name,
        _ => bail!("--scores takes one model; name one"),
    };
    let listed = scores::list(folder)?;
    let trained = args.data.as_deref().map(trained).transpose()?;
    let files = ModelFiles::from_dir(&velocity_model_folder(name)?)?;
    let model = LoadedModel::load(&runtimes::open_default()?, &files)?;
    let predict = |view: &PerformanceView<'_>| -> Result<Vec<f32>> {
        let columns = model.columns(view, LookAhead::WholePerformance, &[STYLE.into()], &Cancellation::default())?;
        let column = columns.first().context("a style has a column")?;
        let heard = |note| column.term(note).map_or(0.0, |term| term.gain * term.prediction.deviation);
        Ok((0..view.notes.len()).map(heard).collect())
    };
    let bar = progress::bar(listed.len(), "{pos}/{len} scores, {eta} left");
    let measured: Vec<Measured> = listed
        .par_iter()
        .map(|files| measure(&predict, trained.as_ref(), files).inspect(|_| bar.inc(1)))
        .collect::<Result<_>>()?;
    bar.finish_and_clear();
    print(&files.manifest().title, &measured, trained.is_some());
    Ok(())
}

/// The runs of keys in the train split's performances of the same style.
fn trained(data: &Path) -> Result<TrainedRuns> {
    let train = performances::load(data, Split::Train)?;
    let of_style = train.iter().filter(|performance| performance.genre == STYLE);
    Ok(TrainedRuns::from_files(of_style.map(|performance| performance.notes.as_slice())))
}

fn print(title: &str, measured: &[Measured], knows_training: bool) {
    let sum = |of: fn(&Measured) -> usize| measured.iter().map(of).sum::<usize>();
    println!("{title}, whole takes, {STYLE} style");
    println!(
        "{} scores, {} performances; {} more left out, whose notes are not those of the score",
        measured.len(),
        sum(|m| m.pianists),
        sum(|m| m.left_out),
    );
    let mut columns = vec![
        ("all pieces", by_piece(measured, |_| true)),
        ("three pianists or more", by_piece(measured, |m| m.pianists >= FEWEST_PIANISTS)),
    ];
    if knows_training {
        columns.push(("in no training file", by_piece(measured, |m| !m.is_trained)));
    } else {
        println!("a model was trained on some of these pieces; give --data to tell them apart");
    }
    println!(
        "\n{:43}{}",
        "mean by piece",
        columns.iter().map(|(title, _)| format!("  {title:29}")).collect::<String>()
    );
    for (row, what) in ROWS.iter().enumerate() {
        println!(
            "{what:43}{}",
            columns.iter().map(|(_, pieces)| format!("  {:29}", cell(pieces, row))).collect::<String>()
        );
    }
    println!("\nrange: the spread that is heard at Take 0, as a share of the pianist's");
}

/// A figure's mean over pieces with its 95 % bootstrap interval.
fn cell(pieces: &[Figures], row: usize) -> String {
    let values: Vec<f64> = pieces.iter().filter_map(|figures| figures[row]).collect();
    let (Some(value), Some((low, high))) =
        (mean(values.iter().copied()), bootstrap_interval(&values, mean_of, DRAWS, SEED))
    else {
        return "–".into();
    };
    format!("{:4}  {value:.3} ({low:.3} – {high:.3})", values.len())
}

/// The figures of each piece: the means of those of its scores that count.
fn by_piece(measured: &[Measured], counts: impl Fn(&Measured) -> bool) -> Vec<Figures> {
    let mut pieces: BTreeMap<&str, Vec<&Figures>> = BTreeMap::new();
    for score in measured.iter().filter(|measured| counts(measured)) {
        pieces.entry(&score.piece).or_default().push(&score.figures);
    }
    let of_piece = |scores: Vec<&Figures>| std::array::from_fn(|row| mean(scores.iter().filter_map(|f| f[row])));
    pieces.into_values().map(of_piece).collect()
}

fn mean(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0.0);
    for value in values {
        sum += value;
        count += 1.0;
    }
    (count > 0.0).then_some(sum / count)
}

fn mean_of(values: &[f64]) -> f64 {
    mean(values.iter().copied()).unwrap_or(0.0)
}

/// Measures a predictor of deviations in velocity steps, as they are heard at Take 0.
fn measure(
    predict: &impl Fn(&PerformanceView<'_>) -> Result<Vec<f32>>,
    trained: Option<&TrainedRuns>,
    files: &ScoreFiles,
) -> Result<Measured> {
    let score = files.read()?;
    let from_score = |grid: Grid| -> Result<Vec<FileScore>> {
        let predicted = predict(&PerformanceView { notes: &score.notes, pedals: &[], grid, player_level: None })?;
        let of_pianist = |p: &ScorePerformance| compare(p, p.pairs.iter().map(|&(in_score, _)| predicted[in_score]));
        Ok(score.performances.iter().filter_map(of_pianist).collect())
    };
    let free = Grid::Seconds(FREE_STEP_SECONDS);
    let (with_beat, without) = (from_score(Grid::Sixteenths)?, from_score(free)?);
    let mut performed = Vec::new();
    for performance in &score.performances {
        let ScorePerformance { notes, pedals, pairs } = performance;
        let predicted = predict(&PerformanceView { notes, pedals, grid: free, player_level: None })?;
        performed.extend(compare(performance, pairs.iter().map(|&(_, place)| predicted[place])));
    }
    let r = |scores: &[FileScore]| mean(scores.iter().map(|s| s.r));
    let range = |scores: &[FileScore]| mean(scores.iter().map(|s| s.sd_ratio));
    let pianists = pianists(&score);
    Ok(Measured {
        piece: files.piece.clone(),
        pianists: score.performances.len(),
        left_out: score.left_out,
        is_trained: trained.is_some_and(|trained| trained.play(&score.notes)),
        figures: [
            two_pianists(&pianists),
            one_to_others(&pianists),
            r(&with_beat),
            r(&without),
            r(&performed),
            range(&with_beat),
            range(&without),
            range(&performed),
        ],
    })
}

/// Compares predictions of the notes in a performance's pairs with the pianist's velocities.
fn compare(performance: &ScorePerformance, predicted: impl Iterator<Item = f32>) -> Option<FileScore> {
    let human: Vec<f32> = performance.pairs.iter().map(|&(_, place)| velocity(&performance.notes[place])).collect();
    if human.len() < FEWEST_NOTES {
        return None;
    }
    score_file(&predicted.collect::<Vec<_>>(), &human)
}

fn velocity(note: &Note) -> f32 {
    f32::from(note.velocity)
}

/// Each pianist's deviation from the mean velocity, by the score's notes; `None` for a note not played.
fn pianists(score: &Score) -> Vec<Vec<Option<f32>>> {
    let deviations = |performance: &ScorePerformance| {
        let velocities = || performance.pairs.iter().map(|&(_, place)| velocity(&performance.notes[place]));
        let level = velocities().sum::<f32>() / performance.pairs.len().max(1) as f32;
        let mut deviations = vec![None; score.notes.len()];
        for (&(in_score, _), velocity) in performance.pairs.iter().zip(velocities()) {
            deviations[in_score] = Some(velocity - level);
        }
        deviations
    };
    score.performances.iter().map(deviations).collect()
}

/// The mean r of all pairs of pianists, over the notes that both play.
fn two_pianists(pianists: &[Vec<Option<f32>>]) -> Option<f64> {
    let pairs =
        pianists.iter().enumerate().flat_map(|(place, one)| pianists[..place].iter().map(move |other| (one, other)));
    mean(pairs.filter_map(|(one, other)| r(one, other)))
}

/// The mean r of each pianist with the mean of the others, over the notes that at least two others play.
fn one_to_others(pianists: &[Vec<Option<f32>>]) -> Option<f64> {
    if pianists.len() < FEWEST_PIANISTS {
        return None;
    }
    let notes = pianists[0].len();
    let of_others = |one: usize| -> Vec<Option<f32>> {
        let others = || pianists.iter().enumerate().filter(|&(place, _)| place != one).map(|(_, other)| other);
        let note = |note: usize| {
            let played: Vec<f32> = others().filter_map(|other| other[note]).collect();
            (played.len() > 1).then(|| played.iter().sum::<f32>() / played.len() as f32)
        };
        (0..notes).map(note).collect()
    };
    mean((0..pianists.len()).filter_map(|one| r(&of_others(one), &pianists[one])))
}

/// r over the notes that both have.
fn r(one: &[Option<f32>], other: &[Option<f32>]) -> Option<f64> {
    let (one, other): (Vec<f32>, Vec<f32>) = one.iter().zip(other).filter_map(|(&a, &b)| a.zip(b)).unzip();
    if one.len() < FEWEST_NOTES {
        return None;
    }
    score_file(&one, &other).map(|score| score.r)
}

#[cfg(test)]
mod tests;
