//! Runs every fuzz target for a few seconds: on the seeds of `cargo xtask fuzz`, whole and damaged, and on random bytes.

use std::fs;
use std::path::{Path, PathBuf};

use arbitrary::{Arbitrary, Unstructured};
use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonenet_fuzz_targets::event_stream::{self, Script};
use tonenet_fuzz_targets::{midi_file, model_metadata, state, user_style};
use tonenet_inference::user_style::UserStyle;

/// Damaged copies of each seed that are tried.
const COPIES: usize = 100;

/// The files with an extension in a folder of the repository; there must be some.
fn seeds(folder: &str, extension: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(folder);
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|its| its == extension));
    paths.sort();
    assert!(!paths.is_empty(), "no .{extension} file is in {}", folder.display());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs a target on seeds, and on copies with bytes changed, removed or cut off.
fn replay(seeds: &[Vec<u8>], target: impl Fn(&[u8])) {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    target(b"");
    for seed in seeds {
        target(seed);
        for _ in 0..COPIES {
            let mut copy = seed.clone();
            for _ in 0..random.random_range(1..4) {
                let at = random.random_range(0..copy.len());
                match random.random_range(0..10) {
                    0 => copy.truncate(at.max(1)),
                    1 if copy.len() > 1 => drop(copy.remove(at)),
                    2 => copy[at] ^= 1 << random.random_range(0..8),
                    _ => copy[at] = random.random(),
                }
            }
            target(&copy);
        }
    }
}

#[test]
fn midi_files() {
    replay(&seeds("assets/demo", "mid"), midi_file::check);
}

#[test]
fn states() {
    replay(&seeds("tests/states", "json"), state::check);
}

#[test]
fn styles_of_users() {
    let seeds = seeds("fuzz/fuzz_targets/seeds", "tonestyle");
    assert!(seeds.iter().all(|seed| UserStyle::from_bytes(seed, "the seed").is_ok()));
    replay(&seeds, user_style::check);
}

#[test]
fn manifests_and_graphs() {
    let mut all = Vec::new();
    for model in ["note", "attention", "baseline", "seqgan", "vaegan"] {
        all.extend(seeds(&format!("assets/models/{model}"), "json"));
    }
    replay(&all, model_metadata::check);
}

/// How many bytes of a script come before its steps.
const SETTINGS: usize = 39;

/// A random session of 64 bytes to `longest`.
fn random_script(random: &mut ChaCha8Rng, longest: usize) -> Option<Script> {
    let length = random.random_range(64..longest);
    // After its settings, a script continues where it reads an odd number.
    let mut byte = |at: usize| random.random::<u8>() | u8::from(at >= SETTINGS && random.random_bool(0.95));
    let bytes: Vec<u8> = (0..length).map(&mut byte).collect();
    Script::arbitrary_take_rest(Unstructured::new(&bytes)).ok()
}

#[test]
fn sessions_in_a_host() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut played, mut notes, mut moved) = (0, 0, 0);
    for _ in 0..2_000 {
        let Some(script) = random_script(&mut random, 16_384) else { continue };
        let sounded = event_stream::check(&script);
        (played, notes, moved) = (played + 1, notes + sounded.notes, moved + sounded.moved);
    }
    println!("{played} sessions, {notes} notes, {moved} of them moved");
    assert!(played > 1_500 && notes > 100_000 && moved > 10_000, "{played} sessions, {notes} notes, {moved} moved");
}

/// `cargo test -p tonenet-fuzz-targets --locked -- --ignored --nocapture million`
#[test]
#[ignore = "takes minutes"]
fn a_million_moved_notes_in_random_sessions() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let (mut played, mut notes, mut moved) = (0, 0, 0);
    while moved < 1_000_000 {
        let Some(script) = random_script(&mut random, 32_768) else { continue };
        let sounded = event_stream::check(&script);
        (played, notes, moved) = (played + 1, notes + sounded.notes, moved + sounded.moved);
    }
    println!("{played} sessions, {notes} notes, {moved} of them moved");
}
