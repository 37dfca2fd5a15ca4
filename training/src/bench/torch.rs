//! Times the note model's network in libtorch, which is what PyTorch computes with.
//!
//! It reads whole sequences and carries no state, so a hop reads its context again, as it would in PyTorch.

use std::time::Instant;

use anyhow::Result;
use tch::{Device, Kind, Tensor};
use tonenet_core::genre::Genre;
use tonenet_core::note_rows::{AHEAD, PAST};

use super::median;
use super::models::{Figures, TAKE};
use crate::models::velocity_model_folder;
use crate::train::{Network, NoteNetwork};

/// Notes that a hop's prediction depends on, its new ones included.
const HOP_NOTES: usize = 128 + 16;
/// How often a hop and a take are timed.
const HOPS: usize = 100;
const TAKES: usize = 5;

/// Measures a hop and a whole take on one thread.
pub fn measure(figures: &mut Figures) -> Result<()> {
    tch::set_num_threads(1);
    let genres: Vec<_> = Genre::ALL.iter().map(|genre| genre.id().parse()).collect::<Result<_, _>>()?;
    let mut network = NoteNetwork::new(Device::Cpu, &genres);
    network.variables_mut().load(velocity_model_folder("note")?.join("weights.safetensors"))?;
    let seconds = |notes: usize, rounds: usize| {
        let rows = |width: usize| Tensor::rand([1, notes as i64, width as i64], (Kind::Float, Device::Cpu));
        let (past, ahead) = (rows(PAST), rows(AHEAD));
        let mut times = Vec::new();
        for _ in 0..=rounds {
            let started = Instant::now();
            tch::no_grad(|| network.forward(&past, &ahead, notes as i64, 0));
            times.push(started.elapsed().as_secs_f64());
        }
        // The first run prepares.
        median(times.split_off(1))
    };
    figures.add("hop.libtorch", "µs", seconds(HOP_NOTES, HOPS) * 1e6);
    figures.add("take.note.libtorch", "notes/s", TAKE as f64 / seconds(TAKE, TAKES));
    Ok(())
}
