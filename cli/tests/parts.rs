//! `tonenet restyle` on files of several parts, as a user runs it.

use std::fs;

use tonenet_core::midi::Song;
use tonenet_test_support::{Program, midi_from_tracks, printed};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

/// A track of one note a beat, without its end: its name, channel, program, and a key of each of 40 beats.
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
    events
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
    fs::write(folder.path().join("in.mid"), midi_from_tracks(96, tracks)).unwrap();
    let run = TONENET.run(&[&["restyle", "in.mid", "-o", "out.mid"], more].concat(), folder.path());
    assert!(run.status.success(), "{}", printed(&run));
    let song = Song::parse(fs::read(folder.path().join("out.mid")).unwrap()).unwrap();
    let of_track = |track| song.notes_of_track(track).map(|n| n.note.velocity).collect();
    ((0..tracks.len()).map(of_track).collect(), printed(&run))
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
    fs::write(folder.path().join("in.mid"), midi_from_tracks(96, &ensemble())).unwrap();
    for (more, said) in [
        (&["--tracks", "5"][..], "no track or channel \"5\""),
        (&["--tracks", "flute"], "\"MELODY\" (track 1"),
        (&["--tracks", "1", "--all"], "cannot be used with"),
    ] {
        let run = TONENET.run(&[&["restyle", "in.mid", "-o", "out.mid"], more].concat(), folder.path());
        assert!(!run.status.success() && printed(&run).contains(said), "{more:?}: {}", printed(&run));
        assert!(!folder.path().join("out.mid").exists(), "{more:?}");
    }
}

/// Which tracks have other velocities then, and what was said; or what was said where it was refused.
fn changed(tracks: &[Vec<u8>], more: &[&str]) -> Result<(Vec<bool>, String), String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("in.mid"), midi_from_tracks(96, tracks)).unwrap();
    let run = TONENET.run(&[&["restyle", "in.mid", "-o", "out.mid"], more].concat(), folder.path());
    if !run.status.success() {
        assert!(!folder.path().join("out.mid").exists(), "{more:?}");
        return Err(printed(&run));
    }
    let song = Song::parse(fs::read(folder.path().join("out.mid")).unwrap()).unwrap();
    let of_track = |track| song.notes_of_track(track).map(|n| n.note.velocity).collect::<Vec<u8>>() != own();
    Ok(((0..tracks.len()).map(of_track).collect(), printed(&run)))
}

#[test]
fn an_empty_word_is_refused_and_does_not_mean_tracks_without_a_name() {
    let tracks = [track("Lead", 0, Some(0), |beat| 67 + beat * 5 % 12), track("", 1, Some(48), |beat| 50 + beat % 9)];
    for words in ["", " ", ",", "Lead,", ",Lead", "1,,2"] {
        let told = changed(&tracks, &["--tracks", words]).unwrap_err();
        assert!(told.contains("empty word"), "{words:?}: {told}");
    }
    assert_eq!(changed(&tracks, &["--tracks", "Lead"]).unwrap().0, [true, false]);
}

#[test]
fn names_are_taken_as_they_are_reported() {
    let strings = |name: &str, channel| track(name, channel, Some(48), |beat| 55 + beat * 5 % 12);
    let tracks = [strings("Geige, zweite", 0), strings("Geige", 1), strings("zweite", 2), strings("Celli,", 3)];
    for (words, expected) in [
        ("Geige, zweite", [true, false, false, false]),
        ("geige, ZWEITE,Geige", [true, true, false, false]),
        ("zweite,Geige", [false, true, true, false]),
        ("Celli,", [false, false, false, true]),
        ("Celli,,Geige, zweite,2", [true, true, false, true]),
    ] {
        assert_eq!(changed(&tracks, &["--tracks", words]).unwrap().0, expected, "{words}");
    }
    let hands = [
        track("Piano RH", 0, None, |beat| 72 + beat * 5 % 9),
        track("Piano LH", 1, None, |beat| 41 + beat * 7 % 9),
        strings("Geige", 2),
    ];
    let (by_name, told) = changed(&hands, &["--tracks", "Piano RH + Piano LH"]).unwrap();
    assert!(told.contains("\"Piano RH + Piano LH\" (tracks 1, 2"), "{told}");
    assert_eq!(by_name, [true, true, false]);
    assert_eq!(changed(&hands, &["--tracks", "Piano RH"]).unwrap().0, [true, false, false], "one hand alone");
}

#[test]
fn what_a_part_left_alone_is_told_to_be_asked_with_asks_for_it_alone() {
    let drums_on_two_tracks = [[melody(), drums()].concat(), [piano(), drums()].concat()];
    let changing = track("", 3, Some(0), |beat| 55 + beat % 12);
    let then_strings = [changing, track("", 3, Some(48), |beat| 55 + beat % 12)].concat();
    for (tracks, hints) in [
        (vec![[melody(), drums()].concat()], vec![Some("ch10")]),
        (vec![melody(), strings(), drums()], vec![Some("2"), Some("3")]),
        (drums_on_two_tracks.to_vec(), vec![Some("1/ch10"), Some("2/ch10")]),
        // Its name is another's number.
        (vec![track("2", 0, Some(0), |beat| 60 + beat % 9), strings()], vec![Some("ch4")]),
        // Nothing tells notes of one channel in one track apart.
        (vec![then_strings], vec![None]),
    ] {
        let told = changed(&tracks, &[]).unwrap().1;
        let lines: Vec<&str> = told.lines().filter(|line| line.contains("left alone")).collect();
        assert_eq!(lines.len(), hints.len(), "{told}");
        for (line, hint) in lines.into_iter().zip(hints) {
            let Some(hint) = hint else {
                assert!(line.ends_with("left alone; --all restyles it"), "{line}");
                continue;
            };
            assert!(line.ends_with(&format!("--all or --tracks {hint} restyles it")), "{hint}: {line}");
            let told = changed(&tracks, &["--tracks", hint]).unwrap().1;
            let part = line.split(": left alone").next().unwrap();
            for line in told.lines().filter(|line| line.starts_with("  ")) {
                let expected = if line.starts_with(part) { "40 of 40 notes restyled" } else { "left alone" };
                assert!(line.contains(expected), "{hint}: {line}");
            }
        }
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
    let bytes = midi_from_tracks(96, &[melody(), piano(), strings(), drums()]);
    fs::write(folder.path().join("in.mid"), &bytes).unwrap();
    let run = TONENET.run(&["restyle", "in.mid", "-o", "out.mid", "--amount", "0", "--all"], folder.path());
    assert!(run.status.success(), "{}", printed(&run));
    assert!(fs::read(folder.path().join("out.mid")).unwrap() == bytes);
}
