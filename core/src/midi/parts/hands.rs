//! Tests whether notes can be played by one hand, by two hands or as a single voice.

/// Largest interval that one hand plays at once, in semitones: a tenth. Arpeggiated chords exceed it.
const REACH: u32 = 16;

/// Longest time between the onsets of notes that are played together, in beats.
const TOGETHER: f64 = 1.0 / 16.0;

/// Shortest length of a note in a comparison, in beats; otherwise staccato hands would never overlap.
const SHORTEST: f64 = 1.0;

/// Beats in a bar, for every metre.
const BAR: f64 = 4.0;

/// A note in beats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Struck {
    pub onset: f64,
    pub release: f64,
    pub key: u8,
}

/// A comparison of two groups of notes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Registers {
    /// Share of the overlapping note pairs in which the same group has the lower key, 0–1; 1 without such pairs.
    pub order: f64,
    /// Number of pairs of notes, one from each group, that sound at the same time.
    pub meetings: u64,
    /// Share of the bars with notes in which both groups have some, 0–1.
    pub both: f64,
    /// Distance of the first onsets or of the last ends in beats, whichever is larger.
    pub apart: f64,
}

impl Registers {
    /// Compares two groups, each with its notes by onset.
    pub fn new(a: &[Struck], b: &[Struck]) -> Self {
        let (below, above, same) = meetings(a, b);
        let met = below + above + same;
        let first = |notes: &[Struck]| notes.iter().map(|n| n.onset).fold(f64::INFINITY, f64::min);
        let last = |notes: &[Struck]| notes.iter().map(|n| n.release).fold(f64::NEG_INFINITY, f64::max);
        let (bars_a, bars_b) = (bars(a), bars(b));
        let shared = bars_a.iter().filter(|bar| bars_b.binary_search(bar).is_ok()).count();
        Self {
            order: if met == 0 { 1.0 } else { below.max(above) as f64 / met as f64 },
            meetings: met,
            both: shared as f64 / (bars_a.len() + bars_b.len() - shared).max(1) as f64,
            apart: (first(a) - first(b)).abs().max((last(a) - last(b)).abs()),
        }
    }
}

/// Numbers of overlapping note pairs in which `a`'s key is lower, `b`'s is, or both are equal.
fn meetings(a: &[Struck], b: &[Struck]) -> (u64, u64, u64) {
    // Sounding notes are counted by key, so that the time does not depend on the number of held notes.
    let mut events: Vec<(f64, bool, usize, u8)> = Vec::new();
    for (group, notes) in [a, b].into_iter().enumerate() {
        for note in notes {
            events.push((note.onset, true, group, note.key));
            events.push((note.release.max(note.onset + SHORTEST), false, group, note.key));
        }
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let mut sounding = [[0u64; 128]; 2];
    let (mut below, mut above, mut same) = (0, 0, 0);
    for (_, is_onset, group, key) in events {
        let key = usize::from(key.min(127));
        if is_onset {
            let others = &sounding[1 - group];
            let (under, over) = (others[..key].iter().sum::<u64>(), others[key + 1..].iter().sum::<u64>());
            same += others[key];
            below += if group == 0 { over } else { under };
            above += if group == 0 { under } else { over };
            sounding[group][key] += 1;
        } else {
            sounding[group][key] -= 1;
        }
    }
    (below, above, same)
}

/// The bars that have onsets, in order.
fn bars(notes: &[Struck]) -> Vec<i64> {
    let mut bars: Vec<i64> = notes.iter().map(|n| (n.onset / BAR).floor() as i64).collect();
    bars.sort_unstable();
    bars.dedup();
    bars
}

/// The share of onsets, 0–1, whose keys are beyond the reach of `hands` hands; `notes` must be in the order of onset.
pub(super) fn beyond(notes: &[Struck], hands: u32) -> f64 {
    let mut moments = 0u32;
    let mut too_wide = 0u32;
    let mut at = 0;
    while at < notes.len() {
        let onset = notes[at].onset;
        let end = at + notes[at..].partition_point(|n| n.onset <= onset + TOGETHER);
        let keys = notes[at..end].iter().fold(0u128, |keys, n| keys | 1 << n.key.min(127));
        moments += 1;
        too_wide += u32::from(hands_for(keys) > hands);
        at = end;
    }
    f64::from(too_wide) / f64::from(moments.max(1))
}

/// Number of hands that reach these keys, one bit per key.
fn hands_for(mut keys: u128) -> u32 {
    let mut hands = 0;
    while keys != 0 {
        hands += 1;
        let reached = keys.trailing_zeros() + REACH + 1;
        keys = if reached < 128 { keys >> reached << reached } else { 0 };
    }
    hands
}

/// Whether notes form a single voice, with at most one overlap in 20 notes; `notes` must be in the order of onset.
pub(super) fn is_single_voice(notes: &[Struck]) -> bool {
    let overlapping = notes.windows(2).filter(|pair| pair[1].onset < pair[0].release - TOGETHER).count();
    overlapping * 20 <= notes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn struck(notes: &[(f64, f64, u8)]) -> Vec<Struck> {
        notes.iter().map(|&(onset, release, key)| Struck { onset, release, key }).collect()
    }

    #[test]
    fn the_number_of_hands_follows_from_their_reach() {
        let keys = |keys: &[u8]| keys.iter().fold(0u128, |bits, &key| bits | 1 << key);
        assert_eq!(hands_for(keys(&[])), 0);
        assert_eq!(hands_for(keys(&[60, 76])), 1, "a tenth");
        assert_eq!(hands_for(keys(&[60, 77])), 2);
        assert_eq!(hands_for(keys(&[36, 48, 60, 76])), 2);
        assert_eq!(hands_for(keys(&[0, 40, 80, 127])), 4);
    }

    #[test]
    fn hands_overlap_in_order_and_two_players_do_not() {
        let low = struck(&[(0.0, 4.0, 40), (4.0, 8.0, 43)]);
        let high = struck(&[(0.0, 1.0, 60), (2.0, 2.5, 64), (5.0, 7.9, 67)]);
        let registers = Registers::new(&low, &high);
        assert_eq!((registers.order, registers.meetings, registers.both), (1.0, 3, 1.0));
        assert!((registers.apart - 0.1).abs() < 1e-9);
        assert_eq!(Registers::new(&high, &low).order, 1.0, "the order of the arguments does not matter");
        let crossing = struck(&[(0.0, 4.0, 30), (4.0, 8.0, 90)]);
        assert_eq!(Registers::new(&low, &crossing).order, 0.5);
        assert_eq!(Registers::new(&low, &low).order, 0.0, "two hands do not play the same key");
        let later = struck(&[(100.0, 101.0, 50)]);
        let never = Registers::new(&low, &later);
        assert_eq!((never.meetings, never.both, never.apart), (0, 0.0, 100.0));
    }

    #[test]
    fn notes_played_together_show_the_number_of_hands() {
        let stride = struck(&[(0.0, 1.0, 36), (1.0, 2.0, 60), (1.01, 2.0, 67), (2.0, 3.0, 36)]);
        assert_eq!(beyond(&stride, 1), 0.0);
        let wide = struck(&[(0.0, 1.0, 36), (0.02, 1.0, 72), (1.0, 2.0, 60), (2.0, 3.0, 36), (3.0, 4.0, 40)]);
        assert_eq!((beyond(&wide, 1), beyond(&wide, 2)), (0.25, 0.0));
    }
}
