//! Describes the machine by what matters to speed, without naming it.

use std::thread;

use serde_json::{Value, json};

/// Its system, architecture, cores and processor features.
pub fn description() -> Value {
    json!({
        "system": std::env::consts::OS,
        "architecture": std::env::consts::ARCH,
        "cores": thread::available_parallelism().map_or(1, usize::from),
        "features": features(),
    })
}

/// The features that matrix products use, as the system lists them.
fn features() -> Vec<&'static str> {
    const KNOWN: [&str; 9] =
        ["avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd", "asimddp", "sve"];
    let listed = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line =
        listed.lines().find(|line| line.starts_with("flags") || line.starts_with("Features")).unwrap_or_default();
    let words: Vec<&str> = line.split_whitespace().collect();
    KNOWN.into_iter().filter(|feature| words.contains(feature)).collect()
}
