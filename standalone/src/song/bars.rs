//! The bar lines of a song, from its time signatures.

/// Rounding up to a bar line ignores less than this, in beats.
const SAME_BEAT: f64 = 1e-6;

/// A stretch of bars in one metre.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    /// Where its first bar begins, in beats.
    start: f64,
    /// The number of its first bar, counted from 0.
    number: i32,
    over: u8,
    under: u8,
}

impl Stretch {
    /// The length of a bar in beats, which are quarter notes.
    fn bar(&self) -> f64 {
        f64::from(self.over) * 4.0 / f64::from(self.under)
    }
}

/// The bar lines of a song.
#[derive(Debug)]
pub struct BarLines(Vec<Stretch>);

/// A bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bar {
    /// Its number, counted from 0.
    pub number: i32,
    /// Where it begins, in beats.
    pub start: f64,
    /// Its metre's numerator.
    pub over: u8,
    /// Its metre's denominator.
    pub under: u8,
}

impl BarLines {
    /// Bars of 4/4 until the first of the signatures `(beat, numerator, denominator)`, which come by time. A signature begins a
    /// bar.
    pub fn new(signatures: impl IntoIterator<Item = (f64, u8, u8)>) -> Self {
        let mut stretches = vec![Stretch { start: 0.0, number: 0, over: 4, under: 4 }];
        for (start, over, under) in signatures {
            if over == 0 || under == 0 {
                continue;
            }
            let last = stretches[stretches.len() - 1];
            if start <= last.start {
                stretches.pop();
            }
            let bars = ((start - last.start) / last.bar() - SAME_BEAT).ceil().max(0.0);
            stretches.push(Stretch { start, number: last.number.saturating_add(bars as i32), over, under });
        }
        Self(stretches)
    }

    /// The bar at a beat.
    pub fn at(&self, beats: f64) -> Bar {
        let stretch = self.0[self.0.partition_point(|s| s.start <= beats).max(1) - 1];
        let Stretch { start, number, over, under } = stretch;
        let bars = ((beats - start) / stretch.bar()).floor().max(0.0);
        Bar { number: number.saturating_add(bars as i32), start: start + bars * stretch.bar(), over, under }
    }

    /// The first bar line at a beat or after it, but after the beginning.
    pub fn end_of_bar(&self, beats: f64) -> f64 {
        let bar = self.at((beats - SAME_BEAT).max(0.0));
        bar.start + f64::from(bar.over) * 4.0 / f64::from(bar.under)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_signature_bars_have_four_beats() {
        let bars = BarLines::new([]);
        assert_eq!(bars.at(9.5), Bar { number: 2, start: 8.0, over: 4, under: 4 });
        assert_eq!(bars.end_of_bar(8.0), 8.0);
        assert_eq!(bars.end_of_bar(8.1), 12.0);
        assert_eq!(bars.end_of_bar(0.0), 4.0, "no song is shorter than a bar");
    }

    #[test]
    fn numbers_of_bars_do_not_overflow() {
        let bars = BarLines::new([(1e12, 1, 128), (1e13, 1, 128)]);
        assert_eq!(bars.at(1e14).number, i32::MAX);
    }

    #[test]
    fn a_signature_begins_a_bar() {
        let bars = BarLines::new([(0.0, 6, 8), (7.0, 2, 2)]);
        assert_eq!(bars.at(3.0), Bar { number: 1, start: 3.0, over: 6, under: 8 });
        assert_eq!(bars.at(6.5), Bar { number: 2, start: 6.0, over: 6, under: 8 }, "a bar of one beat");
        assert_eq!(bars.at(7.0), Bar { number: 3, start: 7.0, over: 2, under: 2 });
        assert_eq!(bars.end_of_bar(12.0), 15.0);
    }
}
