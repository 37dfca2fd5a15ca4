//! Exported piano-roll graphs in both runtimes: numbers, sharing between instances, invalid files and invalid inputs.

mod common;

use std::sync::Arc;
use std::thread;

use common::{FRAME, HIDDEN, KEYS, Network, Noise, Outcomes, built_in, distance, frames, onnx_runtime};
use tonenet_inference::bundle::GraphFile;
use tonenet_inference::error::InferenceError;
use tonenet_inference::runtime::{Provider, ProviderConfig, Runtime, Tensor, TensorRef};
use tonenet_model_export::quantise::Precision::{Float32, StoredInt8};

/// Runs a test on both runtimes.
fn on_both(test: impl Fn(&str, &Runtime)) {
    test("built-in", &built_in());
    test("ONNX Runtime", &onnx_runtime().0);
}

/// Runs a network's encoder and decoder over frames; returns both outputs.
fn run(runtime: &Runtime, network: &Network, frames: &Tensor) -> (Tensor, Tensor) {
    let encoder = runtime.load(GraphFile::new("encoder.onnx", &network.encoder())).expect("the encoder loads");
    let decoder = runtime.load(GraphFile::new("decoder-jazz.onnx", &network.decoder())).expect("the decoder loads");
    let memory = encoder.run(&[("frames", frames.view())], &["memory"]).expect("the encoder runs").remove(0);
    let deviations = decoder.run(&[("memory", memory.view())], &["deviations"]).expect("the decoder runs").remove(0);
    (memory, deviations)
}

#[test]
fn both_runtimes_agree_with_the_reference() {
    for network in [Network::new(), Network::with_attention()] {
        on_both(|name, runtime| {
            for steps in [1, 2, 16, 150] {
                let frames = frames(steps);
                let (memory, deviations) = run(runtime, &network, &frames);
                assert_eq!(memory.shape, [steps, 1, 2 * HIDDEN]);
                assert_eq!(deviations.shape, [steps, 1, KEYS]);
                let off = distance(&memory.data, &network.expected_memory(&frames.data));
                assert!(off < 1e-5, "{name}: memory of {steps} steps is off by {off}");
                let off = distance(&deviations.data, &network.expected_deviations(&memory.data));
                assert!(off < 1e-5, "{name}: deviations of {steps} steps are off by {off}");
            }
        });
    }
}

#[test]
fn weights_stored_in_8_bits_give_the_numbers_of_the_rounded_32_bit_weights() {
    for network in [Network::new(), Network::with_attention()] {
        let rounded = network.rounded();
        let frames = frames(16);
        let memory = Tensor { shape: vec![16, 1, 2 * HIDDEN], data: Noise(3).numbers(32 * HIDDEN, 1.0) };
        on_both(|name, runtime| {
            let load = |graph: &[u8]| runtime.load(GraphFile::new("graph.onnx", graph)).expect("the graph loads");
            let [stored, whole] = [(&network, StoredInt8), (&rounded, Float32)].map(|(network, precision)| {
                let (encoder, decoder) = (network.encoder_in(precision), network.decoder_in(precision));
                let memories = load(&encoder).run(&[("frames", frames.view())], &["memory"]);
                let deviations = load(&decoder).run(&[("memory", memory.view())], &["deviations"]);
                (memories.expect("the encoder runs"), deviations.expect("the decoder runs"))
            });
            assert_eq!(stored, whole, "{name}");
        });
    }
}

#[test]
fn the_runtimes_agree_with_each_other_and_repeat_their_results() {
    let network = Network::new();
    let frames = frames(64);
    let (_, built_in_result) = run(&built_in(), &network, &frames);
    let (_, onnx_runtime_result) = run(&onnx_runtime().0, &network, &frames);
    let wanted: Vec<f64> = built_in_result.data.iter().map(|&v| f64::from(v)).collect();
    let off = distance(&onnx_runtime_result.data, &wanted);
    assert!(off < 1e-4, "the runtimes differ by {off}");
    on_both(|_, runtime| assert_eq!(run(runtime, &network, &frames), run(runtime, &network, &frames)));
}

#[test]
fn the_report_names_runtime_and_provider() {
    let (runtime, report) = onnx_runtime();
    assert!(report.library.as_ref().is_some_and(|library| library.is_file()), "{report:?}");
    assert_eq!((report.provider.as_str(), report.reason), ("CPU", None));
    let graph = runtime.load(GraphFile::new("encoder.onnx", &Network::new().encoder()));
    assert_eq!(graph.expect("the encoder loads").provider(), "CPU");
    assert!(report.notes.iter().all(|note| !note.contains('\n')), "{:?}", report.notes);
    assert!(!runtime.devices().is_empty(), "the processor is one");
}

/// On each provider of this system: it computes what the processor does, or says in one clause why it does not.
#[test]
fn an_accelerator_computes_or_says_why_not() {
    let (runtime, _) = onnx_runtime();
    let network = Network::new();
    let frames = frames(16);
    let (_, expected) = run(&runtime, &network, &frames);
    let wanted: Vec<f64> = expected.data.iter().map(|&v| f64::from(v)).collect();
    for provider in Provider::ALL {
        match runtime.on(ProviderConfig { provider, half_precision: false }) {
            Ok(runtime) => {
                assert_eq!(runtime.provider().provider, provider);
                let off = distance(&run(&runtime, &network, &frames).1.data, &wanted);
                assert!(off < 0.01, "{provider} differs by {off}");
            }
            Err(reason) => {
                assert_ne!(provider, Provider::Cpu, "{reason}");
                assert!(!reason.is_empty() && !reason.contains('\n') && !reason.ends_with('.'), "{provider}: {reason}");
            }
        }
    }
    for provider in [Provider::CoreMl, Provider::DirectMl] {
        if !Provider::ACCELERATORS.contains(&provider) {
            let reason = runtime.on(ProviderConfig { provider, half_precision: true }).expect_err("another system's");
            assert!(reason.contains("on this system"), "{reason}");
        }
    }
    let cuda = ProviderConfig { provider: Provider::Cuda, half_precision: false };
    assert!(built_in().on(cuda).expect_err("the built-in runtime has none").contains("built-in"));
    assert_eq!(built_in().on(ProviderConfig::CPU).expect("the processor").name(), built_in().name());
}

#[test]
fn instances_share_a_graph_until_the_last_one_drops_it() {
    // A different checksum, so that other tests do not keep the graph loaded.
    let mut bytes = Network::new().encoder();
    // An unknown, empty field changes the checksum but not the graph.
    bytes.extend([0xFA, 0x7F, 0x00]);
    on_both(|name, runtime| {
        let load = || runtime.clone().load(GraphFile::new("encoder.onnx", &bytes)).expect("the encoder loads");
        let first = load();
        assert!(Arc::ptr_eq(&first, &load()), "{name}: loaded twice");
        let others: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(load)).collect();
            threads.into_iter().map(|thread| thread.join().expect("loading does not panic")).collect()
        });
        assert!(others.iter().all(|other| Arc::ptr_eq(&first, other)), "{name}: loaded twice");
        let gone = Arc::downgrade(&first);
        drop((first, others));
        assert!(gone.upgrade().is_none(), "{name}: still loaded after the last instance dropped it");
    });
}

#[test]
fn instances_on_several_threads_may_run_a_shared_graph() {
    let network = Network::new();
    on_both(|_, runtime| {
        let alone: Vec<_> = (1..5).map(|steps| run(runtime, &network, &frames(10 * steps))).collect();
        thread::scope(|scope| {
            for (steps, wanted) in (1..5).zip(&alone) {
                let network = &network;
                scope.spawn(move || {
                    for _ in 0..20 {
                        assert_eq!(&run(runtime, network, &frames(10 * steps)), wanted);
                    }
                });
            }
        });
    });
}

#[test]
fn the_error_for_a_file_that_is_no_graph_names_it() {
    let encoder = Network::new().encoder();
    on_both(|name, runtime| {
        for bytes in [&b""[..], b"not a graph", &[0xFF; 64], &encoder[..encoder.len() / 2]] {
            let error = runtime.load(GraphFile::new("/m/encoder.onnx", bytes)).expect_err("it is no graph");
            assert!(matches!(error, InferenceError::Refused { .. }), "{name}: {error:?}");
            let text = error.to_string();
            assert!(text.contains("/m/encoder.onnx") && text.contains("again"), "{name}: {text}");
            assert!(!text.contains('\n'), "{name}: {text}");
        }
    });
}

#[test]
fn a_recurrent_layer_with_misplaced_weights_is_refused() {
    let mut decoder = Network::new().decoder();
    let first_input = b"\x0A\x06memory";
    let at = decoder.windows(first_input.len()).position(|bytes| bytes == first_input).expect("the LSTM reads memory");
    // The first input becomes an unknown field, so the weights move up by one place.
    decoder[at] = 0x7A;
    on_both(|name, runtime| {
        let error =
            runtime.load(GraphFile::new("decoder.onnx", &decoder)).expect_err("the weights are in wrong places");
        assert!(error.to_string().contains("weights do not fit"), "{name}: {error}");
    });
}

#[test]
fn damaged_graphs_never_end_the_process() {
    let decoders = [Float32, StoredInt8].map(|precision| Network::with_attention().decoder_in(precision));
    let memory = Tensor { shape: vec![3, 1, 2 * HIDDEN], data: vec![0.5; 6 * HIDDEN] };
    on_both(|name, runtime| {
        let mut noise = Noise(7);
        let mut outcomes = Outcomes::default();
        for round in 0..600 {
            let mut bytes = decoders[round % 2].clone();
            for _ in 0..=round % 4 {
                let at = (noise.number().abs() * bytes.len() as f32) as usize % bytes.len();
                bytes[at] = (noise.number() * 128.0) as i8 as u8;
            }
            let graph = runtime.load(GraphFile::new("damaged.onnx", &bytes));
            outcomes.add(graph, &[("memory", memory.view())], "deviations");
        }
        assert!(outcomes.has_each_kind(), "{name}: {outcomes:?}");
    });
}

#[test]
fn wrong_names_and_shapes_give_errors_that_name_the_file() {
    let network = Network::new();
    on_both(|name, runtime| {
        let graph = runtime.load(GraphFile::new("encoder.onnx", &network.encoder())).expect("the encoder loads");
        let good = frames(2);
        let refusal = |input: &str, tensor: TensorRef<'_>, output: &str| {
            let error = graph.run(&[(input, tensor)], &[output]).expect_err("the call is wrong");
            assert!(error.to_string().contains("encoder.onnx"), "{name}: {error}");
            error
        };
        let error = refusal("frame", good.view(), "memory");
        assert!(matches!(error, InferenceError::NoSuchPort { port: "input", .. }), "{name}: {error:?}");
        let error = refusal("frames", good.view(), "memories");
        assert!(matches!(error, InferenceError::NoSuchPort { port: "output", .. }), "{name}: {error:?}");
        let error = refusal("frames", TensorRef { shape: &[3, 1, FRAME], data: &good.data }, "memory");
        assert!(matches!(error, InferenceError::BadInput { .. }), "{name}: {error:?}");
        let error = refusal("frames", TensorRef { shape: &[0, 1, FRAME], data: &[] }, "memory");
        assert!(matches!(error, InferenceError::BadInput { .. }), "{name}: {error:?}");
        let error = refusal("frames", TensorRef { shape: &[usize::MAX, 2, 2], data: &good.data }, "memory");
        assert!(matches!(error, InferenceError::BadInput { .. }), "{name}: {error:?}");
        let error = refusal("frames", TensorRef { shape: &[2 * FRAME, 1, 1], data: &good.data }, "memory");
        assert!(matches!(error, InferenceError::Failed { .. }), "{name}: {error:?}");
        let error = graph.run(&[], &["memory"]).expect_err("an input is missing");
        assert!(matches!(error, InferenceError::Failed { .. }), "{name}: {error:?}");
        // The graph still runs after refused calls.
        graph.run(&[("frames", good.view())], &["memory"]).expect("the encoder runs");
    });
}
