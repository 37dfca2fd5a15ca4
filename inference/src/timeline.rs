//! What a model expects of a whole remembered take.

use tonenet_core::dynamics::style_gain;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::timeline::{InSteps, Timeline};

use crate::cancellation::Cancellation;
use crate::error::InferenceError;
use crate::take::{Knowledge, LoadedModel, TakeView};

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
    let mut gains = [1.0; Genre::ALL.len()];
    for (style, gain) in Genre::ALL.into_iter().zip(&mut gains) {
        let spread = model.style(style).ok_or(InferenceError::NoSuchStyle { style })?;
        *gain = style_gain(spread.human, spread.predicted);
    }
    if timeline.notes().is_empty() {
        return Ok(timeline.restyled(id.into(), gains, []));
    }
    cancellation.check()?;
    let (notes, pedals) = timeline.performance();
    cancellation.check()?;
    let take = TakeView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level: None };
    let predicted = model.predict_unless_cancelled(&take, Knowledge::WholeTake, &Genre::ALL, cancellation)?;
    let of_note = |note: usize| {
        std::array::from_fn(|style| {
            let prediction = predicted[style][note];
            InSteps::new(prediction.deviation, prediction.spread)
        })
    };
    Ok(timeline.restyled(id.into(), gains, (0..notes.len()).map(of_note)))
}
