//! `cargo xtask restyle`: MIDI files with another genre's velocities, as whole takes, without a host.

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::style::{StyleBlend, Take};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::take::{Knowledge, LoadedModel, Restyling, TakeView};

use crate::cli::RestyleArgs;
use crate::evaluate::model_folder;
use crate::jobs::{self, Job, Jobs};
use crate::midi_files::read_song;
use crate::outputs::{Inputs, Messages};
use crate::workspace;

/// `cargo xtask restyle`.
pub fn run(args: &RestyleArgs) -> Result<()> {
    if args.floor > args.ceiling {
        bail!("--floor {} is above --ceiling {}; give a floor up to the ceiling", args.floor, args.ceiling);
    }
    let model_folder = model_folder(&args.model)?;
    let Jobs { jobs, messages } = jobs::plan(Inputs::default().folders([&model_folder]), &args.inputs, &args.output)?;
    let own_library = workspace::root().join("third_party/onnxruntime/libonnxruntime.so");
    let setting = own_library.exists().then_some(own_library.as_path());
    let (runtime, report) = Runtime::open(RuntimePreference::Auto, &library::candidates(setting));
    let files = ModelFiles::from_dir(&model_folder)?;
    let model = LoadedModel::load(&runtime, &files)?;
    if args.hear_player && !model.hears_player() {
        bail!("the {} model does not listen to velocities; use --model note with --hear-player", args.model);
    }
    messages.line(format_args!("{} by {} · {}", files.manifest().title, report.runtime, report.provider));
    let percent = |value: u8| f32::from(value) / 100.0;
    let restyling = Restyling {
        style: StyleBlend {
            a: args.style,
            b: args.style_b.unwrap_or(args.style),
            share_of_b: if args.style_b.is_some() { percent(args.blend) } else { 0.0 },
        },
        played_in: args.from,
        take: Take(args.take),
        expression: Expression {
            amount: percent(args.amount),
            keep_accents: percent(args.keep_accents),
            level: f32::from(args.level),
            range: percent(args.range),
            floor: args.floor,
            ceiling: args.ceiling,
        },
        knowledge: args.look_ahead.map_or(Knowledge::WholeTake, Knowledge::Seconds),
    };

    let bar = ProgressBar::new(jobs.len() as u64).with_style(
        ProgressStyle::with_template("{bar:32} {pos}/{len} files, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    // One bad file of a folder must not cost the others.
    let outcomes: Vec<(&Job, Result<Written>)> = jobs
        .par_iter()
        .map(|job| {
            let outcome = restyle_file(&model, job, &restyling, args.hear_player);
            bar.inc(1);
            (job, outcome)
        })
        .collect();
    bar.finish_and_clear();
    report_outcomes(&outcomes, messages)
}

/// What became of a file.
struct Written {
    /// Notes that can be restyled, and how many of them have another velocity.
    notes: usize,
    changed: usize,
}

/// Reads, restyles and writes one file.
fn restyle_file(model: &LoadedModel, job: &Job, restyling: &Restyling, hear_player: bool) -> Result<Written> {
    let song = read_song(&job.input)?;
    let Restyled { bytes, notes, changed } = restyle_song(model, &song, restyling, hear_player)
        .with_context(|| format!("the model failed on {}", job.input.display()))?;
    job.output.write(&bytes)?;
    Ok(Written { notes, changed })
}

/// Says of each file what became of it.
///
/// # Errors
/// When one could not be restyled.
fn report_outcomes(outcomes: &[(&Job, Result<Written>)], messages: Messages) -> Result<()> {
    for (job, outcome) in outcomes {
        match outcome {
            Ok(Written { notes, changed }) => {
                let output = job.output.name().display();
                messages.line(format_args!("{output}: {changed} of {notes} notes have a new velocity"));
            }
            Err(error) => eprintln!("error: {error:#}"),
        }
    }
    let failed = outcomes.iter().filter(|(_, outcome)| outcome.is_err()).count();
    let all = outcomes.len();
    match (failed, all - failed) {
        (0, _) => Ok(()),
        (1, 0) => bail!("the file could not be restyled; nothing is written"),
        (_, 0) => bail!("none of the {all} files could be restyled; nothing is written"),
        (_, 1) => bail!("{failed} of {all} files could not be restyled; the other one is written"),
        (_, _) => bail!("{failed} of {all} files could not be restyled; the others are written"),
    }
}

/// A song with other velocities.
pub struct Restyled {
    /// The MIDI file.
    pub bytes: Vec<u8>,
    /// Notes that can be restyled, and how many of them have another velocity.
    pub notes: usize,
    pub changed: usize,
}

/// Restyles a song as a whole.
pub fn restyle_song(model: &LoadedModel, song: &Song, restyling: &Restyling, hear_player: bool) -> Result<Restyled> {
    let places: Vec<usize> = (0..song.notes().len()).filter(|&i| song.notes()[i].note.is_restylable()).collect();
    let notes: Vec<_> = places.iter().map(|&i| song.notes()[i].note).collect();
    let pedals = song.pedal_movements();
    let count = notes.len().max(1) as f32;
    let level = notes.iter().map(|n| f32::from(n.velocity)).sum::<f32>() / count;
    let player_level = hear_player.then_some(level);
    let take = TakeView { notes: &notes, pedals: &pedals, grid: Grid::of_song(song), player_level };
    let restyled = restyling.velocities(model, &take)?;
    let mut velocities: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
    let mut changed = 0;
    for (&place, &velocity) in places.iter().zip(&restyled) {
        changed += usize::from(velocities[place] != velocity);
        velocities[place] = velocity;
    }
    Ok(Restyled { bytes: song.with_velocities(&velocities)?, notes: notes.len(), changed })
}
