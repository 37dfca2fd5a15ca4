//! The plugin in its host: what leaves, and in which order. It renders offline, so that a busy machine makes no note late.

use std::collections::BTreeMap;

use tonenet_core::midi::Song;
use tonenet_inference::song::Selection;
use tonenet_plugin::params::{LookAheadChoice, UserParam};
use tonenet_plugin::player::{FilePlayer, PlayerAction};

use super::*;
use crate::player::{PlayerHandle, pair};
use crate::song::PlayableSong;

const RATE: f64 = 48_000.0;

/// The longest block. Others are split.
const LONGEST: u32 = 512;

/// A piano and a bass in one bar of 120 beats a minute, which begin with a reset of the synthesizer and their programmes.
fn song() -> PlayableSong {
    let reset = [0, 0xF0, 5, 0x7E, 0x7F, 9, 1, 0xF7];
    let mut piano = [&reset[..], &[0, 0xC0, 0]].concat();
    for key in 60..68 {
        piano.extend([0, 0x90, key, 80, 0x81, 0x70, 0x80, key, 0]);
    }
    let mut bass = vec![0, 0xC1, 33];
    for key in 36..40 {
        bass.extend([0, 0x91, key, 80, 0x83, 0x60, 0x81, key, 0]);
    }
    let mut bytes = b"MThd\0\0\0\x06\0\x01\0\x02\x01\xE0".to_vec();
    for track in [piano, bass] {
        let track = [track, vec![0, 0xFF, 0x2F, 0]].concat();
        bytes.extend(b"MTrk");
        bytes.extend((track.len() as u32).to_be_bytes());
        bytes.extend(track);
    }
    let song = Song::parse(bytes).expect("a file");
    PlayableSong::new("song.mid".into(), &song, &Selection::Keyboards, RATE)
}

/// A host with its player.
struct Session {
    processor: Processor,
    keeper: Keeper,
    player: PlayerHandle,
    params: Arc<tonenet_plugin::params::ToneNetParams>,
    /// What was sent, with its sample since the start.
    sent: Vec<(u64, Vec<u8>)>,
    time: u64,
}

impl Session {
    fn start(look_ahead: LookAheadChoice) -> Self {
        let (player, handle) = pair(song(), Selection::Keyboards, RATE);
        let plugin = ToneNet::with_player(Arc::new(handle.clone()));
        let params = plugin.instance().params.clone();
        let session = |processor, keeper| Self { processor, keeper, player: handle, params, sent: vec![], time: 0 };
        let context = gui_context(plugin.instance().params.clone(), Arc::default());
        set_look_ahead(&plugin.instance().params, &context, look_ahead);
        let (processor, keeper) = start(plugin, player, RATE, LONGEST, ProcessMode::Offline);
        session(processor, keeper)
    }

    /// Processes blocks of a size for so many samples.
    fn run(&mut self, samples: u64, block: u32) {
        let end = self.time + samples;
        while self.time < end {
            let frames = u64::from(block).min(end - self.time) as u32;
            // What the back end does with messages must not allocate either.
            let mut sent: Vec<(u32, [u8; 8], usize)> = Vec::with_capacity(1_000);
            self.processor.process(frames, |frame, bytes| {
                let mut kept = [0; 8];
                kept[..bytes.len()].copy_from_slice(bytes);
                sent.push((frame, kept, bytes.len()));
            });
            let time = self.time;
            let sent = sent.into_iter();
            self.sent.extend(sent.map(|(frame, kept, length)| (time + u64::from(frame), kept[..length].to_vec())));
            self.time += u64::from(frames);
            self.keeper.restart_if_wanted();
        }
    }
}

fn set_look_ahead(
    params: &Arc<tonenet_plugin::params::ToneNetParams>,
    context: &nice_plug::context::gui::GuiContext,
    look_ahead: LookAheadChoice,
) {
    let value = params.look_ahead.preview_normalized(look_ahead);
    UserParam::LookAhead.of(params).set(&context.param_setter(), value);
}

/// How many note-ons there are, each of which must have its note-off after it.
fn balanced_notes(sent: &[(u64, Vec<u8>)]) -> usize {
    let mut held: BTreeMap<(u8, u8), i32> = BTreeMap::new();
    let mut notes = 0;
    for (_, bytes) in sent {
        let key = (bytes[0] & 0x0F, bytes[1]);
        match bytes[0] & 0xF0 {
            0x90 => {
                *held.entry(key).or_default() += 1;
                notes += 1;
            }
            0x80 => *held.entry(key).or_default() -= 1,
            _ => {}
        }
        assert!(held.get(&key).is_none_or(|held| (0..=1).contains(held)), "key {key:?}: {sent:?}");
    }
    assert!(held.values().all(|held| *held == 0), "these notes never end: {held:?}");
    notes
}

#[test]
fn blocks_of_any_size_send_the_same_in_order() {
    let play = |block| {
        let mut session = Session::start(LookAheadChoice::HalfBeat);
        session.player.control(PlayerAction::Play(true));
        session.run(150_000, block);
        session.sent
    };
    let sent = play(LONGEST);
    assert_eq!(balanced_notes(&sent), 12);
    let latency = 12_000;
    let first: Vec<_> = sent.iter().take_while(|(time, _)| *time == latency).map(|(_, bytes)| bytes[0]).collect();
    // The reset comes before the programmes, and those before the notes.
    assert_eq!(first, [0xF0, 0xC0, 0x90, 0xC1, 0x91]);
    assert_eq!(sent[0].1, [0xF0, 0x7E, 0x7F, 9, 1, 0xF7]);
    assert!(sent.iter().any(|(_, bytes)| bytes[0] == 0x90 && bytes[2] != 80), "restyled: {sent:?}");
    assert!(sent.iter().all(|(_, bytes)| bytes[0] != 0x91 || bytes[2] == 80), "untouched: {sent:?}");
    for block in [64, 500, 10_000] {
        assert_eq!(play(block), sent, "blocks of {block}");
    }
}

#[test]
fn a_new_look_ahead_takes_effect_while_the_song_plays_and_ends_what_sounds() {
    let mut session = Session::start(LookAheadChoice::OneBeat);
    session.player.control(PlayerAction::Loop(true));
    session.player.control(PlayerAction::Play(true));
    session.run(60_000, 256);
    assert_eq!(session.keeper.state().latency(), 24_000);
    let context = gui_context(session.params.clone(), session.keeper.state().clone());
    set_look_ahead(&session.params, &context, LookAheadChoice::Live);
    session.run(96_000, 256);
    assert!(session.keeper.state().latency() < 2_000, "Live");
    let before = session.sent.len();
    session.run(96_000, 256);
    assert!(session.sent.len() > before + 20, "the song goes on");
    session.keeper.state().finish();
    session.run(256, 256);
    assert!(session.keeper.state().has_finished());
    balanced_notes(&session.sent);
}

#[test]
fn a_keyboard_plays_while_nothing_else_does() {
    let mut session = Session::start(LookAheadChoice::Live);
    session.processor.receive(3, &[0x90, 60, 100]);
    session.processor.receive(9, &[0xB0, 64, 127]);
    session.processor.receive(600, &[0x80, 60, 0]);
    // A block that is longer than the plugin takes is split, and each message keeps its frame.
    session.run(1_000, 1_000);
    session.run(4_000, 256);
    let latency = u64::from(session.keeper.state().latency());
    let sent: Vec<_> = session.sent.iter().map(|(time, bytes)| (*time, bytes[0], bytes[1])).collect();
    assert_eq!(sent, [(latency + 3, 0x90, 60), (latency + 9, 0xB0, 64), (latency + 600, 0x80, 60)]);
}
