//! Predictions for the performance that Timeline has recorded.

use tonenet_core::grid::Grid;
use tonenet_core::style::{StyleIndex, StyleKey};
use tonenet_core::timeline::TimelineSnapshot;

use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::performance::{LoadedModel, LookAhead, PerformanceView};

/// The same notes with the predictions of all styles of `model`, whose id is given; the model reads the whole
/// performance.
///
/// # Errors
/// When the model fails or lacks a style, or on cancellation.
pub fn restyle(
    timeline: &TimelineSnapshot,
    id: &str,
    model: &LoadedModel,
    cancellation: &Cancellation,
) -> Result<TimelineSnapshot, InferenceError> {
    let (styles, keys): (Vec<StyleIndex>, Vec<StyleKey>) = model.styles().distinct().into_iter().unzip();
    cancellation.check()?;
    let (notes, pedals) = timeline.performance();
    cancellation.check()?;
    let performance = PerformanceView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level: None };
    let columns = model.columns(&performance, LookAhead::WholePerformance, &styles, cancellation)?;
    Ok(timeline.restyled(id.into(), keys.into_iter().zip(columns)))
}
