//! Plots of training curves, phrases and excerpts, and the parts that other plots share.

pub mod curves;
pub mod excerpts;
pub mod phrases;

use plotters::coord::ranged1d::Ranged;
use plotters::prelude::*;
use tonenet_plot::{Drawn, FONT};

/// A chart on a PNG.
type Chart<'a, 'b, X, Y> = ChartContext<'a, BitMapBackend<'b>, Cartesian2d<X, Y>>;

/// Draws the legend of the series that have a label.
pub fn legend<'a, 'b: 'a, X: Ranged, Y: Ranged>(
    chart: &mut Chart<'a, 'b, X, Y>,
    position: SeriesLabelPosition,
) -> Drawn {
    chart
        .configure_series_labels()
        .position(position)
        .label_font((FONT, 14))
        .background_style(WHITE.mix(0.8))
        .draw()?;
    Ok(())
}
