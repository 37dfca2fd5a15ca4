//! Counts how many performances, pages of them and real scores are called entered, for the thresholds of `core::entered`.
//!
//! `cargo run --release -p tonenet-training --example entered -- DATA ASAP`

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use tonenet_core::entered::EntryEvidence;
use tonenet_core::note::Note;
use tonenet_learn::page::{Notation, NoteLengths, page};
use tonenet_training::data::{Split, performances, scores};

/// Lengths that pages are written with, and their gap.
const NOTATIONS: [(&str, NoteLengths, f64); 4] = [
    ("to the nearest onset", NoteLengths::ToNearestOnset, 0.0),
    ("to the nearest onset, gap of 10 %", NoteLengths::ToNearestOnset, 0.1),
    ("to the next chord", NoteLengths::ToNextChord, 0.0),
    ("sixteenths", NoteLengths::Sixteenths(1), 0.0),
];

/// Parts of each kind that are called entered, and all of them.
#[derive(Default)]
struct Counts(BTreeMap<String, (usize, usize)>);

impl Counts {
    fn add(&mut self, kind: String, notes: &[Note]) -> bool {
        let is_entered = EntryEvidence::from_notes(notes).is_some_and(|evidence| evidence.is_entered());
        let (entered, all) = self.0.entry(kind).or_default();
        *entered += usize::from(is_entered);
        *all += 1;
        is_entered
    }
}

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: entered DATA ASAP";
    let (data, asap) = (arguments.next().context(usage)?, arguments.next().context(usage)?);
    let mut counts = Counts::default();
    for split in [Split::Train, Split::Valid] {
        for performance in performances::load(Path::new(&data), split)? {
            let genre = performance.genre;
            if counts.add(format!("performances, {genre} {}", performance.group), &performance.notes) {
                println!(
                    "{}: {}",
                    performance.name,
                    EntryEvidence::from_notes(&performance.notes).context("no notes")?
                );
            }
            for (what, lengths, gap) in NOTATIONS {
                let notation = Notation { lengths, gap, ..Notation::default() };
                counts.add(
                    format!("pages, {genre}, lengths {what}"),
                    &page(&performance.notes, performance.grid, notation),
                );
            }
        }
    }
    for files in scores::list(Path::new(&asap))? {
        let score = files.read()?;
        counts.add("scores of (n)ASAP".into(), &score.notes);
        for performance in &score.performances {
            counts.add("performances of (n)ASAP".into(), &performance.notes);
        }
    }
    for (kind, (entered, all)) in &counts.0 {
        println!("{entered:5} of {all:5} entered: {kind}");
    }
    Ok(())
}
