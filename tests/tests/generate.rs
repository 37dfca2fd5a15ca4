//! Generated clips: a trigger parameter generates one, and it plays restyled in the song from the next bar on.

mod common;

use std::time::{Duration, Instant};

use common::*;
use serde_json::Value;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_core::midi::{MidiMessage, TempoMap};
use tonenet_hosts::host::{ActivationConfig, Block, BlockInput, HostTransport};
use tonenet_hosts::{Host, InputMessage, OutputMessage, Session, SessionOutput};

/// The parameter that triggers generation.
const TRIGGER: &str = "Generate";
/// Quarter notes per minute.
const TEMPO: f64 = 120.0;
/// Samples per quarter note.
const BEAT: u64 = 24_000;

/// A session of some beats without notes, ended by a controller.
fn silence(beats: u64) -> Session {
    let end = InputMessage { time: beats * BEAT, message: MidiMessage::Channel([0xB0, 1, 1]), note: None };
    Session { messages: vec![end], ..Session::empty(TempoMap::new(480, [(0, 500_000)]), RATE) }
}

/// The same session with the trigger pressed for half a beat at each of these beats.
fn triggered(session: Session, beats: &[f64]) -> Session {
    beats.iter().fold(session, |session, beat| {
        let time = (beat * BEAT as f64) as u64;
        session.with_automation(time, TRIGGER, 1.0).with_automation(time + BEAT / 2, TRIGGER, 0.0)
    })
}

fn play(host: &mut impl Host, session: &Session) -> SessionOutput {
    host.play(session, |_, _| {}).unwrap()
}

/// The clips that the project stores.
fn saved_clips(host: &mut dyn Host) -> Value {
    serde_json::from_str(state_json(host)["fields"]["clips"].as_str().unwrap()).unwrap()
}

/// Saves the project, edits its clips, and opens it again.
fn edit_clips(host: &mut dyn Host, edit: impl FnOnce(&mut Value)) {
    edit_state(host, |state| {
        let mut clips = serde_json::from_str(state["fields"]["clips"].as_str().unwrap()).unwrap();
        edit(&mut clips);
        state["fields"]["clips"] = clips.to_string().into();
    });
}

/// The clip in the song and its position in quarter notes, as the project stores them.
fn clip_in_song(host: &mut dyn Host) -> (Clip, f64) {
    let saved = saved_clips(host);
    let index = saved["in_song"][0].as_u64().unwrap() as usize;
    (serde_json::from_value(saved["variations"][index].clone()).unwrap(), saved["in_song"][1].as_f64().unwrap())
}

fn clip_count(host: &mut dyn Host) -> usize {
    saved_clips(host)["variations"].as_array().unwrap().len()
}

/// Time, key and velocity of each note-on, without the latency.
fn note_ons(output: &SessionOutput) -> Vec<(u64, u8, u8)> {
    let note_on = |out: &OutputMessage| match out.message {
        MidiMessage::Channel([0x90, key, velocity]) if velocity > 0 => {
            Some((out.time - u64::from(output.latency), key, velocity))
        }
        _ => None,
    };
    let mut note_ons: Vec<_> = output.outputs.iter().filter_map(note_on).collect();
    note_ons.sort_unstable();
    note_ons
}

/// Time and key of each note-on of a looped clip before a beat of the song.
fn expected_note_ons(clip: &Clip, start: f64, until: f64) -> Vec<(u64, u8)> {
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

/// Checks that the notes are the clip's, to the sample; returns how many do not have the generated velocity of 80.
fn restyled_notes(output: &SessionOutput, clip: &Clip, start: f64, until: f64) -> usize {
    let mut received = note_ons(output);
    received.retain(|on| on.0 < (until * BEAT as f64) as u64);
    let times_and_keys: Vec<_> = received.iter().map(|on| (on.0, on.1)).collect();
    assert_eq!(times_and_keys, expected_note_ons(clip, start, until));
    received.iter().filter(|on| on.2 != 80).count()
}

/// The share of a clip's notes that another clip has at the same positions and keys.
fn shared_notes(clip: &Clip, other: &Clip) -> f64 {
    assert!(!clip.notes().is_empty());
    let is_in = |note: &&ClipNote| other.notes().iter().any(|o| (o.onset, o.key) == (note.onset, note.key));
    clip.notes().iter().filter(is_in).count() as f64 / clip.notes().len() as f64
}

/// Sets the length of generated clips to four bars, so that they loop within a session.
fn generate_four_bars(host: &mut impl Host) {
    edit_clips(host, |clips| clips["wish"]["bars"] = 4.into());
}

fn assert_a_trigger_puts_a_restyled_clip_into_the_song<H: Host>(load: impl Fn() -> H) {
    let mut host = load();
    generate_four_bars(&mut host);
    let fresh = host.save_state().unwrap();
    let session = triggered(silence(40), &[5.0]).with_parameter("Style", 0.0);
    let first = play(&mut host, &session);
    let (clip, start) = clip_in_song(&mut host);
    assert_eq!((start, clip.length(), clip.signature()), (8.0, 16.0, (4, 4)));
    let notes = clip.notes().len();
    assert!(notes >= 16, "{notes} notes");
    let others = restyled_notes(&first, &clip, start, 40.0);
    assert!(others * 10 >= note_ons(&first).len() * 8, "{others} have another velocity");

    // The clip sounds as if the player had played it.
    let mut by_player = silence(40);
    let latency = u64::from(first.latency);
    by_player.messages = first
        .outputs
        .iter()
        .map(|output| {
            let message = match output.message {
                MidiMessage::Channel([0x90, key, velocity]) if velocity > 0 => MidiMessage::Channel([0x90, key, 80]),
                ref other => other.clone(),
            };
            InputMessage { time: output.time - latency, message, note: None }
        })
        .collect();
    let by_player = play(&mut load(), &by_player.with_parameter("Style", 0.0));
    assert_eq!(note_ons(&by_player), note_ons(&first));

    // Another bounce of the same project is the same, at any block size.
    for blocks in [vec![512], vec![64], vec![1, 480, 77, 2048]] {
        let mut again = load();
        again.load_state(&fresh).unwrap();
        let again = play(&mut again, &Session { blocks: blocks.clone(), ..session.clone() });
        assert!(again.outputs == first.outputs, "blocks of {blocks:?}");
    }

    // The saved project plays the clip without a trigger.
    let state = host.save_state().unwrap();
    let mut reopened = load();
    reopened.load_state(&state).unwrap();
    assert_eq!(clip_in_song(&mut reopened), (clip, start));
    let later = play(&mut reopened, &silence(40));
    assert_eq!(note_ons(&later), note_ons(&first));
    assert_eq!(saved_clips(&mut reopened), saved_clips(&mut host));
}

#[test]
fn a_trigger_puts_a_restyled_clip_into_the_song_in_clap() {
    assert_a_trigger_puts_a_restyled_clip_into_the_song(clap_host);
}

#[test]
fn a_trigger_puts_a_restyled_clip_into_the_song_in_vst3() {
    assert_a_trigger_puts_a_restyled_clip_into_the_song(vst3_host);
}

#[test]
fn a_clip_without_restyling_keeps_its_velocities_and_one_without_a_loop_plays_once() {
    let mut host = clap_host();
    generate_four_bars(&mut host);
    edit_clips(&mut host, |clips| {
        clips["wish"]["restyled"] = false.into();
        clips["wish"]["looped"] = false.into();
    });
    let played = play(&mut host, &triggered(silence(40), &[1.0]));
    let (clip, start) = clip_in_song(&mut host);
    assert_eq!(restyled_notes(&played, &clip, start, 20.0), 0, "each note has the article's 80");
    assert_eq!(note_ons(&played).len(), clip.notes().len(), "once, although the song goes on for longer");
}

#[test]
fn a_clip_plays_on_time_at_every_look_ahead_and_timeline_remembers_it() {
    let mut host = clap_host();
    generate_four_bars(&mut host);
    let fresh = host.save_state().unwrap();
    for (mode, look_ahead) in [("2 beats", 2.0), ("Live", 4.0), ("0 ms", 5.0), ("Timeline", 6.0)] {
        let mut host = clap_host();
        host.load_state(&fresh).unwrap();
        let session = silence(24).with_parameter("Look-ahead", look_ahead).with_parameter("Style", 0.0);
        let first = play(&mut host, &triggered(session.clone(), &[1.0]));
        let (clip, start) = clip_in_song(&mut host);
        assert_eq!(start, 4.0, "{mode}");
        restyled_notes(&first, &clip, start, 24.0);
        let (second, third) = (play(&mut host, &session), play(&mut host, &session));
        assert!(restyled_notes(&second, &clip, start, 24.0) * 2 >= note_ons(&second).len(), "{mode}");
        assert!(second.outputs == third.outputs, "{mode}");
    }
    let mut host = clap_host();
    host.load_state(&fresh).unwrap();
    let played = play(&mut host, &triggered(silence(24).with_parameter("Look-ahead", look_ahead::TIMELINE), &[1.0]));
    assert_eq!(host.remembered_notes().unwrap(), note_ons(&played).len());
}

#[test]
fn each_trigger_generates_another_clip_but_a_kept_seed_generates_the_same() {
    let mut host = clap_host();
    generate_four_bars(&mut host);
    let fresh = host.save_state().unwrap();
    let session = triggered(silence(24), &[1.0, 9.0]);
    play(&mut host, &session);
    let both = saved_clips(&mut host)["variations"].clone();
    assert_eq!(both.as_array().unwrap().len(), 2);
    let [first, second] = [0, 1].map(|at| serde_json::from_value::<Clip>(both[at].clone()).unwrap());
    assert!(shared_notes(&first, &second) < 0.5, "{first:?} {second:?}");
    assert_eq!(clip_in_song(&mut host).1, 12.0);
    assert_eq!(saved_clips(&mut host)["wish"]["seed"], 3);

    host.load_state(&fresh).unwrap();
    edit_clips(&mut host, |clips| clips["wish"]["keeps_seed"] = true.into());
    play(&mut host, &session);
    let same = saved_clips(&mut host)["variations"].clone();
    assert_eq!((&same[0], &same[1]), (&both[0], &both[0]));
}

#[test]
fn a_clip_triggered_while_stopped_begins_where_playback_starts() {
    let mut host = vst3_host();
    generate_four_bars(&mut host);
    let played = play(&mut host, &silence(20).with_parameter(TRIGGER, 1.0));
    let (clip, start) = clip_in_song(&mut host);
    assert_eq!(start, 0.0);
    restyled_notes(&played, &clip, start, 20.0);
}

#[test]
fn a_continuation_needs_played_notes_and_starts_at_the_next_bar() {
    let song = piece();
    let mut session = Session::from_song(&song, RATE);
    let beat = 60.0 / session.position_at(0).1 * RATE;
    session.messages.retain(|message| (message.time as f64) < 18.0 * beat);
    session.messages.push(InputMessage {
        time: (18.0 * beat) as u64,
        message: MidiMessage::Channel([0xB0, 1, 1]),
        note: None,
    });
    let session = session.with_automation((14.5 * beat) as u64, TRIGGER, 1.0);
    let clip_after = |played: bool| {
        let mut host = clap_host();
        edit_clips(&mut host, |clips| {
            clips["wish"]["kind"] = "continuation".into();
            clips["wish"]["bars"] = 4.into();
        });
        let mut session = session.clone();
        session.messages.retain(|message| played || message.note.is_none());
        play(&mut host, &session);
        (clip_count(&mut host) > 0).then(|| clip_in_song(&mut host))
    };
    let (clip, start) = clip_after(true).expect("a continuation is generated");
    assert_eq!((start, clip.length()), (16.0, 16.0));
    assert!(clip.notes().len() >= 8, "{:?}", clip.notes());
    assert_eq!(clip_after(true), Some((clip, start)), "it repeats exactly");
    assert_eq!(clip_after(false), None, "there is nothing to continue");
}

#[test]
fn textures_and_morphs_between_them_play_like_tunes() {
    let mut host = vst3_host();
    edit_clips(&mut host, |clips| clips["wish"]["kind"] = "texture".into());
    let mut texture = |seed: u32| {
        edit_clips(&mut host, |clips| clips["wish"]["seed"] = seed.into());
        let played = play(&mut host, &triggered(silence(30), &[1.0]));
        let (clip, start) = clip_in_song(&mut host);
        // The first texture plays until the second begins.
        if seed == 1 {
            restyled_notes(&played, &clip, start, 30.0);
        }
        assert_eq!((start, clip.length()), (4.0, 20.0));
        assert!(clip.notes().len() >= 8 && clip.notes().iter().any(|note| note.velocity != 80));
        clip
    };
    let phrases = [texture(1), texture(2)];
    assert!(shared_notes(&phrases[0], &phrases[1]) < 0.5, "{phrases:?}");
    edit_clips(&mut host, |clips| {
        clips["wish"]["kind"] = "morph".into();
        clips["phrases"] = serde_json::to_value(&phrases).unwrap();
        clips["in_song"] = Value::Null;
    });
    let ready = host.save_state().unwrap();
    let morph = || {
        let mut host = vst3_host();
        host.load_state(&ready).unwrap();
        let played = play(&mut host, &triggered(silence(30), &[1.0]));
        let (clip, start) = clip_in_song(&mut host);
        restyled_notes(&played, &clip, start, 30.0);
        assert!(phrases.iter().all(|phrase| shared_notes(&clip, phrase) < 0.9), "{clip:?} {phrases:?}");
        (clip, played.outputs)
    };
    assert!(morph() == morph(), "every bounce is the same");
}

/// Activates the plugin in real time with blocks of 10 ms and plays up to a beat, with the trigger pressed at another.
///
/// The plugin detects real time by the clock, so blocks are paced by sleeping. Returns the positions of the note-ons that
/// left, without the latency.
fn play_in_real_time(host: &mut dyn Host, until: f64, trigger_at: f64) -> Vec<f64> {
    const BLOCK: u32 = 480;
    let config = ActivationConfig { sample_rate: RATE, max_block_size: BLOCK, offline: false };
    let latency = host.activate(&config).unwrap();
    let trigger = host.parameter_id(TRIGGER).unwrap();
    let started = Instant::now();
    let mut note_ons = Vec::new();
    for index in 0u32.. {
        let beats = f64::from(index * BLOCK) / BEAT as f64;
        if beats >= until {
            break;
        }
        let transport =
            HostTransport { playing: true, beats, seconds: beats / 2.0, tempo: TEMPO, ..HostTransport::default() };
        let is_pressed = (trigger_at..trigger_at + 0.5).contains(&beats);
        let inputs = [BlockInput::Parameter(0, trigger, f64::from(u8::from(is_pressed)))];
        let block = Block::new(BLOCK).with_transport(&transport).with_inputs(&inputs);
        host.process(&block, &mut |out| {
            if matches!(out.message, MidiMessage::Channel([0x90, _, velocity]) if velocity > 0) {
                let samples = f64::from(out.offset) - f64::from(latency);
                note_ons.push(beats + samples / BEAT as f64);
            }
        })
        .unwrap();
        let due = Duration::from_millis(10) * (index + 1);
        std::thread::sleep(due.saturating_sub(started.elapsed()));
    }
    note_ons
}

#[test]
fn in_real_time_a_clip_begins_at_the_same_bar_as_in_a_bounce() {
    let mut host = clap_host();
    generate_four_bars(&mut host);
    let note_ons = play_in_real_time(&mut host, 10.0, 1.0);
    let (clip, start) = clip_in_song(&mut host);
    assert_eq!(start, 4.0);
    let mut expected: Vec<f64> = clip.notes().iter().map(|note| start + note.onset).collect();
    expected.truncate(note_ons.len());
    let matches = note_ons.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-3);
    assert!(!note_ons.is_empty() && matches, "{note_ons:?} {expected:?}");
}

#[test]
fn removing_an_instance_while_it_generates_does_not_wait_for_the_clip() {
    let mut host = clap_host();
    edit_clips(&mut host, |clips| clips["wish"]["bars"] = 32.into());
    play_in_real_time(&mut host, 0.1, 0.0);
    let removed = Instant::now();
    drop(host);
    assert!(removed.elapsed() < Duration::from_secs(2), "{:?}", removed.elapsed());
}

#[test]
fn loading_a_project_saved_with_the_trigger_pressed_generates_nothing() {
    let mut host = clap_host();
    play(&mut host, &silence(8).with_automation(BEAT, TRIGGER, 1.0));
    let state = host.save_state().unwrap();
    assert_eq!(clip_count(&mut host), 1);
    let mut reopened = clap_host();
    reopened.load_state(&state).unwrap();
    play(&mut reopened, &silence(8));
    assert_eq!(clip_count(&mut reopened), 1);
}

#[test]
fn invalid_clips_are_refused_and_the_plugin_keeps_working() {
    let mut host = clap_host();
    for broken in [
        r#"{"variations":[{"ticks":0,"signature":[4,4],"notes":[]}]}"#,
        r#"{"variations":[{"ticks":3840,"signature":[4,4],"notes":[[0,960,200,80]]}],"in_song":[0,0.0]}"#,
        r#"{"in_song":[99,1e300],"shown":7,"wish":{"bars":0,"temperature":1e38,"signature":[9,9]}}"#,
        r#"{"wish":{"kind":"opera"}}"#,
        "[]",
    ] {
        edit_clips(&mut host, |clips| *clips = serde_json::from_str(broken).unwrap());
        assert_eq!(note_ons(&play(&mut host, &silence(8))), []);
    }
    play(&mut host, &triggered(silence(8), &[1.0]));
    assert_eq!(clip_count(&mut host), 1);
}
