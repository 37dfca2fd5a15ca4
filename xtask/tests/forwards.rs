//! Commands of other programs are forwarded to cargo with their arguments untouched.
#![cfg(unix)]

use std::path::Path;

use tonenet_test_support::{Program, printed};

/// The program under test.
const XTASK: Program = Program::new(env!("CARGO_BIN_EXE_xtask"));

/// Stands for cargo: prints its folder and its arguments, and ends with code 7. A test that wrote it could find it busy, in
/// a child of another test.
const CARGO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/cargo");

/// The arguments with which a command runs cargo, and the code that it ends with.
fn forwarded(arguments: &[&str], folder: &Path) -> (Vec<String>, Option<i32>) {
    let run = XTASK.command(folder).env("CARGO", CARGO).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    let words = told.lines().filter_map(|line| line.strip_prefix('<')?.strip_suffix('>')).map(str::to_owned);
    (words.collect(), run.status.code())
}

#[test]
fn the_training_program_gets_its_command_and_arguments() {
    let folder = tempfile::tempdir().unwrap();
    for command in
        [&["train"][..], &["export"], &["evaluate"], &["quantise"], &["bench", "restyle"], &["bench", "models"]]
    {
        for given in [&["--help"][..], &["note", "--seed", "-1", "--data", "a b"], &[]] {
            let (words, code) = forwarded(&[command, given].concat(), folder.path());
            assert_eq!(code, Some(7), "the program's exit code is ours");
            assert!(words.iter().any(|word| word == "tonenet-training"), "{words:?}");
            let passed = words.iter().skip_while(|word| *word != "--").skip(1).map(String::as_str);
            assert_eq!(passed.collect::<Vec<_>>(), [command, given].concat());
        }
    }
}

#[test]
fn the_commands_of_tonenet_are_forwarded_in_the_callers_folder_and_say_their_new_name() {
    let folder = tempfile::tempdir().unwrap();
    for command in ["restyle", "generate"] {
        let mut xtask = XTASK.command(folder.path());
        xtask.env("CARGO", CARGO).args([command, "a b.mid", "--style", "pop", "--help", "--", "-"]);
        let run = xtask.output().unwrap();
        assert_eq!(run.status.code(), Some(7), "{}", printed(&run));
        let told = String::from_utf8(run.stdout.clone()).unwrap();
        assert!(told.starts_with(folder.path().canonicalize().unwrap().to_str().unwrap()), "{told}");
        let program = told.split_once("<--package>\n<tonenet-cli>\n").expect("it runs the program").1;
        let words = format!("<{command}>\n<a b.mid>\n<--style>\n<pop>\n<--help>\n<-->\n<->\n");
        assert!(program.ends_with(&format!("<-->\n{words}")), "{told}");
        let new_name = format!("cargo run -p tonenet-cli --release -- {command}");
        assert!(String::from_utf8(run.stderr).unwrap().contains(&new_name));
    }
}
