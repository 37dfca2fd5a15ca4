//! `cargo xtask restyle` on files of several parts, as a user runs it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tonenet_core::midi::Song;

fn xtask(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).current_dir(folder).output().expect("xtask runs")
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A track of one note a beat: its name, channel, program, and a key of each of 40 beats.
fn track(name: &str, channel: u8, program: Option<u8>, key: impl Fn(u32) -> u32) -> Vec<u8> {
    let mut events = vec![0, 0xFF, 3, name.len() as u8];
    events.extend(name.as_bytes());
    if let Some(program) = program {
        events.extend([0, 0xC0 | channel, program]);
    }
    for beat in 0..40 {
        let (key, velocity) = (key(beat) as u8, own()[beat as usize]);
        events.extend([0, 0x90 | channel, key, velocity, 90, 0x80 | channel, key, 0, 6, 0xB0, 1, 0]);
    }
    events.extend([0, 0xFF, 0x2F, 0]);
    events
}

fn file(tracks: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"MThd\0\0\0\x06\0\x01\0".to_vec();
    bytes.extend([tracks.len() as u8, 0, 96]);
    for track in tracks {
        bytes.extend(b"MTrk");
        bytes.extend((track.len() as u32).to_be_bytes());
        bytes.extend(track);
    }
    bytes
}

fn melody() -> Vec<u8> {
    track("MELODY", 0, Some(0), |beat| 67 + beat * 5 % 12)
}

fn piano() -> Vec<u8> {
    track("PIANO", 2, Some(0), |beat| 48 + beat * 7 % 29)
}

fn strings() -> Vec<u8> {
    track("Strings", 3, Some(48), |beat| 55 + beat % 12)
}

fn drums() -> Vec<u8> {
    track("Drums", 9, None, |beat| 36 + beat % 5)
}

/// The velocities of each of the tracks after restyling, and what was said.
fn restyled(tracks: &[Vec<u8>], more: &[&str]) -> (Vec<Vec<u8>>, String) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.mid"), file(tracks)).unwrap();
    let run = xtask(&[&["restyle", "in.mid", "-o", "out.mid"], more].concat(), folder.path());
    assert!(run.status.success(), "{}", text(&run));
    let song = Song::parse(fs::read(folder.path().join("out.mid")).unwrap()).unwrap();
    let of_track = |track| song.notes_of_track(track).map(|n| n.note.velocity).collect();
    ((0..tracks.len()).map(of_track).collect(), text(&run))
}

fn own() -> Vec<u8> {
    (0..40).map(|beat| 50 + beat % 7 * 5).collect()
}

#[test]
fn each_part_comes_out_as_it_does_by_itself() {
    let alone = |track: Vec<u8>| restyled(&[track], &[]).0.remove(0);
    let (velocities, told) = restyled(&[melody(), piano(), strings(), drums()], &[]);
    assert_eq!(velocities, [alone(melody()), alone(piano()), own(), own()]);
    assert_ne!(velocities[1], own());
    let told: Vec<&str> = told.lines().filter(|line| line.starts_with("  ")).collect();
    assert_eq!(told.len(), 4, "a line for each: {told:?}");
    assert!(told[1].contains("\"PIANO\" (track 2, channel 3; keyboard): 40 of 40 notes restyled"), "{told:?}");
    assert!(told[2].contains("strings") || told[2].contains("ensemble"), "{told:?}");
    assert!(told[3].contains("drums): left alone; --all or --tracks 4"), "{told:?}");
}

#[test]
fn two_hands_come_out_as_one_track_of_both_does() {
    let key = |beat: u32| 72 + beat * 5 % 9;
    let left = |beat: u32| 41 + beat * 7 % 9;
    let apart = |names: [&str; 2]| {
        let (velocities, told) = restyled(&[track(names[0], 0, None, key), track(names[1], 1, None, left)], &[]);
        assert!(told.contains("one part"), "{told}");
        velocities
    };
    let by_name = apart(["rechte Hand", "linke Hand"]);
    assert_eq!(by_name, apart(["", ""]), "by their registers");
    let by_itself = |hand: Vec<u8>| restyled(&[hand], &[]).0.remove(0);
    assert_ne!(by_name[0], by_itself(track("", 0, None, key)), "each hand hears the other");
}

#[test]
fn what_is_asked_for_is_restyled_whatever_plays_it() {
    let ensemble = || [melody(), piano(), strings(), drums()];
    let changed = |more: &[&str]| {
        let (velocities, _) = restyled(&ensemble(), more);
        velocities.iter().map(|v| *v != own()).collect::<Vec<_>>()
    };
    assert_eq!(changed(&["--all"]), [true; 4]);
    assert_eq!(changed(&["--tracks", "3"]), [false, false, true, false]);
    assert_eq!(changed(&["--tracks", "strings, 1"]), [true, false, true, false]);
    assert_eq!(changed(&["--tracks", "ch10"]), [false, false, false, true]);
    let only_piano = restyled(&ensemble(), &["--tracks", "PIANO"]).0;
    assert_eq!(only_piano[1], restyled(&ensemble(), &[]).0[1], "the same as without asking");

    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.mid"), file(&ensemble())).unwrap();
    for (more, said) in [
        (&["--tracks", "5"][..], "no track or channel \"5\""),
        (&["--tracks", "flute"], "\"MELODY\" (track 1"),
        (&["--tracks", "1", "--all"], "cannot be used with"),
    ] {
        let run = xtask(&[&["restyle", "in.mid", "-o", "out.mid"], more].concat(), folder.path());
        assert!(!run.status.success() && text(&run).contains(said), "{more:?}: {}", text(&run));
        assert!(!folder.path().join("out.mid").exists(), "{more:?}");
    }
}

#[test]
fn a_file_without_a_keyboard_comes_back_as_it_was_and_says_how_to_restyle_it() {
    let guitar = || track("Guitar", 0, Some(24), |beat| 52 + beat * 5 % 12);
    let (velocities, told) = restyled(&[guitar()], &[]);
    assert_eq!(velocities, [own()]);
    assert!(told.contains("0 of 0 notes") && told.contains("guitar, program 25): left alone; --all"), "{told}");
    assert_ne!(restyled(&[guitar()], &["--all"]).0, [own()]);
}

#[test]
fn amount_0_gives_files_of_several_parts_back_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = file(&[melody(), piano(), strings(), drums()]);
    fs::write(folder.path().join("in.mid"), &bytes).unwrap();
    let run = xtask(&["restyle", "in.mid", "-o", "out.mid", "--amount", "0", "--all"], folder.path());
    assert!(run.status.success(), "{}", text(&run));
    assert!(fs::read(folder.path().join("out.mid")).unwrap() == bytes);
}
