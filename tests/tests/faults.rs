//! Models that are slow or break in mid-piece, and files that vanish: every note still leaves in time. The only test of
//! its binary, for it changes the environment.

mod common;

use common::*;
use tonenet_core::midi::Song;
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::{Host, Report, Session, check};

/// Plays in an instance of its own; what came out has been checked to be in time and otherwise as played.
fn play(bundle: &std::path::Path, session: &Session) -> (Vec<u8>, Report) {
    let mut host = ClapHost::load(bundle).unwrap();
    host.ask_for_report().unwrap();
    let played = host.play(session, |_, _| {}).unwrap();
    (check::velocities(session, &played).unwrap(), host.report().unwrap())
}

fn beginning(song: &Song, offline: bool) -> Session {
    let mut session = Session { offline, ..Session::from_song(song, RATE) };
    session.messages.retain(|m| m.time < 8 * RATE as u64);
    session
}

#[test]
fn whatever_becomes_of_the_model_every_note_leaves_in_time() {
    let song = piece();
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("ToneNet.clap");
    let library = folder.path().join("libonnxruntime.so");
    std::fs::copy(clap(), &bundle).unwrap();
    std::fs::copy(bundles().join("libonnxruntime.so"), &library).unwrap();
    // SAFETY: no other thread of this process runs, or reads the environment, at this point or between two pieces: a
    // host joins the inference thread when it deactivates the plugin.
    let fault = |fault: &str| unsafe { std::env::set_var("TONENET_FAULT", fault) };

    fault("slow=500");
    let session = beginning(&song, false);
    let notes = session.messages.iter().filter(|m| m.note.is_some()).count() as u64;
    let (_, slow) = play(&bundle, &session);
    assert_eq!((slow.late + slow.restyled, slow.error), (notes, None));
    assert!(slow.late > notes / 2, "half a second a question is too slow: {} of {notes}", slow.late);

    fault("fail=20");
    let session = beginning(&song, true);
    let (velocities, failed) = play(&bundle, &session);
    assert!(failed.restyled > 0 && failed.late > 0 && failed.restyled + failed.late == notes, "{failed:?}");
    assert!(failed.error.is_some(), "the window says it");
    let last_own = session.messages.iter().rev().find_map(|m| m.note).map(|n| own_velocities(&song)[n]);
    assert_eq!(velocities.last().copied(), last_own, "with its own velocity");

    fault("panic=20");
    let (_, panicked) = play(&bundle, &session);
    assert_eq!((panicked.restyled, panicked.late), (failed.restyled, failed.late));
    assert!(panicked.error.is_some_and(|e| e.contains("stopped unexpectedly")));

    fault("none");
    let mut host = ClapHost::load(&bundle).unwrap();
    host.ask_for_report().unwrap();
    let mut gone = false;
    let played = host
        .play(&session, |at, end| {
            if at > end / 2 && !gone {
                gone = true;
                std::fs::remove_file(&library).unwrap();
                std::fs::remove_file(&bundle).unwrap();
            }
        })
        .unwrap();
    check::velocities(&session, &played).unwrap();
    let report = host.report().unwrap();
    assert_eq!((report.restyled, report.late, report.error), (notes, 0, None), "files that vanish change nothing");
    assert!(gone);
}
