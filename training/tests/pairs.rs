//! `evaluate --pairs`: one bad pair does not prevent the scores of the others.

use std::fs;

use tonenet_test_support::{Program, printed, write_midi};

/// The program under test.
const TRAINING: Program = Program::new(env!("CARGO_BIN_EXE_tonenet-training"));

const ORIGINAL: [u8; 6] = [30, 50, 70, 90, 110, 64];
const PREDICTED: [u8; 6] = [35, 52, 66, 95, 100, 70];

#[test]
fn pairs_are_found_in_subfolders() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["a.mid", "sub/b.kar", "sub/deeper/c.mid"] {
        write_midi(&folder.join("mine").join(name), &PREDICTED);
        write_midi(&folder.join("originals").join(name), &ORIGINAL);
    }
    let said = TRAINING.succeeds(&["evaluate", "--pairs", "mine", "originals"], folder);
    for name in ["a.mid", "sub/b.kar", "sub/deeper/c.mid", "3 files: r"] {
        assert!(said.contains(name), "{name}: {said}");
    }
    let same = TRAINING.succeeds(&["evaluate", "--pairs", "originals", "originals/"], folder);
    assert!(same.contains("3 files: r 1.000"), "{same}");
}

#[test]
fn bad_pairs_are_reported_and_counted_and_the_others_scored() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("mine/a.mid"), &PREDICTED);
    write_midi(&folder.join("originals/a.mid"), &ORIGINAL);
    write_midi(&folder.join("mine/flat.mid"), &PREDICTED);
    write_midi(&folder.join("originals/flat.mid"), &[64; 6]);
    write_midi(&folder.join("mine/lonely.mid"), &PREDICTED);
    write_midi(&folder.join("originals/unpredicted.mid"), &ORIGINAL);
    write_midi(&folder.join("mine/other.mid"), &PREDICTED);
    write_midi(&folder.join("originals/other.mid"), &ORIGINAL[1..]);
    write_midi(&folder.join("originals/z.mid"), &ORIGINAL);
    fs::write(folder.join("mine/z.mid"), b"no midi").unwrap();
    let run = TRAINING.run(&["evaluate", "--pairs", "mine", "originals"], folder);
    let said = printed(&run);
    assert_eq!(run.status.code(), Some(1), "{said}");
    let line =
        |name: &str| said.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}: {said}"));
    assert!(line("lonely.mid").contains("cannot read"), "{said}");
    assert!(line("other.mid").contains("one has 6 notes, the other 5"), "{said}");
    assert!(line("z.mid").contains("not a Standard MIDI File"), "{said}");
    assert!(line("flat.mid").contains("do not vary"), "{said}");
    assert!(line("1 files").contains("r 0.9"), "{said}");
    assert!(said.contains("originals without a prediction: 1"), "{said}");
    assert!(said.contains("3 of 5 pairs could not be scored"), "{said}");
}

#[test]
fn it_is_an_error_if_nothing_can_be_scored() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("empty")).unwrap();
    write_midi(&folder.join("flat/a.mid"), &[64; 6]);
    for (pair, what) in [(["empty", "flat"], "no MIDI file"), (["flat", "flat"], "no file"), (["flat", "no"], "no")] {
        let run = TRAINING.run(&["evaluate", "--pairs", pair[0], pair[1]], folder);
        assert_eq!(run.status.code(), Some(1));
        assert!(printed(&run).contains(what), "{pair:?}: {}", printed(&run));
    }
}
