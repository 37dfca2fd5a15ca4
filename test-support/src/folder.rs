//! Folders before and after a run, and small MIDI files to put into them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every file, folder and link below `folder`, with a file's bytes or a link's target.
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

/// The paths of all files below `folder`, relative to it.
pub fn files(folder: &Path) -> Vec<String> {
    let inside = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    contents(folder).keys().filter(|path| path.is_file()).map(inside).collect()
}

/// A MIDI file of quarter notes from middle C upwards, with these velocities.
pub fn midi_file(velocities: &[u8]) -> Vec<u8> {
    let mut events = Vec::new();
    for (index, &velocity) in velocities.iter().enumerate() {
        let key = 60 + (index % 12) as u8;
        // A note-on at once, its note-off 480 ticks later.
        events.extend([0, 0x90, key, velocity, 0x83, 0x60, 0x80, key, 64]);
    }
    events.extend([0, 0xFF, 0x2F, 0]);
    let mut file = b"MThd\0\0\0\x06\0\0\0\x01\x01\xE0MTrk".to_vec();
    file.extend((events.len() as u32).to_be_bytes());
    file.extend(events);
    file
}

/// Writes a [`midi_file`] and creates its folder.
pub fn write_midi(path: &Path, velocities: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, midi_file(velocities)).unwrap();
}
