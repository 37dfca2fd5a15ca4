//! Trains the feel of each built-in style: read-outs of the note model, solved in closed form.
//!
//! [`tonenet_learn::feel`] compares performances with their pages and reads the pages with the note model. `heads` says
//! what is learned from which rows, `regression` solves it. `calibration` sets the thresholds of the pedal, `swing` how wide
//! shifts are, and `wander` measures what is left along the phrase.

mod calibration;
mod heads;
mod regression;
mod swing;
mod wander;

pub use wander::{Deviations, drift};

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use indicatif::ProgressBar;
use rayon::prelude::*;
use tonenet_core::feel::{Drift, Wander};
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::feel::{FeelModel, FeelReadout, FeelStyle, OwnFeel};
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::LookAhead;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_learn::feel::{PageRows, View, width};
use tonenet_learn::is_chosen_evenly;
use tonenet_learn::page::NoteLengths;

use crate::arguments::TrainArgs;
use crate::data::Split;
use crate::data::performances::{self, Performance};
use crate::models::velocity_model_folder;
use crate::progress;
use calibration::{Movement, calibrated};
use heads::Head;
use regression::{SHRINKAGES, Solution, Sums};

/// The most performances of a style, and notes of each.
const MOST_FILES: usize = 400;
const MOST_NOTES: usize = 1_000;

/// One performance in so many is kept apart: it chooses shrinkages and thresholds and shows what predictions leave.
const KEPT_APART: usize = 6;

/// Performances that are read at once.
const AT_ONCE: usize = 4;

/// A look-ahead in seconds that a player in a host may have.
const SOME_SECONDS: LookAhead = LookAhead::Seconds(0.5);

/// One performance without beats in so many is read with the beats that its page guesses, and as many with beats are read
/// once without.
const OTHER_BEATS: usize = 2;

/// The least mean correlation with the shifts of the performances kept apart. A style whose performances agree less does
/// not shift.
const LEAST_AGREEMENT: f64 = 0.1;

/// The most that offsets within chords are widened. Predictions are drawn to their mean, and chords would sound more
/// together than a pianist's; much wider than predicted, their errors would be heard.
const MOST_WIDENED: f64 = 2.0;

/// The significant digits of a weight.
const DIGITS: i32 = 3;

/// `cargo xtask train feel`: writes `model.json` into the run's folder.
///
/// # Errors
/// When the data or the note model cannot be read, or a built-in style has no performances.
pub fn train(args: &TrainArgs) -> Result<()> {
    let network = note_network()?;
    let folder = args.run_folder();
    let file = folder.join("model.json");
    // With a name that style alone is learned anew.
    let mut styles = match &args.name {
        Some(_) => read_model(&file)?.styles().to_vec(),
        None => Vec::new(),
    };
    println!("reading {}", args.data.display());
    let all = performances::load(&args.data, Split::Train)?;
    let mut chosen = Vec::new();
    for genre in Genre::ALL.into_iter().filter(|genre| args.name.as_ref().is_none_or(|name| name == genre)) {
        let of_genre: Vec<&Performance> = all.iter().filter(|performance| performance.genre == genre).collect();
        let is_chosen = |index: &usize| is_chosen_evenly(*index, of_genre.len(), MOST_FILES);
        chosen
            .push((genre, (0..of_genre.len()).filter(is_chosen).map(|index| cut(of_genre[index])).collect::<Vec<_>>()));
    }
    let bar = progress::labelled(
        "{msg:10} ",
        chosen.iter().map(|(_, files)| files.len()).sum(),
        "{pos}/{len} files, {eta} left",
    );
    for (genre, files) in &chosen {
        bar.set_message(genre.id());
        let learned = style(&network, *genre, files, &bar);
        let learned = learned.with_context(|| format!("cannot learn the feel of {genre}"))?;
        styles.retain(|style| style.id != learned.id);
        styles.push(learned);
    }
    bar.finish_and_clear();
    let model = FeelModel::new(network.fingerprint(&[])?, styles)?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let bytes = model.to_bytes();
    fs::write(&file, &bytes).with_context(|| format!("cannot write {}", file.display()))?;
    println!("{} bytes in {}", bytes.len(), file.display());
    Ok(())
}

/// Reads a feel model.
///
/// # Errors
/// When it is not there or damaged.
pub fn read_model(file: &Path) -> Result<FeelModel> {
    let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    FeelModel::from_bytes(&bytes).with_context(|| format!("cannot use {}", file.display()))
}

/// The shipped note model on the built-in runtime, so that no library must be installed.
///
/// # Errors
/// When it is not there or damaged.
pub fn note_network() -> Result<NoteNetwork> {
    let folder: PathBuf = velocity_model_folder("note")?;
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    Ok(NoteNetwork::load(&runtime, &ModelFiles::from_dir(&folder)?)?)
}

/// The first notes of a performance.
pub fn cut(performance: &Performance) -> Performance {
    Performance { notes: performance.notes.iter().take(MOST_NOTES).copied().collect(), ..performance.clone() }
}

/// The sums of each head, in the order of [`Head::ALL`], which is that of its definition.
struct HeadSums(Vec<Sums>);

impl HeadSums {
    fn new(width: usize) -> Self {
        Self(Head::ALL.iter().map(|head| Sums::new(width, head.targets())).collect())
    }

    fn of(&self, head: Head) -> &Sums {
        &self.0[head as usize]
    }

    fn of_page(page: &PageRows, width: usize) -> Self {
        Self(Head::ALL.iter().map(|head| head.sums(page, width)).collect())
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(sums, other)| sums.add(other));
    }
}

/// The two views of a performance that are learned from.
fn views(performance: &Performance, index: usize) -> [View; 2] {
    let has_beats = performance.grid == Grid::Sixteenths;
    // The kinds of lengths change places with every performance, the beats half as often.
    let other = (index / 2).is_multiple_of(OTHER_BEATS);
    let kinds = [NoteLengths::ToNearestOnset, NoteLengths::ToNextChord];
    let lengths = if index.is_multiple_of(2) { kinds } else { [kinds[1], kinds[0]] };
    [
        View { lengths: lengths[0], on_beats: has_beats || other, look_ahead: LookAhead::WholePerformance },
        View { lengths: lengths[1], on_beats: has_beats != (index % 8 == 3), look_ahead: SOME_SECONDS },
    ]
}

/// Learns a style from its performances.
fn style(network: &NoteNetwork, genre: Genre, files: &[Performance], bar: &ProgressBar) -> Result<FeelStyle> {
    if files.len() < KEPT_APART {
        bail!("there are {} performances, and at least {KEPT_APART} are needed", files.len());
    }
    let width = width(network);
    let (mut learned, mut apart) = (HeadSums::new(width), HeadSums::new(width));
    let mut kept = Vec::new();
    let numbered: Vec<(usize, &Performance)> = files.iter().enumerate().collect();
    for some in numbered.chunks(AT_ONCE) {
        let read = some.par_iter().map(|&(index, performance)| {
            let is_apart = index % KEPT_APART == 0;
            let mut sums = HeadSums::new(width);
            let mut pages = Vec::new();
            for view in views(performance, index / if is_apart { KEPT_APART } else { 1 }) {
                let page = PageRows::new(network, &performance.view(), view, is_apart.then_some(genre))?;
                sums.add(&HeadSums::of_page(&page, width));
                pages.push(page);
            }
            bar.inc(1);
            pages.truncate(usize::from(is_apart));
            Ok((is_apart, sums, pages))
        });
        for (is_apart, sums, pages) in read.collect::<Result<Vec<_>>>()? {
            if is_apart { &mut apart } else { &mut learned }.add(&sums);
            kept.extend(pages);
        }
    }
    solve(genre, &learned, &apart, &kept, network)
}

/// Solves the heads with the shrinkages that predict the performances kept apart best. Shifts are to rise and fall as
/// played in each of them; of the rest the variance that is explained counts.
fn solve(
    genre: Genre,
    learned: &HeadSums,
    apart: &HeadSums,
    kept: &[PageRows],
    network: &NoteNetwork,
) -> Result<FeelStyle> {
    let widths = (network.past_width(), network.ahead_width());
    let mut all = HeadSums(learned.0.clone());
    all.add(apart);
    let solutions = |head: Head, target: usize| -> Option<(Solution, Solution)> {
        let (learned, apart, all) = (learned.of(head), apart.of(head), all.of(head));
        let attempt = |shrinkage: f64| {
            let solution = learned.solve(target, shrinkage, head.between())?;
            let score = match head {
                Head::Shift => mean_correlation(head, kept, &solution),
                _ => apart.explained(target, &solution.weights, head.between()),
            };
            Some((score, shrinkage, solution))
        };
        let (score, shrinkage, of_learned) =
            SHRINKAGES.into_iter().filter_map(attempt).max_by(|a, b| a.0.total_cmp(&b.0))?;
        let share = apart.explained(target, &of_learned.weights, head.between());
        println!(
            "{genre} {head:?} {target}: {share:.3} of the variance explained apart, score {score:.3}, shrinkage {shrinkage}"
        );
        let is_told = head != Head::Shift || score >= LEAST_AGREEMENT;
        is_told.then_some((of_learned, all.solve(target, shrinkage, head.between())?))
    };
    let needed = |head: Head, target: usize| {
        solutions(head, target).with_context(|| format!("the performances tell nothing of {head:?}"))
    };
    let pedal = |movement: Movement| -> Result<Solution> {
        let (of_learned, of_all) = needed(Head::Pedal, movement as usize)?;
        // The threshold comes from performances that the solution does not know.
        let odds = calibrated(&of_learned, kept, movement);
        let steepness = ratio(&odds.weights, &of_learned.weights);
        let threshold = of_learned.constant - odds.constant / steepness;
        let weights = of_all.weights.iter().map(|weight| weight * steepness).collect();
        Ok(Solution { weights, constant: (of_all.constant - threshold) * steepness })
    };
    let shift = solutions(Head::Shift, 0).filter(|_| genre != Genre::Classical).map(|(of_learned, of_all)| {
        let factor = swing::widening(&of_learned, kept);
        println!("{genre} Shift: {factor:.2} times as wide as it was solved");
        (of_learned.widened(factor), of_all.widened(factor))
    });
    let (offset, stretch) = (widened(needed(Head::ChordOffset, 0)?, apart), needed(Head::Stretch, 0)?);
    let filling = needed(Head::StretchFilling, 0)?;
    let of_learned = |solution: &(Solution, Solution)| readout(&solution.0, widths);
    let mut style = FeelStyle {
        id: genre.id().into(),
        shift: shift.as_ref().map(of_learned),
        chord_offset: of_learned(&offset),
        stretch: of_learned(&stretch),
        stretch_filling: of_learned(&filling),
        pedal_down: readout(&pedal(Movement::Down)?, widths),
        pedal_lift: readout(&pedal(Movement::Lift)?, widths),
        wander: NO_WANDER,
    };
    style.wander = measure_wander(&style, kept);
    let of_all = |solution: &(Solution, Solution)| readout(&solution.1, widths);
    style.shift = shift.as_ref().map(of_all);
    style.chord_offset = of_all(&offset);
    (style.stretch, style.stretch_filling) = (of_all(&stretch), of_all(&filling));
    Ok(style)
}

/// The mean over the pages that have the head's target.
fn mean_correlation(head: Head, pages: &[PageRows], solution: &Solution) -> f64 {
    let has_target = |page: &&PageRows| (0..page.rows.len()).any(|row| head.target(page, row).is_some());
    let of_pages: Vec<f64> = pages.iter().filter(has_target).map(|page| head.correlation(page, solution)).collect();
    of_pages.iter().sum::<f64>() / of_pages.len().max(1) as f64
}

/// Offsets within chords spread as in performances, as far as that goes.
fn widened((of_learned, of_all): (Solution, Solution), apart: &HeadSums) -> (Solution, Solution) {
    let ratio = apart.of(Head::ChordOffset).spread_ratio(0, &of_learned.weights, Head::ChordOffset.between());
    let factor = ratio.clamp(1.0, MOST_WIDENED);
    (of_learned.widened(factor), of_all.widened(factor))
}

/// Before it is measured.
const NO_WANDER: Wander = Wander { shift: None, stretch: Drift { sigma: 0.0, beats: 1.0, with_dynamics: 0.0 } };

/// How performances wander around a style's predictions.
fn measure_wander(style: &FeelStyle, pages: &[PageRows]) -> Wander {
    let [shifts, stretches] = deviations(style, &pages.iter().collect::<Vec<_>>());
    let rounded = |drift: Drift| Drift {
        sigma: round(f64::from(drift.sigma)),
        beats: round(f64::from(drift.beats)),
        with_dynamics: round(f64::from(drift.with_dynamics)),
    };
    Wander { shift: style.shift.as_ref().map(|_| rounded(drift(&shifts).0)), stretch: rounded(drift(&stretches).0) }
}

/// What chords have beyond a style's predictions of shift, on pages that tell how it is timed, and of length.
pub fn deviations(style: &FeelStyle, pages: &[&PageRows]) -> [Vec<Deviations>; 2] {
    let mut both = [Vec::new(), Vec::new()];
    let telling = swing::telling(pages.iter().copied());
    for &page in pages {
        let [mut shifts, mut stretches] = [Deviations::default(), Deviations::default()];
        let feels = page.predict(style, &OwnFeel::NEAREST);
        let rows: Vec<usize> = (0..page.rows.len()).collect();
        for rows in rows.chunk_by(|&a, &b| page.played(a).chord == page.played(b).chord) {
            let mean = |of: &dyn Fn(usize) -> f64| rows.iter().map(|&row| of(row)).sum::<f64>() / rows.len() as f64;
            let chord = &page.paged.chords[page.played(rows[0]).chord];
            let louder = mean(&|row| page.louder[row]);
            for (deviations, feel) in [
                (&mut shifts, chord.shift - f64::from(feels[rows[0]].shift)),
                (&mut stretches, mean(&|row| page.played(row).stretch - f64::from(feels[row].stretch))),
            ] {
                deviations.beats.push(chord.beats);
                deviations.feel.push(feel);
                deviations.louder.push(louder);
            }
        }
        let is_telling = telling.iter().any(|other| std::ptr::eq(*other, page));
        if is_telling && page.rows.iter().any(|row| row.place.is_some()) {
            both[0].push(shifts);
        }
        both[1].push(stretches);
    }
    both
}

/// The factor from some weights to others that are a multiple of them.
fn ratio(multiples: &[f64], weights: &[f64]) -> f64 {
    let largest = weights.iter().zip(multiples).max_by(|a, b| a.0.abs().total_cmp(&b.0.abs()));
    largest.map_or(1.0, |(weight, multiple)| if *weight == 0.0 { 1.0 } else { multiple / weight })
}

/// A solution as the model keeps it.
fn readout(solution: &Solution, (past, ahead): (usize, usize)) -> FeelReadout {
    let weights: Vec<f32> = solution.weights.iter().map(|&weight| round(weight)).collect();
    FeelReadout {
        past: weights[..past].to_vec(),
        ahead: weights[past..past + ahead].to_vec(),
        row: weights[past + ahead..].to_vec(),
        constant: solution.constant as f32,
    }
}

/// A number with few digits, so that the file is small.
fn round(number: f64) -> f32 {
    if number == 0.0 || !number.is_finite() {
        return 0.0;
    }
    let factor = 10f64.powi(DIGITS - 1 - number.abs().log10().floor() as i32);
    ((number * factor).round() / factor) as f32
}

#[cfg(test)]
mod tests;
