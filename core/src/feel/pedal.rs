//! Plays the sustain pedal as a style would: up and down again where the harmony changes.
//!
//! A pianist lifts the pedal as a new chord is struck and presses it again once its keys are down, so that the old chord
//! ends and the new one goes on. [`PedalPlayer`] does so with the notes as they leave, one pedal a channel.
//! It has no clock: the caller passes times, and takes the movements in between with [`PedalPlayer::next_due`]. Nothing here
//! allocates after [`PedalPlayer::new`].

use std::collections::VecDeque;

use super::{Feel, PedalMode};
use crate::note_rows::CHORD_SECONDS;
use crate::scheduler::SampleTime;

/// The least time between two movements, in seconds. Instruments and their dampers need as much to notice both.
const BETWEEN_MOVEMENTS: f64 = 0.05;

/// How long after the first note of a chord the pedal goes down, in seconds: once the chord's keys are down.
const DOWN_AFTER: f64 = 0.06;

/// How long the pedal stays down without a new note, in seconds.
const LONGEST: f64 = 8.0;

const CHANNELS: usize = 16;

/// Stops that lie ahead; beyond it the latest replaces the one before.
const STOPS: usize = 16;

/// A movement of the pedal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PedalMovement {
    /// When.
    pub time: SampleTime,
    /// MIDI channel, 0–15.
    pub channel: u8,
    /// Whether it goes down.
    pub down: bool,
}

/// One channel's pedal.
#[derive(Debug, Clone, Copy, Default)]
struct ChannelPedal {
    /// Whether the style's pedal is down.
    down: bool,
    /// When it last moved.
    moved: Option<SampleTime>,
    /// The first note of the last chord.
    chord: Option<SampleTime>,
    /// When the pedal goes up and then down. The second never comes before the first.
    up_at: Option<SampleTime>,
    down_at: Option<SampleTime>,
    /// Whether the player's own pedal is down.
    player_down: bool,
    /// Whether the player has moved the pedal since the transport started.
    player_uses_it: bool,
}

/// See the [module](self).
#[derive(Debug)]
pub struct PedalPlayer {
    mode: PedalMode,
    sample_rate: f64,
    channels: [ChannelPedal; CHANNELS],
    /// When the pedals go up whatever the notes say, in order.
    stops: VecDeque<SampleTime>,
}

impl PedalPlayer {
    /// A player whose pedals are up, in [`PedalMode::Mine`]; `sample_rate` in Hz.
    pub fn new(sample_rate: f64) -> Self {
        Self {
            mode: PedalMode::Mine,
            sample_rate,
            channels: [ChannelPedal::default(); CHANNELS],
            stops: VecDeque::with_capacity(STOPS),
        }
    }

    /// Whose pedal is heard.
    pub fn mode(&self) -> PedalMode {
        self.mode
    }

    /// Changes whose pedal is heard. The pedal that was heard is lifted, and the player's goes on where it is.
    pub fn set_mode(&mut self, mode: PedalMode, now: SampleTime, mut emit: impl FnMut(PedalMovement)) {
        if mode == self.mode {
            return;
        }
        for channel in 0..CHANNELS as u8 {
            let heard = self.is_heard_down(channel);
            let pedal = &mut self.channels[usize::from(channel)];
            *pedal = ChannelPedal {
                player_down: pedal.player_down,
                player_uses_it: pedal.player_uses_it,
                moved: pedal.moved,
                ..ChannelPedal::default()
            };
            let player = pedal.player_down && passes(mode);
            if heard != player {
                pedal.moved = Some(now);
                emit(PedalMovement { time: now, channel, down: player });
            }
        }
        self.mode = mode;
    }

    /// The player moves a pedal. Returns whether the movement is to be heard. If so, the style's pedal gives way to it
    /// until the transport stops.
    pub fn player_moved(&mut self, channel: u8, down: bool) -> bool {
        let pedal = &mut self.channels[usize::from(channel & 15)];
        (pedal.player_down, pedal.player_uses_it) = (down, true);
        if passes(self.mode) {
            (pedal.down, pedal.up_at, pedal.down_at) = (false, None, None);
        }
        passes(self.mode)
    }

    /// A note leaves, with what the style does at it. Take the movements up to and including its time first.
    pub fn note_on(&mut self, time: SampleTime, channel: u8, feel: &Feel) {
        let samples = |seconds: f64| (seconds * self.sample_rate).round() as SampleTime;
        let (between, after, in_chord) = (samples(BETWEEN_MOVEMENTS), samples(DOWN_AFTER), samples(CHORD_SECONDS));
        let longest = samples(LONGEST);
        let pedal = &mut self.channels[usize::from(channel & 15)];
        let is_players = pedal.player_uses_it || pedal.player_down;
        let stands_back = self.mode == PedalMode::Mine || self.mode == PedalMode::Fill && is_players;
        if stands_back || pedal.chord.is_some_and(|chord| time.saturating_sub(chord) <= in_chord) {
            return;
        }
        pedal.chord = Some(time);
        let free = pedal.moved.map_or(0, |moved| moved + between);
        let (holds, lifts) = (feel.pedal_down >= 0.5, feel.pedal_lift >= 0.5);
        pedal.down_at = None;
        if pedal.down {
            pedal.up_at = Some(if lifts || !holds { time.max(free) } else { time + longest });
        }
        if holds && (!pedal.down || lifts) {
            let up = pedal.up_at.filter(|_| pedal.down).map_or(free, |up| up + between);
            pedal.down_at = Some(up.max(time + after));
        }
    }

    /// The transport stops or jumps: the style's pedals go up at a time that may lie ahead.
    pub fn stop(&mut self, time: SampleTime) {
        if self.stops.len() == STOPS {
            self.stops.pop_back();
        }
        let place = self.stops.partition_point(|stop| *stop <= time);
        self.stops.insert(place, time);
    }

    /// Starts over at sample 0, where the pedals that are down go up.
    pub fn reset(&mut self) {
        self.stops.clear();
        for pedal in &mut self.channels {
            pedal.moved = None;
        }
        self.lift_all(0);
    }

    fn lift_all(&mut self, time: SampleTime) {
        for pedal in &mut self.channels {
            (pedal.down_at, pedal.chord, pedal.player_uses_it) = (None, None, false);
            pedal.up_at = pedal.down.then_some(time);
        }
    }

    /// The next movement before `until`. Movements come in the order of time.
    pub fn next_due(&mut self, until: SampleTime) -> Option<PedalMovement> {
        if self.mode == PedalMode::Mine && self.stops.is_empty() {
            return None;
        }
        loop {
            let next = self.next_movement();
            let Some(&stop) = self.stops.front().filter(|stop| next.is_none_or(|next| **stop <= next.0)) else {
                return self.make(next.filter(|next| next.0 < until)?);
            };
            if stop >= until {
                return None;
            }
            self.stops.pop_front();
            self.lift_all(stop);
        }
    }

    /// The next movement: its time, whether the pedal goes down, and the channel.
    fn next_movement(&self) -> Option<(SampleTime, bool, usize)> {
        let next = |pedal: &ChannelPedal| match (pedal.up_at, pedal.down_at) {
            (Some(up), _) => Some((up, false)),
            (None, down) => Some((down?, true)),
        };
        let all = self.channels.iter().enumerate();
        all.filter_map(|(channel, pedal)| next(pedal).map(|(time, down)| (time, down, channel))).min()
    }

    fn make(&mut self, (time, down, channel): (SampleTime, bool, usize)) -> Option<PedalMovement> {
        let longest = (LONGEST * self.sample_rate).round() as SampleTime;
        let pedal = &mut self.channels[channel];
        (pedal.down, pedal.moved) = (down, Some(time));
        if down {
            (pedal.down_at, pedal.up_at) = (None, Some(time + longest));
        } else {
            pedal.up_at = None;
        }
        Some(PedalMovement { time, channel: channel as u8, down })
    }

    fn is_heard_down(&self, channel: u8) -> bool {
        let pedal = &self.channels[usize::from(channel)];
        pedal.down || pedal.player_down && passes(self.mode)
    }
}

/// Whether the player's own movements are heard.
fn passes(mode: PedalMode) -> bool {
    mode != PedalMode::Replace
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOLD: Feel = Feel { pedal_down: 1.0, pedal_lift: 0.0, shift: 0.0, chord_offset: 0.0, stretch: 0.0 };
    const CHANGE: Feel = Feel { pedal_lift: 1.0, ..HOLD };
    const DRY: Feel = Feel { pedal_down: 0.0, ..HOLD };

    fn player(mode: PedalMode) -> PedalPlayer {
        let mut player = PedalPlayer::new(1000.0);
        player.set_mode(mode, 0, |_| unreachable!("nothing is down"));
        player
    }

    fn movements(player: &mut PedalPlayer, until: SampleTime) -> Vec<(SampleTime, bool)> {
        std::iter::from_fn(|| player.next_due(until)).map(|moved| (moved.time, moved.down)).collect()
    }

    #[test]
    fn the_pedal_changes_with_the_harmony_and_is_lifted_where_the_style_plays_dry() {
        let mut player = player(PedalMode::Replace);
        let mut heard = Vec::new();
        for (time, feel) in [(0, HOLD), (10, CHANGE), (500, HOLD), (1000, CHANGE), (1500, DRY), (2000, DRY)] {
            heard.extend(movements(&mut player, time + 1));
            player.note_on(time, 0, &feel);
        }
        heard.extend(movements(&mut player, 9000));
        assert_eq!(heard, [(60, true), (1000, false), (1060, true), (1500, false)]);
    }

    #[test]
    fn the_pedal_goes_up_at_a_stop_and_after_a_long_silence() {
        let mut player = player(PedalMode::Fill);
        player.note_on(0, 0, &HOLD);
        assert_eq!(movements(&mut player, 1000), [(60, true)]);
        player.stop(1000);
        assert_eq!(movements(&mut player, 90_000), [(1000, false)]);
        player.note_on(90_000, 0, &HOLD);
        assert_eq!(movements(&mut player, 200_000), [(90_060, true), (98_060, false)]);
    }

    #[test]
    fn a_players_own_pedal_is_heard_alone_where_the_style_only_fills() {
        let mut player = player(PedalMode::Fill);
        assert!(player.player_moved(0, true));
        player.note_on(0, 0, &HOLD);
        player.note_on(0, 1, &HOLD);
        let on_other = PedalMovement { time: 60, channel: 1, down: true };
        assert_eq!(player.next_due(1000), Some(on_other), "another channel has no pedal");
        assert_eq!(player.next_due(1000), None);
        assert!(player.player_moved(0, false));
        player.stop(1000);
        assert_eq!(player.next_due(2001), Some(PedalMovement { time: 1000, channel: 1, down: false }));
        player.note_on(2000, 0, &HOLD);
        assert_eq!(player.next_due(3000).map(|moved| moved.channel), Some(0), "after a stop it fills again");
    }

    #[test]
    fn a_pedal_that_the_player_holds_through_a_wrap_is_not_lifted_by_the_style() {
        let mut player = player(PedalMode::Fill);
        assert!(player.player_moved(0, true));
        player.stop(100);
        assert_eq!(movements(&mut player, 101), []);
        player.note_on(200, 0, &HOLD);
        assert_eq!(movements(&mut player, 500), []);
        player.note_on(500, 0, &CHANGE);
        assert_eq!(movements(&mut player, 1000), []);
        assert!(player.player_moved(0, false));
    }

    #[test]
    fn with_replace_the_players_pedal_is_not_heard_until_it_is_theirs_again() {
        let mut player = player(PedalMode::Replace);
        assert!(!player.player_moved(0, true));
        player.note_on(0, 0, &HOLD);
        assert_eq!(movements(&mut player, 1000), [(60, true)]);
        let mut emitted = Vec::new();
        player.set_mode(PedalMode::Mine, 1000, |moved| emitted.push(moved));
        assert_eq!(emitted, [], "both are down");
        player.set_mode(PedalMode::Replace, 2000, |moved| emitted.push(moved));
        assert_eq!(emitted, [PedalMovement { time: 2000, channel: 0, down: false }]);
    }

    proptest! {
        #[test]
        fn movements_alternate_in_order_with_time_between_them_and_end_up(
            notes in proptest::collection::vec((0..400_u64, 0.0..1.0_f32, 0.0..1.0_f32, any::<bool>()), 1..80),
        ) {
            let mut player = player(PedalMode::Replace);
            let (mut time, mut heard) = (0, Vec::new());
            for (step, pedal_down, pedal_lift, stops) in notes {
                time += step;
                if stops && step > 300 {
                    player.stop(time);
                }
                heard.extend(movements(&mut player, time + 1));
                player.note_on(time, 0, &Feel { pedal_down, pedal_lift, ..Feel::default() });
            }
            heard.extend(movements(&mut player, time + 20_000));
            for pair in heard.windows(2) {
                prop_assert!(pair[0].1 != pair[1].1, "{:?}", heard);
                prop_assert!(pair[1].0 >= pair[0].0, "{:?}", heard);
                // A stop alone may come sooner.
                prop_assert!(pair[1].0 >= pair[0].0 + 50 || !pair[1].1, "{:?}", heard);
            }
            prop_assert!(heard.last().is_none_or(|last| !last.1), "{:?}", heard);
        }
    }
}
