//! Says in a sentence how a learned feel differs from the nearest built-in style's.

use super::LearnedFeel;

/// The smallest differences worth a word: of off-beats in beats, of lengths and chords as factors, of the pedal in log odds.
const LATER: f64 = 0.015;
const LONGER: f64 = 1.04;
const WIDER: f64 = 1.2;
const OFTENER: f64 = 0.4;

/// How a feel differs from the nearest style's; `None` where nobody would hear it.
pub(crate) fn describe(feel: &LearnedFeel) -> Option<String> {
    let own = &feel.own;
    let (length, spread) = (f64::from(own.stretch).exp(), f64::from(own.chord_spread));
    let percent = |factor: f64| ((factor - 1.0).abs() * 100.0).round();
    let mut words = Vec::new();
    if feel.off_beats.abs() >= LATER {
        let later = if feel.off_beats > 0.0 { "later" } else { "earlier" };
        words.push(format!("off-beats {:.2} of a beat {later}", feel.off_beats.abs()));
    }
    if beyond(length, LONGER) {
        words.push(format!("notes {} % {}", percent(length), if length > 1.0 { "longer" } else { "shorter" }));
    }
    if beyond(spread, WIDER) {
        words.push(format!("chords {} % {} spread", percent(spread), if spread > 1.0 { "more" } else { "less" }));
    }
    if f64::from(own.pedal_down).abs() >= OFTENER {
        words.push(format!("{} pedal", if own.pedal_down > 0.0 { "more" } else { "less" }));
    }
    let (last, others) = words.split_last()?;
    Some(match others {
        [] => format!("Its feel: {last}."),
        others => format!("Its feel: {} and {last}.", others.join(", ")),
    })
}

/// Whether a factor is that far from 1, up or down.
fn beyond(factor: f64, far: f64) -> bool {
    factor >= far || factor <= far.recip()
}

#[cfg(test)]
mod tests {
    use tonenet_inference::feel::OwnFeel;

    use super::*;

    #[test]
    fn what_would_be_heard_is_named() {
        let own = OwnFeel { stretch: -0.15, chord_spread: 1.5, pedal_down: 1.0, ..OwnFeel::NEAREST };
        let feel = LearnedFeel { own, off_beats: 0.0834 };
        let sentence =
            "Its feel: off-beats 0.08 of a beat later, notes 14 % shorter, chords 50 % more spread and more pedal.";
        assert_eq!(describe(&feel).as_deref(), Some(sentence));
        assert_eq!(
            describe(&LearnedFeel { off_beats: -0.02, ..LearnedFeel::default() }).as_deref(),
            Some("Its feel: off-beats 0.02 of a beat earlier.")
        );
        assert_eq!(describe(&LearnedFeel::default()), None);
    }
}
