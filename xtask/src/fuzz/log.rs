//! Reads libFuzzer's output, line by line.

use std::fmt;

/// The state of a run so far.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Log {
    executions: Option<u64>,
    coverage: Option<u64>,
    artifact: Option<String>,
    failed: bool,
}

impl Log {
    /// Reads a line; returns whether it only shows progress.
    pub fn read(&mut self, line: &str) -> bool {
        if let Some((_, path)) = line.split_once("Test unit written to ") {
            self.artifact = Some(path.trim().into());
        }
        if let Some(number) = line.strip_prefix("stat::number_of_executed_units:") {
            self.executions = number.trim().parse().ok().or(self.executions);
        }
        let Some(progress) = line.strip_prefix('#') else { return false };
        let mut words = progress.split_whitespace();
        let Some(executions) = words.next().and_then(|number| number.parse().ok()) else { return false };
        self.executions = Some(executions);
        let coverage = words.skip_while(|word| *word != "cov:").nth(1).and_then(|number| number.parse().ok());
        self.coverage = coverage.or(self.coverage);
        true
    }

    /// Records the end of the run.
    pub fn ends(&mut self, success: bool) {
        self.failed = !success;
    }

    /// Whether it ended before the first input.
    pub fn never_ran(&self) -> bool {
        self.failed && self.executions.is_none() && self.artifact.is_none()
    }

    /// Whether an input made it crash.
    pub fn crashed(&self) -> bool {
        self.failed
    }

    /// The file with that input.
    pub fn artifact(&self) -> Option<&str> {
        self.artifact.as_deref()
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (executions, coverage) = (self.executions.unwrap_or(0), self.coverage.unwrap_or(0));
        write!(f, "{executions} executions, coverage {coverage}, {}", if self.failed { "A CRASH" } else { "no crash" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Log {
        let mut log = Log::default();
        for line in lines {
            log.read(line);
        }
        log
    }

    #[test]
    fn progress_and_figures_are_read() {
        let mut log = Log::default();
        assert!(!log.read("INFO: seed corpus: files: 3"));
        assert!(log.read("#4096\tpulse  cov: 812 ft: 2003 corp: 90/4Kb lim: 4096 exec/s: 2048 rss: 99Mb"));
        assert!(log.read("#9001\tDONE   cov: 900 ft: 2100 corp: 91/4Kb exec/s: 2048 rss: 99Mb"));
        assert!(!log.read("stat::number_of_executed_units: 9002"));
        assert!(!log.read("    #0 0x55d in main"));
        log.ends(true);
        assert_eq!(log.to_string(), "9002 executions, coverage 900, no crash");
    }

    #[test]
    fn a_crash_names_its_input() {
        let mut log = read(&["#12\tNEW    cov: 5", "artifact_prefix='fuzz/'; Test unit written to fuzz/crash-0a1b"]);
        log.ends(false);
        assert!(log.crashed() && !log.never_ran());
        assert_eq!(log.artifact(), Some("fuzz/crash-0a1b"));
    }

    #[test]
    fn a_target_that_does_not_build_has_no_crash_to_show() {
        let mut log = read(&["error: could not compile `tonenet-fuzz`"]);
        log.ends(false);
        assert!(log.never_ran());
    }
}
