//! Opening the runtime that the user wants: automatic, a certain provider, or the built-in runtime.

#![cfg(feature = "embedded")]

mod common;

use common::{candidate, onnx_runtime_library};
use tonenet_core::midi::Song;
use tonenet_core::style::{StyleIndex, TakeSeed};
use tonenet_inference::chosen_runtime::{Timing, open};
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::runtime::{Provider, ProviderPreference, Runtime, RuntimeReport};
use tonenet_inference::runtime_settings::RuntimeSettings;
use tonenet_inference::song::{SongRestyling, restyle_song};

fn open_with(provider: ProviderPreference) -> (Runtime, RuntimeReport) {
    let settings = RuntimeSettings { provider, half_precision: false };
    open(settings, Timing::Once, &[candidate(&onnx_runtime_library())])
}

#[test]
fn automatic_says_why_it_computes_where_it_does() {
    let (runtime, report) = open_with(ProviderPreference::Auto);
    assert!(report.runtime.starts_with("ONNX Runtime 1."), "{report:?}");
    assert_eq!(report.provider, runtime.provider().provider.to_string());
    // Each accelerator that does not load is named, with what to do.
    for &provider in Provider::ACCELERATORS {
        let is_noted = report.provider_notes.iter().any(|note| note.starts_with(&format!("{provider} is not used")));
        assert_ne!(is_noted, report.providers.contains(&provider), "{provider}: {report:?}");
    }
    // A choice has a reason; no choice has none.
    assert_eq!(report.reason.is_some(), report.providers.len() > 1, "{report:?}");
    assert_eq!(open_with(ProviderPreference::Auto).1, report, "the second instance gets the same");
}

#[test]
fn two_instances_that_start_together_choose_the_same() {
    let opened = std::thread::scope(|scope| {
        let threads = [(); 2].map(|()| scope.spawn(|| open_with(ProviderPreference::Auto).1));
        threads.map(|thread| thread.join().unwrap())
    });
    assert_eq!(opened[0], opened[1]);
}

#[test]
fn a_certain_provider_computes_or_the_processor_does_and_the_report_says_so() {
    let (_, report) = open_with(ProviderPreference::Only(Provider::Cpu));
    assert_eq!((report.provider.as_str(), report.reason.as_deref()), ("CPU", Some("chosen by you")));
    assert!(report.all_notes().is_empty(), "nothing else is tried");
    for &provider in Provider::ACCELERATORS {
        let (runtime, report) = open_with(ProviderPreference::Only(provider));
        if runtime.provider().provider == Provider::Cpu {
            assert_eq!(report.reason, Some(format!("{provider} was chosen and does not compute here")));
            assert!(report.provider_notes[0].starts_with(&format!("{provider} is not used")), "{report:?}");
        } else {
            assert_eq!(report.provider, provider.to_string());
        }
    }
    let (_, report) = open_with(ProviderPreference::BuiltIn);
    assert_eq!((report.library, report.reason.as_deref()), (None, Some("chosen by you")));
}

#[test]
fn every_provider_that_loads_gives_the_same_velocities_within_a_step() {
    let piece = include_bytes!("../../assets/demo/bach-prelude-bwv-846.mid").to_vec();
    let song = Song::parse(piece).unwrap();
    let restyled = |provider: ProviderPreference| {
        let (runtime, _) = open_with(provider);
        let model = EmbeddedModel::Note.load(&runtime).unwrap();
        restyle_song(&model, &song, &SongRestyling::in_style(StyleIndex::JAZZ, TakeSeed(0))).unwrap().velocities
    };
    let expected = restyled(ProviderPreference::Only(Provider::Cpu));
    for preference in ProviderPreference::choices() {
        let apart = restyled(preference).iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(apart.is_some_and(|apart| apart <= 1), "{}: {apart:?} steps apart", preference.id());
    }
}
