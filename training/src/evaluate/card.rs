//! The figures in a model card: Markdown tables between two marks, replaced by `export` and `evaluate --keep`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use tonenet_files::outputs::{OutputFile, Outputs};

use crate::target::Target;

use super::cycle::Way;
use super::measure::{GenreReport, Interval, Report};
use super::targets::{self, Row};

const BEGIN: &str = "<!-- figures, written by `cargo xtask evaluate --keep` -->";
const END: &str = "<!-- end of figures -->";

/// The files in a model's folder that hold its figures: JSON, and tables in its card.
pub struct FigureFiles {
    json: OutputFile,
    card: OutputFile,
}

impl FigureFiles {
    /// Reserves both files.
    ///
    /// # Errors
    /// When one may not be written.
    pub fn plan(outputs: &mut Outputs, folder: &Path) -> Result<Self> {
        let mut file = |name: &str| outputs.file(&folder.join(name));
        Ok(Self { json: file("evaluation.json")?, card: file("README.md")? })
    }

    /// Writes a report as JSON and its tables into the card. A card without the marks stays unchanged, with a message.
    ///
    /// # Errors
    /// When the card cannot be read or a file cannot be written.
    pub fn write(&self, report: &impl Serialize, tables: &str) -> Result<()> {
        self.json.write(&serde_json::to_vec_pretty(report)?)?;
        let path = self.card.name();
        if !path.exists() {
            println!("there is no card {}; write one, with {BEGIN} and {END} where the figures belong", path.display());
            return Ok(());
        }
        let card = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        match with_figures(&card, tables) {
            Some(card) => Ok(self.card.write(card.as_bytes())?),
            None => {
                println!("{} has no {BEGIN} with {END} behind it; its figures stay as they are", path.display());
                Ok(())
            }
        }
    }
}

/// A card with new figures, or `None` where the card has no marks.
fn with_figures(card: &str, figures: &str) -> Option<String> {
    let from = card.find(BEGIN)? + BEGIN.len();
    let to = from + card[from..].find(END)?;
    Some(format!("{}\n\n{}\n{}", &card[..from], figures.trim(), &card[to..]))
}

/// All of a report's tables.
pub fn figures(id: &str, report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = scores(&mut text, report)
        .and_then(|()| decoders(&mut text, report))
        .and_then(|()| accents(&mut text, report))
        .and_then(|()| cycles(&mut text, report))
        .and_then(|()| against_targets(&mut text, report, &targets::for_model(id, report)));
    text
}

/// A number below 1 without its leading zero.
fn short(value: f64) -> String {
    format!("{value:.3}").replacen("0.", ".", 1)
}

fn interval(interval: &Interval) -> String {
    format!("{} ({}–{})", short(interval.value), short(interval.low), short(interval.high))
}

fn scores(text: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(text, "| genre | files | notes | look-ahead | r within a file (95 %) | R²c | MAEc | SD ratio |")?;
    writeln!(text, "|---|---|---|---|---|---|---|---|")?;
    for genre in &report.genres {
        for (place, score) in genre.scores.iter().enumerate() {
            let first = match place {
                0 => format!("{} | {} | {}", genre.genre, genre.files, genre.notes),
                _ => " |  | ".into(),
            };
            writeln!(
                text,
                "| {first} | {} | {} | {} | {:.2} | {:.2} |",
                score.look_ahead,
                interval(&score.r),
                short(score.r2),
                score.mae,
                score.sd_ratio
            )?;
        }
    }
    writeln!(text)
}

fn decoders(text: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        text,
        "| genre | specificity (95 %) | page r (95 %) | range performed, from the page | mean \\|Δ\\| to the other decoders, matched (as is) | Take 1: SD ratio, r (independent) |"
    )?;
    writeln!(text, "|---|---|---|---|---|---|")?;
    for genre in &report.genres {
        let GenreReport { transfer, raw_transfer, take, .. } = genre;
        let transfer: Vec<String> = transfer
            .iter()
            .zip(raw_transfer)
            .map(|((other, matched), (_, raw))| format!("{other} {matched:.1} ({raw:.1})"))
            .collect();
        let take =
            take.map_or("–".into(), |t| format!("{:.2}, {} ({})", t.sd_ratio, short(t.r), short(t.r_independent)));
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {take} |",
            genre.genre,
            genre.specificity.as_ref().map_or("–".into(), interval),
            genre.page.as_ref().map_or("–".into(), |page| interval(&page.r)),
            genre.range.map_or("–".into(), |range| format!("{:.2}, {:.2}", range.performed, range.page)),
            transfer.join(", ")
        )?;
    }
    writeln!(text)
}

fn accents(text: &mut String, report: &Report) -> std::fmt::Result {
    let Some(first) = report.accents.first() else { return Ok(()) };
    writeln!(text, "Distance of metrical accents to the target genre, in σ (files with a beat):\n")?;
    let methods: Vec<&str> = first.distances.iter().map(|(method, _)| *method).collect();
    writeln!(text, "| from → to | {} |", methods.join(" | "))?;
    writeln!(text, "|---|{}", "---|".repeat(methods.len()))?;
    for accents in &report.accents {
        let distances: Vec<String> = accents.distances.iter().map(|(_, distance)| short(*distance)).collect();
        writeln!(text, "| {} → {} | {} |", accents.from, accents.to, distances.join(" | "))?;
    }
    writeln!(text)
}

fn cycles(text: &mut String, report: &Report) -> std::fmt::Result {
    if report.cycles.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "There and back, in velocity steps (identity has 0 and 0). Heard: the network is told the player's velocities; exchanged: \
         what one style expects for what the other does, which returns by construction:\n"
    )?;
    writeln!(text, "| way | from → to → from | mean \\|Δ\\| there | error back (RMSE) | flat's error |")?;
    writeln!(text, "|---|---|---|---|---|")?;
    for cycle in &report.cycles {
        let way = if cycle.way == Way::Heard { "heard" } else { "exchanged" };
        writeln!(
            text,
            "| {way} | {} → {} → {} | {:.1} | {:.1} | {:.1} |",
            cycle.from, cycle.to, cycle.from, cycle.transfer, cycle.error, cycle.flat_error
        )?;
    }
    writeln!(text)
}

fn against_targets(text: &mut String, report: &Report, rows: &[Row]) -> std::fmt::Result {
    if rows.is_empty() {
        return Ok(());
    }
    let genres: Vec<&str> = targets::genres(report).map(|g| g.genre.as_str()).collect();
    writeln!(text, "Against the project's targets:\n")?;
    writeln!(text, "| figure (target) | {} |", genres.join(" | "))?;
    writeln!(text, "|---|{}", "---|".repeat(genres.len()))?;
    for row in rows {
        let cells: Vec<String> = row.targets.iter().map(Target::to_markdown).collect();
        writeln!(text, "| {} | {} |", row.what.replace('|', "\\|"), cells.join(" | "))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_replaced_and_the_rest_of_the_card_stays() {
        let card = format!("# Card\n\n{BEGIN}\nold\n{END}\n\nlimits\n");
        let written = with_figures(&card, "new\n").expect("marks");
        assert_eq!(written, format!("# Card\n\n{BEGIN}\n\nnew\n{END}\n\nlimits\n"));
        assert_eq!(with_figures(&written, "new"), Some(written), "writing again changes nothing");
    }

    #[test]
    fn without_marks_a_card_is_left_alone() {
        assert_eq!(with_figures("# Card", "new"), None);
        assert_eq!(with_figures(&format!("{END}{BEGIN}"), "new"), None);
    }
}
