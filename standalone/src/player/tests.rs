//! What a player sends, block by block.

use proptest::prelude::*;
use tonenet_inference::song::Selection;
use tonenet_plugin::player::{FilePlayer, PlayerAction};
use tonenet_test_support::{count_ended_notes, midi_from_tracks, wait_until};

use super::*;
use crate::song::tests::{RATE, file, playable};

/// A file with a bar of four quarter notes at 120, the last of which ends on the bar line.
fn song() -> PlayableSong {
    let mut track = Vec::new();
    for key in 60..64 {
        track.extend([0, 0x90, key, 80, 0x83, 0x60, 0x80, key, 0]);
    }
    playable(&file(&[&track]))
}

fn pair() -> (Player, PlayerHandle) {
    super::pair(song(), Selection::Keyboards, RATE)
}

/// Plays blocks; returns what was sent, with its sample since the first block.
fn play(player: &mut Player, blocks: &[u32]) -> Vec<(u64, [u8; 3])> {
    let (mut sent, mut time) = (Vec::new(), 0);
    for &frames in blocks {
        player.obey();
        let mut begin = 0;
        while begin < frames {
            let at = time + u64::from(begin);
            let mut keep = |due: Due<'_>| match due.message {
                Message::Channel(bytes) => sent.push((at + u64::from(due.frame), *bytes)),
                Message::SysEx(_) => panic!("the file has none"),
            };
            player.begin_segment(&mut keep);
            let length = player.segment(frames - begin);
            player.play_segment(length, |due, _| {
                keep(due);
                true
            });
            begin += length;
        }
        time += u64::from(frames);
    }
    sent
}

fn notes_on(sent: &[(u64, [u8; 3])]) -> Vec<(u64, u8)> {
    sent.iter().filter(|(_, bytes)| bytes[0] == 0x90).map(|(at, bytes)| (*at, bytes[1])).collect()
}

/// Checks that each note ends before its key begins again.
fn assert_balanced(sent: &[(u64, [u8; 3])]) {
    count_ended_notes(sent.iter().map(|(_, bytes)| &bytes[..]));
}

#[test]
fn nothing_plays_before_the_user_says_so() {
    let (mut player, handle) = pair();
    assert!(play(&mut player, &[96_000]).is_empty());
    assert_eq!(handle.view().position, 0.0);
}

#[test]
fn the_player_stops_at_the_end_with_every_note_ended() {
    let (mut player, handle) = pair();
    handle.control(PlayerAction::Play(true));
    let sent = play(&mut player, &[200_000]);
    assert_eq!(notes_on(&sent), [(0, 60), (24_000, 61), (48_000, 62), (72_000, 63)]);
    assert_balanced(&sent);
    assert_eq!((handle.view().is_playing, handle.view().position), (false, 2.0));
    assert_eq!(handle.state().ends.load(Ordering::Relaxed), 1);
    handle.control(PlayerAction::Play(true));
    assert_eq!(notes_on(&play(&mut player, &[1_000])), [(0, 60)], "play at the end begins anew");
}

#[test]
fn a_loop_goes_on_without_a_gap() {
    let (mut player, handle) = pair();
    handle.control(PlayerAction::Loop(true));
    handle.control(PlayerAction::Play(true));
    let sent = play(&mut player, &[100_000, 100_000]);
    let onsets: Vec<_> = notes_on(&sent).into_iter().map(|(at, _)| at).collect();
    assert_eq!(onsets, (0..9).map(|note| note * 24_000).collect::<Vec<_>>());
    assert!(handle.view().is_playing);
}

#[test]
fn a_seek_ends_what_is_held_and_goes_on_from_there() {
    let (mut player, handle) = pair();
    handle.control(PlayerAction::Play(true));
    play(&mut player, &[1_000]);
    handle.control(PlayerAction::Seek(1.25));
    let sent = play(&mut player, &[12_000, 12_000]);
    // The note that began before the new place is left out with its note-off.
    let setup = [(0, [0xB0, 121, 0]), (0, [0xE0, 0, 64])];
    assert_eq!(sent, [&[(0, [0x80, 60, 0])], &setup[..], &[(12_000, [0x90, 63, 80])]].concat());
}

#[test]
fn a_pause_ends_what_is_held_and_keeps_the_place() {
    let (mut player, handle) = pair();
    handle.control(PlayerAction::Play(true));
    play(&mut player, &[30_000]);
    handle.control(PlayerAction::Play(false));
    assert_eq!(play(&mut player, &[30_000]), [(0, [0x80, 61, 0])]);
    handle.control(PlayerAction::Play(true));
    assert_eq!(notes_on(&play(&mut player, &[20_000])), [(18_000, 62)]);
}

#[test]
fn play_after_a_pause_sets_the_pedal_again() {
    let track = [0, 0xB0, 64, 127, 0, 0x90, 60, 80, 0x83, 0x60, 0x80, 60, 0];
    let song = playable(&file(&[&track]));
    let (mut player, handle) = super::pair(song, Selection::Keyboards, RATE);
    let pedal = |sent: &[(u64, [u8; 3])]| -> Vec<u8> {
        sent.iter().filter(|(_, bytes)| bytes[..2] == [0xB0, 64]).map(|(_, bytes)| bytes[2]).collect()
    };
    handle.control(PlayerAction::Play(true));
    assert_eq!(pedal(&play(&mut player, &[10_000])), [127]);
    handle.control(PlayerAction::Play(false));
    assert_eq!(pedal(&play(&mut player, &[10_000])), [0]);
    handle.control(PlayerAction::Play(true));
    assert_eq!(pedal(&play(&mut player, &[10_000])), [127]);
    // A seek while paused, and Play in the same block.
    handle.control(PlayerAction::Play(false));
    play(&mut player, &[1_000]);
    handle.control(PlayerAction::Seek(0.25));
    handle.control(PlayerAction::Play(true));
    assert_eq!(pedal(&play(&mut player, &[1_000])), [127]);
    assert_eq!(handle.view().position, 0.2, "a quarter of a second and a little, to a tenth");
}

#[test]
fn a_restart_goes_back_no_further_than_the_last_jump() {
    let (mut player, handle) = pair();
    handle.control(PlayerAction::Play(true));
    play(&mut player, &[50_000]);
    assert_eq!((player.unheard(24_000), player.unheard(60_000)), (24_000, 50_000));
    handle.control(PlayerAction::Seek(0.5));
    play(&mut player, &[1_000]);
    assert_eq!(player.unheard(24_000), 1_000);
    handle.resume(1_000);
    assert_eq!(notes_on(&play(&mut player, &[1_000])), [(0, 61)], "the note at half a second again");
    // The user is not taken back.
    handle.control(PlayerAction::Seek(1.5));
    handle.resume(1_000);
    assert_eq!(notes_on(&play(&mut player, &[1_000])), [(0, 63)]);
    handle.control(PlayerAction::Play(false));
    play(&mut player, &[1_000]);
    assert_eq!(player.unheard(24_000), 0);
}

#[test]
fn the_program_does_not_play_where_the_user_has_decided() {
    let (mut player, handle) = pair();
    handle.control(PlayerAction::Play(true));
    handle.control(PlayerAction::Play(false));
    handle.begin();
    assert_eq!(notes_on(&play(&mut player, &[1_000])), []);
    let (mut player, handle) = pair();
    handle.begin();
    assert_eq!(notes_on(&play(&mut player, &[1_000])), [(0, 60)]);
}

#[test]
fn another_song_begins_at_its_beginning() {
    let (mut player, handle) = pair();
    handle.control(PlayerAction::Play(true));
    play(&mut player, &[30_000]);
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("other.mid");
    let track = [0, 0x90, 72, 80, 0x83, 0x60, 0x80, 72, 0];
    std::fs::write(&path, midi_from_tracks(480, &[track])).expect("a file");
    handle.control(PlayerAction::Open(path));
    // The file is read on a thread of its own.
    wait_until("the other song", || handle.view().file.as_deref() == Some("other.mid"));
    let sent = play(&mut player, &[1_000, 10_000]);
    assert_eq!(sent[0], (0, [0x80, 61, 0]));
    // After a tenth of a second, in which the plugin sees the tempo.
    assert_eq!(notes_on(&sent), [(4_800, 72)]);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_changes_nothing() {
    let (mut player, handle) = pair();
    handle.control(PlayerAction::Open("missing.mid".into()));
    wait_until("a problem", || handle.problem().is_some());
    assert!(handle.problem().is_some_and(|problem| problem.contains("missing.mid")));
    handle.control(PlayerAction::Play(true));
    assert_eq!(notes_on(&play(&mut player, &[1_000])), [(0, 60)]);
}

proptest! {
    #[test]
    fn blocks_of_any_size_send_the_same(blocks in proptest::collection::vec(1u32..30_000, 1..20), loops: bool) {
        let whole: u32 = blocks.iter().sum();
        let sent = |blocks: &[u32]| {
            let (mut player, handle) = pair();
            handle.control(PlayerAction::Loop(loops));
            handle.control(PlayerAction::Play(true));
            play(&mut player, blocks)
        };
        prop_assert_eq!(sent(&blocks), sent(&[whole]));
    }

    #[test]
    fn whatever_the_user_does_every_note_ends(
        steps in proptest::collection::vec((0u8..4, 0.0f64..2.0, 1u32..40_000), 0..30),
    ) {
        let (mut player, handle) = pair();
        handle.control(PlayerAction::Play(true));
        let mut sent = Vec::new();
        for (kind, seconds, frames) in steps {
            handle.control(match kind {
                0 => PlayerAction::Play(true),
                1 => PlayerAction::Play(false),
                2 => PlayerAction::Loop(seconds > 1.0),
                _ => PlayerAction::Seek(seconds),
            });
            sent.extend(play(&mut player, &[frames]));
        }
        handle.control(PlayerAction::Play(false));
        sent.extend(play(&mut player, &[1]));
        assert_balanced(&sent);
    }
}
