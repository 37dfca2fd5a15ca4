//! A host's session as the fuzzer generates it: blocks, transport, events and settings.

use arbitrary::Arbitrary;
use tonenet_core::scheduler::{Mode, SampleTime, SchedulerConfig, WindowLength};
use tonenet_core::transport::{Transport, TransportChange, TransportWatch};

/// Longest block, in samples.
pub(super) const LONGEST_BLOCK: u16 = 2_048;
/// Steps of a script that are played at most; more would be slow.
const STEPS: usize = 64;
/// Events of a block that are played at most.
const EVENTS: usize = 24;
/// A pause shorter than this does not count as a stop, in seconds.
const SHORTEST_STOP: f64 = 0.05;
/// The song's loop, in quarter notes.
const LOOP: (f64, f64) = (4.0, 8.0);

/// A session in a host.
#[derive(Debug, Arbitrary)]
pub struct Script {
    through: u8,
    sample_rate: u8,
    mode: u8,
    tempo: u8,
    /// The scheduler's capacity; the engine has its own.
    capacity: u8,
    /// Samples from each request to its estimate, for the scheduler alone.
    pub delay: u16,
    /// Whether each request also gets an early estimate at once.
    pub early: bool,
    /// Deviations that the model predicts, in turn.
    pub deviations: [f32; 3],
    /// The id of the note at which the model fails.
    pub fails_at: u8,
    /// Whether the host says that it renders offline.
    pub offline: bool,
    steps: Vec<Step>,
}

/// A step of a session.
#[derive(Debug, Arbitrary)]
pub enum Step {
    /// The host processes a block.
    Block(BlockScript),
    /// The host resets the plugin.
    Reset,
}

/// A block.
#[derive(Debug, Arbitrary)]
pub struct BlockScript {
    samples: u16,
    /// What the transport does before the block.
    transport: Move,
    events: Vec<(u8, EventScript)>,
    /// See [`SettingsScript`].
    pub settings: SettingsScript,
    /// A note that gets an estimate out of turn, requested or not.
    pub stray_estimate: u8,
}

/// What a transport does between two blocks.
#[derive(Debug, Arbitrary)]
enum Move {
    /// Continues as before.
    On,
    /// Plays.
    Play,
    /// Stops.
    Stop,
    /// Jumps by this number of sixteenths.
    Jump(i8),
    /// Wraps to the start of its loop.
    Wrap,
    /// Reports what no host should.
    Odd { playing: bool, tempo: Option<f64>, beats: Option<f64>, loop_start: Option<f64> },
}

/// An event. Events of other kinds pass through as these do.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub enum EventScript {
    /// A note-on.
    On { channel: u8, key: u8, velocity: u8 },
    /// A note-off.
    Off { channel: u8, key: u8 },
    /// A voice is cut.
    Choke { channel: u8, key: u8 },
    /// Controller 120 or 123.
    AllNotesOff { channel: u8, sound: bool },
    /// The sustain pedal.
    Pedal { value: u8 },
    /// Pitch bend.
    Bend { value: u8 },
    /// A note-on without channel and key, which hosts may send for MPE.
    Wildcard { velocity: u8 },
    /// A system-exclusive message.
    SysEx { byte: u8 },
}

/// The user's settings during a block.
#[derive(Debug, Clone, Copy, Default, Arbitrary)]
pub struct SettingsScript {
    /// Model, styles and take.
    pub choices: u8,
    /// The amount.
    pub amount: u8,
    /// Floor and ceiling of velocities.
    pub bounds: (u8, u8),
    /// Whether the plugin is bypassed.
    pub bypass: bool,
}

/// What plays a script.
pub enum Through {
    /// Core's scheduler, with estimates at exact samples.
    Scheduler,
    /// The engine. It is a hundred times slower, so it gets fewer scripts.
    Engine,
}

impl Script {
    /// What plays the script.
    pub fn through(&self) -> Through {
        if self.through.is_multiple_of(8) { Through::Engine } else { Through::Scheduler }
    }

    /// The sample rate in Hz.
    pub fn sample_rate(&self) -> f64 {
        [1_000.0, 8_000.0, 44_100.0, 48_000.0][usize::from(self.sample_rate % 4)]
    }

    /// How the scheduler is configured.
    pub fn scheduler_config(&self) -> SchedulerConfig {
        SchedulerConfig::for_mode(
            self.mode(),
            20.0 + 4.0 * f64::from(self.tempo),
            self.sample_rate(),
            LONGEST_BLOCK.into(),
        )
    }

    /// Whether the engine records what is played.
    pub fn remembers(&self) -> bool {
        self.mode() == Mode::Timeline
    }

    fn mode(&self) -> Mode {
        let windows = WindowLength::ALL.map(Mode::Window);
        match usize::from(self.mode % 8) {
            6 => Mode::LiveZeroLatency,
            7 => Mode::Timeline,
            other => windows.get(other).copied().unwrap_or(Mode::Live),
        }
    }

    /// The capacity of the scheduler alone.
    pub fn capacity(&self) -> usize {
        1 + usize::from(self.capacity)
    }

    /// The steps that are played, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().take(STEPS)
    }
}

impl BlockScript {
    /// The block's length.
    pub fn samples(&self) -> u32 {
        (self.samples % (LONGEST_BLOCK + 1)).into()
    }

    /// The block's events in order, each with its sample; the last may lie beyond the block.
    pub fn events(&self) -> impl Iterator<Item = (u32, EventScript)> {
        let mut at = 0;
        self.events.iter().take(EVENTS).map(move |&(gap, event)| {
            at += u32::from(gap);
            (at, event)
        })
    }
}

/// The host's transport in its song, and core's watch over it.
pub struct Song {
    sample_rate: f64,
    playing: bool,
    tempo: f64,
    beats: f64,
    watch: TransportWatch,
    resting_since: Option<SampleTime>,
}

impl Song {
    /// A song whose transport is stopped.
    pub fn new(script: &Script) -> Self {
        let sample_rate = script.sample_rate();
        let watch = TransportWatch::new(sample_rate);
        Self { sample_rate, playing: false, tempo: 120.0, beats: 0.0, watch, resting_since: None }
    }

    /// The clock starts again at sample 0.
    pub fn reset(&mut self) {
        self.watch = TransportWatch::new(self.sample_rate);
        self.resting_since = None;
    }

    /// The transport of a block that starts at `now`, and its change as the scheduler learns it.
    pub fn block(&mut self, now: SampleTime, block: &BlockScript) -> (Transport, Option<TransportChange>) {
        let mut odd = None;
        match block.transport {
            Move::On => {}
            Move::Play => self.playing = true,
            Move::Stop => self.playing = false,
            Move::Jump(sixteenths) => self.beats += f64::from(sixteenths) / 4.0,
            Move::Wrap => self.beats = 4.0,
            Move::Odd { playing, tempo, beats, loop_start } => {
                let loop_beats = loop_start.map(|start| (start, start + 4.0));
                odd = Some(Transport { playing, tempo, beats, seconds: None, loop_beats }.plausible());
            }
        }
        let transport = odd.unwrap_or(Transport {
            playing: self.playing,
            tempo: Some(self.tempo),
            beats: Some(self.beats),
            seconds: None,
            loop_beats: Some(LOOP),
        });
        if self.playing {
            let was_before_the_end = self.beats < LOOP.1;
            self.beats += f64::from(block.samples()) / self.sample_rate * self.tempo / 60.0;
            // A wrap may fall within a block, too.
            if was_before_the_end && self.beats >= LOOP.1 {
                self.beats = LOOP.0 + (self.beats - LOOP.1) % (LOOP.1 - LOOP.0);
            }
        }
        (transport, self.observe(now, block.samples(), &transport))
    }

    /// The observed transport, without its position where core does not trust it.
    pub fn believed(&self, transport: &Transport) -> Transport {
        self.watch.believed(transport)
    }

    /// The change of the transport, as the scheduler learns it.
    pub fn observe(&mut self, now: SampleTime, samples: u32, transport: &Transport) -> Option<TransportChange> {
        let change = self.watch.observe(now, samples, transport);
        if transport.playing {
            self.resting_since = None;
        } else {
            let since = *self.resting_since.get_or_insert(now);
            match change {
                Some(TransportChange::Stopped { at }) => {
                    assert!(
                        (at - since) as f64 >= SHORTEST_STOP * self.sample_rate,
                        "too short a pause counts as a stop"
                    );
                    assert!((now..now + u64::from(samples)).contains(&at), "a stop in another block");
                }
                change => assert_eq!(change, None, "at rest"),
            }
        }
        change
    }
}

/// The last blocks of a session: the host plays one more and then stops for good. A note that sounds after them never
/// ends.
pub fn closing_blocks(sample_rate: f64, latency: u32) -> impl Iterator<Item = (u32, Transport)> {
    let block = u32::from(LONGEST_BLOCK);
    let rest = latency + (SHORTEST_STOP * sample_rate) as u32 + 4 * block;
    let stopped = Transport::default();
    let playing = Transport { playing: true, ..stopped };
    std::iter::once((block, playing)).chain((0..=rest / block).map(move |_| (block, stopped)))
}
