//! Predictions for the performance that Timeline has recorded.

use tonenet_core::grid::Grid;
use tonenet_core::style::{StyleIndex, StyleKey};
use tonenet_core::timeline::TimelineSnapshot;

use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::performance::{LoadedModel, LookAhead, PerformanceView};

/// The same notes with the predictions of all styles of `model`; the model reads the whole performance.
///
/// The snapshot keeps `id`, by which it knows whose predictions it holds. With `condition_on_player` a model that can read
/// the player's velocities is conditioned on them.
///
/// # Errors
/// When the model fails or lacks a style, or on cancellation.
pub fn restyle(
    timeline: &TimelineSnapshot,
    id: &str,
    model: &LoadedModel,
    condition_on_player: bool,
    cancellation: &Cancellation,
) -> Result<TimelineSnapshot, InferenceError> {
    let (styles, keys): (Vec<StyleIndex>, Vec<StyleKey>) = model.styles().distinct().into_iter().unzip();
    cancellation.check()?;
    let (notes, pedals) = timeline.performance();
    cancellation.check()?;
    let level = notes.iter().map(|n| f32::from(n.velocity)).sum::<f32>() / notes.len().max(1) as f32;
    let player_level = condition_on_player.then_some(level);
    let performance = PerformanceView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level };
    let columns = model.columns(&performance, LookAhead::WholePerformance, &styles, cancellation)?;
    Ok(timeline.restyled(id.into(), keys.into_iter().zip(columns)))
}
