//! A model's files, from a folder or from inside the plugin, checked before a runtime sees them.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::Path;

use tonenet_core::genre::Genre;

use crate::error::InferenceError;
use crate::manifest::{self, GraphEntry, Manifest, Sha256};

/// A manifest and the bytes of every graph it names; their checksums match.
#[derive(Debug, Clone)]
pub struct ModelFiles {
    manifest: Manifest,
    /// In the order of [`crate::manifest::NetworkEntry::graphs`].
    shared: Vec<StoredGraph>,
    /// In the order of the manifest's styles.
    decoders: Vec<StoredGraph>,
}

#[derive(Debug, Clone)]
struct StoredGraph {
    /// What error texts call the file.
    title: String,
    sha256: Sha256,
    bytes: Cow<'static, [u8]>,
}

impl StoredGraph {
    fn file(&self) -> GraphFile<'_> {
        GraphFile { title: &self.title, sha256: self.sha256, bytes: &self.bytes }
    }
}

/// A graph for a runtime to load.
#[derive(Debug, Clone, Copy)]
pub struct GraphFile<'a> {
    title: &'a str,
    sha256: Sha256,
    bytes: &'a [u8],
}

impl<'a> GraphFile<'a> {
    /// Bytes of an ONNX file; `title` is what error texts call it.
    pub fn new(title: &'a str, bytes: &'a [u8]) -> Self {
        Self { title, sha256: Sha256::digest(bytes), bytes }
    }

    /// What error texts call the file.
    pub fn title(&self) -> &'a str {
        self.title
    }

    /// The checksum of its bytes, by which graphs are shared.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Its bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl ModelFiles {
    /// Reads and checks the model in a folder.
    ///
    /// # Errors
    /// When a file is missing, cannot be read, is not what it should be, or its checksum is wrong; the text names it.
    pub fn from_dir(folder: &Path) -> Result<Self, InferenceError> {
        let read = |name: &str| {
            let path = folder.join(name);
            match fs::read(&path) {
                Ok(bytes) => Ok((path.display().to_string(), Cow::Owned(bytes))),
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    Err(InferenceError::Missing { file: path.display().to_string() })
                }
                Err(source) => Err(InferenceError::Unreadable { path, source }),
            }
        };
        Self::collect(read)
    }

    /// Checks the model in a table of names and bytes that is part of the program.
    ///
    /// # Errors
    /// When a file is missing, is not what it should be, or its checksum is wrong; the text names it.
    pub fn from_static(files: &'static [(&'static str, &'static [u8])]) -> Result<Self, InferenceError> {
        let read = |name: &str| {
            let title = format!("{name} inside the plugin");
            match files.iter().find(|(file, _)| *file == name) {
                Some(&(_, bytes)) => Ok((title, Cow::Borrowed(bytes))),
                None => Err(InferenceError::Missing { file: title }),
            }
        };
        Self::collect(read)
    }

    fn collect(
        read: impl Fn(&str) -> Result<(String, Cow<'static, [u8]>), InferenceError>,
    ) -> Result<Self, InferenceError> {
        let (title, json) = read(manifest::FILE_NAME)?;
        let manifest = Manifest::from_json(&json, &title)?;
        let graph = |entry: &GraphEntry| {
            let (title, bytes) = read(&entry.file)?;
            match Sha256::digest(&bytes) == entry.sha256 {
                true => Ok(StoredGraph { title, sha256: entry.sha256, bytes }),
                false => Err(InferenceError::Damaged { file: title }),
            }
        };
        let shared = manifest.network.graphs().into_iter().map(graph).collect::<Result<_, _>>()?;
        let decoders = manifest.styles.iter().map(|style| graph(&style.decoder)).collect::<Result<_, _>>()?;
        Ok(Self { manifest, shared, decoders })
    }

    /// What the model is.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The graphs that all styles share, in the order of [`crate::manifest::NetworkEntry::graphs`].
    pub fn shared(&self) -> impl Iterator<Item = GraphFile<'_>> {
        self.shared.iter().map(StoredGraph::file)
    }

    /// A style's decoder.
    ///
    /// # Errors
    /// [`InferenceError::NoSuchStyle`] when the model does not play the style.
    pub fn decoder(&self, style: Genre) -> Result<GraphFile<'_>, InferenceError> {
        let position = self.manifest.styles.iter().position(|entry| entry.id == style.id());
        let stored = position.and_then(|index| self.decoders.get(index));
        stored.map(StoredGraph::file).ok_or(InferenceError::NoSuchStyle { style })
    }
}
