//! `evaluate --candidates`: which kinds of performances could become built-in styles of their own.
//!
//! A kind becomes a style only if its own performances, left out, prefer it to every other style. Each is learned twice.
//! First from training files of its kind: built-in decoders know these by heart, so little is left to learn. Then from
//! three quarters of the scored files, for the last quarter.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use rayon::prelude::*;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::user_style::UserStyle;
use tonenet_learn::{Basis, FEWEST_NOTES_IN_ALL, is_chosen_evenly};

use super::own_styles::{learn_from, network, scores};
use crate::arguments::EvaluateArgs;
use crate::data::Split;
use crate::data::performances::{self, Performance};
use crate::metrics::bootstrap::bootstrap_interval;
use crate::metrics::velocities::{FileScore, summarise};
use crate::progress;

/// The least gain in R²c over every other style; the lower end of its 95 % interval must be above 0, too.
const LEAST_GAIN: f64 = 0.01;

/// The most training files that a kind is learned from.
const MOST_FILES: usize = 40;

/// Parts into which the scored files of a kind are divided, to leave out one after the other.
const PARTS: usize = 4;

const DRAWS: usize = 2_000;
const SEED: u64 = 1;

/// A kind of performances.
struct Candidate {
    title: &'static str,
    genre: Genre,
    is_in: fn(&Performance) -> bool,
}

/// The kinds that can be named from what is known of the data: source, file name, grid and note rate.
const CANDIDATES: [Candidate; 11] = [
    candidate("Recital (competition pianists)", Genre::Classical, |p| p.group.contains("ecomp")),
    candidate("Hand-edited classical", Genre::Classical, |p| p.group.contains(" web ")),
    candidate("Baroque", Genre::Classical, |p| is_by(p, &["bach", "scarlatti", "handel"])),
    candidate("Viennese classics and Schubert", Genre::Classical, |p| {
        is_by(p, &["hay", "mozart", "mz_", "beethoven", "pathet", "waldstein", "clementi", "schubert"])
    }),
    candidate("Romantic", Genre::Classical, |p| {
        is_by(p, &["chopin", "chpn", "schumann", "scn", "liszt", "brahms", "br_", "mendel", "men-", "grieg", "ty_"])
    }),
    candidate("Jazz in free time", Genre::Jazz, |p| p.grid != Grid::Sixteenths),
    candidate("Jazz in time", Genre::Jazz, |p| p.grid == Grid::Sixteenths),
    candidate("Jazz ballad (under 6 notes/s)", Genre::Jazz, |p| note_rate(p) < 6.0),
    candidate("Up-tempo jazz (over 8.5 notes/s)", Genre::Jazz, |p| note_rate(p) > 8.5),
    candidate("Pop ballad (under 5.6 notes/s)", Genre::Pop, |p| note_rate(p) < 5.6),
    candidate("Up-tempo pop (over 7.5 notes/s)", Genre::Pop, |p| note_rate(p) > 7.5),
];

const fn candidate(title: &'static str, genre: Genre, is_in: fn(&Performance) -> bool) -> Candidate {
    Candidate { title, genre, is_in }
}

/// Whether a file's name names one of some composers or works.
fn is_by(performance: &Performance, names: &[&str]) -> bool {
    let file = Path::new(&performance.name).file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    names.iter().any(|name| file.starts_with(name))
}

/// Notes per second.
fn note_rate(performance: &Performance) -> f64 {
    let onsets = || performance.notes.iter().map(|note| note.onset);
    let seconds = onsets().fold(0.0, f64::max) - onsets().fold(f64::MAX, f64::min);
    performance.notes.len() as f64 / seconds.max(1.0)
}

impl Candidate {
    /// Its performances, by name, so that versions of a piece are neighbours.
    fn of<'a>(&self, performances: &'a [Performance]) -> Vec<&'a Performance> {
        let mut own: Vec<_> = performances.iter().filter(|p| p.genre == self.genre && (self.is_in)(p)).collect();
        own.sort_by(|a, b| a.name.cmp(&b.name));
        own
    }
}

/// `cargo xtask evaluate --candidates`.
pub fn run(args: &EvaluateArgs, data: &Path) -> Result<()> {
    let network = network(args)?;
    let basis = Basis::new(&network);
    let train = performances::load(data, Split::Train)?;
    let scored = performances::load(data, args.split)?;
    let bar = progress::labelled("{msg:34} ", CANDIDATES.len(), "{pos}/{len} kinds, {eta} left");
    let mut learned = Vec::new();
    for candidate in &CANDIDATES {
        bar.set_message(candidate.title);
        let own = candidate.of(&train);
        let all = own.len();
        let chosen = own.into_iter().enumerate().filter(|(index, _)| is_chosen_evenly(*index, all, MOST_FILES));
        let own: Vec<&Performance> = chosen.map(|(_, performance)| performance).collect();
        learned.push((own.len(), learn_from(&basis, &own)?));
        bar.inc(1);
    }
    bar.finish_and_clear();
    println!("R²c of whole takes on files of the kind, and the gain over the best other style (95 %)");
    for (own, candidate) in CANDIDATES.iter().enumerate() {
        let files = candidate.of(&scored);
        println!("\n{}: {} files to score", candidate.title, files.len());
        let styles: Vec<&UserStyle> = learned.iter().map(|(_, style)| style).collect();
        let (count, _) = &learned[own];
        println!("  from {count:3} training files: {}", Figures { own, files: all_scores(&network, &files, &styles)? });
        let left_out = left_out_scores(&basis, &network, &files, &styles, own)?;
        println!("  from the other files:   {}", Figures { own, files: left_out });
    }
    Ok(())
}

/// The scores of a style on one file; `None` if they cannot be compared.
type Score = Option<FileScore>;

/// Of each file, the scores of the built-in styles and then of `styles`.
fn all_scores(network: &NoteNetwork, files: &[&Performance], styles: &[&UserStyle]) -> Result<Vec<Vec<Score>>> {
    files.par_iter().map(|file| scores(network, file, styles)).collect()
}

/// The same, with the style at `own` learned anew for each part of the files, from the files of the other parts.
fn left_out_scores(
    basis: &Basis<'_>,
    network: &NoteNetwork,
    files: &[&Performance],
    styles: &[&UserStyle],
    own: usize,
) -> Result<Vec<Vec<Score>>> {
    let part = files.len().div_ceil(PARTS).max(1);
    let mut all = Vec::new();
    for (index, left_out) in files.chunks(part).enumerate() {
        let others: Vec<&Performance> = files
            .chunks(part)
            .enumerate()
            .filter(|(other, _)| *other != index)
            .flat_map(|(_, files)| files)
            .copied()
            .collect();
        if others.iter().map(|file| file.notes.len()).sum::<usize>() < FEWEST_NOTES_IN_ALL {
            return Ok(Vec::new());
        }
        let style = learn_from(basis, &others)?;
        let mut styles = styles.to_vec();
        styles[own] = &style;
        all.extend(all_scores(network, left_out, &styles)?);
    }
    Ok(all)
}

/// The scores of all styles on files of a kind, whose own style is at `own` among the learned ones.
struct Figures {
    own: usize,
    files: Vec<Vec<Score>>,
}

impl Figures {
    /// R²c of a style on some files.
    fn r2(files: &[&Vec<Score>], style: usize) -> f64 {
        let scores: Vec<FileScore> = files.iter().filter_map(|file| file[style]).collect();
        summarise(&scores).map_or(0.0, |summary| summary.r2)
    }
}

impl fmt::Display for Figures {
    /// Whether the files prefer their own style to every other.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: Vec<&Vec<Score>> = self.files.iter().collect();
        let Some(first) = files.first() else { return write!(f, "too few files") };
        let own = Genre::ALL.len() + self.own;
        let title = |style: usize| match Genre::ALL.get(style) {
            Some(genre) => genre.title(),
            None => CANDIDATES[style - Genre::ALL.len()].title,
        };
        let others = (0..first.len()).filter(|&style| style != own);
        let best = others.max_by(|&a, &b| Self::r2(&files, a).total_cmp(&Self::r2(&files, b))).unwrap_or(0);
        let gain = |files: &[&Vec<Score>]| Self::r2(files, own) - Self::r2(files, best);
        let (low, high) = bootstrap_interval(&files, gain, DRAWS, SEED).unwrap_or_default();
        let verdict = match gain(&files) >= LEAST_GAIN && low > 0.0 {
            true => "a style of its own",
            false => "no style of its own",
        };
        let (own, other) = (Self::r2(&files, own), Self::r2(&files, best));
        let (gain, name) = (own - other, title(best));
        write!(f, "{own:.3}, best other {other:.3} ({name}), gain {gain:+.3} ({low:+.3} to {high:+.3}): {verdict}")
    }
}
