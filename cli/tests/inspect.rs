//! `tonenet inspect` shows what is in a file, and what restyling would do with the same options.

use std::fs;
use std::path::Path;

use tonenet_test_support::{Program, midi_file, printed, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

const OWN: [u8; 8] = [60, 70, 80, 90, 50, 40, 100, 64];

fn plots(told: &str) -> Vec<&str> {
    told.lines().filter(|line| line.contains('|')).collect()
}

#[test]
fn a_piece_is_described() {
    let folder = tempfile::tempdir().unwrap();
    let piece = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/demo/bach-prelude-bwv-846.mid");
    let told = TONENET.succeeds(&["inspect", piece.to_str().unwrap()], folder.path());
    for what in [
        "549 notes in 1 part, 2:07, 66 BPM, 4/4",
        "right and left hand by name",
        "549 notes from C2 to A5; restyle takes 549 of them",
        "entered, not played: 100 % of onsets on the grid, 100 % in tempo",
        "velocities 80 to 80, mean 80, spread 0",
    ] {
        assert!(told.contains(what), "{what}: {told}");
    }
}

#[test]
fn plots_are_blocks_in_utf_8_and_ascii_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    write_midi(&folder.path().join("a.mid"), &OWN);
    let told = |locale: [(&str, &str); 2]| {
        let mut command = TONENET.command(folder.path());
        command.args(["inspect", "a.mid"]).env_remove("LC_ALL").env_remove("LC_CTYPE").env_remove("LANG");
        let run = command.envs(locale).output().unwrap();
        assert!(run.status.success(), "{}", printed(&run));
        printed(&run)
    };
    let blocks = told([("LANG", "C.UTF-8"), ("LC_ALL", "")]);
    assert_eq!(plots(&blocks).len(), 2, "{blocks}");
    assert!(plots(&blocks).iter().all(|plot| plot.contains('█') || plot.contains('▇')), "{blocks}");
    for locale in [[("LANG", "C.UTF-8"), ("LC_ALL", "C")], [("LANG", ""), ("LC_ALL", "")]] {
        let ascii = told(locale);
        assert_eq!(plots(&ascii).len(), 2, "{ascii}");
        assert!(ascii.is_ascii() && plots(&ascii).iter().all(|plot| plot.contains('#')), "{ascii}");
    }
}

#[test]
fn what_is_piped_has_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    write_midi(&folder.path().join("a.mid"), &OWN);
    let told = TONENET.succeeds(&["inspect", "a.mid"], folder.path());
    assert!(!told.contains('\x1b'), "{told:?}");
}

#[test]
fn it_tells_what_restyle_would_take() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let drums: Vec<u8> = midi_file(&OWN).into_iter().map(|b| if b == 0x90 || b == 0x80 { b | 9 } else { b }).collect();
    fs::write(folder.join("drums.mid"), drums).unwrap();
    let told = TONENET.succeeds(&["inspect", "drums.mid"], folder);
    assert!(told.contains("drums)") && told.contains("left alone; --all or --tracks 1 restyles it"), "{told}");
    for more in [&["--all"][..], &["--tracks", "ch10"]] {
        let told = TONENET.succeeds(&[&["inspect", "drums.mid"], more].concat(), folder);
        assert!(told.contains("restyle takes 8 of them"), "{told}");
    }
    TONENET.refuses(&["inspect", "drums.mid", "--tracks", "flute"], "no track or channel \"flute\"", folder);
}

#[test]
fn a_broken_file_does_not_cost_the_others_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("in/deep/a.kar"), &OWN);
    fs::write(folder.join("in/bad.mid"), b"MThd and nothing").unwrap();
    let run = TONENET.run(&["inspect", "in"], folder);
    let told = printed(&run);
    assert_eq!(run.status.code(), Some(1));
    assert!(told.contains("in/deep/a.kar") && told.contains("error: in/bad.mid"), "{told}");
    assert!(told.contains("1 of 2 files could not be inspected"), "{told}");
    fs::create_dir(folder.join("empty")).unwrap();
    TONENET.refuses(&["inspect", "empty"], "there is no MIDI file", folder);
    TONENET.refuses(&["inspect", "nothere.mid"], "nothere.mid", folder);
}

#[test]
fn warnings_are_shown() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = midi_file(&OWN);
    bytes.extend(b"more");
    fs::write(folder.path().join("a.mid"), bytes).unwrap();
    let told = TONENET.succeeds(&["inspect", "a.mid"], folder.path());
    assert!(told.contains("warning: the bytes behind its last track were ignored"), "{told}");
}
