//! Exports the generator of tunes: four embedding tables, two LSTM layers, and a score for each symbol.
//!
//! One graph computes a step. It takes and returns its LSTM states, so a tune is generated symbol by symbol; several
//! known symbols may also be read in one run. An input row is four one-hot vectors, concatenated: one for each table.

use std::collections::BTreeMap;

use crate::ExportError;
use crate::graph::{Axis, Direction, Graph, LstmState};
use crate::quantise::{Precision, QuantisedRows};
use crate::weights::{Linear, Lstm, Matrix, Weights, wrong_shape};

/// The kind of model, as the metadata of the graph and the manifest name it.
pub const KIND: &str = "seqgan";

/// Version of the graph's inputs and outputs, as its metadata states it.
const FORMAT: &str = "1";
const SYMBOLS: Axis = Axis::Dynamic("N");
const TUNES: Axis = Axis::Dynamic("B");

/// The embedding tables in the order of an input row: last symbol, step in the bar, bar in the phrase, metre.
const TABLES: [&str; 4] = ["symbol", "step", "bar", "metre"];

/// Widths of the graph's inputs and outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Widths {
    /// Number of symbols, S.
    pub symbols: usize,
    /// Steps in the longest bar.
    pub steps: usize,
    /// Bars in a phrase.
    pub bars: usize,
    /// Metres.
    pub metres: usize,
    /// Width of each layer's state, H.
    pub hidden: usize,
}

impl Widths {
    /// Width of an input row, K.
    pub fn row(&self) -> usize {
        self.symbols + self.steps + self.bars + self.metres
    }
}

/// Reads the widths of a generator.
///
/// # Errors
/// When tensors are missing or do not fit each other.
pub fn widths(weights: &Weights) -> Result<Widths, ExportError> {
    Generator::from_weights(weights).map(|generator| generator.widths())
}

/// Exports a step as an ONNX file.
///
/// - Inputs: `known` \[N, B, K\] and the states `lower_h`, `lower_c`, `upper_h` and `upper_c` \[1, B, H\].
/// - Outputs: `scores` \[N, B, S\], each symbol's log-likelihood up to a constant, and the states after the last row,
///   `lower_h_out`, `lower_c_out`, `upper_h_out` and `upper_c_out`.
///
/// # Errors
/// When tensors are missing or do not fit each other.
pub fn step(weights: &Weights, precision: Precision) -> Result<Vec<u8>, ExportError> {
    let generator = Generator::from_weights(weights)?;
    let widths = generator.widths();
    let state = [Axis::Fixed(1), TUNES, Axis::Fixed(widths.hidden)];
    let mut graph = Graph::new("step", TUNES, precision);
    graph.add_metadata("kind", KIND);
    graph.add_metadata("part", "step");
    graph.add_metadata("format", FORMAT);
    let known = graph.input("known", &[SYMBOLS, TUNES, Axis::Fixed(widths.row())]);
    let [lower, upper] = ["lower", "upper"].map(|layer| {
        let [hidden, cell] = ["h", "c"].map(|part| graph.input(&format!("{layer}_{part}"), &state));
        LstmState { hidden, cell }
    });
    let row = graph.linear("row", &known, &generator.tables());
    let (steps, lower) = graph.lstm_with_state("lower", &row, &generator.lower, Direction::Forward, &lower);
    let (steps, upper) = graph.lstm_with_state("upper", &steps, &generator.upper, Direction::Forward, &upper);
    let scores = graph.linear("output", &steps, &generator.output);
    graph.output("scores", &scores, &[SYMBOLS, TUNES, Axis::Fixed(widths.symbols)]);
    for (layer, states) in [("lower", lower), ("upper", upper)] {
        graph.output(&format!("{layer}_h_out"), &states.hidden, &state);
        graph.output(&format!("{layer}_c_out"), &states.cell, &state);
    }
    Ok(graph.into_bytes())
}

/// The weights rounded as [`Precision::StoredInt8`] rounds them, as a safetensors file.
///
/// # Errors
/// When tensors are missing or do not fit each other.
pub fn rounded(weights: &Weights) -> Result<Vec<u8>, ExportError> {
    let generator = Generator::from_weights(weights)?;
    let tables = generator.tables();
    let width = tables.weight.columns;
    let stored = QuantisedRows::stored(&tables.weight.values, width).dequantised(width);
    let (mut unit, mut place) = (0, 0);
    let mut rounded = BTreeMap::new();
    for (name, table) in TABLES.iter().zip(&generator.tables) {
        let value = |at: usize, within: usize| stored[(unit + within) * width + place + at];
        let lines = (0..table.rows).flat_map(|at| (0..table.columns).map(move |within| (at, within)));
        rounded.insert(*name, lines.map(|(at, within)| value(at, within)).collect());
        unit += table.columns;
        place += table.rows;
    }
    weights.rounded_except(&rounded)
}

/// The layers of a generator.
struct Generator {
    /// Each \[places, width\].
    tables: [Matrix; 4],
    lower: Lstm,
    upper: Lstm,
    output: Linear,
}

impl Generator {
    fn from_weights(weights: &Weights) -> Result<Self, ExportError> {
        let [symbol, step, bar, metre] = TABLES.map(|table| weights.matrix(table));
        let tables = [symbol?, step?, bar?, metre?];
        let lower = weights.lstm_with_inputs("lower.", tables.iter().map(|table| table.columns).sum())?;
        let upper = weights.lstm_with_inputs("upper.", lower.hidden)?;
        let output = weights.linear_with_inputs("output.", upper.hidden)?;
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

    /// All tables as one fully connected layer: a one-hot row selects a line of each table, and the layer concatenates them.
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
