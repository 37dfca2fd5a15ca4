//! Trains each model for a few steps on generated files, once without a break and once with write errors in between.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Result;
use clap::Parser as _;
use tch::{Device, Kind, Tensor};
use tempfile::TempDir;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_core::genre::Genre;
use tonenet_core::tune::Vocabulary;
use tonenet_inference::manifest::{GraphEntry, Sha256};
use tonenet_model_export::note as note_graphs;
use tonenet_model_export::quantise::Precision::Float32;
use tonenet_model_export::vaegan as texture_graphs;
use tonenet_model_export::weights::Weights;

use super::note::NoteTask;
use super::task::{Network, Task};
use super::vaegan::DrawingLengths;
use super::warm_start::start_from;
use super::{Trained, seqgan, vaegan};
use crate::arguments::{Cli, Command, TrainArgs};
use crate::data::{Split, genre, performances};
use crate::graphs;
use crate::metrics::velocities::{score_file, summarise};
use crate::models::VelocityModel;

/// libtorch has one random generator per process, so these tests run one at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Bars of 4/4 in each file.
const BARS: u32 = 48;

/// A data folder with three performances of each built-in genre and three tunes.
fn data() -> TempDir {
    data_of(&Genre::ALL.map(Genre::id))
}

/// A data folder with three performances of each genre, of which the last is valid, and three tunes.
fn data_of(genres: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut performances = "path,genre,source,sub,alignment,split\n".to_owned();
    let mut tunes = "path,split\n".to_owned();
    for (at, split) in ["train", "train", "valid"].into_iter().enumerate() {
        for (place, genre) in genres.iter().enumerate() {
            let name = format!("{genre}-{at}.mid");
            let seed = (10 * place + at) as u32;
            fs::write(folder.path().join(&name), performance(seed).to_midi(100.0)).unwrap();
            performances += &format!("{name},{genre},made,here,beat-aligned,{split}\n");
        }
        let name = format!("tune-{at}.mid");
        fs::write(folder.path().join(&name), tune(at as u8).to_midi(120.0)).unwrap();
        tunes += &format!("{name},{split}\n");
    }
    fs::write(folder.path().join("performances.csv"), performances).unwrap();
    fs::write(folder.path().join("nottingham.csv"), tunes).unwrap();
    folder
}

fn clip(notes: impl Iterator<Item = (f64, f64, u8, u8)>) -> Clip {
    let note = |(onset, length, key, velocity)| ClipNote { onset, length, key, velocity };
    Clip::new(f64::from(4 * BARS), (4, 4), notes.map(note).collect()).unwrap()
}

/// Quavers up and down over a bass, with the beats louder.
fn performance(seed: u32) -> Clip {
    let upper = (0..8 * BARS).map(move |i| {
        let key = 60 + (i * (seed + 3) % 17) as u8;
        let velocity = if i % 2 == 0 { 70 + (i * (seed + 7) % 31) as u8 } else { 45 + (i % 13) as u8 };
        (f64::from(i) / 2.0, 0.45, key, velocity)
    });
    let bass = (0..BARS).map(move |bar| (f64::from(4 * bar), 3.5, 36 + ((bar + seed) % 12) as u8, 64));
    clip(upper.chain(bass))
}

/// Crotchets of the scale over one chord per bar.
fn tune(seed: u8) -> Clip {
    const SCALE: [u8; 7] = [0, 2, 4, 5, 7, 9, 11];
    let melody = (0..4 * BARS).map(move |i| {
        let place = (i * u32::from(seed + 2) % 7) as usize;
        (f64::from(i), 1.0, 72 + SCALE[place], 80)
    });
    let chords = (0..BARS).flat_map(move |bar| {
        let root = [48, 53, 55][((bar + u32::from(seed)) % 3) as usize];
        [0, 4, 7].map(|above| (f64::from(4 * bar), 4.0, root + above, 80))
    });
    clip(melody.chain(chords))
}

/// A training run with one thread.
struct Run<'a> {
    model: &'a str,
    data: &'a Path,
    folder: PathBuf,
    epochs: &'a str,
}

impl Run<'_> {
    fn args(&self, more: &[&str]) -> TrainArgs {
        let (data, folder) = (self.data.to_str().unwrap(), self.folder.to_str().unwrap());
        let words = ["xtask", "train", self.model, "--data", data, "--run", folder, "--epochs", self.epochs];
        match Cli::parse_from(words.iter().chain(&["--threads", "1", "--rounds", "1"]).chain(more)).command {
            Command::Train(args) => args,
            other => panic!("{other:?}"),
        }
    }

    fn train(&self, more: &[&str]) -> Result<()> {
        let batches = if self.model == "vaegan" { "1" } else { "3" };
        let args = self.args(&[&["--batches", batches], more].concat());
        match self.model {
            "seqgan" => seqgan::run_with(&args, 2),
            "vaegan" => vaegan::run_with(&args, &DrawingLengths { phrases: 256, epochs: 2, batches: 2 }),
            _ => super::train(&args),
        }
    }
}

/// The run's tensors byte for byte, and its figures without training times.
fn results(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn without_seconds(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.remove("seconds");
                fields.values_mut().for_each(without_seconds);
            }
            serde_json::Value::Array(values) => values.iter_mut().for_each(without_seconds),
            _ => {}
        }
    }
    let mut results = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inside) = folders.pop() {
        for entry in fs::read_dir(&inside).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().to_owned();
            match path.extension().and_then(|ending| ending.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("safetensors" | "txt") => drop(results.insert(name, fs::read(&path).unwrap())),
                Some("json") => {
                    let mut figures = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                    without_seconds(&mut figures);
                    results.insert(name, figures.to_string().into_bytes());
                }
                _ => {}
            }
        }
    }
    results
}

/// Trains without interruption, and with a disk error at each of `obstacles`; both runs must leave the same results.
///
/// Returns the temporary folder and the run's folder inside it. Dropping the first deletes the second.
fn trained(model: &str, epochs: &str, obstacles: &[&str]) -> (TempDir, PathBuf) {
    let data = data();
    let whole = Run { model, data: data.path(), folder: data.path().join("whole"), epochs };
    whole.train(&[]).unwrap();
    let broken = Run { folder: data.path().join("broken"), ..whole };
    let mut more: &[&str] = &[];
    for obstacle in obstacles {
        // A folder in the file's place makes writing fail.
        let path = broken.folder.join(obstacle);
        fs::create_dir_all(&path).unwrap();
        let error = format!("{:#}", broken.train(more).expect_err(obstacle));
        assert!(error.contains(&path.display().to_string()), "{error}");
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
        more = &["--resume"];
    }
    broken.train(more).unwrap();
    let whole = data.path().join("whole");
    let (expected, found) = (results(&whole), results(&broken.folder));
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    let others: Vec<_> =
        expected.iter().filter(|(name, bytes)| found[*name] != **bytes).map(|(name, _)| name).collect();
    assert!(others.is_empty(), "{others:?} differ after the interruption");

    // A run is neither overwritten nor resumed with other settings.
    let again = format!("{:#}", broken.train(&[]).unwrap_err());
    assert!(again.contains("--resume"), "{again}");
    let other = format!("{:#}", broken.train(&["--resume", "--seed", "2"]).unwrap_err());
    assert!(other.contains("other settings"), "{other}");
    (data, whole)
}

/// Asserts that an optimiser has taken `steps` steps, and that some of its moments are not zero.
fn assert_stepped(moments: &Path, steps: i64) {
    let tensors = Tensor::read_safetensors(moments).unwrap();
    let of = |name: &str| tensors.iter().find(|(found, _)| found == name).map(|(_, tensor)| tensor);
    assert_eq!(of("steps").unwrap().int64_value(&[0]), steps);
    let moved = tensors.iter().filter(|(name, _)| name.starts_with("second."));
    let moved = moved.filter(|(_, second)| second.sum(Kind::Double).double_value(&[]) > 0.0).count();
    assert!(moved > 3, "{moved} tensors have moved");
}

/// Trains a velocity model. Its predictions for a performance are finite and differ between notes.
fn trains_a_velocity_model(model: VelocityModel) {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (data, run) = trained(model.id(), "2", &["epoch-1/weights.safetensors"]);
    assert_stepped(&run.join("epoch-1/moments.safetensors"), 6);
    assert!(run.join("loss.png").exists());
    let log = fs::read_to_string(run.join("log.csv")).unwrap();
    assert_eq!(log.lines().count(), 3, "{log}");
    let trained = Trained::load(model, &run.join("best.safetensors")).unwrap();
    let valid = performances::load(data.path(), Split::Valid).unwrap();
    assert_eq!(trained.genres(), genre::built_in());
    for (decoder, style) in trained.genres().iter().enumerate() {
        let deviations = trained.deviations(&valid[0].view(), decoder);
        assert_eq!(deviations.len(), valid[0].notes.len());
        assert!(deviations.iter().all(|d| d.is_finite()), "{style}");
        assert!(deviations.iter().any(|d| *d != deviations[0]), "{style}");
    }
}

#[test]
fn the_baseline_trains_and_resumes_after_an_interruption() {
    trains_a_velocity_model(VelocityModel::Baseline);
}

#[test]
fn the_attention_model_trains_and_resumes_after_an_interruption() {
    trains_a_velocity_model(VelocityModel::Attention);
}

#[test]
fn the_note_model_trains_and_resumes_after_an_interruption() {
    trains_a_velocity_model(VelocityModel::Note);
}

#[test]
fn the_trained_note_model_is_exported() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let data = data();
    let run = Run { model: "note", data: data.path(), folder: data.path().join("run"), epochs: "1" };
    run.train(&[]).unwrap();
    let bytes = fs::read(run.folder.join("best.safetensors")).unwrap();
    let weights = Weights::from_bytes(&bytes).unwrap();
    assert!(!note_graphs::past(&weights, Float32).unwrap().is_empty());
    assert!(!note_graphs::ahead(&weights, Float32).unwrap().is_empty());
    for style in Genre::ALL {
        assert!(!note_graphs::decoder(&weights, style.id(), 16.0, Float32).unwrap().is_empty());
    }
}

/// The tensors in a file of weights by name, bit for bit.
fn tensors(weights: &Path) -> BTreeMap<String, Vec<u32>> {
    let bits = |tensor: &Tensor| {
        let values: Vec<f32> = Vec::try_from(tensor.flatten(0, -1)).unwrap();
        values.into_iter().map(f32::to_bits).collect()
    };
    Tensor::read_safetensors(weights).unwrap().iter().map(|(name, tensor)| (name.clone(), bits(tensor))).collect()
}

/// The tensors of a genre's decoder by the names that they have in another's.
fn renamed(tensors: &BTreeMap<String, Vec<u32>>, genre: &str, to: &str) -> BTreeMap<String, Vec<u32>> {
    let of_genre = tensors.iter().filter(|(name, _)| graphs::decoder_of(name) == Some(genre));
    of_genre.map(|(name, bits)| (name.replace(genre, to), bits.clone())).collect()
}

/// Weights of a short training on some genres, and the folder of the run.
fn weights_of(genres: &[&str]) -> (TempDir, PathBuf) {
    let data = data_of(genres);
    let run = Run { model: "note", data: data.path(), folder: data.path().join("run"), epochs: "1" };
    run.train(&[]).unwrap();
    let weights = run.folder.join("best.safetensors");
    (data, weights)
}

#[test]
fn genres_of_any_name_train_in_the_order_of_decoders_and_are_exported() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (data, weights) = weights_of(&["stride", "bossa-nova", "pop"]);
    let log = fs::read_to_string(data.path().join("run/log.csv")).unwrap();
    assert!(log.contains("valid_r_pop,valid_r_bossa-nova,valid_r_stride,page_r_pop,"), "{log}");
    let bytes = fs::read(&weights).unwrap();
    let files = RefCell::new(Vec::new());
    let put = |name: &str, bytes: &[u8]| {
        files.borrow_mut().push(name.to_owned());
        Ok(GraphEntry { file: name.into(), sha256: Sha256::digest(bytes) })
    };
    let weights = Weights::from_bytes(&bytes).unwrap();
    let exported = graphs::graphs(VelocityModel::Note, &weights, Float32, &put).unwrap();
    let ids: Vec<&str> = exported.decoders.iter().map(|(genre, _)| genre.as_str()).collect();
    assert_eq!(ids, ["pop", "bossa-nova", "stride"]);
    assert!(files.borrow().contains(&"decoder-bossa-nova.onnx".into()));
}

#[test]
fn a_folder_of_one_genre_trains() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (_data, weights) = weights_of(&["stride"]);
    assert_eq!(genre::list(&graphs::genres_in(&weights).unwrap()), "stride");
}

#[test]
fn a_genre_that_the_weights_lack_starts_from_the_decoder_that_predicts_it_best() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (_data, weights) = weights_of(&["jazz", "pop"]);
    let data = data_of(&["jazz", "stride"]);
    let task = NoteTask::new(data.path()).unwrap();
    let network = task.network(Device::Cpu);
    start_from(&task, network.variables(), &weights).unwrap();
    let started = data.path().join("started.safetensors");
    network.variables().save(&started).unwrap();
    let (before, after) = (tensors(&weights), tensors(&started));
    assert_eq!(renamed(&after, "jazz", "jazz"), renamed(&before, "jazz", "jazz"));
    assert!(!after.keys().any(|name| name.contains("pop")), "the data has no pop");

    let trained = Trained::load(VelocityModel::Note, &weights).unwrap();
    let r2 = |decoder: usize| {
        let scores = task.performances(1).iter().map(|performance| {
            let human: Vec<f32> = performance.notes.iter().map(|n| f32::from(n.velocity)).collect();
            score_file(&trained.deviations(&performance.view(), decoder), &human).unwrap()
        });
        summarise(&scores.collect::<Vec<_>>()).unwrap().r2
    };
    assert_ne!(r2(0), r2(1));
    let nearest = if r2(0) > r2(1) { "jazz" } else { "pop" };
    let copy = renamed(&after, "stride", "stride");
    assert_eq!(copy, renamed(&before, nearest, "stride"));
    assert!(copy.len() >= 16, "{} tensors in two members", copy.len());
}

#[test]
fn a_style_starts_as_the_nearest_decoder_and_nothing_else_changes() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let (_data, weights) = weights_of(&["jazz", "pop"]);
    let data = data_of(&["stride", "waltz"]);
    let style = "stride".parse().unwrap();
    let task = NoteTask::for_style(data.path(), &style, &weights).unwrap();
    assert_eq!((genre::list(task.genres()).as_str(), task.genre_of(0), task.genre_of(1)), ("jazz, pop, stride", 2, 2));
    let network = task.network(Device::Cpu);
    start_from(&task, network.variables(), &weights).unwrap();
    let started = data.path().join("started.safetensors");
    network.variables().save(&started).unwrap();
    let (before, start) = (tensors(&weights), tensors(&started));
    let copy = renamed(&start, "stride", "stride");
    assert!(["jazz", "pop"].iter().any(|genre| renamed(&before, genre, "stride") == copy));

    let file = weights.to_str().unwrap();
    let style = ["--name", "stride", "--weights", file];
    let whole = Run { model: "style", data: data.path(), folder: data.path().join("whole"), epochs: "2" };
    whole.train(&style).unwrap();
    let broken = Run { folder: data.path().join("broken"), ..whole };
    let obstacle = broken.folder.join("epoch-1/weights.safetensors");
    fs::create_dir_all(&obstacle).unwrap();
    broken.train(&style).unwrap_err();
    fs::remove_dir_all(obstacle.parent().unwrap()).unwrap();
    broken.train(&[&style[..], &["--resume"]].concat()).unwrap();
    assert_eq!(results(&data.path().join("whole")), results(&broken.folder));

    let mut after = tensors(&broken.folder.join("best.safetensors"));
    let trained = renamed(&after, "stride", "stride");
    assert!(trained.iter().all(|(name, bits)| *bits != copy[name]), "each tensor of the decoder has moved");
    after.retain(|name, _| !trained.contains_key(name));
    assert_eq!(after, before, "all else is as it was, bit for bit");
}

#[test]
fn the_generator_of_tunes_trains_and_resumes_after_an_interruption() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let obstacles = ["part-2/generator.safetensors", "part-3/generator.safetensors"];
    let (data, run) = trained("seqgan", "2", &obstacles);
    assert_stepped(&run.join("part-3/likelihood.safetensors"), 6);
    assert_stepped(&run.join("part-3/policy.safetensors"), 1);
    assert_stepped(&run.join("part-3/telling.safetensors"), 3);
    let vocabulary = Vocabulary::from_text(&fs::read_to_string(run.join("vocabulary.txt")).unwrap()).unwrap();
    let tune = &crate::data::tunes::load(data.path(), Split::Valid).unwrap()[0];
    for weights in ["likelihood.safetensors", "adversary.safetensors"] {
        let surprises = seqgan::surprises(&vocabulary, &run.join(weights), tune).unwrap();
        assert!(surprises.len() > 4 * BARS as usize && surprises.iter().all(|nats| nats.is_finite() && *nats > 0.0));
    }
}

#[test]
fn the_generator_of_textures_trains_and_resumes_after_an_interruption() {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    // Adversarial training begins in the fourth epoch.
    let (_data, run) = trained("vaegan", "4", &["epoch-4/generator.safetensors", "drawing-2/flow.safetensors"]);
    assert_stepped(&run.join("epoch-4/generating.safetensors"), 4);
    assert_stepped(&run.join("epoch-4/telling.safetensors"), 1);
    assert_stepped(&run.join("drawing-2/moments.safetensors"), 4);
    let bytes = fs::read(run.join(vaegan::WEIGHTS_FILE)).unwrap();
    let weights = Weights::from_bytes(&bytes).unwrap();
    for graph in [texture_graphs::encoder, texture_graphs::decoder, texture_graphs::flow] {
        assert!(!graph(&weights, Float32).unwrap().is_empty());
    }
}
