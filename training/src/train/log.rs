//! Tables of a run's figures.

use std::path::Path;

use anyhow::{Context, Result};

/// Writes a table as CSV.
///
/// # Errors
/// When the file cannot be written.
pub fn write<Row>(path: &Path, header: &[&str], rows: impl IntoIterator<Item = Row>) -> Result<()>
where
    Row: IntoIterator<Item = String>,
{
    let unwritten = || format!("cannot write {}", path.display());
    let mut log = csv::Writer::from_path(path).with_context(unwritten)?;
    log.write_record(header).with_context(unwritten)?;
    for row in rows {
        log.write_record(row.into_iter().collect::<Vec<_>>()).with_context(unwritten)?;
    }
    log.flush().with_context(unwritten)
}

/// A figure with so many decimals, or an empty cell.
pub fn optional(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
}
