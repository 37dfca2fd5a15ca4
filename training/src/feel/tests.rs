//! What is learned from performances that are made for it.

use indicatif::ProgressBar;
use tonenet_core::note::Note;
use tonenet_learn::feel::Paged;

use super::*;

/// A performance of eighths with swing: off-beats come a sixth of a beat late, every note lasts half its length, the upper
/// of two notes on the beat leads by 10 ms, and the pedal changes with each bar.
fn swung(transposed: u8) -> Performance {
    let mut notes = Vec::new();
    let second = |beats: f64| 0.5 * beats;
    for eighth in 0..64_u8 {
        let written = f64::from(eighth) / 2.0;
        let beats = written + if eighth % 2 == 1 { 1.0 / 6.0 } else { 0.0 };
        let length = if eighth % 2 == 1 { 1.0 / 6.0 } else { 1.0 / 3.0 };
        let mut note = |key: u8, later: f64| {
            let (from, to) = (beats + later, beats + later + length);
            notes.push(Note {
                onset: second(from),
                release: second(to),
                onset_sixteenths: 4.0 * from,
                release_sixteenths: 4.0 * to,
                channel: 0,
                key,
                velocity: 50 + eighth % 7,
            });
        };
        note(60 + transposed + eighth % 12 * 5 % 12, 0.0);
        if eighth % 2 == 0 {
            note(40 + transposed + (eighth / 8) % 4, 0.02);
        }
    }
    notes.sort_by(|a: &Note, b| a.onset.total_cmp(&b.onset));
    let pedals =
        (0..8).flat_map(|bar| [(second(4.0 * f64::from(bar)), false), (second(4.0 * f64::from(bar)) + 0.1, true)]);
    Performance {
        name: format!("swung {transposed}"),
        genre: Genre::Jazz.into(),
        grid: Grid::Sixteenths,
        notes,
        pedals: pedals.collect(),
        group: "made".into(),
    }
}

#[test]
fn a_page_is_compared_with_what_was_played() {
    let paged = Paged::new(&swung(0).view(), NoteLengths::ToNextChord);
    assert!(paged.has_timing && paged.has_pedal && (paged.beat_seconds - 0.5).abs() < 0.02, "{}", paged.beat_seconds);
    let (on, off) = (paged.chords[4], paged.chords[5]);
    assert_eq!((on.beats, off.beats), (2.0, 2.5), "swung eighths are written straight");
    assert!(on.shift.abs() < 1e-6 && (off.shift - (1.0 / 6.0 - 0.01)).abs() < 1e-6, "{} {}", on.shift, off.shift);
    let lifts: Vec<usize> = (0..paged.chords.len()).filter(|&chord| paged.chords[chord].lift).collect();
    assert_eq!(
        lifts,
        (1..8).map(|bar| 8 * bar).collect::<Vec<_>>(),
        "one at each bar but the first, which none precedes"
    );
    assert!(paged.chords.iter().all(|chord| chord.pedal), "it is down again soon after");
    let lowest = paged.played.iter().zip(&paged.page).find(|(_, note)| note.key < 60).expect("a lower note").0;
    assert!((lowest.offset.expect("a chord") - 0.005).abs() < 1e-9, "{:?}", lowest.offset);
    assert!(paged.played.iter().all(|note| note.stretch < -0.2), "each note is shorter than written");
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
fn too_few_performances_are_refused() {
    let network = note_network().expect("the shipped note model");
    let error = style(&network, Genre::Pop, &[swung(0)], &ProgressBar::hidden()).expect_err("one is too few");
    assert!(error.to_string().contains("at least 6"), "{error}");
}

#[test]
fn weights_are_kept_with_few_digits() {
    assert_eq!([0.123_456, -98_765.0, 0.0, f64::NAN].map(round), [0.123, -98_800.0, 0.0, 0.0]);
}
