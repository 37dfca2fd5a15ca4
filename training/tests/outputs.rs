//! No command overwrites its inputs or a shipped model, and a refused command leaves nothing behind.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use tonenet_test_support::{Program, contents, printed, write_midi};

/// The program under test.
const TRAINING: Program = Program::new(env!("CARGO_BIN_EXE_tonenet-training"));

const OWN: [u8; 8] = [60, 70, 80, 90, 50, 40, 100, 64];
const OTHER: [u8; 6] = [33, 44, 55, 66, 77, 88];

#[test]
fn a_closed_pipe_ends_the_command_silently() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_midi(&folder.join("in/a.mid"), &OWN);
    write_midi(&folder.join("in/b.mid"), &OTHER);
    let mut evaluate = TRAINING.command(folder);
    evaluate.args(["evaluate", "--pairs", "in", "in"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = evaluate.spawn().unwrap();
    drop(child.stdout.take());
    let run = child.wait_with_output().unwrap();
    assert_eq!(printed(&run), "");
}

/// A folder of data for velocities: a list, and a file that it names.
fn data(folder: &Path) {
    write_midi(&folder.join("data/a.mid"), &OWN);
    let list = "path,genre,source,sub,alignment,split\na.mid,jazz,x,x,free,train\n";
    fs::write(folder.join("data/performances.csv"), list).unwrap();
}

#[test]
fn training_does_not_write_over_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    data(folder);
    let train = |run: &str| {
        TRAINING.refuses(&["train", "note", "--data", "data", "--run", run], "would be overwritten", folder)
    };
    train("data");
    train(".");
    fs::create_dir(folder.join("run")).unwrap();
    fs::hard_link(folder.join("data/performances.csv"), folder.join("run/log.csv")).unwrap();
    train("run");
    fs::remove_file(folder.join("run/log.csv")).unwrap();
    symlink("../data/a.mid", folder.join("run/loss.png")).unwrap();
    TRAINING.refuses(&["train", "note", "--data", "data", "--run", "run"], "run/loss.png", folder);
}

#[test]
fn shipped_models_are_not_written_over_what_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models/note").canonicalize().unwrap();
    let shipped = contents(&models);
    data(folder);
    let row = "path,genre,source,sub,alignment,split\nREADME.md,jazz,x,x,free,valid\n";
    fs::write(folder.join("data/performances.csv"), row).unwrap();
    symlink(models.join("README.md"), folder.join("data/README.md")).unwrap();
    fs::create_dir(folder.join("run")).unwrap();
    let overwritten = "would be overwritten";
    TRAINING.refuses(&["evaluate", "note", "--keep", "--data", "data"], overwritten, folder);
    TRAINING.refuses(&["export", "note", "--data", "data", "--run", "run"], overwritten, folder);
    let model = models.join("model.json");
    fs::create_dir_all(folder.join("forms/32-bit")).unwrap();
    symlink(&model, folder.join("forms/32-bit/model.json")).unwrap();
    TRAINING.refuses(&["quantise", "-o", "forms"], "forms/32-bit/model.json", folder);
    assert_eq!(contents(&models), shipped);
}

#[test]
fn missing_data_is_reported_before_a_library_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    data(folder);
    fs::create_dir(folder.join("run")).unwrap();
    fs::remove_file(folder.join("data/a.mid")).unwrap();
    for (model, data, missing) in [
        ("note", "nothere", "nothere/performances.csv"),
        ("vaegan", "nothere", "nothere/performances.csv"),
        ("seqgan", "nothere", "nothere/nottingham.csv"),
        ("note", "data", "data/a.mid"),
    ] {
        for command in ["train", "export"] {
            let arguments = [command, model, "--data", data, "--run", "run"];
            TRAINING.refuses(&arguments, missing, folder);
            let said = printed(&TRAINING.run(&arguments, folder));
            assert!(!said.contains("libtorch") && !said.contains("ONNX Runtime"), "{said}");
        }
    }
    data(folder);
    TRAINING.refuses(&["export", "note", "--data", "data", "--run", "nothere"], "nothere is not there", folder);
    TRAINING.refuses(&["quantise", "--data", "nothere", "-o", "forms"], "nothere/performances.csv", folder);
    TRAINING.refuses(&["evaluate", "vaegan", "--data", "nothere"], "nothere/performances.csv", folder);
    TRAINING.refuses(&["evaluate", "--scores", "nothere"], "nothere/metadata.csv", folder);
}

#[test]
fn a_bad_genre_is_refused_with_its_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let list = "path,genre,source,alignment,split\na.mid,jazz,x,free,train\na.mid,Bossa Nova,x,free,valid\n";
    fs::write(folder.path().join("data/performances.csv"), list).unwrap();
    let arguments = ["train", "note", "--data", "data", "--run", "run"];
    TRAINING.refuses(&arguments, "\"Bossa Nova\" is no genre", folder.path());
    let said = printed(&TRAINING.run(&arguments, folder.path()));
    assert!(said.contains("data/performances.csv") && said.contains("line: 3"), "{said}");
}

#[test]
fn more_genres_than_a_model_has_places_for_are_refused_before_training() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let mut list = "path,genre,source,alignment,split\n".to_owned();
    ('a'..='i').for_each(|genre| list += &format!("a.mid,{genre},x,free,train\n"));
    fs::write(folder.path().join("data/performances.csv"), list).unwrap();
    TRAINING.refuses(&["train", "note", "--data", "data", "--run", "run"], "too many genres", folder.path());
}

#[test]
fn a_style_needs_a_genre_of_the_data_that_the_model_has_not() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let style = |name: &[&'static str]| [&["train", "style", "--data", "data", "--run", "run"], name].concat();
    TRAINING.refuses(&style(&[]), "--name", folder.path());
    TRAINING.refuses(&style(&["--name", "Bossa"]), "is no genre", folder.path());
    TRAINING.refuses(&style(&["--name", "bossa"]), "has no file of bossa to train on; it has jazz", folder.path());
    TRAINING.refuses(&style(&["--name", "jazz"]), "has a style jazz already; add --force", folder.path());
    TRAINING.refuses(&style(&["--name", "jazz", "--weights", "data/a.mid"]), "holds no trained model", folder.path());
    let note = ["train", "note", "--data", "data", "--run", "run", "--name", "jazz"];
    TRAINING.refuses(&note, "cargo xtask train style", folder.path());
}

#[test]
fn an_export_replaces_no_folder_unless_told_to() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    write_midi(&folder.path().join("mine/song.mid"), &OTHER);
    let weights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../assets/models/note/weights.safetensors");
    let weights = weights.to_str().unwrap();
    let export = ["export", "note", "--data", "data", "--weights", weights, "--output"];
    TRAINING.refuses(&[&export[..], &["mine"]].concat(), "mine is not empty; add --force", folder.path());
    TRAINING.refuses(&[&export[..], &["data", "--force"]].concat(), "would be overwritten", folder.path());
}

#[cfg(not(feature = "torch"))]
#[test]
fn a_build_without_libtorch_asks_for_it_by_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    let run = TRAINING.run(&["train", "note", "--data", "data", "--run", "run"], folder.path());
    assert_eq!(run.status.code(), Some(3), "{}", printed(&run));
    assert!(!folder.path().join("run").exists());
}

#[test]
fn a_missing_onnx_runtime_is_asked_for_by_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    data(folder.path());
    // A workspace in which nothing is installed.
    let mut program = TRAINING.command(folder.path());
    program.args(["evaluate", "flat", "--data", "data"]).env("CARGO_MANIFEST_DIR", folder.path().join("training"));
    let run = program.output().unwrap();
    assert_eq!(run.status.code(), Some(4), "{}", printed(&run));
}
