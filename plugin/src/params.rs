//! What the host and the user can set, and what a project keeps besides.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use nice_plug::plugin::ParamValue;
use nice_plug::prelude::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::scheduler::{Mode, WindowLength};
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::timeline::TimelineSnapshot;
use tonenet_inference::embedded::EmbeddedModel;

use tonenet_engine::Settings;
use tonenet_engine::generator::{ClipStore, SavedClips};
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

/// [`Genre`] as a host parameter; ids are stored in projects.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum StyleChoice {
    /// See [`Genre::Classical`].
    #[id = "classical"]
    Classical,
    /// See [`Genre::Jazz`].
    #[id = "jazz"]
    Jazz,
    /// See [`Genre::Pop`].
    #[id = "pop"]
    Pop,
}

impl From<StyleChoice> for Genre {
    fn from(choice: StyleChoice) -> Self {
        match choice {
            StyleChoice::Classical => Self::Classical,
            StyleChoice::Jazz => Self::Jazz,
            StyleChoice::Pop => Self::Pop,
        }
    }
}

impl From<Genre> for StyleChoice {
    fn from(genre: Genre) -> Self {
        match genre {
            Genre::Classical => Self::Classical,
            Genre::Jazz => Self::Jazz,
            Genre::Pop => Self::Pop,
        }
    }
}

/// [`EmbeddedModel`] as a host parameter; ids are stored in projects.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelChoice {
    /// See [`EmbeddedModel::Note`].
    #[id = "note"]
    Note,
    /// See [`EmbeddedModel::Attention`].
    #[id = "attention"]
    Attention,
    /// See [`EmbeddedModel::Baseline`].
    #[id = "baseline"]
    Baseline,
}

impl From<ModelChoice> for EmbeddedModel {
    fn from(choice: ModelChoice) -> Self {
        match choice {
            ModelChoice::Note => Self::Note,
            ModelChoice::Attention => Self::Attention,
            ModelChoice::Baseline => Self::Baseline,
        }
    }
}

impl From<EmbeddedModel> for ModelChoice {
    fn from(model: EmbeddedModel) -> Self {
        match model {
            EmbeddedModel::Note => Self::Note,
            EmbeddedModel::Attention => Self::Attention,
            EmbeddedModel::Baseline => Self::Baseline,
        }
    }
}

/// [`Mode`] as a host parameter; ids are stored in projects.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookAheadChoice {
    /// See [`WindowLength::HalfBeat`].
    #[id = "half-beat"]
    #[name = "1/2 beat"]
    HalfBeat,
    /// See [`WindowLength::OneBeat`].
    #[id = "one-beat"]
    #[name = "1 beat"]
    OneBeat,
    /// See [`WindowLength::TwoBeats`].
    #[id = "two-beats"]
    #[name = "2 beats"]
    TwoBeats,
    /// See [`WindowLength::FourBeats`].
    #[id = "four-beats"]
    #[name = "4 beats"]
    FourBeats,
    /// See [`Mode::Live`]; after the others, because automation and hosts count from the first.
    #[id = "live"]
    Live,
    /// See [`Mode::LiveZeroLatency`].
    #[id = "live-at-once"]
    #[name = "Live, no latency"]
    LiveZeroLatency,
    /// See [`Mode::Timeline`].
    #[id = "timeline"]
    Timeline,
}

impl From<LookAheadChoice> for Mode {
    fn from(choice: LookAheadChoice) -> Self {
        match choice {
            LookAheadChoice::HalfBeat => Self::Window(WindowLength::HalfBeat),
            LookAheadChoice::OneBeat => Self::Window(WindowLength::OneBeat),
            LookAheadChoice::TwoBeats => Self::Window(WindowLength::TwoBeats),
            LookAheadChoice::FourBeats => Self::Window(WindowLength::FourBeats),
            LookAheadChoice::Live => Self::Live,
            LookAheadChoice::LiveZeroLatency => Self::LiveZeroLatency,
            LookAheadChoice::Timeline => Self::Timeline,
        }
    }
}

impl From<Mode> for LookAheadChoice {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Window(WindowLength::HalfBeat) => Self::HalfBeat,
            Mode::Window(WindowLength::OneBeat) => Self::OneBeat,
            Mode::Window(WindowLength::TwoBeats) => Self::TwoBeats,
            Mode::Window(WindowLength::FourBeats) => Self::FourBeats,
            Mode::Live => Self::Live,
            Mode::LiveZeroLatency => Self::LiveZeroLatency,
            Mode::Timeline => Self::Timeline,
        }
    }
}

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

    /// The default of every parameter by its id, as states hold them.
    fn defaults() -> [(&'static str, ParamValue); 14] {
        fn choice<T: Enum + PartialEq + 'static>(param: &EnumParam<T>) -> ParamValue {
            ParamValue::I32(param.default_plain_value().to_index() as i32)
        }
        let share = |param: &FloatParam| ParamValue::F32(param.default_plain_value());
        let count = |param: &IntParam| ParamValue::I32(param.default_plain_value());
        let new = Self::new(Arc::default());
        [
            ("style", choice(&new.style)),
            ("style_b", choice(&new.style_b)),
            ("blend", share(&new.blend)),
            ("amount", share(&new.amount)),
            ("keep_accents", share(&new.keep_accents)),
            ("level", count(&new.level)),
            ("range", share(&new.range)),
            ("floor", count(&new.floor)),
            ("ceiling", count(&new.ceiling)),
            ("take", count(&new.take)),
            ("model", choice(&new.model)),
            ("look_ahead", choice(&new.look_ahead)),
            ("bypass", ParamValue::Bool(new.bypass.default_plain_value())),
            ("generate", ParamValue::Bool(new.generate.default_plain_value())),
        ]
    }
}

/// Makes a state, which may be older, one of this version.
///
/// What it lacks gets its default: an instance that had other settings would keep them otherwise. So does a number that
/// is none: JSON can hold one beyond 32 bits, it would be read as infinity, and infinity is written as what no project
/// can be opened with. And so does a choice that there is not, over which the framework panics when it is read where it
/// is a number, and which it leaves as it was where it is an id (a style of a later version's, say); and what is of
/// another kind than its parameter, which it leaves as it was too.
pub fn upgrade(state: &mut PluginState) {
    for (id, default) in ToneNetParams::defaults() {
        let is_sound = match state.params.get(id).filter(|value| is_of_kind(value, &default)) {
            Some(ParamValue::F32(value)) => value.is_finite(),
            Some(ParamValue::I32(value)) => choices(id).is_none_or(|ids| (0..ids.len() as i32).contains(value)),
            Some(ParamValue::String(chosen)) => choices(id).is_some_and(|ids| ids.contains(&chosen.as_str())),
            Some(ParamValue::Bool(_)) => true,
            None => false,
        };
        if !is_sound {
            state.params.insert(id.into(), default);
        }
    }
    let no_take = serde_json::to_string(&TimelineSnapshot::default()).expect("an empty take has a JSON");
    state.fields.entry("timeline".into()).or_insert(no_take);
    let no_clips = serde_json::to_string(&SavedClips::default()).expect("no clips have a JSON");
    state.fields.entry("clips".into()).or_insert(no_clips);
    state.fields.insert("state_version".into(), STATE_VERSION.to_string());
}

/// The ids of a parameter's choices, if it is one.
fn choices(id: &str) -> Option<&'static [&'static str]> {
    match id {
        "style" | "style_b" => StyleChoice::ids(),
        "model" => ModelChoice::ids(),
        "look_ahead" => LookAheadChoice::ids(),
        _ => None,
    }
}

/// Whether the framework reads both into the same parameter.
fn is_of_kind(value: &ParamValue, default: &ParamValue) -> bool {
    let is_choice = |value: &ParamValue| matches!(value, ParamValue::I32(_) | ParamValue::String(_));
    std::mem::discriminant(value) == std::mem::discriminant(default) || is_choice(value) && is_choice(default)
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
mod tests {
    use super::*;

    fn params() -> ToneNetParams {
        ToneNetParams::new(Arc::default())
    }

    #[test]
    fn by_default_jazz_is_played_as_it_is_expected() {
        let expected = Settings {
            style: StyleBlend { a: Genre::Jazz, b: Genre::Classical, share_of_b: 0.0 },
            take: TakeSeed(0),
            expression: Expression::default(),
            model: EmbeddedModel::Note,
            bypass: false,
        };
        assert_eq!(params().settings(), expected);
    }

    #[test]
    fn values_are_read_as_they_are_written() {
        fn check<P: Param>(param: &P, words: &[(f32, &str)]) {
            for &(normalized, text) in words {
                assert_eq!(param.normalized_value_to_string(normalized, true), text);
                let read = param.string_to_normalized_value(text).unwrap();
                assert!((read - normalized).abs() < 1e-3, "{text}: {read}");
            }
        }
        let p = params();
        check(&p.level, &[(0.0, "-40 steps"), (0.5, "0 steps"), (0.65, "+12 steps")]);
        check(&p.take, &[(0.0, "Average"), (7.0 / 99.0, "Take 7")]);
        check(&p.range, &[(0.0, "0 %"), (0.5, "100 %"), (1.0, "200 %")]);
        check(&p.floor, &[(0.0, "1"), (1.0, "127")]);
        assert_eq!(take_of("12"), Some(12));
    }

    #[test]
    fn an_older_state_gets_the_defaults_of_what_it_lacks() {
        let mut state = PluginState {
            version: "0.1.0".into(),
            params: [("amount".to_owned(), ParamValue::F32(0.25))].into(),
            fields: [("state_version".to_owned(), "1".to_owned())].into(),
        };
        upgrade(&mut state);
        let ids: Vec<&str> = state.params.keys().map(String::as_str).collect();
        let mut all: Vec<String> = params().param_map().into_iter().map(|(id, ..)| id).collect();
        all.sort();
        assert_eq!(ids, all);
        assert!(matches!(state.params["amount"], ParamValue::F32(0.25)));
        assert!(matches!(state.params["ceiling"], ParamValue::I32(127)));
        assert_eq!(state.fields["state_version"], "5");
        assert_eq!(serde_json::from_str::<SavedClips>(&state.fields["clips"]).unwrap(), SavedClips::default());
        assert!(serde_json::from_str::<TimelineSnapshot>(&state.fields["timeline"]).unwrap().notes().is_empty());
    }

    #[test]
    fn a_number_beyond_32_bits_gets_its_default_and_the_next_save_can_be_opened() {
        let json = r#"{"version":"0.1.0","params":{"amount":{"f32":6e99},"blend":{"f32":0.25}},"fields":{}}"#;
        let mut state: PluginState = serde_json::from_str(json).unwrap();
        assert!(matches!(state.params["amount"], ParamValue::F32(value) if value.is_infinite()));
        upgrade(&mut state);
        assert!(matches!(state.params["amount"], ParamValue::F32(1.0)));
        let saved = serde_json::to_string(&state).unwrap();
        let opened: PluginState = serde_json::from_str(&saved).unwrap();
        assert!(matches!(opened.params["blend"], ParamValue::F32(0.25)));
    }

    #[test]
    fn a_choice_that_there_is_not_gets_its_default() {
        for id in ["style", "style_b", "model", "look_ahead"] {
            for value in [-1, 7, i32::MAX] {
                let json = format!(r#"{{"version":"0.1.0","params":{{"{id}":{{"i32":{value}}}}},"fields":{{}}}}"#);
                let mut state: PluginState = serde_json::from_str(&json).unwrap();
                upgrade(&mut state);
                let defaults = ToneNetParams::defaults();
                let (_, default) = defaults.iter().find(|d| d.0 == id).unwrap();
                assert_eq!(format!("{:?}", state.params[id]), format!("{default:?}"), "{value}");
            }
        }
        for (id, value) in
            [("style", r#"{"string":"bossa"}"#), ("amount", r#"{"string":"jazz"}"#), ("take", r#"{"bool":true}"#)]
        {
            let json = format!(
                r#"{{"version":"9.9.9","params":{{"{id}":{value},"style_b":{{"string":"pop"}}}},"fields":{{}}}}"#
            );
            let mut state: PluginState = serde_json::from_str(&json).unwrap();
            upgrade(&mut state);
            let defaults = ToneNetParams::defaults();
            let (_, default) = defaults.iter().find(|d| d.0 == id).unwrap();
            assert_eq!(format!("{:?}", state.params[id]), format!("{default:?}"), "{value}");
            assert!(matches!(&state.params["style_b"], ParamValue::String(chosen) if chosen == "pop"));
        }
        let all_choices = ToneNetParams::defaults().into_iter().filter_map(|(id, _)| choices(id)).count();
        let enums = params().param_map().into_iter().filter(|p| matches!(p.1, ParamPtr::EnumParam(_))).count();
        assert_eq!(all_choices, enums, "every choice is looked at");
    }
}
