//! What a session's output is checked against: second implementations, plain and slow, written from the rules.

mod exact;
mod moved;
mod pedal;
mod sounding;

use tonenet_core::scheduler::{DisplacementBounds, Event, SampleTime, SchedulerConfig};

use super::script::{LONGEST_BLOCK, Script};
pub use pedal::PedalOracle;

/// An event that went in.
#[derive(Debug, Clone, Copy)]
pub struct PushedEvent {
    /// When.
    pub time: SampleTime,
    /// What it is to the scheduler.
    pub event: Event,
    /// The caller's number; numbers count up.
    pub number: usize,
    /// Whether it moves the player's sustain pedal.
    pub is_pedal: bool,
}

/// How events may leave in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockRules {
    /// How far they may move.
    pub bounds: DisplacementBounds,
    /// Whether the style's pedal replaces the player's, which then is not heard.
    pub drops_pedal: bool,
}

impl BlockRules {
    /// Every event leaves when due.
    pub const EXACT: Self = Self { bounds: DisplacementBounds::NONE, drops_pedal: false };
}

/// The rules of a session. It panics where they are broken.
pub trait Oracle {
    /// These rules hold from `time` on.
    fn set_rules(&mut self, time: SampleTime, rules: BlockRules);

    /// A block begins at `time`, before which nothing more can be emitted. The scheduler alone does not keep to that.
    fn block_begins(&mut self, time: SampleTime);

    /// An event was pushed.
    fn event_pushed(&mut self, pushed: PushedEvent);

    /// The transport stopped or wrapped at `time`, which may be past.
    fn transport_interrupted(&mut self, time: SampleTime);

    /// The transport jumped at `time`.
    fn transport_jumped(&mut self, time: SampleTime);

    /// The clock starts again at sample 0.
    fn reset(&mut self);

    /// From now on events are emitted early, at `time`; with `None`, when they are due.
    fn set_early(&mut self, time: Option<SampleTime>);

    /// Whether the event of this number is pending.
    fn is_pending(&self, number: usize) -> bool;

    /// An event was emitted that may be any of the numbers that match; returns which it is.
    fn event_emitted(&mut self, time: SampleTime, matches: &dyn Fn(usize) -> bool) -> usize;

    /// A release was emitted.
    fn release_emitted(&mut self, time: SampleTime, channel: u8, key: u8);

    /// The block is over: everything that had to leave before `end` must have left.
    fn block_ends(&mut self, end: SampleTime);

    /// The host stopped long ago: nothing may be pending or sounding.
    fn session_ends(&self);
}

/// The rules for a script: exact ones unless it moves notes.
pub fn for_script(script: &Script) -> Box<dyn Oracle> {
    let SchedulerConfig { latency, .. } = script.scheduler_config();
    if script.moves() {
        Box::new(moved::MovedOracle::new(latency, bounds(script)))
    } else {
        Box::new(exact::ExactOracle::new(latency))
    }
}

/// The farthest that a script's events may move.
pub fn bounds(script: &Script) -> DisplacementBounds {
    script.scheduler_config().displacement_bounds(script.sample_rate(), LONGEST_BLOCK.into())
}
