//! `tonenet learn` as a user runs it.

use std::fs;
use std::path::Path;

use tonenet_inference::user_style::UserStyle;
use tonenet_test_support::{Program, files, keys, midi_from_tracks, printed, printed_json, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

const REPORT: [&str; 8] = ["command", "errors", "files", "format", "left_out", "runtime", "style", "version"];
const STYLE: [&str; 9] = ["description", "id", "is_reliable", "name", "nearest", "nearest_r", "notes", "output", "r"];

/// A MIDI file of eighths in two voices, from a seed. The bass is loud, the other voice soft, unless all is `flat`.
fn play(seed: u32, flat: bool) -> Vec<u8> {
    let mut state = seed + 1;
    let mut random = |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) % below) as u8
    };
    let mut track = Vec::new();
    for _ in 0..200 {
        let keys = [36 + random(12), 64 + random(12)];
        for (key, loudness) in keys.into_iter().zip([95, 50]) {
            let velocity = if flat { 64 } else { loudness + random(12) };
            track.extend([0, 0x90, key, velocity]);
        }
        // The first note-off comes after an eighth of 48 ticks.
        track.extend([48, 0x80, keys[0], 0, 0, 0x80, keys[1], 0]);
    }
    midi_from_tracks(96, &[track])
}

fn write_takes(folder: &Path) {
    fs::create_dir_all(folder.join("takes/more")).unwrap();
    for (seed, name) in ["one.mid", "two.mid", "more/three.mid", "more/four.mid"].into_iter().enumerate() {
        fs::write(folder.join("takes").join(name), play(seed as u32, false)).unwrap();
    }
}

#[test]
fn a_folder_becomes_a_style_whose_report_tells_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_takes(folder);
    fs::write(folder.join("takes/flat.mid"), play(9, true)).unwrap();
    fs::write(folder.join("takes/broken.mid"), b"MThd and nothing").unwrap();
    write_midi(&folder.join("takes/short.mid"), &[60, 70]);
    let run = TONENET.run(&["learn", "takes", "-o", "Loud bass.tonestyle", "--json"], folder);
    assert!(run.status.success(), "{}", printed(&run));
    let report = printed_json(&run);
    assert_eq!(keys(&report), REPORT);
    assert_eq!((&report["command"], &report["errors"]), (&"learn".into(), &serde_json::json!([])));
    let used: Vec<&str> = report["files"].as_array().unwrap().iter().map(|f| f["file"].as_str().unwrap()).collect();
    assert_eq!(used, ["takes/more/four.mid", "takes/more/three.mid", "takes/one.mid", "takes/two.mid"]);
    let left_out = report["left_out"].to_string();
    for reason in ["takes/broken.mid", "its velocities hardly vary", "it has 2 piano notes, under 50"] {
        assert!(left_out.contains(reason), "{left_out}");
    }
    let style = &report["style"];
    assert_eq!(keys(style), STYLE);
    assert_eq!((&style["name"], &style["notes"]), (&"Loud bass".into(), &1600.into()));
    assert_eq!(style["is_reliable"], true);
    let written = fs::read(folder.join("Loud bass.tonestyle")).unwrap();
    let written = UserStyle::from_bytes(&written, "Loud bass.tonestyle").unwrap();
    assert_eq!(style["id"], written.id().to_string());
}

#[test]
fn people_are_told_files_figures_and_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    write_takes(folder.path());
    fs::write(folder.path().join("flat.mid"), play(9, true)).unwrap();
    let told = TONENET.succeeds(&["learn", "takes", "flat.mid", "-o", "mine.tonestyle"], folder.path());
    for line in [
        "takes/one.mid: 400 notes\n",
        "flat.mid: left out, as its velocities hardly vary",
        "mine: learned from 1600 notes; on files left out r 0.9",
        "louder bass (+",
        "\nmine.tonestyle\n",
    ] {
        assert!(told.contains(line), "{line:?} is missing from {told}");
    }
}

#[test]
fn nothing_is_written_where_nothing_can_be_learned_or_something_would_be_lost() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_takes(folder);
    fs::write(folder.join("flat.mid"), play(9, true)).unwrap();
    fs::write(folder.join("there.tonestyle"), "kept").unwrap();
    fs::create_dir(folder.join("empty")).unwrap();
    let refuse = |arguments: &[&str], what: &str| TONENET.refuses(&[&["learn"], arguments].concat(), what, folder);
    refuse(&["flat.mid", "-o", "a.tonestyle"], "the velocities hardly vary");
    refuse(&["takes/one.mid", "-o", "a.tonestyle"], "there are 400 notes to learn from, and at least 1000 are needed");
    refuse(&["takes", "-o", "there.tonestyle"], "there.tonestyle is there already");
    refuse(&["takes", "-o", "mine.mid"], "a style's file ends in .tonestyle");
    refuse(&["empty", "-o", "a.tonestyle"], "there is no MIDI file");
    let before = files(folder);
    TONENET.succeeds(&["learn", "takes", "-o", "there.tonestyle", "--force"], folder);
    assert_eq!(files(folder), before);
    assert_ne!(fs::read(folder.join("there.tonestyle")).unwrap(), b"kept");
}
