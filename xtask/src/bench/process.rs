//! `cargo xtask bench process`: how long each call of the plugin takes.

use std::time::Duration;

use anyhow::Result;
use tonenet_hosts::bench::process::{BlockTime, MODES, ModeMeasurement, NOTES_PER_SECOND, SOUNDING_NOTES, measure};
use tonenet_hosts::bench::{BLOCK, SAMPLE_RATE};

use super::distribution::Distribution;
use super::targets::Targets;
use crate::cli::BenchProcessArgs;

/// In percent of a block's time.
const MEDIAN_TARGET: f64 = 0.5;
const WORST_TARGET: f64 = 5.0;

const PERCENTILES: [(&str, f64); 5] = [("median", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("worst", 1.0)];

/// Times all modes.
pub fn run(args: &BenchProcessArgs) -> Result<()> {
    let plugin = super::plugin(args.plugin.as_ref())?;
    let block_micros = f64::from(BLOCK) / SAMPLE_RATE * 1e6;
    println!(
        "{SOUNDING_NOTES} notes sound, {NOTES_PER_SECOND} a second are new; {BLOCK} samples at {} kHz are {block_micros:.0} µs",
        SAMPLE_RATE / 1e3
    );
    let mut targets = Targets::default();
    for mode in MODES {
        let measured = measure(&plugin, mode, args.seconds.max(1.0))?;
        print(&measured);
        // The duration of the whole call counts. A call that waited would have less processor time.
        let took = distribution(&measured.blocks, |block| block.duration);
        let percent = |share| took.micros(share) / block_micros * 100.0;
        targets.check(&format!("{}, median", mode.name), percent(0.5), MEDIAN_TARGET, "%");
        targets.check(&format!("{}, worst", mode.name), percent(1.0), WORST_TARGET, "%");
    }
    targets.finish()
}

fn distribution<'a>(
    blocks: impl IntoIterator<Item = &'a BlockTime>,
    duration: impl Fn(&BlockTime) -> Duration,
) -> Distribution {
    Distribution::new(blocks.into_iter().map(duration).collect())
}

fn print(measured: &ModeMeasurement) {
    let ModeMeasurement { mode, latency, blocks, fastest, restyled, late, new } = measured;
    println!("\n{}, latency {latency} samples, {} blocks", mode.name, blocks.len());
    println!("  the model kept up with {restyled} notes; {late} late, {new} not known yet");
    let took = distribution(blocks, |block| block.duration);
    let empty_loop = distribution(blocks, |block| block.empty_loop);
    let on_processor = distribution(blocks, |block| block.cpu_time);
    let least = Distribution::new(fastest.clone());
    let names = PERCENTILES.map(|(name, _)| format!("{name:>11}")).concat();
    println!("  {:<28}{names}", "µs");
    let rows = [
        ("process()", &took),
        ("of that on the processor", &on_processor),
        ("an empty loop as long", &empty_loop),
        ("process(), least of 3 passes", &least),
    ];
    for (what, distribution) in rows {
        let values = PERCENTILES.map(|(_, share)| format!("{:>11.2}", distribution.micros(share))).concat();
        println!("  {what:<28}{values}");
    }
    let preempted = blocks.iter().filter(|block| block.preempted > 0).count();
    let waited = blocks.iter().filter(|block| block.waited > 0).count();
    println!("  in {preempted} calls the system gave the processor to another thread, {waited} waited by themselves");
    took.histogram().iter().for_each(|line| println!("  {line}"));
}
