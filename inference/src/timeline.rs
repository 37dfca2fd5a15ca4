//! Predictions for the performance that Timeline has recorded.

use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::timeline::TimelineSnapshot;

use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::performance::{LoadedModel, LookAhead, PerformanceView, by_note};

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
    if timeline.notes().is_empty() {
        return Ok(timeline.restyled(id.into(), model.gains(&[], &[])?, []));
    }
    cancellation.check()?;
    let (notes, pedals) = timeline.performance();
    cancellation.check()?;
    let performance = PerformanceView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level: None };
    let predicted =
        model.predict_unless_cancelled(&performance, LookAhead::WholePerformance, &Genre::ALL, cancellation)?;
    let gains = model.gains(&Genre::ALL, &predicted)?;
    Ok(timeline.restyled(id.into(), gains, by_note(&Genre::ALL, &predicted, notes.len())))
}
