//! The plot of a VAE-GAN run: its losses, and how well phrases are reconstructed.

use std::path::Path;

use tonenet_plot::{COLOURS, PlotError, draw_png};

use super::progress::Epoch;
use crate::plots::curves::{Line, Panel};

/// Draws nats per phrase on the left, the adversaries in the middle, valid phrases and new images on the right.
pub fn draw(path: &Path, epochs: &[Epoch]) -> Result<(), PlotError> {
    let losses = [
        Line::new("cells", COLOURS[3], epochs, |e| Some(e.cells)),
        Line::new("KL", COLOURS[4], epochs, |e| Some(e.divergence)),
    ];
    let adversaries = [
        Line::new("generator", COLOURS[0], epochs, |e| e.adversarial),
        Line::new("discriminator", COLOURS[1], epochs, |e| e.discriminator),
    ];
    let images = [
        Line::new("F1 of valid onsets", COLOURS[2], epochs, |e| Some(e.valid_f1)),
        Line::new("polyphony, drawn / valid", COLOURS[5], epochs, |e| Some(e.polyphony)),
        Line::new("note rate, drawn / valid", COLOURS[6], epochs, |e| Some(e.note_rate)),
    ];
    draw_png(path, (1500, 440), |area| {
        let areas = area.split_evenly((1, 3));
        for ((title, lines), area) in
            [("nats a phrase", &losses[..]), ("against each other", &adversaries), ("images", &images)]
                .iter()
                .zip(&areas)
        {
            Panel::fitted(title, "epoch", epochs.len(), lines, true).draw(area, lines)?;
        }
        Ok(())
    })
}
