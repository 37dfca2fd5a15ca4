//! What a model expects of a whole remembered take.

use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::timeline::Timeline;

use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::take::{Knowledge, LoadedModel, TakeView, by_note};

/// The same notes with what every style of `model`, whose id is given, expects of each when all of the take is known.
///
/// # Errors
/// When the model fails or lacks a style, or nobody wants it any more.
pub fn restyle(
    timeline: &Timeline,
    id: &str,
    model: &LoadedModel,
    cancellation: &Cancellation,
) -> Result<Timeline, InferenceError> {
    let gains = model.gains(Genre::ALL)?;
    if timeline.notes().is_empty() {
        return Ok(timeline.restyled(id.into(), gains, []));
    }
    cancellation.check()?;
    let (notes, pedals) = timeline.performance();
    cancellation.check()?;
    let take = TakeView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level: None };
    let predicted = model.predict_unless_cancelled(&take, Knowledge::WholeTake, &Genre::ALL, cancellation)?;
    Ok(timeline.restyled(id.into(), gains, by_note(&Genre::ALL, &predicted, notes.len())))
}
