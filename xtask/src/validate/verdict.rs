//! Reads how many tests passed from a validator's report.

/// The numbers of tests by result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    pub passed: usize,
    pub failed: usize,
    pub skipped: usize,
}

/// Reads clap-validator's last line, such as `38 tests run, 30 passed, 0 failed, 0 warnings, 8 skipped`.
///
/// Warnings are tests that passed with a remark.
pub fn from_clap_validator(report: &str) -> Option<Verdict> {
    let line = report.lines().rfind(|line| line.contains(" passed, ") && line.contains(" failed, "))?;
    let skipped = number_before(line, "skipped")?;
    let warnings = number_before(line, "warnings")?;
    Some(Verdict { passed: number_before(line, "passed")? + warnings, failed: number_before(line, "failed")?, skipped })
}

/// Reads the last line of Steinberg's validator, such as `Result: 47 tests passed, 0 tests failed`. It skips nothing.
pub fn from_vst3_validator(report: &str) -> Option<Verdict> {
    let line = report.lines().rfind(|line| line.contains("Result: "))?;
    Some(Verdict {
        passed: number_before(line, "tests passed")?,
        failed: number_before(line, "tests failed")?,
        skipped: 0,
    })
}

/// Counts the tests that pluginval reports as started, skipped, completed or failed.
///
/// Without a final `SUCCESS`, something has failed.
pub fn from_pluginval(report: &str) -> Option<Verdict> {
    let beginning = |words: &str| report.lines().filter(|line| line.trim_start().starts_with(words)).count();
    let (begun, completed) = (beginning("Starting tests in: "), beginning("Completed tests in "));
    let skipped = beginning("INFO: Skipping ").min(completed);
    let is_success = beginning("SUCCESS") > 0;
    let failed = begun.saturating_sub(completed).max(usize::from(!is_success));
    (begun > 0).then_some(Verdict { passed: completed - skipped, failed, skipped })
}

/// Removes terminal colours from a report.
pub fn without_colours(report: &str) -> String {
    let mut pieces = report.split("\u{1b}[");
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // Numbers and semicolons, and the letter that ends them.
        plain += piece.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';').get(1..).unwrap_or_default();
    }
    plain
}

/// The number before some words in a line.
fn number_before(line: &str, words: &str) -> Option<usize> {
    let (before, _) = line.split_once(words)?;
    before.split_whitespace().next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clap_validator_ends_with_its_numbers() {
        let report = "   - state: PASSED\n\n38 tests run, 29 passed, 1 failed, 2 warnings, 6 skipped\n";
        assert_eq!(from_clap_validator(report), Some(Verdict { passed: 31, failed: 1, skipped: 6 }));
        assert_eq!(from_clap_validator("error: no such file\n"), None);
        let coloured =
            "44 tests run, \u{1b}[1;32m37\u{1b}[0m passed, \u{1b}[1;31m0\u{1b}[0m failed, 0 warnings, 7 skipped";
        let plain = without_colours(coloured);
        assert_eq!(plain, "44 tests run, 37 passed, 0 failed, 0 warnings, 7 skipped");
        assert_eq!(from_clap_validator(&plain), Some(Verdict { passed: 37, failed: 0, skipped: 7 }));
    }

    #[test]
    fn steinbergs_validator_ends_with_its_numbers() {
        let report = "[Succeeded]\n\n-----\nResult: 46 tests passed, 1 tests failed\n-----\n";
        assert_eq!(from_vst3_validator(report), Some(Verdict { passed: 46, failed: 1, skipped: 0 }));
        assert_eq!(from_vst3_validator("cannot load"), None);
    }

    #[test]
    fn pluginval_has_failed_what_it_began_and_did_not_complete() {
        let fine = "Starting tests in: pluginval / Scan...\nCompleted tests in pluginval / Scan\nSUCCESS\n";
        assert_eq!(from_pluginval(fine), Some(Verdict { passed: 1, failed: 0, skipped: 0 }));
        let bad =
            "Starting tests in: a / b...\nCompleted tests in a / b\nStarting tests in: a / c...\nFAILED!!  2 tests\n";
        assert_eq!(from_pluginval(bad), Some(Verdict { passed: 1, failed: 1, skipped: 0 }));
        let crashed = "Starting tests in: a / b...\nCompleted tests in a / b\n*** FAILED: VALIDATION CRASHED\n";
        assert_eq!(from_pluginval(crashed), Some(Verdict { passed: 1, failed: 1, skipped: 0 }));
        assert_eq!(from_pluginval(""), None);
    }
}
