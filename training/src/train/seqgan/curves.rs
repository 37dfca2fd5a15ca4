//! The plot of a SeqGAN run: the generator's loss, and its success against the discriminator.

use std::path::Path;

use tonenet_plot::{COLOURS, PlotError, draw_png};

use super::progress::Part;
use crate::plots::curves::{Line, Panel};

/// Draws nats per symbol on the left; reward, accuracy and BLEU on the right. Parts are counted across both stages.
pub fn draw(path: &Path, parts: &[Part]) -> Result<(), PlotError> {
    let losses = [
        Line::new("train", COLOURS[3], parts, |p| Some(p.train_loss)),
        Line::new("valid", COLOURS[4], parts, |p| Some(p.valid_loss)),
    ];
    let adversaries = [
        Line::new("reward", COLOURS[0], parts, |p| p.reward),
        Line::new("told right", COLOURS[1], parts, |p| p.told_right),
        Line::new("BLEU-4, valid", COLOURS[2], parts, |p| p.bleu),
        Line::new("BLEU-4 of itself", COLOURS[5], parts, |p| p.self_bleu),
    ];
    draw_png(path, (1100, 440), |area| {
        let (left, right) = area.split_horizontally(550);
        Panel::fitted("nats a symbol", "part", parts.len(), &losses, false).draw(&left, &losses)?;
        Panel::fitted("against each other", "part", parts.len(), &adversaries, false).draw(&right, &adversaries)
    })
}
