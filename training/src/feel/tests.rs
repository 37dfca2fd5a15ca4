//! What is learned from performances that are made for it.

use indicatif::ProgressBar;
use tonenet_core::note::Note;
use tonenet_learn::feel::Paged;
use tonenet_test_support::{BASS_LAG, SwungTune, TuneNote};

use super::*;
use crate::metrics::feel::median;

/// A note of the tune, as performances have it.
fn note(TuneNote { beats, seconds, key, velocity }: TuneNote) -> Note {
    let [onset, release] = seconds;
    let [onset_sixteenths, release_sixteenths] = beats.map(|beats| 4.0 * beats);
    Note { onset, release, onset_sixteenths, release_sixteenths, channel: 0, key, velocity }
}

/// [`played`] with off-beats a sixth of a beat late.
fn swung(seed: u32) -> Performance {
    played(seed, 1.0 / 6.0)
}

/// Performance `seed` of [`SwungTune`]: off-beats come `late` beats late, and notes last half as long as they could.
fn played(seed: u32, late: f64) -> Performance {
    let tune = SwungTune { seed, beats: 32, late, length: 0.5, unsteadiness: 0.0 };
    let (notes, pedals) = (tune.notes().into_iter().map(note).collect(), tune.pedals());
    Performance {
        name: format!("{seed}.mid"),
        genre: Genre::Jazz.into(),
        grid: Grid::Sixteenths,
        notes,
        pedals,
        group: "made".into(),
    }
}

#[test]
fn a_page_is_compared_with_what_was_played() {
    let paged = Paged::new(&swung(0).view(), NoteLengths::ToNextChord);
    assert!(paged.has_timing && paged.has_pedal && (paged.beat_seconds - 0.5).abs() < 0.02, "{}", paged.beat_seconds);
    let (on, off) = (paged.chords[4], paged.chords[5]);
    assert_eq!((on.beats, off.beats), (2.0, 2.5), "swung eighths are written straight");
    assert!(
        on.shift.abs() < 1e-6 && (off.shift - (1.0 / 6.0 - BASS_LAG / 2.0)).abs() < 1e-6,
        "{} {}",
        on.shift,
        off.shift
    );
    let lifts: Vec<usize> = (0..paged.chords.len()).filter(|&chord| paged.chords[chord].lift).collect();
    assert_eq!(
        lifts,
        (1..8).map(|bar| 8 * bar).collect::<Vec<_>>(),
        "one at each bar but the first, which none precedes"
    );
    assert!(paged.chords.iter().all(|chord| chord.pedal), "it is down again soon after");
    let lowest = paged.played.iter().zip(&paged.page).find(|(_, note)| note.key < 60).expect("a lower note").0;
    // Half of the lag behind the mean of both, at half a second a beat.
    assert!((lowest.offset.expect("a chord") - BASS_LAG / 4.0).abs() < 1e-9, "{:?}", lowest.offset);
    let mut tune = paged.played.iter().zip(&paged.page).filter(|(_, note)| note.key >= 60);
    assert!(tune.all(|(played, _)| played.stretch < -0.2), "each note of the tune is shorter than written");
}

#[test]
fn a_style_learns_what_its_performances_do() {
    let network = note_network().expect("the shipped note model");
    let files: Vec<Performance> = (0..8).map(swung).collect();
    let style = style(&network, Genre::Jazz, &files, &ProgressBar::hidden()).expect("a style");
    let view = View { lengths: NoteLengths::ToNearestOnset, on_beats: true, look_ahead: LookAhead::WholePerformance };
    let page = PageRows::new(&network, &swung(9).view(), view, None).expect("a page");
    let feels = page.predict(&style, &OwnFeel::NEAREST);
    let mean = |is: &dyn Fn(usize) -> bool, of: &dyn Fn(usize) -> f32| {
        let chosen: Vec<usize> = (8..page.rows.len()).filter(|&row| is(row)).collect();
        chosen.iter().map(|&row| of(row)).sum::<f32>() / chosen.len() as f32
    };
    let is_off = |row: usize| page.paged.chords[page.played(row).chord].beats.fract() > 0.25;
    let shift = |row: usize| feels[row].shift;
    let (on, off) = (mean(&|row| !is_off(row), &shift), mean(&is_off, &shift));
    assert!(on.abs() < 0.03 && (off - 0.157).abs() < 0.03, "on the beat {on}, off {off}");
    assert!(mean(&|_| true, &|row| feels[row].stretch) < -0.2);
    let is_low = |row: usize| page.paged.page[page.order[row]].key < 60;
    let offset = |row: usize| feels[row].chord_offset;
    assert!(mean(&is_low, &offset) > mean(&|row| !is_off(row) && !is_low(row), &offset) + 0.004);
    // The same data give the same model, bit for bit.
    assert_eq!(super::style(&network, Genre::Jazz, &files, &ProgressBar::hidden()).expect("a style"), style);
}

#[test]
fn a_performance_swings_where_its_off_beats_are_clearly_late() {
    let of = |performance: &Performance| swing::swings(&Paged::new(&performance.view(), NoteLengths::ToNearestOnset));
    assert_eq!([0.0, 0.04, 0.09, 0.17].map(|late| of(&played(1, late))), [false, false, true, true]);
    let short = Performance { notes: swung(1).notes[..12].to_vec(), ..swung(1) };
    assert!(!of(&short), "four off-beats tell nothing");
}

#[test]
fn a_style_of_which_half_swings_swings_as_much_as_that_half() {
    let network = note_network().expect("the shipped note model");
    let mixed = |index: u32| played(index, if index % 4 < 2 { 0.15 } else { 0.0 });
    let off_beat = |files: &[Performance]| {
        let style = style(&network, Genre::Jazz, files, &ProgressBar::hidden()).expect("a style");
        let view =
            View { lengths: NoteLengths::ToNearestOnset, on_beats: true, look_ahead: LookAhead::WholePerformance };
        let page = PageRows::new(&network, &swung(99).view(), view, None).expect("a page");
        let feels = page.predict(&style, &OwnFeel::NEAREST);
        let off_beats = page.rows.iter().zip(&feels).filter(|(row, _)| row.place == Some(6));
        median(off_beats.map(|(_, feel)| f64::from(feel.shift)).collect())
    };
    let half = off_beat(&(0..24).map(mixed).collect::<Vec<_>>());
    assert!((half - 0.15).abs() < 0.03, "{half}");
    let straight = off_beat(&(0..24).map(|index| played(index, 0.0)).collect::<Vec<_>>());
    assert!(straight.abs() < 0.02, "{straight}");
}

#[test]
fn too_few_performances_are_refused() {
    let network = note_network().expect("the shipped note model");
    let error = style(&network, Genre::Pop, &[swung(0)], &ProgressBar::hidden()).expect_err("one is too few");
    assert!(error.to_string().contains("at least 6"), "{error}");
}

#[test]
fn weights_are_kept_with_few_digits() {
    assert_eq!([0.123_456, -98_765.0, 0.0, f64::NAN].map(round), [0.123, -98_800.0, 0.0, 0.0]);
}
