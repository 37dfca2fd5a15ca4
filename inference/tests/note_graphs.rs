//! The note model's graphs in both runtimes: numbers, carried states, batches, 8-bit weights and damaged files.

mod common;

use std::ops::Range;

use common::tensors::{State, Tensors};
use common::{Noise, Outcomes, built_in, distance, onnx_runtime, rows};
use tonenet_inference::bundle::GraphFile;
use tonenet_inference::runtime::{Runtime, Tensor};
use tonenet_model_export::note;
use tonenet_model_export::quantise::Precision::{self, DynamicInt8, Float32, StoredInt8};

const PAST: usize = 5;
const AHEAD: usize = 3;
const ROW: usize = 7;
const HEAD: usize = 11;
const MEMBERS: usize = 2;
/// Hidden units of each member of the ensemble; the constants below are for all members.
const MEMBER: Hidden = Hidden { before: 9, behind: 5, decoder: 3 };
const BEFORE: usize = MEMBERS * MEMBER.before;
const BEHIND: usize = MEMBERS * MEMBER.behind;
const DECODER: usize = MEMBERS * MEMBER.decoder;
const SCALE: f32 = 16.0;
/// The limits of the natural logarithm of the spread, in the network's unit.
const LOG_SPREAD: (f64, f64) = (-2.5, 1.5);

const ENCODER_STATES: [(&str, &str); 4] =
    [("lower_h", "lower_h_out"), ("lower_c", "lower_c_out"), ("upper_h", "upper_h_out"), ("upper_c", "upper_c_out")];
/// The states of the look-ahead network and of the decoders.
const STATES: [(&str, &str); 2] = [("h", "h_out"), ("c", "c_out")];

struct Hidden {
    before: usize,
    behind: usize,
    decoder: usize,
}

fn network() -> Tensors {
    let mut tensors = Tensors::new();
    for member in 0..MEMBERS {
        let name = |part: &str| member_name(member, part);
        let Hidden { before, behind, decoder } = MEMBER;
        tensors.add_linear(&name("past_row."), PAST, ROW);
        tensors.add_lstm(&name("past_lower."), "", ROW, before);
        tensors.add_lstm(&name("past_upper."), "", before, before);
        tensors.add_linear(&name("ahead_row."), PAST + AHEAD, ROW);
        tensors.add_lstm(&name("ahead."), "", ROW, behind);
        tensors.add_lstm(&name("decoder.pop."), "", before + behind, decoder);
        tensors.add_linear(&name("decoder.pop.head."), decoder + before + behind, HEAD);
        tensors.add_linear(&name("decoder.pop.output."), HEAD, 2);
    }
    tensors
}

fn member_name(member: usize, part: &str) -> String {
    format!("member.{member}.{part}")
}

fn past(network: &Tensors, precision: Precision) -> Vec<u8> {
    network.export(|weights| note::past(weights, precision))
}

fn ahead(network: &Tensors, precision: Precision) -> Vec<u8> {
    network.export(|weights| note::ahead(weights, precision))
}

fn decoder(network: &Tensors, precision: Precision) -> Vec<u8> {
    network.export(|weights| note::decoder(weights, "pop", SCALE, precision))
}

/// Runs a test on both runtimes.
fn on_both(test: impl Fn(&str, &Runtime)) {
    test("built-in", &built_in());
    test("ONNX Runtime", &onnx_runtime().0);
}

/// Arbitrary numbers, \[notes, batch, width\].
fn sequence(seed: u32, notes: usize, batch: usize, width: usize) -> Tensor {
    Tensor { shape: vec![notes, batch, width], data: Noise(seed).numbers(notes * batch * width, 2.0) }
}

/// Some notes of a sequence \[notes, batch, width\].
fn notes(tensor: &Tensor, range: std::ops::Range<usize>) -> Tensor {
    let [_, batch, width] = *tensor.shape else { panic!("three axes") };
    let note = batch * width;
    Tensor { shape: vec![range.len(), batch, width], data: tensor.data[range.start * note..range.end * note].to_vec() }
}

/// One element of the batch of a tensor \[any, batch, width\].
fn element(tensor: &Tensor, index: usize) -> Tensor {
    let [first, batch, width] = *tensor.shape else { panic!("three axes") };
    let data = tensor.data.chunks(width).skip(index).step_by(batch).flatten().copied().collect();
    Tensor { shape: vec![first, 1, width], data }
}

/// Runs a graph on named inputs and returns the named outputs.
fn run(runtime: &Runtime, graph: &[u8], inputs: &[(&str, &Tensor)], outputs: &[&str]) -> Vec<Tensor> {
    let graph = runtime.load(GraphFile::new("graph.onnx", graph)).expect("the graph loads");
    let inputs: Vec<_> = inputs.iter().map(|(name, tensor)| (*name, tensor.view())).collect();
    graph.run(&inputs, outputs).expect("the graph runs")
}

/// Runs a graph that carries states; returns its `outputs` and the states after the last note.
fn run_from(
    runtime: &Runtime,
    graph: &[u8],
    sequences: &[(&str, &Tensor)],
    names: &[(&'static str, &'static str)],
    states: &[Tensor],
    outputs: &[&str],
) -> (Vec<Tensor>, Vec<Tensor>) {
    let carried = names.iter().zip(states).map(|((name, _), state)| (*name, state));
    let inputs: Vec<_> = sequences.iter().copied().chain(carried).collect();
    let wanted: Vec<&str> = outputs.iter().copied().chain(names.iter().map(|(_, name)| *name)).collect();
    let mut found = run(runtime, graph, &inputs, &wanted);
    let states = found.split_off(outputs.len());
    (found, states)
}

/// Arbitrary states of a graph.
fn states(count: usize, batch: usize, width: usize) -> Vec<Tensor> {
    (0..count).map(|index| sequence(90 + index as u32, 1, batch, width)).collect()
}

/// One member's state of `width` numbers, out of the states of all members.
fn state(tensors: &[Tensor], member: usize, width: usize) -> State {
    let numbers =
        |tensor: &Tensor| tensor.data[member * width..(member + 1) * width].iter().map(|&v| f64::from(v)).collect();
    State { hidden: numbers(&tensors[0]), cell: numbers(&tensors[1]) }
}

/// The members' steps, \[member\]\[note\]\[width\], joined note by note.
fn side_by_side(members: &[Vec<Vec<f64>>]) -> Vec<f64> {
    (0..members[0].len()).flat_map(|note| members.iter().flat_map(move |steps| steps[note].clone())).collect()
}

fn relu(row: Vec<f64>) -> Vec<f64> {
    row.into_iter().map(|v| v.max(0.0)).collect()
}

fn assert_close(what: &str, found: &Tensor, wanted: &[f64]) {
    let off = distance(&found.data, wanted);
    assert!(off <= 1e-5, "{what}: off by {off}");
}

fn assert_same(what: &str, found: &Tensor, wanted: &Tensor) {
    assert_eq!(found.shape, wanted.shape, "{what}");
    assert_close(what, found, &wanted.data.iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
}

#[test]
fn the_past_encoder_agrees_with_the_reference_from_any_state() {
    let network = network();
    let graph = past(&network, Float32);
    on_both(|name, runtime| {
        for count in [1, 2, 30] {
            let input = sequence(count as u32, count, 1, PAST);
            let first = states(4, 1, BEFORE);
            let (found, last) = run_from(runtime, &graph, &[("past", &input)], &ENCODER_STATES, &first, &["before"]);
            let mut before = Vec::new();
            let mut wanted_last = [const { Vec::new() }; 4];
            for member in 0..MEMBERS {
                let part = |part: &str| member_name(member, part);
                let rows = rows(&input.data, PAST);
                let steps: Vec<_> = rows.iter().map(|row| relu(network.linear(&part("past_row."), row))).collect();
                let [mut lower, mut upper] = [&first[..2], &first[2..]].map(|s| state(s, member, MEMBER.before));
                let steps = network.lstm(&part("past_lower."), "", &steps, &mut lower);
                before.push(network.lstm(&part("past_upper."), "", &steps, &mut upper));
                for (all, own) in wanted_last.iter_mut().zip([lower.hidden, lower.cell, upper.hidden, upper.cell]) {
                    all.extend(own);
                }
            }
            assert_eq!(found[0].shape, [count, 1, BEFORE]);
            assert_close(name, &found[0], &side_by_side(&before));
            for (tensor, wanted) in last.iter().zip(wanted_last) {
                assert_eq!(tensor.shape, [1, 1, BEFORE]);
                assert_close(name, tensor, &wanted);
            }
        }
    });
}

#[test]
fn the_look_ahead_network_runs_from_the_last_note_to_the_first_from_any_state() {
    let network = network();
    let graph = ahead(&network, Float32);
    on_both(|name, runtime| {
        for count in [1, 2, 30] {
            let (known, beyond) = (sequence(1, count, 1, PAST), sequence(2, count, 1, AHEAD));
            let first = states(2, 1, BEHIND);
            let inputs = [("past", &known), ("ahead", &beyond)];
            let (found, last) = run_from(runtime, &graph, &inputs, &STATES, &first, &["behind"]);
            let both = rows(&known.data, PAST).into_iter().zip(rows(&beyond.data, AHEAD));
            let both: Vec<Vec<f64>> = both.map(|(known, beyond)| [known, beyond].concat()).collect();
            let mut behind = Vec::new();
            let mut wanted_last = [const { Vec::new() }; 2];
            for member in 0..MEMBERS {
                let part = |part: &str| member_name(member, part);
                let steps: Vec<_> = both.iter().map(|row| relu(network.linear(&part("ahead_row."), row))).collect();
                let mut state = state(&first, member, MEMBER.behind);
                behind.push(network.lstm_reversed(&part("ahead."), "", &steps, &mut state));
                for (all, own) in wanted_last.iter_mut().zip([state.hidden, state.cell]) {
                    all.extend(own);
                }
            }
            assert_eq!(found[0].shape, [count, 1, BEHIND]);
            assert_close(name, &found[0], &side_by_side(&behind));
            for (tensor, wanted) in last.iter().zip(wanted_last) {
                assert_eq!(tensor.shape, [1, 1, BEHIND]);
                assert_close(name, tensor, &wanted);
            }
        }
    });
}

#[test]
fn the_decoder_gives_mean_and_spread_in_velocity_steps() {
    let network = network();
    let graph = decoder(&network, Float32);
    let mut limits = [false; 3];
    for (runtime_name, runtime) in [("built-in", built_in()), ("ONNX Runtime", onnx_runtime().0)] {
        for count in [1, 2, 30] {
            let (before, behind) = (sequence(3, count, 1, BEFORE), sequence(4, count, 1, BEHIND));
            let first = states(2, 1, DECODER);
            let inputs = [("before", &before), ("behind", &behind)];
            let (found, last) = run_from(&runtime, &graph, &inputs, &STATES, &first, &["mean", "spread"]);
            let mut outputs = vec![[0.0; 2]; count];
            let mut wanted_last = [const { Vec::new() }; 2];
            for member in 0..MEMBERS {
                let part = |part: &str| member_name(member, part);
                let own = |row: Vec<f64>, width: usize| row[member * width..(member + 1) * width].to_vec();
                let memory: Vec<Vec<f64>> = rows(&before.data, BEFORE)
                    .into_iter()
                    .zip(rows(&behind.data, BEHIND))
                    .map(|(a, b)| [own(a, MEMBER.before), own(b, MEMBER.behind)].concat())
                    .collect();
                let mut carried = state(&first, member, MEMBER.decoder);
                let steps = network.lstm(&part("decoder.pop."), "", &memory, &mut carried);
                for ((step, memory), output) in steps.into_iter().zip(memory).zip(&mut outputs) {
                    let head = relu(network.linear(&part("decoder.pop.head."), &[step, memory].concat()));
                    let found = network.linear(&part("decoder.pop.output."), &head);
                    output[0] += found[0] / MEMBERS as f64;
                    output[1] += found[1].clamp(LOG_SPREAD.0, LOG_SPREAD.1) / MEMBERS as f64;
                    limits[0] |= found[1] < LOG_SPREAD.0;
                    limits[1] |= found[1] > LOG_SPREAD.1;
                    limits[2] |= (LOG_SPREAD.0..LOG_SPREAD.1).contains(&found[1]);
                }
                for (all, own) in wanted_last.iter_mut().zip([carried.hidden, carried.cell]) {
                    all.extend(own);
                }
            }
            let scale = f64::from(SCALE);
            let means: Vec<f64> = outputs.iter().map(|output| output[0] * scale).collect();
            let spreads: Vec<f64> = outputs.iter().map(|output| output[1].exp() * scale).collect();
            for (tensor, wanted) in found.iter().zip([means, spreads]) {
                assert_eq!(tensor.shape, [count, 1, 1]);
                // Compared in the network's own unit, because the scale would scale rounding errors too.
                let unscaled = Tensor { shape: vec![], data: tensor.data.iter().map(|v| v / SCALE).collect() };
                assert_close(runtime_name, &unscaled, &wanted.iter().map(|v| v / scale).collect::<Vec<_>>());
            }
            for (tensor, wanted) in last.iter().zip(wanted_last) {
                assert_close(runtime_name, tensor, &wanted);
            }
        }
    }
    assert_eq!(limits, [true; 3], "the inputs give spreads below, above and within the limits");
}

#[test]
fn a_part_run_in_two_pieces_gives_the_same_as_in_one_run() {
    let network = network();
    let (encoder, ahead, decoder) = (past(&network, Float32), ahead(&network, Float32), decoder(&network, Float32));
    on_both(|name, runtime| {
        for (count, cut) in [(2, 1), (17, 5), (17, 16)] {
            let (known, beyond) = (sequence(5, count, 2, PAST), sequence(8, count, 2, AHEAD));
            let (head, tail) = (0..cut, cut..count);
            let forward = [head.clone(), tail.clone()];
            let first = states(4, 2, BEFORE);
            pieces(name, runtime, &encoder, &[("past", &known)], &ENCODER_STATES, &first, &["before"], &forward);
            let (inputs, first) = ([("past", &known), ("ahead", &beyond)], states(2, 2, BEHIND));
            pieces(name, runtime, &ahead, &inputs, &STATES, &first, &["behind"], &[tail, head]);
            let inputs = [("before", &sequence(6, count, 2, BEFORE)), ("behind", &sequence(7, count, 2, BEHIND))];
            let first = states(2, 2, DECODER);
            pieces(name, runtime, &decoder, &inputs, &STATES, &first, &["mean", "spread"], &forward);
        }
    });
}

/// Compares one run over all notes with runs over pieces of them, in the given order.
#[expect(clippy::too_many_arguments)]
fn pieces(
    name: &str,
    runtime: &Runtime,
    graph: &[u8],
    inputs: &[(&str, &Tensor)],
    carried: &[(&'static str, &'static str)],
    first: &[Tensor],
    outputs: &[&str],
    pieces: &[Range<usize>],
) {
    let (whole, last) = run_from(runtime, graph, inputs, carried, first, outputs);
    let mut states = first.to_vec();
    for range in pieces {
        let parts: Vec<_> = inputs.iter().map(|(name, tensor)| (*name, notes(tensor, range.clone()))).collect();
        let parts: Vec<_> = parts.iter().map(|(name, tensor)| (*name, tensor)).collect();
        let (found, end) = run_from(runtime, graph, &parts, carried, &states, outputs);
        for (found, whole) in found.iter().zip(&whole) {
            assert_same(name, found, &notes(whole, range.clone()));
        }
        states = end;
    }
    states.iter().zip(&last).for_each(|(end, last)| assert_same(name, end, last));
}

#[test]
fn a_batch_of_three_gives_the_same_as_three_batches_of_one() {
    let network = network();
    let graphs = [past(&network, Float32), ahead(&network, Float32), decoder(&network, Float32)];
    let (known, beyond) = (sequence(8, 6, 3, PAST), sequence(9, 6, 3, AHEAD));
    let (before, behind) = (sequence(10, 6, 3, BEFORE), sequence(11, 6, 3, BEHIND));
    let (encoder_states, ahead_states) = (states(4, 3, BEFORE), states(2, 3, BEHIND));
    let decoder_states = states(2, 3, DECODER);
    on_both(|name, runtime| {
        let all = |pick: &dyn Fn(&Tensor) -> Tensor| {
            let picked = |tensors: &[Tensor]| tensors.iter().map(pick).collect::<Vec<_>>();
            let (known, beyond, before, behind) = (pick(&known), pick(&beyond), pick(&before), pick(&behind));
            let inputs = [("past", &known)];
            let states = picked(&encoder_states);
            let (mut found, last) = run_from(runtime, &graphs[0], &inputs, &ENCODER_STATES, &states, &["before"]);
            found.extend(last);
            let inputs = [("past", &known), ("ahead", &beyond)];
            let states = picked(&ahead_states);
            let (outputs, last) = run_from(runtime, &graphs[1], &inputs, &STATES, &states, &["behind"]);
            found.extend(outputs);
            found.extend(last);
            let inputs = [("before", &before), ("behind", &behind)];
            let states = picked(&decoder_states);
            let outputs = ["mean", "spread"];
            let (outputs, last) = run_from(runtime, &graphs[2], &inputs, &STATES, &states, &outputs);
            found.extend(outputs);
            found.extend(last);
            found
        };
        let together = all(&Tensor::clone);
        for index in 0..3 {
            for (alone, together) in all(&|tensor| element(tensor, index)).iter().zip(&together) {
                assert_same(name, alone, &element(together, index));
            }
        }
    });
}

/// The outputs of all graphs of a network for fixed inputs, in the network's own unit.
fn all_graphs(runtime: &Runtime, network: &Tensors, precision: Precision) -> Vec<Tensor> {
    let inputs = [("past", &sequence(12, 16, 2, PAST))];
    let graph = past(network, precision);
    let (mut found, last) = run_from(runtime, &graph, &inputs, &ENCODER_STATES, &states(4, 2, BEFORE), &["before"]);
    found.extend(last);
    let inputs = [("past", &sequence(12, 16, 2, PAST)), ("ahead", &sequence(13, 16, 2, AHEAD))];
    let graph = ahead(network, precision);
    let (outputs, last) = run_from(runtime, &graph, &inputs, &STATES, &states(2, 2, BEHIND), &["behind"]);
    found.extend(outputs);
    found.extend(last);
    let inputs = [("before", &sequence(14, 16, 2, BEFORE)), ("behind", &sequence(15, 16, 2, BEHIND))];
    let graph = decoder(network, precision);
    let outputs = ["mean", "spread"];
    let (outputs, last) = run_from(runtime, &graph, &inputs, &STATES, &states(2, 2, DECODER), &outputs);
    found.extend(last);
    let unscaled = |tensor: Tensor| Tensor { data: tensor.data.iter().map(|value| value / SCALE).collect(), ..tensor };
    found.extend(outputs.into_iter().map(unscaled));
    found
}

fn assert_near(what: &str, found: &[Tensor], wanted: &[Tensor], tolerance: f64) {
    assert_eq!(found.len(), wanted.len(), "{what}");
    for (found, wanted) in found.iter().zip(wanted) {
        assert_eq!(found.shape, wanted.shape, "{what}");
        let off = distance(&found.data, &wanted.data.iter().map(|&v| f64::from(v)).collect::<Vec<_>>());
        assert!(off > 0.0 && off < tolerance, "{what}: off by {off}");
    }
}

#[test]
fn weights_stored_in_8_bits_give_the_numbers_of_the_rounded_32_bit_weights() {
    let network = network();
    on_both(|name, runtime| {
        let stored = all_graphs(runtime, &network, StoredInt8);
        assert_eq!(stored, all_graphs(runtime, &network.rounded(), Float32), "{name}");
        assert_near(name, &stored, &all_graphs(runtime, &network, Float32), 0.05);
    });
}

#[test]
fn onnx_runtime_computes_in_8_bits_close_to_32_bits() {
    let (network, runtime) = (network(), onnx_runtime().0);
    let [float, whole] = [Float32, DynamicInt8].map(|precision| all_graphs(&runtime, &network, precision));
    assert_near("ONNX Runtime", &whole, &float, 0.1);
}

#[test]
fn the_built_in_runtime_refuses_graphs_that_compute_in_8_bits() {
    let graph = past(&network(), DynamicInt8);
    let error = built_in().load(GraphFile::new("past.onnx", &graph)).expect_err("it has no such operators");
    assert!(error.to_string().contains("operator"), "{error}");
}

#[test]
fn recurrent_layers_with_unknown_attributes_are_refused() {
    let network = network();
    for precision in [Float32, StoredInt8, DynamicInt8] {
        let mut graph = ahead(&network, precision);
        let setting = b"direction";
        let at = graph.windows(setting.len()).position(|bytes| bytes == setting).expect("the LSTM has a direction");
        graph[at..at + setting.len()].copy_from_slice(b"directory");
        on_both(|name, runtime| {
            let error = runtime.load(GraphFile::new("ahead.onnx", &graph)).expect_err("the attribute is unknown");
            assert!(error.to_string().contains("do not fit"), "{name}: {error}");
        });
    }
}

#[test]
fn damaged_graphs_never_end_the_process() {
    let network = network();
    let precisions = [Float32, StoredInt8, DynamicInt8];
    let graphs: Vec<_> = [past, decoder].iter().flat_map(|graph| precisions.map(|p| graph(&network, p))).collect();
    let known = sequence(16, 3, 2, PAST);
    let (before, behind) = (sequence(17, 3, 2, BEFORE), sequence(18, 3, 2, BEHIND));
    let (encoder_states, decoder_states) = (states(4, 2, BEFORE), states(2, 2, DECODER));
    on_both(|name, runtime| {
        let mut noise = Noise(7);
        let mut outcomes = Outcomes::default();
        for round in 0..600 {
            let which = round % graphs.len();
            let mut bytes = graphs[which].clone();
            for _ in 0..=round % 3 {
                let at = (noise.number().abs() * bytes.len() as f32) as usize % bytes.len();
                bytes[at] = (noise.number() * 128.0) as i8 as u8;
            }
            let (sequences, names, states, output) = if which < precisions.len() {
                (vec![("past", &known)], &ENCODER_STATES[..], &encoder_states, "before")
            } else {
                (vec![("before", &before), ("behind", &behind)], &STATES[..], &decoder_states, "mean")
            };
            let carried = names.iter().zip(states).map(|((name, _), state)| (*name, state.view()));
            let inputs: Vec<_> = sequences.iter().map(|(name, tensor)| (*name, tensor.view())).chain(carried).collect();
            outcomes.add(runtime.load(GraphFile::new("damaged.onnx", &bytes)), &inputs, output);
        }
        assert!(outcomes.has_each_kind(), "{name}: {outcomes:?}");
    });
}
