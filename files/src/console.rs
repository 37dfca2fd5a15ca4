//! What the program prints to.

/// Has the program end without a word once nobody reads what it prints, as in `cargo xtask … | head`.
#[cfg(unix)]
pub fn end_with_reader() {
    // SAFETY: no other thread runs yet, and the default action is no handler that could be unsound.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
    }
}

/// Elsewhere there is no such signal.
#[cfg(not(unix))]
pub fn end_with_reader() {}
