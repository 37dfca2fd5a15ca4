//! Golden tensors: libtorch's results for a velocity model, for comparison with the exported graphs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use tch::Tensor;
use tonenet_core::grid::Grid;
use tonenet_core::note::Note;
use tonenet_files::midi_files::read_song;
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView};
use tonenet_model_export::weights::Weights;

use crate::data::genre::GenreId;
use crate::models::VelocityModel;
use crate::train::Trained;
use crate::workspace;

/// Notes of the demo piece in the golden tensors.
const GOLDEN_NOTES: usize = 96;

/// Torch's predictions for the beginning of the demo piece: named tensors of one number per note.
///
/// `onset`, `release`, `onset_sixteenths`, `release_sixteenths` and `key` are the notes. `deviation.<style>` is the
/// expected output.
pub struct Golden {
    notes: Vec<Note>,
    expected: BTreeMap<GenreId, Vec<f32>>,
}

/// Computes them with torch, from the weights as rounded to the graphs' 8 bits.
pub fn compute(model: VelocityModel, weights: &Weights) -> Result<Golden> {
    let song = read_song(&workspace::demo_piece())?;
    let notes: Vec<Note> = song.notes().iter().take(GOLDEN_NOTES).map(|n| n.note).collect();
    let view = PerformanceView { notes: &notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
    // The extension tells torch the format.
    let rounded = tempfile::Builder::new().suffix(".safetensors").tempfile()?;
    fs::write(rounded.path(), weights.rounded()?)?;
    let trained = Trained::load(model, rounded.path())?;
    let styles = trained.genres().iter().enumerate();
    let expected = styles.map(|(decoder, style)| (style.clone(), trained.deviations(&view, decoder))).collect();
    Ok(Golden { notes, expected })
}

impl Golden {
    /// The largest difference between a loaded model and torch, in velocity steps.
    pub fn worst_difference(&self, model: &LoadedModel) -> Result<f32> {
        let view = PerformanceView { notes: &self.notes, pedals: &[], grid: Grid::Sixteenths, player_level: None };
        let mut worst = 0f32;
        for (style, expected) in &self.expected {
            let style = model.style_by_id(style.as_str())?;
            let found = model.predict(&view, LookAhead::WholePerformance, &[style])?;
            for (found, expected) in found[0].iter().zip(expected) {
                // A NaN must not pass for 0.
                let difference = (found.deviation - expected).abs();
                worst = if difference.is_nan() { f32::NAN } else { worst.max(difference) };
            }
        }
        Ok(worst)
    }

    /// Writes them as safetensors.
    pub fn save(&self, path: &Path) -> Result<()> {
        let column = |value: fn(&Note) -> f64| {
            let values: Vec<f64> = self.notes.iter().map(value).collect();
            Tensor::from_slice(&values)
        };
        let mut tensors = vec![
            ("onset".to_owned(), column(|n| n.onset)),
            ("release".into(), column(|n| n.release)),
            ("onset_sixteenths".into(), column(|n| n.onset_sixteenths)),
            ("release_sixteenths".into(), column(|n| n.release_sixteenths)),
            ("key".into(), column(|n| f64::from(n.key))),
        ];
        tensors.extend(self.expected.iter().map(|(s, v)| (format!("deviation.{s}"), Tensor::from_slice(v))));
        Tensor::write_safetensors(&tensors, path).with_context(|| format!("cannot write {}", path.display()))
    }
}
