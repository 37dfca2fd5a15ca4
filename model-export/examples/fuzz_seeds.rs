//! Writes the smallest graphs that use every operator of this crate, as seeds for `cargo xtask fuzz`.
//!
//! Its argument is the folder to write to.

use std::path::PathBuf;

use tonenet_model_export::graph::{Axis, Direction, Graph, LstmState};
use tonenet_model_export::quantise::Precision;
use tonenet_model_export::weights::{Linear, Lstm, Matrix};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("give the folder to write to")?);
    for precision in [Precision::Float32, Precision::StoredInt8, Precision::DynamicInt8] {
        let name = format!("{precision:?}.onnx").to_lowercase();
        std::fs::write(folder.join(name), graph(precision))?;
    }
    Ok(())
}

fn graph(precision: Precision) -> Vec<u8> {
    const WIDTH: usize = 2;
    let (steps, batch) = (Axis::Dynamic("steps"), Axis::Fixed(1));
    let shape = [steps, batch, Axis::Fixed(WIDTH)];
    let numbers = |count: usize| (0..count).map(|at| at as f32 / 8.0).collect::<Vec<_>>();
    let recurrent = Lstm {
        input: WIDTH,
        hidden: WIDTH,
        input_weights: numbers(4 * WIDTH * WIDTH),
        hidden_weights: numbers(4 * WIDTH * WIDTH),
        input_bias: numbers(4 * WIDTH),
        hidden_bias: numbers(4 * WIDTH),
    };
    let layer = Linear {
        weight: Matrix { rows: WIDTH, columns: WIDTH, values: numbers(WIDTH * WIDTH) },
        bias: Some(numbers(WIDTH)),
    };
    let mut graph = Graph::new("seed", batch, precision);
    let input = graph.input("input", &shape);
    let first = LstmState { hidden: graph.input("h", &[Axis::Fixed(1), batch, Axis::Fixed(WIDTH)]), cell: "h".into() };
    let (carried, _) = graph.lstm_with_state("carried", &input, &recurrent, Direction::Forward, &first);
    let back = graph.lstm("back", &carried, &recurrent, Direction::Reverse);
    let turned = graph.transpose("turned", &back, [1, 0, 2]);
    let straight = graph.transpose("straight", &turned, [1, 0, 2]);
    let joined = graph.concat("joined", &[&straight, &input]);
    let scaled = graph.scale("scaled", &joined, 0.5);
    let clipped = graph.clamp("clipped", &scaled, -1.0, 1.0);
    let bent = graph.tanh("bent", &clipped);
    let positive = graph.relu("positive", &bent);
    let grown = graph.exp("grown", &positive);
    let shares = graph.softmax("shares", &grown);
    let one = graph.linear("one", &input, &layer);
    graph.output("shares_out", &shares, &[steps, batch, Axis::Fixed(2 * WIDTH)]);
    graph.output("one_out", &one, &shape);
    graph.into_bytes()
}
