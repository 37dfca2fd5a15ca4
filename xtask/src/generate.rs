//! `cargo xtask generate`: new material as a MIDI file, without a host.

use std::fs;

use anyhow::{Context, Result};
use tonenet_core::clip::Clip;
use tonenet_core::dynamics::Expression;
use tonenet_core::midi::Song;
use tonenet_core::style::{StyleBlend, Take};
use tonenet_core::tune::Tune;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::tunes::{TuneModel, TuneWish};
use tonenet_inference::library;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::take::{Knowledge, LoadedModel, Restyling};

use crate::cli::{GenerateArgs, GeneratorName};
use crate::evaluate::model_folder;
use crate::files::write_atomically;
use crate::restyle::restyle_song;
use crate::workspace;

/// `cargo xtask generate`.
pub fn run(args: &GenerateArgs) -> Result<()> {
    let own_library = workspace::root().join("third_party/onnxruntime/libonnxruntime.so");
    let setting = own_library.exists().then_some(own_library.as_path());
    let (runtime, report) = Runtime::open(RuntimePreference::Auto, &library::candidates(setting));
    println!("by {} · {}", report.runtime, report.provider);
    let clip = match args.model {
        GeneratorName::Seqgan => tune(&runtime, args)?,
    };
    let mut bytes = clip.to_midi(args.tempo);
    if let Some(style) = args.style {
        let model = LoadedModel::load(&runtime, &ModelFiles::from_dir(&model_folder("note")?)?)?;
        let restyling = Restyling {
            style: StyleBlend { a: style, b: style, share_of_b: 0.0 },
            played_in: None,
            take: Take(args.take),
            expression: Expression::default(),
            knowledge: Knowledge::WholeTake,
        };
        bytes = restyle_song(&model, &Song::parse(bytes)?, &restyling, false)?.bytes;
    }
    write_atomically(&args.output, &bytes)?;
    let played = args.style.map_or_else(|| "all of one velocity".into(), |style| format!("played {style}"));
    println!("{}: {} notes in {} beats, {played}", args.output.display(), clip.notes().len(), clip.length());
    Ok(())
}

fn tune(runtime: &Runtime, args: &GenerateArgs) -> Result<Clip> {
    let folder = workspace::root().join("assets/models/seqgan");
    let model = TuneModel::load(runtime, &ModelFiles::from_dir(&folder)?)?;
    let prime = match &args.prime {
        Some(path) => {
            let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            let song = Song::parse(bytes).with_context(|| format!("cannot use {}", path.display()))?;
            Some(Tune::of_song(&song).with_context(|| format!("cannot continue {}", path.display()))?)
        }
        None => None,
    };
    let wish = TuneWish {
        seed: args.seed,
        bars: args.bars,
        metre: args.metre,
        tonality: args.key,
        in_key: args.in_key,
        temperature: args.temperature,
        top_p: args.top_p,
        prime,
    };
    let tune = model.write(&wish, &Cancellation::default())?;
    let (upper, lower) = tune.metre.signature();
    println!("{}, {upper}/{lower}, {} bars, seed {}", tune.tonality, args.bars, args.seed);
    Ok(Clip::of_tune(&tune)?)
}
