//! `-` is standard input and output: nothing but the file is on standard output.

use std::fs;

use tonenet_core::midi::Song;
use tonenet_test_support::{Program, midi_file, printed, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

const OWN: [u8; 8] = [60, 70, 80, 90, 50, 40, 100, 64];

#[test]
fn standard_input_goes_to_standard_output_byte_for_byte_as_a_file_does() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    TONENET.succeeds(&["restyle", "a.mid", "-o", "file.mid"], folder);
    let restyled = fs::read(folder.join("file.mid")).unwrap();
    for arguments in [&["restyle", "-"][..], &["restyle", "-", "-o", "-"]] {
        let run = TONENET.run_with_input(arguments, &midi_file(&OWN), folder);
        assert!(run.status.success(), "{}", printed(&run));
        assert_eq!(run.stdout, restyled, "{arguments:?}");
        let told = String::from_utf8(run.stderr).unwrap();
        assert!(told.contains("standard output: 8 of 8 notes"), "{told}");
    }
    let run = TONENET.run_with_input(&["restyle", "-", "-o", "from-stdin.mid"], &midi_file(&OWN), folder);
    assert!(run.status.success() && printed(&run).contains("from-stdin.mid"), "{}", printed(&run));
    assert_eq!(fs::read(folder.join("from-stdin.mid")).unwrap(), restyled);
    assert_eq!(TONENET.run(&["restyle", "a.mid", "-o", "-"], folder).stdout, restyled);
}

#[test]
fn what_is_generated_can_go_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let run = TONENET.run(&["generate", "vaegan", "-o", "-"], folder.path());
    assert!(run.status.success(), "{}", printed(&run));
    assert!(!Song::parse(run.stdout).unwrap().notes().is_empty());
}

#[test]
fn what_cannot_be_carried_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    write_midi(&folder.join("in/b.mid"), &OWN);
    for arguments in [&["-", "a.mid"][..], &["a.mid", "in/b.mid", "-o", "-"], &["in", "-o", "-"], &["-", "-"]] {
        TONENET.refuses(&[&["restyle"], arguments].concat(), "carry one file each", folder);
    }
    for bytes in [&b""[..], b"MThd and nothing", b"RIFF"] {
        let run = TONENET.run_with_input(&["restyle", "-"], bytes, folder);
        assert_eq!(run.status.code(), Some(1));
        assert!(run.stdout.is_empty() && printed(&run).contains("cannot use standard input"), "{}", printed(&run));
    }
}

#[test]
fn standard_input_is_inspected() {
    let folder = tempfile::tempdir().unwrap();
    let run = TONENET.run_with_input(&["inspect", "-"], &midi_file(&OWN), folder.path());
    assert!(
        printed(&run).contains("standard input") && printed(&run).contains("8 notes in 1 part"),
        "{}",
        printed(&run)
    );
}
