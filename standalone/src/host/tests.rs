//! The plugin in its host: what leaves, and in which order. It renders offline, so that a busy machine makes no note late.

use tonenet_inference::song::Selection;
use tonenet_plugin::params::{LookAheadChoice, UserParam};
use tonenet_plugin::player::{FilePlayer, PlayerAction};
use tonenet_test_support::{count_ended_notes, midi_from_tracks, wait_until};

use super::*;
use crate::player::{PlayerHandle, pair};
use crate::song::PlayableSong;
use crate::song::tests::{RATE, file, playable};

/// The longest block. Others are split.
const LONGEST: u32 = 512;

/// A piano and a bass in one bar, which begin with a reset of the synthesizer and their programmes. `tempi` is the beginning of
/// a track.
fn bar(tempi: &[u8]) -> PlayableSong {
    let reset = [0, 0xF0, 5, 0x7E, 0x7F, 9, 1, 0xF7];
    let mut piano = [&reset[..], &[0, 0xC0, 0]].concat();
    for key in 60..68 {
        piano.extend([0, 0x90, key, 80, 0x81, 0x70, 0x80, key, 0]);
    }
    let mut bass = vec![0, 0xC1, 33];
    for key in 36..40 {
        bass.extend([0, 0x91, key, 80, 0x83, 0x60, 0x81, key, 0]);
    }
    playable(&file(&[tempi, &piano, &bass]))
}

/// At 120 beats a minute.
fn song() -> PlayableSong {
    bar(&[])
}

/// At 120 beats a minute, and at 60 from the third beat on.
fn slowing_song() -> PlayableSong {
    bar(&[0, 0xFF, 0x51, 3, 0x07, 0xA1, 0x20, 0x87, 0x40, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40])
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
        Self::with(song(), look_ahead)
    }

    fn with(song: PlayableSong, look_ahead: LookAheadChoice) -> Self {
        let (player, handle) = pair(song, Selection::Keyboards, RATE);
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
        self.run_with_room(samples, block, 1_000);
    }

    /// With room for so many messages in a block.
    fn run_with_room(&mut self, samples: u64, block: u32, room: usize) {
        let end = self.time + samples;
        while self.time < end {
            let frames = u64::from(block).min(end - self.time) as u32;
            // What the back end does with messages must not allocate either.
            let mut sent: Vec<(u32, [u8; 8], usize)> = Vec::with_capacity(room);
            self.processor.process(frames, |frame, bytes| {
                let mut kept = [0; 8];
                kept[..bytes.len()].copy_from_slice(bytes);
                sent.push((frame, kept, bytes.len()));
                true
            });
            let time = self.time;
            let sent = sent.into_iter();
            self.sent.extend(sent.map(|(frame, kept, length)| (time + u64::from(frame), kept[..length].to_vec())));
            self.time += u64::from(frames);
            self.keeper.restart_if_wanted(&self.player);
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

/// The keys of the note-ons on a channel.
fn keys(sent: &[(u64, Vec<u8>)], channel: u8) -> Vec<u8> {
    sent.iter().filter(|(_, bytes)| bytes[0] == 0x90 | channel).map(|(_, bytes)| bytes[1]).collect()
}

/// How many notes were sent, each with its end.
fn balanced_notes(sent: &[(u64, Vec<u8>)]) -> usize {
    count_ended_notes(sent.iter().map(|(_, bytes)| &bytes[..]))
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

#[test]
fn a_song_that_slows_down_is_heard_to_its_end() {
    let mut session = Session::with(slowing_song(), LookAheadChoice::OneBeat);
    session.player.control(PlayerAction::Play(true));
    session.run(300_000, 256);
    assert_eq!(balanced_notes(&session.sent), 12);
    assert_eq!(session.keeper.state().latency(), 24_000, "the next Play begins with the first tempo");
    session.player.control(PlayerAction::Play(true));
    session.run(300_000, 256);
    assert_eq!(balanced_notes(&session.sent), 24);
}

#[test]
fn a_pause_in_another_tempo_takes_its_latency_and_loses_no_note() {
    let mut session = Session::with(slowing_song(), LookAheadChoice::OneBeat);
    session.player.control(PlayerAction::Play(true));
    // The third beat lasts from sample 48,000 to 96,000.
    session.run(90_000, 256);
    session.player.control(PlayerAction::Play(false));
    session.run(23_000, 256);
    assert_eq!(session.keeper.state().latency(), 24_000, "the last note is still to be heard");
    session.run(10_000, 256);
    assert_eq!(session.keeper.state().latency(), 48_000);
    assert_eq!((keys(&session.sent, 0).len(), keys(&session.sent, 1).len()), (6, 3));
    session.player.control(PlayerAction::Play(true));
    session.run(200_000, 256);
    assert_eq!(keys(&session.sent, 0), (60..68).collect::<Vec<_>>());
    assert_eq!(keys(&session.sent, 1), (36..40).collect::<Vec<_>>());
    balanced_notes(&session.sent);
}

#[test]
fn a_restart_before_anything_is_heard_begins_the_song_anew() {
    let mut session = Session::start(LookAheadChoice::FourBeats);
    session.player.control(PlayerAction::Play(true));
    session.run(60_000, 256);
    assert_eq!(session.sent, []);
    let context = gui_context(session.params.clone(), session.keeper.state().clone());
    set_look_ahead(&session.params, &context, LookAheadChoice::OneBeat);
    session.run(200_000, 256);
    assert_eq!(balanced_notes(&session.sent), 12);
    let place = |bytes: &[u8]| session.sent.iter().position(|(_, sent)| sent == bytes);
    let reset = place(&[0xF0, 0x7E, 0x7F, 9, 1, 0xF7]).expect("the reset");
    let (piano, bass) = (place(&[0xC0, 0]).expect("a programme"), place(&[0xC1, 33]).expect("another one"));
    let first = |status| session.sent.iter().position(|(_, bytes)| bytes[0] == status).expect("a note");
    assert!(reset < piano && piano < first(0x90) && reset < bass && bass < first(0x91), "{:?}", session.sent);
}

#[test]
fn a_restart_goes_on_with_what_was_not_heard() {
    for (from, to) in
        [(LookAheadChoice::OneBeat, LookAheadChoice::TwoBeats), (LookAheadChoice::TwoBeats, LookAheadChoice::HalfBeat)]
    {
        let mut session = Session::start(from);
        session.player.control(PlayerAction::Play(true));
        session.run(70_000, 256);
        let context = gui_context(session.params.clone(), session.keeper.state().clone());
        set_look_ahead(&session.params, &context, to);
        session.run(300_000, 256);
        assert_eq!(keys(&session.sent, 0), (60..68).collect::<Vec<_>>(), "each once, from {from:?} to {to:?}");
        assert_eq!(keys(&session.sent, 1), (36..40).collect::<Vec<_>>());
        balanced_notes(&session.sent);
    }
}

#[test]
fn another_song_begins_with_the_latency_of_its_tempo() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("slow.mid");
    let tracks = [&[0, 0xFF, 0x51, 3, 0x0F, 0x42, 0x40][..], &[0, 0xC2, 0, 0, 0x92, 72, 80, 0x83, 0x60, 0x82, 72, 0]];
    std::fs::write(&path, midi_from_tracks(480, &tracks)).expect("a file");
    let mut session = Session::start(LookAheadChoice::OneBeat);
    session.player.control(PlayerAction::Play(true));
    session.run(30_000, 256);
    session.player.control(PlayerAction::Open(path));
    wait_until("the other song", || session.player.song().name() == Some("slow.mid"));
    let opened = session.time;
    session.run(150_000, 256);
    assert_eq!(session.keeper.state().latency(), 48_000);
    let (at, _) = session.sent.iter().find(|(_, bytes)| bytes[..2] == [0x92, 72]).expect("its first note");
    assert!((opened + 48_000..opened + 60_000).contains(at), "{at} after {opened}");
    assert_eq!(keys(&session.sent, 2).len(), 1);
    balanced_notes(&session.sent);
}

#[test]
fn a_seek_forward_drops_the_notes_that_wait_on_both_ways() {
    let mut session = Session::start(LookAheadChoice::FourBeats);
    session.player.control(PlayerAction::Play(true));
    session.run(30_000, 256);
    session.player.control(PlayerAction::Seek(1.5));
    session.run(300_000, 256);
    assert_eq!((keys(&session.sent, 0), keys(&session.sent, 1)), (vec![66, 67], vec![39]));
    balanced_notes(&session.sent);
}

#[test]
fn more_messages_than_there_is_room_for_leave_no_note_on() {
    for programme in [0, 33] {
        // All at one sample: each note begins and ends at once.
        let notes = (0..CAPACITY).flat_map(|note| {
            let key = (note % 80 + 24) as u8;
            [0, 0x90, key, 80, 0, 0x80, key, 0]
        });
        let track: Vec<u8> = [0, 0xC0, programme].into_iter().chain(notes).collect();
        let mut session = Session::with(playable(&file(&[&track])), LookAheadChoice::HalfBeat);
        session.player.control(PlayerAction::Play(true));
        // The time of what leaves early is not that of the file.
        session.run_with_room(100_000, 256, 4 * CAPACITY);
        assert!(balanced_notes(&session.sent) > CAPACITY / 3, "programme {programme}");
        assert_eq!(session.keeper.state().sounding(), 0);
    }
}

#[test]
fn a_port_that_refuses_the_end_of_a_note_gets_it_again() {
    let mut session = Session::start(LookAheadChoice::Live);
    session.processor.receive(0, &[0x90, 60, 100]);
    session.run(4_000, 256);
    session.processor.receive(0, &[0x80, 60, 0]);
    let mut sent = Vec::with_capacity(10);
    for block in 0..40 {
        session.processor.process(256, |_, bytes| {
            sent.push((block, <[u8; 3]>::try_from(bytes).expect("the end")));
            sent.len() > 1
        });
    }
    assert_eq!(sent.iter().map(|(_, bytes)| *bytes).collect::<Vec<_>>(), [[0x80, 60, 0]; 2], "refused, then sent");
    assert_eq!(sent[1].0, sent[0].0 + 1, "in the next block");
    assert_eq!((session.keeper.state().sounding(), session.keeper.state().dropped()), (0, 1));
}

#[test]
fn clocks_and_other_messages_of_no_channel_are_left_out() {
    let mut session = Session::start(LookAheadChoice::Live);
    for bytes in [&[][..], &[0xF8], &[0xFE], &[0xFF], &[0xF1, 3], &[0xF2, 1, 2], &[0x90, 60, 100], &[0x80, 60, 0]] {
        session.processor.receive(0, bytes);
    }
    session.run(4_000, 256);
    assert_eq!(session.sent.len(), 2, "{:?}", session.sent);
}

// A panic allocates, which that feature answers first.
#[cfg(not(feature = "assert_process_allocs"))]
#[test]
fn a_panic_on_the_audio_thread_is_noticed() {
    let mut session = Session::start(LookAheadChoice::Live);
    session.processor.receive(0, &[0x90, 60, 100]);
    let state = session.keeper.state().clone();
    assert!(!state.has_failed());
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        (0..40).for_each(|_| session.processor.process(256, |_, _| panic!("a port fails")));
    }));
    assert!(panicked.is_err() && state.has_failed());
}
