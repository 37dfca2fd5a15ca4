//! Weights that do not fit must be refused with words that name the tensor.

use std::collections::BTreeMap;

use safetensors::{Dtype, serialize, tensor::TensorView};
use tonenet_model_export::note;
use tonenet_model_export::piano_roll::{decoder, encoder, frame_width, memory_width};
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::weights::Weights;

const FRAME: usize = 3;
const HIDDEN: usize = 2;
const DECODER: usize = 2;
const KEYS: usize = 4;

const PAST: usize = 4;
const AHEAD: usize = 3;
const ROW: usize = 5;
const BEFORE: usize = 2;
const BEHIND: usize = 3;
const MEMBERS: usize = 2;

/// Names, shapes and values of tiny networks: a piano-roll's with attention for jazz, and a note model's for pop.
fn tensors() -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let mut tensors = BTreeMap::new();
    let mut add = |name: String, shape: Vec<usize>| {
        let count = shape.iter().product();
        tensors.insert(name, (shape, vec![0.1; count]));
    };
    let mut lstms = vec![
        ("encoder.".to_owned(), "", FRAME, HIDDEN),
        ("encoder.".into(), "_reverse", FRAME, HIDDEN),
        ("decoder.jazz.".into(), "", 2 * HIDDEN, DECODER),
    ];
    let mut linears = vec![
        ("decoder.jazz.combine.".to_owned(), 2 * HIDDEN + DECODER, DECODER),
        ("decoder.jazz.output.".into(), DECODER, KEYS),
    ];
    for member in 0..MEMBERS {
        let name = |part: &str| format!("member.{member}.{part}");
        lstms.extend([
            (name("past_lower."), "", ROW, BEFORE),
            (name("past_upper."), "", BEFORE, BEFORE),
            (name("ahead."), "", ROW, BEHIND),
            (name("decoder.pop."), "", BEFORE + BEHIND, DECODER),
        ]);
        linears.extend([
            (name("past_row."), PAST, ROW),
            (name("ahead_row."), PAST + AHEAD, ROW),
            (name("decoder.pop.head."), DECODER + BEFORE + BEHIND, ROW),
            (name("decoder.pop.output."), ROW, 2),
        ]);
    }
    for (prefix, suffix, input, hidden) in lstms {
        add(format!("{prefix}weight_ih_l0{suffix}"), vec![4 * hidden, input]);
        add(format!("{prefix}weight_hh_l0{suffix}"), vec![4 * hidden, hidden]);
        add(format!("{prefix}bias_ih_l0{suffix}"), vec![4 * hidden]);
        add(format!("{prefix}bias_hh_l0{suffix}"), vec![4 * hidden]);
    }
    for (prefix, inputs, outputs) in linears {
        add(format!("{prefix}weight"), vec![outputs, inputs]);
        add(format!("{prefix}bias"), vec![outputs]);
    }
    add("decoder.jazz.score.weight".into(), vec![2 * HIDDEN, DECODER]);
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
    encoder(&weights, Precision::StoredInt8)
        .and_then(|_| decoder(&weights, "jazz", 16.0, Precision::StoredInt8))
        .and_then(|_| note::past(&weights, Precision::Float32))
        .and_then(|_| note::ahead(&weights, Precision::DynamicInt8))
        .and_then(|_| note::decoder(&weights, "pop", 16.0, Precision::Float32))
        .map_err(|e| e.to_string())?;
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
    let widths = note::Widths { past: PAST, ahead: AHEAD, before: MEMBERS * BEFORE, behind: MEMBERS * BEHIND };
    assert_eq!(note::widths(&weights).expect("a note model"), widths);
    assert_eq!(note::decoder_width(&weights, "pop").expect("a decoder"), MEMBERS * DECODER);
}

#[test]
fn exporting_twice_gives_the_same_bytes() {
    let bytes = file(&tensors());
    let weights = Weights::from_bytes(&bytes).expect("a safetensors file");
    let once = || encoder(&weights, Precision::StoredInt8).expect("an encoder");
    assert_eq!(once(), once());
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
    for error in [
        decoder(&weights, "classical", 16.0, Precision::Float32).expect_err("there is no such decoder"),
        note::decoder(&weights, "classical", 16.0, Precision::DynamicInt8).expect_err("there is no such decoder"),
    ] {
        assert!(error.to_string().contains("decoder.classical."), "{error}");
    }
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
    for (name, shape) in [
        ("decoder.jazz.weight_ih_l0", [4 * DECODER, 2 * HIDDEN + 1]),
        ("encoder.weight_ih_l0_reverse", [4 * HIDDEN, FRAME + 1]),
        ("decoder.jazz.score.weight", [2 * HIDDEN, DECODER + 1]),
        ("decoder.jazz.score.weight", [2 * HIDDEN + 1, DECODER]),
        ("decoder.jazz.combine.weight", [DECODER, 2 * HIDDEN]),
        ("decoder.jazz.output.weight", [KEYS, DECODER + 1]),
        ("member.1.past_lower.weight_ih_l0", [4 * BEFORE, ROW + 1]),
        ("member.1.past_upper.weight_ih_l0", [4 * BEFORE, BEFORE + 1]),
        ("member.1.ahead_row.weight", [ROW, PAST]),
        ("member.1.ahead.weight_ih_l0", [4 * BEHIND, ROW + 1]),
        ("member.1.decoder.pop.weight_ih_l0", [4 * DECODER, BEFORE]),
        ("member.1.decoder.pop.head.weight", [ROW, BEFORE + BEHIND]),
        ("member.1.decoder.pop.output.weight", [2, ROW + 1]),
        ("member.0.past_lower.weight_ih_l0", [4 * BEFORE, ROW + 1]),
    ] {
        let other = (shape.to_vec(), vec![0.0; shape[0] * shape[1]]);
        let text = complaint(|tensors| drop(tensors.insert(name.into(), other)));
        assert!(text.contains(&format!("`{name}` has shape {shape:?}")), "{name}: {text}");
    }
}

#[test]
fn a_note_decoder_has_two_outputs() {
    let text = complaint(|tensors| {
        tensors.insert("member.0.decoder.pop.output.weight".into(), (vec![3, ROW], vec![0.0; 3 * ROW]));
        tensors.insert("member.0.decoder.pop.output.bias".into(), (vec![3], vec![0.0; 3]));
    });
    assert!(text.contains("`member.0.decoder.pop.output.weight`") && text.contains("[2, 5]"), "{text}");
}

#[test]
fn both_layers_of_the_encoder_are_equally_wide() {
    let text = complaint(|tensors| {
        let wider = BEFORE + 1;
        for (part, shape) in [
            ("weight_ih", vec![4 * wider, BEFORE]),
            ("weight_hh", vec![4 * wider, wider]),
            ("bias_ih", vec![4 * wider]),
            ("bias_hh", vec![4 * wider]),
        ] {
            let count = shape.iter().product();
            tensors.insert(format!("member.0.past_upper.{part}_l0"), (shape, vec![0.0; count]));
        }
    });
    assert!(text.contains("`member.0.past_upper.weight_hh_l0`"), "{text}");
}

#[test]
fn all_members_are_equally_wide() {
    let text = complaint(|tensors| {
        let wider = BEHIND + 1;
        for (part, shape) in [
            ("weight_ih", vec![4 * wider, ROW]),
            ("weight_hh", vec![4 * wider, wider]),
            ("bias_ih", vec![4 * wider]),
            ("bias_hh", vec![4 * wider]),
        ] {
            let count = shape.iter().product();
            tensors.insert(format!("member.1.ahead.{part}_l0"), (shape, vec![0.0; count]));
        }
    });
    assert!(text.contains("`member.1.ahead.weight_hh_l0`") && text.contains("[12, 3]"), "{text}");
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
