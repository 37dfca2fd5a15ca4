//! No command of `tonenet` opens a network socket: the system would end the program.

#![cfg(target_os = "linux")]

use tonenet_test_support::{Program, without_network, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

#[test]
fn every_command_works_without_a_network() {
    without_network("every_command_works_without_a_network", || {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let velocities: Vec<u8> = (0..1200).map(|i| 40 + (i * 7 % 60) as u8).collect();
        write_midi(&folder.join("a.mid"), &velocities);
        for arguments in [
            &["doctor"][..],
            &["inspect", "a.mid"],
            &["learn", "a.mid", "-o", "mine.tonestyle"],
            &["restyle", "a.mid", "--style", "mine.tonestyle"],
            &["generate", "seqgan", "-o", "tune.mid"],
            &["generate", "vaegan", "-o", "texture.mid"],
            &["completions", "bash"],
            &["man"],
        ] {
            TONENET.succeeds(arguments, folder);
        }
    });
}
