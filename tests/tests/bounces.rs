//! Bounces in both formats: complete, and the same each time, in blocks of any size, announced by the host or not.
//!
//! `sessions.rs`, `timeline.rs` and `generate.rs` cover bounces with loops, remembered performances and clips.

mod common;

use common::*;
use tonenet_core::style::StyleIndex;
use tonenet_hosts::{Host, OutputMessage, Session, check};

/// Bounces the piece in a new instance, in blocks of these sizes in turn.
fn bounce(mut host: impl Host, blocks: &[u32]) -> Vec<OutputMessage> {
    let session = Session { blocks: blocks.to_vec(), ..in_style(&piece(), StyleIndex::JAZZ) };
    let played = host.play(&session, |_, _| {}).unwrap();
    assert_eq!(check::velocities(&session, &played).map(|v| v.len()), Ok(549), "blocks of {blocks:?}");
    played.outputs
}

fn block_sizes_change_nothing<H: Host>(load: fn() -> H) {
    let expected = bounce(load(), &[512]);
    for blocks in [&[512][..], &[32], &[64], &[100], &[4096], &[1, 480, 77, 2048]] {
        assert!(bounce(load(), blocks) == expected, "blocks of {blocks:?}");
    }
}

#[test]
fn a_clap_bounce_is_the_same_each_time_and_in_blocks_of_any_size() {
    block_sizes_change_nothing(clap_host);
}

#[test]
fn a_vst3_bounce_is_the_same_each_time_and_in_blocks_of_any_size() {
    block_sizes_change_nothing(vst3_host);
}

fn an_unannounced_render_is_complete(mut host: impl Host) {
    let song = piece();
    let session = Session { offline: false, ..in_style(&song, StyleIndex::JAZZ) };
    assert_eq!(play_velocities(&mut host, &session).0, expected_velocities(&song, StyleIndex::JAZZ));
}

#[test]
fn an_unannounced_clap_bounce_is_as_complete_as_an_announced_one() {
    an_unannounced_render_is_complete(clap_host());
}

#[test]
fn an_unannounced_vst3_bounce_is_as_complete_as_an_announced_one() {
    an_unannounced_render_is_complete(vst3_host());
}
