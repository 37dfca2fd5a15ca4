//! The feel is learned from performances whose timing, lengths and pedal are known.

use std::path::Path;

use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::note::Note;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::feel::{FeelStyle, OwnFeel};
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::LookAhead;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_learn::feel::{LearnedFeel, PageRows, View, own_feel};
use tonenet_learn::page::NoteLengths;
use tonenet_learn::{Basis, Performance, learn};
use tonenet_test_support::{SwungTune, TuneNote};

/// Where the off-beat eighths of [`swung`] fall beyond the middle of the beat, in beats.
const LATE: f64 = 1.0 / 6.0;

fn network() -> NoteNetwork {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models/note");
    let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
    NoteNetwork::load(&runtime, &ModelFiles::from_dir(&folder).expect("a model")).expect("a note model")
}

fn style(network: &NoteNetwork, genre: Genre) -> &FeelStyle {
    network.feel().expect("a feel").style(genre.into()).expect("the genre's")
}

/// A note of the tune, as performances have it.
fn note(TuneNote { beats, seconds, key, velocity }: TuneNote) -> Note {
    let [onset, release] = seconds;
    let [onset_sixteenths, release_sixteenths] = beats.map(|beats| 4.0 * beats);
    Note { onset, release, onset_sixteenths, release_sixteenths, channel: 0, key, velocity }
}

/// Performance `seed` of [`SwungTune`].
fn swung(seed: u32, late: f64, length: f64) -> Performance {
    let tune = SwungTune { seed, beats: 80, late, length, unsteadiness: 0.0125 };
    let (notes, pedals) = (tune.notes().into_iter().map(note).collect(), tune.pedals());
    Performance { name: format!("{seed}.mid"), notes, pedals, grid: Grid::Sixteenths }
}

fn learned(nearest: Genre, performances: &[Performance]) -> LearnedFeel {
    let network = network();
    own_feel(&network, style(&network, nearest), performances, &|| (), &Cancellation::default()).expect("a feel")
}

/// The mean shift of chords on the beat and off it, in beats, that a style with this feel gives another performance.
fn shifts(nearest: Genre, own: &OwnFeel) -> (f64, f64) {
    let network = network();
    let view = View { lengths: NoteLengths::ToNearestOnset, on_beats: true, look_ahead: LookAhead::WholePerformance };
    let page = PageRows::new(&network, &swung(99, LATE, 0.8).view(), view, None).expect("a page");
    let feels = page.predict(style(&network, nearest), own);
    let at = |place: usize| {
        let chosen: Vec<f64> = page
            .rows
            .iter()
            .zip(&feels)
            .filter(|(row, _)| row.place == Some(place))
            .map(|(_, feel)| f64::from(feel.shift))
            .collect();
        chosen.iter().sum::<f64>() / chosen.len() as f64
    };
    (at(0), at(6))
}

#[test]
fn a_users_swing_is_learned_whatever_style_comes_nearest() {
    let performances: Vec<Performance> = (0..4).map(|seed| swung(seed, LATE, 0.8)).collect();
    for nearest in Genre::ALL {
        let feel = learned(nearest, &performances);
        let (on, off) = shifts(nearest, &feel.own);
        let before = shifts(nearest, &OwnFeel::NEAREST).1;
        assert!(on.abs() < 0.03 && (off - LATE).abs() < 0.04, "{nearest}: {on} and {off}; {before} before");
        assert!((feel.off_beats - (off - before)).abs() < 0.03, "{nearest}: {} for {before} to {off}", feel.off_beats);
    }
}

#[test]
fn straight_playing_is_learned_too() {
    let performances: Vec<Performance> = (0..4).map(|seed| swung(seed, 0.0, 0.8)).collect();
    let (on, off) = shifts(Genre::Jazz, &learned(Genre::Jazz, &performances).own);
    assert!(on.abs() < 0.02 && off.abs() < 0.02, "{on} and {off}");
}

#[test]
fn shorter_notes_and_rarer_pedals_than_the_nearest_styles_are_learned() {
    let of = |length: f64| learned(Genre::Pop, &(0..4).map(|seed| swung(seed, 0.0, length)).collect::<Vec<_>>()).own;
    let (short, long) = (of(0.7), of(0.95));
    assert!(short.stretch < long.stretch - 0.05, "{short:?} {long:?}");
    let mut dry: Vec<Performance> = (0..4).map(|seed| swung(seed, 0.0, 0.8)).collect();
    for performance in &mut dry {
        // Down for a moment in each bar.
        performance.pedals = performance
            .pedals
            .iter()
            .map(|&(time, down)| (time + 0.3, down))
            .map(|(time, down)| if down { (time - 0.14, true) } else { (time, false) })
            .collect();
        performance.pedals.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    let (dry, wet) = (learned(Genre::Pop, &dry).own, of(0.8));
    assert!(dry.pedal_down < wet.pedal_down - 1.0, "{dry:?} {wet:?}");
}

#[test]
fn two_performances_or_none_with_beats_tell_nothing_of_timing() {
    let two = learned(Genre::Pop, &[swung(1, LATE, 0.8), swung(2, LATE, 0.8)]).own;
    assert_eq!((two.shift_share, two.shifts), (1.0, OwnFeel::NEAREST.shifts));
    let free = |seed| Performance { grid: Grid::Seconds(0.125), ..swung(seed, LATE, 0.8) };
    let without = learned(Genre::Pop, &[free(1), free(2), free(3)]).own;
    assert_eq!((without.shift_share, without.shifts), (1.0, OwnFeel::NEAREST.shifts));
}

#[test]
fn a_learned_style_plays_with_its_feel_and_says_so() {
    let network = network();
    let performances: Vec<Performance> = (0..5).map(|seed| swung(seed, LATE, 0.8)).collect();
    let learned =
        learn(&Basis::new(&network), &performances, "Swung", &|_| (), &Cancellation::default()).expect("a style");
    let contents = learned.style.contents();
    let (_, off) = shifts(contents.nearest, &contents.feel);
    assert!((off - LATE).abs() < 0.04, "{off}");
    if contents.nearest != Genre::Jazz {
        assert!(contents.card.description.contains("of a beat later"), "{}", contents.card.description);
    }
    assert_eq!(learned.style.feel().own, &contents.feel);
}

#[test]
fn notes_that_are_far_shorter_than_any_style_plays_them_still_give_a_style() {
    let network = network();
    let performances: Vec<Performance> = (0..5).map(|seed| swung(seed, 0.0, 0.001)).collect();
    let learned =
        learn(&Basis::new(&network), &performances, "Ticks", &|_| (), &Cancellation::default()).expect("a style");
    let feel = &learned.style.contents().feel;
    assert!(feel.stretch < -0.5 && feel.out_of_range().is_none(), "{feel:?}");
}
