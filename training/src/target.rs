//! Figures next to their targets.

use std::fmt;

/// A figure next to its target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Target {
    found: f64,
    bound: Bound,
    decimals: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
    Above(f64),
    Below(f64),
}

impl Target {
    /// A figure that must be at least `bound`, printed with so many decimals.
    pub fn at_least(found: f64, bound: f64, decimals: usize) -> Self {
        Self { found, bound: Bound::AtLeast(bound), decimals }
    }

    /// A figure that must be at most `bound`.
    pub fn at_most(found: f64, bound: f64, decimals: usize) -> Self {
        Self { found, bound: Bound::AtMost(bound), decimals }
    }

    /// A figure that must be above `bound`.
    pub fn above(found: f64, bound: f64, decimals: usize) -> Self {
        Self { found, bound: Bound::Above(bound), decimals }
    }

    /// A figure that must be below `bound`.
    pub fn below(found: f64, bound: f64, decimals: usize) -> Self {
        Self { found, bound: Bound::Below(bound), decimals }
    }

    /// Whether the figure meets its target.
    pub fn is_met(&self) -> bool {
        match self.bound {
            Bound::AtLeast(bound) => self.found >= bound,
            Bound::AtMost(bound) => self.found <= bound,
            Bound::Above(bound) => self.found > bound,
            Bound::Below(bound) => self.found < bound,
        }
    }

    /// The same as Markdown, a miss in bold.
    pub fn to_markdown(&self) -> String {
        self.to_string().replace("missed", "**missed**")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, bound) = match self.bound {
            Bound::AtLeast(bound) => ("≥", bound),
            Bound::AtMost(bound) => ("≤", bound),
            Bound::Above(bound) => (">", bound),
            Bound::Below(bound) => ("<", bound),
        };
        // Two more decimals where rounding would make a near miss look like none.
        let is_near_miss = !self.is_met() && (self.found - bound).abs() < 10f64.powi(-(self.decimals as i32));
        let decimals = if is_near_miss { self.decimals + 2 } else { self.decimals };
        write!(f, "{:.decimals$} ({sign} {bound:.*})", self.found, self.decimals)?;
        if self.is_met() { Ok(()) } else { f.write_str(" missed") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_miss_is_printed_as_one() {
        assert_eq!(Target::at_least(0.1999, 0.20, 3).to_string(), "0.19990 (≥ 0.200) missed");
        assert_eq!(Target::at_least(0.21, 0.20, 3).to_string(), "0.210 (≥ 0.200)");
        assert_eq!(Target::below(7.2, 6.7, 1).to_string(), "7.2 (< 6.7) missed");
    }

    #[test]
    fn a_bound_that_is_reached_exactly_meets_all_but_strict_targets() {
        assert!(Target::at_most(0.12, 0.12, 2).is_met() && Target::at_least(0.2, 0.2, 2).is_met());
        assert!(!Target::above(0.0, 0.0, 2).is_met() && !Target::below(6.7, 6.7, 1).is_met());
    }
}
