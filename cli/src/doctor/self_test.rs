//! Restyles a small piece with a runtime, and looks whether the result is what it must be.

use std::fmt;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use tonenet_core::midi::Song;
use tonenet_core::style::StyleIndex;
use tonenet_core::style::TakeSeed;
use tonenet_inference::embedded::EmbeddedModel;
use tonenet_inference::hop::HopTimes;
use tonenet_inference::runtime::{Provider, Runtime};
use tonenet_inference::song::{SongRestyling, restyle_song};

/// Bach's Prelude in C major, with one velocity for all notes.
const PIECE: &[u8] = include_bytes!("../../../assets/demo/bach-prelude-bwv-846.mid");

/// What a runtime made of the piece.
#[derive(Debug, Serialize)]
pub struct SelfTest {
    /// The runtime.
    pub runtime: String,
    /// The provider that was asked for.
    pub provider: Provider,
    /// What computed the model, such as `CPU`, or `CUDA, in part CPU`.
    pub computed_by: String,
    /// Milliseconds of a hop with one new note.
    pub hop_of_one_note_ms: f64,
    /// Milliseconds of a hop with 16 new notes.
    pub hop_of_sixteen_notes_ms: f64,
    /// Notes that were restyled.
    pub notes: usize,
    /// Milliseconds to load the model.
    pub load_ms: f64,
    /// Milliseconds to restyle the piece.
    pub restyle_ms: f64,
    /// Whether it was allowed to compute in 16 bits.
    pub half_precision: bool,
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
        restyled.to_midi(&song)?;
        let hop = HopTimes::measure(&model)?;
        Ok(Self {
            runtime: runtime.name(),
            provider: runtime.provider().provider,
            computed_by: model.computed_by(),
            hop_of_one_note_ms: hop.one_note.as_secs_f64() * 1000.0,
            hop_of_sixteen_notes_ms: hop.sixteen_notes.as_secs_f64() * 1000.0,
            notes,
            load_ms,
            restyle_ms,
            half_precision: runtime.provider().half_precision,
            velocities: restyled.velocities,
        })
    }

    /// The line for people.
    pub fn line(&self) -> String {
        let Self { notes, load_ms, restyle_ms, hop_of_one_note_ms, hop_of_sixteen_notes_ms, .. } = self;
        let computed_by = match self.computed_by == self.provider.to_string() {
            true => String::new(),
            false => format!(" (computed by {})", self.computed_by),
        };
        format!(
            "{self}{computed_by}: {notes} notes in {restyle_ms:.0} ms, model loaded in {load_ms:.0} ms; a hop takes \
             {hop_of_one_note_ms:.2} ms with one note, {hop_of_sixteen_notes_ms:.2} ms with 16"
        )
    }

    /// The largest difference between the velocities that two runtimes give one note; `None` where one of them was allowed
    /// to differ.
    pub fn steps_apart(&self, other: &Self) -> Option<u8> {
        let apart = self.velocities.iter().zip(&other.velocities).map(|(a, b)| a.abs_diff(*b));
        if self.half_precision || other.half_precision { None } else { apart.max() }
    }
}

impl fmt::Display for SelfTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.provider, self.runtime)
    }
}
