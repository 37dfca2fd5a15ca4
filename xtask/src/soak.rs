//! `cargo xtask soak`: a randomised host and player session that accounts for every note.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tonenet_hosts::event_tracker::Findings;
use tonenet_hosts::memory;
use tonenet_hosts::soak::{self, Footprint, Growth, SoakReport, WARM_UP_NOTES};

use crate::bundle;
use crate::cli::SoakArgs;

/// Largest growth of memory in a soak, in bytes.
const MOST_GROWTH: i64 = 2 * 1024 * 1024;

/// About how many lines show the growth of memory.
const MEMORY_LINES: usize = 12;

/// Runs the soak; fails if a note went wrong or memory grew.
pub fn run(args: &SoakArgs) -> Result<()> {
    let bundles = bundle::for_tests()?;
    if args.give_back {
        memory::return_freed_blocks();
    }
    let started = Instant::now();
    let limit = Duration::from_secs_f64(args.minutes.max(0.0) * 60.0);
    let bar = match args.notes {
        Some(notes) => ProgressBar::new(notes).with_style(style("{pos}/{len} notes, {eta} left")),
        None => ProgressBar::new(limit.as_secs()).with_style(style("{pos}/{len} s  {msg}")),
    };
    let report = soak::run(&bundles.clap(), args.seed, |notes| match args.notes {
        Some(wanted) => {
            bar.set_position(notes.min(wanted));
            notes < wanted
        }
        None => {
            bar.set_position(started.elapsed().as_secs());
            bar.set_message(format!("{notes} notes"));
            started.elapsed() < limit
        }
    })?;
    bar.finish_and_clear();
    print(&report, started.elapsed());
    for problem in &report.findings.problems {
        println!("  {problem:?}");
    }
    if !report.findings.is_clean() {
        bail!("notes went wrong; --seed {} plays the same again", report.seed);
    }
    if report.growth.is_some_and(|growth| growth.bytes > MOST_GROWTH) {
        bail!("the process grew by more than {} MiB", MOST_GROWTH >> 20);
    }
    Ok(())
}

fn style(what: &str) -> ProgressStyle {
    ProgressStyle::with_template(&format!("{{bar:32}} {what}")).expect("a valid template")
}

fn print(report: &SoakReport, wall: Duration) {
    let SoakReport { seed, blocks, seconds, notes, late, restyled, .. } = report;
    let Findings { emitted: left, dropped, lost, stuck, duplicated, mistimed, cut_short, crossed, .. } =
        &report.findings;
    let Findings { moved, added_pedals, pedals_down, .. } = &report.findings;
    println!(
        "seed {seed}: {notes} notes, {blocks} blocks, {:.1} h of audio in {:.0} s",
        seconds / 3600.0,
        wall.as_secs_f64()
    );
    println!("  left {left}, dropped where the host jumped, reset or restarted {dropped}");
    println!("  restyled {restyled}, late {late}");
    let SoakReport { activations, resets, jumps, stops, wraps, behaviour_changes, feel_changes, .. } = report;
    println!(
        "  moved by the feel {moved}, movements of the style's pedal {added_pedals}, changes of the feel {feel_changes}"
    );
    println!(
        "  activations {activations}, resets {resets}, jumps ahead {jumps}, back {wraps}, stops {stops}, changes of host behaviour {behaviour_changes}"
    );
    println!(
        "  lost {lost}, stuck {stuck}, duplicated {duplicated}, at another time {mistimed}, ended too early {cut_short}, crossed {crossed}, pedals left down {pedals_down}"
    );
    println!("  allocations on the audio thread 0: the plugin under test ends the process at the first");
    let mebibytes = |bytes: i64| bytes as f64 / f64::from(1 << 20);
    println!("  {:>10} {:>16} {:>11} {:>14}", "notes", "remembered notes", "memory, MiB", "allocated, MiB");
    let rests = &report.footprints;
    for rest in rests.iter().step_by(rests.len().div_ceil(MEMORY_LINES).max(1)) {
        let Footprint { notes, remembered, bytes, allocated } = *rest;
        let allocated = allocated.map_or_else(|| "?".into(), |bytes| format!("{:.1}", mebibytes(bytes)));
        println!("  {notes:>10} {remembered:>16} {:>11.1} {allocated:>14}", mebibytes(bytes));
    }
    match report.growth {
        Some(Growth { since, bytes }) => {
            println!("  memory {:+.2} MiB since the first {since} notes", mebibytes(bytes))
        }
        None => println!("  memory was not compared: that takes some more than {WARM_UP_NOTES} notes"),
    }
}
