//! The demo does not overwrite the file that it plays, and leaves nothing behind when it refuses.
#![cfg(unix)]

use std::fs;

use tonenet_test_support::{Program, write_midi};

/// The program under test.
const XTASK: Program = Program::new(env!("CARGO_BIN_EXE_xtask"));

const OWN: [u8; 8] = [60, 70, 80, 90, 50, 40, 100, 64];

#[test]
fn a_refused_command_makes_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("bad.mid"), b"MThd and nothing").unwrap();
    XTASK.refuses(&["demo", "--input", "bad.mid", "--output", "new"], "bad.mid", folder);
}

#[test]
fn a_demo_of_a_file_does_not_take_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    fs::create_dir(folder.join("out")).unwrap();
    fs::hard_link(folder.join("a.mid"), folder.join("out/a-jazz.mid")).unwrap();
    XTASK.refuses(&["demo", "--input", "a.mid", "--output", "out"], "would be overwritten", folder);
}
