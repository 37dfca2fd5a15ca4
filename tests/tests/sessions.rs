//! The sessions in `tests/sessions` through both formats: what leaves is as it is written beside each, whatever the
//! blocks, and every note leaves in time and ends. `TONENET_BLESS=1` writes anew what leaves.

mod common;

use std::path::{Path, PathBuf};

use common::*;
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::script::Script;
use tonenet_hosts::script::parse::parse;
use tonenet_hosts::script::runner::{Partition, Performed, perform};
use tonenet_hosts::script::transcript::Transcript;
use tonenet_hosts::vst3::Vst3Host;
use tonenet_hosts::{Host, HostError};

type Load = fn() -> Result<Box<dyn Host>, HostError>;

const CLAP: Load = || Ok(Box::new(ClapHost::load(&clap())?));
const VST3: Load = || Ok(Box::new(Vst3Host::load(&vst3())?));

/// How far velocities may lie from what is written, in steps: hosts round the song's position in their own ways.
const APART: u8 = 1;

fn folder() -> PathBuf {
    workspace().join("tests/sessions")
}

fn scripts() -> Vec<(PathBuf, Script)> {
    let piece = piece();
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "session"));
    paths.sort();
    assert!(!paths.is_empty(), "no session is in {}", folder().display());
    let read = |path: PathBuf| {
        let script = parse(&std::fs::read_to_string(&path).unwrap(), &piece);
        let script = script.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, script)
    };
    paths.into_iter().map(read).collect()
}

fn partitions() -> [Partition; 3] {
    [Partition::AsWritten, Partition::Of(vec![64]), Partition::Of(vec![0, 1, 37, 64, 0, 211, 3, 1000])]
}

fn written(path: &Path) -> Transcript {
    let path = path.with_extension("leaves");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} ({error}): TONENET_BLESS=1 writes it", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Plays all sessions; gives what is wrong.
fn wrongs(load: Load, host: &dyn Host) -> Vec<String> {
    let mut wrongs = Vec::new();
    for (path, script) in scripts() {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let written = written(&path);
        let mut first: Option<Transcript> = None;
        for partition in partitions() {
            let mut tell = |what: String| wrongs.push(format!("{name}, {partition:?}: {what}"));
            let Performed { transcript, findings } = match perform(&script, &partition, &load) {
                Ok(performed) => performed,
                Err(error) => {
                    tell(error.to_string());
                    continue;
                }
            };
            if !findings.is_clean() {
                tell(format!("{findings:?}"));
            }
            let carries = |message: &_| host.carries(message);
            if let Err(difference) = written.check(&transcript, APART, &carries) {
                tell(format!("not as written: {difference}"));
            }
            match &first {
                Some(first) => {
                    if let Err(difference) = first.check(&transcript, 0, &carries) {
                        tell(format!("not as in other blocks: {difference}"));
                    }
                }
                None => first = Some(transcript),
            }
        }
    }
    wrongs
}

fn bless() {
    for (path, script) in scripts() {
        let performed = perform(&script, &Partition::AsWritten, &CLAP).unwrap();
        std::fs::write(path.with_extension("leaves"), performed.transcript.to_string()).unwrap();
    }
}

#[test]
fn what_leaves_is_as_written_in_both_formats_whatever_the_blocks() {
    if std::env::var_os("TONENET_BLESS").is_some_and(|wish| wish == "1") {
        bless();
    }
    let mut all = Vec::new();
    for (format, load) in [("CLAP", CLAP), ("VST3", VST3)] {
        let host = load().unwrap();
        all.extend(wrongs(load, host.as_ref()).into_iter().map(|wrong| format!("{format}, {wrong}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn there_is_a_session_for_all_that_a_transport_does() {
    let said: Vec<String> = scripts().iter().flat_map(|(_, s)| s.steps.iter().map(|s| s.words.clone())).collect();
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
        assert!(said.iter().any(|words| words.split(' ').next() == Some(verb)), "no session has a step `{verb}`");
    }
}
