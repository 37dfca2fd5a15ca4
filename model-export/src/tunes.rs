//! The generator of tunes: tables of what it is told, two LSTM layers, and a score for each symbol.
//!
//! One graph of a step that hands its states in and out, so that a tune is written symbol by symbol, and may be read
//! several symbols at once. What is known comes as rows of zeros and a one in each of the tables, side by side.

use std::collections::BTreeMap;

use crate::ExportError;
use crate::graph::{Axis, Direction, Graph, States};
use crate::quantise::{Precision, Rows};
use crate::weights::{Linear, Lstm, Matrix, Weights, wrong_shape};

/// What the metadata of the graph calls this kind of model, as in the manifest.
pub const KIND: &str = "seqgan";

/// Version of the graph's inputs and outputs, written to its metadata.
const FORMAT: &str = "1";
const SYMBOLS: Axis = Axis::Dynamic("N");
const TUNES: Axis = Axis::Dynamic("B");

/// The tables in the order of their places in a row: the last symbol, the step in its bar, the bar in its phrase, the
/// metre.
const TABLES: [&str; 4] = ["symbol", "step", "bar", "metre"];

/// How wide the graph's inputs and outputs are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Symbols, S.
    pub symbols: usize,
    /// Steps in the longest bar.
    pub steps: usize,
    /// Bars in a phrase.
    pub bars: usize,
    /// Metres.
    pub metres: usize,
    /// States of each layer, H.
    pub hidden: usize,
}

impl Widths {
    /// Numbers in a row, K.
    pub fn row(&self) -> usize {
        self.symbols + self.steps + self.bars + self.metres
    }
}

/// The widths of a generator.
///
/// # Errors
/// When tensors are missing or do not fit each other.
pub fn widths(weights: &Weights) -> Result<Widths, ExportError> {
    Generator::of(weights).map(|generator| generator.widths())
}

/// A step as an ONNX file: inputs `known` [N, B, K] and the states `lower_h`, `lower_c`, `upper_h`, `upper_c` [1, B, H];
/// outputs `scores` [N, B, S], a natural logarithm of each symbol's likelihood up to a constant, and the states after the
/// last row, `lower_h_out`, `lower_c_out`, `upper_h_out`, `upper_c_out`.
///
/// # Errors
/// When tensors are missing or do not fit each other.
pub fn step(weights: &Weights, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let generator = Generator::of(weights)?;
    let widths = generator.widths();
    let state = [Axis::Fixed(1), TUNES, Axis::Fixed(widths.hidden)];
    let mut graph = Graph::new("step", TUNES, precision);
    graph.metadata("kind", KIND);
    graph.metadata("part", "step");
    graph.metadata("format", FORMAT);
    let known = graph.input("known", &[SYMBOLS, TUNES, Axis::Fixed(widths.row())]);
    let [lower, upper] = ["lower", "upper"].map(|layer| {
        let [hidden, cell] = ["h", "c"].map(|part| graph.input(&format!("{layer}_{part}"), &state));
        States { hidden, cell }
    });
    let row = graph.linear("row", &known, &generator.tables());
    let (steps, lower) = graph.lstm_from("lower", &row, &generator.lower, Direction::Forward, &lower);
    let (steps, upper) = graph.lstm_from("upper", &steps, &generator.upper, Direction::Forward, &upper);
    let scores = graph.linear("output", &steps, &generator.output);
    graph.output("scores", &scores, &[SYMBOLS, TUNES, Axis::Fixed(widths.symbols)]);
    for (layer, states) in [("lower", lower), ("upper", upper)] {
        graph.output(&format!("{layer}_h_out"), &states.hidden, &state);
        graph.output(&format!("{layer}_c_out"), &states.cell, &state);
    }
    Ok(graph.into_bytes())
}

/// The weights as [`Precision::StoredInt8`] gives them back, as a safetensors file.
///
/// # Errors
/// When tensors are missing or do not fit each other.
pub fn rounded(weights: &Weights) -> Result<Vec<u8>, ExportError> {
    let generator = Generator::of(weights)?;
    let tables = generator.tables();
    let width = tables.weight.columns;
    let stored = Rows::stored(&tables.weight.values, width).unfolded(width);
    let (mut unit, mut place) = (0, 0);
    let mut rounded = BTreeMap::new();
    for (name, table) in TABLES.iter().zip(&generator.tables) {
        let value = |at: usize, within: usize| stored[(unit + within) * width + place + at];
        let lines = (0..table.rows).flat_map(|at| (0..table.columns).map(move |within| (at, within)));
        rounded.insert(*name, lines.map(|(at, within)| value(at, within)).collect());
        unit += table.columns;
        place += table.rows;
    }
    weights.rounded_but(&rounded)
}

struct Generator {
    /// Each \[places, width\].
    tables: [Matrix; 4],
    lower: Lstm,
    upper: Lstm,
    output: Linear,
}

impl Generator {
    fn of(weights: &Weights) -> Result<Self, ExportError> {
        let [symbol, step, bar, metre] = TABLES.map(|table| weights.matrix(table));
        let tables = [symbol?, step?, bar?, metre?];
        let lower = weights.lstm_over("lower.", tables.iter().map(|table| table.columns).sum())?;
        let upper = weights.lstm_over("upper.", lower.hidden)?;
        let output = weights.linear_over("output.", upper.hidden)?;
        if upper.hidden != lower.hidden {
            let wanted = format!("[{}, {}]", 4 * lower.hidden, lower.hidden);
            return Err(wrong_shape("upper.weight_hh_l0", vec![4 * upper.hidden, upper.hidden], wanted));
        }
        if output.weight.rows != tables[0].rows {
            let Matrix { rows, columns, .. } = output.weight;
            return Err(wrong_shape("output.weight", vec![rows, columns], format!("[{}, {columns}]", tables[0].rows)));
        }
        Ok(Self { tables, lower, upper, output })
    }

    fn widths(&self) -> Widths {
        let [symbols, steps, bars, metres] = self.tables.each_ref().map(|table| table.rows);
        Widths { symbols, steps, bars, metres, hidden: self.lower.hidden }
    }

    /// All tables as one layer: a row's ones pick a line of each, which come out side by side.
    fn tables(&self) -> Linear {
        let columns = self.widths().row();
        let rows = self.tables.iter().map(|table| table.columns).sum();
        let mut values = vec![0.0; rows * columns];
        let (mut unit, mut place) = (0, 0);
        for table in &self.tables {
            for (at, line) in table.values.chunks(table.columns).enumerate() {
                for (within, value) in line.iter().enumerate() {
                    values[(unit + within) * columns + place + at] = *value;
                }
            }
            unit += table.columns;
            place += table.rows;
        }
        Linear { weight: Matrix { rows, columns, values }, bias: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_picks_a_line_of_each_table() {
        let table = |rows, columns, first: f32| Matrix {
            rows,
            columns,
            values: (0..rows * columns).map(|i| first + i as f32).collect(),
        };
        let lstm = Lstm {
            input: 7,
            hidden: 1,
            input_weights: vec![0.0; 28],
            hidden_weights: vec![0.0; 4],
            input_bias: vec![0.0; 4],
            hidden_bias: vec![0.0; 4],
        };
        let generator = Generator {
            tables: [table(3, 2, 0.0), table(2, 1, 10.0), table(2, 3, 20.0), table(1, 1, 30.0)],
            lower: lstm.clone(),
            upper: lstm,
            output: Linear { weight: table(3, 1, 0.0), bias: None },
        };
        let widths = generator.widths();
        assert_eq!((widths.row(), widths.hidden), (8, 1));
        let Linear { weight, .. } = generator.tables();
        // Symbol 2, step 1, bar 0, metre 0.
        let row = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0];
        let picked: Vec<f32> =
            weight.values.chunks(weight.columns).map(|unit| unit.iter().zip(row).map(|(w, r)| w * r).sum()).collect();
        assert_eq!(picked, [4.0, 5.0, 11.0, 20.0, 21.0, 22.0, 30.0]);
    }
}
