//! The tables that an evaluation prints for one predictor.

use super::measure::Report;
use super::targets::{self, Row};
use crate::data::Split;

/// Prints a report.
pub fn print(report: &Report, split: Split) {
    println!();
    println!("{} on the {split:?} split", report.model);
    println!(
        "  {:10} {:>5} {:>7}  {:>10}  {:>5} {:>13}  {:>6} {:>6} {:>8}",
        "genre", "files", "notes", "look-ahead", "r", "95 %", "R²c", "MAEc", "SD ratio"
    );
    for genre in &report.genres {
        for (place, score) in genre.scores.iter().enumerate() {
            let first = place == 0;
            println!(
                "  {:10} {:>5} {:>7}  {:>10}  {:5.3} {:>13}  {:6.3} {:6.2} {:8.2}",
                if first { genre.genre.as_str() } else { "" },
                if first { genre.files.to_string() } else { String::new() },
                if first { genre.notes.to_string() } else { String::new() },
                score.look_ahead,
                score.r.value,
                format!("{:.3} – {:.3}", score.r.low, score.r.high),
                score.r2,
                score.mae,
                score.sd_ratio,
            );
        }
    }
    println!(
        "  {:10} {:>11} {:>15}  {:>14}  {:>34}  {:>26}",
        "genre", "specificity", "95 %", "page r", "|Δ| to other decoders (as is)", "Take 1: SD ratio, r (indep.)"
    );
    for genre in &report.genres {
        let transfer = genre
            .transfer
            .iter()
            .zip(&genre.raw_transfer)
            .map(|((other, matched), (_, raw))| format!("{other} {matched:.1} ({raw:.1})"))
            .collect::<Vec<_>>()
            .join(", ");
        let take =
            genre.take.map_or("–".into(), |t| format!("{:.2}, {:.3} ({:.3})", t.sd_ratio, t.r, t.r_independent));
        println!(
            "  {:10} {:>11} {:>15}  {:14.3}  {transfer:>34}  {take:>26}",
            genre.genre.as_str(),
            genre.specificity.map_or("–".into(), |s| format!("{:.3}", s.value)),
            genre.specificity.map_or("–".into(), |s| format!("{:.3} – {:.3}", s.low, s.high)),
            genre.page.as_ref().map_or(f64::NAN, |page| page.r.value),
        );
        if let Some(range) = genre.range {
            println!(
                "  {:10} range heard at Take 0, as a share of the human one: {:.2} performed, {:.2} from the page",
                "", range.performed, range.page
            );
        }
    }
    for accents in &report.accents {
        let distances: Vec<String> =
            accents.distances.iter().map(|(method, distance)| format!("{method} {distance:.3}")).collect();
        println!("  accents, {} to {}, distance in σ: {}", accents.from, accents.to, distances.join(", "));
    }
    for cycle in &report.cycles {
        println!(
            "  {} to {} and back, {:?}: |Δ| there {:.1} (identity 0), error back {:.1} (identity 0, flat {:.1})",
            cycle.from, cycle.to, cycle.way, cycle.transfer, cycle.error, cycle.flat_error
        );
    }
}

/// Prints each figure next to its target, where there are targets.
pub fn print_targets(report: &Report, rows: &[Row]) {
    if rows.is_empty() {
        return;
    }
    let line = |what: &str, cells: &[String]| {
        let cells: String = cells.iter().map(|cell| format!("  {cell:<25}")).collect();
        println!("  {what:44}{}", cells.trim_end());
    };
    let genres: Vec<String> = targets::genres(report).map(|g| g.genre.to_string()).collect();
    line("figure (target)", &genres);
    for row in rows {
        let cells: Vec<String> = row.targets.iter().map(ToString::to_string).collect();
        line(&row.what, &cells);
    }
    let missed = rows.iter().flat_map(|row| &row.targets).filter(|target| !target.is_met()).count();
    println!("  {missed} missed");
}
