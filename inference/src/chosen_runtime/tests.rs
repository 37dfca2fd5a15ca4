//! Opening the runtime that the user wants: automatic, a certain provider, or the built-in runtime.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tonenet_core::midi::Song;
use tonenet_core::style::{StyleIndex, TakeSeed};

use super::*;
use crate::embedded::EmbeddedModel;
use crate::library::{FILE_NAME, Source, VARIABLE};
use crate::provider_choice::Choice;
use crate::runtime::{MEASURE_AGAIN, Refusal};
use crate::song::{SongRestyling, restyle_song};

/// ONNX Runtime as the other tests use it.
fn candidate() -> Candidate {
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../third_party/onnxruntime").join(FILE_NAME);
    let path = env::var_os(VARIABLE).map_or(installed, PathBuf::from);
    assert!(path.is_file(), "run `cargo xtask setup onnxruntime` first");
    Candidate { path, source: Source::Setting }
}

/// Opens a provider with a memory of the test's own.
fn open_in(folder: &TempDir, provider: ProviderPreference) -> (Runtime, RuntimeReport) {
    let memory = ChoiceMemory::in_file(folder.path().join("provider.json"));
    let settings = RuntimeSettings { provider, half_precision: false };
    open_with(memory, settings, Timing::Once, (&[candidate()], &Cancellation::default())).unwrap()
}

fn opened(provider: ProviderPreference) -> (Runtime, RuntimeReport) {
    open_in(&tempfile::tempdir().unwrap(), provider)
}

#[test]
fn automatic_says_why_it_computes_where_it_does() {
    let (runtime, report) = opened(ProviderPreference::Auto);
    assert!(report.runtime.starts_with("ONNX Runtime 1."), "{report:?}");
    assert_eq!(report.provider, runtime.provider().provider.to_string());
    // Each accelerator that does not compute is named, with what to do.
    for &provider in Provider::ACCELERATORS {
        let note = format!("{provider} is not used by {}", report.runtime);
        let is_noted = report.all_notes().iter().any(|told| told.starts_with(&note));
        assert_ne!(is_noted, report.providers.contains(&provider), "{provider}: {report:?}");
    }
    // A choice has a reason; no choice has none.
    assert_eq!(report.reason.is_some(), report.providers.len() > 1, "{report:?}");
    assert_eq!(opened(ProviderPreference::Auto).1, report, "the second instance gets the same");
}

#[test]
fn a_certain_provider_computes_or_the_processor_does_and_the_report_says_so() {
    let (_, report) = opened(ProviderPreference::Only(Provider::Cpu));
    assert_eq!((report.provider.as_str(), report.reason.as_deref()), ("CPU", Some(BY_CHOICE)));
    assert!(report.all_notes().is_empty(), "nothing else is tried");
    for &provider in Provider::ACCELERATORS {
        let (runtime, report) = opened(ProviderPreference::Only(provider));
        if runtime.provider().provider == Provider::Cpu {
            assert_eq!(report.reason, Some(format!("{provider} was chosen and does not compute here")));
            assert!(report.refusals.iter().any(|refusal| refusal.provider == provider), "{report:?}");
        } else {
            assert_eq!((report.provider, report.reason.as_deref()), (provider.to_string(), Some(BY_CHOICE)));
        }
    }
    let (_, report) = opened(ProviderPreference::BuiltIn);
    assert_eq!((report.library, report.reason.as_deref()), (None, Some(BY_CHOICE)));
}

#[test]
fn what_must_be_the_same_on_all_machines_computes_on_the_processor_of_the_chosen_runtime() {
    for provider in ProviderPreference::choices() {
        let settings = RuntimeSettings { provider, half_precision: true };
        let (runtime, report) = open_on_processor(settings, &[candidate()]);
        assert_eq!(runtime.provider(), ProviderConfig::CPU, "{}", provider.id());
        assert_eq!(report.library.is_none(), provider == ProviderPreference::BuiltIn, "{}", provider.id());
        assert!(report.refusals.is_empty(), "nothing is tried");
    }
}

#[test]
fn a_choice_that_was_not_made_in_time_leaves_the_processor_and_a_note() {
    let (_, plain) = open_on_processor(RuntimeSettings::default(), &[candidate()]);
    for only in [None, Some(Provider::Cuda)] {
        let mut report = plain.clone();
        tell(&Err(format!("It had not answered. {MEASURE_AGAIN}")), only, &mut report);
        assert_eq!(report.provider, "CPU");
        assert!(report.all_notes().iter().any(|note| note.contains("doctor --measure-again")), "{report:?}");
        assert_eq!(report.reason.is_some_and(|reason| reason.contains("does not compute")), only.is_some());
    }
}

#[test]
fn a_remembered_failure_is_told_with_the_command_that_tries_again() {
    let (_, mut report) = open_on_processor(RuntimeSettings::default(), &[candidate()]);
    let refusals = vec![Refusal { provider: Provider::Cuda, reason: "it is ill".into(), is_remembered: true }];
    tell(&Ok(Choice { provider: Provider::Cpu, times: BTreeMap::new(), refusals }), None, &mut report);
    let notes = report.all_notes();
    assert!(notes.iter().any(|note| note.contains("it is ill") && note.contains(MEASURE_AGAIN)), "{notes:?}");
}

#[test]
fn every_provider_that_loads_gives_the_same_velocities_within_a_step() {
    let piece = include_bytes!("../../../assets/demo/bach-prelude-bwv-846.mid").to_vec();
    let song = Song::parse(piece).unwrap();
    let restyled = |provider: ProviderPreference| {
        let (runtime, _) = opened(provider);
        let model = EmbeddedModel::Note.load(&runtime).unwrap();
        restyle_song(&model, &song, &SongRestyling::in_style(StyleIndex::JAZZ, TakeSeed(0))).unwrap().velocities
    };
    let expected = restyled(ProviderPreference::Only(Provider::Cpu));
    for preference in ProviderPreference::choices() {
        let apart = restyled(preference).iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart.is_some_and(|apart| apart <= 1), "{}: {apart:?} steps apart", preference.id());
    }
}
