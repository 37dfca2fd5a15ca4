//! Reading a long performance in chunks or excerpts changes the predictions of the shipped models hardly or not at all.

use std::path::{Path, PathBuf};

use tonenet_core::grid::{Grid, GridNote};
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::piano_roll::PianoRoll;
use tonenet_core::style::StyleIndex;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::{LoadedModel, LookAhead, Network, PerformanceView};
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::styles::PlayedStyle;

/// In velocity steps.
const TOLERANCE: f32 = 1e-3;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The demo piece, repeated.
fn bach(times: u8) -> Vec<Note> {
    let song = Song::parse(std::fs::read(workspace().join("assets/demo/bach-prelude-bwv-846.mid")).unwrap()).unwrap();
    let once: Vec<Note> = song.notes().iter().map(|n| n.note).collect();
    let (seconds, bars) = once.iter().fold((0.0, 0.0), |(seconds, bars): (f64, f64), n| {
        (seconds.max(n.release), bars.max((n.release_sixteenths / 16.0).ceil()))
    });
    let moved = |n: &Note, time: u8| Note {
        onset: n.onset + f64::from(time) * seconds,
        release: n.release + f64::from(time) * seconds,
        onset_sixteenths: n.onset_sixteenths + f64::from(time) * bars * 16.0,
        release_sixteenths: n.release_sixteenths + f64::from(time) * bars * 16.0,
        ..*n
    };
    (0..times).flat_map(|time| once.iter().map(move |n| moved(n, time))).collect()
}

fn files(model: &str) -> (Runtime, ModelFiles) {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    (runtime, ModelFiles::from_dir(&workspace().join("assets/models").join(model)).unwrap())
}

#[test]
fn the_note_model_predicts_the_same_in_chunks_as_in_one_run() {
    let (runtime, files) = files("note");
    let network = NoteNetwork::load(&runtime, &files).unwrap();
    let notes = bach(4);
    let performance = PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let (part, _) = performance.part();
    assert!(part.len() > 2048, "longer than one look-ahead segment");

    let known = part.end_known();
    let (mut past, mut ahead) = (Vec::new(), Vec::new());
    for index in 0..part.len() {
        part.past(index, &mut past);
        part.ahead(index, known, &mut ahead);
    }
    let past_encoding = network.read(&past, &mut network.initial_past_state()).unwrap();
    let ahead_encoding = network.look_ahead(&past, &ahead, &mut network.initial_ahead_state(1)).unwrap();
    let at_once = network
        .decode(StyleIndex::JAZZ, &past_encoding, &ahead_encoding, &mut network.initial_decoder_state())
        .unwrap();

    let jazz = PlayedStyle::Decoder(StyleIndex::JAZZ);
    let in_chunks = &network.predict(&part, LookAhead::WholePerformance, &[jazz], &Cancellation::default()).unwrap()[0];
    assert_eq!(in_chunks.len(), at_once.len());
    for (note, (found, wanted)) in in_chunks.iter().zip(&at_once).enumerate() {
        assert!((found.deviation - wanted.deviation).abs() < TOLERANCE, "note {note}: {found:?}, {wanted:?}");
    }
}

#[test]
fn a_piano_roll_network_predicts_nearly_the_same_in_excerpts_as_in_one_run() {
    let (runtime, files) = files("baseline");
    let model = LoadedModel::load(&runtime, &files).unwrap();
    let Network::PianoRoll(network) = model.network() else { panic!("the baseline is a piano-roll model") };
    let notes = bach(3);
    let performance = PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let in_excerpts = model.predict(&performance, LookAhead::WholePerformance, &[StyleIndex::JAZZ]).unwrap().remove(0);

    let placed: Vec<GridNote> = notes.iter().map(|n| performance.grid.place(n).unwrap()).collect();
    let steps = placed.iter().map(|n| n.onset).max().unwrap() + 1;
    assert!(steps > 1_024, "longer than two excerpts");
    let roll = PianoRoll::new(0, steps as usize, placed.iter());
    let at_once = network.deviations(&roll, &[StyleIndex::JAZZ], &Cancellation::default()).unwrap().remove(0);
    let largest = in_excerpts
        .iter()
        .zip(&placed)
        .map(|(found, note)| (found.deviation - at_once[roll.cell(note).unwrap()]).abs());
    let largest = largest.fold(0.0, f32::max);
    assert!(largest < 0.1, "{largest} velocity steps");
}
