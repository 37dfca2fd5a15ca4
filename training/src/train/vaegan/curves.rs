//! A picture of a run: what images lose on their way, how the adversaries fare, and how much comes back.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::run::Epoch;
use crate::plot::{COLOURS, register_fonts};
use crate::train::curves::{Failure, Line, Title, panel};

/// Nats a phrase on the left, the adversaries in the middle, valid phrases and new images on the right.
pub fn draw(path: &Path, epochs: &[Epoch]) -> Result<()> {
    register_fonts();
    panels(path, epochs).map_err(|e| anyhow!("cannot draw {}: {e}", path.display()))
}

fn panels(path: &Path, epochs: &[Epoch]) -> Result<(), Failure> {
    let root = BitMapBackend::new(path, (1500, 440)).into_drawing_area();
    root.fill(&WHITE)?;
    let title = |panel| Title { panel, part: "epoch", from_nought: true };
    let areas = root.split_evenly((1, 3));
    let losses: [Line<Epoch>; 2] =
        [("cells", COLOURS[3], |e| Some(e.cells)), ("KL", COLOURS[4], |e| Some(e.divergence))];
    panel(&areas[0], &title("nats a phrase"), epochs, &losses)?;
    let adversaries: [Line<Epoch>; 2] =
        [("generator", COLOURS[0], |e| e.adversarial), ("discriminator", COLOURS[1], |e| e.discriminator)];
    panel(&areas[1], &title("against each other"), epochs, &adversaries)?;
    let images: [Line<Epoch>; 3] = [
        ("F1 of valid onsets", COLOURS[2], |e| Some(e.valid_f1)),
        ("polyphony, drawn / valid", COLOURS[5], |e| Some(e.polyphony)),
        ("note rate, drawn / valid", COLOURS[6], |e| Some(e.note_rate)),
    ];
    panel(&areas[2], &title("images"), epochs, &images)?;
    root.present()?;
    Ok(())
}
