//! The graphs of the VAE-GAN: an encoder, a decoder, and a step of the flow that new images are drawn with.
//!
//! A beat of an image is a row, and the networks are mixers: layers that see all of a row and all rows in turn. So the
//! graphs are made of matrix products, which both runtimes have.

use crate::ExportError;
use crate::graph::{Axis, Graph};
use crate::quantise::Precision;
use crate::weights::{Linear, Weights, wrong_shape};

/// Bounds of the logarithm of a latent number's variance.
pub const LOG_VARIANCE: (f32, f32) = (-9.0, 3.0);

/// How wide the graphs' ports are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Rows of an image: its beats.
    pub rows: usize,
    /// Cells of a row in one channel.
    pub row: usize,
    /// Latent numbers of a row.
    pub latent: usize,
    /// Numbers that tell the flow a moment.
    pub moment: usize,
}

/// Reads the widths from the weights' shapes.
///
/// # Errors
/// When a tensor is missing or of another shape than these networks have.
pub fn widths(weights: &Weights<'_>) -> Result<Widths, ExportError> {
    let row = weights.linear("encoder.input.")?.weight.columns / 2;
    let latent = weights.linear("decoder.input.")?.weight.columns;
    let rows = weights.linear("decoder.block.0.along_in.")?.weight.columns;
    let flow = weights.linear("flow.input.")?.weight;
    match flow.columns.checked_sub(latent) {
        Some(moment) if moment > 0 => Ok(Widths { rows, row, latent, moment }),
        _ => {
            let wanted = format!("[outputs, {latent} + moment]");
            Err(wrong_shape("flow.input.weight", vec![flow.rows, flow.columns], wanted))
        }
    }
}

/// The encoder: `velocities` and `onsets`, \[rows, 1, row\] each, to the `mean` and the `log_variance` of what they may
/// have come from, \[rows, 1, latent\] each.
///
/// # Errors
/// When a tensor is missing, of a shape that does not fit the others, of another type, or not finite.
pub fn encoder(weights: &Weights<'_>, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let Widths { rows, row, latent, .. } = widths(weights)?;
    let port = |width| [Axis::Fixed(rows), Axis::Fixed(1), Axis::Fixed(width)];
    let mut graph = Graph::new("encoder", Axis::Fixed(1), precision);
    let channels = ["velocities", "onsets"].map(|name| graph.input(name, &port(row)));
    let image = graph.concat("image", &[&channels[0], &channels[1]]);
    let output = weights.linear("encoder.output.")?;
    if output.weight.rows != 2 * latent {
        let wanted = format!("[{}, inputs]", 2 * latent);
        return Err(wrong_shape("encoder.output.weight", vec![output.weight.rows, output.weight.columns], wanted));
    }
    let encoded = mixer(&mut graph, weights, "encoder", &image, 2 * row, &output)?;
    let parts = graph.split("encoded", &encoded, 2, latent);
    let (least, most) = LOG_VARIANCE;
    let log_variance = graph.clamp("certainty", &parts[1], least, most);
    for (name, value) in [("mean", &parts[0]), ("log_variance", &log_variance)] {
        graph.output(name, value, &port(latent));
    }
    Ok(graph.into_bytes())
}

/// The decoder: `latent`, \[rows, 1, latent\], to the logits of `onsets` and of `sounding`, and to `velocities` / 127,
/// \[rows, 1, row\] each.
///
/// # Errors
/// When a tensor is missing, of a shape that does not fit the others, of another type, or not finite.
pub fn decoder(weights: &Weights<'_>, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let Widths { rows, row, latent, .. } = widths(weights)?;
    let port = |width| [Axis::Fixed(rows), Axis::Fixed(1), Axis::Fixed(width)];
    let mut graph = Graph::new("decoder", Axis::Fixed(1), precision);
    let input = graph.input("latent", &port(latent));
    let output = weights.linear("decoder.output.")?;
    if output.weight.rows != 3 * row {
        let wanted = format!("[{}, inputs]", 3 * row);
        return Err(wrong_shape("decoder.output.weight", vec![output.weight.rows, output.weight.columns], wanted));
    }
    let decoded = mixer(&mut graph, weights, "decoder", &input, latent, &output)?;
    let parts = graph.split("decoded", &decoded, 3, row);
    let velocities = graph.clamp("loudness", &parts[2], 0.0, 1.0);
    for (name, value) in [("onsets", &parts[0]), ("sounding", &parts[1]), ("velocities", &velocities)] {
        graph.output(name, value, &port(row));
    }
    Ok(graph.into_bytes())
}

/// A step of the flow: `latent`, \[rows, 1, latent\], and a `moment` for each row, \[rows, 1, moment\], to the
/// `direction` in which latent numbers move then, \[rows, 1, latent\].
///
/// # Errors
/// When a tensor is missing, of a shape that does not fit the others, of another type, or not finite.
pub fn flow(weights: &Weights<'_>, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let Widths { rows, latent, moment, .. } = widths(weights)?;
    let port = |width| [Axis::Fixed(rows), Axis::Fixed(1), Axis::Fixed(width)];
    let mut graph = Graph::new("flow", Axis::Fixed(1), precision);
    let inputs = [("latent", latent), ("moment", moment)].map(|(name, width)| graph.input(name, &port(width)));
    let input = graph.concat("input", &[&inputs[0], &inputs[1]]);
    let output = weights.linear("flow.output.")?;
    if output.weight.rows != latent {
        let wanted = format!("[{latent}, inputs]");
        return Err(wrong_shape("flow.output.weight", vec![output.weight.rows, output.weight.columns], wanted));
    }
    let direction = mixer(&mut graph, weights, "flow", &input, latent + moment, &output)?;
    graph.output("direction", &direction, &port(latent));
    Ok(graph.into_bytes())
}

/// Rows in, rows out: the layer `input`, the blocks, and `output`.
fn mixer(
    graph: &mut Graph,
    weights: &Weights<'_>,
    name: &str,
    rows: &str,
    inputs: usize,
    output: &Linear,
) -> Result<String, ExportError> {
    let input = weights.linear_over(&format!("{name}.input."), inputs)?;
    let width = input.weight.rows;
    let mut rows = graph.linear(&format!("{name}.input"), rows, &input);
    for number in 0.. {
        let block = format!("{name}.block.{number}");
        if !weights.has_prefix(&format!("{block}.")) {
            break;
        }
        rows = mixed(graph, weights, &block, &rows, width)?;
    }
    if output.weight.columns != width {
        let found = vec![output.weight.rows, output.weight.columns];
        return Err(wrong_shape(&format!("{name}.output.weight"), found, format!("[outputs, {width}]")));
    }
    Ok(graph.linear(&format!("{name}.output"), &rows, output))
}

/// A block: what it adds along time, then within each row.
fn mixed(
    graph: &mut Graph,
    weights: &Weights<'_>,
    block: &str,
    rows: &str,
    width: usize,
) -> Result<String, ExportError> {
    let beats = widths(weights)?.rows;
    let two_layers = |graph: &mut Graph, part: &str, input: &str, width: usize| -> Result<String, ExportError> {
        let [first, second] = ["in", "out"].map(|end| format!("{block}.{part}_{end}"));
        let layer = weights.linear_over(&format!("{first}."), width)?;
        let hidden = graph.linear(&first, input, &layer);
        let hidden = graph.relu(&first, &hidden);
        let layer = weights.linear_over(&format!("{second}."), layer.weight.rows)?;
        if layer.weight.rows != width {
            let found = vec![layer.weight.rows, layer.weight.columns];
            return Err(wrong_shape(&format!("{second}.weight"), found, format!("[{width}, inputs]")));
        }
        Ok(graph.linear(&second, &hidden, &layer))
    };
    // Rows become columns and back.
    let turned = graph.transpose(&format!("{block}.turned"), rows, [2, 1, 0]);
    let along = two_layers(graph, "along", &turned, beats)?;
    let along = graph.transpose(&format!("{block}.back"), &along, [2, 1, 0]);
    let rows = graph.sum(&format!("{block}.along"), rows, &along);
    let within = two_layers(graph, "within", &rows, width)?;
    Ok(graph.sum(&format!("{block}.within"), &rows, &within))
}
