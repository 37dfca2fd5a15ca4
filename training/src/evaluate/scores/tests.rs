//! Pianists and a model are compared on the notes of a score, which a folder laid out as (n)ASAP names.

use std::fs;

use tempfile::TempDir;
use tonenet_core::clip::{Clip, ClipNote};

use super::*;

/// Notes of the score: a broken chord in eighths.
const NOTES: usize = 80;
/// The velocity of every note of the score's file.
const FLAT: u8 = 64;

fn key(note: usize) -> u8 {
    [48, 64, 67, 72, 76, 60, 55][note % 7]
}

fn midi(notes: Vec<ClipNote>) -> Vec<u8> {
    Clip::new(256.0, (4, 4), notes).unwrap().to_midi(120.0)
}

/// A folder with one score and performances of it.
struct Asap {
    folder: TempDir,
    rows: Vec<String>,
}

impl Asap {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let eighth = |note: usize| ClipNote { onset: note as f64 / 2.0, length: 0.5, key: key(note), velocity: FLAT };
        fs::write(folder.path().join("score.mid"), midi((0..NOTES).map(eighth).collect())).unwrap();
        let columns = "composer,title,midi_score,midi_performance,robust_note_alignment,match_file";
        Self { folder, rows: vec![columns.into()] }
    }

    /// Adds a pianist who leaves out the note `missing`, strikes a wrong one after it and drags behind the beat.
    fn pianist(&mut self, name: &str, missing: usize, velocity: impl Fn(u8) -> u8) {
        let mut notes = Vec::new();
        let mut lines = vec!["info(matchFileVersion,1.0.0).".to_owned()];
        for note in 0..NOTES {
            let onset = note as f64 * 0.55;
            let key = key(note);
            let played = if note == missing {
                notes.push(ClipNote { onset: onset + 0.25, length: 0.2, key: key + 1, velocity: 127 });
                "deletion".into()
            } else {
                notes.push(ClipNote { onset, length: 0.5, key, velocity: velocity(key) });
                format!("note(n{note},{key},{},0,0,0,0)", (onset * 480.0).round())
            };
            let step = ["C", "C", "D", "D", "E", "F", "F", "G", "G", "A", "A", "B"][usize::from(key) % 12];
            let (octave, beats) = (key / 12 - 1, note as f64);
            lines.push(format!("snote(n{note},[{step},n],{octave},1:1,0,1/8,{beats},{},[])-{played}.", beats + 1.0));
        }
        let write = |ending: &str, bytes: &[u8]| fs::write(self.folder.path().join(format!("{name}{ending}")), bytes);
        write(".mid", &midi(notes)).unwrap();
        write(".match", lines.join("\n").as_bytes()).unwrap();
        self.rows.push(format!("Bach,Prelude,score.mid,{name}.mid,1.0,{name}.match"));
    }

    fn measure(&self) -> Measured {
        fs::write(self.folder.path().join(scores::LIST), self.rows.join("\n")).unwrap();
        let listed = scores::list(self.folder.path()).unwrap();
        assert_eq!(listed.len(), 1);
        measure(&louder_upwards, None, &listed[0]).unwrap()
    }
}

/// Plays high notes louder from a performance and where the beat is known, otherwise softer.
fn louder_upwards(view: &PerformanceView<'_>) -> Result<Vec<f32>> {
    let is_score = view.notes.iter().all(|note| note.velocity == FLAT);
    let sign = if is_score && view.grid != Grid::Sixteenths { -1.0 } else { 1.0 };
    Ok(view.notes.iter().map(|note| sign * f32::from(note.key)).collect())
}

fn assert_near(found: Option<f64>, wanted: f64) {
    assert!((found.unwrap() - wanted).abs() < 1e-6, "{found:?} instead of {wanted}");
}

#[test]
fn pianists_and_the_model_are_compared_note_by_note() {
    let mut asap = Asap::new();
    asap.pianist("up", 3, |key| key);
    asap.pianist("down", 17, |key| 120 - key);
    asap.pianist("up_too", 40, |key| key + 10);
    let Measured { pianists, left_out, figures, .. } = asap.measure();
    assert_eq!((pianists, left_out), (3, 0));
    let [two, one_to_others, with_beat, without, performed, range_with, range_without, range_performed] = figures;
    // Of three pairs two are opposites.
    assert_near(two, -1.0 / 3.0);
    // The others of both who play upwards cancel out; those of the third play the opposite.
    assert!(one_to_others.unwrap() < -0.3, "{one_to_others:?}");
    assert_near(with_beat, 1.0 / 3.0);
    assert_near(without, -1.0 / 3.0);
    assert_near(performed, 1.0 / 3.0);
    for range in [range_with, range_without, range_performed] {
        assert_near(range, 1.0);
    }
}

#[test]
fn two_pianists_have_no_others_to_compare_with() {
    let mut asap = Asap::new();
    asap.pianist("up", 3, |key| key);
    asap.pianist("up_too", 4, |key| key + 10);
    let figures = asap.measure().figures;
    assert_near(figures[0], 1.0);
    assert_eq!(figures[1], None);
}

#[test]
fn a_performance_of_other_notes_and_one_that_is_not_robustly_aligned_are_left_out() {
    let mut asap = Asap::new();
    asap.pianist("up", 3, |key| key);
    asap.pianist("unsure", 3, |key| key);
    asap.rows[2] = asap.rows[2].replace("1.0", "0.0");
    asap.pianist("other", 3, |key| key);
    let path = asap.folder.path().join("other.match");
    let octave_up = fs::read_to_string(&path).unwrap().replace("],", "],1");
    fs::write(path, octave_up).unwrap();
    let Measured { pianists, left_out, figures, .. } = asap.measure();
    assert_eq!((pianists, left_out), (1, 1));
    assert_eq!(figures[0], None);
    assert_near(figures[2], 1.0);
}

#[test]
fn each_piece_counts_once_however_many_scores_it_has() {
    let score = |piece: &str, pianists, r| Measured {
        piece: piece.into(),
        pianists,
        left_out: 0,
        is_trained: pianists < 3,
        figures: std::array::from_fn(|row| (row == 2).then_some(r)),
    };
    let measured = [score("a", 1, 0.2), score("a", 3, 0.4), score("b", 3, 0.9)];
    let r = |pieces: Vec<Figures>| pieces.into_iter().map(|figures| figures[2]).collect::<Vec<_>>();
    let all = r(by_piece(&measured, |_| true));
    assert_near(all[0], 0.3);
    assert_near(all[1], 0.9);
    assert_eq!(r(by_piece(&measured, |m| !m.is_trained)), [Some(0.4), Some(0.9)]);
}
