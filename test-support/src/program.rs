//! Runs a program as a user does, apart from the user's own programs and settings.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::contents;

/// A program under test.
#[derive(Debug, Clone, Copy)]
pub struct Program(&'static str);

impl Program {
    /// The program with this executable: what cargo gives a test as `env!("CARGO_BIN_EXE_…")`.
    pub const fn new(executable: &'static str) -> Self {
        Self(executable)
    }

    /// A command that starts the program in `folder`, where it finds no compiler, no pip, no libtorch and no settings.
    pub fn command(self, folder: &Path) -> Command {
        let mut command = Command::new(self.0);
        command.current_dir(folder).stdin(Stdio::null());
        command.env("PATH", "").env("CARGO", "no-cargo").env("LIBTORCH", folder.join("no-libtorch"));
        command.env("HOME", folder);
        for folder in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
            command.env_remove(folder);
        }
        command
    }

    /// Runs the program.
    pub fn run(self, arguments: &[&str], folder: &Path) -> Output {
        self.command(folder).args(arguments).output().expect("the program runs")
    }

    /// Runs the program with `input` on its standard input.
    pub fn run_with_input(self, arguments: &[&str], input: &[u8], folder: &Path) -> Output {
        let mut command = self.command(folder);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        // A program that refuses its command line reads nothing.
        let _ = child.stdin.take().expect("it is piped").write_all(input);
        child.wait_with_output().expect("the program ends")
    }

    /// Runs the program, which must succeed, and returns what it printed.
    pub fn succeeds(self, arguments: &[&str], folder: &Path) -> String {
        let run = self.run(arguments, folder);
        assert!(run.status.success(), "{arguments:?}: {}", printed(&run));
        printed(&run)
    }

    /// Runs the program, which must fail, print `what` without a panic, and change nothing in the folder.
    pub fn refuses(self, arguments: &[&str], what: &str, folder: &Path) {
        let before = contents(folder);
        let run = self.run(arguments, folder);
        assert!(!run.status.success(), "{arguments:?} is not refused: {}", printed(&run));
        assert!(printed(&run).contains(what), "{arguments:?} does not say {what:?}: {}", printed(&run));
        assert!(!printed(&run).contains("panicked"), "{arguments:?}: {}", printed(&run));
        assert_eq!(contents(folder), before, "{arguments:?} left something behind");
    }
}

/// All that a program printed, on standard output and then on standard error.
pub fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The JSON that a program printed on standard output, where it must print nothing else.
pub fn printed_json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", printed(output)))
}

/// The keys of a JSON object, sorted.
pub fn keys(object: &Value) -> Vec<&str> {
    object.as_object().expect("it is an object").keys().map(String::as_str).collect()
}
