//! Plays the sessions in `tests/sessions` through both formats and compares what leaves with each transcript.
//!
//! `TONENET_BLESS=1` rewrites the transcripts.

mod common;

use std::path::{Path, PathBuf};

use common::*;
use tonenet_hosts::script::Script;
use tonenet_hosts::script::parse::parse;
use tonenet_hosts::script::runner::{Outcome, Partition, run};
use tonenet_hosts::script::transcript::Transcript;
use tonenet_hosts::{Host, HostError};

type LoadHost = fn() -> Result<Box<dyn Host>, HostError>;

const CLAP: LoadHost = || Ok(Box::new(clap_host()));
const VST3: LoadHost = || Ok(Box::new(vst3_host()));

/// The tolerance of velocities in steps, because hosts round the song's position in different ways.
const TOLERANCE: u8 = 1;

fn folder() -> PathBuf {
    workspace().join("tests/sessions")
}

fn scripts() -> Vec<(PathBuf, Script)> {
    let piece = piece();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "session"));
    paths.sort();
    assert!(!paths.is_empty(), "there is no session in {}", folder().display());
    let read = |path: PathBuf| {
        let script = parse(&std::fs::read_to_string(&path).unwrap(), &piece);
        let script = script.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, script)
    };
    paths.into_iter().map(read).collect()
}

fn partitions() -> [Partition; 3] {
    [Partition::AsWritten, Partition::Sizes(vec![64]), Partition::Sizes(vec![0, 1, 37, 64, 0, 211, 3, 1000])]
}

fn expected_transcript(path: &Path) -> Transcript {
    let path = path.with_extension("leaves");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} ({error}): TONENET_BLESS=1 writes it", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Plays every session in every partition and returns the failures.
fn failures(load: LoadHost, host: &dyn Host) -> Vec<String> {
    let mut failures = Vec::new();
    for (path, script) in scripts() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let expected = expected_transcript(&path);
        let mut first: Option<Transcript> = None;
        for partition in partitions() {
            let mut fail = |reason: String| failures.push(format!("{name}, {partition:?}: {reason}"));
            let Outcome { transcript, findings } = match run(&script, &partition, &load) {
                Ok(outcome) => outcome,
                Err(error) => {
                    fail(error.to_string());
                    continue;
                }
            };
            if !findings.is_clean() {
                fail(format!("{findings:?}"));
            }
            let is_supported = |message: &_| host.supports(message);
            if let Err(difference) = expected.compare(&transcript, TOLERANCE, &is_supported) {
                fail(format!("differs from the transcript: {difference}"));
            }
            match &first {
                Some(first) => {
                    if let Err(difference) = first.compare(&transcript, 0, &is_supported) {
                        fail(format!("differs from other block sizes: {difference}"));
                    }
                }
                None => first = Some(transcript),
            }
        }
    }
    failures
}

fn write_transcripts() {
    for (path, script) in scripts() {
        let outcome = run(&script, &Partition::AsWritten, &CLAP).unwrap();
        std::fs::write(path.with_extension("leaves"), outcome.transcript.to_string()).unwrap();
    }
}

#[test]
fn every_session_matches_its_transcript_in_both_formats_at_any_block_size() {
    if std::env::var_os("TONENET_BLESS").is_some_and(|value| value == "1") {
        write_transcripts();
    }
    let mut all = Vec::new();
    for (format, load) in [("CLAP", CLAP), ("VST3", VST3)] {
        let host = load().unwrap();
        all.extend(failures(load, host.as_ref()).into_iter().map(|failure| format!("{format}, {failure}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn the_sessions_use_every_kind_of_step() {
    let lines: Vec<String> = scripts().iter().flat_map(|(_, s)| s.steps.iter().map(|s| s.text.clone())).collect();
    for verb in [
        "activate",
        "deactivate",
        "restart",
        "reset",
        "blocks",
        "set",
        "tempo",
        "ramp",
        "signature",
        "loop",
        "seek",
        "play",
        "stop",
        "record",
        "transport",
        "offs",
        "run",
        "flicker",
        "press",
        "release",
        "send",
        "cuts",
        "tell",
        "audio",
        "save",
        "load",
        "replace",
    ] {
        assert!(lines.iter().any(|line| line.split(' ').next() == Some(verb)), "no session has a step `{verb}`");
    }
}
