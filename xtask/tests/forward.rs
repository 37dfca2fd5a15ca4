//! `cargo xtask restyle` and `generate` say their new names and hand everything over.
#![cfg(unix)]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use common::{alone, text};

#[test]
fn all_arguments_reach_the_program_in_the_callers_folder() {
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\necho \"$PWD\"\nfor word in \"$@\"; do echo \"<$word>\"; done\nexit 7\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    for command in ["restyle", "generate"] {
        let mut xtask = alone(folder.path());
        xtask.env("CARGO", &cargo).args([command, "a b.mid", "--style", "pop", "--help", "--", "-"]);
        let run = xtask.output().unwrap();
        assert_eq!(run.status.code(), Some(7), "{}", text(&run));
        let told = String::from_utf8(run.stdout.clone()).unwrap();
        assert!(told.starts_with(folder.path().canonicalize().unwrap().to_str().unwrap()), "{told}");
        let program = told.split_once("<--package>\n<tonenet-cli>\n").expect("it runs the program").1;
        let words = format!("<{command}>\n<a b.mid>\n<--style>\n<pop>\n<--help>\n<-->\n<->\n");
        assert!(program.ends_with(&format!("<-->\n{words}")), "{told}");
        let new_name = format!("cargo run -p tonenet-cli --release -- {command}");
        assert!(String::from_utf8(run.stderr).unwrap().contains(&new_name));
    }
}
