//! `tonenet generate`: new material as a MIDI file.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Serialize;
use tonenet_core::clip::Clip;
use tonenet_core::genre::Genre;
use tonenet_core::midi::Song;
use tonenet_core::phrase_image::BEATS;
use tonenet_core::style::TakeSeed;
use tonenet_core::tune::Tune;
use tonenet_files::midi_files::read_song;
use tonenet_files::outputs::{Inputs, Messages, OutputFile, Outputs};
use tonenet_inference::chosen_runtime;
use tonenet_inference::embedded::{EmbeddedGenerator, EmbeddedModel};
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::textures::TextureModel;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};
use tonenet_inference::runtime::Runtime;
use tonenet_inference::song::{SongRestyling, restyle_song};

use crate::args::{GenerateArgs, GeneratorName};
use crate::report::{Head, ModelEntry, RuntimeEntry, finish, keep_stdout_for_report};
use crate::usage::wrong;

/// The report of `tonenet generate --json`.
#[derive(Debug, Serialize)]
struct GenerateReport {
    #[serde(flatten)]
    head: Head,
    model: ModelEntry,
    runtime: Option<RuntimeEntry>,
    /// What was written, if anything was.
    output: Option<String>,
    notes: usize,
    beats: f64,
    tempo: f64,
    /// The seed, unless nothing was drawn.
    seed: Option<u64>,
    tune: Option<TuneEntry>,
    style: Option<Genre>,
    errors: Vec<String>,
}

/// What is known of a tune and of no texture.
#[derive(Debug, Serialize)]
struct TuneEntry {
    key: String,
    metre: String,
    bars: u32,
}

/// `tonenet generate`.
///
/// # Errors
/// When nothing could be written.
pub fn run(args: &GenerateArgs) -> Result<()> {
    check_options(args)?;
    let (name, title) = match args.model {
        GeneratorName::Seqgan => ("seqgan", "SeqGAN"),
        GeneratorName::Vaegan => ("vaegan", "VAE-GAN"),
    };
    let mut report = GenerateReport {
        head: Head::new("generate"),
        model: ModelEntry { name: name.into(), title: title.into() },
        runtime: None,
        output: None,
        notes: 0,
        beats: 0.0,
        tempo: args.tempo,
        seed: args.morph.is_none().then_some(args.seed),
        tune: None,
        style: args.style,
        errors: Vec::new(),
    };
    let result = generate(args, &mut report);
    finish(args.json, report, result, |report| &mut report.errors)
}

fn generate(args: &GenerateArgs, report: &mut GenerateReport) -> Result<()> {
    let mut outputs = Inputs::default().files(args.prime.iter().chain(args.morph.iter().flatten())).outputs();
    let output = promised(&mut outputs, args, &report.model.name)?;
    let messages = outputs.messages();
    keep_stdout_for_report(args.json, messages)?;
    let say = |line: &dyn std::fmt::Display, messages: Messages| {
        if !args.json {
            messages.line(line);
        }
    };
    let (runtime, opened) = chosen_runtime::open_on_processor_for_user();
    say(&format_args!("by {opened}"), messages);
    report.runtime = Some(RuntimeEntry::from(&opened));
    let clip = match args.model {
        GeneratorName::Seqgan => {
            let (clip, tune) = tune(&EmbeddedGenerator::tunes(&runtime)?, args)?;
            let TuneEntry { key, metre, bars } = &tune;
            say(&format_args!("{key}, {metre}, {bars} bars, seed {}", args.seed), messages);
            report.tune = Some(tune);
            clip
        }
        GeneratorName::Vaegan => texture(&EmbeddedGenerator::textures(&runtime)?, args)?,
    };
    let bytes = clip.to_midi(args.tempo);
    output.write(&match args.style {
        Some(style) => played(bytes, style, args.take, &runtime)?,
        None => bytes,
    })?;
    let how = args.style.map_or_else(|| "as written".into(), |style| format!("played {style}"));
    let (name, notes) = (output.name().display(), clip.notes().len());
    say(&format_args!("{name}: {notes} notes in {} beats, {how}", clip.length()), messages);
    report.output = Some(name.to_string());
    (report.notes, report.beats) = (notes, clip.length());
    Ok(())
}

/// The file that is written: the one that is named, or one that is called after what is in it.
fn promised(outputs: &mut Outputs, args: &GenerateArgs, model: &str) -> Result<OutputFile> {
    Ok(match &args.output {
        Some(path) if path == Path::new("-") => outputs.stdout()?,
        Some(path) => outputs.file(path)?,
        None if args.force => outputs.file(&default_name(args, model))?,
        None => outputs.new_file(&default_name(args, model))?,
    })
}

fn default_name(args: &GenerateArgs, model: &str) -> PathBuf {
    let what = match args.morph {
        Some(_) => format!("morph{}", args.share),
        None => format!("seed{}", args.seed),
    };
    let style = args.style.map_or_else(String::new, |style| format!("-{style}"));
    format!("{model}-{what}{style}.mid").into()
}

/// A piece with the velocities of a style.
fn played(midi: Vec<u8>, style: Genre, take: u16, runtime: &Runtime) -> Result<Vec<u8>> {
    let model = EmbeddedModel::Note.load(runtime)?;
    let wanted = SongRestyling::in_style(style, TakeSeed(take));
    let song = Song::parse(midi)?;
    Ok(restyle_song(&model, &song, &wanted)?.to_midi(&song)?)
}

/// Refuses what only the other model knows.
fn check_options(args: &GenerateArgs) -> Result<()> {
    if args.model == GeneratorName::Seqgan {
        if args.morph.is_some() {
            return Err(wrong("seqgan writes tunes and cannot lead from one to another; --morph is for vaegan"));
        }
        return Ok(());
    }
    let tune_options = [
        ("--bars", args.bars.is_some()),
        ("--key", args.key.is_some()),
        ("--metre", args.metre.is_some()),
        ("--in-key", args.in_key),
        ("--top-p", args.top_p.is_some()),
        ("--prime", args.prime.is_some()),
    ];
    match tune_options.iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => {
            Err(wrong(format!("a texture is {BEATS} beats long and in no key; {option} is for seqgan")))
        }
        None => Ok(()),
    }
}

fn tune(model: &TuneModel, args: &GenerateArgs) -> Result<(Clip, TuneEntry)> {
    let prime = match &args.prime {
        Some(path) => {
            let tune = Tune::from_song(&read_song(path)?);
            Some(tune.with_context(|| format!("cannot continue {}", path.display()))?)
        }
        None => None,
    };
    let defaults = TuneSettings::default();
    let settings = TuneSettings {
        seed: args.seed,
        bars: args.bars.unwrap_or(defaults.bars),
        metre: args.metre.unwrap_or(defaults.metre),
        tonality: args.key.unwrap_or(defaults.tonality),
        in_key: args.in_key,
        // Up to a tenth it is always the likeliest that is written; nought is no temperature to the model.
        temperature: args.temperature.max(f32::MIN_POSITIVE),
        top_p: args.top_p.unwrap_or(defaults.top_p),
        prime,
    };
    let tune = model.generate(&settings, &Cancellation::default())?;
    let (upper, lower) = tune.metre.signature();
    let entry = TuneEntry { key: tune.tonality.to_string(), metre: format!("{upper}/{lower}"), bars: settings.bars };
    Ok((Clip::from_tune(&tune)?, entry))
}

fn texture(model: &TextureModel, args: &GenerateArgs) -> Result<Clip> {
    let nobody = Cancellation::default();
    Ok(match args.morph.as_deref() {
        Some([from, to]) => {
            let share = f32::from(args.share) / 100.0;
            model.morph(&phrase(from)?, &phrase(to)?, share, &nobody)?
        }
        _ => model.generate(args.seed, args.temperature, &nobody)?,
    })
}

/// The beginning of a piece, as long as a texture.
fn phrase(path: &Path) -> Result<Clip> {
    Clip::from_song(&read_song(path)?, BEATS as f64).with_context(|| format!("cannot use {}", path.display()))
}
