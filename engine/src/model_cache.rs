//! What an instance has opened: the runtime and a model, kept from one activation to the next.
//!
//! Hosts restart a plugin often, for another buffer size, a bounce, or because its latency changed; a model that had to
//! be opened anew each time would leave the first notes of each start without it.

use std::sync::Arc;

use parking_lot::Mutex;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::library;
use tonenet_inference::performance::LoadedModel;
use tonenet_inference::restyler::Restyler;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::timeline;

use crate::generator::EmbeddedComposer;
use crate::inference_thread::{Opened, RestyleTake};
use crate::status::Status;

/// See the [module](self). Only the inference thread of the moment and the studio's open anything with it.
#[derive(Clone, Default)]
pub struct Opener(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    runtime: Option<Runtime>,
    model: Option<(EmbeddedModel, LoadedModel)>,
}

impl Opener {
    /// A model, ready for one activation; with the first of them the runtime is opened, and `status` told which.
    ///
    /// # Errors
    /// In words for the user, when the model cannot be loaded.
    pub fn open(&self, model: EmbeddedModel, sample_rate: f64, status: &Status) -> Result<Opened, String> {
        let loaded = self.loaded(model, status)?;
        let listener = loaded.live_model(sample_rate);
        #[cfg(feature = "fault-injection")]
        let listener = match crate::fault_injection::Fault::of_environment() {
            Some(fault) => Box::new(crate::fault_injection::Faulty::new(listener, fault)),
            None => listener,
        };
        let restyle_take: RestyleTake =
            Box::new(move |take, cancellation| timeline::restyle(take, model.id(), &loaded, cancellation));
        Ok(Opened { restyler: Restyler::new(listener), restyle_take })
    }

    /// Who writes; `status` is told which runtime was opened, if none was before.
    pub fn composer(&self, status: &Status) -> EmbeddedComposer {
        let runtime = self.0.lock().runtime.get_or_insert_with(|| open_runtime(status)).clone();
        EmbeddedComposer::new(runtime)
    }

    fn loaded(&self, model: EmbeddedModel, status: &Status) -> Result<LoadedModel, String> {
        let mut kept = self.0.lock();
        if let Some((of, loaded)) = &kept.model
            && *of == model
        {
            return Ok(loaded.clone());
        }
        // One at a time.
        kept.model = None;
        let runtime = kept.runtime.get_or_insert_with(|| open_runtime(status));
        let loaded = model.load(runtime).map_err(|e| e.to_string())?;
        kept.model = Some((model, loaded.clone()));
        Ok(loaded)
    }
}

/// Opens a runtime, and tells the editor which.
fn open_runtime(status: &Status) -> Runtime {
    let (runtime, report) = Runtime::open(RuntimePreference::Auto, &library::candidates(None));
    let mut words = status.engine.lock();
    words.runtime = format!("{} · {}", report.runtime, report.provider);
    words.notes = report.notes;
    runtime
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_opened_once_for_all_activations() {
        let (opener, status) = (Opener::default(), Status::default());
        let note = |opener: &Opener| match opener.loaded(EmbeddedModel::Note, &status) {
            Ok(LoadedModel::Note(network)) => network,
            _ => panic!("the note model does not open"),
        };
        let first = note(&opener);
        let mut next_activation = opener.clone();
        assert!(Arc::ptr_eq(&first, &note(&next_activation)));
        next_activation.loaded(EmbeddedModel::Baseline, &status).expect("another model");
        next_activation = opener;
        assert!(!Arc::ptr_eq(&first, &note(&next_activation)), "the other took its place");
    }
}
