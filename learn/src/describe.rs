//! Says in a sentence how a learned style differs from the nearest built-in style.

use tonenet_inference::model::StyleSpread;

use crate::groups::{Group, GroupSums};

/// The smallest difference worth a word, in velocity steps.
const AUDIBLE: f64 = 1.0;

/// The smallest change of the range worth a word, as a ratio.
const WIDER: f64 = 1.1;

/// The largest gain of a style's means.
const WIDEST_GAIN: f64 = 3.0;

/// The most differences in a sentence, the range aside.
const MOST_DIFFERENCES: usize = 3;

/// A style: the weights of columns, and its spreads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Described<'a> {
    pub title: &'a str,
    pub weights: &'a [f64],
    pub spread: StyleSpread,
}

impl Described<'_> {
    /// The factor that gives its means the spread of a performance, within the limits of mixing.
    fn gain(&self) -> f64 {
        let StyleSpread { human, predicted } = self.spread;
        if predicted > 0.0 { f64::from(human / predicted).clamp(1.0, WIDEST_GAIN) } else { 1.0 }
    }

    /// By how much a group of notes is louder than all notes, as the style is heard.
    fn deviation(&self, groups: &GroupSums, group: Group) -> Option<f64> {
        Some(self.gain() * groups.deviation(group, self.weights)?)
    }
}

/// How a learned style differs from the nearest built-in style on the notes that were summed up in `groups`.
pub(crate) fn describe(learned: Described<'_>, nearest: Described<'_>, groups: &GroupSums) -> String {
    let difference = |group| Some(learned.deviation(groups, group)? - nearest.deviation(groups, group)?);
    let off_beat = difference(Group::OffBeat).zip(difference(Group::OnBeat)).map(|(off, on)| off - on);
    // The same predictions with another range differ in nothing but the range.
    let is_nearest = learned.weights == nearest.weights;
    let candidates = [
        (difference(Group::Bass), "louder bass", "softer bass"),
        (difference(Group::Inner), "louder inner voices", "softer inner voices"),
        (difference(Group::Melody), "louder melody", "softer melody"),
        (off_beat, "stronger off-beats", "weaker off-beats"),
    ];
    let mut heard: Vec<(f64, String)> = candidates
        .into_iter()
        .filter_map(|(steps, more, less)| {
            let steps = steps.filter(|_| !is_nearest)?;
            let words = if steps > 0.0 { more } else { less };
            (steps.abs() >= AUDIBLE).then(|| (steps.abs(), format!("{words} ({})", signed(steps))))
        })
        .collect();
    heard.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut words: Vec<String> = heard.into_iter().take(MOST_DIFFERENCES).map(|(_, words)| words).collect();
    let (human, of_nearest) = (f64::from(learned.spread.human), f64::from(nearest.spread.human));
    let range = match human / of_nearest {
        ratio if ratio >= WIDER => Some("a wider range"),
        ratio if ratio <= WIDER.recip() => Some("a narrower range"),
        _ => None,
    };
    words.extend(range.map(|range| format!("{range} (σ {human:.1} for {of_nearest:.1})")));
    let title = nearest.title;
    match words.split_last() {
        None => format!("Plays much as {title} does: no voice differs by a velocity step."),
        Some((last, [])) => format!("Compared with {title}: {last}."),
        Some((last, others)) => format!("Compared with {title}: {} and {last}.", others.join(", ")),
    }
}

/// A difference with its sign, as in print.
fn signed(steps: f64) -> String {
    format!("{steps:+.1}").replace('-', "−")
}

#[cfg(test)]
mod tests {
    use tonenet_core::note_rows::{Part, PartNote};

    use super::*;

    /// A bass note, an inner one and a melody note; each column is 1 for one of them.
    fn groups() -> GroupSums {
        let mut part = Part::default();
        for key in [40, 55, 64] {
            part.push(PartNote { onset: 0.0, release: 0.5, key, beat_phase: None, deviation: None });
        }
        let mut groups = GroupSums::new(&part, 3);
        for note in 0..3 {
            let mut row = [0.0; 3];
            row[note] = 1.0;
            groups.add(note, &row);
        }
        groups
    }

    fn described(weights: &[f64], human: f32) -> Described<'_> {
        Described { title: "Pop", weights, spread: StyleSpread { human, predicted: human } }
    }

    #[test]
    fn the_largest_differences_come_first_and_the_range_last() {
        let flat = described(&[0.0; 3], 12.0);
        assert_eq!(
            describe(described(&[5.0, -4.0, -1.0], 18.0), flat, &groups()),
            "Compared with Pop: louder bass (+5.0), softer inner voices (−4.0), softer melody (−1.0) and a wider range \
             (σ 18.0 for 12.0)."
        );
        assert_eq!(
            describe(described(&[0.0; 3], 9.0), flat, &groups()),
            "Compared with Pop: a narrower range (σ 9.0 for 12.0)."
        );
    }

    #[test]
    fn the_nearest_style_with_another_range_differs_in_the_range_alone() {
        let steps = [8.0, 0.0, -8.0];
        let wider = Described { spread: StyleSpread { human: 18.0, predicted: 12.0 }, ..described(&steps, 12.0) };
        assert_eq!(
            describe(wider, described(&steps, 12.0), &groups()),
            "Compared with Pop: a wider range (σ 18.0 for 12.0)."
        );
    }

    #[test]
    fn only_a_number_has_a_minus_sign() {
        assert_eq!((signed(-1.5), signed(2.0)), ("−1.5".into(), "+2.0".into()));
        let mut part = Part::default();
        for beat in 0..8 {
            let (onset, beat_phase) = (f64::from(beat) * 0.25, Some(f64::from(beat % 2) * 0.5));
            part.push(PartNote { onset, release: onset + 0.2, key: 60, beat_phase, deviation: None });
        }
        let mut groups = GroupSums::new(&part, 1);
        (0..8).for_each(|note| groups.add(note, &[if note % 2 == 0 { 1.0 } else { -1.0 }]));
        let sentence = describe(described(&[4.0], 12.0), described(&[0.0], 12.0), &groups);
        assert!(sentence.contains("weaker off-beats (−8.0)"), "{sentence}");
    }

    #[test]
    fn a_style_is_compared_as_it_is_heard() {
        // Both stretch to the same deviations.
        let narrow =
            Described { spread: StyleSpread { human: 12.0, predicted: 6.0 }, ..described(&[2.0, 0.0, -2.0], 12.0) };
        assert_eq!(
            describe(narrow, described(&[4.0, 0.0, -4.0], 12.0), &groups()),
            "Plays much as Pop does: no voice differs by a velocity step."
        );
    }
}
