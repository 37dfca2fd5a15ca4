use std::any::TypeId;

use clap::CommandFactory;

use super::*;

/// Options that take a number, each with its command's name and its help.
fn numbers(command: &clap::Command) -> Vec<(String, String)> {
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
    let of_command = command.get_arguments().filter(|arg| {
        let parsed = arg.get_value_parser().type_id();
        types.iter().any(|kind| parsed == *kind)
    });
    let told = |arg: &clap::Arg| {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        (format!("{} --{}", command.get_name(), arg.get_id()), help)
    };
    of_command.map(told).chain(command.get_subcommands().flat_map(numbers)).collect()
}

#[test]
fn the_help_of_every_number_tells_a_range() {
    let numbers = numbers(&Cli::command());
    // As many as `tests/numbers.rs` tries; add a new one there.
    assert_eq!(numbers.len(), 6, "{numbers:?}");
    for (name, help) in numbers {
        let is_digit = |c: char| c.is_ascii_digit();
        let mut between = help.match_indices(" to ").map(|(at, to)| (&help[..at], &help[at + to.len()..]));
        let has_range = between.any(|(low, high)| low.ends_with(is_digit) && high.starts_with(is_digit));
        assert!(has_range, "{name}: {help}");
    }
}
