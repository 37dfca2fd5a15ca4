//! Writes a clip as a MIDI file.

use std::path::PathBuf;

use tonenet_core::clip::Clip;

/// Writes a clip to a file. Adds the extension `mid` if the path has none.
pub(super) fn write(clip: &Clip, tempo: f64, mut path: PathBuf) -> Result<PathBuf, String> {
    if path.extension().is_none() {
        path.set_extension("mid");
    }
    match std::fs::write(&path, clip.to_midi(tempo)) {
        Ok(()) => Ok(path),
        Err(error) => Err(format!("cannot write {}: {error}", path.display())),
    }
}
