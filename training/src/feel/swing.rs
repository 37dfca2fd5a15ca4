//! How wide the shifts of a style are that swings.
//!
//! A performance either swings or plays straight eighths, and its page does not tell which. Read-outs that learned from
//! both lie between the two, as nobody plays. So where many performances of a style swing, its shifts are widened to those
//! that predict their off-beat eighths best, and only those tell how its shifts wander. Straight eighths are the control
//! Swing's to set.

use tonenet_learn::feel::{PageRows, Paged};

use super::regression::Solution;
use crate::metrics::feel::median;

/// The share of performances with timing that must swing for a style to swing.
const LEAST_SWINGING: f64 = 1.0 / 3.0;

/// The median shift of off-beat eighths from which a performance swings, in beats. The first eighth of a pair then lasts
/// at least 1.27 times as long as the second.
const SWINGING: f64 = 0.06;

/// The off-beat eighths that tell whether a performance swings, at least.
const FEWEST_OFF_BEATS: usize = 8;

/// Half a beat, in the twelfths in which places within the beat are counted.
const OFF_BEAT: usize = 6;

/// The most that shifts are widened.
const MOST_WIDENED: f64 = 4.0;

/// Whether the eighths of a performance swing.
pub fn swings(paged: &Paged) -> bool {
    let is_off = |beats: f64| (beats.rem_euclid(1.0) - 0.5).abs() < 1e-6;
    let shifts: Vec<f64> = paged.chords.iter().filter(|chord| is_off(chord.beats)).map(|chord| chord.shift).collect();
    paged.has_timing && shifts.len() >= FEWEST_OFF_BEATS && median(shifts) >= SWINGING
}

/// The pages that tell how a style is timed: of those with timing the ones that swing, where many do.
pub fn telling<'a>(pages: impl Iterator<Item = &'a PageRows>) -> Vec<&'a PageRows> {
    let timed: Vec<&PageRows> = pages.filter(|page| page.paged.has_timing).collect();
    let swinging: Vec<&PageRows> = timed.iter().copied().filter(|page| swings(&page.paged)).collect();
    if (swinging.len() as f64) < LEAST_SWINGING * timed.len() as f64 { timed } else { swinging }
}

/// How many times as wide a style's shifts are to be as this solution's: 1 for a style that does not swing.
///
/// The pages are to be others than those that the solution was learned from.
pub fn widening(solution: &Solution, pages: &[PageRows]) -> f64 {
    let swinging = telling(pages.iter());
    if !swinging.iter().all(|page| swings(&page.paged)) {
        return 1.0;
    }
    let (mut products, mut squares) = (0.0, 0.0);
    for page in swinging {
        for (row, feel) in page.rows.iter().enumerate().filter(|(_, feel)| feel.begins_chord) {
            if feel.place == Some(OFF_BEAT) {
                let predicted = solution.of(page.numbers(row));
                products += predicted * page.paged.chords[page.played(row).chord].shift;
                squares += predicted * predicted;
            }
        }
    }
    if squares > 0.0 { (products / squares).clamp(1.0, MOST_WIDENED) } else { 1.0 }
}
