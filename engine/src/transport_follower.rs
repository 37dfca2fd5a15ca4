//! Follows the host's transport: what changed since the last block, and where each sample lies in the song.

use tonenet_core::scheduler::SampleTime;
use tonenet_core::transport::{StepClock, Transport, TransportChange, TransportWatch, Wrap};

/// See the [module](self).
#[derive(Debug)]
pub struct TransportFollower {
    sample_rate: f64,
    clock: StepClock,
    watch: TransportWatch,
}

impl TransportFollower {
    /// A follower at sample 0; `sample_rate` in Hz.
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

    /// Whether the transport is stopped, flicker aside.
    pub fn is_stopped(&self) -> bool {
        self.watch.is_stopped()
    }

    /// Reads the transport at the start of a block; gives what is believed of it, and what changed.
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

    /// The song goes on from a place, for the rest of the block or to the end of its loop.
    pub fn begin_stretch(&mut self, stretch: &Wrap) {
        self.clock.follow(stretch.time, &stretch.transport);
    }

    /// Where a stretch of so many samples wraps to the start of its loop, if it does.
    pub fn wrap_in(&mut self, stretch: &Wrap, samples: u32) -> Option<Wrap> {
        self.watch.wrap_in(stretch.time, samples, &stretch.transport)
    }

    /// The place of a sample in the song, in beats, if the host plays and tells.
    pub fn beats(&self, time: SampleTime) -> Option<f64> {
        self.clock.beats(time)
    }

    /// The place of a sample on the grid, in steps; it grows with time, over loops and seeks too.
    pub fn position(&self, time: SampleTime) -> f64 {
        self.clock.position(time)
    }

    /// The clock, for what reads many places.
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

    fn begin(follower: &mut TransportFollower, time: SampleTime, told: &Transport) -> Wrap {
        let (transport, _) = follower.observe(time, 480, told);
        let stretch = Wrap { time, transport };
        follower.begin_stretch(&stretch);
        stretch
    }

    #[test]
    fn samples_have_their_places_in_the_song_while_it_plays() {
        let mut follower = TransportFollower::new(RATE);
        begin(&mut follower, 0, &playing(8.0));
        assert_eq!(follower.beats(240), Some(8.01));
        assert!(!follower.is_stopped());
        begin(&mut follower, 480, &Transport { playing: false, ..playing(8.02) });
        assert_eq!(follower.beats(480), None, "a song that is stopped has no place");
        assert!(follower.position(480) > follower.position(240), "the grid goes on");
    }

    #[test]
    fn a_block_that_reaches_the_end_of_its_loop_wraps_there() {
        let mut follower = TransportFollower::new(RATE);
        let looped = |beats| Transport { loop_beats: Some((4.0, 8.0)), ..playing(beats) };
        // The first block shows that positions move as the tempo says.
        begin(&mut follower, 0, &looped(7.97));
        let stretch = begin(&mut follower, 480, &looped(7.99));
        let wrap = follower.wrap_in(&stretch, 480).expect("the loop ends in this block");
        assert_eq!((wrap.time, wrap.transport.beats), (480 + 240, Some(4.0)));
        follower.begin_stretch(&wrap);
        assert_eq!(follower.beats(wrap.time), Some(4.0));
        assert!(follower.wrap_in(&wrap, 240).is_none());
    }

    #[test]
    fn what_no_song_can_have_is_not_believed_and_a_reset_forgets_all() {
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
