//! No command writes over an original: not over what it reads, not over what it wrote for another input, by no path and
//! no link; and what it refuses leaves nothing behind.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Stdio;

use tonenet_core::midi::Song;
use tonenet_test_support::{Program, files, midi_file, printed, write_midi};

/// The program under test.
const TONENET: Program = Program::new(env!("CARGO_BIN_EXE_tonenet"));

const OWN: [u8; 8] = [60, 70, 80, 90, 50, 40, 100, 64];
const OTHER: [u8; 6] = [33, 44, 55, 66, 77, 88];

/// A folder with an original and every way to name it again.
fn with_links() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_midi(&at("own/a.mid"), &OWN);
    fs::hard_link(at("own/a.mid"), at("hard.mid")).unwrap();
    symlink("own/a.mid", at("soft.mid")).unwrap();
    symlink("soft.mid", at("twice.mid")).unwrap();
    symlink("own", at("folder")).unwrap();
    folder
}

const NAMES: [&str; 8] = [
    "own/a.mid",
    "own/../own/./a.mid",
    "hard.mid",
    "soft.mid",
    "twice.mid",
    "folder/a.mid",
    "missing/../own/a.mid",
    "folder/missing/../a.mid",
];

#[test]
fn an_output_that_is_the_input_by_any_name_is_refused() {
    let folder = with_links();
    for name in NAMES {
        TONENET.refuses(&["restyle", "own/a.mid", "-o", name], "would be overwritten", folder.path());
    }
    // Who reads follows no path that is not there.
    for name in NAMES.iter().filter(|name| !name.contains("missing")) {
        TONENET.refuses(&["restyle", name, "-o", "own/a.mid"], "would be overwritten", folder.path());
    }
    TONENET.refuses(&["restyle", "own", "-o", "own"], "would be overwritten", folder.path());
    TONENET.refuses(&["restyle", "own", "-o", "folder"], "would be overwritten", folder.path());
    TONENET.refuses(&["restyle", "folder", "-o", "own"], "would be overwritten", folder.path());
}

#[test]
fn an_output_that_is_another_input_is_refused() {
    let folder = with_links();
    write_midi(&folder.path().join("new/a.mid"), &OTHER);
    TONENET.refuses(&["restyle", "new/a.mid", "soft.mid", "-o", "own"], "would be overwritten", folder.path());
    TONENET.refuses(&["restyle", "new", "own", "-o", "own"], "would be overwritten", folder.path());
}

#[test]
fn what_is_generated_never_takes_the_place_of_what_it_goes_on_from() {
    let folder = with_links();
    write_midi(&folder.path().join("b.mid"), &OTHER);
    for name in NAMES {
        let prime = ["generate", "seqgan", "--prime", "own/a.mid", "-o", name];
        TONENET.refuses(&prime, "would be overwritten", folder.path());
        let morph = ["generate", "vaegan", "-o", name, "--morph", "b.mid", "own/a.mid"];
        TONENET.refuses(&morph, "would be overwritten", folder.path());
    }
}

#[test]
fn two_outputs_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_midi(&at("one/take.mid"), &OWN);
    write_midi(&at("two/take.mid"), &OTHER);
    let twice = "would be written twice";
    TONENET.refuses(&["restyle", "one/take.mid", "two/take.mid", "-o", "out"], twice, folder.path());
    TONENET.refuses(&["restyle", "one", "two", "-o", "out"], twice, folder.path());
    TONENET.refuses(&["restyle", "one/take.mid", "./one/take.mid", "-o", "out"], twice, folder.path());
    // Below a folder that is not there, and a link to one.
    fs::create_dir(at("three")).unwrap();
    write_midi(&at("four/b.mid"), &OWN);
    write_midi(&at("four/c.mid"), &OTHER);
    fs::create_dir(at("out")).unwrap();
    symlink("c.mid", at("out/b.mid")).unwrap();
    TONENET.refuses(&["restyle", "four", "-o", "out"], twice, folder.path());
    // A file where another output has its folder.
    write_midi(&at("five/x.mid"), &OWN);
    write_midi(&at("six/x.mid/y.mid"), &OTHER);
    TONENET.refuses(&["restyle", "five", "six", "-o", "new"], "a folder", folder.path());
    TONENET.refuses(&["restyle", "six", "five", "-o", "new"], "a folder", folder.path());
}

#[test]
fn a_second_run_does_not_restyle_what_the_first_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("own/a.mid"), &OWN);
    write_midi(&folder.join("own/sub/b.mid"), &OTHER);
    TONENET.succeeds(&["restyle", "own", "-o", "own/jazz"], folder);
    let written = ["own/a.mid", "own/jazz/a.mid", "own/jazz/sub/b.mid", "own/sub/b.mid"];
    assert_eq!(files(folder), written);
    // What lies there may as well be an original: nobody can tell.
    TONENET.refuses(&["restyle", "own", "-o", "own/jazz"], "own/jazz/a.mid", folder);
    // New files are restyled, and those alone.
    fs::remove_file(folder.join("own/a.mid")).unwrap();
    fs::remove_dir_all(folder.join("own/sub")).unwrap();
    write_midi(&folder.join("own/new.mid"), &OTHER);
    TONENET.succeeds(&["restyle", "own", "-o", "own/jazz"], folder);
    assert_eq!(files(folder), ["own/jazz/a.mid", "own/jazz/new.mid", "own/jazz/sub/b.mid", "own/new.mid"]);
}

#[test]
fn an_original_in_a_folder_that_is_read_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("own/a.mid"), &OWN);
    write_midi(&folder.join("own/jazz/a.mid"), &OTHER);
    TONENET.refuses(&["restyle", "own", "-o", "own/jazz"], "would be overwritten", folder);
    // The same through a link that leads out of the folder.
    fs::rename(folder.join("own/jazz"), folder.join("elsewhere")).unwrap();
    symlink("../elsewhere", folder.join("own/jazz")).unwrap();
    TONENET.refuses(&["restyle", "own", "-o", "own/jazz"], "would be overwritten", folder);
    TONENET.refuses(&["restyle", "own", "-o", "elsewhere"], "would be overwritten", folder);
}

#[test]
fn an_unrelated_file_is_replaced_and_keeps_its_permissions() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_midi(&at("a.mid"), &OWN);
    write_midi(&at("out.mid"), &OTHER);
    fs::set_permissions(at("out.mid"), fs::Permissions::from_mode(0o640)).unwrap();
    TONENET.succeeds(&["restyle", "a.mid", "-o", "out.mid"], folder.path());
    assert_eq!(Song::parse(fs::read(at("out.mid")).unwrap()).unwrap().notes().len(), OWN.len());
    assert_eq!(fs::metadata(at("out.mid")).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn a_link_is_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_midi(&at("a.mid"), &OWN);
    write_midi(&at("kept/target.mid"), &OTHER);
    symlink("kept/target.mid", at("link.mid")).unwrap();
    symlink("new/target.mid", at("dangling.mid")).unwrap();
    for (link, target) in [("link.mid", "kept/target.mid"), ("dangling.mid", "new/target.mid")] {
        TONENET.succeeds(&["restyle", "a.mid", "-o", link], folder.path());
        assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{link} is a link no more");
        assert_eq!(Song::parse(fs::read(at(target)).unwrap()).unwrap().notes().len(), OWN.len());
    }
    assert_eq!(files(&at("kept")), ["target.mid"], "nothing else is left beside it");
}

#[test]
fn a_read_only_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_midi(&at("a.mid"), &OWN);
    write_midi(&at("out/a.mid"), &OTHER);
    fs::set_permissions(at("out/a.mid"), fs::Permissions::from_mode(0o444)).unwrap();
    symlink("out/a.mid", at("link.mid")).unwrap();
    for output in ["out/a.mid", "out", "link.mid"] {
        TONENET.refuses(&["restyle", "a.mid", "-o", output], "is read-only", folder.path());
    }
    TONENET.refuses(&["generate", "vaegan", "-o", "out/a.mid"], "is read-only", folder.path());
}

#[test]
fn a_refused_command_makes_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    fs::write(folder.join("bad.mid"), b"MThd and nothing").unwrap();
    TONENET.refuses(&["restyle", "bad.mid", "-o", "new/deep/out.mid"], "bad.mid", folder);
    TONENET.refuses(&["restyle", "missing.mid", "-o", "new/"], "missing.mid", folder);
    TONENET.refuses(&["restyle", "bad.mid", "missing.mid", "-o", "new"], "none of the 2 files", folder);
    TONENET.refuses(&["restyle", "a.mid", "-o", "new/out.mid", "--model", "nobody"], "there is no model", folder);
    TONENET.refuses(&["restyle", "a.mid", "-o", "a.mid/new/out.mid"], "a.mid/new/out.mid", folder);
    TONENET.refuses(&["generate", "seqgan", "-o", "new/out.mid", "--prime", "bad.mid"], "bad.mid", folder);
    TONENET.refuses(&["generate", "seqgan", "-o", "."], "is a folder", folder);
}

#[test]
fn a_pipe_or_device_stays_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    TONENET.succeeds(&["restyle", "a.mid", "-o", "file.mid"], folder);
    let restyled = fs::read(folder.join("file.mid")).unwrap();

    // By links of our own: what replaces them must not cost the machine its devices.
    symlink("/dev/stdout", folder.join("stdout")).unwrap();
    symlink("/dev/null", folder.join("null")).unwrap();
    for command in [&["restyle", "a.mid"][..], &["generate", "vaegan"]] {
        let run = TONENET.run(&[command, &["-o", "stdout"]].concat(), folder);
        assert!(run.status.success(), "{}", printed(&run));
        // Not a word of the command's own is among the bytes.
        let song = Song::parse(run.stdout).unwrap();
        if command[0] == "restyle" {
            assert_eq!(song.bytes(), restyled);
        }
    }
    let to_file = fs::File::create(folder.join("redirected.mid")).unwrap();
    let status = TONENET.command(folder).args(["restyle", "a.mid", "-o", "stdout"]).stdout(to_file).status().unwrap();
    assert!(status.success());
    assert_eq!(fs::read(folder.join("redirected.mid")).unwrap(), restyled);

    TONENET.succeeds(&["restyle", "a.mid", "-o", "null"], folder);
    assert!(["stdout", "null"].iter().all(|link| folder.join(link).is_symlink()));

    let made = std::process::Command::new("mkfifo").arg(folder.join("pipe")).status().unwrap();
    assert!(made.success());
    TONENET.refuses(&["restyle", "a.mid", "-o", "pipe"], "nobody reads from it", folder);
    let pipe = folder.join("pipe");
    // Open for both, a pipe waits for nobody.
    let mut reader = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
    TONENET.succeeds(&["restyle", "a.mid", "-o", "pipe"], folder);
    let mut piped = vec![0; restyled.len()];
    std::io::Read::read_exact(&mut reader, &mut piped).unwrap();
    assert_eq!(piped, restyled);
    assert!(!fs::metadata(&pipe).unwrap().is_file());
}

#[test]
fn a_closed_pipe_ends_the_command_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("in/a.mid"), &OWN);
    write_midi(&folder.join("in/b.mid"), &OTHER);
    let mut restyle = TONENET.command(folder);
    restyle.args(["restyle", "in", "-o", "out"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = restyle.spawn().unwrap();
    drop(child.stdout.take());
    let run = child.wait_with_output().unwrap();
    assert_eq!(printed(&run), "");
}

#[test]
fn links_to_a_folder_are_visited_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    write_midi(&at("in/real/a.mid"), &OWN);
    write_midi(&at("outside/b.mid"), &OTHER);
    symlink("real", at("in/alias")).unwrap();
    symlink("..", at("in/real/up")).unwrap();
    symlink(".", at("in/round")).unwrap();
    symlink("../outside", at("in/linked")).unwrap();
    TONENET.succeeds(&["restyle", "in", "-o", "out"], folder.path());
    assert_eq!(files(&at("out")), ["linked/b.mid", "real/a.mid"]);
}

#[test]
fn every_kind_of_midi_file_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for name in ["a.mid", "b.MIDI", "c.kar", "d.KAR", "e.rmi", "f.txt"] {
        write_midi(&at("in").join(name), &OWN);
    }
    TONENET.succeeds(&["restyle", "in", "-o", "out"], folder.path());
    assert_eq!(files(&at("out")), ["a.mid", "b.MIDI", "c.kar", "d.KAR", "e.rmi"]);
}

#[test]
fn what_is_said_of_failures_is_true() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("good.mid"), &OWN);
    fs::write(folder.join("bad.mid"), b"nothing").unwrap();
    let said = |inputs: &[&str]| {
        let run = TONENET.run(&[&["restyle"], inputs, &["-o", "out/"]].concat(), folder);
        assert_eq!(run.status.code(), Some(1));
        printed(&run)
    };
    let one = said(&["bad.mid"]);
    assert!(one.contains("nothing is written") && !one.contains("others"), "{one}");
    let all = said(&["bad.mid", "missing.mid"]);
    assert!(all.contains("none of the 2 files") && !all.contains("others"), "{all}");
    assert!(!folder.join("out").exists());
    let some = said(&["bad.mid", "good.mid"]);
    assert!(some.contains("1 of 2 files could not be restyled; the other one is written"), "{some}");
    assert_eq!(files(&folder.join("out")), ["good.mid"]);
}

#[test]
fn a_file_of_ones_own_is_read_as_it_is() {
    assert_eq!(Song::parse(midi_file(&OWN)).unwrap().notes().len(), OWN.len());
}

#[test]
fn a_model_is_not_overwritten_by_what_it_makes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("a.mid"), &OWN);
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models/note");
    fs::create_dir(folder.join("model")).unwrap();
    for file in fs::read_dir(shipped).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), folder.join("model").join(file.file_name())).unwrap();
    }
    let command = ["restyle", "a.mid", "--model", "model", "-o"];
    TONENET.refuses(&[&command[..], &["model/model.json"]].concat(), "would be overwritten", folder);
    TONENET.succeeds(&[&command[..], &["out.mid"]].concat(), folder);
    TONENET.succeeds(&["restyle", "a.mid", "-o", "embedded.mid"], folder);
    assert_eq!(fs::read(folder.join("out.mid")).unwrap(), fs::read(folder.join("embedded.mid")).unwrap());
}
