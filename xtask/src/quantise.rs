//! `cargo xtask quantise`: the note model with 8-bit weights (dynamic quantisation), beside the 32-bit one that ships.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result};
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::note_rows::{AHEAD, PAST};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::manifest::{FILE_NAME, GraphEntry, Sha256};
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::take::TakeView;
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::weights::Weights;

use crate::cli::{ModelName, QuantiseArgs};
use crate::graphs;
use crate::setup;
use crate::workspace;

/// Hops that are timed of each, in turn.
const ROUNDS: usize = 400;
/// New notes in a hop, with as many again ahead: 16 is a busy half bar, 1 is Live.
const HOPS: [usize; 2] = [16, 1];

/// `cargo xtask quantise`.
pub fn run(args: &QuantiseArgs) -> Result<()> {
    let source = workspace::root().join("assets/models").join(ModelName::Note.id());
    let output = args.output.clone().unwrap_or_else(|| workspace::root().join("target/note-int8"));
    write(&source, &output)?;
    println!("the 8-bit model is in {}", output.display());
    let size = |folder: &Path| -> Result<u64> {
        let mut sum = 0;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.path().extension().is_some_and(|e| e == "onnx") {
                sum += entry.metadata()?.len();
            }
        }
        Ok(sum)
    };
    println!("graphs: {} bytes with 32 bits, {} with 8", size(&source)?, size(&output)?);

    let onnxruntime = setup::onnxruntime()?;
    println!("{:24} {:>9} {:>11} {:>11} {:>7}", "a hop in", "new notes", "32-bit µs", "8-bit µs", "ratio");
    for preference in [RuntimePreference::OnnxRuntime, RuntimePreference::BuiltIn] {
        let (runtime, _) = Runtime::open(preference, &library::candidates(Some(&onnxruntime)));
        let networks = [&source, &output]
            .map(|folder| -> Result<_> { Ok(NoteNetwork::load(&runtime, &ModelFiles::from_dir(folder)?)?) });
        let [whole, eight] = networks;
        let (whole, eight) = (whole?, eight?);
        for notes in HOPS {
            let [float, int] = medians([&whole, &eight], notes)?;
            println!("{:24} {notes:>9} {float:>11.0} {int:>11.0} {:>7.2}", runtime.name(), int / float);
        }
    }
    println!("next: cargo xtask evaluate note {} --data DIR", output.display());
    Ok(())
}

/// Writes the 8-bit model of the one in `source`.
fn write(source: &Path, output: &Path) -> Result<()> {
    let files = ModelFiles::from_dir(source)?;
    let path = source.join("weights.safetensors");
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let weights = Weights::from_bytes(&bytes)?;
    fs::create_dir_all(output).with_context(|| format!("cannot make {}", output.display()))?;
    let put = |name: &str, bytes: &[u8]| -> Result<GraphEntry> {
        crate::files::write_atomically(&output.join(name), bytes)?;
        Ok(GraphEntry { file: name.into(), sha256: Sha256::of(bytes) })
    };
    let exported = graphs::graphs(ModelName::Note, &weights, Precision::Int8, &put)?;
    let mut manifest = files.manifest().clone();
    manifest.title = format!("{}, 8 bits", exported.title);
    manifest.network = exported.network;
    for (style, decoder) in exported.decoders {
        let entry = manifest.styles.iter_mut().find(|s| s.id == style.id()).context("a style is missing")?;
        entry.decoder = decoder;
    }
    put(FILE_NAME, &serde_json::to_vec_pretty(&manifest)?)?;
    Ok(())
}

/// Median microseconds of a hop of `notes` new notes, of each network; they take turns.
fn medians(networks: [&NoteNetwork; 2], notes: usize) -> Result<[f64; 2]> {
    let path = workspace::root().join(crate::demo::DEFAULT_PIECE);
    let song = Song::parse(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?)?;
    let piece: Vec<Note> = song.notes().iter().take(2 * notes).map(|n| n.note).collect();
    let take = TakeView { notes: &piece, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let (part, _) = take.part();
    let (mut past, mut ahead) = (Vec::new(), Vec::new());
    for index in 0..part.len() {
        part.past(index, &mut past);
        part.ahead(index, part.end_known(), &mut ahead);
    }
    debug_assert_eq!(past.len() / PAST, ahead.len() / AHEAD);
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (network, times) in networks.iter().zip(&mut times) {
            let (mut reading, mut decoding) = (network.fresh_past(), network.fresh_decoder());
            let started = Instant::now();
            let before = network.read(&past[..notes * PAST], &mut reading)?;
            let mut behind = network.look_ahead(&past, &ahead, &mut network.fresh_ahead(1))?;
            behind.truncate(behind.len() / 2);
            network.decode(Genre::Jazz, &before, &behind, &mut decoding)?;
            times.push(started.elapsed().as_secs_f64() * 1e6);
        }
    }
    Ok(times.map(|mut t| {
        t.sort_by(f64::total_cmp);
        t[t.len() / 2]
    }))
}
