//! `--json` prints one report and nothing else on standard output; other programs rely on its keys.

use std::fs;

use tonenet_test_support::{Program, keys, midi_file, printed, printed_json, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

const OWN: [u8; 8] = [60, 70, 80, 90, 50, 40, 100, 64];
const RESTYLE: [&str; 10] =
    ["command", "errors", "files", "format", "left_out", "model", "runtime", "settings", "styles", "version"];
const FILE: [&str; 9] = ["changed", "errors", "input", "moved", "notes", "output", "parts", "restyled", "warnings"];
const PART: [&str; 11] = [
    "changed",
    "channels",
    "entry",
    "instrument",
    "label",
    "left_alone",
    "name",
    "notes",
    "programs",
    "restyled",
    "tracks",
];

#[test]
fn a_restyling_is_reported_by_file_and_part() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    let run = TONENET.run(&["restyle", "a.mid", "--style", "pop", "--take", "4", "--json"], folder);
    assert!(run.status.success() && run.stderr.is_empty(), "{}", printed(&run));
    let report = printed_json(&run);
    assert_eq!(keys(&report), RESTYLE);
    assert_eq!((&report["format"], &report["command"]), (&1.into(), &"restyle".into()));
    assert_eq!(report["model"]["title"], "Note model");
    assert_eq!(keys(&report["runtime"]), ["library", "name", "notes", "provider", "reason"]);
    assert_eq!((&report["settings"]["style"], &report["settings"]["take"]), (&"pop".into(), &4.into()));
    assert_eq!(report["errors"], serde_json::json!([]));
    let file = &report["files"][0];
    assert_eq!(keys(file), FILE);
    assert_eq!((&file["input"], &file["output"]), (&"a.mid".into(), &"a-pop.mid".into()));
    assert_eq!((&file["notes"], &file["restyled"]), (&8.into(), &8.into()));
    let part = &file["parts"][0];
    assert_eq!(keys(part), PART);
    assert_eq!(part["tracks"], serde_json::json!([1]));
    assert_eq!((&part["instrument"], &part["left_alone"]), (&"keyboard".into(), &serde_json::Value::Null));
    assert_eq!(part["changed"], file["changed"]);
    assert_eq!(part["entry"], serde_json::Value::Null, "of 8 notes nothing can be told");
}

#[test]
fn parts_that_are_left_alone_say_why() {
    let folder = tempfile::tempdir().unwrap();
    // Channel 10 instead of 1.
    let drums: Vec<u8> = midi_file(&OWN).into_iter().map(|b| if b == 0x90 || b == 0x80 { b | 9 } else { b }).collect();
    fs::write(folder.path().join("a.mid"), drums).unwrap();
    let run = TONENET.run(&["restyle", "a.mid", "--json"], folder.path());
    let left_alone = &printed_json(&run)["files"][0]["parts"][0]["left_alone"];
    assert_eq!(*left_alone, serde_json::json!({ "reason": "no_keyboard", "tracks": "1" }));
}

#[test]
fn failures_are_part_of_the_report() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("in/good.mid"), &OWN);
    fs::write(folder.join("in/bad.mid"), b"MThd and nothing").unwrap();
    let run = TONENET.run(&["restyle", "in", "-o", "out", "--json"], folder);
    assert_eq!(run.status.code(), Some(1));
    let both = printed_json(&run);
    assert_eq!(both["files"][0]["output"], serde_json::Value::Null);
    assert!(both["files"][0]["errors"][0].as_str().unwrap().contains("in/bad.mid"), "{both}");
    assert_eq!(both["files"][1]["errors"], serde_json::json!([]));
    assert!(both["errors"][0].as_str().unwrap().contains("1 of 2 files"), "{both}");

    let nothing = printed_json(&TONENET.run(&["restyle", "nothere", "--model", "nobody", "--json"], folder));
    assert_eq!(keys(&nothing), RESTYLE);
    assert!(nothing["errors"][0].as_str().unwrap().contains("there is no model \"nobody\""), "{nothing}");
}

#[test]
fn standard_output_carries_a_report_or_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    for arguments in [&["restyle", "-"][..], &["restyle", "a.mid", "-o", "-"], &["generate", "vaegan", "-o", "-"]] {
        let run = TONENET.run_with_input(&[arguments, &["--json"]].concat(), &midi_file(&OWN), folder);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {}", printed(&run));
        assert!(run.stdout.is_empty() && printed(&run).contains("--json needs standard output"), "{}", printed(&run));
    }
}

#[test]
fn results_that_are_left_out_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    TONENET.run(&["restyle", "a.mid"], folder);
    let report = printed_json(&TONENET.run(&["restyle", ".", "--style", "pop", "--json"], folder));
    assert_eq!(report["left_out"], serde_json::json!([{ "file": "./a-jazz.mid", "original": "./a.mid" }]));
}

#[test]
fn what_is_generated_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let command = ["generate", "seqgan", "--bars", "2", "--key", "Em", "--metre", "3/4", "--seed", "9", "--json"];
    let tune = printed_json(&TONENET.run(&command, folder.path()));
    let all = [
        "beats", "command", "errors", "format", "model", "notes", "output", "runtime", "seed", "style", "tempo",
        "tune", "version",
    ];
    assert_eq!(keys(&tune), all);
    assert_eq!((&tune["output"], &tune["seed"]), (&"seqgan-seed9.mid".into(), &9.into()));
    assert_eq!((&tune["tune"]["metre"], &tune["tune"]["bars"]), (&"3/4".into(), &2.into()));
    let texture = printed_json(&TONENET.run(&["generate", "vaegan", "--json"], folder.path()));
    assert_eq!(keys(&texture), all);
    assert_eq!((&texture["tune"], &texture["beats"]), (&serde_json::Value::Null, &22.0.into()));
}

#[test]
fn what_is_inspected_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    fs::write(folder.join("bad.mid"), b"nothing").unwrap();
    let run = TONENET.run(&["inspect", "a.mid", "bad.mid", "--json"], folder);
    assert_eq!(run.status.code(), Some(1));
    let report = printed_json(&run);
    assert_eq!(keys(&report), ["command", "errors", "files", "format", "version"]);
    let file = &report["files"][0];
    assert_eq!(keys(file), ["errors", "input", "metre", "notes", "parts", "seconds", "tempo", "warnings"]);
    assert_eq!(file["tempo"], serde_json::json!([{ "seconds": 0.0, "beats_per_minute": 120.0 }]));
    assert_eq!(file["metre"], serde_json::json!([{ "seconds": 0.0, "upper": 4, "lower": 4 }]));
    let part = &file["parts"][0];
    assert_eq!((&part["restyled"], &part["keys"]), (&8.into(), &serde_json::json!([60, 67])));
    let velocities = &part["velocities"];
    assert_eq!(keys(velocities), ["highest", "histogram", "lowest", "mean", "over_time", "spread"]);
    assert_eq!((&velocities["lowest"], &velocities["highest"]), (&40.into(), &100.into()));
    let counted: u64 = velocities["histogram"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(counted, 8);
    assert_eq!(keys(&report["files"][1]), ["errors", "input"]);
}

#[test]
fn an_entered_part_is_reported_with_the_evidence() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("entered.mid"), &[64; 40]);
    let restyled = printed_json(&TONENET.run(&["restyle", "entered.mid", "--json"], folder));
    let inspected = printed_json(&TONENET.run(&["inspect", "entered.mid", "--json"], folder));
    let entry = serde_json::json!({
        "is_entered": true, "on_grid": 1.0, "in_tempo": 1.0, "repeated_lengths": 1.0, "repeated_velocities": 1.0
    });
    for report in [restyled, inspected] {
        assert_eq!(report["files"][0]["parts"][0]["entry"], entry, "{report}");
    }
}
