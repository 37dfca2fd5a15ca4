//! Keeps an instance's open runtime and model from one activation to the next.
//!
//! Hosts restart a plugin often: for another buffer size, for a bounce, or because its latency changed. Opening a model
//! anew each time takes so long that the first notes would get no predictions.

use std::sync::Arc;

use parking_lot::Mutex;
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::chosen_runtime;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::error::InferenceError;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::{LoadedModel, Network};
use tonenet_inference::restyler::Restyler;
use tonenet_inference::runtime::{ProviderConfig, Runtime, RuntimeReport};
use tonenet_inference::timeline;

use crate::generator::BuiltInGenerator;
use crate::inference_thread::{LoadedSession, RestylePerformance};
use crate::status::Status;
use crate::style_store::StyleStore;

/// The cache. Only the threads of inference, the generator and learning open models with it.
#[derive(Clone, Default)]
pub struct ModelCache(Arc<Mutex<Contents>>);

#[derive(Default)]
struct Contents {
    runtime: Option<Runtime>,
    model: Option<(EmbeddedModel, LoadedModel)>,
}

impl ModelCache {
    /// Opens models for one activation, with the user's styles. The first call also opens the runtime. The status gets
    /// the runtime, and which styles cannot play. An error is a message for the user.
    pub fn opener(
        &self,
        sample_rate: f64,
        store: Arc<StyleStore>,
    ) -> impl FnMut(EmbeddedModel, &Status, &Cancellation) -> Result<LoadedSession, String> + Send + use<> {
        let models = self.clone();
        move |model, status, stop| {
            let loaded = models.with_styles(model, &store, status, stop)?;
            Ok(session(loaded, sample_rate, &store, status))
        }
    }

    /// Opens a model with the user's styles, to restyle files with. `status` gets the runtime if it is opened now.
    ///
    /// # Errors
    /// A message for the user if the model cannot be loaded, or `stop` is cancelled.
    pub fn with_styles(
        &self,
        model: EmbeddedModel,
        store: &StyleStore,
        status: &Status,
        stop: &Cancellation,
    ) -> Result<LoadedModel, String> {
        let loaded = self.loaded(model, status, stop).map_err(|error| error.to_string())?;
        Ok(loaded.with_user_styles(&store.slots()))
    }

    /// Creates a generator of clips. Opens the runtime if necessary, and reports it in `status`.
    ///
    /// It generates on the processor, because a seed gives the same notes on every machine.
    pub fn generator(&self, status: &Status) -> BuiltInGenerator {
        BuiltInGenerator::new(self.on_processor(status))
    }

    /// The network of the note model, to learn a style on, whichever model plays. Opens the runtime if necessary, and
    /// reports it in `status`.
    ///
    /// It computes on the processor, so that the same recordings give the same style on every machine. The model that
    /// plays stays in the cache. Nothing is locked once this returns.
    ///
    /// # Errors
    /// A message for the user if the note model cannot be loaded.
    pub fn note_network(&self, status: &Status) -> Result<Arc<NoteNetwork>, String> {
        let playing = {
            let contents = self.0.lock();
            let is_on_processor = contents.runtime.as_ref().is_some_and(|open| open.provider() == ProviderConfig::CPU);
            contents.model.clone().filter(|_| is_on_processor)
        };
        let loaded = match playing {
            Some((EmbeddedModel::Note, loaded)) => loaded,
            _ => EmbeddedModel::Note.load(&self.on_processor(status)).map_err(|error| error.to_string())?,
        };
        match loaded.network() {
            Network::Note(network) => Ok(network.clone()),
            Network::PianoRoll(_) => Err("the note model is missing; install the plugin again".into()),
        }
    }

    fn loaded(
        &self,
        model: EmbeddedModel,
        status: &Status,
        stop: &Cancellation,
    ) -> Result<LoadedModel, InferenceError> {
        let runtime = self.runtime(status, stop)?;
        let mut contents = self.0.lock();
        if let Some((of, loaded)) = &contents.model
            && *of == model
        {
            return Ok(loaded.clone());
        }
        // Drop the old model first, so that only one is in memory.
        contents.model = None;
        let loaded = model.load(&runtime)?;
        let (computed_by, asked) = (loaded.computed_by(), runtime.provider().provider);
        if !asked.has_computed(&computed_by) {
            let note = format!("{} runs on {computed_by}, where {asked} was asked for.", model.title());
            let mut info = status.info.lock();
            info.notes.retain(|known| *known != note);
            info.notes.push(note);
        }
        contents.model = Some((model, loaded.clone()));
        Ok(loaded)
    }

    /// The runtime that plays, as the user has set it. Nothing is locked while providers are tried.
    fn runtime(&self, status: &Status, stop: &Cancellation) -> Result<Runtime, InferenceError> {
        let open = self.0.lock().runtime.clone();
        if let Some(runtime) = open {
            return Ok(runtime);
        }
        let (runtime, report) = chosen_runtime::open_for_user(stop)?;
        show(report, status);
        Ok(self.0.lock().runtime.get_or_insert(runtime).clone())
    }

    /// The runtime on the processor. No provider is tried for it.
    fn on_processor(&self, status: &Status) -> Runtime {
        if let Some(runtime) = &self.0.lock().runtime {
            return runtime.on_processor();
        }
        let (runtime, report) = chosen_runtime::open_on_processor_for_user();
        if status.info.lock().runtime.is_empty() {
            show(report, status);
        }
        runtime
    }
}

/// A model for one activation.
fn session(loaded: LoadedModel, sample_rate: f64, store: &StyleStore, status: &Status) -> LoadedSession {
    let (live_model, styles) = (loaded.live_model(sample_rate), loaded.styles().clone());
    let substitutes = styles.substitutes().iter().map(ToString::to_string);
    status.info.lock().styles = store.problems().into_iter().chain(substitutes).collect();
    #[cfg(feature = "fault-injection")]
    let live_model = match crate::fault_injection::Fault::from_environment() {
        Some(fault) => Box::new(crate::fault_injection::Faulty::new(live_model, fault)),
        None => live_model,
    };
    let restyle_performance: RestylePerformance = Box::new(move |performance, predictor, cancellation| {
        timeline::restyle(performance, predictor.id(), &loaded, predictor.condition_on_player, cancellation)
    });
    LoadedSession { restyler: Restyler::new(live_model), restyle_performance, styles }
}

/// Reports an open runtime in `status`, for the editor.
fn show(report: RuntimeReport, status: &Status) {
    let mut info = status.info.lock();
    info.runtime = report.to_string();
    info.notes = report.all_notes();
    info.providers = report.providers;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_share_one_open_model() {
        let (cache, status) = (ModelCache::default(), Status::default());
        let note = |cache: &ModelCache| match cache
            .loaded(EmbeddedModel::Note, &status, &Cancellation::default())
            .map(|m| m.network().clone())
        {
            Ok(Network::Note(network)) => network,
            _ => panic!("the note model does not open"),
        };
        let first = note(&cache);
        let mut next_activation = cache.clone();
        assert!(Arc::ptr_eq(&first, &note(&next_activation)));
        next_activation.loaded(EmbeddedModel::Baseline, &status, &Cancellation::default()).expect("another model");
        next_activation = cache;
        assert!(!Arc::ptr_eq(&first, &note(&next_activation)), "the other model replaced it");
    }

    #[test]
    fn the_note_model_is_lent_for_learning_and_the_model_that_plays_stays() {
        let (cache, status) = (ModelCache::default(), Status::default());
        let playing = |cache: &ModelCache| cache.0.lock().model.as_ref().map(|(model, _)| *model);
        let network = cache.note_network(&status).expect("the note model");
        assert_eq!(playing(&cache), None, "no model plays yet");
        assert!(!status.info.lock().runtime.is_empty(), "the window shows the runtime");
        cache.loaded(EmbeddedModel::Baseline, &status, &Cancellation::default()).expect("another model");
        let of_graphs = |network: &NoteNetwork| network.fingerprint(&[]).unwrap();
        assert_eq!(of_graphs(&cache.note_network(&status).expect("the note model")), of_graphs(&network));
        assert_eq!(playing(&cache), Some(EmbeddedModel::Baseline));
        cache.loaded(EmbeddedModel::Note, &status, &Cancellation::default()).expect("the note model");
        let [first, second] = [(); 2].map(|()| cache.note_network(&status).expect("the note model"));
        assert!(Arc::ptr_eq(&first, &second), "the one that plays");
    }
}
