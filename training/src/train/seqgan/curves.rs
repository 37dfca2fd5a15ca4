//! A picture of a run: how surprised the generator is, and how it fares against the discriminator.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

use super::run::Part;
use crate::plot::{COLOURS, register_fonts};
use crate::train::curves::{Failure, Line, Title, panel};

/// Nats a symbol on the left; reward, the share told right and BLEU on the right. Parts are counted through both stages.
pub fn draw(path: &Path, parts: &[Part]) -> Result<()> {
    register_fonts();
    panels(path, parts).map_err(|e| anyhow!("cannot draw {}: {e}", path.display()))
}

fn panels(path: &Path, parts: &[Part]) -> Result<(), Failure> {
    let root = BitMapBackend::new(path, (1100, 440)).into_drawing_area();
    root.fill(&WHITE)?;
    let title = |panel| Title { panel, part: "part", from_nought: false };
    let (left, right) = root.split_horizontally(550);
    let losses: [Line<Part>; 2] =
        [("train", COLOURS[3], |p| Some(p.train_loss)), ("valid", COLOURS[4], |p| Some(p.valid_loss))];
    panel(&left, &title("nats a symbol"), parts, &losses)?;
    let adversaries: [Line<Part>; 4] = [
        ("reward", COLOURS[0], |p| p.reward),
        ("told right", COLOURS[1], |p| p.told_right),
        ("BLEU-4, valid", COLOURS[2], |p| p.bleu),
        ("BLEU-4 of itself", COLOURS[5], |p| p.self_bleu),
    ];
    panel(&right, &title("against each other"), parts, &adversaries)?;
    root.present()?;
    Ok(())
}
