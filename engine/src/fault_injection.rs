//! Injects faults for tests: a model that is slow, fails or panics, and an engine that panics on the audio thread.
//!
//! Release builds do not contain this module.
//!
//! The environment variable `TONENET_FAULT` selects the fault: `slow=MILLISECONDS` delays each request, `fail=REQUESTS`
//! and `panic=REQUESTS` start after this many requests, and `engine=EVENTS` after this many engine inputs and outputs.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use tonenet_core::scheduler::NoteId;
use tonenet_core::style::StyleIndex;
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_inference::error::InferenceError;
use tonenet_inference::model::{Prediction, StyleSpread, VelocityModel};
use tonenet_inference::styles::StyleList;

/// A fault to inject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Delays each request.
    Slow(Duration),
    /// Fails each request after this many.
    Fails(u64),
    /// The model panics after this many requests.
    Panics(u64),
    /// The engine panics after this many events.
    EnginePanics(u64),
}

impl Fault {
    /// Reads the fault from the environment.
    pub fn from_environment() -> Option<Self> {
        Self::parse(&std::env::var("TONENET_FAULT").ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, number) = text.split_once('=')?;
        let number = number.parse().ok()?;
        match kind {
            "slow" => Some(Self::Slow(Duration::from_millis(number))),
            "fail" => Some(Self::Fails(number)),
            "panic" => Some(Self::Panics(number)),
            "engine" => Some(Self::EnginePanics(number)),
            _ => None,
        }
    }
}

/// Injects a fault into the engine.
#[derive(Debug, Default)]
pub struct EngineFault {
    /// Events before the fault, or `None` for no fault.
    left: Cell<Option<u64>>,
}

impl EngineFault {
    /// Reads the fault from the environment.
    pub fn from_environment() -> Self {
        let left = match Fault::from_environment() {
            Some(Fault::EnginePanics(events)) => Some(events),
            _ => None,
        };
        Self { left: Cell::new(left) }
    }

    /// Counts an event that the engine receives or emits.
    ///
    /// # Panics
    /// After the configured number of events.
    pub fn count_event(&self) {
        if let Some(left) = self.left.get() {
            assert!(left > 0, "a fault of the engine that a test asked for");
            self.left.set(Some(left - 1));
        }
    }
}

/// A model with a fault.
pub struct Faulty {
    model: Box<dyn VelocityModel>,
    fault: Fault,
    requests: u64,
}

impl Faulty {
    /// Wraps a model in a fault.
    pub fn new(model: Box<dyn VelocityModel>, fault: Fault) -> Self {
        Self { model, fault, requests: 0 }
    }
}

impl VelocityModel for Faulty {
    fn style(&self, style: StyleIndex) -> Option<StyleSpread> {
        self.model.style(style)
    }

    fn use_styles(&mut self, styles: &Arc<StyleList>) {
        self.model.use_styles(styles);
    }

    fn reset(&mut self) {
        self.model.reset();
    }

    fn push_event(&mut self, input: &InputEvent, player_level: Option<f32>) {
        self.model.push_event(input, player_level);
    }

    fn predict(
        &mut self,
        request: &InferenceRequest,
        style: StyleIndex,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError> {
        self.requests += 1;
        match self.fault {
            Fault::Slow(delay) => std::thread::sleep(delay),
            Fault::Fails(after) if self.requests > after => {
                return Err(InferenceError::no_such_style(style));
            }
            Fault::Panics(after) => assert!(self.requests <= after, "a fault that a test asked for"),
            Fault::Fails(_) | Fault::EnginePanics(_) => {}
        }
        self.model.predict(request, style, predictions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_parsed_from_text() {
        assert_eq!(Fault::parse("slow=500"), Some(Fault::Slow(Duration::from_millis(500))));
        assert_eq!(Fault::parse("panic=3"), Some(Fault::Panics(3)));
        assert_eq!(Fault::parse("engine=7"), Some(Fault::EnginePanics(7)));
        assert_eq!(Fault::parse("slow"), None);
    }
}
