//! The program opens no network socket: the system would end it.

#![cfg(target_os = "linux")]

use tonenet_test_support::{Program, without_network, write_midi};

const STANDALONE: Program = Program::new(env!("CARGO_BIN_EXE_tonenet-standalone"));

#[test]
fn a_file_plays_and_ports_are_listed_without_a_network() {
    without_network("a_file_plays_and_ports_are_listed_without_a_network", || {
        let folder = tempfile::tempdir().expect("a folder");
        write_midi(&folder.path().join("song.mid"), &[60, 80]);
        let file = ["song.mid", "--no-window", "--ports", "none", "--look-ahead", "Live"];
        for arguments in [&file[..], &["--list-ports"]] {
            STANDALONE.succeeds(arguments, folder.path());
        }
    });
}
