//! Starts a network from trained weights. A genre that they lack starts from the decoder that predicts it best.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use tch::nn::VarStore;
use tch::{Tensor, no_grad};

use super::task::Task;
use super::trained::Trained;
use crate::data::genre::GenreId;
use crate::data::performances::Performance;
use crate::graphs::decoder_of;
use crate::metrics::velocities::{score_file, summarise};

/// Training performances that decoders are compared on.
const COMPARED_ON: usize = 20;

/// Loads weights into a network of the task. Says which decoder a new genre starts from.
///
/// # Errors
/// When the file cannot be read or holds other weights.
pub fn start_from(task: &impl Task, variables: &VarStore, weights: &Path) -> Result<()> {
    let trained = Trained::load(task.model(), weights)?;
    let mut sources: HashMap<&str, &str> = HashMap::new();
    for (index, genre) in task.genres().iter().enumerate() {
        let is_new = !trained.genres().contains(genre) || task.renewed() == Some(index);
        let source = if is_new { nearest(&trained, genre, task.performances(index))? } else { genre };
        sources.insert(genre.as_str(), source.as_str());
    }
    let unusable = || format!("cannot start from {}", weights.display());
    let tensors: HashMap<String, Tensor> =
        Tensor::read_safetensors(weights).with_context(unusable)?.into_iter().collect();
    for (name, mut variable) in variables.variables() {
        let source = match decoder_of(&name).and_then(|genre| Some((genre, sources.get(genre)?))) {
            Some((genre, source)) => name.replacen(&in_name(genre), &in_name(source), 1),
            None => name,
        };
        let tensor =
            tensors.get(&source).with_context(|| format!("it has no tensor {source}")).with_context(unusable)?;
        ensure!(tensor.size() == variable.size(), "{}: its tensor {source} has another shape", unusable());
        no_grad(|| variable.copy_(tensor));
    }
    Ok(())
}

/// A genre's decoder in the name of a tensor.
fn in_name(genre: &str) -> String {
    format!("decoder.{genre}.")
}

/// The genre whose decoder predicts some performances best, by R²c. Prints how well each does.
fn nearest<'a>(trained: &'a Trained, genre: &GenreId, performances: &[Performance]) -> Result<&'a GenreId> {
    let performances = &performances[..performances.len().min(COMPARED_ON)];
    let score = |decoder: usize| {
        let scores = performances.iter().filter_map(|performance| {
            let human: Vec<f32> = performance.notes.iter().map(|n| f32::from(n.velocity)).collect();
            score_file(&trained.deviations(&performance.view(), decoder), &human)
        });
        summarise(&scores.collect::<Vec<_>>()).map(|summary| summary.r2)
    };
    let scored = trained.genres().iter().enumerate().map(|(decoder, of)| Some((of, score(decoder)?)));
    let scored: Vec<(&GenreId, f64)> = scored
        .collect::<Option<_>>()
        .with_context(|| format!("there is no {genre} performance to compare decoders on"))?;
    // Of two that do equally well, the first.
    let best = scored.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1)).context("the weights have no decoder")?.0;
    let figures: Vec<String> = scored.iter().map(|(of, r2)| format!("{of} {r2:.3}")).collect();
    println!(
        "{genre} starts from the decoder of {best}, the best on {} of its training files (R²c: {})",
        performances.len(),
        figures.join(", ")
    );
    Ok(best)
}
