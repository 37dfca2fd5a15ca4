//! `-` is standard input and output: nothing but the file is on standard output.

mod common;

use std::fs;

use common::{done, fed, midi, put, refused, text, tonenet};
use tonenet_core::midi::Song;

const OWN: [u8; 8] = [60, 70, 80, 90, 50, 40, 100, 64];

#[test]
fn standard_input_goes_to_standard_output_byte_for_byte_as_a_file_does() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(&folder.join("a.mid"), &OWN);
    done(&["restyle", "a.mid", "-o", "file.mid"], folder);
    let restyled = fs::read(folder.join("file.mid")).unwrap();
    for arguments in [&["restyle", "-"][..], &["restyle", "-", "-o", "-"]] {
        let run = fed(arguments, &midi(&OWN), folder);
        assert!(run.status.success(), "{}", text(&run));
        assert_eq!(run.stdout, restyled, "{arguments:?}");
        let told = String::from_utf8(run.stderr).unwrap();
        assert!(told.contains("standard output: 8 of 8 notes"), "{told}");
    }
    let run = fed(&["restyle", "-", "-o", "from-stdin.mid"], &midi(&OWN), folder);
    assert!(run.status.success() && text(&run).contains("from-stdin.mid"), "{}", text(&run));
    assert_eq!(fs::read(folder.join("from-stdin.mid")).unwrap(), restyled);
    assert_eq!(tonenet(&["restyle", "a.mid", "-o", "-"], folder).stdout, restyled);
}

#[test]
fn what_is_generated_can_go_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let run = tonenet(&["generate", "vaegan", "-o", "-"], folder.path());
    assert!(run.status.success(), "{}", text(&run));
    assert!(!Song::parse(run.stdout).unwrap().notes().is_empty());
}

#[test]
fn what_cannot_be_carried_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(&folder.join("a.mid"), &OWN);
    put(&folder.join("in/b.mid"), &OWN);
    for arguments in [&["-", "a.mid"][..], &["a.mid", "in/b.mid", "-o", "-"], &["in", "-o", "-"], &["-", "-"]] {
        refused(&[&["restyle"], arguments].concat(), "carry one file each", folder);
    }
    for bytes in [&b""[..], b"MThd and nothing", b"RIFF"] {
        let run = fed(&["restyle", "-"], bytes, folder);
        assert_eq!(run.status.code(), Some(1));
        assert!(run.stdout.is_empty() && text(&run).contains("cannot use standard input"), "{}", text(&run));
    }
}

#[test]
fn standard_input_is_inspected() {
    let folder = tempfile::tempdir().unwrap();
    let run = fed(&["inspect", "-"], &midi(&OWN), folder.path());
    assert!(text(&run).contains("standard input") && text(&run).contains("8 notes in 1 part"), "{}", text(&run));
}
