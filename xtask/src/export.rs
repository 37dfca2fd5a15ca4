//! `cargo xtask export`: trained weights to the ONNX files, manifest, golden tensors and card that the plugin embeds.
//!
//! Nothing replaces the model in `assets/` before both runtimes have reproduced torch's numbers from the new one.

use std::fs;

use anyhow::{Context, Result, bail};
use tonenet_core::genre::Genre;
use tonenet_core::grid::{Grid, GridNote};
use tonenet_core::midi::Song;
use tonenet_core::piano_roll::PianoRoll;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::manifest::{FORMAT, GraphEntry, Manifest, Sha256, StyleEntry};
use tonenet_inference::piano_roll::PianoRollNetwork;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_model_export::piano_roll as baseline;
use tonenet_model_export::weights::Weights;

use crate::cli::ExportArgs;
use crate::dataset::{self, Split};
use crate::evaluate;
use crate::setup;
use crate::train::golden::{self, Trained};
use crate::train::{OUTPUT_SCALE, RunFolder, takes};
use crate::workspace;

/// How far a runtime may be from torch, in velocity steps.
const TOLERANCE: f32 = 1e-4;

/// Steps of the past the plugin shows the network: four bars of sixteenths.
const CONTEXT_STEPS: usize = 64;

/// Steps of the demo piece in the golden tensors.
const GOLDEN_STEPS: usize = 96;

/// Training files a genre that the style's spreads are measured on.
const SPREAD_FILES: usize = 40;

/// `cargo xtask export baseline`.
pub fn baseline(args: &ExportArgs) -> Result<()> {
    let run = RunFolder::new(&args.run)?;
    let weights_file = args.weights.clone().unwrap_or_else(|| run.best_weights());
    let bytes = fs::read(&weights_file)
        .with_context(|| format!("cannot read {}; run `cargo xtask train baseline` first", weights_file.display()))?;
    let weights = Weights::from_bytes(&bytes)?;
    let trained = Trained::load(&weights_file)?;
    tch::set_num_threads(2);

    let target = workspace::root().join("assets/models/baseline");
    fs::create_dir_all(&target)?;
    let work = tempfile::tempdir_in(workspace::root().join("assets/models"))?;
    let put = |name: &str, bytes: &[u8]| -> Result<GraphEntry> {
        fs::write(work.path().join(name), bytes).with_context(|| format!("cannot write {name}"))?;
        Ok(GraphEntry { file: name.into(), sha256: Sha256::of(bytes) })
    };
    println!("measuring each style's spread on {SPREAD_FILES} training files");
    let takes = takes(&dataset::load(&args.data, Split::Train)?, SPREAD_FILES);
    let mut styles = Vec::new();
    for style in Genre::ALL {
        let spread = trained.spread(&takes, style);
        let graph = baseline::decoder(&weights, style.id(), OUTPUT_SCALE as f32)?;
        styles.push(StyleEntry {
            id: style.id().into(),
            title: style.title().into(),
            decoder: put(&format!("decoder-{style}.onnx"), &graph)?,
            residual: spread.residual,
            human_spread: spread.human,
            predicted_spread: spread.predicted,
        });
    }
    let manifest = Manifest {
        format: FORMAT,
        name: "baseline".into(),
        kind: baseline::KIND.into(),
        title: "Baseline seq2seq".into(),
        frame: baseline::frame_width(&weights)?,
        keys: tonenet_core::note::PIANO_KEYS,
        memory: baseline::memory_width(&weights)?,
        context_steps: CONTEXT_STEPS,
        encoder: put("encoder.onnx", &baseline::encoder(&weights)?)?,
        styles,
    };
    put("model.json", &serde_json::to_vec_pretty(&manifest)?)?;
    put("weights.safetensors", &bytes)?;
    let roll = golden_roll()?;
    let tensors = trained.golden(&roll);
    golden::save(&tensors, &work.path().join("golden.safetensors"))?;

    let files = ModelFiles::from_dir(work.path())?;
    let onnxruntime = setup::onnxruntime()?;
    for preference in [RuntimePreference::OnnxRuntime, RuntimePreference::BuiltIn] {
        let (runtime, report) = Runtime::open(preference, &library::candidates(Some(&onnxruntime)));
        if preference == RuntimePreference::OnnxRuntime && report.library.is_none() {
            bail!("ONNX Runtime could not be opened: {}", report.notes.join(" "));
        }
        let network = PianoRollNetwork::load(&runtime, &files)?;
        let mut worst = 0f32;
        for (style, found) in Genre::ALL.iter().zip(network.deviations(&roll, &Genre::ALL)?) {
            let expected = &tensors[&format!("deviations.{style}")].1;
            worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(worst, f32::max);
        }
        println!("{}: at most {worst:.1e} velocity steps from torch", report.runtime);
        if worst.is_nan() || worst > TOLERANCE {
            bail!(
                "the exported graphs differ from torch by {worst} velocity steps in {}; nothing was replaced",
                report.runtime
            );
        }
    }
    for entry in fs::read_dir(work.path())? {
        let entry = entry?;
        fs::rename(entry.path(), target.join(entry.file_name()))?;
    }
    println!("the model is in {}", target.display());
    let report = evaluate::baseline_report(&files, &args.data)?;
    report.print();
    crate::files::write_atomically(&target.join("evaluation.json"), &serde_json::to_vec_pretty(&report)?)?;
    Ok(())
}

/// The beginning of the demo piece as frames.
fn golden_roll() -> Result<PianoRoll> {
    let path = workspace::root().join(crate::demo::DEFAULT_PIECE);
    let song = Song::parse(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?)?;
    let notes: Vec<GridNote> = song.notes().iter().filter_map(|n| Grid::Sixteenths.place(&n.note)).collect();
    Ok(PianoRoll::new(0, GOLDEN_STEPS, &notes))
}
