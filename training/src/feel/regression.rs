//! Ridge regression of one or two targets on the same rows.

use nalgebra::{Cholesky, DMatrix, DMatrixView, DVector};

/// Columns of the products that are added at once. What lies above the diagonal is left out, but for a triangle in each.
const COLUMNS: usize = 64;

/// How strongly weights are shrunk, in units of each column's own variance.
pub const SHRINKAGES: [f64; 7] = [0.001, 0.004, 0.015, 0.06, 0.2, 0.6, 2.0];

/// Sums over rows of columns and targets, each page's means apart.
#[derive(Clone)]
pub struct Sums {
    /// Products of deviations from each page's means; the lower triangle counts.
    within: DMatrix<f64>,
    /// Products of the pages' means.
    between: DMatrix<f64>,
    totals: DVector<f64>,
    count: f64,
    targets: usize,
}

/// The weights of one target.
#[derive(Debug, Clone)]
pub struct Solution {
    /// One for each column.
    pub weights: Vec<f64>,
    /// Added to each row.
    pub constant: f64,
}

impl Sums {
    /// No rows yet.
    pub fn new(columns: usize, targets: usize) -> Self {
        let size = columns + targets;
        let zeros = || DMatrix::zeros(size, size);
        Self { within: zeros(), between: zeros(), totals: DVector::zeros(size), count: 0.0, targets }
    }

    /// The sums of a page's rows, each with its columns and then its targets.
    pub fn of_page(mut rows: Vec<f32>, columns: usize, targets: usize) -> Self {
        let size = columns + targets;
        let mut sums = Self::new(columns, targets);
        let count = rows.len() / size;
        if count == 0 {
            return sums;
        }
        for row in rows.chunks_exact(size) {
            sums.totals.iter_mut().zip(row).for_each(|(total, &number)| *total += f64::from(number));
        }
        let means: Vec<f64> = sums.totals.iter().map(|total| total / count as f64).collect();
        for row in rows.chunks_exact_mut(size) {
            row.iter_mut().zip(&means).for_each(|(number, mean)| *number -= *mean as f32);
        }
        // A row is a column here, because matrices are kept by columns.
        let matrix = DMatrixView::from_slice(&rows, size, count);
        let transposed = matrix.transpose();
        for first in (0..size).step_by(COLUMNS) {
            let these = first..size.min(first + COLUMNS);
            let products = matrix.rows_range(first..) * transposed.columns_range(these.clone());
            sums.within.view_range_mut(first.., these).zip_apply(&products, |sum, product| *sum = f64::from(product));
        }
        let means = DVector::from_vec(means);
        sums.between.ger(count as f64, &means, &means, 0.0);
        sums.count = count as f64;
        sums
    }

    /// The standard deviation of a target within the pages.
    pub fn spread(&self, target: usize) -> f64 {
        let target = self.columns() + target;
        (self.within[(target, target)] / self.count.max(1.0)).sqrt()
    }

    /// Rows that count so many times.
    pub fn weighted(mut self, weight: f64) -> Self {
        self.within *= weight;
        self.between *= weight;
        self.totals *= weight;
        self.count *= weight;
        self
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.within += &other.within;
        self.between += &other.between;
        self.totals += &other.totals;
        self.count += other.count;
    }

    fn columns(&self) -> usize {
        self.totals.len() - self.targets
    }

    /// Products of deviations, with a share of those between pages.
    fn products(&self, between: f64) -> DMatrix<f64> {
        let mut products = &self.within + &self.between * between;
        products.ger(-between / self.count.max(1.0), &self.totals, &self.totals, 1.0);
        products
    }

    /// The weights that explain a target best at a shrinkage; `between` is the share at which differences between pages
    /// count. `None` where no row tells anything.
    pub fn solve(&self, target: usize, shrinkage: f64, between: f64) -> Option<Solution> {
        let columns = self.columns();
        let products = self.products(between);
        let scale = |column: usize| {
            let variance = products[(column, column)] / self.count.max(1.0);
            if variance > 1e-9 { variance.sqrt().recip() } else { 0.0 }
        };
        let scales: Vec<f64> = (0..columns).map(scale).collect();
        let mut left = DMatrix::zeros(columns, columns);
        for column in 0..columns {
            for row in column..columns {
                left[(row, column)] = products[(row, column)] * scales[row] * scales[column] / self.count.max(1.0);
            }
            left[(column, column)] += shrinkage;
        }
        let target = columns + target;
        let right = DVector::from_fn(columns, |c, _| products[(target, c)] * scales[c] / self.count.max(1.0));
        let solved = Cholesky::new(left)?.solve(&right);
        let weights: Vec<f64> = solved.iter().zip(&scales).map(|(weight, scale)| weight * scale).collect();
        let mean = |index: usize| self.totals[index] / self.count.max(1.0);
        let predicted: f64 = weights.iter().enumerate().map(|(column, weight)| weight * mean(column)).sum();
        let constant = mean(target) - predicted;
        weights.iter().all(|weight| weight.is_finite()).then_some(Solution { weights, constant })
    }

    /// The share of a target's variance that some weights explain.
    pub fn explained(&self, target: usize, weights: &[f64], between: f64) -> f64 {
        let Squares { predicted, target, both } = self.squares(target, weights, between);
        if target > 0.0 { (2.0 * both - predicted) / target } else { 0.0 }
    }

    /// How many times as wide as its predictions a target is spread.
    pub fn spread_ratio(&self, target: usize, weights: &[f64], between: f64) -> f64 {
        let Squares { predicted, target, .. } = self.squares(target, weights, between);
        if predicted > 0.0 { (target / predicted).sqrt() } else { 1.0 }
    }

    fn squares(&self, target: usize, weights: &[f64], between: f64) -> Squares {
        let columns = self.columns();
        let products = self.products(between);
        let target = columns + target;
        let (mut predicted, mut both) = (0.0, 0.0);
        for (column, &weight) in weights.iter().enumerate() {
            both += weight * products[(target, column)];
            predicted += weight * weight * products[(column, column)];
            for (row, &other) in weights.iter().enumerate().skip(column + 1) {
                predicted += 2.0 * weight * other * products[(row, column)];
            }
        }
        Squares { predicted, target: products[(target, target)], both }
    }
}

/// Sums of products of predictions and a target.
struct Squares {
    predicted: f64,
    target: f64,
    both: f64,
}

impl Solution {
    /// What it gives for a row.
    pub fn of(&self, row: impl Iterator<Item = f32>) -> f64 {
        self.constant + row.zip(&self.weights).map(|(number, weight)| f64::from(number) * weight).sum::<f64>()
    }

    /// The solution whose predictions lie so many times as far from 0.
    pub fn widened(mut self, factor: f64) -> Self {
        self.weights.iter_mut().for_each(|weight| *weight *= factor);
        self.constant *= factor;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of two columns and a target that is twice the first minus the second, plus what the page adds.
    fn page(added: f32) -> Sums {
        let rows = (0..60).flat_map(|at| {
            let (first, second) = ((at * 7 % 11) as f32, (at * 5 % 13) as f32);
            [first, second, 2.0 * first - second + added]
        });
        Sums::of_page(rows.collect(), 2, 1)
    }

    #[test]
    fn a_linear_rule_is_found_whatever_a_page_adds_to_all_its_rows() {
        let mut sums = page(5.0);
        sums.add(&page(-5.0));
        let solution = sums.solve(0, 1e-9, 0.0).expect("a solution");
        let off = |found: f64, expected: f64| (found - expected).abs();
        assert!(off(solution.weights[0], 2.0) < 1e-4 && off(solution.weights[1], -1.0) < 1e-4, "{solution:?}");
        assert!(off(solution.constant, 0.0) < 1e-3, "the mean of both pages: {solution:?}");
        assert!((sums.explained(0, &solution.weights, 0.0) - 1.0).abs() < 1e-5);
        assert!(sums.explained(0, &solution.weights, 1.0) < 0.9, "what the pages add is not explained");
        assert!(sums.explained(0, &[0.0, 0.0], 0.0).abs() < 1e-12);
        assert!((page(0.0).spread(0) - page(9.0).weighted(3.0).spread(0)).abs() < 1e-4);
        let weighted = page(0.0).weighted(2.0).solve(0, 0.1, 1.0).expect("a solution");
        assert!(off(weighted.weights[0], page(0.0).solve(0, 0.1, 1.0).expect("a solution").weights[0]) < 1e-9);
        let half = solution.widened(0.5);
        assert!((sums.spread_ratio(0, &half.weights, 0.0) - 2.0).abs() < 1e-5);
        assert!((sums.explained(0, &half.weights, 0.0) - 0.75).abs() < 1e-5);
    }

    #[test]
    fn more_shrinkage_makes_smaller_weights_and_no_rows_make_none() {
        let sums = page(0.0);
        let first = |shrinkage| sums.solve(0, shrinkage, 1.0).expect("a solution").weights[0];
        assert!(first(0.001) > first(0.2) && first(0.2) > first(2.0) && first(2.0) > 0.0);
        assert!(Sums::new(2, 1).solve(0, 1.0, 1.0).is_some_and(|none| none.weights == [0.0, 0.0]));
    }
}
