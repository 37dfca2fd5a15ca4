//! Keeps an instance's open runtime and model from one activation to the next.
//!
//! Hosts restart a plugin often: for another buffer size, for a bounce, or because its latency changed. Opening a model
//! anew each time takes so long that the first notes would get no predictions.

use std::sync::Arc;

use parking_lot::Mutex;
use tonenet_inference::chosen_runtime;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::note::NoteNetwork;
use tonenet_inference::performance::{LoadedModel, Network};
use tonenet_inference::restyler::Restyler;
use tonenet_inference::runtime::{ProviderConfig, Runtime};
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
    /// Opens a model for one activation, with the user's styles. The first call also opens the runtime. `status` gets
    /// the runtime, and which styles cannot play.
    ///
    /// # Errors
    /// A message for the user if the model cannot be loaded.
    pub fn open(
        &self,
        model: EmbeddedModel,
        sample_rate: f64,
        store: &StyleStore,
        status: &Status,
    ) -> Result<LoadedSession, String> {
        let loaded = self.with_styles(model, store, status)?;
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
        Ok(LoadedSession { restyler: Restyler::new(live_model), restyle_performance, styles })
    }

    /// Opens a model with the user's styles, to restyle files with. `status` gets the runtime if it is opened now.
    ///
    /// # Errors
    /// A message for the user if the model cannot be loaded.
    pub fn with_styles(
        &self,
        model: EmbeddedModel,
        store: &StyleStore,
        status: &Status,
    ) -> Result<LoadedModel, String> {
        Ok(self.loaded(model, status)?.with_user_styles(&store.slots()))
    }

    /// Creates a generator of clips. Opens the runtime if necessary, and reports it in `status`.
    ///
    /// It generates on the processor, because a seed gives the same notes on every machine.
    pub fn generator(&self, status: &Status) -> BuiltInGenerator {
        let runtime = self.0.lock().runtime.get_or_insert_with(|| open_runtime(status)).clone();
        BuiltInGenerator::new(runtime.on_processor())
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
        let (runtime, playing) = {
            let mut contents = self.0.lock();
            let runtime = contents.runtime.get_or_insert_with(|| open_runtime(status)).clone();
            (runtime, contents.model.clone())
        };
        let loaded = match playing {
            Some((EmbeddedModel::Note, loaded)) if runtime.provider() == ProviderConfig::CPU => loaded,
            _ => EmbeddedModel::Note.load(&runtime.on_processor()).map_err(|error| error.to_string())?,
        };
        match loaded.network() {
            Network::Note(network) => Ok(network.clone()),
            Network::PianoRoll(_) => Err("the note model is missing; install the plugin again".into()),
        }
    }

    fn loaded(&self, model: EmbeddedModel, status: &Status) -> Result<LoadedModel, String> {
        let mut contents = self.0.lock();
        if let Some((of, loaded)) = &contents.model
            && *of == model
        {
            return Ok(loaded.clone());
        }
        // Drop the old model first, so that only one is in memory.
        contents.model = None;
        let runtime = contents.runtime.get_or_insert_with(|| open_runtime(status));
        let loaded = model.load(runtime).map_err(|e| e.to_string())?;
        let (computed_by, asked) = (loaded.computed_by(), runtime.provider().provider.to_string());
        if computed_by != asked {
            let note = format!("{} runs on {computed_by}, where {asked} was asked for.", model.title());
            let mut info = status.info.lock();
            info.notes.retain(|known| *known != note);
            info.notes.push(note);
        }
        contents.model = Some((model, loaded.clone()));
        Ok(loaded)
    }
}

/// Opens a runtime, and reports it in `status` for the editor.
fn open_runtime(status: &Status) -> Runtime {
    let (runtime, report) = chosen_runtime::open_for_user();
    let mut info = status.info.lock();
    info.runtime = report.to_string();
    info.notes = report.all_notes();
    info.providers = report.providers;
    runtime
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn activations_share_one_open_model() {
        let (cache, status) = (ModelCache::default(), Status::default());
        let note = |cache: &ModelCache| match cache.loaded(EmbeddedModel::Note, &status).map(|m| m.network().clone()) {
            Ok(Network::Note(network)) => network,
            _ => panic!("the note model does not open"),
        };
        let first = note(&cache);
        let mut next_activation = cache.clone();
        assert!(Arc::ptr_eq(&first, &note(&next_activation)));
        next_activation.loaded(EmbeddedModel::Baseline, &status).expect("another model");
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
        cache.loaded(EmbeddedModel::Baseline, &status).expect("another model");
        let of_graphs = |network: &NoteNetwork| network.fingerprint(&[]).unwrap();
        assert_eq!(of_graphs(&cache.note_network(&status).expect("the note model")), of_graphs(&network));
        assert_eq!(playing(&cache), Some(EmbeddedModel::Baseline));
        cache.loaded(EmbeddedModel::Note, &status).expect("the note model");
        let [first, second] = [(); 2].map(|()| cache.note_network(&status).expect("the note model"));
        assert!(Arc::ptr_eq(&first, &second), "the one that plays");
    }
}
