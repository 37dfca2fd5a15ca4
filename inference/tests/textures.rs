//! The shipped VAE-GAN: torch's numbers and the same notes in both runtimes, and errors for invalid settings.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{built_in, onnx_runtime};
use safetensors::SafeTensors;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_core::phrase_image::{BEATS, PhraseImage};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::generate::textures::TextureModel;
use tonenet_inference::generate::{Cancellation, GenerateError};
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::runtime::Runtime;

/// In logits; for velocities, in shares of 127.
const TOLERANCE: f32 = 1e-3;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models/vaegan")
}

fn load(runtime: &Runtime) -> TextureModel {
    TextureModel::load(runtime, &ModelFiles::from_dir(&folder()).unwrap()).unwrap()
}

fn generate(model: &TextureModel, seed: u64) -> Clip {
    model.generate(seed, 1.0, &Cancellation::default()).unwrap()
}

/// A clip of notes that last a beat each.
fn clip(keys: &[u8]) -> Clip {
    let note = |(at, &key): (usize, &u8)| ClipNote { onset: at as f64, length: 1.0, key, velocity: 80 };
    Clip::new(16.0, (4, 4), keys.iter().enumerate().map(note).collect()).unwrap()
}

#[test]
fn both_runtimes_give_torchs_numbers() {
    let golden = fs::read(folder().join("golden.safetensors")).unwrap();
    let golden = SafeTensors::deserialize(&golden).unwrap();
    let numbers = |name: &str| -> Vec<f32> {
        let (words, _) = golden.tensor(name).unwrap().data().as_chunks::<4>();
        words.iter().map(|&word| f32::from_le_bytes(word)).collect()
    };
    let worst = |found: &[f32], wanted: &[f32]| {
        assert_eq!(found.len(), wanted.len());
        // A NaN must not pass for 0.
        let off = found.iter().zip(wanted).map(|(a, b)| (a - b).abs());
        off.fold(0.0, |worst: f32, off| if off.is_nan() { off } else { worst.max(off) })
    };
    for model in [load(&onnx_runtime().0), load(&built_in())] {
        for at in 0..4 {
            let of = |name: &str| numbers(&format!("{at}.{name}"));
            let image = PhraseImage::from_channels(of("image.velocities"), of("image.onsets")).unwrap();
            assert!(worst(&model.encode(&image).unwrap(), &of("latent")) <= TOLERANCE);
            assert!(worst(&model.direction(&of("latent"), 0.5).unwrap(), &of("direction")) <= TOLERANCE);
            let decoded = model.decode(&of("latent")).unwrap();
            for (found, name) in
                [(&decoded.onsets, "onsets"), (&decoded.sounding, "sounding"), (&decoded.velocities, "velocities")]
            {
                assert!(worst(found, &of(name)) <= TOLERANCE, "{at}.{name}");
            }
        }
    }
}

#[test]
fn a_seed_always_gives_the_same_clip_and_in_both_runtimes() {
    let (own, other) = (load(&onnx_runtime().0), load(&built_in()));
    let clips: Vec<Clip> = (0..100).map(|seed| generate(&own, seed)).collect();
    let same = (0..).zip(&clips).filter(|(seed, clip)| generate(&other, *seed) == **clip).count();
    assert!(same >= 99, "{same} of 100");
    for (at, clip) in clips.iter().enumerate() {
        assert_eq!(clip, &generate(&own, at as u64));
        assert_eq!((clip.length(), clip.signature()), (BEATS as f64, (4, 4)));
        assert!(!clip.notes().is_empty(), "seed {at} is silent");
        assert!(!clips[..at].contains(clip), "seed {at} gives the clip of an earlier seed");
    }
}

#[test]
fn a_morph_shares_more_notes_with_the_nearer_clip() {
    let model = load(&built_in());
    let (a, b) = (clip(&[48, 52, 55, 60, 64, 67, 72, 76]), clip(&[57, 60, 64, 57, 60, 64, 57, 60, 64, 57, 60, 64]));
    let at = |share| model.morph(&a, &b, share, &Cancellation::default()).unwrap();
    let shared = |clip: &Clip, of: &Clip| {
        clip.notes().iter().filter(|note| of.notes().iter().any(|o| (o.onset, o.key) == (note.onset, note.key))).count()
    };
    assert!(shared(&at(0.0), &a) > shared(&at(1.0), &a));
    assert!(shared(&at(1.0), &b) > shared(&at(0.0), &b));
    assert_eq!(at(0.5), at(0.5));
}

#[test]
fn settings_out_of_range_and_cancelled_work_give_errors() {
    let model = load(&built_in());
    let go_on = Cancellation::default();
    for temperature in [-0.1, 2.1, f32::NAN] {
        assert!(matches!(model.generate(0, temperature, &go_on), Err(GenerateError::InvalidSettings(_))));
    }
    for share in [-0.1, 1.1, f32::NAN] {
        assert!(matches!(
            model.morph(&clip(&[60]), &clip(&[62]), share, &go_on),
            Err(GenerateError::InvalidSettings(_))
        ));
    }
    let stop = Cancellation::default();
    stop.cancel();
    assert!(matches!(model.generate(0, 1.0, &stop), Err(GenerateError::Cancelled)));
    assert!(matches!(model.morph(&clip(&[60]), &clip(&[62]), 0.5, &stop), Err(GenerateError::Cancelled)));
}

#[test]
fn a_texture_generator_is_refused_as_a_velocity_model() {
    let files = ModelFiles::from_dir(&folder()).unwrap();
    let message = LoadedModel::load(&built_in(), &files).map(|_| ()).unwrap_err().to_string();
    assert!(message.contains("VAE-GAN") && message.contains("choose the note model"), "{message}");
}

#[test]
fn manifests_with_invalid_sizes_or_thresholds_are_refused() {
    let note = ModelFiles::from_dir(&folder().join("../note")).unwrap();
    assert!(TextureModel::load(&built_in(), &note).is_err(), "the note model is no texture generator");
    for (pointer, value) in [
        ("/latent", serde_json::json!(0)),
        ("/latent", serde_json::json!(1u64 << 40)),
        ("/latent", serde_json::json!(7)),
        ("/steps", serde_json::json!(0)),
        ("/steps", serde_json::json!(1u64 << 40)),
        ("/read/onset", serde_json::json!(null)),
    ] {
        let copy = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(folder()).unwrap().flatten() {
            fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
        let path = copy.path().join("model.json");
        let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        *manifest.pointer_mut(pointer).expect("the field is there") = value.clone();
        fs::write(&path, manifest.to_string()).unwrap();
        let loaded = ModelFiles::from_dir(copy.path()).and_then(|files| TextureModel::load(&built_in(), &files));
        let generated = loaded.map_err(GenerateError::from).and_then(|m| m.generate(0, 1.0, &Cancellation::default()));
        assert!(generated.is_err(), "{pointer} {value}");
    }
}
