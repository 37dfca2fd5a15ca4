//! Reads a model's files and checks them before a runtime loads them.
//!
//! [`ModelFiles`] come from a folder or from the binary. [`GraphFile`] is one ONNX file for a runtime.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::Path;

use crate::error::InferenceError;
use crate::manifest::{self, GraphEntry, Manifest, Sha256};

/// A manifest and the bytes of every graph that it names, with matching checksums.
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
    /// The file's name in error messages.
    title: String,
    sha256: Sha256,
    bytes: Cow<'static, [u8]>,
}

impl StoredGraph {
    fn file(&self) -> GraphFile<'_> {
        GraphFile { title: &self.title, sha256: self.sha256, bytes: &self.bytes }
    }
}

/// An ONNX file for a runtime to load.
#[derive(Debug, Clone, Copy)]
pub struct GraphFile<'a> {
    title: &'a str,
    sha256: Sha256,
    bytes: &'a [u8],
}

impl<'a> GraphFile<'a> {
    /// Wraps the bytes of an ONNX file; error messages call it `title`.
    pub fn new(title: &'a str, bytes: &'a [u8]) -> Self {
        Self { title, sha256: Sha256::digest(bytes), bytes }
    }

    /// The file's name in error messages.
    pub fn title(&self) -> &'a str {
        self.title
    }

    /// The checksum of its bytes; graphs with the same checksum are loaded once.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// The file's bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

impl ModelFiles {
    /// Reads and checks the model in a folder.
    ///
    /// # Errors
    /// When a file is missing or unreadable, a checksum does not match, or the manifest is invalid. The message names
    /// the file.
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

    /// Checks a model in a table of file names and bytes that is compiled into the program.
    ///
    /// # Errors
    /// When a file is missing, a checksum does not match, or the manifest is invalid. The message names the file.
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

    /// The model's manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The graphs shared by all styles, in the order of [`crate::manifest::NetworkEntry::graphs`].
    pub fn shared(&self) -> impl Iterator<Item = GraphFile<'_>> {
        self.shared.iter().map(StoredGraph::file)
    }

    /// The decoder of the style with an id.
    ///
    /// # Errors
    /// [`InferenceError::NoSuchStyle`] when the model has no decoder for the style.
    pub fn decoder(&self, style: &str) -> Result<GraphFile<'_>, InferenceError> {
        let position = self.manifest.styles.iter().position(|entry| entry.id == style);
        let stored = position.and_then(|index| self.decoders.get(index));
        stored.map(StoredGraph::file).ok_or_else(|| InferenceError::no_such_style(style))
    }
}
