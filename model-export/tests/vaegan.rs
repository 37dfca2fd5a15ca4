//! A VAE-GAN's weights become three graphs; those that do not fit are refused by name.

use std::collections::BTreeMap;

use safetensors::{Dtype, serialize, tensor::TensorView};
use tonenet_model_export::ExportError;
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::vaegan::{Widths, decoder, encoder, flow, widths};
use tonenet_model_export::weights::Weights;

const ROWS: usize = 3;
const ROW: usize = 4;
const LATENT: usize = 2;
const MOMENT: usize = 5;
const WIDTH: usize = 6;

/// Shapes of a tiny network's tensors.
fn shapes() -> BTreeMap<String, Vec<usize>> {
    let mut shapes = BTreeMap::new();
    let mut layer = |name: &str, inputs: usize, outputs: usize| {
        shapes.insert(format!("{name}.weight"), vec![outputs, inputs]);
        shapes.insert(format!("{name}.bias"), vec![outputs]);
    };
    for (name, inputs, outputs) in
        [("encoder", 2 * ROW, 2 * LATENT), ("decoder", LATENT, 3 * ROW), ("flow", LATENT + MOMENT, LATENT)]
    {
        layer(&format!("{name}.input"), inputs, WIDTH);
        layer(&format!("{name}.block.0.along_in"), ROWS, 2 * ROWS);
        layer(&format!("{name}.block.0.along_out"), 2 * ROWS, ROWS);
        layer(&format!("{name}.block.0.within_in"), WIDTH, WIDTH + 1);
        layer(&format!("{name}.block.0.within_out"), WIDTH + 1, WIDTH);
        layer(&format!("{name}.output"), WIDTH, outputs);
    }
    shapes
}

fn export<T>(
    shapes: &BTreeMap<String, Vec<usize>>,
    exporter: impl Fn(&Weights<'_>) -> Result<T, ExportError>,
) -> Result<T, ExportError> {
    let bytes: Vec<Vec<u8>> =
        shapes.values().map(|shape| 0.1f32.to_le_bytes().repeat(shape.iter().product())).collect();
    let views = shapes.iter().zip(&bytes).map(|((name, shape), data)| {
        (name.clone(), TensorView::new(Dtype::F32, shape.clone(), data).expect("shape and data agree"))
    });
    let file = serialize(views, None).expect("the tensors are valid");
    exporter(&Weights::from_bytes(&file).expect("a safetensors file"))
}

fn all(weights: &Weights<'_>) -> Result<usize, ExportError> {
    let precision = Precision::StoredInt8;
    let graphs = [encoder(weights, precision)?, decoder(weights, precision)?, flow(weights, precision)?];
    Ok(graphs.iter().map(Vec::len).sum())
}

#[test]
fn widths_are_read_from_shapes() {
    let found = export(&shapes(), widths).expect("a whole network");
    assert_eq!(found, Widths { rows: ROWS, row: ROW, latent: LATENT, moment: MOMENT });
    assert!(export(&shapes(), all).is_ok());
}

#[test]
fn every_tensor_is_needed_and_named() {
    for name in shapes().keys() {
        let mut others = shapes();
        others.remove(name);
        let said = export(&others, all).expect_err(name).to_string();
        assert!(said.contains(&format!("`{name}`")), "{name}: {said}");
    }
}

#[test]
fn tensors_of_other_shapes_are_refused_by_name() {
    for name in
        ["encoder.output.weight", "decoder.output.weight", "decoder.block.0.within_out.weight", "flow.output.weight"]
    {
        let mut changed = shapes();
        let bias = name.replace("weight", "bias");
        changed.get_mut(name).expect("it is there")[0] += 1;
        changed.get_mut(&bias).expect("it is there")[0] += 1;
        let said = export(&changed, all).expect_err(name).to_string();
        assert!(said.contains(name), "{said}");
    }
}
