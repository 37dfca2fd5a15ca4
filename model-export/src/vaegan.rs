//! Exports the VAE-GAN: an encoder, a decoder, and the flow that draws new latent values.
//!
//! A row of an image is one beat. The networks are mixers: their layers read all of a row and all rows in turn. The graphs
//! therefore consist of matrix products, which both runtimes have.

use crate::ExportError;
use crate::graph::{Axis, Graph};
use crate::quantise::Precision;
use crate::weights::{Linear, Weights, wrong_shape};

/// Bounds of the natural logarithm of a latent value's variance.
pub const LOG_VARIANCE: (f32, f32) = (-9.0, 3.0);

/// The graphs read one image at a time.
const BATCH: Axis = Axis::Fixed(1);

/// Widths of the graphs' inputs and outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Rows of an image, one for each beat.
    pub rows: usize,
    /// Cells of a row in one channel.
    pub row: usize,
    /// Latent values of a row.
    pub latent: usize,
    /// Width of the moment, the flow's encoded time.
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

/// Exports the encoder as an ONNX file.
///
/// Its inputs are `velocities` and `onsets`, \[rows, 1, row\] each. Its outputs are `mean` and `log_variance` of the
/// latent values, \[rows, 1, latent\] each.
///
/// # Errors
/// When a tensor is missing, of a shape that does not fit the others, of another type, or not finite.
pub fn encoder(weights: &Weights<'_>, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let Widths { rows, row, latent, .. } = widths(weights)?;
    let mixer = Mixer::from_weights(weights, "encoder", rows, [2 * row, 2 * latent])?;
    let mut graph = Graph::new("encoder", BATCH, precision);
    let channels = ["velocities", "onsets"].map(|name| graph.input(name, &image(rows, row)));
    let image_rows = graph.concat("image", &[&channels[0], &channels[1]]);
    let encoded = mixer.add_to(&mut graph, &image_rows);
    let parts = graph.split("encoded", &encoded, 2, latent);
    let (least, most) = LOG_VARIANCE;
    let log_variance = graph.clamp("certainty", &parts[1], least, most);
    for (name, value) in [("mean", &parts[0]), ("log_variance", &log_variance)] {
        graph.output(name, value, &image(rows, latent));
    }
    Ok(graph.into_bytes())
}

/// Exports the decoder as an ONNX file.
///
/// Its input is `latent`, \[rows, 1, latent\]. Its outputs are the logits of `onsets` and of `sounding`, and
/// `velocities` / 127, \[rows, 1, row\] each.
///
/// # Errors
/// When a tensor is missing, of a shape that does not fit the others, of another type, or not finite.
pub fn decoder(weights: &Weights<'_>, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let Widths { rows, row, latent, .. } = widths(weights)?;
    let mixer = Mixer::from_weights(weights, "decoder", rows, [latent, 3 * row])?;
    let mut graph = Graph::new("decoder", BATCH, precision);
    let input = graph.input("latent", &image(rows, latent));
    let decoded = mixer.add_to(&mut graph, &input);
    let parts = graph.split("decoded", &decoded, 3, row);
    let velocities = graph.clamp("loudness", &parts[2], 0.0, 1.0);
    for (name, value) in [("onsets", &parts[0]), ("sounding", &parts[1]), ("velocities", &velocities)] {
        graph.output(name, value, &image(rows, row));
    }
    Ok(graph.into_bytes())
}

/// Exports a step of the flow as an ONNX file.
///
/// Its inputs are `latent`, \[rows, 1, latent\], and a `moment` for each row, \[rows, 1, moment\]. Its output is the
/// `direction` in which the latent values move then, \[rows, 1, latent\].
///
/// # Errors
/// When a tensor is missing, of a shape that does not fit the others, of another type, or not finite.
pub fn flow(weights: &Weights<'_>, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let Widths { rows, latent, moment, .. } = widths(weights)?;
    let mixer = Mixer::from_weights(weights, "flow", rows, [latent + moment, latent])?;
    let mut graph = Graph::new("flow", BATCH, precision);
    let inputs = [("latent", latent), ("moment", moment)].map(|(name, width)| graph.input(name, &image(rows, width)));
    let input = graph.concat("input", &[&inputs[0], &inputs[1]]);
    let direction = mixer.add_to(&mut graph, &input);
    graph.output("direction", &direction, &image(rows, latent));
    Ok(graph.into_bytes())
}

/// The shape of an image whose rows have `width` values.
fn image(rows: usize, width: usize) -> [Axis; 3] {
    [Axis::Fixed(rows), BATCH, Axis::Fixed(width)]
}

/// A fully connected layer with the name of its tensors and nodes.
struct NamedLinear {
    name: String,
    layer: Linear,
}

impl NamedLinear {
    /// Reads the layer `name` and checks that it maps `inputs` to `outputs` values.
    fn from_weights(weights: &Weights<'_>, name: String, inputs: usize, outputs: usize) -> Result<Self, ExportError> {
        let layer = weights.linear_with_inputs(&format!("{name}."), inputs)?;
        if layer.weight.rows != outputs {
            let found = vec![layer.weight.rows, layer.weight.columns];
            return Err(wrong_shape(&format!("{name}.weight"), found, format!("[{outputs}, {inputs}]")));
        }
        Ok(Self { name, layer })
    }

    fn add_to(&self, graph: &mut Graph, input: &str) -> String {
        graph.linear(&self.name, input, &self.layer)
    }
}

/// Two fully connected layers with a ReLU between them.
struct TwoLayers {
    first: NamedLinear,
    second: NamedLinear,
}

impl TwoLayers {
    /// Reads the layers `{name}_in` and `{name}_out`, which map `width` values to as many.
    fn from_weights(weights: &Weights<'_>, name: &str, width: usize) -> Result<Self, ExportError> {
        let hidden = weights.linear(&format!("{name}_in."))?.weight.rows;
        let first = NamedLinear::from_weights(weights, format!("{name}_in"), width, hidden)?;
        let second = NamedLinear::from_weights(weights, format!("{name}_out"), hidden, width)?;
        Ok(Self { first, second })
    }

    fn add_to(&self, graph: &mut Graph, input: &str) -> String {
        let hidden = self.first.add_to(graph, input);
        let hidden = graph.relu(&self.first.name, &hidden);
        self.second.add_to(graph, &hidden)
    }
}

/// A mixer's block: it adds to each row what two layers make of a column, then what two layers make of a row.
struct Block {
    name: String,
    along: TwoLayers,
    within: TwoLayers,
}

impl Block {
    fn add_to(&self, graph: &mut Graph, rows: &str) -> String {
        let name = &self.name;
        // Rows become columns and back.
        let columns = graph.transpose(&format!("{name}.turned"), rows, [2, 1, 0]);
        let along = self.along.add_to(graph, &columns);
        let along = graph.transpose(&format!("{name}.back"), &along, [2, 1, 0]);
        let rows = graph.sum(&format!("{name}.along"), rows, &along);
        let within = self.within.add_to(graph, &rows);
        graph.sum(&format!("{name}.within"), &rows, &within)
    }
}

/// One of the three networks: an input layer, blocks, and an output layer.
struct Mixer {
    input: NamedLinear,
    blocks: Vec<Block>,
    output: NamedLinear,
}

impl Mixer {
    /// Reads the network `name`, which maps `rows` rows of `inputs` values to rows of `outputs` values.
    fn from_weights(
        weights: &Weights<'_>,
        name: &str,
        rows: usize,
        [inputs, outputs]: [usize; 2],
    ) -> Result<Self, ExportError> {
        let width = weights.linear(&format!("{name}.input."))?.weight.rows;
        let input = NamedLinear::from_weights(weights, format!("{name}.input"), inputs, width)?;
        let mut blocks = Vec::new();
        loop {
            let block = format!("{name}.block.{}", blocks.len());
            if !weights.has_prefix(&format!("{block}.")) {
                break;
            }
            let along = TwoLayers::from_weights(weights, &format!("{block}.along"), rows)?;
            let within = TwoLayers::from_weights(weights, &format!("{block}.within"), width)?;
            blocks.push(Block { name: block, along, within });
        }
        let output = NamedLinear::from_weights(weights, format!("{name}.output"), width, outputs)?;
        Ok(Self { input, blocks, output })
    }

    /// Adds the network and returns its output, from `rows` \[rows, 1, inputs\].
    fn add_to(&self, graph: &mut Graph, rows: &str) -> String {
        let rows = self.input.add_to(graph, rows);
        let rows = self.blocks.iter().fold(rows, |rows, block| block.add_to(graph, &rows));
        self.output.add_to(graph, &rows)
    }
}
