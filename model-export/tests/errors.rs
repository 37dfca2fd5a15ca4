//! Weights that do not fit must be refused with words that name the tensor.

use std::collections::BTreeMap;

use safetensors::{Dtype, serialize, tensor::TensorView};
use tonenet_model_export::piano_roll::{decoder, encoder, frame_width, memory_width};
use tonenet_model_export::weights::Weights;

const FRAME: usize = 3;
const HIDDEN: usize = 2;
const DECODER: usize = 2;
const KEYS: usize = 4;

/// Names, shapes and values of a tiny network.
fn tensors() -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let mut tensors = BTreeMap::new();
    let mut lstm = |prefix: &str, suffix: &str, input: usize, hidden: usize| {
        for (part, shape) in [
            ("weight_ih", vec![4 * hidden, input]),
            ("weight_hh", vec![4 * hidden, hidden]),
            ("bias_ih", vec![4 * hidden]),
            ("bias_hh", vec![4 * hidden]),
        ] {
            let count = shape.iter().product();
            tensors.insert(format!("{prefix}{part}_l0{suffix}"), (shape, vec![0.1; count]));
        }
    };
    lstm("encoder.", "", FRAME, HIDDEN);
    lstm("encoder.", "_reverse", FRAME, HIDDEN);
    lstm("decoder.jazz.", "", 2 * HIDDEN, DECODER);
    tensors.insert("decoder.jazz.output.weight".into(), (vec![KEYS, DECODER], vec![0.1; KEYS * DECODER]));
    tensors.insert("decoder.jazz.output.bias".into(), (vec![KEYS], vec![0.1; KEYS]));
    tensors
}

fn file(tensors: &BTreeMap<String, (Vec<usize>, Vec<f32>)>) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> =
        tensors.values().map(|(_, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let views = tensors.iter().zip(&bytes).map(|((name, (shape, _)), data)| {
        (name.clone(), TensorView::new(Dtype::F32, shape.clone(), data).expect("shape and data agree"))
    });
    serialize(views, None).expect("the tensors are valid")
}

fn export(bytes: &[u8]) -> Result<(), String> {
    let weights = Weights::from_bytes(bytes).map_err(|e| e.to_string())?;
    encoder(&weights).map_err(|e| e.to_string())?;
    decoder(&weights, "jazz", 16.0).map_err(|e| e.to_string())?;
    Ok(())
}

/// What exporting says once `change` has been made to a good network.
fn complaint(change: impl FnOnce(&mut BTreeMap<String, (Vec<usize>, Vec<f32>)>)) -> String {
    let mut tensors = tensors();
    change(&mut tensors);
    export(&file(&tensors)).expect_err("the network is not whole")
}

#[test]
fn a_whole_network_is_exported_and_tells_its_widths() {
    let bytes = file(&tensors());
    export(&bytes).expect("the network is whole");
    let weights = Weights::from_bytes(&bytes).expect("a safetensors file");
    assert_eq!(frame_width(&weights).expect("an encoder"), FRAME);
    assert_eq!(memory_width(&weights).expect("an encoder"), 2 * HIDDEN);
}

#[test]
fn exporting_twice_gives_the_same_bytes() {
    let bytes = file(&tensors());
    let weights = Weights::from_bytes(&bytes).expect("a safetensors file");
    assert_eq!(encoder(&weights).expect("an encoder"), encoder(&weights).expect("an encoder"));
}

#[test]
fn bytes_that_are_no_safetensors_file_are_refused() {
    assert!(export(b"not a safetensors file").expect_err("garbage").contains("safetensors"));
    assert!(export(b"").expect_err("nothing").contains("safetensors"));
}

#[test]
fn every_missing_tensor_is_named() {
    for name in tensors().keys() {
        let text = complaint(|tensors| drop(tensors.remove(name)));
        assert!(text.contains(&format!("`{name}`")), "{name}: {text}");
    }
}

#[test]
fn a_style_without_a_decoder_is_named() {
    let bytes = file(&tensors());
    let weights = Weights::from_bytes(&bytes).expect("a safetensors file");
    let text = decoder(&weights, "pop", 16.0).expect_err("there is no pop").to_string();
    assert!(text.contains("`decoder.pop."), "{text}");
}

#[test]
fn every_tensor_of_another_shape_is_named_with_both_shapes() {
    for name in tensors().keys() {
        let text = complaint(|tensors| drop(tensors.insert(name.clone(), (vec![5, 1, 1], vec![0.0; 5]))));
        assert!(text.contains(&format!("`{name}`")) && text.contains("[5, 1, 1]"), "{name}: {text}");
    }
}

#[test]
fn layers_that_do_not_fit_each_other_are_refused() {
    let wide = (vec![4 * DECODER, 2 * HIDDEN + 1], vec![0.0; 4 * DECODER * (2 * HIDDEN + 1)]);
    let text = complaint(|tensors| drop(tensors.insert("decoder.jazz.weight_ih_l0".into(), wide)));
    assert!(text.contains("decoder.jazz.weight_ih_l0"), "{text}");
    let wide = (vec![4 * HIDDEN, FRAME + 1], vec![0.0; 4 * HIDDEN * (FRAME + 1)]);
    let text = complaint(|tensors| drop(tensors.insert("encoder.weight_ih_l0_reverse".into(), wide)));
    assert!(text.contains("encoder.weight_ih_l0_reverse"), "{text}");
}

#[test]
fn weights_that_diverged_are_refused() {
    let text = complaint(|tensors| {
        if let Some((_, values)) = tensors.get_mut("encoder.bias_ih_l0") {
            values[0] = f32::NAN;
        }
    });
    assert!(text.contains("`encoder.bias_ih_l0`") && text.contains("not finite"), "{text}");
}

#[test]
fn numbers_that_are_not_32_bit_floats_are_refused() {
    let data = [0u8; 8];
    let view = TensorView::new(Dtype::F64, vec![1], &data).expect("one number");
    let bytes = serialize([("encoder.weight_hh_l0", view)], None).expect("a file");
    let text = export(&bytes).expect_err("64-bit floats");
    assert!(text.contains("`encoder.weight_hh_l0`") && text.contains("F64"), "{text}");
}
