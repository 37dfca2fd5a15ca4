//! Without `-o` a result goes beside its original. No run restyles or replaces what an earlier one made, and none
//! replaces an original that happens to have a result's name.

mod common;

use std::fs;
use std::path::Path;

use common::{contents, done, files, put, refused};
use tonenet_core::midi::Song;

const OWN: [u8; 8] = [60, 70, 80, 90, 50, 40, 100, 64];
const OTHER: [u8; 6] = [33, 44, 55, 66, 77, 88];

fn velocities(path: &Path) -> Vec<u8> {
    Song::parse(fs::read(path).unwrap()).unwrap().notes().iter().map(|note| note.note.velocity).collect()
}

#[test]
fn a_result_is_called_after_its_original_and_style() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(&folder.join("in/song.mid"), &OWN);
    put(&folder.join("in/Take.2.MIDI"), &OTHER);
    done(&["restyle", "in/song.mid", "--style", "jazz"], folder);
    done(&["restyle", "in/song.mid", "in/Take.2.MIDI", "--style", "pop"], folder);
    done(&["restyle", "in/song.mid", "--style", "jazz", "--style-b", "pop"], folder);
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
    done(&["restyle", "in/song.mid", "-o", "named.mid", "--style", "jazz"], folder);
    assert_eq!(fs::read(folder.join("named.mid")).unwrap(), fs::read(folder.join("in/song-jazz.mid")).unwrap());
}

#[test]
fn a_result_that_is_there_is_replaced_only_when_forced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(&folder.join("song.mid"), &OWN);
    done(&["restyle", "song.mid"], folder);
    let first = velocities(&folder.join("song-jazz.mid"));
    refused(&["restyle", "song.mid", "--take", "3"], "song-jazz.mid is there already", folder);
    done(&["restyle", "song.mid", "--take", "3", "--force"], folder);
    assert_ne!(velocities(&folder.join("song-jazz.mid")), first);
    refused(&["restyle", "song.mid", "--force", "-o", "out.mid"], "cannot be used with", folder);
}

#[test]
fn a_file_that_is_no_result_is_not_replaced_even_when_forced() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(&folder.join("waltz.mid"), &OWN);
    put(&folder.join("waltz-jazz.mid"), &OTHER);
    refused(&["restyle", "waltz.mid"], "is there already", folder);
    refused(&["restyle", "waltz.mid", "--force"], "is not waltz.mid with other velocities", folder);
    // Nor where the whole folder is restyled, in which both are originals.
    refused(&["restyle", "."], "waltz-jazz.mid is read and would be overwritten", folder);
    refused(&["restyle", ".", "--force"], "is not ./waltz.mid with other velocities", folder);
    done(&["restyle", ".", "--style", "pop"], folder);
    assert_eq!(files(folder), ["waltz-jazz-pop.mid", "waltz-jazz.mid", "waltz-pop.mid", "waltz.mid"]);
}

#[test]
fn a_second_run_over_a_folder_restyles_the_originals_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(&folder.join("own/a.mid"), &OWN);
    put(&folder.join("own/sub/b.kar"), &OTHER);
    done(&["restyle", "own"], folder);
    let first = ["own/a-jazz.mid", "own/a.mid", "own/sub/b-jazz.kar", "own/sub/b.kar"];
    assert_eq!(files(folder), first);
    refused(&["restyle", "own"], "own/a-jazz.mid is there already", folder);

    let before = contents(folder);
    let told = done(&["restyle", "own", "--style", "pop"], folder);
    assert!(told.contains("own/a-jazz.mid: left out, as it is own/a.mid with other velocities"), "{told}");
    let all = [&first[..1], &["own/a-pop.mid"], &first[1..3], &["own/sub/b-pop.kar"], &first[3..]].concat();
    assert_eq!(files(folder), all);

    done(&["restyle", "own", "--force"], folder);
    assert_eq!(files(folder), all);
    for (path, bytes) in before {
        let after = if path.is_dir() { continue } else { fs::read(&path).unwrap() };
        assert_eq!(after, bytes, "{}", path.display());
    }

    done(&["restyle", "own", "-o", "out"], folder);
    assert_eq!(files(&folder.join("out")), ["a.mid", "sub/b.kar"]);
}

#[test]
fn results_among_named_files_are_left_out_but_one_that_is_named_alone_is_restyled() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    put(&folder.join("a.mid"), &OWN);
    done(&["restyle", "a.mid"], folder);
    // As a shell spells out *.mid.
    done(&["restyle", "a-jazz.mid", "a.mid", "--style", "pop"], folder);
    assert_eq!(files(folder), ["a-jazz.mid", "a-pop.mid", "a.mid"]);
    refused(&["restyle", "a-jazz.mid", "a.mid"], "a-jazz.mid is there already", folder);
    done(&["restyle", "a-jazz.mid", "--style", "pop"], folder);
    assert_eq!(files(folder), ["a-jazz-pop.mid", "a-jazz.mid", "a-pop.mid", "a.mid"]);
}

#[test]
fn generated_material_has_a_name_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let seqgan = ["generate", "seqgan", "--bars", "2", "--seed", "5"];
    done(&seqgan, folder);
    done(&[&seqgan[..], &["--style", "pop"]].concat(), folder);
    done(&["generate", "vaegan"], folder);
    done(&["generate", "vaegan", "--morph", "vaegan-seed1.mid", "seqgan-seed5.mid", "--share", "20"], folder);
    let expected = ["seqgan-seed5-pop.mid", "seqgan-seed5.mid", "vaegan-morph20.mid", "vaegan-seed1.mid"];
    assert_eq!(files(folder), expected);
    refused(&seqgan, "seqgan-seed5.mid is there already", folder);
    let before = contents(folder);
    done(&[&seqgan[..], &["--force"]].concat(), folder);
    assert_eq!(contents(folder), before, "the same seed writes the same");
    let onto_itself = ["generate", "seqgan", "--bars", "2", "--seed", "5", "--force", "--prime", "seqgan-seed5.mid"];
    refused(&onto_itself, "would be overwritten", folder);
}
