//! Without `-o` a result goes beside its original. No run restyles or replaces what an earlier one made, and none
//! replaces an original that happens to have a result's name.

use std::fs;
use std::path::Path;

use tonenet_core::midi::Song;
use tonenet_test_support::{Program, contents, files, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

const OWN: [u8; 8] = [60, 70, 80, 90, 50, 40, 100, 64];
const OTHER: [u8; 6] = [33, 44, 55, 66, 77, 88];

fn velocities(path: &Path) -> Vec<u8> {
    Song::parse(fs::read(path).unwrap()).unwrap().notes().iter().map(|note| note.note.velocity).collect()
}

fn releases(path: &Path) -> Vec<u64> {
    Song::parse(fs::read(path).unwrap()).unwrap().notes().iter().map(|note| note.release_tick).collect()
}

#[test]
fn a_result_is_called_after_its_original_and_style() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("in/song.mid"), &OWN);
    write_midi(&folder.join("in/Take.2.MIDI"), &OTHER);
    TONENET.succeeds(&["restyle", "in/song.mid", "--style", "jazz"], folder);
    TONENET.succeeds(&["restyle", "in/song.mid", "in/Take.2.MIDI", "--style", "pop"], folder);
    TONENET.succeeds(&["restyle", "in/song.mid", "--style", "jazz", "--style-b", "pop"], folder);
    let expected = [
        "in/Take.2-pop.MIDI",
        "in/Take.2.MIDI",
        "in/song-jazz-pop.mid",
        "in/song-jazz.mid",
        "in/song-pop.mid",
        "in/song.mid",
    ];
    assert_eq!(files(folder), expected);
    assert_eq!(velocities(&folder.join("in/song.mid")), OWN);
    assert_ne!(velocities(&folder.join("in/song-jazz.mid")), velocities(&folder.join("in/song-pop.mid")));
    TONENET.succeeds(&["restyle", "in/song.mid", "-o", "named.mid", "--style", "jazz"], folder);
    assert_eq!(fs::read(folder.join("named.mid")).unwrap(), fs::read(folder.join("in/song-jazz.mid")).unwrap());
}

#[test]
fn a_result_that_is_there_is_replaced_only_when_forced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("song.mid"), &OWN);
    TONENET.succeeds(&["restyle", "song.mid"], folder);
    let first = velocities(&folder.join("song-jazz.mid"));
    TONENET.refuses(&["restyle", "song.mid", "--take", "3"], "song-jazz.mid is there already", folder);
    TONENET.succeeds(&["restyle", "song.mid", "--take", "3", "--force"], folder);
    assert_ne!(velocities(&folder.join("song-jazz.mid")), first);
    TONENET.refuses(&["restyle", "song.mid", "--force", "-o", "out.mid"], "cannot be used with", folder);
}

#[test]
fn a_result_whose_notes_were_moved_is_known_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("song.mid"), &OWN);
    let moved = ["restyle", "song.mid", "--timing", "100", "--articulation", "100", "--pedal", "replace"];
    TONENET.succeeds(&moved, folder);
    let first = fs::read(folder.join("song-jazz.mid")).unwrap();
    assert_ne!(releases(&folder.join("song-jazz.mid")), releases(&folder.join("song.mid")));
    TONENET.succeeds(&[&moved[..], &["--force"]].concat(), folder);
    assert_eq!(fs::read(folder.join("song-jazz.mid")).unwrap(), first);
    TONENET.succeeds(&["restyle", ".", "--style", "pop"], folder);
    assert_eq!(files(folder), ["song-jazz.mid", "song-pop.mid", "song.mid"]);
}

#[test]
fn a_file_that_is_no_result_is_not_replaced_even_when_forced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("waltz.mid"), &OWN);
    write_midi(&folder.join("waltz-jazz.mid"), &OTHER);
    TONENET.refuses(&["restyle", "waltz.mid"], "is there already", folder);
    TONENET.refuses(&["restyle", "waltz.mid", "--force"], "is not waltz.mid restyled", folder);
    // Nor where the whole folder is restyled, in which both are originals.
    TONENET.refuses(&["restyle", "."], "waltz-jazz.mid is read and would be overwritten", folder);
    TONENET.refuses(&["restyle", ".", "--force"], "is not ./waltz.mid restyled", folder);
    TONENET.succeeds(&["restyle", ".", "--style", "pop"], folder);
    assert_eq!(files(folder), ["waltz-jazz-pop.mid", "waltz-jazz.mid", "waltz-pop.mid", "waltz.mid"]);
}

#[test]
fn a_second_run_over_a_folder_restyles_the_originals_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("own/a.mid"), &OWN);
    write_midi(&folder.join("own/sub/b.kar"), &OTHER);
    TONENET.succeeds(&["restyle", "own"], folder);
    let first = ["own/a-jazz.mid", "own/a.mid", "own/sub/b-jazz.kar", "own/sub/b.kar"];
    assert_eq!(files(folder), first);
    TONENET.refuses(&["restyle", "own"], "own/a-jazz.mid is there already", folder);

    let before = contents(folder);
    let told = TONENET.succeeds(&["restyle", "own", "--style", "pop"], folder);
    assert!(told.contains("own/a-jazz.mid: left out, as it is own/a.mid restyled"), "{told}");
    let all = [&first[..1], &["own/a-pop.mid"], &first[1..3], &["own/sub/b-pop.kar"], &first[3..]].concat();
    assert_eq!(files(folder), all);

    TONENET.succeeds(&["restyle", "own", "--force"], folder);
    assert_eq!(files(folder), all);
    for (path, bytes) in before {
        let after = if path.is_dir() { continue } else { fs::read(&path).unwrap() };
        assert_eq!(after, bytes, "{}", path.display());
    }

    TONENET.succeeds(&["restyle", "own", "-o", "out"], folder);
    assert_eq!(files(&folder.join("out")), ["a.mid", "sub/b.kar"]);
}

#[test]
fn results_among_named_files_are_left_out_but_one_that_is_named_alone_is_restyled() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    TONENET.succeeds(&["restyle", "a.mid"], folder);
    // As a shell spells out *.mid.
    TONENET.succeeds(&["restyle", "a-jazz.mid", "a.mid", "--style", "pop"], folder);
    assert_eq!(files(folder), ["a-jazz.mid", "a-pop.mid", "a.mid"]);
    TONENET.refuses(&["restyle", "a-jazz.mid", "a.mid"], "a-jazz.mid is there already", folder);
    TONENET.succeeds(&["restyle", "a-jazz.mid", "--style", "pop"], folder);
    assert_eq!(files(folder), ["a-jazz-pop.mid", "a-jazz.mid", "a-pop.mid", "a.mid"]);
}

#[test]
fn generated_material_has_a_name_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let seqgan = ["generate", "seqgan", "--bars", "2", "--seed", "5"];
    TONENET.succeeds(&seqgan, folder);
    TONENET.succeeds(&[&seqgan[..], &["--style", "pop"]].concat(), folder);
    TONENET.succeeds(&["generate", "vaegan"], folder);
    TONENET
        .succeeds(&["generate", "vaegan", "--morph", "vaegan-seed1.mid", "seqgan-seed5.mid", "--share", "20"], folder);
    let expected = ["seqgan-seed5-pop.mid", "seqgan-seed5.mid", "vaegan-morph20.mid", "vaegan-seed1.mid"];
    assert_eq!(files(folder), expected);
    TONENET.refuses(&seqgan, "seqgan-seed5.mid is there already", folder);
    let before = contents(folder);
    TONENET.succeeds(&[&seqgan[..], &["--force"]].concat(), folder);
    assert_eq!(contents(folder), before, "the same seed writes the same");
    let onto_itself = ["generate", "seqgan", "--bars", "2", "--seed", "5", "--force", "--prime", "seqgan-seed5.mid"];
    TONENET.refuses(&onto_itself, "would be overwritten", folder);
}
