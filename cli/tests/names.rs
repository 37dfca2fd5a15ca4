//! Files and folders may have names in any script, with spaces and signs.

use std::fs;

use tonenet_test_support::{Program, midi_file, printed, printed_json, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

const FOLDER: &str = "Übungen – 練習 №1";
const PIECE: &str = "Чайка ‘live’ ♪.mid";

/// A performance that varies enough to learn from.
fn performance(seed: u8) -> Vec<u8> {
    let velocity = |note: u32| 40 + ((note * 37 + u32::from(seed) * 11) % 60) as u8;
    midi_file(&(0..600).map(velocity).collect::<Vec<_>>())
}

#[test]
fn a_file_with_any_name_is_restyled_beside_itself_and_into_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join(FOLDER).join(PIECE), &[60, 70, 80, 90]);
    TONENET.succeeds(&["restyle", FOLDER], folder);
    let result = folder.join(FOLDER).join("Чайка ‘live’ ♪-jazz.mid");
    assert!(result.is_file());
    let elsewhere = TONENET.run(&["restyle", FOLDER, "-o", "résultats/日本", "--json"], folder);
    let report = printed_json(&elsewhere);
    let output = report["files"][0]["output"].as_str().unwrap();
    assert!(output.starts_with("résultats/日本") && output.contains("Чайка"), "{report}");
    assert_eq!(fs::read(folder.join(output)).unwrap(), fs::read(&result).unwrap());
    let told = TONENET.succeeds(&["inspect", &format!("{FOLDER}/{PIECE}")], folder);
    assert!(told.contains(PIECE), "{told}");
}

#[test]
fn a_style_with_any_name_is_learned_and_played() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join(FOLDER)).unwrap();
    for seed in 0..3 {
        fs::write(folder.join(FOLDER).join(format!("прогон {seed}.mid")), performance(seed)).unwrap();
    }
    let style = "Späte Nacht 夜.tonestyle";
    TONENET.succeeds(&["learn", FOLDER, "-o", style], folder);
    let piece = format!("{FOLDER}/прогон 0.mid");
    let run = TONENET.run(&["restyle", &piece, "--style", style], folder);
    assert!(run.status.success(), "{}", printed(&run));
    assert!(folder.join(FOLDER).join("прогон 0-späte-nacht-夜.mid").is_file(), "{}", printed(&run));
}
