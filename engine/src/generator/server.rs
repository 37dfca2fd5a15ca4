//! The generator thread's loop: reads messages, captures phrases, and generates a clip for each trigger.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tonenet_core::clip::{Bars, CapturedPart, Clip};
use tonenet_core::tune::Tune;
use tonenet_inference::generate::{Cancellation, GenerateError};

use super::thread::Progress;
use super::{
    ClipKind, ClipStore, GenerateSettings, Generator, GeneratorInput, GeneratorLink, GeneratorMessage, GeneratorStatus,
    MorphPhrase, OpenGenerator,
};
use crate::timeline_store::TimelineStore;

/// The interval at which the thread polls for messages.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The number of bars that a continuation is conditioned on.
const BARS_BEFORE: u32 = 8;

/// The number of beats captured for a morph.
const CAPTURED: f64 = 22.0;

/// The state of the generator thread.
pub(super) struct Server {
    link: Arc<GeneratorLink>,
    progress: Arc<Progress>,
    store: Arc<ClipStore>,
    timeline: Arc<TimelineStore>,
    open: OpenGenerator,
    /// `None` until the first clip, and after a panic.
    generator: Option<Box<dyn Generator>>,
    captured: CapturedPart,
    bars: Bars,
    /// The number of triggers seen from the audio thread, and from the window.
    triggers: u64,
    window_triggers: u64,
}

impl Server {
    pub(super) fn new(
        link: Arc<GeneratorLink>,
        progress: Arc<Progress>,
        store: Arc<ClipStore>,
        timeline: Arc<TimelineStore>,
        open: OpenGenerator,
    ) -> Self {
        Self {
            link,
            progress,
            store,
            timeline,
            open,
            generator: None,
            captured: CapturedPart::default(),
            bars: Bars::default(),
            triggers: 0,
            window_triggers: 0,
        }
    }

    /// Runs until the link is stopped.
    pub(super) fn serve(&mut self) {
        while !self.link.is_stopped() {
            let has_generated = self.guarded(Self::poll);
            // Even failed triggers count as answered, so that no block waits for them.
            self.link.answer(self.triggers);
            if !has_generated {
                thread::park_timeout(POLL_INTERVAL);
            }
        }
    }

    /// Runs a task and catches a panic, which must not end the thread.
    fn guarded(&mut self, task: impl FnOnce(&mut Self) -> bool) -> bool {
        let done = catch_unwind(AssertUnwindSafe(|| task(self)));
        done.unwrap_or_else(|_| {
            let generator = self.generator.take();
            // A generator that panicked may panic again when dropped.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(generator)));
            self.set_status(GeneratorStatus::Failed(
                "writing stopped unexpectedly; try another seed or reload the plugin".into(),
            ));
            false
        })
    }

    fn set_status(&self, status: GeneratorStatus) {
        *self.progress.status.lock() = status;
    }

    /// Handles messages, captures and triggers. Returns whether a clip was requested. All triggers since the last poll
    /// share one clip.
    fn poll(&mut self) -> bool {
        let triggers = self.triggers;
        self.read_messages();
        let window_triggers = self.link.window_triggers();
        let is_triggered = triggers != self.triggers || window_triggers != self.window_triggers;
        self.window_triggers = window_triggers;
        self.capture();
        if is_triggered {
            self.generate();
        }
        is_triggered
    }

    fn read_messages(&mut self) {
        let Self { link, captured, bars, triggers, .. } = self;
        link.read_messages(|message| match message {
            GeneratorMessage::Input(input) => {
                if let Some(event) = input.captured_event() {
                    captured.record(&event);
                }
            }
            GeneratorMessage::Bars(changed) => {
                *bars = changed;
                link.set_bars(changed);
            }
            GeneratorMessage::Triggered(count) => *triggers = count,
        });
    }

    /// Captures the phrases that the window has requested.
    fn capture(&mut self) {
        for phrase in MorphPhrase::ALL {
            if self.link.take_capture(phrase) {
                let bars = (CAPTURED / self.bars.length()).floor().max(1.0) as u32;
                self.set_status(match self.last_bars(bars) {
                    Ok(captured) => {
                        self.store.capture(phrase, captured);
                        GeneratorStatus::Idle
                    }
                    Err(error) => GeneratorStatus::Failed(error.to_string()),
                });
            }
        }
    }

    fn generate(&mut self) {
        let cancellation = Arc::new(Cancellation::with_counter(self.link.pieces()));
        *self.progress.cancellation.lock() = cancellation.clone();
        if self.link.is_stopped() {
            return;
        }
        self.set_status(GeneratorStatus::Generating);
        let settings = self.store.next_settings();
        let outcome = match self.generate_clip(&settings, &cancellation) {
            Ok(clip) => {
                self.store.add(clip);
                GeneratorStatus::Idle
            }
            Err(GenerateError::Cancelled) => GeneratorStatus::Idle,
            Err(error) => GeneratorStatus::Failed(error.to_string()),
        };
        self.set_status(outcome);
    }

    fn generate_clip(
        &mut self,
        settings: &GenerateSettings,
        cancellation: &Cancellation,
    ) -> Result<Clip, GenerateError> {
        let input = match settings.kind {
            ClipKind::Variation => GeneratorInput::NewTune,
            ClipKind::Continuation => GeneratorInput::Continue(self.tune_before()?),
            ClipKind::Texture => GeneratorInput::NewTexture,
            ClipKind::Morph => GeneratorInput::Morph(self.store.phrases().ok_or_else(|| {
                GenerateError::InvalidSettings(
                    "there are no two phrases to morph between; capture A and B first".into(),
                )
            })?),
        };
        let generator = self.generator.get_or_insert_with(&mut self.open);
        generator.generate(settings, input, cancellation)
    }

    /// The tune that a continuation is conditioned on.
    fn tune_before(&self) -> Result<Tune, GenerateError> {
        let tune = self.last_bars(BARS_BEFORE)?.tune();
        tune.map_err(|e| GenerateError::InvalidSettings(format!("nothing goes on from what was played: {e}")))
    }

    /// The bars played last. If nothing was played, the timeline's bars before the song position.
    fn last_bars(&self, bars: u32) -> Result<Clip, GenerateError> {
        let recorded;
        let captured = if self.captured.is_empty() {
            let before = self.link.position().unwrap_or(f64::INFINITY);
            recorded = CapturedPart::from_timeline(&self.timeline.get().0, before);
            &recorded
        } else {
            &self.captured
        };
        let clip = captured.last_bars(bars, &self.bars);
        clip.ok_or_else(|| GenerateError::InvalidSettings("nothing was played yet; play something first".into()))
    }
}
