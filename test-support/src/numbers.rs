//! Checks that every number on a command line has a range, which the help and each refusal name.

use std::any::TypeId;
use std::path::Path;

use crate::Program;

/// A numeric option: its name, its range as the help names it (`1 to 64`), a value below and a value above it.
pub type NumericOption = (&'static str, &'static str, &'static str, &'static str);

impl Program {
    /// Checks the numeric options of `command`, which holds all that the command needs besides them.
    pub fn names_ranges(self, command: &[&str], options: &[NumericOption], folder: &Path) {
        let help = self.succeeds(&[command, &["--help"]].concat(), folder);
        // Help breaks a description where a line is full.
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for (option, range, below, above) in options {
            let (_, described) = help.split_once(&format!(" {option} ")).unwrap_or_else(|| panic!("{option}: {help}"));
            let described = described.split(" --").next().unwrap();
            let (low, high) = range.split_once(" to ").unwrap();
            assert!(described.contains(&format!("{low} to {high}")), "{command:?} {option}: {described}");
            for wrong in [*below, *above, "NaN", "inf", "1e999", "-1e999", "x", ""] {
                let argument = format!("{option}={wrong}");
                self.refuses(&[command, &[argument.as_str()]].concat(), &format!("from {low} to {high}"), folder);
            }
            // As two words, a negative number must not be taken for an option.
            self.refuses(&[command, &[option, "-99999"]].concat(), &format!("from {low} to {high}"), folder);
        }
    }
}

/// Checks that `command` and its subcommands have `count` numeric options, and that the help of each names a range.
pub fn assert_help_names_ranges(command: &clap::Command, count: usize) {
    let options = numeric_options(command);
    assert_eq!(options.len(), count, "{options:?}");
    for (name, help) in options {
        let is_digit = |c: char| c.is_ascii_digit();
        let mut around = help.match_indices(" to ").map(|(at, to)| (&help[..at], &help[at + to.len()..]));
        let has_range = around.any(|(low, high)| low.ends_with(is_digit) && high.starts_with(is_digit));
        assert!(has_range, "{name}: {help}");
    }
}

/// The numeric options of a command and its subcommands, each as its command's name with its own, and its help.
fn numeric_options(command: &clap::Command) -> Vec<(String, String)> {
    let types = [
        TypeId::of::<u8>(),
        TypeId::of::<i8>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<i32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<f32>(),
        TypeId::of::<f64>(),
    ];
    let is_number = |argument: &&clap::Arg| {
        let parsed = argument.get_value_parser().type_id();
        types.iter().any(|kind| parsed == *kind)
    };
    let described = |argument: &clap::Arg| {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        (format!("{} --{}", command.get_name(), argument.get_id()), help)
    };
    let own = command.get_arguments().filter(is_number).map(described);
    own.chain(command.get_subcommands().flat_map(numeric_options)).collect()
}
