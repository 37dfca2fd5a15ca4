//! The plot of a velocity model's run: its losses and r over the epochs.

use std::path::Path;

use plotters::prelude::SeriesLabelPosition;
use tonenet_plot::{COLOURS, PlotError, draw_png};

use super::checkpoint::Progress;
use crate::plots::curves::{Line, Panel};

/// Draws losses on the left and r of each genre on the right, the best epoch marked.
pub fn draw(path: &Path, progress: &Progress) -> Result<(), PlotError> {
    let Progress { settings, history, best_epoch } = progress;
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
    let r = || history.iter().flat_map(|e| e.valid_r.iter().copied().flatten());
    let right = Panel {
        title: "valid r within a file",
        part: "epoch",
        x,
        y: r().fold(1.0, f64::min) - 0.02..r().fold(0.0, f64::max) + 0.02,
        legend: SeriesLabelPosition::LowerRight,
    };
    let genres = settings.genres.iter().enumerate().map(|(at, genre)| {
        let line = Line::new(genre.title(), COLOURS[at % COLOURS.len()], history, |e| e.valid_r[at]);
        Line { marked: line.points.get(*best_epoch).copied(), ..line }
    });
    // A genre that is not scored has no line.
    let genres: Vec<Line> = genres.filter(|line| !line.points.is_empty()).collect();
    draw_png(path, (1100, 440), |area| {
        let (first, second) = area.split_horizontally(550);
        left.draw(&first, &curves)?;
        right.draw(&second, &genres)
    })
}
