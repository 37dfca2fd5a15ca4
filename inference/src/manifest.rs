//! Reads and writes `model.json`, which names a model's graphs and gives the sizes of their inputs and outputs.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::Digest;
use tonenet_core::style::{BUILT_IN_PLACES, BUILT_IN_STYLES, StyleIndex};

use crate::error::InferenceError;

/// The manifest format that this version reads and writes.
pub const FORMAT: u64 = 1;

/// The manifest's file name in a model's folder.
pub const FILE_NAME: &str = "model.json";

/// The contents of a model's folder. Unknown fields are ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: u64,
    /// The id in files and on the command line.
    pub name: String,
    /// The name that users see.
    pub title: String,
    /// The part that all styles share.
    #[serde(flatten)]
    pub network: NetworkEntry,
    /// The styles that the model can predict; empty for a generator.
    pub styles: Vec<StyleEntry>,
}

/// The part of a model that all styles share; the key `kind` selects the variant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum NetworkEntry {
    /// The article's networks over piano-roll frames, \[steps, 1, frame\] in and \[steps, 1, keys\] out.
    #[serde(rename = "piano-roll-seq2seq")]
    PianoRoll {
        /// Width of a step of the encoder's input.
        frame: usize,
        /// Width of a step of a decoder's output.
        keys: usize,
        /// Width of a step of the encoder's output and a decoder's input.
        memory: usize,
        /// Steps of the past that a live model reads.
        context_steps: usize,
        /// The most steps of a whole performance in one run; `None` for no limit.
        #[serde(rename = "whole_take_steps", default, skip_serializing_if = "Option::is_none")]
        max_steps: Option<usize>,
        /// The encoder.
        encoder: GraphEntry,
    },
    /// The note model, over rows of notes ([`tonenet_core::note_rows`]).
    #[serde(rename = "note")]
    Note {
        /// Columns of a note's row that are known at its onset.
        past_columns: usize,
        /// Columns of a note's row that become known later.
        ahead_columns: usize,
        /// Hidden units of each layer of the encoder of the past.
        past_hidden: usize,
        /// Hidden units of the look-ahead network.
        ahead_hidden: usize,
        /// Hidden units of each decoder.
        decoder_hidden: usize,
        /// The encoder of the past.
        past: GraphEntry,
        /// The look-ahead network.
        ahead: GraphEntry,
    },
    /// A generator of tunes; it has no styles.
    #[serde(rename = "seqgan")]
    Tunes {
        /// Steps of the longest bar in the network's input.
        steps: usize,
        /// Bars in a phrase, counted in the network's input.
        bars: usize,
        /// Hidden units of each layer.
        hidden: usize,
        /// The symbols, in the text form of `tonenet_core::tune::Vocabulary`.
        vocabulary: String,
        /// The graph that reads symbols and scores the next.
        step: GraphEntry,
    },
    /// A generator of textures; it has no styles.
    #[serde(rename = "vaegan")]
    Textures(TexturesEntry),
}

impl NetworkEntry {
    /// The shared graphs, in the order of their fields.
    pub fn graphs(&self) -> Vec<&GraphEntry> {
        match self {
            Self::PianoRoll { encoder, .. } => vec![encoder],
            Self::Note { past, ahead, .. } => vec![past, ahead],
            Self::Tunes { step, .. } => vec![step],
            Self::Textures(entry) => vec![&entry.encoder, &entry.decoder, &entry.flow],
        }
    }
}

/// A VAE-GAN over phrase images ([`tonenet_core::phrase_image`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TexturesEntry {
    /// Latent numbers per beat.
    pub latent: usize,
    /// Steps in which the flow turns noise into latent numbers.
    pub steps: usize,
    /// The thresholds for reconstructed images; they maximise the F1 of onsets on training phrases.
    #[serde(rename = "read")]
    pub reconstruction: Thresholds,
    /// The thresholds for new images; they give the note rate and polyphony of training phrases.
    #[serde(rename = "drawn")]
    pub generation: Thresholds,
    /// The graph from an image to latent numbers.
    pub encoder: GraphEntry,
    /// The graph from latent numbers to an image.
    pub decoder: GraphEntry,
    /// The graph of the flow from noise to latent numbers.
    pub flow: GraphEntry,
}

/// Logits above which a decoded cell counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// As the onset of a note.
    pub onset: f32,
    /// As a sounding note.
    pub sounding: f32,
}

/// A graph's file and its checksum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphEntry {
    /// The file name in the model's folder.
    pub file: String,
    /// The checksum of its bytes.
    pub sha256: Sha256,
}

/// A style of a velocity model. The spreads are standard deviations in velocity steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StyleEntry {
    /// The name in files and on the command line: of a built-in style ([`BUILT_IN_STYLES`]) or any other.
    pub id: String,
    /// The name that users see.
    pub title: String,
    /// The style's decoder.
    pub decoder: GraphEntry,
    /// The spread of human velocities around the model's means.
    pub residual: f32,
    /// The spread of human velocities within a file.
    pub human_spread: f32,
    /// The spread of the model's means within a file.
    pub predicted_spread: f32,
}

impl Manifest {
    /// Parses a manifest; error messages call it `file`.
    ///
    /// # Errors
    /// [`InferenceError::NewerFormat`] for a format above [`FORMAT`], and [`InferenceError::BadManifest`] for anything
    /// else that is invalid.
    pub fn from_json(json: &[u8], file: &str) -> Result<Self, InferenceError> {
        // The format is read alone first: a newer format may have changed any other field.
        #[derive(Deserialize)]
        struct Header {
            format: u64,
        }
        let bad = |reason: String| InferenceError::BadManifest { file: file.into(), reason };
        let Header { format } = serde_json::from_slice(json).map_err(|e| bad(e.to_string()))?;
        if format > FORMAT {
            return Err(InferenceError::NewerFormat { file: file.into(), format, known: FORMAT });
        }
        if format < FORMAT {
            return Err(bad(format!("there is no model format {format}")));
        }
        let manifest: Self = serde_json::from_slice(json).map_err(|e| bad(e.to_string()))?;
        for entry in manifest.graphs() {
            if !is_plain_name(&entry.file) {
                return Err(bad(format!("{:?} is not the name of a file in its folder", entry.file)));
            }
        }
        for style in &manifest.styles {
            let spreads = [style.residual, style.human_spread, style.predicted_spread];
            if !spreads.iter().all(|s| s.is_finite() && *s >= 0.0) {
                return Err(bad(format!("the spreads of style {:?} must be finite and at least 0", style.id)));
            }
        }
        Ok(manifest)
    }

    /// The entry of the style with an id, if the model has it.
    pub fn style(&self, id: &str) -> Option<&StyleEntry> {
        self.styles.iter().find(|entry| entry.id == id)
    }

    /// The entries of the styles, each with its place: a built-in style has its own, others follow in their order.
    ///
    /// # Errors
    /// [`InferenceError::BadManifest`] for two styles with one id, or more than there are places.
    pub fn placed_styles(&self) -> Result<Vec<(StyleIndex, &StyleEntry)>, InferenceError> {
        let bad = |reason: String| InferenceError::BadManifest { file: self.name.clone(), reason };
        let mut others = BUILT_IN_STYLES.len()..BUILT_IN_PLACES;
        let mut placed: Vec<(StyleIndex, &StyleEntry)> = Vec::with_capacity(self.styles.len());
        for entry in &self.styles {
            if placed.iter().any(|(_, other)| other.id == entry.id) {
                return Err(bad(format!("it has style {:?} twice", entry.id)));
            }
            let built_in = StyleIndex::from_id(&entry.id);
            let place = built_in.or_else(|| StyleIndex::new(others.next()?));
            let place = place.ok_or_else(|| {
                let most = BUILT_IN_PLACES - BUILT_IN_STYLES.len();
                bad(format!("it has more than {most} styles that are not built in"))
            })?;
            placed.push((place, entry));
        }
        placed.sort_by_key(|(place, _)| *place);
        Ok(placed)
    }

    /// The shared graphs, then each style's decoder.
    pub fn graphs(&self) -> impl Iterator<Item = &GraphEntry> {
        self.network.graphs().into_iter().chain(self.styles.iter().map(|style| &style.decoder))
    }
}

/// Whether a name names a file inside its folder on every operating system.
fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\', ':', '\0'])
}

/// A SHA-256 checksum; its text has 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The checksum of some bytes.
    pub fn digest(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Sha256> for String {
    fn from(checksum: Sha256) -> Self {
        checksum.to_string()
    }
}

impl TryFrom<String> for Sha256 {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a SHA-256 checksum of 64 hexadecimal digits");
        if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 checksum of no bytes.
    const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn json() -> serde_json::Value {
        serde_json::json!({
            "format": 1, "name": "baseline", "kind": "piano-roll-seq2seq", "title": "Baseline seq2seq",
            "frame": 176, "keys": 88, "memory": 256, "context_steps": 128,
            "encoder": { "file": "encoder.onnx", "sha256": EMPTY },
            "styles": [{
                "id": "jazz", "title": "Jazz", "decoder": { "file": "decoder-jazz.onnx", "sha256": EMPTY },
                "residual": 12.1, "human_spread": 15.9, "predicted_spread": 8.3, "colour": "blue",
            }],
            "licence": "unknown to this version",
        })
    }

    fn read(json: &serde_json::Value) -> Result<Manifest, String> {
        Manifest::from_json(json.to_string().as_bytes(), "/models/a/model.json").map_err(|e| e.to_string())
    }

    #[test]
    fn a_manifest_is_read_and_unknown_fields_are_ignored() {
        let manifest = read(&json()).expect("a manifest");
        let encoder = GraphEntry { file: "encoder.onnx".into(), sha256: Sha256::digest(b"") };
        let network =
            NetworkEntry::PianoRoll { frame: 176, keys: 88, memory: 256, context_steps: 128, max_steps: None, encoder };
        assert_eq!(manifest.network, network);
        assert_eq!(manifest.style("jazz").map(|s| s.predicted_spread), Some(8.3));
        assert_eq!(manifest.style("pop"), None);
        let again = serde_json::to_value(&manifest).expect("a manifest is JSON");
        assert_eq!(read(&again).expect("what was written"), manifest);
    }

    #[test]
    fn built_in_styles_have_their_own_places_and_other_styles_follow() {
        let placed = |ids: &[&str]| {
            let mut json = json();
            let style = json["styles"][0].clone();
            let entries = ids.iter().map(|id| {
                let mut style = style.clone();
                style["id"] = (*id).into();
                style
            });
            json["styles"] = entries.collect();
            let manifest = read(&json).expect("a manifest");
            let placed = manifest.placed_styles().map_err(|e| e.to_string())?;
            Ok(placed.into_iter().map(|(place, entry)| (place.index(), entry.id.clone())).collect::<Vec<_>>())
        };
        let found = placed(&["bossa", "pop", "stride", "classical"]).expect("places");
        assert_eq!(
            found,
            [(0, "classical"), (2, "pop"), (3, "bossa"), (4, "stride")].map(|(i, id)| (i, id.to_owned()))
        );
        let twice: Result<_, String> = placed(&["bossa", "jazz", "bossa"]);
        assert!(twice.expect_err("one id").contains("\"bossa\" twice"));
        let many = placed(&["a", "b", "c", "d", "e", "f"]).expect_err("six others");
        assert!(many.contains("more than 5 styles"), "{many}");
    }

    #[test]
    fn a_newer_format_and_an_invalid_file_give_different_errors() {
        let text = read(&serde_json::json!({ "format": 2, "anything": [] })).expect_err("format 2");
        assert!(text.contains("/models/a/model.json") && text.contains("update the plugin"), "{text}");
        for broken in [serde_json::json!({}), serde_json::json!({ "format": 0 }), serde_json::json!([1])] {
            let text = read(&broken).expect_err("not a manifest");
            assert!(text.contains("not a model's manifest"), "{text}");
        }
    }

    #[test]
    fn a_manifest_with_an_invalid_field_is_refused() {
        for (pointer, value) in [
            ("/encoder/file", serde_json::json!("../encoder.onnx")),
            ("/encoder/file", serde_json::json!("/etc/passwd")),
            ("/styles/0/decoder/file", serde_json::json!("C:\\decoder.onnx")),
            ("/encoder/sha256", serde_json::json!("abc")),
            ("/styles/0/residual", serde_json::json!(-1.0)),
            ("/frame", serde_json::json!(-176)),
            ("/kind", serde_json::json!("transformer")),
        ] {
            let mut changed = json();
            *changed.pointer_mut(pointer).expect("the field is there") = value;
            let text = read(&changed).expect_err(pointer);
            assert!(text.contains("not a model's manifest"), "{text}");
        }
    }
}
