//! New material in hosts: the trigger is pressed through its parameter, and what is written plays in the song from a bar
//! line on, restyled, from one project to the next.

mod common;

use std::time::{Duration, Instant};

use common::*;
use serde_json::Value;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_core::midi::{MidiMessage, TempoMap};
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::host::{HostTransport, Input, Setup};
use tonenet_hosts::vst3::Vst3Host;
use tonenet_hosts::{Host, Message, Output, Played, Session};

const TRIGGER: &str = "Generate";
/// Quarter notes a minute, and samples of one.
const TEMPO: f64 = 120.0;
const BEAT: u64 = 24_000;

/// So many beats in which the player plays nothing, but a controller at the end.
fn silence(beats: u64) -> Session {
    let last = Message { time: beats * BEAT, message: MidiMessage::Channel([0xB0, 1, 1]), note: None };
    Session {
        sample_rate: RATE,
        blocks: vec![512],
        offline: true,
        parameters: Vec::new(),
        automation: Vec::new(),
        tempo: TempoMap::new(480, [(0, 500_000)]),
        messages: vec![last],
    }
}

/// The same with the trigger pressed at beats, for half a beat each.
fn pressed(session: Session, beats: &[f64]) -> Session {
    beats.iter().fold(session, |session, beat| {
        let time = (beat * BEAT as f64) as u64;
        session.with_at(time, TRIGGER, 1.0).with_at(time + BEAT / 2, TRIGGER, 0.0)
    })
}

fn play(host: &mut impl Host, session: &Session) -> Played {
    host.play(session, |_, _| {}).unwrap()
}

/// What a project keeps of clips.
fn saved(host: &mut dyn Host) -> Value {
    let state = host.save_state().unwrap();
    let state: Value = serde_json::from_slice(host.json(&state)).unwrap();
    serde_json::from_str(state["fields"]["clips"].as_str().unwrap()).unwrap()
}

/// Opens the project anew with something of it changed.
fn change(host: &mut dyn Host, change: impl FnOnce(&mut Value)) {
    let state = host.save_state().unwrap();
    let mut state: Value = serde_json::from_slice(host.json(&state)).unwrap();
    let mut clips = serde_json::from_str(state["fields"]["clips"].as_str().unwrap()).unwrap();
    change(&mut clips);
    state["fields"]["clips"] = clips.to_string().into();
    host.load_state(&host.state(state.to_string().into_bytes())).unwrap();
}

/// The clip in the song and where it begins, as the project has it.
fn in_song(host: &mut dyn Host) -> (Clip, f64) {
    let saved = saved(host);
    let place = saved["in_song"][0].as_u64().unwrap() as usize;
    (serde_json::from_value(saved["variations"][place].clone()).unwrap(), saved["in_song"][1].as_f64().unwrap())
}

fn count(host: &mut dyn Host) -> usize {
    saved(host)["variations"].as_array().unwrap().len()
}

/// Time, key and velocity of each note-on, one latency earlier.
fn ons(played: &Played) -> Vec<(u64, u8, u8)> {
    let on = |output: &Output| match output.message {
        MidiMessage::Channel([0x90, key, velocity]) if velocity > 0 => {
            Some((output.time - u64::from(played.latency), key, velocity))
        }
        _ => None,
    };
    let mut ons: Vec<_> = played.outputs.iter().filter_map(on).collect();
    ons.sort_unstable();
    ons
}

/// When a looped clip strikes which key before a beat of the song.
fn expected(clip: &Clip, start: f64, until: f64) -> Vec<(u64, u8)> {
    let rounds = ((until - start) / clip.length()).ceil() as u32;
    let begins = (0..rounds).flat_map(|round| {
        let from = start + f64::from(round) * clip.length();
        clip.notes().iter().map(move |note| (from + note.onset, note.key))
    });
    let in_time = begins.filter(|(beats, _)| *beats < until);
    let mut expected: Vec<_> = in_time.map(|(beats, key)| ((beats * BEAT as f64 - 1e-3).ceil() as u64, key)).collect();
    expected.sort_unstable();
    expected
}

/// Whether the notes are those of the clip, to the sample, and how many do not have the velocity it is written with.
fn restyled(played: &Played, clip: &Clip, start: f64, until: f64) -> usize {
    let mut came = ons(played);
    came.retain(|on| on.0 < (until * BEAT as f64) as u64);
    let told: Vec<_> = came.iter().map(|on| (on.0, on.1)).collect();
    assert_eq!(told, expected(clip, start, until));
    came.iter().filter(|on| on.2 != 80).count()
}

/// The share of a clip's notes that another has at the same places and keys.
fn shared(clip: &Clip, other: &Clip) -> f64 {
    assert!(!clip.notes().is_empty());
    let is_in = |note: &&ClipNote| other.notes().iter().any(|o| (o.onset, o.key) == (note.onset, note.key));
    clip.notes().iter().filter(is_in).count() as f64 / clip.notes().len() as f64
}

/// Four bars at 120 beats a minute, so that it comes around.
fn four_bars(host: &mut impl Host) {
    change(host, |clips| clips["wish"]["bars"] = 4.into());
}

fn a_press_puts_a_restyled_clip_into_the_song<H: Host>(load: impl Fn() -> H) {
    let mut host = load();
    four_bars(&mut host);
    let fresh = host.save_state().unwrap();
    let session = pressed(silence(40), &[5.0]).with("Style", 0.0);
    let first = play(&mut host, &session);
    let (clip, start) = in_song(&mut host);
    assert_eq!((start, clip.length(), clip.signature()), (8.0, 16.0, (4, 4)));
    let notes = clip.notes().len();
    assert!(notes >= 16, "{notes} notes");
    let others = restyled(&first, &clip, start, 40.0);
    assert!(others * 10 >= ons(&first).len() * 8, "{others} have another velocity");

    // As if the player had played it.
    let mut by_hand = silence(40);
    let latency = u64::from(first.latency);
    by_hand.messages = first
        .outputs
        .iter()
        .map(|output| {
            let message = match output.message {
                MidiMessage::Channel([0x90, key, velocity]) if velocity > 0 => MidiMessage::Channel([0x90, key, 80]),
                ref other => other.clone(),
            };
            Message { time: output.time - latency, message, note: None }
        })
        .collect();
    let by_hand = play(&mut load(), &by_hand.with("Style", 0.0));
    assert_eq!(ons(&by_hand), ons(&first));

    // Another bounce of the same project is the same, and so it is in other blocks.
    for blocks in [vec![512], vec![64], vec![1, 480, 77, 2048]] {
        let mut again = load();
        again.load_state(&fresh).unwrap();
        let again = play(&mut again, &Session { blocks: blocks.clone(), ..session.clone() });
        assert!(again.outputs == first.outputs, "blocks of {blocks:?}");
    }

    // And the project plays it from now on without a press.
    let state = host.save_state().unwrap();
    let mut reopened = load();
    reopened.load_state(&state).unwrap();
    assert_eq!(in_song(&mut reopened), (clip, start));
    let later = play(&mut reopened, &silence(40));
    assert_eq!(ons(&later), ons(&first));
    assert_eq!(saved(&mut reopened), saved(&mut host));
}

#[test]
fn a_press_puts_a_restyled_clip_into_the_song_in_clap() {
    a_press_puts_a_restyled_clip_into_the_song(|| ClapHost::load(&clap()).unwrap());
}

#[test]
fn a_press_puts_a_restyled_clip_into_the_song_in_vst3() {
    a_press_puts_a_restyled_clip_into_the_song(|| Vst3Host::load(&vst3()).unwrap());
}

#[test]
fn flat_and_once_are_what_they_say() {
    let mut host = ClapHost::load(&clap()).unwrap();
    four_bars(&mut host);
    change(&mut host, |clips| {
        clips["wish"]["restyled"] = false.into();
        clips["wish"]["looped"] = false.into();
    });
    let played = play(&mut host, &pressed(silence(40), &[1.0]));
    let (clip, start) = in_song(&mut host);
    assert_eq!(restyled(&played, &clip, start, 20.0), 0, "each note has the article's 80");
    assert_eq!(ons(&played).len(), clip.notes().len(), "once, although the song goes on for longer");
}

#[test]
fn in_every_look_ahead_it_is_in_its_place_and_timeline_remembers_it() {
    let mut host = ClapHost::load(&clap()).unwrap();
    four_bars(&mut host);
    let fresh = host.save_state().unwrap();
    for (mode, look_ahead) in [("2 beats", 2.0), ("Live", 4.0), ("0 ms", 5.0), ("Timeline", 6.0)] {
        let mut host = ClapHost::load(&clap()).unwrap();
        host.load_state(&fresh).unwrap();
        let session = silence(24).with("Look-ahead", look_ahead).with("Style", 0.0);
        let first = play(&mut host, &pressed(session.clone(), &[1.0]));
        let (clip, start) = in_song(&mut host);
        assert_eq!(start, 4.0, "{mode}");
        restyled(&first, &clip, start, 24.0);
        let (second, third) = (play(&mut host, &session), play(&mut host, &session));
        assert!(restyled(&second, &clip, start, 24.0) * 2 >= ons(&second).len(), "{mode}");
        assert!(second.outputs == third.outputs, "{mode}");
    }
    let mut host = ClapHost::load(&clap()).unwrap();
    host.load_state(&fresh).unwrap();
    let played = play(&mut host, &pressed(silence(24).with("Look-ahead", 6.0), &[1.0]));
    assert_eq!(host.remembered().unwrap(), ons(&played).len());
}

#[test]
fn each_press_writes_another_piece_and_a_kept_seed_the_same() {
    let mut host = ClapHost::load(&clap()).unwrap();
    four_bars(&mut host);
    let fresh = host.save_state().unwrap();
    let session = pressed(silence(24), &[1.0, 9.0]);
    play(&mut host, &session);
    let both = saved(&mut host)["variations"].clone();
    assert_eq!(both.as_array().unwrap().len(), 2);
    let [first, second] = [0, 1].map(|at| serde_json::from_value::<Clip>(both[at].clone()).unwrap());
    assert!(shared(&first, &second) < 0.5, "{first:?} {second:?}");
    assert_eq!(in_song(&mut host).1, 12.0);
    assert_eq!(saved(&mut host)["wish"]["seed"], 3);

    host.load_state(&fresh).unwrap();
    change(&mut host, |clips| clips["wish"]["keeps_seed"] = true.into());
    play(&mut host, &session);
    let same = saved(&mut host)["variations"].clone();
    assert_eq!((&same[0], &same[1]), (&both[0], &both[0]));
}

#[test]
fn with_the_transport_at_rest_a_press_begins_where_the_song_does() {
    let mut host = Vst3Host::load(&vst3()).unwrap();
    four_bars(&mut host);
    let played = play(&mut host, &silence(20).with(TRIGGER, 1.0));
    let (clip, start) = in_song(&mut host);
    assert_eq!(start, 0.0);
    restyled(&played, &clip, start, 20.0);
}

#[test]
fn a_continuation_goes_on_from_what_was_played() {
    let song = piece();
    let mut session = Session::from_song(&song, RATE);
    let beat = 60.0 / session.transport(0).1 * RATE;
    session.messages.retain(|message| (message.time as f64) < 18.0 * beat);
    session.messages.push(Message {
        time: (18.0 * beat) as u64,
        message: MidiMessage::Channel([0xB0, 1, 1]),
        note: None,
    });
    let session = session.with_at((14.5 * beat) as u64, TRIGGER, 1.0);
    let clip_after = |played: bool| {
        let mut host = ClapHost::load(&clap()).unwrap();
        change(&mut host, |clips| {
            clips["wish"]["kind"] = "continuation".into();
            clips["wish"]["bars"] = 4.into();
        });
        let mut session = session.clone();
        session.messages.retain(|message| played || message.note.is_none());
        play(&mut host, &session);
        (count(&mut host) > 0).then(|| in_song(&mut host))
    };
    let (clip, start) = clip_after(true).expect("it goes on");
    assert_eq!((start, clip.length()), (16.0, 16.0));
    assert!(clip.notes().len() >= 8, "{:?}", clip.notes());
    assert_eq!(clip_after(true), Some((clip, start)), "the same every time");
    assert_eq!(clip_after(false), None, "there is nothing to go on from, and the plugin plays on");
}

#[test]
fn textures_and_what_lies_between_them_play_like_a_tune() {
    let mut host = Vst3Host::load(&vst3()).unwrap();
    change(&mut host, |clips| clips["wish"]["kind"] = "texture".into());
    let mut texture = |seed: u32| {
        change(&mut host, |clips| clips["wish"]["seed"] = seed.into());
        let played = play(&mut host, &pressed(silence(30), &[1.0]));
        let (clip, start) = in_song(&mut host);
        // The one before plays until this one begins.
        if seed == 1 {
            restyled(&played, &clip, start, 30.0);
        }
        assert_eq!((start, clip.length()), (4.0, 20.0));
        assert!(clip.notes().len() >= 8 && clip.notes().iter().any(|note| note.velocity != 80));
        clip
    };
    let phrases = [texture(1), texture(2)];
    assert!(shared(&phrases[0], &phrases[1]) < 0.5, "{phrases:?}");
    change(&mut host, |clips| {
        clips["wish"]["kind"] = "morph".into();
        clips["phrases"] = serde_json::to_value(&phrases).unwrap();
        clips["in_song"] = Value::Null;
    });
    let ready = host.save_state().unwrap();
    let morph = || {
        let mut host = Vst3Host::load(&vst3()).unwrap();
        host.load_state(&ready).unwrap();
        let played = play(&mut host, &pressed(silence(30), &[1.0]));
        let (clip, start) = in_song(&mut host);
        restyled(&played, &clip, start, 30.0);
        assert!(phrases.iter().all(|phrase| shared(&clip, phrase) < 0.9), "{clip:?} {phrases:?}");
        (clip, played.outputs)
    };
    assert!(morph() == morph(), "the same in every bounce");
}

/// Plays blocks of 10 ms in real time; gives when ons left, in beats less latency.
fn in_real_time(host: &mut dyn Host, beats: std::ops::Range<f64>, press_at: f64, latency: u32) -> Vec<f64> {
    let trigger = host.parameter_id(TRIGGER).unwrap();
    let began = Instant::now();
    let mut ons = Vec::new();
    let mut block = 0u32;
    loop {
        let at = beats.start + f64::from(block) * 480.0 / BEAT as f64;
        if at >= beats.end {
            return ons;
        }
        let transport =
            HostTransport { playing: true, beats: at, seconds: at / 2.0, tempo: TEMPO, ..HostTransport::default() };
        let is_pressed = (press_at..press_at + 0.5).contains(&at);
        let input = Input::Parameter(0, trigger, if is_pressed { 1.0 } else { 0.0 });
        host.block(Some(&transport), 480, &[input], &mut |out| {
            if matches!(out.message, MidiMessage::Channel([0x90, _, velocity]) if velocity > 0) {
                let samples = f64::from(out.sample) - f64::from(latency);
                ons.push(at + samples / BEAT as f64);
            }
        })
        .unwrap();
        block += 1;
        let due = Duration::from_millis(10) * block;
        std::thread::sleep(due.saturating_sub(began.elapsed()));
    }
}

#[test]
fn in_real_time_it_begins_at_the_same_bar_line_as_in_a_bounce() {
    let mut host = ClapHost::load(&clap()).unwrap();
    four_bars(&mut host);
    let setup = Setup { sample_rate: RATE, longest_block: 480, offline: false };
    let latency = host.activate(&setup).unwrap();
    let left = in_real_time(&mut host, 0.0..10.0, 1.0, latency);
    let (clip, start) = in_song(&mut host);
    assert_eq!(start, 4.0);
    let mut expected: Vec<f64> = clip.notes().iter().map(|note| start + note.onset).collect();
    expected.truncate(left.len());
    assert!(!left.is_empty() && left.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-3), "{left:?} {expected:?}");
}

#[test]
fn an_instance_that_is_removed_while_it_writes_is_gone_at_once() {
    let mut host = ClapHost::load(&clap()).unwrap();
    change(&mut host, |clips| clips["wish"]["bars"] = 32.into());
    let setup = Setup { sample_rate: RATE, longest_block: 480, offline: false };
    let latency = host.activate(&setup).unwrap();
    in_real_time(&mut host, 0.0..0.1, 0.0, latency);
    let removed = Instant::now();
    drop(host);
    assert!(removed.elapsed() < Duration::from_secs(2), "{:?}", removed.elapsed());
}

#[test]
fn a_press_that_is_saved_with_the_project_is_none_when_it_is_opened() {
    let mut host = ClapHost::load(&clap()).unwrap();
    play(&mut host, &silence(8).with_at(BEAT, TRIGGER, 1.0));
    let state = host.save_state().unwrap();
    assert_eq!(count(&mut host), 1);
    let mut reopened = ClapHost::load(&clap()).unwrap();
    reopened.load_state(&state).unwrap();
    play(&mut reopened, &silence(8));
    assert_eq!(count(&mut reopened), 1);
}

#[test]
fn clips_that_are_none_are_refused_and_the_plugin_plays_on() {
    let mut host = ClapHost::load(&clap()).unwrap();
    for broken in [
        r#"{"variations":[{"ticks":0,"signature":[4,4],"notes":[]}]}"#,
        r#"{"variations":[{"ticks":3840,"signature":[4,4],"notes":[[0,960,200,80]]}],"in_song":[0,0.0]}"#,
        r#"{"in_song":[99,1e300],"shown":7,"wish":{"bars":0,"temperature":1e38,"signature":[9,9]}}"#,
        r#"{"wish":{"kind":"opera"}}"#,
        "[]",
    ] {
        change(&mut host, |clips| *clips = serde_json::from_str(broken).unwrap());
        assert_eq!(ons(&play(&mut host, &silence(8))), []);
    }
    play(&mut host, &pressed(silence(8), &[1.0]));
    assert_eq!(count(&mut host), 1);
}
