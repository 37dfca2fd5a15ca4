//! Turns panics inside runtimes into errors, and their messages into one short line.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Characters of a runtime's message that are kept.
const MAX_CHARS: usize = 240;

/// Runs `work` and returns the message of a panic inside it as an error.
///
/// After a panic, what `work` borrows mutably may only be dropped or reset.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| one_line(message(panic.as_ref())))
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it panicked without a message")
}

/// Puts a message on one line and cuts it after [`MAX_CHARS`] characters.
pub(crate) fn one_line(message: &str) -> String {
    let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_returned_as_its_message() {
        assert_eq!(guarded(|| 1), Ok(1));
        assert_eq!(guarded(|| -> u8 { panic!("broken {}", 7) }), Err("broken 7".into()));
    }

    #[test]
    fn a_message_is_put_on_one_line_and_shortened() {
        assert_eq!(one_line(" a\n  b\t"), "a b");
        assert_eq!(one_line(&"é".repeat(300)).chars().count(), MAX_CHARS + 1);
    }
}
