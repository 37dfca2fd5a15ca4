//! Mistakes of the command line that clap does not know, and how the program ends.

use std::process::ExitCode;

use thiserror::Error;

/// Options that contradict each other, or the model that was chosen.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// The status of a program whose command line is wrong, which is clap's too.
const WRONG_COMMAND_LINE: u8 = 2;

/// The status for an error.
pub fn exit_code(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref::<UsageError>() {
        Some(_) => ExitCode::from(WRONG_COMMAND_LINE),
        None => ExitCode::FAILURE,
    }
}

/// An error of the command line.
pub fn wrong(what: impl Into<String>) -> anyhow::Error {
    UsageError(what.into()).into()
}
