//! What an instance keeps besides its audio: parameters, status, and the threads that work for the window.

use std::sync::Arc;

use tonenet_engine::generator::{Generator, GeneratorThread};
use tonenet_engine::model_cache::ModelCache;
use tonenet_engine::status::Status;
use tonenet_inference::cancellation::Cancellation;

use crate::file_restyler::FileRestyler;
use crate::history::Edits;
use crate::learner::Learner;
use crate::params::ToneNetParams;
use crate::player::FilePlayer;
use crate::presets::{PresetFolder, PresetStore};

/// What the window shows and changes of an instance.
#[derive(Clone)]
pub struct Instance {
    /// Its parameters and the rest of its saved state.
    pub params: Arc<ToneNetParams>,
    /// The status of its engine.
    pub status: Arc<Status>,
    /// Its generator.
    pub generator: Arc<GeneratorThread>,
    /// Its learner.
    pub learner: Arc<Learner>,
    /// Its restyler of files.
    pub restyler: Arc<FileRestyler>,
    /// The user's presets.
    pub presets: Arc<PresetStore>,
    /// What can be undone.
    pub edits: Arc<Edits>,
    /// The player of files, which only the standalone program has.
    pub player: Option<Arc<dyn FilePlayer>>,
}

impl Instance {
    /// A new instance, whose threads open models in `models`.
    pub fn new(models: &ModelCache) -> Self {
        let status: Arc<Status> = Arc::default();
        let params = Arc::new(ToneNetParams::new(status.clone()));
        let open = {
            let (models, status) = (models.clone(), status.clone());
            move || Box::new(models.generator(&status)) as Box<dyn Generator>
        };
        let generator = Arc::new(GeneratorThread::new(params.clips(), params.timeline(), Box::new(open)));
        let open_network = {
            let (models, status) = (models.clone(), status.clone());
            move || models.note_network(&status)
        };
        let learner = Arc::new(Learner::new(params.styles(), params.timeline(), Box::new(open_network)));
        let open_model = {
            let (models, status, styles) = (models.clone(), status.clone(), params.styles());
            move |model, stop: &Cancellation| models.with_styles(model, &styles, &status, stop)
        };
        let restyler = Arc::new(FileRestyler::new(params.styles(), Box::new(open_model)));
        let presets = Arc::new(PresetStore::new(PresetFolder::of_user()));
        Self { params, status, generator, learner, restyler, presets, edits: Arc::default(), player: None }
    }

    /// Stops the threads that a dialog may still hold, and waits until they have ended.
    pub fn close(&self) {
        self.learner.close();
        self.restyler.close();
    }
}
