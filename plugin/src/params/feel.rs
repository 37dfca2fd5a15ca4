//! The parameters of the feel: where notes are placed, how long they are, and whose pedal is heard.

use std::sync::Arc;

use nice_plug::prelude::*;
use tonenet_core::feel::{FeelControls, Swing};
use tonenet_core::scheduler::{Mode, SchedulerConfig};

use super::{ToneNetParams, percentage};

/// The value of Swing that means the style's own.
pub const STYLE_SWING: i32 = 49;

/// The values of Swing that are a part of the beat, in percent.
const SWING_PERCENT: std::ops::RangeInclusive<i32> = 50..=75;

/// The value of Swing that means a triplet, which is no whole percentage.
const TRIPLET: i32 = 67;

/// The text of [`STYLE_SWING`].
const STYLE_TEXT: &str = "Style";

impl ToneNetParams {
    /// The scheduler's configuration at a tempo in beats a minute; `sample_rate` in Hz, `longest_block` in samples.
    pub fn scheduler_config(&self, tempo: f64, sample_rate: f64, longest_block: u32) -> SchedulerConfig {
        let mode = self.look_ahead.value().into();
        let config = SchedulerConfig::for_mode(mode, tempo, sample_rate, longest_block);
        match mode {
            // Notes can then be moved earlier, too.
            Mode::Timeline => {
                SchedulerConfig { latency: (self.timeline_look_ahead() * sample_rate).round() as u32, ..config }
            }
            _ => config,
        }
    }

    /// What the user asks of the feel.
    ///
    /// Values are clamped, because a loaded state may hold any number.
    pub fn feel(&self) -> FeelControls {
        let share = |param: &FloatParam| param.value().clamp(0.0, 1.0);
        FeelControls {
            timing: share(&self.timing),
            swing: swing(self.swing.value()),
            articulation: share(&self.articulation),
            chord_spread: share(&self.chord_spread),
            pedal: self.pedal.value().into(),
        }
    }

    /// How much earlier Timeline mode may play a note, in seconds. This much is its latency.
    pub fn timeline_look_ahead(&self) -> f64 {
        self.timeline_delay.value().seconds()
    }
}

/// A share of the style's feel. At 0 %, the default, the player's own stays.
pub(super) fn feel_share(name: &str) -> FloatParam {
    percentage(name, 0.0, 1.0)
}

/// The parameter Swing.
pub(super) fn swing_param() -> IntParam {
    let range = IntRange::Linear { min: STYLE_SWING, max: *SWING_PERCENT.end() };
    IntParam::new("Swing", STYLE_SWING, range)
        .with_value_to_string(Arc::new(swing_text))
        .with_string_to_value(Arc::new(parse_swing))
}

/// What a value of Swing means.
fn swing(value: i32) -> Swing {
    match value.min(*SWING_PERCENT.end()) {
        TRIPLET => Swing::At(2.0 / 3.0),
        percent if SWING_PERCENT.contains(&percent) => Swing::At(percent as f32 / 100.0),
        _ => Swing::Style,
    }
}

fn swing_text(value: i32) -> String {
    let name = match value {
        50 => " (straight)",
        TRIPLET => " (triplet)",
        75 => " (dotted)",
        _ => "",
    };
    if SWING_PERCENT.contains(&value) { format!("{value} %{name}") } else { STYLE_TEXT.into() }
}

/// Parses the text that hosts show, the name of a place, or a number of percent.
fn parse_swing(text: &str) -> Option<i32> {
    let text = text.trim().to_lowercase();
    match text.as_str() {
        "style" => return Some(STYLE_SWING),
        "straight" => return Some(50),
        "triplet" => return Some(TRIPLET),
        "dotted" => return Some(75),
        _ => {}
    }
    let number = text.split(['%', '(']).next()?.trim();
    let percent: f32 = number.parse().ok().filter(|percent: &f32| percent.is_finite())?;
    Some((percent.round() as i32).clamp(*SWING_PERCENT.start(), *SWING_PERCENT.end()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tonenet_core::feel::PedalMode;

    use super::*;
    use crate::params::{PedalChoice, TimelineLookAheadChoice};

    #[test]
    fn swing_is_the_styles_or_a_part_of_the_beat() {
        assert_eq!(swing(STYLE_SWING), Swing::Style);
        assert_eq!([50, 67, 75].map(swing), [Swing::At(0.5), Swing::At(2.0 / 3.0), Swing::At(0.75)]);
        assert_eq!([i32::MIN, 0, i32::MAX].map(swing), [Swing::Style, Swing::Style, Swing::At(0.75)]);
    }

    #[test]
    fn swing_shows_and_reads_places_by_name_and_by_number() {
        let texts = [49, 50, 51, 67, 75].map(swing_text);
        assert_eq!(texts, ["Style", "50 % (straight)", "51 %", "67 % (triplet)", "75 % (dotted)"]);
        for value in STYLE_SWING..=75 {
            assert_eq!(parse_swing(&swing_text(value)), Some(value));
        }
        for (text, value) in [
            ("style", Some(49)),
            (" triplet ", Some(67)),
            ("60", Some(60)),
            ("62 %", Some(62)),
            ("66.7", Some(67)),
            ("12", Some(50)),
            ("1e9", Some(75)),
            ("", None),
            ("late", None),
            ("nan", None),
        ] {
            assert_eq!(parse_swing(text), value, "{text:?}");
        }
    }

    #[test]
    fn by_default_everything_is_the_players_and_timeline_has_no_latency() {
        let params = ToneNetParams::new(Arc::default());
        assert_eq!((params.feel(), params.timeline_look_ahead()), (FeelControls::OFF, 0.0));
        assert!(!params.feel().moves());
    }

    #[test]
    fn choices_mean_what_they_are_called() {
        let modes = [PedalChoice::Mine, PedalChoice::Fill, PedalChoice::Replace].map(PedalMode::from);
        assert_eq!(modes, [PedalMode::Mine, PedalMode::Fill, PedalMode::Replace]);
        assert_eq!(modes.map(PedalChoice::from).map(PedalMode::from), modes);
        assert_eq!(PedalChoice::ids().unwrap(), ["mine", "fill", "replace"]);
        assert_eq!(TimelineLookAheadChoice::variants(), ["Off", "30 ms"]);
        assert_eq!(TimelineLookAheadChoice::ThirtyMilliseconds.seconds(), 0.03);
    }

    proptest! {
        #[test]
        fn any_text_means_no_swing_or_one_within_its_range(text in "\\PC*", number in any::<f64>()) {
            for text in [text, number.to_string(), format!("{number} %")] {
                prop_assert!(parse_swing(&text).is_none_or(|value| (STYLE_SWING..=75).contains(&value)), "{:?}", text);
            }
        }
    }
}
