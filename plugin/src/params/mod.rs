//! The parameters that the host and the user can set, and what else a project keeps.

mod choices;
mod feel;
pub mod style_value;
mod upgrade;
mod user;

pub use choices::{LookAheadChoice, ModelChoice, PartChoice, PedalChoice, TimelineLookAheadChoice};
pub use feel::STYLE_SWING;
pub use upgrade::upgrade;
pub use user::{AnyParam, UserParam};

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use nice_plug::prelude::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::note::{HIGHEST_KEY, LOWEST_KEY, key_from_name, key_name};
use tonenet_core::scope::Scope;
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};

use tonenet_engine::Settings;
use tonenet_engine::generator::ClipStore;
use tonenet_engine::status::Status;
use tonenet_engine::style_store::StyleStore;
use tonenet_engine::timeline_store::TimelineStore;

use crate::history::SlotStore;
use crate::persist::{ClipField, ModelVersionsField, ReportField, SlotField, StyleField, TimelineField};
use tonenet_engine::model_versions::MadeWith;

/// The version of the saved state. States of every older version must load for ever.
///
/// | version | what it holds |
/// |---|---|
/// | 1 | one style, Amount, Look-ahead and Bypass |
/// | 2 | also every other parameter but Generate |
/// | 3 | also the remembered performance, with predictions in the order of three styles |
/// | 4 | also Generate and the clips |
/// | 5 | the same, with predictions under the ids of their styles |
/// | 6 | also the user's styles; Style A and B are places in the list of styles, no ids |
/// | 7 | also the versions of the models that it was made with; Style A and B are values that mean places |
/// | 8 | also Listen to me, the scope, the slots A and B, and the lock of the take |
/// | 9 | also the feel: Timing, Swing, Articulation, Chord spread, Pedal and Timeline look-ahead |
pub const STATE_VERSION: u32 = 9;

/// The highest take. Take 0 is the average of all.
pub const LAST_TAKE: u16 = 99;

/// Largest value of Level in either direction, in velocity steps.
const MAX_LEVEL: i32 = 40;

/// Largest value of Range. 1 is the style's own spread.
const MAX_RANGE: f32 = 2.0;

/// The tempo before any host has sent one, in thousandths of a beat per minute.
const DEFAULT_TEMPO: u32 = 120_000;

/// All parameters of an instance, and the rest of its saved state.
#[derive(Params)]
pub struct ToneNetParams {
    /// Style A, whose dynamics the notes get.
    #[id = "style"]
    pub style: IntParam,
    /// Style B, which [`Self::blend`] mixes into style A.
    #[id = "style_b"]
    pub style_b: IntParam,
    /// The share of style B, 0–1.
    #[id = "blend"]
    pub blend: FloatParam,
    /// See [`Expression::amount`].
    #[id = "amount"]
    pub amount: FloatParam,
    /// See [`Expression::keep_accents`].
    #[id = "keep_accents"]
    pub keep_accents: FloatParam,
    /// See [`Expression::level`].
    #[id = "level"]
    pub level: IntParam,
    /// See [`Expression::range`].
    #[id = "range"]
    pub range: FloatParam,
    /// See [`Expression::floor`].
    #[id = "floor"]
    pub floor: IntParam,
    /// See [`Expression::ceiling`].
    #[id = "ceiling"]
    pub ceiling: IntParam,
    /// See [`TakeSeed`].
    #[id = "take"]
    pub take: IntParam,
    /// Model used for prediction.
    #[id = "model"]
    pub model: EnumParam<ModelChoice>,
    /// How long notes are held. A change takes effect at the next activation.
    #[id = "look_ahead"]
    pub look_ahead: EnumParam<LookAheadChoice>,
    /// Passes every note with its own velocity, with the same delay.
    #[id = "bypass"]
    pub bypass: BoolParam,
    /// Triggers generation when it is switched on.
    #[id = "generate"]
    pub generate: BoolParam,
    // New parameters go to the end, because some hosts know them by their place.
    /// Whether the model is conditioned on the player's velocities.
    #[id = "hear_player"]
    pub hear_player: BoolParam,
    /// See [`Scope::low`].
    #[id = "key_low"]
    pub key_low: IntParam,
    /// See [`Scope::high`].
    #[id = "key_high"]
    pub key_high: IntParam,
    /// See [`Scope::part`].
    #[id = "part"]
    pub part: EnumParam<PartChoice>,
    /// See [`FeelControls::timing`](tonenet_core::feel::FeelControls::timing).
    #[id = "timing"]
    pub timing: FloatParam,
    /// See [`FeelControls::swing`](tonenet_core::feel::FeelControls::swing). [`STYLE_SWING`], or 50–75 % of the beat.
    #[id = "swing"]
    pub swing: IntParam,
    /// See [`FeelControls::articulation`](tonenet_core::feel::FeelControls::articulation).
    #[id = "articulation"]
    pub articulation: FloatParam,
    /// See [`FeelControls::chord_spread`](tonenet_core::feel::FeelControls::chord_spread).
    #[id = "chord_spread"]
    pub chord_spread: FloatParam,
    /// See [`FeelControls::pedal`](tonenet_core::feel::FeelControls::pedal).
    #[id = "pedal"]
    pub pedal: EnumParam<PedalChoice>,
    /// How much earlier Timeline mode may play a note. A change takes effect at the next activation.
    #[id = "timeline_delay"]
    pub timeline_delay: EnumParam<TimelineLookAheadChoice>,
    /// The last tempo that the host sent, in thousandths of a beat per minute. The next activation computes its latency
    /// from it.
    #[persist = "tempo_millibpm"]
    tempo: AtomicU32,
    /// See [`STATE_VERSION`].
    #[persist = "state_version"]
    version: AtomicU32,
    /// Whether the user holds the button Compare down. It is not saved.
    pub comparing: AtomicBool,
    /// Whether presets leave the take as it is.
    #[persist = "take_locked"]
    pub take_locked: AtomicBool,
    /// The performance that Timeline mode remembers.
    #[persist = "timeline"]
    timeline: TimelineField,
    /// The user's styles.
    #[persist = "styles"]
    styles: StyleField,
    /// The generated clips, and which of them is in the song.
    #[persist = "clips"]
    clips: ClipField,
    /// The weights that the project was made with.
    #[persist = "model_versions"]
    made_with: ModelVersionsField,
    /// The slots A and B, and the preset that was loaded last.
    #[persist = "slots"]
    slots: SlotField,
    /// What the instance has done, for hosts without a window.
    #[persist = "report"]
    report: ReportField,
}

impl ToneNetParams {
    /// All parameters at their defaults. The report reads `status`.
    pub fn new(status: Arc<Status>) -> Self {
        let velocity = |name, default| IntParam::new(name, default, IntRange::Linear { min: 1, max: 127 });
        let styles = Arc::<StyleStore>::default();
        Self {
            style: style_param("Style", StyleIndex::JAZZ, &styles),
            style_b: style_param("Style B", StyleIndex::CLASSICAL, &styles),
            blend: percentage("Blend", 0.0, 1.0),
            amount: percentage("Amount", 1.0, 1.0),
            keep_accents: percentage("Keep my accents", 0.0, 1.0),
            hear_player: BoolParam::new("Listen to me", false),
            level: IntParam::new("Level", 0, IntRange::Linear { min: -MAX_LEVEL, max: MAX_LEVEL })
                .with_unit(" steps")
                .with_value_to_string(Arc::new(|steps| if steps == 0 { "0".into() } else { format!("{steps:+}") }))
                .with_string_to_value(Arc::new(|text| text.trim_end_matches("steps").trim().parse().ok())),
            range: percentage("Range", 1.0, MAX_RANGE),
            floor: velocity("Floor", 1),
            ceiling: velocity("Ceiling", 127),
            take: IntParam::new("Take", 0, IntRange::Linear { min: 0, max: LAST_TAKE.into() })
                .with_value_to_string(Arc::new(|take| if take == 0 { AVERAGE.into() } else { format!("Take {take}") }))
                .with_string_to_value(Arc::new(parse_take)),
            key_low: key_param("Lowest key", LOWEST_KEY),
            key_high: key_param("Highest key", HIGHEST_KEY),
            part: EnumParam::new("Part", PartChoice::All),
            timing: feel::feel_share("Timing"),
            swing: feel::swing_param(),
            articulation: feel::feel_share("Articulation"),
            chord_spread: feel::feel_share("Chord spread"),
            pedal: EnumParam::new("Pedal", PedalChoice::Mine),
            timeline_delay: EnumParam::new("Timeline look-ahead", TimelineLookAheadChoice::Off).non_automatable(),
            model: EnumParam::new("Model", ModelChoice::Note).non_automatable(),
            look_ahead: EnumParam::new("Look-ahead", LookAheadChoice::OneBeat).non_automatable(),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            generate: BoolParam::new("Generate", false),
            tempo: AtomicU32::new(DEFAULT_TEMPO),
            version: AtomicU32::new(STATE_VERSION),
            comparing: AtomicBool::new(false),
            take_locked: AtomicBool::new(false),
            timeline: TimelineField(Arc::default()),
            styles: StyleField(styles),
            clips: ClipField(Arc::default()),
            made_with: ModelVersionsField(Arc::default()),
            slots: SlotField(Arc::default()),
            report: ReportField::new(status),
        }
    }

    /// The settings that the audio thread plays with.
    ///
    /// Values are clamped, because a loaded state may hold any number.
    pub fn settings(&self) -> Settings {
        let velocity = |param: &IntParam| param.value().clamp(1, 127) as u8;
        let key = |param: &IntParam| param.value().clamp(LOWEST_KEY.into(), HIGHEST_KEY.into()) as u8;
        let share = |param: &FloatParam| param.value().clamp(0.0, 1.0);
        let style = |param: &IntParam| style_value::place(param.value()).unwrap_or(StyleIndex::JAZZ);
        Settings {
            style: StyleBlend { a: style(&self.style), b: style(&self.style_b), share_of_b: share(&self.blend) },
            take: TakeSeed(self.take.value().clamp(0, LAST_TAKE.into()) as u16),
            expression: Expression {
                amount: share(&self.amount),
                keep_accents: share(&self.keep_accents),
                level: self.level.value().clamp(-MAX_LEVEL, MAX_LEVEL) as f32,
                range: self.range.value().clamp(0.0, MAX_RANGE),
                floor: velocity(&self.floor),
                ceiling: velocity(&self.ceiling),
            },
            scope: Scope { low: key(&self.key_low), high: key(&self.key_high), part: self.part.value().into() },
            model: self.model.value().into(),
            condition_on_player: self.hear_player.value(),
            feel: self.feel(),
            bypass: self.bypass.value(),
            compare: self.comparing.load(Ordering::Relaxed),
        }
    }

    /// The performance that Timeline mode remembers.
    pub fn timeline(&self) -> Arc<TimelineStore> {
        self.timeline.0.clone()
    }

    /// The user's styles.
    pub fn styles(&self) -> Arc<StyleStore> {
        self.styles.0.clone()
    }

    /// The generated clips.
    pub fn clips(&self) -> Arc<ClipStore> {
        self.clips.0.clone()
    }

    /// The weights that the project was made with.
    pub fn made_with(&self) -> Arc<MadeWith> {
        self.made_with.0.clone()
    }

    /// The slots A and B.
    pub fn slots(&self) -> Arc<SlotStore> {
        self.slots.0.clone()
    }

    /// The last tempo that the host sent, in beats per minute.
    pub fn tempo(&self) -> f64 {
        f64::from(self.tempo.load(Ordering::Relaxed)) / 1000.0
    }

    /// Remembers a tempo for the next activation. A tempo that no song has is ignored.
    pub fn remember_tempo(&self, beats_per_minute: f64) {
        if (1.0..=2000.0).contains(&beats_per_minute) {
            self.tempo.store((beats_per_minute * 1000.0).round() as u32, Ordering::Relaxed);
        }
    }
}

/// The name of take 0.
pub const AVERAGE: &str = "Average";

/// The text of a value of Style A and B that means no style.
const UNUSED: &str = "(unused)";

/// Parses a take from the text that hosts show, or from a number.
fn parse_take(text: &str) -> Option<i32> {
    if text.eq_ignore_ascii_case(AVERAGE) {
        return Some(0);
    }
    text.trim_start_matches("Take").trim().parse().ok()
}

/// A parameter whose values mean places in the list of styles. It has all places from the start, because hosts keep its
/// number of steps.
fn style_param(name: &str, default: StyleIndex, styles: &Arc<StyleStore>) -> IntParam {
    let (titles, places) = (styles.clone(), styles.clone());
    let title = move |value| style_value::place(value).map_or_else(|| UNUSED.into(), |style| titles.title(style));
    IntParam::new(name, style_value::of(default), IntRange::Linear { min: 0, max: style_value::LARGEST })
        .with_value_to_string(Arc::new(title))
        .with_string_to_value(Arc::new(move |text| match text.trim() {
            UNUSED => Some(style_value::LARGEST - 1),
            text => places.place(text).map(style_value::of),
        }))
}

/// A parameter whose values are the keys of the piano. Other keys are never restyled.
fn key_param(name: &str, default: u8) -> IntParam {
    let range = IntRange::Linear { min: LOWEST_KEY.into(), max: HIGHEST_KEY.into() };
    IntParam::new(name, default.into(), range)
        .with_value_to_string(Arc::new(|key| key_name(key.clamp(0, 127) as u8)))
        .with_string_to_value(Arc::new(|text| key_from_name(text).map(i32::from).or_else(|| text.trim().parse().ok())))
}

/// A parameter from 0 % to `max`, where 1 is 100 %.
fn percentage(name: &str, default: f32, max: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min: 0.0, max })
        .with_unit(" %")
        .with_value_to_string(formatters::v2s_f32_percentage(0))
        .with_string_to_value(formatters::s2v_f32_percentage())
}

#[cfg(test)]
mod tests;
