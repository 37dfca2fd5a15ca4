//! `cargo xtask generate`: new material as a MIDI file, without a host.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use tonenet_core::clip::Clip;
use tonenet_core::dynamics::Expression;
use tonenet_core::midi::Song;
use tonenet_core::phrase_image::BEATS;
use tonenet_core::style::{StyleBlend, Take};
use tonenet_core::tune::Tune;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::generate::Cancellation;
use tonenet_inference::generate::textures::TextureModel;
use tonenet_inference::generate::tunes::{TuneModel, TuneWish};
use tonenet_inference::library;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::take::{Knowledge, LoadedModel, Restyling};

use crate::cli::{GenerateArgs, GeneratorName};
use crate::evaluate::model_folder;
use crate::files::write_atomically;
use crate::restyle_song::{Selection, SongRestyling, restyle_song};
use crate::workspace;

/// `cargo xtask generate`.
pub fn run(args: &GenerateArgs) -> Result<()> {
    let own_library = workspace::root().join("third_party/onnxruntime/libonnxruntime.so");
    let setting = own_library.exists().then_some(own_library.as_path());
    let (runtime, report) = Runtime::open(RuntimePreference::Auto, &library::candidates(setting));
    println!("by {} · {}", report.runtime, report.provider);
    let clip = match args.model {
        GeneratorName::Seqgan => tune(&runtime, args)?,
        GeneratorName::Vaegan => texture(&runtime, args)?,
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
        let wanted = SongRestyling { restyling, hear_player: false, selection: Selection::Keyboards };
        let song = Song::parse(bytes)?;
        bytes = song.with_velocities(&restyle_song(&model, &song, &wanted)?.velocities)?;
    }
    write_atomically(&args.output, &bytes)?;
    let played = args.style.map_or_else(|| "as written".into(), |style| format!("played {style}"));
    println!("{}: {} notes in {} beats, {played}", args.output.display(), clip.notes().len(), clip.length());
    Ok(())
}

fn tune(runtime: &Runtime, args: &GenerateArgs) -> Result<Clip> {
    if args.morph.is_some() {
        bail!("seqgan writes tunes and cannot lead from one to another; --morph is for vaegan");
    }
    let folder = workspace::root().join("assets/models/seqgan");
    let model = TuneModel::load(runtime, &ModelFiles::from_dir(&folder)?)?;
    let prime = match &args.prime {
        Some(path) => {
            let tune = Tune::of_song(&song(path)?);
            Some(tune.with_context(|| format!("cannot continue {}", path.display()))?)
        }
        None => None,
    };
    let usual = TuneWish::default();
    let wish = TuneWish {
        seed: args.seed,
        bars: args.bars.unwrap_or(usual.bars),
        metre: args.metre.unwrap_or(usual.metre),
        tonality: args.key.unwrap_or(usual.tonality),
        in_key: args.in_key,
        temperature: args.temperature,
        top_p: args.top_p.unwrap_or(usual.top_p),
        prime,
    };
    let tune = model.write(&wish, &Cancellation::default())?;
    let (upper, lower) = tune.metre.signature();
    println!("{}, {upper}/{lower}, {} bars, seed {}", tune.tonality, wish.bars, args.seed);
    Ok(Clip::of_tune(&tune)?)
}

fn texture(runtime: &Runtime, args: &GenerateArgs) -> Result<Clip> {
    let of_tunes = [
        ("--bars", args.bars.is_some()),
        ("--key", args.key.is_some()),
        ("--metre", args.metre.is_some()),
        ("--in-key", args.in_key),
        ("--top-p", args.top_p.is_some()),
        ("--prime", args.prime.is_some()),
    ];
    if let Some((option, _)) = of_tunes.iter().find(|(_, is_given)| *is_given) {
        bail!("a texture is {BEATS} beats long and in no key; {option} is for seqgan");
    }
    let folder = workspace::root().join("assets/models/vaegan");
    let model = TextureModel::load(runtime, &ModelFiles::from_dir(&folder)?)?;
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
    Clip::of_song(&song(path)?, BEATS as f64).with_context(|| format!("cannot use {}", path.display()))
}

fn song(path: &Path) -> Result<Song> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Song::parse(bytes).with_context(|| format!("cannot use {}", path.display()))
}
