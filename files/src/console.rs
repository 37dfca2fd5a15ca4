//! Ends a program quietly once nobody reads what it prints.

/// Makes the program exit silently once nobody reads its output, as in `cargo xtask … | head`.
#[cfg(unix)]
#[allow(unsafe_code, reason = "the standard library offers no safe way to the default action of a signal")]
pub fn end_with_reader() {
    // SAFETY: no other thread runs yet, and the default action is no handler that could be unsound.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

/// Other systems have no such signal.
#[cfg(not(unix))]
pub fn end_with_reader() {}
