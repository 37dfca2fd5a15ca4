//! Times a hop: one run of a velocity model over the notes that are new since the last one, as the plugin does it.

use std::time::{Duration, Instant};

use tonenet_core::scheduler::{Hop, NoteId};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
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
        let mut part = Part { restyler: Restyler::new(model.live_model(SAMPLE_RATE as f64)), time: 0, notes: 0 };
        let mut median = |new: u64| {
            (0..BEFORE).try_for_each(|_| part.hop(new).map(drop))?;
            let mut times = (0..TIMED).map(|_| part.hop(new)).collect::<Result<Vec<_>, _>>()?;
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

/// A part that goes on with each hop.
struct Part {
    restyler: Restyler,
    time: u64,
    notes: u64,
}

impl Part {
    /// Plays `new` notes, an eighth of a second in all, and returns how long their prediction took.
    fn hop(&mut self, new: u64) -> Result<Duration, InferenceError> {
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
                style: StyleBlend::only(StyleIndex::JAZZ),
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
        self.restyler.estimate(&request, |_, _, _| {})?;
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
    #[cfg(feature = "embedded")]
    fn a_hop_predicts_each_of_its_notes() {
        use crate::embedded::EmbeddedModel;
        use crate::runtime::{Runtime, RuntimePreference};
        let (runtime, _) = Runtime::open(RuntimePreference::BuiltIn, &[]);
        let model = EmbeddedModel::Note.load(&runtime).expect("the note model loads");
        let mut part = Part { restyler: Restyler::new(model.live_model(SAMPLE_RATE as f64)), time: 0, notes: 0 };
        for new in [1, 16, 16, 1] {
            let mut predicted = 0;
            let settle_from = part.time;
            part.hop(new).expect("a hop");
            // The same request again predicts the same notes, which are counted here.
            let hop = Hop { time: part.time, settle_from, settle_to: part.time };
            let request = InferenceRequest { hop, position: part.time as f64 / SAMPLE_RATE as f64 * 8.0 };
            part.restyler.estimate(&request, |_, _, _| predicted += 1).expect("a hop");
            assert_eq!(predicted, new);
        }
        let times = HopTimes::measure(&model).expect("hops");
        assert!(times.one_note <= times.mean() || times.sixteen_notes <= times.mean());
    }
}
