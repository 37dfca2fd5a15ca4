//! Keeps other people's panics and long messages from reaching the host: a panic becomes an error, a message one line.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The longest message taken over from a runtime, in characters.
const LONGEST: usize = 240;

/// Runs `work`; a panic inside becomes its message.
///
/// What `work` borrows must not be relied on after a panic other than to be dropped or tried again.
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

/// A message on one line and not too long for a label.
pub(crate) fn one_line(message: &str) -> String {
    let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &words[..end]),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        assert_eq!(guarded(|| 1), Ok(1));
        assert_eq!(guarded(|| -> u8 { panic!("broken {}", 7) }), Err("broken 7".into()));
    }

    #[test]
    fn messages_are_put_on_one_line_and_shortened() {
        assert_eq!(one_line(" a\n  b\t"), "a b");
        assert_eq!(one_line(&"é".repeat(300)).chars().count(), LONGEST + 1);
    }
}
