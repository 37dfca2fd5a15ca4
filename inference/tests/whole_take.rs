//! A whole take is read in pieces, and nothing of that is heard: the note model in `assets/` over more notes than a
//! piece has.

use std::path::{Path, PathBuf};

use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::take::TakeView;

/// In velocity steps.
const TOLERANCE: f32 = 1e-3;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn a_take_in_pieces_is_the_take_at_once() {
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    let files = ModelFiles::from_dir(&workspace().join("assets/models/note")).unwrap();
    let network = NoteNetwork::load(&runtime, &files).unwrap();
    let song = Song::parse(std::fs::read(workspace().join("assets/demo/bach-prelude-bwv-846.mid")).unwrap()).unwrap();
    let once: Vec<Note> = song.notes().iter().map(|n| n.note).collect();
    let seconds = once.iter().map(|n| n.release).fold(0.0, f64::max);
    let moved = |n: &Note, by: f64| Note { onset: n.onset + by, release: n.release + by, ..*n };
    let notes: Vec<Note> =
        (0..4).flat_map(|time| once.iter().map(move |n| moved(n, f64::from(time) * seconds))).collect();
    let take = TakeView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    let (part, _) = take.part();
    assert!(part.len() > 2048, "more than looking ahead is kept of at once");

    let known = part.end_known();
    let (mut past, mut ahead) = (Vec::new(), Vec::new());
    for index in 0..part.len() {
        part.past(index, &mut past);
        part.ahead(index, known, &mut ahead);
    }
    let before = network.read(&past, &mut network.fresh_past()).unwrap();
    let behind = network.look_ahead(&past, &ahead, &mut network.fresh_ahead(1)).unwrap();
    let at_once = network.decode(Genre::Jazz, &before, &behind, &mut network.fresh_decoder()).unwrap();

    let in_pieces = &network.whole_take(&part, &[Genre::Jazz]).unwrap()[0];
    assert_eq!(in_pieces.len(), at_once.len());
    for (note, (found, wanted)) in in_pieces.iter().zip(&at_once).enumerate() {
        assert!((found.deviation - wanted.deviation).abs() < TOLERANCE, "note {note}: {found:?}, {wanted:?}");
    }
}
