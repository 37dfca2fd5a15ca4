//! The bar lines of a song, from what the host tells.

/// The time signature if the host tells none.
const FOUR_FOUR: (u8, u8) = (4, 4);

/// Rounding error of a position on a bar line, in beats.
const LINE_TOLERANCE: f64 = 1e-4;

/// The bars around a song position; all lengths and positions are in beats (quarter notes).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bars {
    /// Position of one bar line.
    line: f64,
    signature: (u8, u8),
    /// Start and end of the host's loop, while looping is on.
    loop_beats: Option<(f64, f64)>,
}

impl Default for Bars {
    /// Bars of four beats from the start of the song.
    fn default() -> Self {
        Self { line: 0.0, signature: FOUR_FOUR, loop_beats: None }
    }
}

impl Bars {
    /// The bars at `beats`, from the host's time signature, the start of the current bar (`began`) and its loop.
    ///
    /// Some hosts give the start of the next bar. A start that cannot be the current bar's is ignored, and bars are then
    /// counted from the start of the song. Invalid signatures count as 4/4, and loops shorter than a bar are ignored.
    pub fn from_host(
        signature: Option<(i32, i32)>,
        began: Option<f64>,
        beats: Option<f64>,
        loop_beats: Option<(f64, f64)>,
    ) -> Self {
        let is_valid = |(upper, lower): &(u8, u8)| (1..=32).contains(upper) && matches!(lower, 1 | 2 | 4 | 8 | 16 | 32);
        let signature = signature
            .and_then(|(upper, lower)| u8::try_from(upper).ok().zip(u8::try_from(lower).ok()))
            .filter(is_valid)
            .unwrap_or(FOUR_FOUR);
        let length = bar(signature);
        let is_current =
            |(began, beats): &(f64, f64)| (-LINE_TOLERANCE..length + LINE_TOLERANCE).contains(&(beats - began));
        let line = began.zip(beats).filter(is_current).map_or(0.0, |(began, _)| began);
        let loop_beats = loop_beats.filter(|(from, to)| from.is_finite() && to - from >= length);
        Self { line, signature, loop_beats }
    }

    /// The time signature.
    pub fn signature(&self) -> (u8, u8) {
        self.signature
    }

    /// The length of a bar, in beats.
    pub fn length(&self) -> f64 {
        bar(self.signature)
    }

    /// The first bar line at or after a position.
    pub fn line_at_or_after(&self, beats: f64) -> f64 {
        self.line + ((beats - self.line - LINE_TOLERANCE) / self.length()).ceil() * self.length()
    }

    /// The first bar line at or after `beats` that the song reaches from `now` on.
    ///
    /// If the host's loop ends before that line, it is the first line of the loop.
    pub fn next_line(&self, now: f64, beats: f64) -> f64 {
        let line = self.line_at_or_after(beats);
        match self.loop_beats {
            Some((from, to)) if now < to && line >= to - LINE_TOLERANCE => self.line_at_or_after(from),
            _ => line,
        }
    }
}

fn bar((upper, lower): (u8, u8)) -> f64 {
    f64::from(upper) * 4.0 / f64::from(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_line_follows_the_hosts_signature_and_bars() {
        assert_eq!(Bars::default().line_at_or_after(0.0), 0.0);
        assert_eq!(Bars::default().line_at_or_after(4.000_01), 4.0, "a rounding error is not a bar");
        assert_eq!(Bars::default().line_at_or_after(4.1), 8.0);
        assert_eq!(Bars::default().line_at_or_after(-3.0), 0.0);
        let waltz = Bars::from_host(Some((3, 4)), Some(10.0), Some(11.0), None);
        assert_eq!(waltz.line_at_or_after(11.0), 13.0);
        let jig = Bars::from_host(Some((6, 8)), None, Some(11.0), None);
        assert_eq!(jig.line_at_or_after(11.0), 12.0);
    }

    #[test]
    fn implausible_values_from_the_host_are_ignored() {
        let ahead = Bars::from_host(Some((4, 4)), Some(8.0), Some(5.0), None);
        assert_eq!(ahead.line_at_or_after(5.0), 8.0);
        assert_eq!(Bars::from_host(Some((4, 4)), Some(9.0), Some(5.0), None), Bars::default());
        assert_eq!(Bars::from_host(Some((0, -4)), Some(f64::NAN), Some(5.0), None), Bars::default());
        assert_eq!(Bars::from_host(None, None, None, Some((3.0, 3.5))), Bars::default(), "a loop without a whole bar");
    }

    #[test]
    fn if_the_next_line_lies_past_the_loop_end_it_is_the_first_of_the_loop() {
        let bars = Bars::from_host(Some((4, 4)), None, None, Some((6.0, 16.0)));
        assert_eq!(bars.next_line(9.0, 10.0), 12.0);
        assert_eq!(bars.next_line(12.5, 13.0), 8.0);
        assert_eq!(bars.next_line(17.0, 18.0), 20.0, "past the loop the song continues");
    }
}
