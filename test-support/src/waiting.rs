//! Waits for what another thread or program does.

use std::thread;
use std::time::{Duration, Instant};

/// Waits until a condition holds; a minute is far more than anything takes that a test waits for.
///
/// # Panics
/// When it does not hold after a minute.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(60), "{what}: not within a minute");
        // What is waited for may need the processor.
        thread::sleep(Duration::from_millis(2));
    }
}
