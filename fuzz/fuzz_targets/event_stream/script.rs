//! A host's session as the fuzzer generates it: blocks, transport, events and settings.

use arbitrary::Arbitrary;
use tonenet_core::scheduler::{DisplacementBounds, Mode, SampleTime, SchedulerConfig, WindowLength};
use tonenet_core::transport::{Transport, TransportChange, TransportWatch};

use super::feel::{ControlsScript, FeelScript};
use super::hands::Hands;
use super::oracle;

/// Longest block, in samples.
pub(super) const LONGEST_BLOCK: u16 = 2_048;
/// Blocks of a script that are played at most; more would be slow.
const BLOCKS: usize = 64;
/// Events of a block that are played at most.
const EVENTS: usize = 24;
/// A pause shorter than this does not count as a stop, in seconds.
const SHORTEST_STOP: f64 = 0.05;
/// The latency of Timeline mode where it has one, in seconds.
const TIMELINE_DELAY: f64 = 0.06;
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
    /// Whether notes may move and the style may play the pedal.
    moves: bool,
    /// Whether Timeline mode has a latency, so that its notes may leave early.
    timeline_delays: bool,
    /// What the model predicts besides velocities, in turn.
    pub feels: [FeelScript; 3],
    /// 128 times the samples from each request to its estimate, for the scheduler alone.
    delay: u16,
    /// Whether each request also gets an early estimate at once.
    pub early: bool,
    /// Deviations that the model predicts, in turn.
    pub deviations: [f32; 3],
    /// The id of the note at which the model fails.
    pub fails_at: u8,
    /// Whether the host says that it renders offline.
    pub offline: bool,
    blocks: Vec<BlockScript>,
}

/// A block.
#[derive(Debug, Arbitrary)]
pub struct BlockScript {
    samples: u16,
    /// The host resets the plugin before the block from 248 on, so that most sessions go on for a while.
    resets: u8,
    /// The transport does something before the block from 208 on.
    moves: u8,
    /// What it does.
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
    Pedal { channel: u8, value: u8 },
    /// Pitch bend.
    Bend { value: u8 },
    /// A note-on without channel and key, which hosts may send for MPE.
    Wildcard { velocity: u8 },
    /// A system-exclusive message.
    SysEx { byte: u8 },
    /// Some of eight keys are struck, a bit each: those that are down go up, the others down.
    Stroke { channel: u8, keys: u8, velocity: u8 },
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
    /// The plugin is bypassed from 224 on.
    pub bypass: u8,
    /// What the user asks of the feel.
    pub feel: ControlsScript,
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
        let tempo = 30.0 + 1.5 * f64::from(self.tempo);
        let config = SchedulerConfig::for_mode(self.mode(), tempo, self.sample_rate(), LONGEST_BLOCK.into());
        match self.mode() {
            Mode::Timeline if self.timeline_delays => {
                SchedulerConfig { latency: (TIMELINE_DELAY * self.sample_rate()) as u32, ..config }
            }
            _ => config,
        }
    }

    /// Samples from each request to its estimate, up to 511.
    pub fn delay(&self) -> u64 {
        u64::from(self.delay / 128)
    }

    /// Whether notes may move and the style may play the pedal.
    pub fn moves(&self) -> bool {
        self.moves
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
        if self.capacity >= 64 { 4_096 } else { 1 + 4 * usize::from(self.capacity) }
    }

    /// The blocks that are played, in order.
    pub fn blocks(&self) -> impl Iterator<Item = &BlockScript> {
        self.blocks.iter().take(BLOCKS)
    }
}

impl BlockScript {
    /// Whether the host resets the plugin before the block.
    pub fn resets(&self) -> bool {
        self.resets >= 248
    }

    /// The block's length.
    pub fn samples(&self) -> u32 {
        (self.samples % (LONGEST_BLOCK + 1)).into()
    }

    /// The block's events in order, each with its sample; the last may lie beyond the block.
    pub fn events(&self, hands: &mut Hands) -> impl Iterator<Item = (u32, EventScript)> {
        let mut at = 0;
        self.events.iter().take(EVENTS).flat_map(move |&(gap, event)| {
            at += u32::from(gap);
            hands.play(event).into_iter().map(move |event| (at, event))
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
            _ if block.moves < 208 => {}
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
pub fn closing_blocks(script: &Script) -> impl Iterator<Item = (u32, Transport)> {
    let block = u32::from(LONGEST_BLOCK);
    let DisplacementBounds { late, longer, .. } = oracle::bounds(script);
    let settling = if script.moves() { 2 * late + longer } else { 0 };
    let stopping = (SHORTEST_STOP * script.sample_rate()) as u32;
    let rest = script.scheduler_config().latency + settling + stopping + 4 * block;
    let stopped = Transport::default();
    let playing = Transport { playing: true, ..stopped };
    std::iter::once((block, playing)).chain((0..=rest / block).map(move |_| (block, stopped)))
}
