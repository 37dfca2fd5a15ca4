//! The program on a JACK server: what a synthesizer that is connected to it receives.
//!
//! `cargo xtask test` installs the server (Debian: jackd2) and runs these tests, which other runs ignore.

mod recorder;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tonenet_test_support::{Program, delta_time, midi_from_tracks, wait_until};

use recorder::{Received, Recorder};
use server::Server;

const STANDALONE: Program = Program::new(env!("CARGO_BIN_EXE_tonenet-standalone"));

/// Ticks in a beat of the files.
const TICKS_PER_BEAT: u16 = 480;

/// Samples in a beat at 120 beats a minute.
const BEAT: i64 = 24_000;

/// The channel of the piano, and that of the bass.
const PIANO: u8 = 0;
const BASS: u8 = 1;

/// The velocity of every note in the file.
const VELOCITY: u8 = 80;

/// A piano of eighth notes at 120 beats a minute, with its pedal, for `bars` bars.
fn piano(bars: u32) -> Vec<u8> {
    let mut piano = vec![0, 0xC0, 0, 0, 0xB0, 64, 127];
    for bar in 0..bars {
        for eighth in 0..8 {
            let key = 60 + [0, 4, 7, 12, 16, 12, 7, 4][eighth] + (bar % 3) as u8;
            piano.extend([&[0, 0x90, key, VELOCITY][..], &delta_time(240), &[0x80, key, 64]].concat());
        }
    }
    piano.extend([0, 0xB0, 64, 0]);
    piano
}

/// A file with that piano and a bass.
fn piano_and_bass(bars: u32) -> Vec<u8> {
    let mut bass = vec![0, 0xC1, 33];
    for _ in 0..bars {
        bass.extend([&[0, 0x91, 36, VELOCITY][..], &delta_time(4 * 480), &[0x81, 36, 64]].concat());
    }
    midi_from_tracks(TICKS_PER_BEAT, &[piano(bars), bass])
}

/// The program in a folder, as a user of this server starts it.
fn standalone(folder: &Path, server: &Server, arguments: &[&str]) -> Command {
    let mut command = STANDALONE.command(folder);
    command.args(arguments).env("JACK_DEFAULT_SERVER", server.name());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// A note of a channel: its onset, release, key and velocity.
type Note = (u64, u64, u8, u8);

/// The notes by channel. Panics unless each note-on has exactly one note-off, in order.
fn notes(received: &[Received]) -> BTreeMap<u8, Vec<Note>> {
    let mut notes: BTreeMap<u8, Vec<Note>> = BTreeMap::new();
    let mut held: BTreeMap<(u8, u8), (u64, u8)> = BTreeMap::new();
    for Received { time, bytes } in received {
        let [status, key, velocity] = bytes[..] else { continue };
        let channel = status & 0x0F;
        match status & 0xF0 {
            0x90 if velocity > 0 => {
                let before = held.insert((channel, key), (*time, velocity));
                assert_eq!(before, None, "key {key} of channel {channel} begins twice");
            }
            0x80 | 0x90 => {
                let begun = held.remove(&(channel, key));
                let (onset, velocity) = begun.unwrap_or_else(|| panic!("key {key} ends without a beginning"));
                notes.entry(channel).or_default().push((onset, *time, key, velocity));
            }
            _ => {}
        }
    }
    assert!(held.is_empty(), "these notes never end: {held:?}");
    notes.values_mut().for_each(|notes| notes.sort_unstable());
    notes
}

/// Checks that times are multiples of a distance, to the sample: rounding from ticks adds at most one.
fn assert_distance(times: &[u64], distance: i64) {
    for (index, time) in times.iter().enumerate() {
        let expected = times[0] as i64 + index as i64 * distance;
        assert!((*time as i64 - expected).abs() <= 1, "time {index} is {time}, not {expected}");
    }
}

#[test]
#[ignore = "needs a JACK server; cargo xtask test runs it"]
fn every_note_of_a_file_arrives_once_restyled_with_its_end_at_its_distance() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    fs::write(folder.path().join("song.mid"), piano_and_bass(4)).expect("a file");
    let recorder = Recorder::start(&server, "synthesizer");
    let run = standalone(folder.path(), &server, &["song.mid", "--no-window", "--output", "synthesizer"]);
    let run = { run }.output().expect("the program runs");
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(said.contains("song.mid: 0:08, 1 part restyled, 1 untouched"), "{said}");
    // A busy machine may make some of the 32 late.
    assert!(said.contains(" notes restyled"), "{said}");

    let received = recorder.stop();
    let notes = notes(&received);
    let piano = &notes[&PIANO];
    assert_eq!(piano.len(), 32);
    let keys: Vec<u8> = piano.iter().map(|(.., key, _)| *key).collect();
    let expected = (0..4).flat_map(|bar| [0, 4, 7, 12, 16, 12, 7, 4].map(|step| 60 + step + bar % 3));
    assert_eq!(keys, expected.collect::<Vec<_>>(), "in order");
    assert_distance(&piano.iter().map(|note| note.0).collect::<Vec<_>>(), BEAT / 2);
    assert!(piano.iter().all(|(on, off, ..)| (*off as i64 - *on as i64 - BEAT / 2).abs() <= 1), "lengths stay");
    let velocities: Vec<u8> = piano.iter().map(|(.., velocity)| *velocity).collect();
    assert!(velocities.iter().filter(|v| **v != VELOCITY).count() > 16, "not restyled: {velocities:?}");

    let bass = &notes[&BASS];
    assert_eq!(bass.iter().map(|(.., key, velocity)| (*key, *velocity)).collect::<Vec<_>>(), [(36, VELOCITY); 4]);
    assert_distance(&bass.iter().map(|note| note.0).collect::<Vec<_>>(), 4 * BEAT);
    assert!((bass[0].0 as i64 - piano[0].0 as i64).abs() <= 1, "parts stay together");

    let first = |status: u8| received.iter().position(|r| r.bytes[0] == status).expect("it arrives");
    assert!(first(0xC0) < first(0x90) && first(0xC1) < first(0x91), "a programme comes before its notes");
    let pedal = received.iter().filter(|r| r.bytes[..2] == [0xB0, 64]).map(|r| r.bytes[2]);
    assert_eq!(pedal.collect::<Vec<_>>(), [127, 0]);
}

fn interrupt(program: &Child) {
    let id = program.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().expect("kill runs");
    assert!(sent.success());
}

#[test]
#[ignore = "needs a JACK server; cargo xtask test runs it"]
fn an_interrupted_song_ends_every_note() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    // One note of the bass lasts to the end.
    let bass = [&[0, 0x91, 36, VELOCITY][..], &delta_time(64 * 4 * 480), &[0x81, 36, 64]].concat();
    fs::write(folder.path().join("song.mid"), midi_from_tracks(TICKS_PER_BEAT, &[piano(64), bass])).expect("a file");
    let recorder = Recorder::start(&server, "synthesizer");
    let mut run = standalone(folder.path(), &server, &["song.mid", "--no-window"]).spawn().expect("the program runs");
    // With the pedal down.
    wait_until("the first notes", || recorder.count() > 4);
    interrupt(&run);
    let status = run.wait().expect("the program ends");
    assert_eq!(status.code(), Some(130), "as shells have it");
    let received = recorder.stop();
    let notes = notes(&received);
    assert!(!notes[&PIANO].is_empty() && notes[&BASS].len() == 1, "{notes:?}");
    let (on, off, ..) = notes[&BASS][0];
    assert!(off < on + 64 * 4 * BEAT as u64, "it was ended before its time");
    let pedal = received.iter().filter(|r| r.bytes[..2] == [0xB0, 64]).map(|r| r.bytes[2]);
    assert_eq!(pedal.collect::<Vec<_>>(), [127, 0]);
}

#[test]
#[ignore = "needs a JACK server; cargo xtask test runs it"]
fn a_keyboard_plays_through_to_the_synthesizer() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    let recorder = Recorder::start(&server, "synthesizer");
    let mut run = standalone(folder.path(), &server, &["--no-window", "--input", "keyboard"]);
    let keyboard = recorder::Keyboard::start(&server, "keyboard");
    let mut run = run.spawn().expect("the program runs");
    wait_until("the connection", || keyboard.is_connected());
    keyboard.play(&[&[0x90, 60, 100], &[0x80, 60, 0], &[0xB0, 64, 127], &[0xB0, 64, 0]]);
    wait_until("the notes", || recorder.count() >= 4);
    interrupt(&run);
    assert_eq!(run.wait().expect("the program ends").code(), Some(130));
    let received: Vec<Vec<u8>> = recorder.stop().into_iter().map(|received| received.bytes).collect();
    assert_eq!(received.len(), 4, "nothing comes twice: {received:?}");
    assert_eq!(received[0][..2], [0x90, 60]);
    assert_eq!(received[1..], [vec![0x80, 60, 0], vec![0xB0, 64, 127], vec![0xB0, 64, 0]]);
}

#[test]
#[ignore = "needs a JACK server; cargo xtask test runs it"]
fn a_port_that_is_not_there_is_named_with_those_that_are() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    let _recorder = Recorder::start(&server, "synthesizer");
    let run = standalone(folder.path(), &server, &["--no-window", "--output", "flute"]).output().expect("it runs");
    assert!(!run.status.success());
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("No output port has \"flute\" in its name. There are: synthesizer:in"), "{said}");
    let list = standalone(folder.path(), &server, &["--list-ports"]).output().expect("it runs");
    assert!(list.status.success());
    let list = String::from_utf8_lossy(&list.stdout);
    assert!(list.contains("JACK outputs:\n  synthesizer:in"), "{list}");
}

#[test]
#[ignore = "needs a JACK server; cargo xtask test runs it"]
fn a_server_that_stops_ends_the_program_with_its_cure() {
    let (mut server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    let recorder = Recorder::start(&server, "synthesizer");
    fs::write(folder.path().join("song.mid"), piano_and_bass(64)).expect("a file");
    let run = standalone(folder.path(), &server, &["song.mid", "--no-window"]).spawn().expect("the program runs");
    wait_until("the first notes", || recorder.count() > 0);
    server.stop();
    let run = run.wait_with_output().expect("the program ends");
    assert!(!run.status.success());
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("The JACK server has stopped."), "{said}");
}

#[test]
#[ignore = "needs a JACK server; cargo xtask test runs it"]
fn a_connection_that_goes_away_is_named() {
    let (server, folder) = (Server::start(), tempfile::tempdir().expect("a folder"));
    let recorder = Recorder::start(&server, "synthesizer");
    fs::write(folder.path().join("song.mid"), piano_and_bass(64)).expect("a file");
    let mut run = standalone(folder.path(), &server, &["song.mid", "--no-window"]).spawn().expect("the program runs");
    wait_until("the first notes", || recorder.count() > 0);
    drop(recorder);
    let mut said = String::new();
    BufReader::new(run.stderr.take().expect("it is read")).read_line(&mut said).expect("a line");
    assert_eq!(
        said,
        "tonenet-standalone: The connection of ToneNet:out is gone. Connect it in JACK, or start ToneNet again.\n"
    );
    interrupt(&run);
    assert_eq!(run.wait().expect("the program ends").code(), Some(130), "it has gone on");
}
