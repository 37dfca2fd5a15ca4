//! Sums over a performance's notes, from which regressions are solved and scored.

use nalgebra::{DMatrix, DMatrixView};

/// Notes whose products are added at once.
const BLOCK: usize = 512;

/// Columns of the products that are added at once. What lies above the diagonal is left out, but for a triangle in each.
const COLUMNS: usize = 64;

/// The sums of a performance, or of a piece of one.
#[derive(Debug, Clone)]
pub(crate) struct Sums {
    /// The mean of each column.
    pub means: Vec<f64>,
    /// Sums of products of every two columns, their means removed at each look-ahead. Only the lower triangle counts.
    products: DMatrix<f32>,
    /// The notes, each counted by the weight of every look-ahead.
    pub count: f64,
}

impl Sums {
    /// The sum of products of two weighted sums of columns, as deviations from their means.
    pub fn product(&self, a: &[f64], b: &[f64]) -> f64 {
        let mut sum = 0.0;
        for (column, products) in self.products.column_iter().enumerate() {
            let (a_column, b_column) = (a[column], b[column]);
            sum += f64::from(products[column]) * a_column * b_column;
            for row in column + 1..a.len() {
                sum += f64::from(products[row]) * (a[row] * b_column + a_column * b[row]);
            }
        }
        sum
    }

    /// Adds the products, times a factor, to those of others.
    pub fn add_to(&self, others: &mut DMatrix<f64>, factor: f64) {
        others.zip_apply(&self.products, |to, from| *to += factor * f64::from(from));
    }

    /// The sums of at least one note at several look-aheads, each with its weight.
    pub fn over_look_aheads(adders: Vec<(Adder, f64)>) -> Self {
        let columns = adders.first().map_or(0, |(adder, _)| adder.totals.len());
        let mut sums = Self { means: vec![0.0; columns], products: DMatrix::zeros(columns, columns), count: 0.0 };
        let mut totals = vec![0.0; columns];
        for (mut adder, weight) in adders {
            adder.flush();
            let notes = adder.count.max(1) as f64;
            for column in 0..columns {
                for row in column..columns {
                    let centred = adder.products[(row, column)] - adder.totals[row] * adder.totals[column] / notes;
                    sums.products[(row, column)] += (weight * centred) as f32;
                }
            }
            totals.iter_mut().zip(&adder.totals).for_each(|(total, of_adder)| *total += weight * of_adder);
            sums.count += weight * notes;
        }
        sums.means = totals.into_iter().map(|total| total / sums.count).collect();
        sums
    }
}

/// Adds up notes at one look-ahead.
#[derive(Debug)]
pub(crate) struct Adder {
    /// Rows that are not among the products yet.
    block: Vec<f64>,
    totals: Vec<f64>,
    products: DMatrix<f64>,
    count: usize,
}

impl Adder {
    /// No notes yet, of rows with so many columns.
    pub fn new(columns: usize) -> Self {
        let block = Vec::with_capacity(BLOCK * columns);
        Self { block, totals: vec![0.0; columns], products: DMatrix::zeros(columns, columns), count: 0 }
    }

    /// Adds a note's row.
    pub fn add(&mut self, row: &[f64]) {
        self.totals.iter_mut().zip(row).for_each(|(total, number)| *total += number);
        self.block.extend_from_slice(row);
        self.count += 1;
        if self.count.is_multiple_of(BLOCK) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let columns = self.totals.len();
        // A row of the block is a column here, because matrices are kept by columns.
        let rows = DMatrixView::from_slice(&self.block, columns, self.block.len() / columns);
        let transposed = rows.transpose();
        for first in (0..columns).step_by(COLUMNS) {
            let these = first..columns.min(first + COLUMNS);
            let mut products = self.products.view_range_mut(first.., these.clone());
            products.gemm(1.0, &rows.rows_range(first..), &transposed.columns_range(these), 1.0);
        }
        self.block.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two columns over four notes at one look-ahead, and the same rows reversed at another.
    fn sums() -> Sums {
        let rows = [[1.0, 2.0], [2.0, 4.0], [3.0, 9.0], [6.0, 1.0]];
        let adder = |rows: &mut dyn Iterator<Item = [f64; 2]>| {
            let mut adder = Adder::new(2);
            rows.for_each(|row| adder.add(&row));
            adder
        };
        Sums::over_look_aheads(vec![(adder(&mut rows.into_iter()), 0.5), (adder(&mut rows.into_iter().rev()), 1.5)])
    }

    #[test]
    fn products_are_those_of_deviations_from_the_mean() {
        // Deviations: −2, −1, 0, 3 and −2, 0, 5, −3.
        let sums = sums();
        assert_eq!((sums.count, &sums.means[..]), (8.0, &[3.0, 4.0][..]));
        let (first, second) = ([1.0, 0.0], [0.0, 1.0]);
        assert_eq!(sums.product(&first, &first), 28.0);
        assert_eq!(sums.product(&second, &second), 76.0);
        assert_eq!((sums.product(&first, &second), sums.product(&second, &first)), (-10.0, -10.0));
        assert_eq!(sums.product(&[1.0, 2.0], &[1.0, 0.0]), 28.0 - 20.0);
    }

    #[test]
    fn a_long_performance_is_added_block_by_block() {
        let mut adder = Adder::new(1);
        let notes = 2 * BLOCK + 3;
        (0..notes).for_each(|note| adder.add(&[note as f64]));
        let sums = Sums::over_look_aheads(vec![(adder, 1.0)]);
        let expected = (0..notes).map(|note| (note as f64 - (notes - 1) as f64 / 2.0).powi(2)).sum::<f64>();
        let off = sums.product(&[1.0], &[1.0]) / expected - 1.0;
        assert!(off.abs() < 1e-6, "{off}");
    }
}
