//! `cargo xtask restyle`: MIDI files with another genre's velocities, as whole takes, without a host.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::midi::Song;
use tonenet_core::style::{StyleBlend, Take};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::take::{Knowledge, LoadedModel, Restyling};

use crate::cli::RestyleArgs;
use crate::evaluate::model_folder;
use crate::files::write_atomically;
use crate::restyle_song::{PartOutcome, Restyled, Selection, SongRestyling, restyle_song};
use crate::workspace;

/// A file and where its restyled copy goes.
struct Job {
    input: PathBuf,
    output: PathBuf,
}

/// `cargo xtask restyle`.
pub fn run(args: &RestyleArgs) -> Result<()> {
    let jobs = jobs(&args.inputs, &args.output)?;
    if let Some(seconds) = args.look_ahead.filter(|s| !(0.0..=3600.0).contains(s)) {
        bail!("a look-ahead of {seconds} seconds cannot be; give one from 0 to 3600");
    }
    let own_library = workspace::root().join("third_party/onnxruntime/libonnxruntime.so");
    let setting = own_library.exists().then_some(own_library.as_path());
    let (runtime, report) = Runtime::open(RuntimePreference::Auto, &library::candidates(setting));
    let files = ModelFiles::from_dir(&model_folder(&args.model)?)?;
    let model = LoadedModel::load(&runtime, &files)?;
    if args.hear_player && !model.hears_player() {
        bail!("the {} model does not listen to velocities; use --model note with --hear-player", args.model);
    }
    println!("{} by {} · {}", files.manifest().title, report.runtime, report.provider);
    let percent = |value: u8| f32::from(value) / 100.0;
    let selection = match &args.tracks[..] {
        _ if args.all => Selection::All,
        [] => Selection::Keyboards,
        tracks => Selection::Tracks(tracks.to_vec()),
    };
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
    let restyling = SongRestyling { restyling, hear_player: args.hear_player, selection };

    let bar = ProgressBar::new(jobs.len() as u64).with_style(
        ProgressStyle::with_template("{bar:32} {pos}/{len} files, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    // One bad file of a folder must not cost the others.
    let outcomes: Vec<(&Job, Result<Vec<PartOutcome>>)> = jobs
        .par_iter()
        .map(|job| {
            let outcome = restyle_file(&model, job, &restyling);
            bar.inc(1);
            (job, outcome)
        })
        .collect();
    bar.finish_and_clear();
    let mut failed = 0;
    for (job, outcome) in &outcomes {
        match outcome {
            Ok(parts) => {
                let (notes, changed) = parts.iter().fold((0, 0), |sum, p| (sum.0 + p.restyled, sum.1 + p.changed));
                println!("{}: {changed} of {notes} notes have a new velocity", job.output.display());
                for part in parts {
                    println!("  {part}");
                }
            }
            Err(error) => {
                failed += 1;
                eprintln!("error: {error:#}");
            }
        }
    }
    if failed > 0 {
        bail!("{failed} of {} files could not be restyled; the others are written", jobs.len());
    }
    Ok(())
}

/// Reads, restyles and writes one file; says what became of each of its parts.
fn restyle_file(model: &LoadedModel, job: &Job, restyling: &SongRestyling) -> Result<Vec<PartOutcome>> {
    let bytes = fs::read(&job.input)
        .with_context(|| format!("cannot read {}; check its name and your rights", job.input.display()))?;
    let song = Song::parse(bytes).with_context(|| format!("cannot use {}", job.input.display()))?;
    let Restyled { velocities, parts } =
        restyle_song(model, &song, restyling).with_context(|| format!("cannot restyle {}", job.input.display()))?;
    write_atomically(&job.output, &song.with_velocities(&velocities)?)?;
    Ok(parts)
}

/// The files that are meant, and where their copies go.
fn jobs(inputs: &[PathBuf], output: &Path) -> Result<Vec<Job>> {
    let single = inputs.len() == 1 && !inputs[0].is_dir();
    let mut jobs = Vec::new();
    for input in inputs {
        if input.is_dir() {
            let mut files = midi_files(input)?;
            files.sort();
            for file in files {
                let inside = file.strip_prefix(input).unwrap_or(&file);
                jobs.push(Job { output: output.join(inside), input: file.clone() });
            }
        } else if single && !output.is_dir() {
            jobs.push(Job { input: input.clone(), output: output.to_owned() });
        } else {
            let name = input.file_name().with_context(|| format!("{} is no file", input.display()))?;
            jobs.push(Job { input: input.clone(), output: output.join(name) });
        }
    }
    if jobs.is_empty() {
        bail!("there is no .mid file in {}", inputs[0].display());
    }
    if let Some(job) = jobs.iter().find(|j| same_file(&j.input, &j.output)) {
        bail!("{} would be overwritten; choose another --output", job.input.display());
    }
    for job in &jobs {
        if let Some(folder) = job.output.parent().filter(|f| !f.as_os_str().is_empty()) {
            fs::create_dir_all(folder)
                .with_context(|| format!("cannot make {}; choose another --output", folder.display()))?;
        }
    }
    Ok(jobs)
}

fn same_file(a: &Path, b: &Path) -> bool {
    matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn midi_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read the folder {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(midi_files(&path)?);
        } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("mid") || e.eq_ignore_ascii_case("midi")) {
            files.push(path);
        }
    }
    Ok(files)
}
