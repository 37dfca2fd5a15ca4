//! Small plots of one line, in blocks or in plain ASCII.

/// What a plot is drawn with, from nothing to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyphs([char; 9]);

impl Glyphs {
    const BLOCKS: Self = Self([' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']);
    const ASCII: Self = Self([' ', '.', ':', '-', '=', '+', '*', '%', '#']);

    /// Blocks where the terminal can show them.
    pub fn for_terminal(is_utf8: bool) -> Self {
        if is_utf8 { Self::BLOCKS } else { Self::ASCII }
    }

    /// A glyph for each value: the tallest for `most`, the smallest for `least`, none where there is no value.
    pub fn line(self, values: impl IntoIterator<Item = Option<f64>>, least: f64, most: f64) -> String {
        let steps = self.0.len() - 1;
        let glyph = |value: Option<f64>| {
            let Some(value) = value else { return self.0[0] };
            // Where all are equal they stand half-way.
            let share = if most > least { (value - least) / (most - least) } else { 0.5 };
            self.0[1 + ((share * steps as f64) as usize).min(steps - 1)]
        };
        values.into_iter().map(glyph).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_go_from_the_least_to_the_most() {
        let values = [None, Some(0.0), Some(1.0), Some(4.0), Some(8.0)];
        assert_eq!(Glyphs::for_terminal(true).line(values, 0.0, 8.0), " ▁▂▅█");
        assert_eq!(Glyphs::for_terminal(false).line(values, 0.0, 8.0), " .:+#");
    }

    #[test]
    fn equal_values_stand_half_way() {
        assert_eq!(Glyphs::BLOCKS.line([Some(3.0), Some(3.0)], 3.0, 3.0), "▅▅");
    }

    #[test]
    fn plain_plots_are_ascii() {
        assert!(Glyphs::ASCII.0.iter().all(char::is_ascii));
    }
}
