//! 8-bit weights: a row of a matrix becomes whole numbers and one factor, symmetric around zero.
//!
//! What such weights are multiplied with is made 8-bit at run time (dynamic quantisation); see
//! [`crate::graph::Graph`] for the operators.

/// What numbers a graph's layers compute with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    Float32,
    /// 8-bit weights times 8-bit activations.
    Int8,
}

/// The largest whole number of a weight.
///
/// Two products of 255 × 64 fit into 16 bits, in which processors without VNNI add them up; ±127 would saturate there,
/// and the same model would play other velocities on older computers.
const LARGEST: f32 = 64.0;

/// A matrix in 8 bits, transposed.
pub(crate) struct Columns {
    /// As many rows as the matrix has columns, in row-major order.
    pub values: Vec<i8>,
    /// For each row of the matrix what its whole numbers are to be multiplied with.
    pub factors: Vec<f32>,
}

/// The rows of a matrix, each `width` long, as 8-bit columns.
pub(crate) fn columns(values: &[f32], width: usize) -> Columns {
    let factors: Vec<f32> = values
        .chunks(width)
        .map(|row| row.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs())))
        .map(|largest| if largest > 0.0 { largest / LARGEST } else { 1.0 })
        .collect();
    let whole: Vec<i8> = values
        .chunks(width)
        .zip(&factors)
        .flat_map(|(row, factor)| row.iter().map(move |weight| (weight / factor).round() as i8))
        .collect();
    Columns { values: transposed(&whole, width), factors }
}

/// A matrix of rows `width` long, transposed.
pub(crate) fn transposed<T: Copy>(values: &[T], width: usize) -> Vec<T> {
    (0..width).flat_map(|column| values.iter().skip(column).step_by(width).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_keeps_its_largest_weight_and_loses_half_a_step_at_most() {
        let rows = [[0.5, -1.0, 0.013], [0.0, 0.0, 0.0], [1e-3, 2e-3, -4e-3]];
        let Columns { values, factors } = columns(rows.as_flattened(), 3);
        for (row, weights) in rows.iter().enumerate() {
            for (column, weight) in weights.iter().enumerate() {
                let whole = values[column * rows.len() + row];
                assert!((f32::from(whole) * factors[row] - weight).abs() <= 0.501 * factors[row]);
            }
        }
        assert_eq!((values[3], values[1], values[8]), (-64, 0, -64));
    }
}
