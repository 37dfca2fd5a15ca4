//! `evaluate --own-styles`: how well styles are learned from a few files, with the genre's own decoder taken away, and
//! whether learning ever costs anything where the decoder is there.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use tonenet_core::genre::Genre;
use tonenet_core::style::StyleIndex;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::LookAhead;
use tonenet_inference::user_style::UserStyle;
use tonenet_learn::{Basis, learn};

use crate::arguments::EvaluateArgs;
use crate::data::Split;
use crate::data::performances::{self, Performance};
use crate::metrics::velocities::{FileScore, score_file};
use crate::models::velocity_model_folder;
use crate::progress;
use crate::runtimes;
use crate::target::Target;

/// Files to learn from, how often other files are drawn, and the least share of the gap that must close.
const LEFT_OUT: [(usize, u64, Option<f64>); 3] = [(5, 8, Some(0.65)), (20, 4, Some(0.72)), (40, 2, None)];

/// Files to learn from where all decoders are there, and how often other files are drawn.
const NEAR: [(usize, u64); 4] = [(1, 4), (2, 4), (5, 4), (20, 2)];

/// Sections of a single performance that are learned from, as the window does with what Timeline remembers, and how often
/// another performance is drawn.
const PLAYED: (usize, u64) = (5, 8);

/// The most that learning may cost, in r.
const MOST_LOST: f64 = 0.005;

/// Files and notes of each that are learned from against the clock, on so many threads, in at most so many seconds.
const TIMED: (usize, usize, usize, f64) = (20, 2_500, 2, 10.0);

/// What a style was learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// So many files, with the own decoder taken away.
    LeftOut(usize),
    /// So many files.
    Near(usize),
    /// Sections of one performance.
    Played,
}

/// A style that was learned.
struct Trial {
    source: Source,
    style: UserStyle,
}

/// `cargo xtask evaluate --own-styles`.
pub fn run(args: &EvaluateArgs, data: &Path) -> Result<()> {
    let network = network(args)?;
    let train = performances::load(data, Split::Train)?;
    let scored = performances::load(data, args.split)?;
    time(&network, &train)?;
    println!(
        "\nr of whole takes; left out: the genre's own decoder was taken away; gap: from the best other decoder to it"
    );
    println!("{:>10} {:>9} {:>5} {:>6} {:>6} {:>6} {:>6}", "", "", "files", "other", "own", "r", "worst");
    let mut targets = Vec::new();
    for genre in Genre::ALL {
        let scored: Vec<&Performance> = scored.iter().filter(|p| p.genre == genre).collect();
        let train: Vec<&Performance> = train.iter().filter(|p| p.genre == genre).collect();
        let trials = learn_all(&network, (&train, &scored), genre)?;
        targets.extend(report(genre, &trials, &Figures::new(&network, &scored, &trials)?));
    }
    println!();
    for (figure, target) in targets {
        println!("{figure}: {target}");
    }
    Ok(())
}

/// The network of the note model that is named, or of the shipped one.
pub(super) fn network(args: &EvaluateArgs) -> Result<NoteNetwork> {
    let name = match args.models.as_slice() {
        [] => "note",
        [name] => name,
        _ => bail!("styles are learned on one model; name one"),
    };
    let files = ModelFiles::from_dir(&velocity_model_folder(name)?)?;
    Ok(NoteNetwork::load(&runtimes::open_default()?, &files)?)
}

pub(super) fn learn_from(basis: &Basis<'_>, files: &[&Performance]) -> Result<UserStyle> {
    let performances: Vec<_> = files.iter().map(|file| to_learn_from(file, usize::MAX)).collect();
    learn_style(basis, &performances)
}

fn learn_style(basis: &Basis<'_>, performances: &[tonenet_learn::Performance]) -> Result<UserStyle> {
    let learned = learn(basis, performances, "own", &|_| {}, &Cancellation::default());
    Ok(learned.with_context(|| format!("cannot learn from {} performances", performances.len()))?.style)
}

/// A performance to learn from, of at most so many notes.
pub(super) fn to_learn_from(performance: &Performance, notes: usize) -> tonenet_learn::Performance {
    tonenet_learn::Performance {
        name: performance.name.clone(),
        notes: performance.notes.iter().take(notes).copied().collect(),
        pedals: performance.pedals.clone(),
        grid: performance.grid,
    }
}

/// Learns all styles of a genre, each from files that a seed draws.
///
/// Files are training files. A single performance is one of those to score: the built-in styles do not know it by heart,
/// and it is one of many.
fn learn_all(
    network: &NoteNetwork,
    (train, scored): (&[&Performance], &[&Performance]),
    genre: Genre,
) -> Result<Vec<Trial>> {
    let left_out = LEFT_OUT.iter().map(|&(files, draws, _)| (Source::LeftOut(files), draws));
    let near = NEAR.iter().map(|&(files, draws)| (Source::Near(files), draws));
    let sources = left_out.chain(near).chain([(Source::Played, PLAYED.1)]);
    let wanted: Vec<(Source, u64)> = sources.flat_map(|(s, draws)| (0..draws).map(move |draw| (s, draw))).collect();
    let bar = progress::labelled("{msg:34} ", wanted.len(), "{pos}/{len} styles, {eta} left");
    bar.set_message(format!("learning {genre}"));
    let all = Basis::new(network);
    let others = all.clone().without(genre);
    let one_piece = all.clone().of_one_piece();
    let trials = wanted.into_iter().map(|(source, draw)| {
        let (basis, from, files) = match source {
            Source::LeftOut(files) => (&others, train, files),
            Source::Near(files) => (&all, train, files),
            Source::Played => (&one_piece, scored, 1),
        };
        let mut drawn = from.to_vec();
        drawn.shuffle(&mut ChaCha8Rng::seed_from_u64(draw));
        // A few short files would be refused, and a performance with nearly flat sections.
        drawn.retain(|p| p.notes.len() * files >= tonenet_learn::FEWEST_NOTES_IN_ALL);
        if source == Source::Played {
            drawn.retain(|p| p.level().1 >= 2.0 * tonenet_learn::FLAT_SPREAD);
        }
        drawn.truncate(files);
        let style = match (source, drawn.as_slice()) {
            (Source::Played, [file]) => learn_style(basis, &to_learn_from(file, usize::MAX).sections(PLAYED.0)),
            (_, files) => learn_from(basis, files),
        };
        bar.inc(1);
        Ok(Trial { source, style: style? })
    });
    let trials = trials.collect();
    bar.finish_and_clear();
    trials
}

/// Mean r over files, in the order of styles.
struct Figures {
    built_ins: Vec<f64>,
    trials: Vec<f64>,
}

impl Figures {
    fn new(network: &NoteNetwork, scored: &[&Performance], trials: &[Trial]) -> Result<Self> {
        let styles: Vec<&UserStyle> = trials.iter().map(|trial| &trial.style).collect();
        let files: Vec<Vec<Option<FileScore>>> =
            scored.par_iter().map(|file| scores(network, file, &styles)).collect::<Result<_>>()?;
        let count = files.len().max(1) as f64;
        let r = |score: &Option<FileScore>| score.map_or(0.0, |score| score.r);
        let mean = |style: usize| files.iter().map(|file| r(&file[style])).sum::<f64>() / count;
        let built_ins = Genre::ALL.len();
        Ok(Self {
            built_ins: (0..built_ins).map(mean).collect(),
            trials: (built_ins..built_ins + trials.len()).map(mean).collect(),
        })
    }
}

/// The score of each built-in style, then of each learned one, on a file.
pub(super) fn scores(
    network: &NoteNetwork,
    file: &Performance,
    learned: &[&UserStyle],
) -> Result<Vec<Option<FileScore>>> {
    let (part, order) = file.view().part();
    let styles: Vec<StyleIndex> = Genre::ALL.into_iter().map(Into::into).collect();
    let mut means = vec![Vec::with_capacity(part.len()); styles.len() + learned.len()];
    let (whole, cancellation) = ([LookAhead::WholePerformance], Cancellation::default());
    network.encode(&part, &whole, &styles, &cancellation, &mut |_, notes| {
        let (built_ins, own) = means.split_at_mut(styles.len());
        for (means, predictions) in built_ins.iter_mut().zip(notes.predictions) {
            means.extend(predictions.iter().map(|p| p.deviation));
        }
        for (means, learned) in own.iter_mut().zip(learned) {
            let read = styles.iter().zip(notes.predictions);
            let read = read.filter(|(style, _)| learned.built_ins().any(|b| b == **style));
            let predictions: Vec<_> = read.map(|(_, predictions)| predictions.clone()).collect();
            let notes = tonenet_inference::note::EncodedNotes { predictions: &predictions, ..notes };
            means.extend(learned.predict(&notes).iter().map(|p| p.deviation));
        }
    })?;
    let human: Vec<f32> = order.iter().map(|&note| f32::from(file.notes[note].velocity)).collect();
    Ok(means.iter().map(|means| score_file(means, &human)).collect())
}

/// Prints a genre's figures, and returns those that have a target.
fn report(genre: Genre, trials: &[Trial], figures: &Figures) -> Vec<(String, Target)> {
    let own = figures.built_ins[genre.index()];
    let others = Genre::ALL.into_iter().filter(|&other| other != genre);
    let other = others.map(|other| figures.built_ins[other.index()]).fold(-1.0, f64::max);
    let best = own.max(other);
    let of = |source: Source| {
        let chosen = trials.iter().zip(&figures.trials).filter(move |(trial, _)| trial.source == source);
        let found: Vec<f64> = chosen.map(|(_, r)| *r).collect();
        (found.iter().sum::<f64>() / found.len().max(1) as f64, found.into_iter().fold(1.0, f64::min))
    };
    let mut targets = Vec::new();
    for (files, _, least) in LEFT_OUT {
        let (mean, worst) = of(Source::LeftOut(files));
        let closed = |r: f64| (r - other) / (own - other);
        println!(
            "{:>10} {:>9} {files:>5} {other:>6.3} {own:>6.3} {mean:>6.3} {worst:>6.3}  gap closed {:.0} % (worst draw {:.0} %)",
            genre.id(),
            "left out",
            100.0 * closed(mean),
            100.0 * closed(worst)
        );
        let target = least.map(|least| Target::at_least(closed(mean), least, 2));
        targets.extend(target.map(|target| (format!("{genre}, {files} files, share of the gap closed"), target)));
    }
    for (files, _) in NEAR {
        let (mean, worst) = of(Source::Near(files));
        println!("{:>10} {:>9} {files:>5} {other:>6.3} {own:>6.3} {mean:>6.3} {worst:>6.3}", genre.id(), "near");
        let target = Target::at_most(best - worst, MOST_LOST, 3);
        targets.push((format!("{genre}, {files} files, most lost to the best built-in style"), target));
    }
    // A single performance may be nearer to another genre, so its style is compared with the one that it is nearest to.
    let played = trials.iter().zip(&figures.trials).filter(|(trial, _)| trial.source == Source::Played);
    let lost = played.map(|(trial, r)| figures.built_ins[trial.style.nearest().index()] - r).fold(f64::MIN, f64::max);
    let target = Target::at_most(lost, MOST_LOST, 3);
    targets.push((format!("{genre}, one performance, most lost to the nearest built-in style"), target));
    targets
}

/// Learns from files of a fixed length against the clock.
fn time(network: &NoteNetwork, train: &[Performance]) -> Result<()> {
    let (files, notes, threads, most) = TIMED;
    let long = train.iter().filter(|performance| performance.notes.len() >= notes).take(files);
    let performances: Vec<_> = long.map(|performance| to_learn_from(performance, notes)).collect();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let start = Instant::now();
    pool.install(|| learn(&Basis::new(network), &performances, "timed", &|_| {}, &Cancellation::default()))?;
    let target = Target::at_most(start.elapsed().as_secs_f64(), most, 1);
    println!("{} files of {notes} notes on {threads} threads, seconds: {target}", performances.len());
    Ok(())
}
