//! Parses numbers on a command line, each within a range that the error names.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Parses whole numbers in a range.
pub fn whole<N: FromStr + PartialOrd + Display>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String> + Clone
where
    RangeInclusive<N>: Clone,
{
    move |text| within(text, &range).ok_or_else(|| refusal("whole number", &range))
}

/// Parses numbers in a range, with or without a fraction. NaN is in no range.
pub fn number<N: FromStr + PartialOrd + Display>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String> + Clone
where
    RangeInclusive<N>: Clone,
{
    move |text| within(text, &range).ok_or_else(|| refusal("number", &range))
}

fn within<N: FromStr + PartialOrd>(text: &str, range: &RangeInclusive<N>) -> Option<N> {
    text.parse().ok().filter(|number| range.contains(number))
}

fn refusal<N: Display>(kind: &str, range: &RangeInclusive<N>) -> String {
    format!("give a {kind} from {} to {}", range.start(), range.end())
}
