//! Follows the host's transport: detects changes between blocks, and computes each sample's song position.

use tonenet_core::scheduler::SampleTime;
use tonenet_core::transport::{StepClock, Transport, TransportChange, TransportWatch, Wrap};

/// Follows the host's transport from block to block.
#[derive(Debug)]
pub struct TransportFollower {
    sample_rate: f64,
    clock: StepClock,
    watch: TransportWatch,
}

impl TransportFollower {
    /// Creates a follower at sample 0. `sample_rate` in Hz.
    pub fn new(sample_rate: f64) -> Self {
        Self { sample_rate, clock: StepClock::new(sample_rate), watch: TransportWatch::new(sample_rate) }
    }

    /// Starts over at sample 0.
    pub fn reset(&mut self) {
        *self = Self::new(self.sample_rate);
    }

    /// The sample rate in Hz.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    /// Whether the transport is stopped. A stop shorter than 50 ms does not count.
    pub fn is_stopped(&self) -> bool {
        self.watch.is_stopped()
    }

    /// Reads the transport at the start of a block. Returns the corrected transport, and what changed.
    pub fn observe(
        &mut self,
        now: SampleTime,
        samples: u32,
        transport: &Transport,
    ) -> (Transport, Option<TransportChange>) {
        let transport = transport.plausible();
        let change = self.watch.observe(now, samples, &transport);
        (self.watch.believed(&transport), change)
    }

    /// Begins a segment: from one song position to the end of the block or of the loop.
    pub fn begin_segment(&mut self, segment: &Wrap) {
        self.clock.follow(segment.time, &segment.transport);
    }

    /// The point at which a segment of this many samples wraps to the loop start, if it does.
    pub fn wrap_in(&mut self, segment: &Wrap, samples: u32) -> Option<Wrap> {
        self.watch.wrap_in(segment.time, samples, &segment.transport)
    }

    /// The song position of a sample in beats, if the host is playing and reports it.
    pub fn beats(&self, time: SampleTime) -> Option<f64> {
        self.clock.beats(time)
    }

    /// The grid position of a sample, in steps. It increases with time, also over loops and seeks.
    pub fn position(&self, time: SampleTime) -> f64 {
        self.clock.position(time)
    }

    /// The clock, for callers that need many positions.
    pub fn clock(&self) -> &StepClock {
        &self.clock
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f64 = 48_000.0;

    fn playing(beats: f64) -> Transport {
        Transport { playing: true, tempo: Some(120.0), beats: Some(beats), ..Transport::default() }
    }

    fn begin(follower: &mut TransportFollower, time: SampleTime, host_transport: &Transport) -> Wrap {
        let (transport, _) = follower.observe(time, 480, host_transport);
        let segment = Wrap { time, transport };
        follower.begin_segment(&segment);
        segment
    }

    #[test]
    fn samples_have_a_song_position_while_the_transport_plays() {
        let mut follower = TransportFollower::new(RATE);
        begin(&mut follower, 0, &playing(8.0));
        assert_eq!(follower.beats(240), Some(8.01));
        assert!(!follower.is_stopped());
        begin(&mut follower, 480, &Transport { playing: false, ..playing(8.02) });
        assert_eq!(follower.beats(480), None, "a stopped song has no position");
        assert!(follower.position(480) > follower.position(240), "the grid continues");
    }

    #[test]
    fn a_block_that_reaches_the_end_of_its_loop_wraps_there() {
        let mut follower = TransportFollower::new(RATE);
        let looped = |beats| Transport { loop_beats: Some((4.0, 8.0)), ..playing(beats) };
        // The first block establishes that positions advance at the tempo.
        begin(&mut follower, 0, &looped(7.97));
        let segment = begin(&mut follower, 480, &looped(7.99));
        let wrap = follower.wrap_in(&segment, 480).expect("the loop ends in this block");
        assert_eq!((wrap.time, wrap.transport.beats), (480 + 240, Some(4.0)));
        follower.begin_segment(&wrap);
        assert_eq!(follower.beats(wrap.time), Some(4.0));
        assert!(follower.wrap_in(&wrap, 240).is_none());
    }

    #[test]
    fn implausible_values_are_ignored_and_a_reset_clears_all_state() {
        let mut follower = TransportFollower::new(RATE);
        let odd = Transport { tempo: Some(f64::NAN), ..playing(f64::INFINITY) };
        let (believed, _) = follower.observe(0, 480, &odd);
        assert_eq!((believed.tempo, believed.beats), (None, None));
        begin(&mut follower, 480, &playing(100.0));
        follower.reset();
        let (_, change) = follower.observe(0, 480, &playing(4.0));
        assert_eq!(change, TransportFollower::new(RATE).observe(0, 480, &playing(4.0)).1);
    }
}
