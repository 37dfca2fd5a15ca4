//! The plot of a velocity model's run: its losses and r over the epochs.

use std::path::Path;

use plotters::prelude::SeriesLabelPosition;
use tonenet_core::genre::Genre;
use tonenet_plot::{COLOURS, PlotError, draw_png};

use super::checkpoint::Epoch;
use crate::plots::curves::{Line, Panel};

/// Draws losses on the left and r of each genre on the right, the best epoch marked.
pub fn draw(path: &Path, history: &[Epoch], best: usize) -> Result<(), PlotError> {
    let x = 0.5..history.len() as f64 + 0.5;
    let losses = || history.iter().flat_map(|e| [e.train_loss, e.valid_loss]);
    let left = Panel {
        title: "masked loss (variance of 16 velocity steps = 1)",
        part: "epoch",
        x: x.clone(),
        y: losses().fold(f64::INFINITY, f64::min) * 0.95..losses().fold(0.0, f64::max) * 1.05,
        legend: SeriesLabelPosition::UpperRight,
    };
    let curves = [
        Line::new("train (with dropout)", COLOURS[3], history, |e| Some(e.train_loss)),
        Line::new("valid, whole takes", COLOURS[4], history, |e| Some(e.valid_loss)),
    ];
    let r = || history.iter().flat_map(|e| e.valid_r);
    let right = Panel {
        title: "valid r within a file",
        part: "epoch",
        x,
        y: r().fold(1.0, f64::min) - 0.02..r().fold(0.0, f64::max) + 0.02,
        legend: SeriesLabelPosition::LowerRight,
    };
    let genres = Genre::ALL.map(|genre| {
        let line = Line::new(genre.title(), COLOURS[genre.index()], history, |e| Some(e.valid_r[genre.index()]));
        Line { marked: line.points.get(best).copied(), ..line }
    });
    draw_png(path, (1100, 440), |area| {
        let (first, second) = area.split_horizontally(550);
        left.draw(&first, &curves)?;
        right.draw(&second, &genres)
    })
}
