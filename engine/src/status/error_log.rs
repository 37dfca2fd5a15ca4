//! The last errors of an instance, for the diagnostics.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The most errors that are kept.
const MOST_ERRORS: usize = 20;

/// An error that was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedError {
    /// When it was reported last, from the start of the instance.
    pub time: Duration,
    /// How often it was reported in a row.
    pub count: u32,
    /// What was reported.
    pub message: String,
}

/// The last errors, with their times.
#[derive(Debug)]
pub struct ErrorLog {
    started: Instant,
    errors: Mutex<VecDeque<LoggedError>>,
}

impl Default for ErrorLog {
    fn default() -> Self {
        Self { started: Instant::now(), errors: Mutex::default() }
    }
}

impl ErrorLog {
    /// The time since the instance started.
    pub fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Adds an error. The same one again is counted. Of more than 20 the oldest is lost.
    pub fn push(&self, message: &str) {
        let time = self.uptime();
        let mut errors = self.errors.lock();
        match errors.back_mut().filter(|last| last.message == message) {
            Some(last) => (last.time, last.count) = (time, last.count + 1),
            None => errors.push_back(LoggedError { time, count: 1, message: message.into() }),
        }
        if errors.len() > MOST_ERRORS {
            errors.pop_front();
        }
    }

    /// The last errors, the oldest first.
    pub fn errors(&self) -> Vec<LoggedError> {
        self.errors.lock().iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_errors_are_kept_and_one_that_repeats_is_counted() {
        let log = ErrorLog::default();
        for number in 0..MOST_ERRORS + 5 {
            log.push(&format!("error {number}"));
            log.push(&format!("error {number}"));
        }
        let errors = log.errors();
        assert_eq!(errors.len(), MOST_ERRORS);
        assert_eq!((errors[0].message.as_str(), errors[0].count), ("error 5", 2));
        assert!(errors.windows(2).all(|pair| pair[0].time <= pair[1].time));
    }
}
