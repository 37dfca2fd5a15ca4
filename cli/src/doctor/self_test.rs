//! Restyles a small piece with a runtime, and looks whether the result is what it must be.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use tonenet_core::midi::Song;
use tonenet_core::style::StyleIndex;
use tonenet_core::style::TakeSeed;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::runtime::Runtime;
use tonenet_inference::song::{SongRestyling, restyle_song};

/// Bach's Prelude in C major, with one velocity for all notes.
const PIECE: &[u8] = include_bytes!("../../../assets/demo/bach-prelude-bwv-846.mid");

/// What a runtime made of the piece.
#[derive(Debug, Serialize)]
pub struct SelfTest {
    /// The runtime.
    pub runtime: String,
    /// Notes that were restyled.
    pub notes: usize,
    /// Milliseconds to load the model.
    pub load_ms: f64,
    /// Milliseconds to restyle the piece.
    pub restyle_ms: f64,
    #[serde(skip)]
    velocities: Vec<u8>,
}

impl SelfTest {
    /// Restyles the piece.
    ///
    /// # Errors
    /// When the model does not run, or hardly any velocity changes.
    pub fn run(runtime: &Runtime) -> Result<Self> {
        let song = Song::parse(PIECE.to_vec()).context("the test piece is damaged")?;
        let started = Instant::now();
        let model = EmbeddedModel::Note.load(runtime)?;
        let load_ms = started.elapsed().as_secs_f64() * 1000.0;
        let settings = SongRestyling::in_style(StyleIndex::JAZZ, TakeSeed(0));
        let started = Instant::now();
        let restyled = restyle_song(&model, &song, &settings)?;
        let restyle_ms = started.elapsed().as_secs_f64() * 1000.0;
        let notes: usize = restyled.parts.iter().map(|part| part.restyled).sum();
        let changed: usize = restyled.parts.iter().map(|part| part.changed).sum();
        ensure!(notes == song.notes().len(), "only {notes} of {} notes were restyled", song.notes().len());
        ensure!(changed * 2 > notes, "only {changed} of {notes} velocities changed");
        song.with_velocities(&restyled.velocities)?;
        Ok(Self { runtime: runtime.name(), notes, load_ms, restyle_ms, velocities: restyled.velocities })
    }

    /// The largest difference between the velocities that two runtimes give one note.
    pub fn steps_apart(&self, other: &Self) -> u8 {
        let apart = self.velocities.iter().zip(&other.velocities).map(|(a, b)| a.abs_diff(*b));
        apart.max().unwrap_or(0)
    }
}
