//! Times a hop: one run of a velocity model over the notes that are new since the last one, as the plugin does it.

use std::time::{Duration, Instant};

use tonenet_core::scheduler::{Hop, NoteId};
use tonenet_core::style::{BUILT_IN_STYLES, StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::window::{InferenceRequest, InputEvent};

use crate::error::InferenceError;
use crate::performance::LoadedModel;
use crate::restyler::Restyler;

/// Hops of each kind that are timed; the median counts.
const TIMED: usize = 15;

/// Hops of each kind before that. The first ones on an accelerator set it up.
const BEFORE: usize = 3;

const SAMPLE_RATE: u64 = 48_000;

/// How long hops take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HopTimes {
    /// With one new note.
    pub one_note: Duration,
    /// With 16 new notes.
    pub sixteen_notes: Duration,
}

impl HopTimes {
    /// Times a model over a part that is made for it.
    ///
    /// # Errors
    /// When the runtime fails.
    pub fn measure(model: &LoadedModel) -> Result<Self, InferenceError> {
        let mut part = Part::new(model, StyleIndex::JAZZ);
        let mut median = |new: u64| {
            (0..BEFORE).try_for_each(|_| part.hop(new, |_| {}).map(drop))?;
            let mut times = (0..TIMED).map(|_| part.hop(new, |_| {})).collect::<Result<Vec<_>, _>>()?;
            times.sort_unstable();
            Ok::<_, InferenceError>(times[TIMED / 2])
        };
        Ok(Self { one_note: median(1)?, sixteen_notes: median(16)? })
    }

    /// What providers are compared by: the mean of both kinds.
    pub fn mean(&self) -> Duration {
        (self.one_note + self.sixteen_notes) / 2
    }
}

/// The expected velocities of a part that is made for it, in each built-in style.
///
/// # Errors
/// When the runtime fails.
pub fn predictions(model: &LoadedModel) -> Result<Vec<f32>, InferenceError> {
    let mut predicted = Vec::new();
    for style in StyleIndex::all().take(BUILT_IN_STYLES.len()) {
        let mut part = Part::new(model, style);
        for new in [16, 1, 16] {
            part.hop(new, |velocity| predicted.push(velocity))?;
        }
    }
    Ok(predicted)
}

/// The largest difference between two predictions of the same part, in velocity steps; infinite where they cannot be
/// compared.
pub fn most_apart(own: &[f32], others: &[f32]) -> f32 {
    let apart = own.iter().zip(others).map(|(own, other)| (own - other).abs());
    let most = apart.fold(0.0, |most: f32, apart| if apart.is_finite() { most.max(apart) } else { f32::INFINITY });
    if own.len() == others.len() { most } else { f32::INFINITY }
}

/// A part that goes on with each hop.
struct Part {
    restyler: Restyler,
    style: StyleIndex,
    time: u64,
    notes: u64,
}

impl Part {
    fn new(model: &LoadedModel, style: StyleIndex) -> Self {
        Self { restyler: Restyler::new(model.live_model(SAMPLE_RATE as f64)), style, time: 0, notes: 0 }
    }

    /// Plays `new` notes, an eighth of a second in all, gives away their expected velocities, and returns how long their
    /// prediction took.
    fn hop(&mut self, new: u64, mut velocity: impl FnMut(f32)) -> Result<Duration, InferenceError> {
        let settle_from = self.time;
        let length = SAMPLE_RATE / 8;
        for note in 0..new {
            let time = settle_from + note * length / new;
            let seconds = time as f64 / SAMPLE_RATE as f64;
            let (position, beats) = (seconds * 8.0, seconds * 2.0);
            let key = 48 + (self.notes * 7 % 36) as u8;
            let velocity = 50 + (self.notes * 5 % 40) as u8;
            self.restyler.push_event(&InputEvent::NoteOn {
                id: NoteId(self.notes),
                time,
                position,
                beats: Some(beats),
                beat_seconds: 0.5,
                channel: 0,
                key,
                velocity,
                style: StyleBlend::only(self.style),
                take: TakeSeed(0),
            });
            let off = InputEvent::NoteOff { time, position, beats: Some(beats), channel: 0, key };
            self.restyler.push_event(&off);
            self.notes += 1;
        }
        self.time += length;
        let hop = Hop { time: self.time, settle_from, settle_to: self.time };
        let request = InferenceRequest { hop, position: self.time as f64 / SAMPLE_RATE as f64 * 8.0 };
        let started = Instant::now();
        self.restyler.estimate(&request, |_, estimate, _| {
            velocity(estimate.expected.level + estimate.expected.deviation);
        })?;
        Ok(started.elapsed())
    }
}

/// A time for people: two digits that count, such as `0.25 ms`.
pub fn in_milliseconds(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1000.0;
    let digits = match milliseconds {
        ..0.1 => 3,
        ..1.0 => 2,
        ..10.0 => 1,
        _ => 0,
    };
    format!("{milliseconds:.digits$} ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_with_two_digits_that_count() {
        for (micros, text) in
            [(42, "0.042 ms"), (251, "0.25 ms"), (900, "0.90 ms"), (1_240, "1.2 ms"), (45_600, "46 ms")]
        {
            assert_eq!(in_milliseconds(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn providers_are_compared_by_the_mean_of_both_kinds() {
        let times = HopTimes { one_note: Duration::from_micros(200), sixteen_notes: Duration::from_micros(400) };
        assert_eq!(times.mean(), Duration::from_micros(300));
    }

    #[test]
    fn predictions_that_cannot_be_compared_are_infinitely_apart() {
        assert_eq!(most_apart(&[60.0, 70.0], &[60.5, 68.0]), 2.0);
        for (own, others) in [(&[60.0][..], &[60.0, 70.0][..]), (&[f32::NAN, 60.0], &[60.0, 60.0]), (&[], &[60.0])] {
            assert_eq!(most_apart(own, others), f32::INFINITY);
        }
    }

    #[cfg(feature = "embedded")]
    fn note_model() -> LoadedModel {
        use crate::embedded::EmbeddedModel;
        use crate::runtime::{Runtime, RuntimePreference};
        let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
        EmbeddedModel::Note.load(&runtime).expect("the note model loads")
    }

    #[test]
    #[cfg(feature = "embedded")]
    fn a_hop_predicts_each_of_its_notes() {
        let mut part = Part::new(&note_model(), StyleIndex::JAZZ);
        for new in [1, 16, 16, 1] {
            let mut predicted = 0;
            part.hop(new, |velocity| {
                assert!(velocity.is_finite());
                predicted += 1;
            })
            .expect("a hop");
            assert_eq!(predicted, new);
        }
        let times = HopTimes::measure(&note_model()).expect("hops");
        assert!(!times.one_note.is_zero() && !times.sixteen_notes.is_zero(), "{times:?}");
    }

    /// A provider that computed one style with another's weights would be noticed.
    #[test]
    #[cfg(feature = "embedded")]
    fn predictions_are_the_same_each_time_and_differ_between_styles_by_more_than_a_step() {
        let model = note_model();
        let predicted = predictions(&model).expect("predictions");
        assert_eq!(predicted, predictions(&model).expect("predictions"));
        let styles: Vec<&[f32]> = predicted.chunks(33).collect();
        assert_eq!(styles.len(), BUILT_IN_STYLES.len());
        for (place, style) in styles.iter().enumerate() {
            for other in &styles[place + 1..] {
                assert!(most_apart(style, other) > 8.0, "also where 16 bits are allowed: {}", most_apart(style, other));
            }
        }
    }
}
