//! The shipped SeqGAN: torch's numbers and the same tune in both runtimes, and what each setting does.

mod common;

use std::path::{Path, PathBuf};

use common::{candidate, onnx_runtime_library};
use safetensors::SafeTensors;
use tonenet_core::tune::{Metre, Tonality, Tune};
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::error::InferenceError;
use tonenet_inference::generate::tunes::{TuneModel, TuneSettings};
use tonenet_inference::generate::{Cancellation, GenerateError};
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::runtime::{Runtime, RuntimePreference};

/// In nats.
const TOLERANCE: f64 = 1e-3;

fn folder(id: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models").join(id)
}

fn runtime(preference: RuntimePreference) -> Runtime {
    Runtime::open(preference, &[candidate(&onnx_runtime_library())]).0
}

fn model(preference: RuntimePreference, id: &str) -> TuneModel {
    TuneModel::load(&runtime(preference), &ModelFiles::from_dir(&folder(id)).unwrap()).unwrap()
}

fn generate(model: &TuneModel, settings: &TuneSettings) -> Tune {
    model.generate(settings, &Cancellation::default()).unwrap()
}

fn numbers<const N: usize, T>(tensors: &SafeTensors, name: &str, of: fn([u8; N]) -> T) -> Vec<T> {
    tensors.tensor(name).unwrap().data().chunks_exact(N).map(|bytes| of(bytes.try_into().unwrap())).collect()
}

#[test]
fn both_runtimes_give_torchs_numbers() {
    for id in ["seqgan", "seqgan-likelihood"] {
        let golden = std::fs::read(folder(id).join("golden.safetensors")).unwrap();
        let golden = SafeTensors::deserialize(&golden).unwrap();
        let wanted = numbers(&golden, "surprises", f64::from_le_bytes);
        let ids: Vec<usize> = numbers(&golden, "ids", i64::from_le_bytes).iter().map(|&id| id as usize).collect();
        assert!(ids.len() > 20, "{id}: enough symbols for the states to matter");
        for preference in [RuntimePreference::OnnxRuntime, RuntimePreference::BuiltIn] {
            let model = model(preference, id);
            let tune = model.vocabulary().decode(Metre::FourFour, false, &ids);
            let found = model.surprisals(&tune).unwrap();
            assert_eq!(found.len(), wanted.len(), "{id}");
            let worst = found.iter().zip(&wanted).map(|(found, wanted)| (found - wanted).abs());
            assert!(worst.clone().all(|off| off <= TOLERANCE), "{id}, {preference:?}: {:?}", worst.reduce(f64::max));
        }
    }
}

#[test]
fn a_seed_always_gives_the_same_tune_and_in_both_runtimes() {
    let (onnx_runtime, built_in) =
        (model(RuntimePreference::OnnxRuntime, "seqgan"), model(RuntimePreference::BuiltIn, "seqgan"));
    let settings = |seed| TuneSettings { seed, bars: 4, ..TuneSettings::default() };
    let tunes: Vec<Tune> = (0..100).map(|seed| generate(&onnx_runtime, &settings(seed))).collect();
    assert!(tunes.iter().enumerate().all(|(a, tune)| tunes[..a].iter().all(|other| tune != other)), "all differ");
    let same = (0..100).filter(|&seed| generate(&built_in, &settings(seed)) == tunes[seed as usize]).count();
    assert!(same >= 99, "{same} of 100 seeds");
    assert_eq!(generate(&onnx_runtime, &settings(7)), tunes[7]);
}

#[test]
fn a_tune_has_the_bars_key_and_metre_of_its_settings() {
    let model = model(RuntimePreference::BuiltIn, "seqgan");
    let mut accompanied = 0;
    for (at, metre) in Metre::ALL.into_iter().enumerate() {
        for is_minor in [false, true] {
            let tonality = Tonality { tonic: (5 * at as u8 + 2) % 12, is_minor };
            let settings = TuneSettings { seed: 3, bars: 5, metre, tonality, in_key: true, ..TuneSettings::default() };
            let tune = generate(&model, &settings);
            assert_eq!((tune.metre, tune.tonality), (metre, tonality));
            assert!(tune.steps() <= 5 * metre.bar() && tune.bar_count() >= 4, "{metre:?}: {} bars", tune.bar_count());
            assert!(!tune.notes.is_empty() && tune.notes.iter().all(|note| tonality.holds(note.key)), "{metre:?}");
            if let Some(first) = tune.chords.first() {
                assert_eq!(first.chord.class(), tonality.tonic, "{metre:?} begins with the tonic chord");
                accompanied += 1;
            }
        }
    }
    assert!(accompanied >= 8, "{accompanied} of 10 tunes have chords");
}

#[test]
fn a_continuation_keeps_the_key_and_metre_and_depends_on_what_it_continues() {
    let model = model(RuntimePreference::BuiltIn, "seqgan");
    let of = |seed| {
        let tonality = Tonality { tonic: 7, is_minor: false };
        generate(&model, &TuneSettings { seed, bars: 4, metre: Metre::ThreeFour, tonality, ..TuneSettings::default() })
    };
    let continuation = |prime: Tune| {
        generate(&model, &TuneSettings { seed: 9, bars: 4, prime: Some(prime), ..TuneSettings::default() })
    };
    let (one, other) = (continuation(of(1)), continuation(of(2)));
    let again = one.notes.iter().filter(|note| other.notes.contains(note)).count();
    assert!(2 * again < one.notes.len(), "{again} of {} notes are the same behind another tune", one.notes.len());
    assert_eq!((one.metre, one.tonality), (Metre::ThreeFour, Tonality { tonic: 7, is_minor: false }));
    assert_eq!(one, continuation(of(1)));
}

#[test]
fn invalid_settings_and_cancelled_work_give_errors() {
    let model = model(RuntimePreference::BuiltIn, "seqgan");
    for settings in [
        TuneSettings { bars: 0, ..TuneSettings::default() },
        TuneSettings { bars: 65, ..TuneSettings::default() },
        TuneSettings { temperature: 0.0, ..TuneSettings::default() },
        TuneSettings { temperature: f32::NAN, ..TuneSettings::default() },
        TuneSettings { top_p: 1.5, ..TuneSettings::default() },
    ] {
        let refused = model.generate(&settings, &Cancellation::default());
        assert!(
            matches!(&refused, Err(GenerateError::InvalidSettings(why)) if why.contains(';')),
            "{settings:?}: {refused:?}"
        );
    }
    let cancelled = Cancellation::default();
    cancelled.cancel();
    assert!(matches!(model.generate(&TuneSettings::default(), &cancelled), Err(GenerateError::Cancelled)));
}

#[test]
fn a_generator_is_refused_as_a_velocity_model_and_the_reverse() {
    let runtime = runtime(RuntimePreference::BuiltIn);
    let files = ModelFiles::from_dir(&folder("seqgan")).unwrap();
    assert!(matches!(LoadedModel::load(&runtime, &files), Err(InferenceError::NoVelocities { .. })));
    let files = ModelFiles::from_dir(&folder("note")).unwrap();
    assert!(matches!(TuneModel::load(&runtime, &files), Err(InferenceError::BadManifest { .. })));
}
