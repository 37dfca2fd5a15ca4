//! 8-bit weights: a row of a matrix becomes whole numbers and one factor, symmetric around zero.
//!
//! A row belongs to one unit of a layer, so that units of small weights lose no more than those of large ones; see
//! [`crate::graph::Graph`] for the operators.

/// What numbers a graph's layers are stored in and compute with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// 32-bit floats.
    #[default]
    Float32,
    /// Matrices in 8 bits, which become 32-bit floats when the file is loaded.
    StoredInt8,
    /// 8-bit matrices times activations that are made 8-bit at run time (dynamic quantisation).
    DynamicInt8,
}

/// The largest whole number of a stored weight.
const STORED: f32 = 127.0;

/// The largest whole number of a weight that is multiplied as it is.
///
/// Two products of 255 × 64 fit into 16 bits, in which processors without VNNI add them up; ±127 would saturate there,
/// and the same model would play other velocities on older computers.
const DYNAMIC: f32 = 64.0;

/// The rows of a matrix in 8 bits.
pub(crate) struct Rows {
    /// As many as the matrix has, in the same order.
    pub values: Vec<i8>,
    /// For each row what its whole numbers are to be multiplied with.
    pub factors: Vec<f32>,
}

impl Rows {
    /// Rows `width` long, to be stored.
    pub(crate) fn stored(values: &[f32], width: usize) -> Self {
        Self::of(values, width, STORED)
    }

    /// Rows `width` long, to be multiplied as they are.
    pub(crate) fn dynamic(values: &[f32], width: usize) -> Self {
        Self::of(values, width, DYNAMIC)
    }

    fn of(values: &[f32], width: usize, most: f32) -> Self {
        let factors: Vec<f32> = values
            .chunks(width)
            .map(|row| row.iter().fold(0.0f32, |largest, weight| largest.max(weight.abs())))
            .map(|largest| if largest > 0.0 { largest / most } else { 1.0 })
            .collect();
        let whole = values
            .chunks(width)
            .zip(&factors)
            .flat_map(|(row, factor)| row.iter().map(move |weight| (weight / factor).round() as i8))
            .collect();
        Self { values: whole, factors }
    }

    /// The weights that they stand for; `width` as before.
    pub(crate) fn unfolded(&self, width: usize) -> Vec<f32> {
        let rows = self.values.chunks(width).zip(&self.factors);
        rows.flat_map(|(row, factor)| row.iter().map(move |&whole| f32::from(whole) * factor)).collect()
    }
}

/// A matrix of rows `width` long, transposed.
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
        for (rows, most) in [(Rows::stored(weights, 3), 127), (Rows::dynamic(weights, 3), 64)] {
            for (at, (found, weight)) in rows.unfolded(3).iter().zip(weights).enumerate() {
                assert!((found - weight).abs() <= 0.501 * rows.factors[at / 3]);
            }
            assert_eq!((rows.values[1], rows.values[4], rows.values[8]), (-most, 0, -most));
        }
    }

    #[test]
    fn numbers_too_small_for_a_factor_become_zero() {
        let rows = Rows::stored(&[f32::from_bits(1), 0.0], 2);
        assert_eq!(rows.unfolded(2), [0.0, 0.0]);
    }

    #[test]
    fn columns_become_rows() {
        assert_eq!(transposed(&[1, 2, 3, 4, 5, 6], 3), [1, 4, 2, 5, 3, 6]);
    }
}
