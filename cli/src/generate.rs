//! `tonenet generate`: new material as a MIDI file, without a host.

use std::path::Path;

use anyhow::{Context, Result, bail};
use tonenet_core::clip::Clip;
use tonenet_core::dynamics::Expression;
use tonenet_core::midi::Song;
use tonenet_core::phrase_image::BEATS;
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::tune::Tune;
use tonenet_files::midi_files::read_song;
use tonenet_files::outputs::{Inputs, Messages};
use tonenet_inference::embedded::{EmbeddedGenerator, EmbeddedModel};
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::textures::TextureModel;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};
use tonenet_inference::performance::{LookAhead, RestyleSettings};
use tonenet_inference::song::{Selection, SongRestyling, restyle_song};

use crate::args::{GenerateArgs, GeneratorName};
use crate::models::open_runtime;

/// `tonenet generate`.
pub fn run(args: &GenerateArgs) -> Result<()> {
    check_options(args)?;
    let mut outputs = Inputs::default().files(args.prime.iter().chain(args.morph.iter().flatten())).outputs();
    let output = outputs.file(&args.output)?;
    let messages = outputs.messages();
    let (runtime, report) = open_runtime();
    messages.line(format_args!("by {} · {}", report.runtime, report.provider));
    let clip = match args.model {
        GeneratorName::Seqgan => tune(&EmbeddedGenerator::tunes(&runtime)?, args, messages)?,
        GeneratorName::Vaegan => texture(&EmbeddedGenerator::textures(&runtime)?, args)?,
    };
    let mut bytes = clip.to_midi(args.tempo);
    if let Some(style) = args.style {
        let model = EmbeddedModel::Note.load(&runtime)?;
        let restyling = RestyleSettings {
            style: StyleBlend { a: style, b: style, share_of_b: 0.0 },
            played_in: None,
            take: TakeSeed(args.take),
            expression: Expression::default(),
            look_ahead: LookAhead::WholePerformance,
        };
        let wanted = SongRestyling { restyling, hear_player: false, selection: Selection::Keyboards };
        let song = Song::parse(bytes)?;
        bytes = song.with_velocities(&restyle_song(&model, &song, &wanted)?.velocities)?;
    }
    output.write(&bytes)?;
    let played = args.style.map_or_else(|| "as written".into(), |style| format!("played {style}"));
    let (name, notes) = (output.name().display(), clip.notes().len());
    messages.line(format_args!("{name}: {notes} notes in {} beats, {played}", clip.length()));
    Ok(())
}

/// Refuses what only the other model knows.
fn check_options(args: &GenerateArgs) -> Result<()> {
    if args.model == GeneratorName::Seqgan {
        if args.morph.is_some() {
            bail!("seqgan writes tunes and cannot lead from one to another; --morph is for vaegan");
        }
        return Ok(());
    }
    let from_tunes = [
        ("--bars", args.bars.is_some()),
        ("--key", args.key.is_some()),
        ("--metre", args.metre.is_some()),
        ("--in-key", args.in_key),
        ("--top-p", args.top_p.is_some()),
        ("--prime", args.prime.is_some()),
    ];
    if let Some((option, _)) = from_tunes.iter().find(|(_, is_given)| *is_given) {
        bail!("a texture is {BEATS} beats long and in no key; {option} is for seqgan");
    }
    Ok(())
}

fn tune(model: &TuneModel, args: &GenerateArgs, messages: Messages) -> Result<Clip> {
    let prime = match &args.prime {
        Some(path) => {
            let tune = Tune::from_song(&read_song(path)?);
            Some(tune.with_context(|| format!("cannot continue {}", path.display()))?)
        }
        None => None,
    };
    let usual = TuneSettings::default();
    let wish = TuneSettings {
        seed: args.seed,
        bars: args.bars.unwrap_or(usual.bars),
        metre: args.metre.unwrap_or(usual.metre),
        tonality: args.key.unwrap_or(usual.tonality),
        in_key: args.in_key,
        // Up to a tenth it is always the likeliest that is written; nought is no temperature to the model.
        temperature: args.temperature.max(f32::MIN_POSITIVE),
        top_p: args.top_p.unwrap_or(usual.top_p),
        prime,
    };
    let tune = model.write(&wish, &Cancellation::default())?;
    let (upper, lower) = tune.metre.signature();
    messages.line(format_args!("{}, {upper}/{lower}, {} bars, seed {}", tune.tonality, wish.bars, args.seed));
    Ok(Clip::from_tune(&tune)?)
}

fn texture(model: &TextureModel, args: &GenerateArgs) -> Result<Clip> {
    let nobody = Cancellation::default();
    Ok(match args.morph.as_deref() {
        Some([from, to]) => {
            let share = f32::from(args.share) / 100.0;
            model.morph(&phrase(from)?, &phrase(to)?, share, &nobody)?
        }
        _ => model.texture(args.seed, args.temperature, &nobody)?,
    })
}

/// The beginning of a piece, as long as a texture.
fn phrase(path: &Path) -> Result<Clip> {
    Clip::from_song(&read_song(path)?, BEATS as f64).with_context(|| format!("cannot use {}", path.display()))
}
