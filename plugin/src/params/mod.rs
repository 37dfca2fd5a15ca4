//! What the host and the user can set, and what a project keeps besides.

mod choices;
mod upgrade;

pub use choices::{LookAheadChoice, ModelChoice, StyleChoice};
pub use upgrade::upgrade;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nice_plug::prelude::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::style::{StyleBlend, TakeSeed};

use tonenet_engine::Settings;
use tonenet_engine::generator::ClipStore;
use tonenet_engine::status::Status;
use tonenet_engine::timeline_store::TimelineStore;

use crate::persist::{ClipField, ReportField, TimelineField};

/// The version of the saved state; older ones must load for ever. Version 1 has one style and one model,
/// 2 no remembered take, 3 no clips; 4 has what is expected of a take's notes in the order of three styles, 5 by their ids.
pub const STATE_VERSION: u32 = 5;

/// The highest take; 0 is the average of all.
pub const LAST_TAKE: u16 = 99;

/// Furthest that Level moves, in velocity steps.
const FURTHEST_LEVEL: i32 = 40;

/// Widest Range; 1 is the style's own.
const WIDEST_RANGE: f32 = 2.0;

/// The tempo assumed where no host has told one, in thousandths of a beat a minute.
const DEFAULT_TEMPO: u32 = 120_000;

/// All parameters and the rest of the state.
#[derive(Params)]
pub struct ToneNetParams {
    /// Whose dynamics the notes get.
    #[id = "style"]
    pub style: EnumParam<StyleChoice>,
    /// Whose else.
    #[id = "style_b"]
    pub style_b: EnumParam<StyleChoice>,
    /// The share of the other's, 0–1.
    #[id = "blend"]
    pub blend: FloatParam,
    /// How much of them: 0 is the player's own velocity, 1 the model's.
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
    /// Whose idea of the styles.
    #[id = "model"]
    pub model: EnumParam<ModelChoice>,
    /// How long notes are held; takes effect at the next activation.
    #[id = "look_ahead"]
    pub look_ahead: EnumParam<LookAheadChoice>,
    /// Passes everything with its own velocity, still delayed.
    #[id = "bypass"]
    pub bypass: BoolParam,
    /// Has something new written when it is switched on.
    #[id = "generate"]
    pub generate: BoolParam,
    /// The last tempo seen, in thousandths of a beat a minute: what the next activation computes the latency from.
    #[persist = "tempo_millibpm"]
    tempo: AtomicU32,
    /// See [`STATE_VERSION`].
    #[persist = "state_version"]
    version: AtomicU32,
    /// What was played at each place of the song, for Timeline mode.
    #[persist = "timeline"]
    timeline: TimelineField,
    /// What was written, and what of it is in the song.
    #[persist = "clips"]
    clips: ClipField,
    /// What the instance has done, told to hosts that ask.
    #[persist = "report"]
    report: ReportField,
}

impl ToneNetParams {
    /// Parameters at their defaults, of the instance with this status.
    pub fn new(status: Arc<Status>) -> Self {
        let velocity = |name, default| IntParam::new(name, default, IntRange::Linear { min: 1, max: 127 });
        Self {
            style: EnumParam::new("Style", StyleChoice::Jazz),
            style_b: EnumParam::new("Style B", StyleChoice::Classical),
            blend: percentage("Blend", 0.0, 1.0),
            amount: percentage("Amount", 1.0, 1.0),
            keep_accents: percentage("Keep my accents", 0.0, 1.0),
            level: IntParam::new("Level", 0, IntRange::Linear { min: -FURTHEST_LEVEL, max: FURTHEST_LEVEL })
                .with_unit(" steps")
                .with_value_to_string(Arc::new(|steps| if steps == 0 { "0".into() } else { format!("{steps:+}") }))
                .with_string_to_value(Arc::new(|text| text.trim_end_matches("steps").trim().parse().ok())),
            range: percentage("Range", 1.0, WIDEST_RANGE),
            floor: velocity("Floor", 1),
            ceiling: velocity("Ceiling", 127),
            take: IntParam::new("Take", 0, IntRange::Linear { min: 0, max: LAST_TAKE.into() })
                .with_value_to_string(Arc::new(|take| if take == 0 { AVERAGE.into() } else { format!("Take {take}") }))
                .with_string_to_value(Arc::new(take_of)),
            model: EnumParam::new("Model", ModelChoice::Note).non_automatable(),
            look_ahead: EnumParam::new("Look-ahead", LookAheadChoice::OneBeat).non_automatable(),
            bypass: BoolParam::new("Bypass", false).make_bypass(),
            generate: BoolParam::new("Generate", false),
            tempo: AtomicU32::new(DEFAULT_TEMPO),
            version: AtomicU32::new(STATE_VERSION),
            timeline: TimelineField(Arc::default()),
            clips: ClipField(Arc::default()),
            report: ReportField::new(status),
        }
    }

    /// What the audio thread plays by. A loaded state may hold any number, so they are brought into range here.
    pub fn settings(&self) -> Settings {
        let velocity = |param: &IntParam| param.value().clamp(1, 127) as u8;
        let share = |param: &FloatParam| param.value().clamp(0.0, 1.0);
        Settings {
            style: StyleBlend {
                a: self.style.value().into(),
                b: self.style_b.value().into(),
                share_of_b: share(&self.blend),
            },
            take: TakeSeed(self.take.value().clamp(0, LAST_TAKE.into()) as u16),
            expression: Expression {
                amount: share(&self.amount),
                keep_accents: share(&self.keep_accents),
                level: self.level.value().clamp(-FURTHEST_LEVEL, FURTHEST_LEVEL) as f32,
                range: self.range.value().clamp(0.0, WIDEST_RANGE),
                floor: velocity(&self.floor),
                ceiling: velocity(&self.ceiling),
            },
            model: self.model.value().into(),
            bypass: self.bypass.value(),
        }
    }

    /// The remembered take.
    pub fn timeline(&self) -> Arc<TimelineStore> {
        self.timeline.0.clone()
    }

    /// What was written.
    pub fn clips(&self) -> Arc<ClipStore> {
        self.clips.0.clone()
    }

    /// The last tempo seen, in beats a minute.
    pub fn tempo(&self) -> f64 {
        f64::from(self.tempo.load(Ordering::Relaxed)) / 1000.0
    }

    /// Keeps a tempo for the next activation; one that no song has is left out.
    pub fn remember_tempo(&self, beats_per_minute: f64) {
        if (1.0..=2000.0).contains(&beats_per_minute) {
            self.tempo.store((beats_per_minute * 1000.0).round() as u32, Ordering::Relaxed);
        }
    }
}

/// What take 0 is called.
pub const AVERAGE: &str = "Average";

fn take_of(text: &str) -> Option<i32> {
    if text.eq_ignore_ascii_case(AVERAGE) {
        return Some(0);
    }
    text.trim_start_matches("Take").trim().parse().ok()
}

/// A parameter from 0 % to `most`.
fn percentage(name: &str, default: f32, most: f32) -> FloatParam {
    FloatParam::new(name, default, FloatRange::Linear { min: 0.0, max: most })
        .with_unit(" %")
        .with_value_to_string(formatters::v2s_f32_percentage(0))
        .with_string_to_value(formatters::s2v_f32_percentage())
}

#[cfg(test)]
mod tests;
