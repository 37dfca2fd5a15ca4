//! Where the bars of a song begin, and which of them comes next.

/// The time signature where no host tells one.
const FOUR_FOUR: (u8, u8) = (4, 4);

/// What rounding makes of a place on a bar line, in beats.
const ON_A_LINE: f64 = 1e-4;

/// The bars around a place in the song; all lengths and places are in beats (quarter notes).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bars {
    /// Where one of them begins.
    line: f64,
    signature: (u8, u8),
    /// Where the host's loop begins and ends, while looping is on.
    repeated: Option<(f64, f64)>,
}

impl Default for Bars {
    /// Bars of four beats from the start of the song.
    fn default() -> Self {
        Self { line: 0.0, signature: FOUR_FOUR, repeated: None }
    }
}

impl Bars {
    /// The bars that a host tells of at `beats`: its time signature, where it says that the bar at hand began, and its loop.
    ///
    /// A start that cannot be of the bar at hand is not believed, for some hosts tell the next one's; bars are counted from
    /// the start of the song then.
    pub fn from_host(
        signature: Option<(i32, i32)>,
        began: Option<f64>,
        beats: Option<f64>,
        repeated: Option<(f64, f64)>,
    ) -> Self {
        let is_one = |(upper, lower): &(u8, u8)| (1..=32).contains(upper) && matches!(lower, 1 | 2 | 4 | 8 | 16 | 32);
        let signature = signature
            .and_then(|(upper, lower)| u8::try_from(upper).ok().zip(u8::try_from(lower).ok()))
            .filter(is_one)
            .unwrap_or(FOUR_FOUR);
        let length = bar(signature);
        let is_at_hand = |(began, beats): &(f64, f64)| (-ON_A_LINE..length + ON_A_LINE).contains(&(beats - began));
        let line = began.zip(beats).filter(is_at_hand).map_or(0.0, |(began, _)| began);
        let repeated = repeated.filter(|(from, to)| from.is_finite() && to - from >= length);
        Self { line, signature, repeated }
    }

    /// The time signature.
    pub fn signature(&self) -> (u8, u8) {
        self.signature
    }

    /// How long a bar is.
    pub fn length(&self) -> f64 {
        bar(self.signature)
    }

    /// The first bar line at or after a place.
    pub fn line_at_or_after(&self, beats: f64) -> f64 {
        self.line + ((beats - self.line - ON_A_LINE) / self.length()).ceil() * self.length()
    }

    /// The first bar line at or after a place that playing gets to from `now` on: where the host goes back to the start of
    /// its loop before it, the first one there.
    pub fn next_line(&self, now: f64, beats: f64) -> f64 {
        let line = self.line_at_or_after(beats);
        match self.repeated {
            Some((from, to)) if now < to && line >= to - ON_A_LINE => self.line_at_or_after(from),
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
        assert_eq!(Bars::default().line_at_or_after(4.000_01), 4.0, "rounding is not a bar");
        assert_eq!(Bars::default().line_at_or_after(4.1), 8.0);
        assert_eq!(Bars::default().line_at_or_after(-3.0), 0.0);
        let waltz = Bars::from_host(Some((3, 4)), Some(10.0), Some(11.0), None);
        assert_eq!(waltz.line_at_or_after(11.0), 13.0);
        let jig = Bars::from_host(Some((6, 8)), None, Some(11.0), None);
        assert_eq!(jig.line_at_or_after(11.0), 12.0);
    }

    #[test]
    fn what_a_host_cannot_mean_is_not_believed() {
        let ahead = Bars::from_host(Some((4, 4)), Some(8.0), Some(5.0), None);
        assert_eq!(ahead.line_at_or_after(5.0), 8.0);
        assert_eq!(Bars::from_host(Some((4, 4)), Some(9.0), Some(5.0), None), Bars::default());
        assert_eq!(Bars::from_host(Some((0, -4)), Some(f64::NAN), Some(5.0), None), Bars::default());
        assert_eq!(Bars::from_host(None, None, None, Some((3.0, 3.5))), Bars::default(), "a loop without a whole bar");
    }

    #[test]
    fn a_line_behind_the_loops_end_is_the_first_of_the_loop() {
        let bars = Bars::from_host(Some((4, 4)), None, None, Some((6.0, 16.0)));
        assert_eq!(bars.next_line(9.0, 10.0), 12.0);
        assert_eq!(bars.next_line(12.5, 13.0), 8.0);
        assert_eq!(bars.next_line(17.0, 18.0), 20.0, "beyond the loop it plays on");
    }
}
