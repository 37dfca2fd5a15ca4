//! Faults for tests: a model that is slow, fails or panics, and an engine that panics on the audio thread.
//!
//! They are not in what users install.
//!
//! `TONENET_FAULT` says which: `slow=MILLISECONDS` each question, `fail=QUESTIONS` or `panic=QUESTIONS` after so many,
//! `engine=EVENTS` after so many have gone into the engine or come out of it.

use std::cell::Cell;
use std::time::Duration;

use tonenet_core::genre::Genre;
use tonenet_core::scheduler::NoteId;
use tonenet_core::window::{InferenceRequest, InputEvent};
use tonenet_inference::error::InferenceError;
use tonenet_inference::model::{Prediction, StyleSpread, VelocityModel};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Every question takes so much longer.
    Slow(Duration),
    /// After so many questions each is answered with an error.
    Fails(u64),
    /// After so many questions the model panics.
    Panics(u64),
    /// After so many events the engine panics.
    EnginePanics(u64),
}

impl Fault {
    /// The one that the environment asks for.
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

/// A fault of the engine's.
#[derive(Debug, Default)]
pub struct EngineFault {
    /// Events that may still go by; `None` where there is no fault.
    left: Cell<Option<u64>>,
}

impl EngineFault {
    /// The one that the environment asks for.
    pub fn from_environment() -> Self {
        let left = match Fault::from_environment() {
            Some(Fault::EnginePanics(events)) => Some(events),
            _ => None,
        };
        Self { left: Cell::new(left) }
    }

    /// Counts an event that goes into the engine or comes out of it.
    ///
    /// # Panics
    /// When enough have.
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
    questions: u64,
}

impl Faulty {
    /// Gives a model a fault.
    pub fn new(model: Box<dyn VelocityModel>, fault: Fault) -> Self {
        Self { model, fault, questions: 0 }
    }
}

impl VelocityModel for Faulty {
    fn style(&self, style: Genre) -> Option<StyleSpread> {
        self.model.style(style)
    }

    fn reset(&mut self) {
        self.model.reset();
    }

    fn push_event(&mut self, heard: &InputEvent) {
        self.model.push_event(heard);
    }

    fn predict(
        &mut self,
        question: &InferenceRequest,
        style: Genre,
        predictions: &mut Vec<(NoteId, Prediction)>,
    ) -> Result<(), InferenceError> {
        self.questions += 1;
        match self.fault {
            Fault::Slow(delay) => std::thread::sleep(delay),
            Fault::Fails(after) if self.questions > after => {
                return Err(InferenceError::NoSuchStyle { style });
            }
            Fault::Panics(after) => assert!(self.questions <= after, "a fault that a test asked for"),
            Fault::Fails(_) | Fault::EnginePanics(_) => {}
        }
        self.model.predict(question, style, predictions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_from_words() {
        assert_eq!(Fault::parse("slow=500"), Some(Fault::Slow(Duration::from_millis(500))));
        assert_eq!(Fault::parse("panic=3"), Some(Fault::Panics(3)));
        assert_eq!(Fault::parse("engine=7"), Some(Fault::EnginePanics(7)));
        assert_eq!(Fault::parse("slow"), None);
    }
}
