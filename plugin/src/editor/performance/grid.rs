//! Where beats and bars lie: in the song, and in what was played.

use tonenet_core::clip::Bars;
use tonenet_engine::played_notes::PlayedNote;

use super::GridLine;

/// Bars shown after the last note of a song.
const BARS_AFTER: f64 = 16.0;
/// The most lines of a grid. A note far out in the song must not cost thousands of bars.
const MAX_LINES: usize = 100_000;
/// Beats shown after a note that no other follows.
const BEATS_AFTER: f64 = 8.0;
/// How far a note may lie from where the last one says it does, in beats, without a jump between them.
const SAME_SONG: f64 = 0.1;

/// The lines of the song from its start, or from the first note before it, to some bars after the last note.
pub fn lines_of_song(bars: &Bars, (first, last): (f64, f64)) -> Vec<GridLine> {
    let from = bars.line_at_or_after(first.min(0.0) - bars.length());
    let to = last.max(0.0) + BARS_AFTER * bars.length();
    beats_between(bars, from, to).map(|beats| line(bars, beats, beats)).collect()
}

/// The lines in what was played, from the positions that the host gave with the notes.
pub fn lines_of_playing(bars: &Bars, notes: &[PlayedNote]) -> Vec<GridLine> {
    let mut lines: Vec<GridLine> = Vec::new();
    let placed: Vec<(f64, f64, f64)> = notes.iter().filter_map(|n| Some((n.onset, n.beats?, n.beat_seconds))).collect();
    for (index, &(onset, beats, beat_seconds)) in placed.iter().enumerate() {
        let next = placed.get(index + 1);
        let to = match next {
            Some(&(next_onset, next_beats, _)) => {
                let expected = beats + (next_onset - onset) / beat_seconds;
                if (expected - next_beats).abs() < SAME_SONG { next_beats } else { expected.min(beats + BEATS_AFTER) }
            }
            None => beats + BEATS_AFTER,
        };
        for at in beats_between(bars, beats, to) {
            let place = onset + (at - beats) * beat_seconds;
            if lines.last().is_none_or(|last| last.place < place) && lines.len() < MAX_LINES {
                lines.push(line(bars, at, place));
            }
        }
    }
    lines
}

/// The length of a beat as the time signature counts it, in quarter notes.
fn beat(bars: &Bars) -> f64 {
    4.0 / f64::from(bars.signature().1)
}

/// The beats from one position to before another.
fn beats_between(bars: &Bars, from: f64, to: f64) -> impl Iterator<Item = f64> {
    let (beat, line) = (beat(bars), bars.line_at_or_after(0.0));
    let (first, last) = (((from - line) / beat - 1e-6).ceil(), (to - line) / beat);
    let count = (last - first).ceil().clamp(0.0, MAX_LINES as f64) as usize;
    (0..count).map(move |index| line + (first + index as f64) * beat)
}

fn line(bars: &Bars, beats: f64, place: f64) -> GridLine {
    let number = (beats - bars.line_at_or_after(0.0)) / bars.length();
    let is_bar = (number - number.round()).abs() < 1e-4;
    GridLine { place, bar: is_bar.then_some(number.round() as i32 + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waltz_has_a_bar_every_three_beats_from_bar_1_on() {
        let bars = Bars::from_host(Some((3, 4)), None, None, None);
        let lines = lines_of_song(&bars, (0.0, 6.0));
        let at = |place: f64| lines.iter().find(|line| line.place == place).map(|line| line.bar);
        assert_eq!(
            [0.0, 1.0, 3.0, 6.0, -3.0].map(at),
            [Some(Some(1)), Some(None), Some(Some(2)), Some(Some(3)), Some(Some(0))]
        );
        assert!(lines.is_sorted_by_key(|line| line.place));
    }

    #[test]
    fn far_notes_cost_no_more_lines_than_a_song_may_have() {
        for ends in [(-1e12, 1e12), (0.0, 1e300), (f64::MIN, f64::MAX)] {
            assert!(lines_of_song(&Bars::default(), ends).len() <= MAX_LINES);
        }
    }
}
