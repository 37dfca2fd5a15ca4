//! Stops, loop wraps and seeks, told apart from the flicker of hosts at loop points.

use super::Transport;
use crate::scheduler::SampleTime;

/// A host that is not playing for less than this has not stopped, in seconds.
const FLICKER: f64 = 0.05;

/// Beats that a position may lie beside the expected one: tempo ramps within a block, and hosts that round.
const TOLERANCE: f64 = 0.04;

/// What happened to the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportChange {
    /// It began to play.
    Started,
    /// It stopped, or went from the end of its loop to the start.
    Left {
        /// When, in the block at hand: a stop counts so many samples after the host last played, whatever the blocks.
        at: SampleTime,
    },
    /// It jumped while playing.
    Sought,
}

/// Watches the transport from block to block.
#[derive(Debug, Clone, Copy)]
pub struct TransportWatch {
    sample_rate: f64,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Stopped,
    /// Playing at the last block, which should be followed by this position in beats.
    Playing {
        expected: Option<f64>,
    },
    /// Not playing since this sample; not long enough to be a stop.
    Pausing {
        since: SampleTime,
        expected: Option<f64>,
    },
}

impl TransportWatch {
    /// A watch over a transport at rest; `sample_rate` in Hz.
    pub fn new(sample_rate: f64) -> Self {
        Self { sample_rate, state: State::Stopped }
    }

    /// Whether the transport is at rest, flicker aside.
    pub fn is_stopped(&self) -> bool {
        matches!(self.state, State::Stopped)
    }

    /// Takes in the transport of a block that begins at `time` and lasts `samples`.
    pub fn observe(&mut self, time: SampleTime, samples: u32, transport: &Transport) -> Option<TransportChange> {
        if !transport.playing {
            return self.observe_pause(time, samples);
        }
        let change = match self.state {
            State::Stopped => Some(TransportChange::Started),
            State::Playing { expected } => jump(time, transport, expected, 0.0),
            State::Pausing { since, expected } => {
                let flickered = (time - since) as f64 / self.sample_rate * transport.tempo.unwrap_or(0.0) / 60.0;
                jump(time, transport, expected, flickered)
            }
        };
        let beats = transport.tempo.map(|tempo| f64::from(samples) / self.sample_rate * tempo / 60.0);
        let expected = transport.beats.zip(beats).map(|(position, length)| position + length);
        self.state = State::Playing { expected };
        change
    }

    fn observe_pause(&mut self, time: SampleTime, samples: u32) -> Option<TransportChange> {
        let (since, expected) = match self.state {
            State::Stopped => return None,
            State::Playing { expected } => (time, expected),
            State::Pausing { since, expected } => (since, expected),
        };
        let stop = since + (FLICKER * self.sample_rate).ceil() as SampleTime;
        if stop < time + u64::from(samples) {
            self.state = State::Stopped;
            Some(TransportChange::Left { at: stop.max(time) })
        } else {
            self.state = State::Pausing { since, expected };
            None
        }
    }
}

/// Whether the song is elsewhere than expected; while the host flickered it may have stood still or gone on, by
/// `flickered` beats.
fn jump(time: SampleTime, transport: &Transport, expected: Option<f64>, flickered: f64) -> Option<TransportChange> {
    let (beats, expected) = transport.beats.zip(expected)?;
    if (expected - TOLERANCE..=expected + flickered + TOLERANCE).contains(&beats) {
        return None;
    }
    let wrapped = beats < expected
        && transport.loop_start_beats.is_some_and(|start| beats >= start - TOLERANCE && beats < start + 1.0);
    Some(if wrapped { TransportChange::Left { at: time } } else { TransportChange::Sought })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: u32 = 480;

    /// Plays blocks of 10 ms at 120 beats a minute; `None` is a block at rest.
    fn watch(blocks: &[Option<f64>], loop_start_beats: Option<f64>) -> Vec<(usize, TransportChange)> {
        let mut watch = TransportWatch::new(48_000.0);
        let mut changes = Vec::new();
        for (i, &beats) in blocks.iter().enumerate() {
            let transport = Transport { playing: beats.is_some(), tempo: Some(120.0), beats, loop_start_beats };
            if let Some(change) = watch.observe(i as u64 * u64::from(BLOCK), BLOCK, &transport) {
                changes.push((i, change));
            }
        }
        changes
    }

    const STARTED: (usize, TransportChange) = (0, TransportChange::Started);

    #[test]
    fn playing_on_is_no_change() {
        let blocks: Vec<_> = (0..20).map(|i| Some(f64::from(i) * 0.02)).collect();
        assert_eq!(watch(&blocks, None), [STARTED]);
    }

    fn left(block: usize) -> (usize, TransportChange) {
        (block, TransportChange::Left { at: block as u64 * u64::from(BLOCK) })
    }

    #[test]
    fn a_stop_counts_after_50_ms() {
        let blocks = [Some(0.0), None, None, None, None, None, None, None, Some(0.0)];
        assert_eq!(watch(&blocks, None), [STARTED, left(6), (8, TransportChange::Started)]);
    }

    #[test]
    fn a_stop_counts_at_the_same_sample_whatever_the_blocks() {
        for block in [1u32, 37, 480, 2_400, 2_401, 4_096] {
            let mut watch = TransportWatch::new(48_000.0);
            let playing = Transport { playing: true, ..Transport::default() };
            watch.observe(0, 1_000, &playing);
            let blocks = (0..).map(|i| 1_000 + i * u64::from(block)).take_while(|time| *time < 10_000);
            let changes: Vec<_> = blocks.filter_map(|time| watch.observe(time, block, &Transport::default())).collect();
            assert_eq!(changes, [TransportChange::Left { at: 3_400 }], "blocks of {block}");
        }
    }

    #[test]
    fn a_flicker_is_nothing_whether_the_song_stands_still_or_goes_on() {
        for back in [0.04, 0.06, 0.08] {
            let blocks = [Some(0.0), Some(0.02), None, None, Some(back), Some(back + 0.02)];
            assert_eq!(watch(&blocks, None), [STARTED], "back at {back}");
        }
        assert_eq!(watch(&[Some(0.0), None, None, None, None, Some(0.1)], None), [STARTED]);
        assert_eq!(watch(&[Some(0.0), None, None, Some(0.2)], None), [STARTED, (3, TransportChange::Sought)]);
    }

    #[test]
    fn a_jump_back_to_the_loop_start_is_a_wrap_and_any_other_a_seek() {
        assert_eq!(watch(&[Some(7.98), Some(4.0)], Some(4.0)), [STARTED, left(1)]);
        assert_eq!(watch(&[Some(7.98), Some(4.0)], None), [STARTED, (1, TransportChange::Sought)]);
        assert_eq!(watch(&[Some(7.98), Some(40.0)], Some(4.0)), [STARTED, (1, TransportChange::Sought)]);
    }
}
