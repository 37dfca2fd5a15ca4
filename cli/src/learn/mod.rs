//! `tonenet learn`: a style of the user's own from MIDI files.

mod report;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tonenet_files::error::FileError;
use tonenet_files::midi_files::{self, Source};
use tonenet_files::outputs::{Inputs, OutputFile};
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::chosen_runtime;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::performance::Network;
use tonenet_inference::user_style::EXTENSION;
use tonenet_learn::{Basis, Learned, Performance, learn};

use crate::args::LearnArgs;
use crate::report::{RuntimeEntry, finish};
use crate::usage::wrong;
use report::{FileEntry, LearnReport, LeftOutEntry, StyleEntry};

const TEMPLATE: &str = "{bar:32} {percent}% · {eta} left";

/// The steps of the progress bar.
const STEPS: u64 = 1_000;

/// `tonenet learn`.
///
/// # Errors
/// When no style could be learned or written.
pub fn run(args: &LearnArgs) -> Result<()> {
    let name = style_name(&args.output)?;
    let mut report = LearnReport::default();
    let result = learn_style(args, &name, &mut report);
    finish(args.json, report, result, |report| &mut report.errors)
}

/// The name of the style in a file.
fn style_name(path: &Path) -> Result<String> {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    match stem {
        Some(stem) if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(EXTENSION)) => Ok(stem),
        _ => Err(wrong(format!("a style's file ends in .{EXTENSION}; give -o a name such as mine.{EXTENSION}"))),
    }
}

fn learn_style(args: &LearnArgs, name: &str, report: &mut LearnReport) -> Result<()> {
    let Plan { files, output } = plan(args)?;
    let (runtime, opened) = chosen_runtime::open_on_processor_for_user();
    report.runtime = Some(RuntimeEntry::from(&opened));
    let model = EmbeddedModel::Note.load(&runtime)?;
    let Network::Note(network) = model.network() else {
        bail!("the note model is missing; install ToneNet again");
    };
    let performances = read(&files, report);
    let bar = ProgressBar::new(STEPS);
    let bar = bar.with_style(ProgressStyle::with_template(TEMPLATE).unwrap_or_else(|_| ProgressStyle::default_bar()));
    let progress = |share: f64| bar.set_position((share * STEPS as f64) as u64);
    let learned = learn(&Basis::new(network), &performances, name, &progress, &Cancellation::default());
    bar.finish_and_clear();
    let learned = learned.with_context(|| {
        for left_out in report.left_out.iter().filter(|_| !args.json) {
            eprintln!("{left_out}");
        }
        "no style was learned; nothing is written"
    })?;
    report.left_out.extend(learned.left_out.iter().map(LeftOutEntry::from));
    report.files = learned.used.iter().map(FileEntry::from).collect();
    output.write(&learned.style.to_bytes())?;
    let style = StyleEntry::new(&learned, output.name());
    if !args.json {
        tell(&learned, &style, report);
    }
    report.style = Some(style);
    Ok(())
}

/// The files to read and the file to write.
struct Plan {
    files: Vec<PathBuf>,
    output: OutputFile,
}

fn plan(args: &LearnArgs) -> Result<Plan> {
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for input in &args.inputs {
        if input.is_dir() {
            let found = midi_files::find(input, None)?;
            files.extend(found.files);
            folders.extend(found.folders);
        } else {
            files.push(input.clone());
        }
    }
    if files.is_empty() {
        return Err(FileError::NoMidiFile { path: args.inputs.first().cloned().unwrap_or_default() }.into());
    }
    let mut outputs = Inputs::default().files(&files).folders(folders).outputs();
    let output = if args.force { outputs.replaced_result(&args.output)? } else { outputs.new_file(&args.output)? };
    Ok(Plan { files, output })
}

/// The performances in some files; those that cannot be read are left out.
fn read(files: &[PathBuf], report: &mut LearnReport) -> Vec<Performance> {
    let mut performances = Vec::new();
    for file in files {
        match Source::File(file.clone()).read_song() {
            Ok(song) => performances.push(Performance::from_song(&file.display().to_string(), &song)),
            Err(error) => report.left_out.push(LeftOutEntry {
                file: file.display().to_string(),
                reason: format!("{:#}", anyhow::Error::from(error)),
            }),
        }
    }
    performances
}

/// Says what was learned.
fn tell(learned: &Learned, style: &StyleEntry, report: &LearnReport) {
    for file in &report.files {
        println!("{file}");
    }
    for left_out in &report.left_out {
        println!("{left_out}");
    }
    println!("\n{style}");
    if let Some(why) = learned.why_nearest() {
        println!("{why}");
    }
    println!("{}\n{}", style.description, style.output);
}
