//! What tests of the program share: running it as a user does, and MIDI files of their own.
#![allow(dead_code, reason = "each test file uses a part")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program in a folder, with no other program in reach and no settings of the user's.
pub fn alone(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tonenet"));
    command.current_dir(folder).stdin(Stdio::null());
    command.env("PATH", "").env("HOME", folder).env_remove("XDG_DATA_HOME");
    command
}

/// Runs the program in a folder.
pub fn tonenet(arguments: &[&str], folder: &Path) -> Output {
    alone(folder).args(arguments).output().expect("tonenet runs")
}

/// Runs the program with bytes on its standard input.
pub fn fed(arguments: &[&str], bytes: &[u8], folder: &Path) -> Output {
    let mut command = alone(folder);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("tonenet runs");
    // A program that refuses its command line reads nothing.
    let _ = child.stdin.take().expect("it is piped").write_all(bytes);
    child.wait_with_output().expect("tonenet ends")
}

/// The report that it printed in JSON, and nothing else.
pub fn report(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

/// The names of an object's keys, sorted.
pub fn keys(object: &serde_json::Value) -> Vec<&str> {
    object.as_object().expect("it is an object").keys().map(String::as_str).collect()
}

/// All that it printed.
pub fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs it where it must succeed; what it printed.
pub fn done(arguments: &[&str], folder: &Path) -> String {
    let run = tonenet(arguments, folder);
    assert!(run.status.success(), "{arguments:?}: {}", text(&run));
    text(&run)
}

/// Runs it where it must refuse, saying `what`, and change nothing in the folder.
pub fn refused(arguments: &[&str], what: &str, folder: &Path) {
    let before = contents(folder);
    let run = tonenet(arguments, folder);
    assert!(!run.status.success(), "{arguments:?} is not refused: {}", text(&run));
    assert!(text(&run).contains(what), "{arguments:?} does not say {what:?}: {}", text(&run));
    assert!(!text(&run).contains("panicked"), "{arguments:?}: {}", text(&run));
    assert_eq!(contents(folder), before, "{arguments:?} left something behind");
}

/// Every file, folder and link in a folder, with what is in it or where it leads.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let what = if kind.is_dir() {
                folders.push(path.clone());
                b"a folder".to_vec()
            } else if kind.is_symlink() {
                fs::read_link(&path).unwrap().as_os_str().as_encoded_bytes().to_vec()
            } else if kind.is_file() {
                fs::read(&path).unwrap()
            } else {
                b"a device".to_vec()
            };
            all.insert(path, what);
        }
    }
    all
}

/// The paths of the files in a folder and below, as text.
pub fn files(folder: &Path) -> Vec<String> {
    let inside = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    contents(folder).keys().filter(|path| path.is_file()).map(inside).collect()
}

/// A MIDI file of quarter notes from middle C upwards, with these velocities.
pub fn midi(velocities: &[u8]) -> Vec<u8> {
    let mut events = Vec::new();
    for (place, &velocity) in velocities.iter().enumerate() {
        let key = 60 + (place % 12) as u8;
        // Ons at once, offs 480 ticks later.
        events.extend([0, 0x90, key, velocity, 0x83, 0x60, 0x80, key, 64]);
    }
    events.extend([0, 0xFF, 0x2F, 0]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\x01\xE0MTrk".to_vec();
    file.extend((events.len() as u32).to_be_bytes());
    file.extend(events);
    file
}

/// Writes such a file, with its folder.
pub fn put(path: &Path, velocities: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, midi(velocities)).unwrap();
}
