//! A learned style reads the shipped note model: the same in both runtimes, and only the model it was learned on.

mod common;

use std::path::{Path, PathBuf};

use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::note_rows::Part;
use tonenet_core::style::StyleIndex;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::model::Prediction;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::{LookAhead, PerformanceView};
use tonenet_inference::runtime::Runtime;
use tonenet_inference::styles::PlayedStyle;
use tonenet_inference::user_style::{StyleContents, UserStyle, UserStyleError};

use common::styles::arbitrary;
use common::{built_in, onnx_runtime};

const LOOK_AHEADS: [LookAhead; 3] = [LookAhead::Seconds(0.01), LookAhead::Seconds(0.5), LookAhead::WholePerformance];

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The demo piece.
fn part() -> Part {
    let song = Song::parse(std::fs::read(workspace().join("assets/demo/bach-prelude-bwv-846.mid")).unwrap()).unwrap();
    let notes: Vec<Note> = song.notes().iter().map(|n| n.note).collect();
    PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None }.part().0
}

fn network(runtime: &Runtime) -> NoteNetwork {
    NoteNetwork::load(runtime, &ModelFiles::from_dir(&workspace().join("assets/models/note")).unwrap()).unwrap()
}

/// The learned style's predictions at each look-ahead.
fn predict(network: &NoteNetwork, style: &UserStyle) -> Vec<Vec<Prediction>> {
    let built_ins: Vec<StyleIndex> = style.built_ins().collect();
    let mut predictions = vec![Vec::new(); LOOK_AHEADS.len()];
    let mut visit = |look_ahead: usize, notes: tonenet_inference::note::EncodedNotes<'_>| {
        predictions[look_ahead].extend(style.predict(&notes));
    };
    network.encode(&part(), &LOOK_AHEADS, &built_ins, &Cancellation::default(), &mut visit).unwrap();
    predictions
}

#[test]
fn both_runtimes_predict_a_learned_style_within_a_thousandth_of_a_step() {
    let (first, second) = (network(&onnx_runtime().0), network(&built_in()));
    let style = arbitrary(&first);
    assert_eq!((style.check(&first), style.check(&second)), (Ok(()), Ok(())));
    let (first, second) = (predict(&first, &style), predict(&second, &style));
    for (first, second) in first.iter().zip(&second) {
        assert_eq!((first.len(), second.len()), (part().len(), part().len()));
        let off = first.iter().zip(second).map(|(a, b)| (a.deviation - b.deviation).abs());
        let off = off.fold(0.0, f32::max);
        assert!(off < 1e-3, "{off} steps apart");
    }
    let differ = first[0].iter().zip(&first[2]).any(|(a, b)| (a.deviation - b.deviation).abs() > 1.0);
    assert!(differ, "the look-ahead must count");
}

#[test]
fn several_look_aheads_at_once_are_encoded_as_each_by_itself() {
    let network = network(&built_in());
    let part = part();
    let styles = [StyleIndex::POP];
    let mut found = vec![Vec::new(); LOOK_AHEADS.len()];
    let cancellation = Cancellation::default();
    network
        .encode(&part, &LOOK_AHEADS, &styles, &cancellation, &mut |look_ahead, notes| {
            assert_eq!(notes.past_encoding.len(), notes.predictions[0].len() * network.past_width());
            assert_eq!(notes.ahead_encoding.len(), notes.predictions[0].len() * network.ahead_width());
            found[look_ahead].extend_from_slice(&notes.predictions[0]);
        })
        .unwrap();
    for (found, look_ahead) in found.iter().zip(LOOK_AHEADS) {
        let pop = PlayedStyle::Decoder(StyleIndex::POP);
        let alone = network.predict(&part, look_ahead, &[pop], &cancellation).unwrap();
        assert_eq!(found, &alone[0], "{look_ahead:?}");
    }
}

#[test]
fn a_style_of_another_note_model_is_foreign() {
    let network = network(&built_in());
    let contents = arbitrary(&network).contents().clone();
    let foreign = StyleContents { fingerprint: network.fingerprint(&[StyleIndex::JAZZ]).unwrap(), ..contents.clone() };
    let mut narrow = contents;
    narrow.readout.past.pop();
    for contents in [foreign, narrow] {
        let error = UserStyle::new(contents).unwrap().check(&network).unwrap_err();
        assert_eq!(error, UserStyleError::Foreign { name: "Mine".into() });
        assert_eq!(
            error.to_string(),
            "the style Mine was learned with another version of the note model; learn it again from its files"
        );
    }
}
