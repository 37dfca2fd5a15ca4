//! `tonenet restyle`: MIDI files with another genre's velocities, as whole takes, without a host.

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::midi::MidiWarning;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_files::jobs::{self, Job, Jobs};
use tonenet_files::midi_files::read_song;
use tonenet_files::outputs::{Inputs, Messages};
use tonenet_inference::performance::{LoadedModel, LookAhead, RestyleSettings};
use tonenet_inference::song::{PartOutcome, Restyled, Selection, SongRestyling, restyle_song};

use crate::args::RestyleArgs;
use crate::models::{ModelSource, open_runtime};

/// `tonenet restyle`.
pub fn run(args: &RestyleArgs) -> Result<()> {
    if args.floor > args.ceiling {
        bail!("--floor {} is above --ceiling {}; give a floor up to the ceiling", args.floor, args.ceiling);
    }
    let source = ModelSource::from_name(&args.model)?;
    let read = Inputs::default().folders(source.folder());
    let Jobs { jobs, messages } = jobs::plan(read, &args.inputs, &args.output)?;
    let (runtime, report) = open_runtime();
    let (title, model) = source.load(&runtime)?;
    if args.hear_player && !model.reads_player_velocities() {
        bail!("the {} model does not listen to velocities; use --model note with --hear-player", args.model);
    }
    messages.line(format_args!("{} by {} · {}", title, report.runtime, report.provider));
    let percent = |value: u8| f32::from(value) / 100.0;
    let selection = match &args.tracks[..] {
        _ if args.all => Selection::All,
        [] => Selection::Keyboards,
        tracks => Selection::Tracks(tracks.to_vec()),
    };
    let restyling = RestyleSettings {
        style: StyleBlend {
            a: args.style,
            b: args.style_b.unwrap_or(args.style),
            share_of_b: if args.style_b.is_some() { percent(args.blend) } else { 0.0 },
        },
        played_in: args.from,
        take: TakeSeed(args.take),
        expression: Expression {
            amount: percent(args.amount),
            keep_accents: percent(args.keep_accents),
            level: f32::from(args.level),
            range: percent(args.range),
            floor: args.floor,
            ceiling: args.ceiling,
        },
        look_ahead: args.look_ahead.map_or(LookAhead::WholePerformance, LookAhead::Seconds),
    };
    let restyling = SongRestyling { restyling, hear_player: args.hear_player, selection };

    let bar = ProgressBar::new(jobs.len() as u64).with_style(
        ProgressStyle::with_template("{bar:32} {pos}/{len} files, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    // One bad file of a folder must not cost the others.
    let outcomes: Vec<(&Job, Result<Written>)> = jobs
        .par_iter()
        .map(|job| {
            let outcome = restyle_file(&model, job, &restyling);
            bar.inc(1);
            (job, outcome)
        })
        .collect();
    bar.finish_and_clear();
    report_outcomes(&outcomes, messages)
}

/// What became of a file.
struct Written {
    /// What its reader had to put up with.
    warnings: Vec<MidiWarning>,
    parts: Vec<PartOutcome>,
}

/// Reads, restyles and writes one file.
fn restyle_file(model: &LoadedModel, job: &Job, restyling: &SongRestyling) -> Result<Written> {
    let song = read_song(&job.input)?;
    let Restyled { velocities, parts } =
        restyle_song(model, &song, restyling).with_context(|| format!("cannot restyle {}", job.input.display()))?;
    job.output.write(&song.with_velocities(&velocities)?)?;
    Ok(Written { warnings: song.warnings().to_vec(), parts })
}

/// Says of each file what became of it.
///
/// # Errors
/// When one could not be restyled.
fn report_outcomes(outcomes: &[(&Job, Result<Written>)], messages: Messages) -> Result<()> {
    for (job, outcome) in outcomes {
        match outcome {
            Ok(Written { warnings, parts }) => {
                for warning in warnings {
                    eprintln!("warning: {}: {warning}", job.input.display());
                }
                let (notes, changed) = parts.iter().fold((0, 0), |sum, p| (sum.0 + p.restyled, sum.1 + p.changed));
                let output = job.output.name().display();
                messages.line(format_args!("{output}: {changed} of {notes} notes have a new velocity"));
                parts.iter().for_each(|part| messages.line(format_args!("  {part}")));
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
