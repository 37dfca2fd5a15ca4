//! Which notes are restyled, and whether the model listens to the player.

mod common;

use common::*;
use tonenet_core::midi::Song;
use tonenet_core::scope::{Scope, ScopePart};
use tonenet_core::style::StyleIndex;
use tonenet_hosts::{Host, Session};

const ALL: Scope = Scope { low: 21, high: 108, part: ScopePart::All };

/// Rolled chords of four notes: a melody that alternates between loud and soft, a bass, and two voices between them.
fn chords() -> Song {
    let mut track = Vec::new();
    for chord in 0..48_u8 {
        let keys = [43 + chord % 7 * 5 % 7, 55, 60 + chord % 3, 67 + chord % 12 * 7 % 12];
        for (voice, key) in keys.into_iter().enumerate() {
            let wait = if voice == 0 { 3 } else { 1 };
            let velocity = if voice == 3 { 40 + chord % 2 * 60 } else { 50 + chord % 20 * 11 % 20 };
            track.extend([wait, 0x90, key, velocity]);
        }
        for (voice, key) in keys.into_iter().enumerate() {
            track.extend([if voice == 0 { 80 } else { 0 }, 0x80, key, 0]);
        }
    }
    song_of_track(&track)
}

fn settings() -> Settings {
    Settings::for_style(StyleIndex::JAZZ)
}

/// Plays a song at two block sizes, which must give the same, and returns the velocities.
fn play_in_any_blocks(host: &mut impl Host, session: &Session) -> Vec<u8> {
    let [first, second] = [vec![512], vec![64, 1, 1000]].map(|blocks| {
        let session = Session { blocks, ..session.clone() };
        play_velocities(host, &session).0
    });
    assert!(first == second, "the block size changes velocities");
    first
}

#[test]
fn only_the_notes_in_the_scope_are_restyled() {
    let song = chords();
    let (own, all) = (own_velocities(&song), settings().expected_velocities(&song));
    let changed = |velocities: &[u8]| velocities.iter().zip(&own).filter(|(restyled, own)| restyled != own).count();
    assert!(changed(&all) > 150, "of 192");
    let melody = Settings { scope: Scope { part: ScopePart::Melody, ..ALL }, ..settings() };
    let inner = Settings { scope: Scope { part: ScopePart::Inner, low: 55, high: 72 }, ..settings() };
    for settings in [melody, inner] {
        let expected = settings.expected_velocities(&song);
        let changed = changed(&expected);
        assert!((30..=96).contains(&changed), "{changed} notes change: neither none nor all");
        let played = play_in_any_blocks(&mut clap_host(), &settings.session(&song));
        assert_eq!(max_difference(&played, &expected), 0);
    }
}

#[test]
fn in_timeline_the_scope_knows_the_whole_chord() {
    let song = chords();
    let whole = settings().session(&song).with_parameter("Look-ahead", look_ahead::TIMELINE);
    let mut host = clap_host();
    host.play(&whole, |_, _| {}).unwrap();
    let restyled = play_velocities(&mut host, &whole).0;
    let bass = Settings { scope: Scope { part: ScopePart::Bass, ..ALL }, ..settings() };
    let session = bass.session(&song).with_parameter("Look-ahead", look_ahead::TIMELINE);
    let played = play_in_any_blocks(&mut host, &session);
    let in_bass = |(place, own): (usize, u8)| if voices(&song)[place].is_lowest { restyled[place] } else { own };
    let expected: Vec<u8> = own_velocities(&song).into_iter().enumerate().map(in_bass).collect();
    assert!(expected != restyled && expected != own_velocities(&song));
    assert_eq!(max_difference(&played, &expected), 0);
}

/// How much louder the melody's loud notes are than its soft ones, in velocity steps.
fn contrast(song: &Song, velocities: &[u8]) -> f64 {
    let mean = |own: u8| {
        let notes = own_velocities(song).into_iter().zip(velocities).filter(|(player, _)| *player == own);
        let notes: Vec<f64> = notes.map(|(_, restyled)| f64::from(*restyled)).collect();
        assert_eq!(notes.len(), 24);
        notes.iter().sum::<f64>() / 24.0
    };
    mean(100) - mean(40)
}

#[test]
fn a_model_that_listens_follows_the_player_more_closely() {
    let song = chords();
    let (deaf, listens) = (settings(), Settings { condition_on_player: true, ..settings() });
    let expected = listens.expected_velocities(&song);
    let played = play_in_any_blocks(&mut clap_host(), &listens.session(&song));
    assert_eq!(max_difference(&played, &expected), 0);
    let without = deaf.expected_velocities(&song);
    let (listening, without) = (contrast(&song, &played), contrast(&song, &without));
    assert!(listening > without + 5.0, "{listening} and {without}");
}

#[test]
fn timeline_is_restyled_anew_when_the_model_begins_to_listen() {
    let song = chords();
    let timeline = |settings: Settings| settings.session(&song).with_parameter("Look-ahead", look_ahead::TIMELINE);
    let (deaf, listens) = (timeline(settings()), timeline(Settings { condition_on_player: true, ..settings() }));
    let mut host = clap_host();
    host.play(&deaf, |_, _| {}).unwrap();
    let without = play_velocities(&mut host, &deaf).0;
    host.play(&listens, |_, _| {}).unwrap();
    let with = play_velocities(&mut host, &listens).0;
    assert!(contrast(&song, &with) > contrast(&song, &without) + 5.0);
    let saved = host.save_state().unwrap();
    let mut reopened = clap_host();
    reopened.load_state(&saved).unwrap();
    assert!(play_velocities(&mut reopened, &listens).0 == with, "an opened project plays what it remembers at once");
    host.play(&deaf, |_, _| {}).unwrap();
    assert!(play_velocities(&mut host, &deaf).0 == without, "and back");
}
