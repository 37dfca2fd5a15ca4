//! Finds the sample within a block at which the song wraps from the end of its loop to the start.
//!
//! Hosts need not begin a block there.

use super::Transport;
use crate::scheduler::SampleTime;

/// A wrap from the end of the loop to its start within a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wrap {
    /// The first sample after the wrap.
    pub time: SampleTime,
    /// The transport at that sample, as a host would tell it at the start of a block.
    pub transport: Transport,
}

/// Shortest loop whose wraps are found within a block, in samples.
const SHORTEST_LOOP: f64 = 32.0;

/// Positions closer than this to a sample count as on it, in samples.
pub(super) const ON_A_SAMPLE: f64 = 1e-3;

impl Wrap {
    /// The first wrap in a block of `samples` samples that begins at `time`.
    ///
    /// `None` unless the host tells position, tempo and loop. A loop end between two samples wraps at the earlier one:
    /// hosts round either way, and the loop's first note may be at that sample. A loop that ends with the block wraps in
    /// the next one.
    pub(super) fn first(time: SampleTime, samples: u32, transport: &Transport, sample_rate: f64) -> Option<Self> {
        let (beats, tempo) = transport.beats.zip(transport.tempo).filter(|_| transport.playing)?;
        let (start, end) = transport.loop_beats?;
        let samples_per_beat = sample_rate * 60.0 / tempo;
        if beats >= end || beats < start || (end - start) * samples_per_beat < SHORTEST_LOOP {
            return None;
        }
        let exact = (end - beats) * samples_per_beat;
        // What rounding puts before the loop's end lies on it; from anywhere else it is at least one sample to the end.
        let sample = if exact <= ON_A_SAMPLE { 0.0 } else { (exact + ON_A_SAMPLE).floor().max(1.0) };
        if sample >= f64::from(samples) {
            return None;
        }
        let beats = start + (sample - exact) / samples_per_beat;
        let transport = Transport { beats: Some(beats.max(start)), ..*transport };
        Some(Self { time: time + sample as u64, transport })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn looping(beats: f64, tempo: f64) -> Transport {
        let loop_beats = Some((0.0, 4.0));
        Transport { playing: true, tempo: Some(tempo), beats: Some(beats), loop_beats, ..Transport::default() }
    }

    #[test]
    fn a_block_that_contains_the_loop_end_wraps_there() {
        let wrap = Wrap::first(1_000, 4_800, &looping(3.9, 120.0), 48_000.0).unwrap();
        assert_eq!(wrap.time, 1_000 + 2_400);
        assert!(wrap.transport.beats.unwrap().abs() < 1e-6, "{wrap:?}");
    }

    #[test]
    fn a_loop_end_between_two_samples_wraps_at_the_earlier_one() {
        let wrap = Wrap::first(0, 4_800, &looping(4.0 - 100.6 / 24_000.0, 120.0), 48_000.0).unwrap();
        assert_eq!(wrap.time, 100);
        assert!((0.0..1.0 / 24_000.0).contains(&wrap.transport.beats.unwrap()));
    }

    #[test]
    fn a_block_that_begins_a_rounding_before_the_end_wraps_where_it_begins_and_once() {
        let wrap = Wrap::first(1_000, 480, &looping(4.0 - 1e-10, 120.0), 48_000.0).unwrap();
        assert_eq!((wrap.time, wrap.transport.beats), (1_000, Some(0.0)));
        assert_eq!(Wrap::first(wrap.time, 480, &wrap.transport, 48_000.0), None);
        let before = Wrap::first(1_000, 480, &looping(4.0 - 0.5 / 24_000.0, 120.0), 48_000.0).unwrap();
        assert_eq!(before.time, 1_001, "half a sample before");
    }

    #[test]
    fn a_block_that_ends_with_the_loop_or_lies_outside_it_does_not_wrap() {
        for (beats, samples) in [(3.9, 2_400), (4.0, 4_800), (4.5, 4_800), (-1.0, 4_800)] {
            assert_eq!(Wrap::first(0, samples, &looping(beats, 120.0), 48_000.0), None, "{beats}");
        }
    }

    #[test]
    fn a_loop_shorter_than_the_block_wraps_several_times() {
        let mut at = Wrap { time: 0, transport: Transport { loop_beats: Some((0.0, 0.01)), ..looping(0.0, 120.0) } };
        let mut times = Vec::new();
        while let Some(wrap) = Wrap::first(at.time, 1_000 - at.time as u32, &at.transport, 48_000.0) {
            times.push(wrap.time);
            at = wrap;
        }
        assert_eq!(times, [240, 480, 720, 960]);
    }
}
