//! The trained models that are compiled into the binary.
//!
//! The feature `embedded` needs the files in `assets/models` at build time.

use crate::bundle::ModelFiles;
use crate::error::InferenceError;
use crate::generate::textures::TextureModel;
use crate::generate::tunes::TuneModel;
use crate::manifest::Sha256;
use crate::performance::LoadedModel;
use crate::runtime::Runtime;

macro_rules! files {
    ($folder:literal: $($name:literal),+) => {
        &[$(($name, include_bytes!(concat!("../../assets/models/", $folder, "/", $name)).as_slice())),+]
    };
}

type Files = &'static [(&'static str, &'static [u8])];

static NOTE: Files = files!(
    "note": "model.json", "past.onnx", "ahead.onnx", "decoder-classical.onnx", "decoder-jazz.onnx", "decoder-pop.onnx"
);
static ATTENTION: Files = files!(
    "attention": "model.json", "encoder.onnx", "decoder-classical.onnx", "decoder-jazz.onnx", "decoder-pop.onnx"
);
static BASELINE: Files = files!(
    "baseline": "model.json", "encoder.onnx", "decoder-classical.onnx", "decoder-jazz.onnx", "decoder-pop.onnx"
);

static SEQGAN: Files = files!("seqgan": "model.json", "step.onnx");
static VAEGAN: Files = files!("vaegan": "model.json", "encoder.onnx", "decoder.onnx", "flow.onnx");

/// A velocity model that is compiled into the binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbeddedModel {
    /// ToneNet's note model, the default.
    Note,
    /// The article's second piano-roll model, with attention.
    Attention,
    /// The article's first piano-roll model.
    Baseline,
}

impl EmbeddedModel {
    /// All models. Never reorder them: projects store the position.
    pub const ALL: [Self; 3] = [Self::Note, Self::Attention, Self::Baseline];

    /// The id in projects and the name of the folder in `assets/models`.
    pub fn id(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Attention => "attention",
            Self::Baseline => "baseline",
        }
    }

    /// The name that users see.
    pub fn title(self) -> &'static str {
        match self {
            Self::Note => "Note model",
            Self::Attention => "Attention seq2seq",
            Self::Baseline => "Baseline seq2seq",
        }
    }

    /// The version of its weights. Projects name it, so raise it with each change of them.
    pub fn version(self) -> u32 {
        match self {
            Self::Note => 2,
            Self::Attention | Self::Baseline => 1,
        }
    }

    fn files(self) -> Files {
        match self {
            Self::Note => NOTE,
            Self::Attention => ATTENTION,
            Self::Baseline => BASELINE,
        }
    }

    /// The checksum of its files.
    pub fn checksum(self) -> Sha256 {
        // The manifest names the checksum of each graph.
        let (_, manifest) = self.files()[0];
        Sha256::digest(manifest)
    }

    /// Loads the model; all instances in a process share its graphs.
    ///
    /// # Errors
    /// When the files are damaged or the runtime refuses them.
    pub fn load(self, runtime: &Runtime) -> Result<LoadedModel, InferenceError> {
        LoadedModel::load(runtime, &ModelFiles::from_static(self.files())?)
    }
}

/// The generators that are compiled into the binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddedGenerator;

impl EmbeddedGenerator {
    /// Loads the tune generator (SeqGAN); all instances in a process share its graph.
    ///
    /// # Errors
    /// When the files are damaged or the runtime refuses them.
    pub fn tunes(runtime: &Runtime) -> Result<TuneModel, InferenceError> {
        TuneModel::load(runtime, &ModelFiles::from_static(SEQGAN)?)
    }

    /// Loads the texture generator (VAE-GAN); all instances in a process share its graphs.
    ///
    /// # Errors
    /// When the files are damaged or the runtime refuses them.
    pub fn textures(runtime: &Runtime) -> Result<TextureModel, InferenceError> {
        TextureModel::load(runtime, &ModelFiles::from_static(VAEGAN)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    #[test]
    fn each_version_of_the_weights_has_one_checksum() {
        let graphs = |model: EmbeddedModel| {
            let (name, json) = model.files()[0];
            let manifest = Manifest::from_json(json, name).expect("a manifest");
            let checksums: String = manifest.graphs().map(|graph| graph.sha256.to_string()).collect();
            (model.id(), model.version(), Sha256::digest(checksums.as_bytes()).to_string())
        };
        let expected = [("note", 2, "bce6e7ca"), ("attention", 1, "964440f3"), ("baseline", 1, "ea1f0c78")];
        let found = EmbeddedModel::ALL.map(graphs);
        let found = found.each_ref().map(|(id, version, checksum)| (*id, *version, &checksum[..8]));
        assert_eq!(found, expected, "the weights changed; raise the model's version");
    }
}
