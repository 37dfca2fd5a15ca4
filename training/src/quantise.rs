//! `cargo xtask quantise`: size, speed and accuracy of the note model at three precisions.
//!
//! Weights are kept in 32 bits, stored in 8 bits as the model ships, or also multiplied in 8 bits (dynamic
//! quantisation).

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::metrics::velocities::{score_file, summarise};
use anyhow::{Context, Result};
use rayon::prelude::*;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::note::Note;
use tonenet_core::note_rows::{AHEAD, PAST};
use tonenet_files::midi_files::read_song;
use tonenet_files::outputs::{self, Inputs};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::manifest::{FILE_NAME, GraphEntry, Sha256};
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView};
use tonenet_inference::runtime::RuntimePreference;
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::weights::Weights;

use crate::arguments::QuantiseArgs;
use crate::data::performances::{self, Performance};
use crate::data::{self, Split};
use crate::graphs;
use crate::models::VelocityModel;
use crate::runtimes;
use crate::workspace;

/// Timed hops of each form.
const ROUNDS: usize = 400;
/// New notes in a hop, with as many again ahead: 16 is a busy half bar, 1 is Live.
const HOPS: [usize; 2] = [16, 1];

/// The forms that are compared, with the names of their folders.
const FORMS: [(&str, Precision); 3] = [
    ("32-bit", Precision::Float32),
    ("stored-8-bit", Precision::StoredInt8),
    ("dynamic-8-bit", Precision::DynamicInt8),
];

/// `cargo xtask quantise`.
pub fn run(args: &QuantiseArgs) -> Result<()> {
    let source = workspace::shipped_model(VelocityModel::Note.id());
    let output = args.output.clone().unwrap_or_else(|| workspace::root().join("target/quantise"));
    let mut read = Inputs::default().folders([&source]);
    if let Some(data) = &args.data {
        read = read.files(data::files(data, performances::LIST)?);
    }
    let mut outputs = read.outputs();
    for (name, _) in FORMS {
        outputs.folder(&output.join(name))?;
    }
    workspace::onnxruntime()?;
    let performances = args.data.as_ref().map(|data| performances::load(data, Split::Valid)).transpose()?;
    let mut models = Vec::new();
    println!("{:14} {:>9}", "weights", "bytes");
    for (name, precision) in FORMS {
        let folder = output.join(name);
        println!("{name:14} {:>9}", write(&source, &folder, precision)?);
        models.push(ModelFiles::from_dir(&folder)?);
    }
    println!("the models are in {}", output.display());

    println!(
        "\n{:24} {:>9} {}",
        "median µs of a hop in",
        "new notes",
        FORMS.map(|(name, _)| format!("{name:>14}")).concat()
    );
    for preference in [RuntimePreference::OnnxRuntime, RuntimePreference::BuiltIn] {
        let (runtime, _) = runtimes::open(preference)?;
        // The built-in runtime does not compute in 8 bits.
        let forms = FORMS
            .iter()
            .filter(|form| preference == RuntimePreference::OnnxRuntime || form.1 != Precision::DynamicInt8);
        let networks =
            forms.zip(&models).map(|(_, files)| Ok(NoteNetwork::load(&runtime, files)?)).collect::<Result<Vec<_>>>()?;
        for notes in HOPS {
            let times: String = hop_micros(&networks, notes)?.into_iter().map(|time| format!("{time:>14.0}")).collect();
            println!("{:24} {notes:>9} {times}", runtime.name());
        }
    }

    let Some(performances) = performances else { return Ok(()) };
    let (runtime, _) = runtimes::open(RuntimePreference::OnnxRuntime)?;
    println!("\n{:24}{}", "r of whole takes", Genre::ALL.map(|genre| format!("{:>14}", genre.id())).concat());
    for ((name, _), files) in FORMS.iter().zip(&models) {
        let model = LoadedModel::load(&runtime, files)?;
        let mut reached = String::new();
        for genre in Genre::ALL {
            reached += &format!("{:>14.4}", mean_r(&model, &performances, genre)?);
        }
        println!("{name:24}{reached}");
    }
    Ok(())
}

/// Mean r over a genre's whole performances, each in its own style.
fn mean_r(model: &LoadedModel, performances: &[Performance], genre: Genre) -> Result<f64> {
    let scores = performances
        .par_iter()
        .filter(|performance| performance.genre == genre)
        .map(|performance| {
            let predicted = model.predict(&performance.view(), LookAhead::WholePerformance, &[genre])?;
            let deviations: Vec<f32> = predicted[0].iter().map(|p| p.deviation).collect();
            let human: Vec<f32> = performance.notes.iter().map(|n| f32::from(n.velocity)).collect();
            Ok(score_file(&deviations, &human))
        })
        .collect::<Result<Vec<_>>>()?;
    let scores: Vec<_> = scores.into_iter().flatten().collect();
    Ok(summarise(&scores).with_context(|| format!("there is no {} in the data", genre.id()))?.r)
}

/// Writes the model in `source` with weights in another form; returns its graphs' size in bytes.
fn write(source: &Path, output: &Path, precision: Precision) -> Result<usize> {
    let files = ModelFiles::from_dir(source)?;
    let path = source.join("weights.safetensors");
    let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let weights = Weights::from_bytes(&bytes)?;
    let size = Cell::new(0);
    let put = |name: &str, bytes: &[u8]| -> Result<GraphEntry> {
        outputs::replace(&output.join(name), bytes)?;
        size.set(size.get() + bytes.len());
        Ok(GraphEntry { file: name.into(), sha256: Sha256::digest(bytes) })
    };
    let exported = graphs::graphs(VelocityModel::Note, &weights, precision, &put)?;
    let graphs = size.get();
    let mut manifest = files.manifest().clone();
    manifest.title = format!("{}, {precision:?}", exported.title);
    manifest.network = exported.network;
    for (style, decoder) in exported.decoders {
        let entry = manifest.styles.iter_mut().find(|s| s.id == style.as_str()).context("a style is missing")?;
        entry.decoder = decoder;
    }
    put(FILE_NAME, &serde_json::to_vec_pretty(&manifest)?)?;
    Ok(graphs)
}

/// Median microseconds of a hop of `notes` new notes, of each network; networks alternate.
pub(crate) fn hop_micros(networks: &[NoteNetwork], notes: usize) -> Result<Vec<f64>> {
    let song = read_song(&workspace::demo_piece())?;
    let piece: Vec<Note> = song.notes().iter().take(2 * notes).map(|n| n.note).collect();
    let view = PerformanceView { notes: &piece, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let (part, _) = view.part();
    let known = part.end_known();
    let (mut past, mut ahead) = (Vec::new(), Vec::new());
    for index in 0..part.len() {
        part.past(index, &mut past);
        part.ahead(index, known, &mut ahead);
    }
    debug_assert_eq!(past.len() / PAST, ahead.len() / AHEAD);
    let mut times = vec![Vec::new(); networks.len()];
    for _ in 0..ROUNDS {
        for (network, times) in networks.iter().zip(&mut times) {
            let (mut reading, mut decoding) = (network.initial_past_state(), network.initial_decoder_state());
            let started = Instant::now();
            let before = network.read(&past[..notes * PAST], &mut reading)?;
            let mut behind = network.look_ahead(&past, &ahead, &mut network.initial_ahead_state(1))?;
            behind.truncate(behind.len() / 2);
            network.decode(Genre::Jazz.into(), &before, &behind, &mut decoding)?;
            times.push(started.elapsed().as_secs_f64() * 1e6);
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    Ok(times.into_iter().map(median).collect())
}
