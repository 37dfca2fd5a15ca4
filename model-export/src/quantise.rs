//! Converts matrices to 8 bits: each row becomes integers, symmetric around zero, and one factor.
//!
//! A row belongs to one unit of a layer, so units with small weights lose no more precision than those with large ones.
//! [`crate::graph`] lists the operators that read the result.

/// The number format in which a graph stores its layers and computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    Float32,
    /// Matrices stored in 8 bits and converted to 32-bit floats when the file is loaded.
    StoredInt8,
    /// 8-bit matrices multiplied by activations that are quantised at run time (dynamic quantisation).
    DynamicInt8,
}

/// The largest integer of a stored weight.
const STORED: f32 = 127.0;

/// The largest integer of a weight that is multiplied in 8 bits.
///
/// Processors without VNNI add two products in 16 bits. Two products of 255 × 64 fit; with ±127 they would saturate, and
/// the same model would give other velocities on older computers.
const DYNAMIC: f32 = 64.0;

/// The rows of a matrix in 8 bits.
pub(crate) struct QuantisedRows {
    /// The integers, in the order of the matrix.
    pub values: Vec<i8>,
    /// For each row, the factor that turns its integers back into weights.
    pub factors: Vec<f32>,
}

impl QuantisedRows {
    /// Quantises rows of `width` values that are stored and then dequantised.
    pub(crate) fn stored(values: &[f32], width: usize) -> Self {
        Self::from_values(values, width, STORED)
    }

    /// Quantises rows of `width` values that are multiplied in 8 bits.
    pub(crate) fn dynamic(values: &[f32], width: usize) -> Self {
        Self::from_values(values, width, DYNAMIC)
    }

    fn from_values(values: &[f32], width: usize, limit: f32) -> Self {
        let factors: Vec<f32> = values
            .chunks(width)
            .map(|row| row.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs())))
            .map(|largest| if largest > 0.0 { largest / limit } else { 1.0 })
            .collect();
        let integers = values
            .chunks(width)
            .zip(&factors)
            .flat_map(|(row, factor)| row.iter().map(move |weight| (weight / factor).round() as i8))
            .collect();
        Self { values: integers, factors }
    }

    /// The weights that the integers stand for, in rows of `width` values.
    pub(crate) fn dequantised(&self, width: usize) -> Vec<f32> {
        let rows = self.values.chunks(width).zip(&self.factors);
        rows.flat_map(|(row, factor)| row.iter().map(move |&integer| f32::from(integer) * factor)).collect()
    }
}

/// The transpose of a matrix whose rows have `width` values.
pub(crate) fn transposed<T: Copy>(values: &[T], width: usize) -> Vec<T> {
    (0..width).flat_map(|column| values.iter().skip(column).step_by(width).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: [[f32; 3]; 3] = [[0.5, -1.0, 0.013], [0.0, 0.0, 0.0], [1e-3, 2e-3, -4e-3]];

    #[test]
    fn a_row_keeps_its_largest_weight_and_loses_half_a_step_at_most() {
        let weights = ROWS.as_flattened();
        for (rows, most) in [(QuantisedRows::stored(weights, 3), 127), (QuantisedRows::dynamic(weights, 3), 64)] {
            for (at, (found, weight)) in rows.dequantised(3).iter().zip(weights).enumerate() {
                assert!((found - weight).abs() <= 0.501 * rows.factors[at / 3]);
            }
            assert_eq!((rows.values[1], rows.values[4], rows.values[8]), (-most, 0, -most));
        }
    }

    #[test]
    fn numbers_too_small_for_a_factor_become_zero() {
        let rows = QuantisedRows::stored(&[f32::from_bits(1), 0.0], 2);
        assert_eq!(rows.dequantised(2), [0.0, 0.0]);
    }

    #[test]
    fn columns_become_rows() {
        assert_eq!(transposed(&[1, 2, 3, 4, 5, 6], 3), [1, 4, 2, 5, 3, 6]);
    }
}
