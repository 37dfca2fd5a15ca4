//! The demo does not overwrite the file that it plays; commands that refuse leave nothing behind.
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

/// A machine with a card would run the check instead; `PATH` is empty here, so its driver's program is not found.
#[test]
fn without_a_card_the_check_of_one_installs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    XTASK.refuses(&["gpu-check"], "there is no NVIDIA graphics card here", folder.path());
    XTASK.refuses(&["gpu-check"], "nothing was installed", folder.path());
}
