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
    Left,
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
            return self.observe_pause(time);
        }
        let change = match self.state {
            State::Stopped => Some(TransportChange::Started),
            State::Playing { expected } | State::Pausing { expected, .. } => self.jump(transport, expected),
        };
        let beats = transport.tempo.map(|tempo| f64::from(samples) / self.sample_rate * tempo / 60.0);
        let expected = transport.beats.zip(beats).map(|(position, length)| position + length);
        self.state = State::Playing { expected };
        change
    }

    fn observe_pause(&mut self, time: SampleTime) -> Option<TransportChange> {
        match self.state {
            State::Stopped => None,
            State::Playing { expected } => {
                self.state = State::Pausing { since: time, expected };
                None
            }
            State::Pausing { since, .. } => {
                if ((time - since) as f64) < FLICKER * self.sample_rate {
                    return None;
                }
                self.state = State::Stopped;
                Some(TransportChange::Left)
            }
        }
    }

    fn jump(&self, transport: &Transport, expected: Option<f64>) -> Option<TransportChange> {
        let (beats, expected) = transport.beats.zip(expected)?;
        if (beats - expected).abs() <= TOLERANCE {
            return None;
        }
        let wrapped = beats < expected
            && transport.loop_start_beats.is_some_and(|start| beats >= start - TOLERANCE && beats < start + 1.0);
        Some(if wrapped { TransportChange::Left } else { TransportChange::Sought })
    }
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

    #[test]
    fn a_stop_counts_after_50_ms() {
        let blocks = [Some(0.0), None, None, None, None, None, None, None, Some(0.0)];
        assert_eq!(watch(&blocks, None), [STARTED, (6, TransportChange::Left), (8, TransportChange::Started)]);
    }

    #[test]
    fn a_flicker_is_nothing() {
        assert_eq!(watch(&[Some(0.0), Some(0.02), None, None, Some(0.04), Some(0.06)], None), [STARTED]);
    }

    #[test]
    fn a_jump_back_to_the_loop_start_is_a_wrap_and_any_other_a_seek() {
        assert_eq!(watch(&[Some(7.98), Some(4.0)], Some(4.0)), [STARTED, (1, TransportChange::Left)]);
        assert_eq!(watch(&[Some(7.98), Some(4.0)], None), [STARTED, (1, TransportChange::Sought)]);
        assert_eq!(watch(&[Some(7.98), Some(40.0)], Some(4.0)), [STARTED, (1, TransportChange::Sought)]);
    }
}
