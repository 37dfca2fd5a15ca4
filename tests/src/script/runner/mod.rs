//! Plays a script through a host, and records and checks what leaves.
//!
//! The result does not depend on how time is cut into blocks. Blocks end where a step or a loop ends, and any
//! [`Partition`] may cut the time between. A script can also turn that splitting off; then only steps that change the
//! transport end a block.

mod actions;
mod blocks;
mod input;
mod position;
mod song;

use std::collections::HashMap;

use thiserror::Error;

pub use self::blocks::Partition;
use self::blocks::{BlockSizes, OpenBlock};
use self::input::{InputQueue, PendingInput};
use self::song::{SongState, TransportReport};
use super::Script;
use super::transcript::{Section, Transcript};
use crate::HostError;
use crate::event_tracker::{EventTracker, Findings, Tolerance};
use crate::host::{ActivationConfig, Block, Host};
use crate::session::OutputMessage;

/// The time after the end in which the plugin detects the stop and ends all notes, in seconds, without its latency.
const END_TIME: f64 = 0.2;

/// The result of a script.
#[derive(Debug)]
pub struct Outcome {
    /// What left the plugin.
    pub transcript: Transcript,
    /// Whether everything left on time and all notes ended.
    pub findings: Findings,
}

/// Why a script could not be played.
#[derive(Debug, Error)]
pub enum RunError {
    /// The plugin could not be hosted.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A step is impossible at its place in the script.
    #[error("step `{step}`: {reason}")]
    Step {
        /// The step's line in the script.
        step: String,
        /// Why it is impossible.
        reason: &'static str,
    },
}

/// Loads a new instance of the plugin.
pub type Load<'a> = &'a dyn Fn() -> Result<Box<dyn Host>, HostError>;

/// Plays a script through the hosts that `load` returns: one at the start, and one for each `replace` step.
///
/// # Errors
/// When the plugin cannot be hosted, or a step is impossible at its place.
pub fn run(script: &Script, partition: &Partition, load: Load) -> Result<Outcome, RunError> {
    let mut runner = Runner {
        load,
        host: load()?,
        config: None,
        latency: None,
        block_sizes: BlockSizes::new(partition),
        open_block: None,
        song: SongState::default(),
        report: TransportReport::default(),
        input: InputQueue::new(&script.track),
        saved: HashMap::new(),
        feel: Feel::default(),
        tracker: EventTracker::default(),
        transcript: Transcript::default(),
    };
    script.steps.iter().try_for_each(|step| runner.step(step))?;
    runner.finish()?;
    Ok(Outcome { transcript: runner.transcript, findings: runner.tracker.into_findings() })
}

/// What the script has set of the feel, for good.
#[derive(Debug, Clone, Copy, Default)]
struct Feel {
    /// Whether notes may move.
    moves: bool,
    /// Whether the style may play the pedal.
    plays_pedal: bool,
}

/// The state of a script that is being played.
struct Runner<'a> {
    load: Load<'a>,
    host: Box<dyn Host>,
    /// The last activation.
    config: Option<ActivationConfig>,
    /// The plugin's latency; `None` while it is not active.
    latency: Option<u32>,
    block_sizes: BlockSizes<'a>,
    open_block: Option<OpenBlock>,
    song: SongState,
    report: TransportReport,
    input: InputQueue<'a>,
    /// Saved projects by name.
    saved: HashMap<String, Vec<u8>>,
    feel: Feel,
    tracker: EventTracker,
    transcript: Transcript,
}

impl Runner<'_> {
    /// How far the feel may move events.
    fn tolerance(&self) -> Tolerance {
        let sample_rate = self.config.map_or(0.0, |config| config.sample_rate);
        Tolerance::of_feel(sample_rate, self.latency.unwrap_or(0))
    }

    /// Lets the tracker know how far events may move from now on.
    fn follow_feel(&mut self) {
        if self.feel.moves {
            self.tracker.set_tolerance(Some(self.tolerance()));
        }
    }

    /// Starts the transcript's section of a step.
    fn begin_section(&mut self, step: &str) {
        let section = Section { step: step.into(), start: self.song.now, ..Section::default() };
        self.transcript.sections.push(section);
    }

    /// Lets samples pass, across loop ends.
    fn run_for(&mut self, samples: u64, flickers: bool) -> Result<(), HostError> {
        let end = self.song.now + samples;
        while self.song.now < end {
            let mut until = end;
            if let Some((loop_start, loop_end)) = self.song.transport.loop_beats.filter(|_| self.song.transport.playing)
            {
                match u64::try_from(self.song.position().sample_at(loop_end)) {
                    Ok(wrap) if wrap == self.song.now => {
                        self.leave_track_notes();
                        self.song.jump_to(loop_start);
                        continue;
                    }
                    Ok(wrap) if wrap > self.song.now => until = until.min(wrap),
                    _ => {}
                }
            }
            self.run_until(until, flickers)?;
        }
        Ok(())
    }

    /// Lets time pass up to a sample before which the transport does not change.
    fn run_until(&mut self, until: u64, flickers: bool) -> Result<(), HostError> {
        let mut inputs = self.input.take_until(&self.song, until);
        let Some(latency) = self.latency else {
            self.song.now = until;
            return Ok(());
        };
        while self.song.now < until {
            let mut block = match self.open_block.take() {
                Some(block) => block,
                None => self.open_block(until, flickers),
            };
            let part_end = block.end.min(until);
            let is_in_block = |(time, _): &mut (u64, PendingInput)| {
                // An empty block may carry what is due at its start.
                *time < part_end || (*time == part_end && block.start == part_end)
            };
            while let Some(input) = inputs.pop_front_if(is_in_block) {
                block.inputs.push(input);
            }
            self.song.now = part_end;
            if block.end == part_end {
                self.play_block(&block, latency)?;
            } else {
                self.open_block = Some(block);
            }
        }
        Ok(())
    }

    /// Starts a block; a host that splits blocks ends it where the transport changes.
    fn open_block(&mut self, until: u64, flickers: bool) -> OpenBlock {
        let longest = self.config.map_or(0, |config| config.max_block_size);
        let end = self.song.now + u64::from(self.block_sizes.next(longest));
        let end = if self.block_sizes.splits { end.min(until) } else { end };
        let transport = self.report.transport(&self.song, flickers);
        OpenBlock { start: self.song.now, end, transport, inputs: Vec::new() }
    }

    /// Ends the open block here and plays it.
    fn close_block(&mut self) -> Result<(), HostError> {
        match (self.open_block.take(), self.latency) {
            (Some(block), Some(latency)) => self.play_block(&OpenBlock { end: self.song.now, ..block }, latency),
            _ => Ok(()),
        }
    }

    fn play_block(&mut self, block: &OpenBlock, latency: u32) -> Result<(), HostError> {
        let OpenBlock { start, end, .. } = *block;
        let mut inputs = Vec::new();
        for (time, input) in &block.inputs {
            match input.message() {
                Some((message, _)) if !self.host.supports(message) => continue,
                Some((message, id)) => self.tracker.record_input(id, message, *time, latency.into()),
                None => {}
            }
            inputs.push(input.to_block_input((time - start) as u32));
        }
        if self.feel.plays_pedal {
            self.tracker.allow_styles_pedal(false);
        }
        let samples = (end - start) as u32;
        let (tracker, transcript) = (&mut self.tracker, &mut self.transcript);
        let block = Block { samples, transport: block.transport.as_ref(), inputs: &inputs };
        self.host.process(&block, &mut |out| {
            let time = start + u64::from(out.offset);
            tracker.record_output(time, &out);
            transcript.section_at(time).outputs.push(OutputMessage { time, message: out.message });
        })?;
        self.tracker.advance_to(end);
        Ok(())
    }

    /// Stops the transport, releases all keys, and lets time pass until every note must have ended.
    fn finish(&mut self) -> Result<(), HostError> {
        self.close_block()?;
        // The transcripts on disk name this section so.
        self.begin_section("the end");
        self.stop();
        self.input.release_all();
        let Some((latency, config)) = self.latency.zip(self.config) else { return Ok(()) };
        let afterwards = (END_TIME * config.sample_rate) as u64 + 2 * u64::from(config.max_block_size);
        let settling = if self.feel.moves { self.tolerance().settling() } else { 0 };
        self.run_for(u64::from(latency) + afterwards + settling, false)?;
        self.close_block()?;
        self.tracker.expect_silence();
        Ok(())
    }
}
