//! Tests the engine with generated clips.

use super::*;
use crate::generator::{GenerateSettings, Generator, GeneratorInput};
use proptest::prelude::*;
use tonenet_core::clip::{Clip, ClipNote};
use tonenet_inference::cancellation::Cancellation;
use tonenet_inference::generate::GenerateError;

const BEAT: u64 = 24_000;

/// Generates two bars with a half-beat note on each beat. Its key is 60 plus the seed.
struct Double;

impl Generator for Double {
    fn generate(
        &mut self,
        settings: &GenerateSettings,
        _: GeneratorInput,
        _: &Cancellation,
    ) -> Result<Clip, GenerateError> {
        let key = 60 + settings.seed as u8;
        let note = |beat: u8| ClipNote { onset: beat.into(), length: 0.5, key, velocity: 80 };
        Ok(Clip::new(8.0, (4, 4), (0..8).map(note).collect()).unwrap())
    }
}

/// An engine, its generator, and a host that plays in four-four at 120 beats per minute.
struct Song {
    engine: Engine<PlainEvent>,
    latency: u32,
    store: Arc<ClipStore>,
    generator: GeneratorThread,
    settings: Settings,
    block: u32,
    offline: bool,
    loop_range: Option<(f64, f64)>,
    /// Whether it continues past the loop end, as some hosts do when they render with looping on.
    runs_on: bool,
    beats: f64,
    playing: bool,
    /// The output: sample, key, and a note-on's velocity.
    left: Vec<(u64, u8, Option<u8>)>,
}

impl Song {
    fn new() -> Self {
        Self::at(LOOK_AHEAD, Arc::default())
    }

    fn at(look_ahead: SchedulerConfig, store: Arc<ClipStore>) -> Self {
        let status = Arc::<Status>::default();
        let open = |_, _: &Status, _: &Cancellation| Ok(loaded_session(FakeModel::default()));
        let thread = InferenceThread::start(status.clone(), Arc::default(), None, open).unwrap();
        let generator = GeneratorThread::new(store.clone(), Arc::default(), Box::new(|| Box::new(Double)));
        generator.start();
        let clips = ClipTrack::new(store.clone(), generator.link().clone(), false);
        let engine = Engine::new(config(look_ahead, EmbeddedModel::Baseline), thread, clips, status);
        Self {
            engine,
            latency: look_ahead.latency,
            store,
            generator,
            settings: SETTINGS,
            block: 480,
            offline: true,
            loop_range: None,
            runs_on: false,
            beats: 0.0,
            playing: true,
            left: Vec::new(),
        }
    }

    /// Plays up to a position, with the trigger pressed or not, and with events at positions.
    fn play_with(&mut self, to: f64, trigger_held: bool, events: &[(f64, PlainEvent)]) {
        let mut samples = ((to - self.beats) * BEAT as f64).round() as u64;
        let mut events = events.iter().peekable();
        while samples > 0 {
            let length = u64::from(self.block).min(samples);
            let transport = Transport {
                playing: self.playing,
                tempo: Some(120.0),
                beats: Some(self.beats),
                loop_beats: self.loop_range,
                ..Default::default()
            };
            let bars = Bars::from_host(Some((4, 4)), None, transport.beats, self.loop_range);
            let block = Block { samples: length as u32, transport, bars, trigger_held, offline: self.offline };
            let begin = self.beats;
            let end = begin + length as f64 / BEAT as f64;
            let next = || {
                let (place, event) = events.next_if(|e| e.0 < end - 1e-9)?;
                Some(event.with_timing(((place - begin) * BEAT as f64).round() as u32))
            };
            let now = self.engine.now;
            let left = &mut self.left;
            self.engine.process(&block, &self.settings, next, |event| match event {
                PlainEvent::NoteOn { timing, voice: Voice { key: Some(key), .. }, velocity, .. } => {
                    left.push((now + u64::from(timing), key, Some(midi_velocity(velocity * 127.0))));
                }
                PlainEvent::NoteOff { timing, voice: Voice { key: Some(key), .. }, .. } => {
                    left.push((now + u64::from(timing), key, None));
                }
                _ => {}
            });
            if self.playing {
                self.beats = end;
            }
            samples -= length;
        }
        if self.playing {
            self.beats = to;
        }
    }

    fn play(&mut self, to: f64) {
        self.play_with(to, false, &[]);
    }

    /// The end of the current loop in beats.
    fn loop_end(&self) -> f64 {
        let end = self.loop_range.map(|range| range.1).filter(|_| !self.runs_on);
        end.filter(|end| *end > self.beats).unwrap_or(f64::INFINITY)
    }

    /// Plays up to a position. At the loop end the song continues at the loop start.
    fn play_to_loop_end(&mut self, to: f64, trigger_held: bool) {
        let end = self.loop_end();
        self.play_with(to, trigger_held, &[]);
        if let Some((start, _)) = self.loop_range
            && self.beats == end
        {
            self.beats = start;
        }
    }

    fn stop(&mut self, samples: u32) {
        self.playing = false;
        let here = self.beats;
        self.play(here + f64::from(samples) / BEAT as f64);
        self.playing = true;
    }

    /// The beats of the output note-ons with their keys, without the latency. Time begins at beat 0.
    fn ons(&self) -> Vec<(f64, u8)> {
        let latency = u64::from(self.latency);
        let ons = self.left.iter().filter(|e| e.2.is_some());
        ons.map(|e| ((e.0 - latency) as f64 / BEAT as f64, e.1)).collect()
    }

    fn is_ordered_and_balanced(&self) -> bool {
        let mut sounding = std::collections::HashMap::<u8, i32>::new();
        self.left.is_sorted_by_key(|e| e.0)
            && self.left.iter().all(|&(_, key, velocity)| {
                let count = sounding.entry(key).or_default();
                *count += if velocity.is_some() { 1 } else { -1 };
                (0..=1).contains(count)
            })
            && sounding.values().all(|count| *count == 0)
    }
}

fn beats(from: u8, to: u8, key: u8) -> Vec<(f64, u8)> {
    (from..to).map(|beat| (beat.into(), key)).collect()
}

fn key(channel: u8, key: u8, down: bool) -> PlainEvent {
    let voice = Voice::new(Some(7), channel, key);
    match down {
        true => PlainEvent::note_on(voice, 0.5),
        false => PlainEvent::note_off(voice),
    }
}

#[test]
fn a_trigger_places_a_restyled_clip_at_the_next_bar_line() {
    let live = SchedulerConfig::live(RATE, 480);
    for (look_ahead, block) in [(LOOK_AHEAD, 64), (LOOK_AHEAD, 480), (LOOK_AHEAD, 1000), (live, 64), (live, 480)] {
        let mut song = Song { block, ..Song::at(look_ahead, Arc::default()) };
        song.play(1.0);
        song.play_with(1.5, true, &[]);
        song.play(14.0);
        assert_eq!(song.ons(), beats(4, 14, 61), "blocks of {block}: looped after two bars");
        let restyled = song.left.iter().filter_map(|e| e.2).filter(|v| *v != 80).count();
        assert!(restyled >= 9, "{restyled}");
        assert_eq!(song.store.selected().placement.unwrap().start, Some(4.0));
        song.stop(6_000);
        assert!(song.is_ordered_and_balanced(), "{:?}", song.left);
    }
}

#[test]
fn a_trigger_shortly_before_a_bar_line_places_the_clip_at_the_one_after() {
    let mut song = Song::new();
    song.play(3.6);
    song.play_with(3.7, true, &[]);
    song.play(10.0);
    assert_eq!(song.ons(), beats(8, 10, 61));
}

#[test]
fn the_next_clip_replaces_the_first_at_its_bar_line_and_a_held_trigger_counts_once() {
    let mut song = Song::new();
    song.play_with(5.0, true, &[]);
    song.play_with(5.5, false, &[]);
    song.play_with(12.0, true, &[]);
    assert_eq!(song.ons(), [beats(4, 8, 61), beats(8, 12, 62)].concat());
    assert!(song.store.selected().clips.len() == 2);
}

#[test]
fn a_clip_without_restyling_and_looping_plays_once_with_its_own_velocities() {
    let mut song = Song::new();
    song.store.change_settings(|settings| (settings.looped, settings.restyled) = (false, false));
    song.play_with(1.0, true, &[]);
    song.play(16.0);
    assert_eq!(song.ons(), beats(4, 12, 61));
    assert!(song.left.iter().filter_map(|e| e.2).all(|velocity| velocity == 80));
    assert!(song.is_ordered_and_balanced());
}

#[test]
fn while_stopped_a_clip_begins_at_the_bar_line_of_the_stopped_position() {
    let mut song = Song::new();
    song.playing = false;
    song.play_with(0.2, true, &[]);
    song.playing = true;
    assert_eq!(song.store.selected().placement.unwrap().start, Some(0.0));
    let rested = 4_800.0 / BEAT as f64;
    song.play(2.0);
    let ons: Vec<f64> = song.ons().iter().map(|on| on.0 - rested).collect();
    assert_eq!(ons.len(), 2);
    assert!(ons[0].abs() < 1e-9 && (ons[1] - 1.0).abs() < 1e-9, "{ons:?}");
}

#[test]
fn stops_seeks_and_loops_end_the_clips_notes_and_it_follows_the_song_position() {
    let mut song = Song { loop_range: Some((4.0, 8.0)), ..Song::new() };
    song.play_with(1.0, true, &[]);
    song.play(8.0);
    song.beats = 4.0;
    song.play(6.25);
    song.stop(9_600);
    song.beats = 100.25;
    song.play(102.0);
    let count = song.ons().len();
    assert_eq!(count, 4 + 3 + 1, "{:?}", song.ons());
    song.stop(9_600);
    assert!(song.is_ordered_and_balanced(), "{:?}", song.left);
}

#[test]
fn near_the_loop_end_the_next_bar_line_is_the_loops_first() {
    let mut song = Song { loop_range: Some((0.0, 8.0)), ..Song::new() };
    song.play(5.0);
    song.play_with(8.0, true, &[]);
    assert_eq!(song.store.selected().placement.unwrap().start, Some(0.0));
    song.beats = 0.0;
    song.play(4.0);
    let ons: Vec<f64> = song.ons().iter().map(|on| on.0).collect();
    assert_eq!(ons[ons.len() - 4..], [8.0, 9.0, 10.0, 11.0]);
}

#[test]
fn the_player_and_the_clip_never_end_each_others_notes() {
    let mut song = Song::new();
    song.play_with(1.0, true, &[]);
    // The player strikes a key that the clip holds, and holds it over the clip's next note. Then another channel's key.
    let events =
        [(4.25, key(0, 61, true)), (5.75, key(0, 61, false)), (6.25, key(1, 61, true)), (6.75, key(1, 61, false))];
    song.play_with(6.0, false, &events[..2]);
    assert_eq!(song.ons(), [(4.0, 61), (4.25, 61)]);
    let offs: Vec<u64> = song.left.iter().filter(|e| e.2.is_none()).map(|e| e.0 - 2_400).collect();
    assert_eq!(offs, [102_000, 138_000], "the clip's when the player strikes, the player's on release");
    song.play_with(7.0, false, &events[2..]);
    assert_eq!(song.ons()[2..], [(6.0, 61), (6.25, 61)]);
}

#[test]
fn all_notes_off_ends_the_clips_note_once() {
    let mut song = Song::new();
    song.play_with(1.0, true, &[]);
    let all_off = PlainEvent::Controller { timing: 0, channel: 0, number: 123, value: 0.0 };
    song.play_with(5.0, false, &[(4.25, all_off)]);
    song.stop(6_000);
    assert!(song.is_ordered_and_balanced(), "{:?}", song.left);
    assert_eq!(song.left.first().map(|e| (e.0, e.1)), Some((96_000 + 2_400, 61)));
    assert_eq!(song.left.get(1), Some(&(102_000 + 2_400, 61, None)), "at the controller, before its own end");
}

#[test]
fn in_bypass_the_clip_is_silent() {
    let mut song = Song::new();
    song.play_with(4.25, true, &[]);
    song.settings.bypass = true;
    song.play(6.0);
    song.settings.bypass = false;
    song.play(8.0);
    assert_eq!(song.ons(), [(4.0, 61), (6.0, 61), (7.0, 61)]);
    assert!(song.left.contains(&(102_000 + 2_400, 61, None)));
}

#[test]
fn the_window_can_trigger_and_a_cleared_clip_ends() {
    let mut song = Song::new();
    song.generator.trigger();
    while song.store.selected().clips.is_empty() {
        std::thread::yield_now();
    }
    song.play(5.25);
    song.store.clear();
    song.play(8.0);
    assert_eq!(song.ons(), beats(4, 6, 61));
    assert_eq!(song.left.last(), Some(&(126_000 + 2_400, 61, None)));
}

#[test]
fn the_next_activation_continues_the_clip_in_the_song() {
    let store = Arc::<ClipStore>::default();
    let mut song = Song::at(LOOK_AHEAD, store.clone());
    song.play_with(6.0, true, &[]);
    let before = song.ons();
    drop(song);
    let mut song = Song::at(SchedulerConfig::zero_latency(RATE, 480), store);
    song.play_with(6.0, false, &[]);
    assert_eq!(song.ons(), before, "without latency");
}

#[test]
fn a_trigger_held_at_activation_does_not_count() {
    let store = Arc::<ClipStore>::default();
    let mut song = Song::at(LOOK_AHEAD, store.clone());
    song.engine.clips = ClipTrack::new(store.clone(), song.generator.link().clone(), true);
    song.play_with(1.0, true, &[]);
    assert_eq!(store.selected().clips.len(), 0);
    song.play_with(1.5, false, &[]);
    song.play_with(2.0, true, &[]);
    assert_eq!(store.selected().clips.len(), 1);
}

#[test]
fn in_real_time_a_late_clip_begins_at_a_later_bar_line() {
    let mut song = Song { offline: false, ..Song::new() };
    song.play_with(0.5, true, &[]);
    // No block waits in real time, so the test waits for the clip between blocks.
    while !song.generator.link().is_answered() {
        std::thread::yield_now();
    }
    song.play(16.0);
    assert_eq!(song.ons()[0], (4.0, 61));
    let press = song.generator.link().trigger();
    assert!(song.engine.clips.outbox.try_send(press));
    while !song.generator.link().is_answered() {
        std::thread::yield_now();
    }
    song.play(24.0);
    assert_eq!(song.ons().iter().find(|on| on.1 == 62), Some(&(16.0, 62)), "the current bar line");
}

/// Something that a user or a host may do at any time.
#[derive(Debug, Clone, Copy)]
enum Action {
    /// Plays this many sixteenths, with the trigger pressed or not.
    Play(u8, bool),
    /// Stops for this many milliseconds.
    Rest(u8),
    /// Seeks to a beat.
    Seek(u8),
    /// Strikes a key and releases it half a beat later.
    Strike(u8),
    /// Sets the host's loop to a first bar and a number of bars, or to none.
    Loop(Option<(u8, u8)>),
    Step(bool),
    Place,
    Clear,
    Looped(bool),
    Restyled(bool),
    Bypass(bool),
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let action = prop_oneof![
        6 => (1u8..32, prop::bool::weighted(0.4)).prop_map(|(sixteenths, trigger_held)| Action::Play(sixteenths, trigger_held)),
        1 => (1u8..200).prop_map(Action::Rest),
        1 => (0u8..40).prop_map(Action::Seek),
        3 => (60u8..66).prop_map(Action::Strike),
        1 => prop::option::of((0u8..4, 1u8..3)).prop_map(Action::Loop),
        1 => any::<bool>().prop_map(Action::Step),
        1 => Just(Action::Place),
        1 => Just(Action::Clear),
        1 => any::<bool>().prop_map(Action::Looped),
        1 => any::<bool>().prop_map(Action::Restyled),
        1 => any::<bool>().prop_map(Action::Bypass),
    ];
    prop::collection::vec(action, 1..24)
}

/// Performs all actions, then stops. Returns the song with its output.
fn perform(actions: &[Action], mut song: Song) -> Song {
    for action in actions {
        match *action {
            Action::Play(sixteenths, trigger_held) => {
                let mut left = f64::from(sixteenths) / 4.0;
                while left > 0.0 {
                    let to = song.loop_end().min(song.beats + left);
                    left -= to - song.beats;
                    song.play_to_loop_end(to, trigger_held);
                }
            }
            Action::Rest(milliseconds) => song.stop(u32::from(milliseconds) * 48),
            Action::Seek(beat) => song.beats = beat.into(),
            Action::Strike(note) => {
                // This test does not cover hosts that run past their loop, so a strike never spans the loop end.
                if song.loop_end() <= song.beats + 1.0 {
                    song.play_to_loop_end(song.loop_end(), false);
                }
                let (from, to) = (song.beats, song.beats + 1.0);
                let events = [(from + 0.25, key(0, note, true)), (from + 0.75, key(0, note, false))];
                song.play_with(to, false, &events);
            }
            Action::Loop(bars) => {
                song.loop_range = bars.map(|(from, bars)| (f64::from(from) * 4.0, f64::from(from + bars) * 4.0));
            }
            Action::Step(back) => song.store.step(back),
            Action::Place => song.store.place(),
            Action::Clear => song.store.clear(),
            Action::Looped(looped) => song.store.change_settings(|settings| settings.looped = looped),
            Action::Restyled(restyled) => song.store.change_settings(|settings| settings.restyled = restyled),
            Action::Bypass(bypass) => song.settings.bypass = bypass,
        }
    }
    song.stop(12_000);
    song
}

/// Such a host contradicts the loop that it reports. The block that reaches the loop end relies on the reported loop.
#[test]
fn in_a_host_that_runs_past_its_loop_the_clip_continues_from_the_next_block() {
    use Action::{Loop, Play, Strike};
    let actions = [Loop(Some((0, 1))), Play(9, false), Play(12, true), Strike(60), Strike(60), Strike(60)];
    for block in [1, 64, 480, 1000] {
        let song = perform(&actions, Song { block, runs_on: true, ..Song::new() });
        assert!(song.is_ordered_and_balanced(), "blocks of {block}: {:?}", song.left);
        let loop_end = 4.0;
        let next_block = loop_end + f64::from(block) / BEAT as f64;
        let is_certain = |on: &(f64, u8)| on.1 == 61 && (on.0 < loop_end || on.0 > next_block);
        let ons: Vec<_> = song.ons().into_iter().filter(is_certain).collect();
        assert_eq!(ons, [beats(3, 4, 61), beats(5, 9, 61)].concat(), "blocks of {block}");
    }
}

#[test]
fn a_key_that_the_player_holds_past_the_loop_end_sounds_once() {
    use Action::{Loop, Play, Strike};
    for (block, latency) in [(64, 2_400), (480, 2_400), (1_000, 2_400), (1_000, 0)] {
        let look_ahead = match latency {
            0 => SchedulerConfig::zero_latency(RATE, block),
            _ => LOOK_AHEAD,
        };
        let host = Song { block, runs_on: true, ..Song::at(look_ahead, Arc::default()) };
        let song = perform(&[Loop(Some((0, 1))), Play(14, true), Strike(61)], host);
        assert!(song.is_ordered_and_balanced(), "blocks of {block}: {:?}", song.left);
    }
}

#[test]
fn a_key_that_the_player_holds_through_a_start_or_a_bypass_sounds_once() {
    let (down, up) = (key(0, 61, true), key(0, 61, false));
    let mut song = Song::new();
    song.playing = false;
    song.play_with(0.2, true, &[(0.0, down)]);
    song.playing = true;
    song.play_with(2.0, false, &[(1.25, up)]);
    song.settings.bypass = true;
    song.play_with(3.0, false, &[(2.75, down)]);
    song.settings.bypass = false;
    song.play_with(5.0, false, &[(3.25, up)]);
    song.stop(12_000);
    assert!(song.is_ordered_and_balanced(), "{:?}", song.left);
}

#[test]
fn a_block_that_begins_a_rounding_error_before_the_loop_end_begins_at_the_loop_start() {
    for rounding in [1e-10, 1e-8] {
        let mut song = Song { block: 240, loop_range: Some((0.0, 4.0)), ..Song::new() };
        song.play_with(1.0, true, &[]);
        song.play(4.0 - rounding);
        song.play(4.01 - rounding);
        song.beats = 0.01;
        song.play(1.25);
        assert_eq!(song.ons(), beats(0, 6, 61), "{rounding} before");
    }
}

proptest! {
    // Blocks of one sample take long.
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, ..ProptestConfig::default() })]

    #[test]
    fn every_note_ends_and_the_block_size_does_not_matter(actions in actions()) {
        let song = perform(&actions, Song::new());
        prop_assert!(song.is_ordered_and_balanced(), "{:?}", song.left);
        for block in [1, 64, 1000, 3000] {
            let other = perform(&actions, Song { block, ..Song::new() });
            prop_assert_eq!(&other.left, &song.left, "blocks of {}", block);
            prop_assert_eq!(other.store.selected().placement, song.store.selected().placement);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(48), ..ProptestConfig::default() })]

    /// In the zero-latency modes velocities may depend on block boundaries, so only keys are compared.
    #[test]
    fn without_latency_every_note_ends_and_the_block_size_changes_no_key(actions in actions()) {
        let host = |block| Song { block, ..Song::at(SchedulerConfig::zero_latency(RATE, block), Arc::default()) };
        let keys = |song: &Song| song.left.iter().map(|e| (e.0, e.1, e.2.is_some())).collect::<Vec<_>>();
        let song = perform(&actions, host(480));
        prop_assert!(song.is_ordered_and_balanced(), "{:?}", song.left);
        for block in [64, 1000] {
            prop_assert_eq!(keys(&perform(&actions, host(block))), keys(&song), "blocks of {}", block);
        }
    }

    /// Until the next block reports the true position, a block relies on the reported loop.
    #[test]
    fn in_a_host_that_runs_past_its_loop_every_note_ends(actions in actions()) {
        for block in [64, 480, 1000] {
            for look_ahead in [LOOK_AHEAD, SchedulerConfig::zero_latency(RATE, block)] {
                let song = perform(&actions, Song { block, runs_on: true, ..Song::at(look_ahead, Arc::default()) });
                prop_assert!(song.is_ordered_and_balanced(), "blocks of {}: {:?}", block, song.left);
            }
        }
    }
}
