//! The figures of each tune writer, and the model's next to their targets.

use std::fmt::Write;

use crate::metrics::bootstrap::bootstrap_interval;
use serde::Serialize;
use tonenet_core::tune::{Symbol, Tune, Vocabulary};

use super::likeness::BARS;
use super::likeness::{HISTOGRAMS, Phrases, Point, histograms, mean, overlap};
use super::writer::TuneRequest;
use crate::data::Split;
use crate::evaluate::measure::Interval;
use crate::target::Target;

/// Seeds that are compared between the runtimes.
pub const SEEDS: u64 = 100;

/// Bootstrap draws for an interval, and their seed.
const DRAWS: usize = 1000;
const SEED: u64 = 1;

#[derive(Debug, Serialize)]
pub struct Report {
    pub split: Split,
    /// Tunes from each generator at each temperature.
    pub tunes: usize,
    /// BLEU-4 of held-out phrases against those of the other tunes.
    pub people: f64,
    /// The model first, then its stage before adversarial training, then the references.
    pub writers: Vec<WriterReport>,
    /// Of the model, and of its stage before adversarial training.
    pub trades: Vec<Trade>,
    pub speed: Vec<Speed>,
    /// How many of [`SEEDS`] seeds give the same tune in both runtimes.
    pub same: usize,
}

/// Figures of a generator at temperature 1.
#[derive(Debug, Serialize)]
pub struct WriterReport {
    pub writer: String,
    /// Loss on the held-out tunes, per symbol.
    pub nats: Option<f64>,
    pub bleu: Interval,
    pub self_bleu: f64,
    /// The largest share of a tune's runs of eight symbols that one training tune contains: mean and maximum over
    /// tunes.
    pub copied: f64,
    pub copied_most: f64,
    /// Overlaps with the held-out phrases, in the order of [`HISTOGRAMS`].
    pub overlaps: [f64; 4],
    /// Share of the melody's notes that are in the requested key.
    pub in_key: f64,
    /// Share of tunes whose rows fill exactly the requested bars.
    pub whole_bars: f64,
}

/// Likeness and sameness over temperatures.
#[derive(Debug, Serialize)]
pub struct Trade {
    pub writer: String,
    pub points: Vec<Point>,
}

/// Milliseconds for [`BARS`] bars.
#[derive(Debug, Serialize)]
pub struct Speed {
    pub runtime: String,
    pub median: f64,
    pub worst: f64,
}

/// The tunes that generated tunes are compared with.
pub struct ComparedWith<'a> {
    pub vocabulary: &'a Vocabulary,
    pub phrases: &'a Phrases,
    /// The request for each tune.
    pub requests: &'a [TuneRequest],
}

impl WriterReport {
    pub fn new(compared: &ComparedWith<'_>, writer: &str, nats: Option<f64>, written: &[Vec<usize>]) -> Self {
        let ComparedWith { vocabulary, phrases, requests } = *compared;
        let point = phrases.point(1.0, written);
        let tune = |(request, ids): (&TuneRequest, &Vec<usize>)| {
            vocabulary.decode(request.metre, request.tonality.is_minor, ids)
        };
        let tunes: Vec<Tune> = requests.iter().zip(written).map(tune).collect();
        let (found, wanted) = (histograms(&tunes), histograms(&phrases.held_out));
        let copied: Vec<f64> = written.iter().map(|ids| phrases.copied(ids)).collect();
        let notes = || tunes.iter().flat_map(|tune| tune.notes.iter().map(|note| tune.tonality.holds(note.key)));
        let whole = requests.iter().zip(written).filter(|(request, ids)| fill_bars(vocabulary, request, ids));
        let (low, high) = bootstrap_interval(&point.bleus, mean, DRAWS, SEED).unwrap_or((point.bleu, point.bleu));
        Self {
            writer: writer.into(),
            nats,
            bleu: Interval { value: point.bleu, low, high },
            self_bleu: point.self_bleu,
            copied: mean(&copied),
            copied_most: copied.iter().copied().fold(0.0, f64::max),
            overlaps: std::array::from_fn(|at| overlap(&found[at], &wanted[at])),
            in_key: notes().filter(|held| *held).count() as f64 / notes().count().max(1) as f64,
            whole_bars: whole.count() as f64 / written.len().max(1) as f64,
        }
    }
}

/// Whether rows end at each bar line, and at the last one.
fn fill_bars(vocabulary: &Vocabulary, request: &TuneRequest, ids: &[usize]) -> bool {
    let bar = request.metre.bar();
    let mut steps = 0;
    let fits = ids.iter().all(|&id| match vocabulary.symbol(id) {
        Some(Symbol::Row(token)) => {
            let fits = steps % bar + token.steps <= bar;
            steps += token.steps;
            fits
        }
        _ => false,
    });
    fits && steps == BARS * bar
}

impl Report {
    /// How far the model's likeness at temperature 1 exceeds that of its maximum-likelihood stage at equal sameness.
    ///
    /// `None` where that sameness is outside the temperatures that were tried.
    pub fn gain(&self) -> Option<Interval> {
        let [model, likelihood] = self.trades.as_slice() else { return None };
        let model = model.points.iter().find(|point| point.temperature == 1.0)?;
        let tunes: Vec<usize> = (0..model.bleus.len()).collect();
        let of = |values: &[f64], tunes: &[usize]| {
            tunes.iter().map(|&tune| values[tune]).sum::<f64>() / tunes.len().max(1) as f64
        };
        let gain = |tunes: &[usize]| {
            let trade: Vec<(f64, f64)> =
                likelihood.points.iter().map(|p| (of(&p.self_bleus, tunes), of(&p.bleus, tunes))).collect();
            of(&model.bleus, tunes) - at_sameness(&trade, of(&model.self_bleus, tunes)).unwrap_or(f64::NAN)
        };
        let value = gain(&tunes);
        let (low, high) = bootstrap_interval(&tunes, gain, DRAWS, SEED)?;
        [value, low, high].iter().all(|v| v.is_finite()).then_some(Interval { value, low, high })
    }

    /// The model's figures next to their targets.
    pub fn targets(&self) -> Vec<(String, Target)> {
        let Some(model) = self.writers.first() else { return Vec::new() };
        let gain = self.gain().map_or(f64::NAN, |gain| gain.low);
        let mut targets = vec![
            (
                "BLEU-4 above maximum likelihood at equal self-BLEU, lower end of 95 %".into(),
                Target::above(gain, 0.0, 4),
            ),
            ("largest share of 8-symbol runs in one training tune".into(), Target::at_most(model.copied_most, 0.4, 2)),
            ("melody notes in key".into(), Target::at_least(model.in_key, 0.95, 3)),
            ("tunes whose bars add up".into(), Target::at_least(model.whole_bars, 1.0, 3)),
            (format!("same tune in both runtimes, of {SEEDS}"), Target::at_least(self.same as f64, 99.0, 0)),
        ];
        let overlaps = HISTOGRAMS.iter().zip(model.overlaps);
        targets.extend(overlaps.map(|(what, found)| (format!("{what} overlap"), Target::at_least(found, 0.85, 3))));
        targets.extend(self.speed.iter().map(|speed| {
            let what = format!("ms for {BARS} bars, worst of 40, {}", speed.runtime);
            (what, Target::below(speed.worst, 50.0, 1))
        }));
        targets
    }

    pub fn print(&self) {
        println!();
        println!("{} tunes of {BARS} bars each, against the {:?} split's phrases", self.tunes, self.split);
        println!(
            "  {:20} {:>6} {:>10} {:>7} {:>15} {:>9} {:>14} {:>7}  overlap: {}",
            "writer",
            "nats",
            "perplexity",
            "BLEU-4",
            "95 %",
            "self-BLEU",
            "copied (most)",
            "in key",
            HISTOGRAMS.join(", ")
        );
        for w in &self.writers {
            let nats = |value: Option<f64>| value.map_or("–".into(), |v| format!("{v:.3}"));
            println!(
                "  {:20} {:>6} {:>10} {:7.4} {:>15} {:9.4} {:>14} {:7.3}  {}",
                w.writer,
                nats(w.nats),
                nats(w.nats.map(f64::exp)),
                w.bleu.value,
                format!("{:.4} – {:.4}", w.bleu.low, w.bleu.high),
                w.self_bleu,
                format!("{:.3} ({:.2})", w.copied, w.copied_most),
                w.in_key,
                w.overlaps.map(|o| format!("{o:.3}")).join(", "),
            );
        }
        println!("  {:20} {:>6} {:>10} {:7.4}", "held-out phrases", "", "", self.people);
        for trade in &self.trades {
            let points: Vec<String> = trade
                .points
                .iter()
                .map(|p| format!("{:.1}: {:.4} ({:.4})", p.temperature, p.bleu, p.self_bleu))
                .collect();
            println!("  {}, BLEU-4 (of itself) by temperature: {}", trade.writer, points.join(", "));
        }
        match self.gain() {
            Some(g) => println!("  at equal self-BLEU: {:+.4} ({:+.4} – {:+.4})", g.value, g.low, g.high),
            None => println!("  maximum likelihood has that self-BLEU at no temperature that was tried"),
        }
        for speed in &self.speed {
            println!("  {BARS} bars in {:.1} ms (worst {:.1}), {}", speed.median, speed.worst, speed.runtime);
        }
        for (what, target) in self.targets() {
            println!("  {what:70} {target}");
        }
    }

    /// The tables of the model's card.
    pub fn to_markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write_markdown(&mut text);
        text
    }

    fn write_markdown(&self, text: &mut String) -> std::fmt::Result {
        writeln!(
            text,
            "| writer | nats (perplexity) | BLEU-4 (95 %) | self-BLEU | copied, mean (most) | in key | overlap: {} |",
            HISTOGRAMS.join(", ")
        )?;
        writeln!(text, "|---|---|---|---|---|---|---|")?;
        for w in &self.writers {
            writeln!(
                text,
                "| {} | {} | {:.4} ({:.4}–{:.4}) | {:.4} | {:.3} ({:.2}) | {:.3} | {} |",
                w.writer,
                w.nats.map_or("–".into(), |nats| format!("{nats:.3} ({:.1})", nats.exp())),
                w.bleu.value,
                w.bleu.low,
                w.bleu.high,
                w.self_bleu,
                w.copied,
                w.copied_most,
                w.in_key,
                w.overlaps.map(|o| format!("{o:.3}")).join(", "),
            )?;
        }
        writeln!(text, "| held-out phrases, against those of other tunes | – | {:.4} | | | | |", self.people)?;
        writeln!(text)?;
        if let Some(gain) = self.gain() {
            let Interval { value, low, high } = gain;
            writeln!(
                text,
                "BLEU-4 above maximum likelihood's at the temperature of equal self-BLEU: {value:+.4} ({low:+.4} to {high:+.4}).\n"
            )?;
        }
        writeln!(text, "| figure | found (target) |")?;
        writeln!(text, "|---|---|")?;
        for (what, target) in self.targets() {
            writeln!(text, "| {what} | {} |", target.to_markdown())?;
        }
        Ok(())
    }
}

/// Likeness at a sameness, interpolated on a curve of (sameness, likeness) points.
fn at_sameness(trade: &[(f64, f64)], sameness: f64) -> Option<f64> {
    trade.windows(2).find_map(|pair| {
        let ((from, low), (to, high)) = (pair[0], pair[1]);
        let is_between = (from..=to).contains(&sameness) || (to..=from).contains(&sameness);
        let share = if from == to { 0.0 } else { (sameness - from) / (to - from) };
        is_between.then_some(low + share * (high - low))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_interpolated_between_two_temperatures() {
        let trade = [(0.4, 0.8), (0.3, 0.6), (0.1, 0.2)];
        assert!((at_sameness(&trade, 0.35).unwrap() - 0.7).abs() < 1e-12);
        assert!((at_sameness(&trade, 0.2).unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(at_sameness(&trade, 0.5), None);
    }
}
