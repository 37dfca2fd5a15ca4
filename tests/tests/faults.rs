//! Slow models, failing models and deleted files: every note still leaves on time.
//!
//! It is the only test of its binary, because it changes environment variables.

mod common;

use common::*;
use tonenet_core::midi::Song;
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::{Host, Report, Session, check};

/// Plays in a new instance and checks that every message left on time and only velocities changed.
fn play(bundle: &std::path::Path, session: &Session) -> (Vec<u8>, Report) {
    let mut host = ClapHost::load(bundle).unwrap();
    host.enable_report().unwrap();
    (play_velocities(&mut host, session).0, host.report().unwrap())
}

fn beginning(song: &Song, offline: bool) -> Session {
    Session { offline, ..Session::from_song(song, RATE) }.truncated(8 * RATE as u64)
}

#[test]
fn every_note_leaves_on_time_when_the_model_is_slow_or_fails_or_its_files_are_deleted() {
    let song = piece();
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("ToneNet.clap");
    let library = folder.path().join("libonnxruntime.so");
    std::fs::copy(clap_bundle(), &bundle).unwrap();
    std::fs::copy(bundles().join("libonnxruntime.so"), &library).unwrap();
    // SAFETY: no other thread runs at this point or between two sessions, because the plugin joins its threads when a host
    // deactivates it.
    let fault = |fault: &str| unsafe { std::env::set_var("TONENET_FAULT", fault) };

    fault("slow=500");
    let session = beginning(&song, false);
    let notes = session.messages.iter().filter(|m| m.note.is_some()).count() as u64;
    let (_, slow) = play(&bundle, &session);
    assert_eq!((slow.late + slow.restyled, slow.error), (notes, None));
    assert!(slow.late > notes / 2, "half a second per request is too slow: {} of {notes}", slow.late);

    fault("fail=20");
    let session = beginning(&song, true);
    let (velocities, failed) = play(&bundle, &session);
    assert!(failed.restyled > 0 && failed.late > 0 && failed.restyled + failed.late == notes, "{failed:?}");
    assert!(failed.error.is_some(), "the editor shows an error");
    let last_own = session.messages.iter().rev().find_map(|m| m.note).map(|n| own_velocities(&song)[n]);
    assert_eq!(velocities.last().copied(), last_own, "it keeps its own velocity");

    fault("panic=20");
    let (_, panicked) = play(&bundle, &session);
    assert_eq!((panicked.restyled, panicked.late), (failed.restyled, failed.late));
    assert!(panicked.error.is_some_and(|e| e.contains("stopped unexpectedly")));

    fault("none");
    let mut host = ClapHost::load(&bundle).unwrap();
    host.enable_report().unwrap();
    let mut deleted = false;
    let output = host
        .play(&session, |at, end| {
            if at > end / 2 && !deleted {
                deleted = true;
                std::fs::remove_file(&library).unwrap();
                std::fs::remove_file(&bundle).unwrap();
            }
        })
        .unwrap();
    check::velocities(&session, &output).unwrap();
    let report = host.report().unwrap();
    assert_eq!((report.restyled, report.late, report.error), (notes, 0, None), "deleted files change nothing");
    assert!(deleted);
}
