//! What a host does, as the fuzzer writes it.

use arbitrary::Arbitrary;
use tonenet_core::scheduler::{Mode, SampleTime, SchedulerConfig, WindowLength};
use tonenet_core::transport::{Transport, TransportChange, TransportWatch};

/// Longest block, in samples.
const LONGEST_BLOCK: u16 = 2_048;
/// Blocks and resets of a script that are played; more would make it slow.
const STEPS: usize = 64;
/// Events of a block that are played.
const EVENTS: usize = 24;
/// A host that is not playing for less than this has not stopped, in seconds.
const FLICKER: f64 = 0.05;
/// The song's loop, in quarter notes.
const LOOP: (f64, f64) = (4.0, 8.0);

/// A session in a host.
#[derive(Debug, Arbitrary)]
pub struct Script {
    through: u8,
    sample_rate: u8,
    mode: u8,
    tempo: u8,
    /// Events under way at most; the engine has its own.
    capacity: u8,
    /// How many samples after each question its answer comes; the engine's comes when it comes.
    pub delay: u16,
    /// Whether an early estimate comes at once.
    pub early: bool,
    /// What the model expects of notes, in turn.
    pub deviations: [f32; 3],
    /// The model fails over the note of this id.
    pub breaks_at: u8,
    /// Whether the host says that it renders offline.
    pub offline: bool,
    steps: Vec<Step>,
}

/// Something a host does.
#[derive(Debug, Arbitrary)]
pub enum Step {
    /// It has a block played.
    Block(BlockScript),
    /// It resets the plugin.
    Reset,
}

/// A block.
#[derive(Debug, Arbitrary)]
pub struct BlockScript {
    samples: u16,
    /// What the transport does before it.
    transport: Move,
    events: Vec<(u8, EventScript)>,
    /// See [`SettingsScript`].
    pub settings: SettingsScript,
    /// A note that is answered out of turn, asked about or not.
    pub stray_answer: u8,
}

/// What a transport does between two blocks.
#[derive(Debug, Arbitrary)]
enum Move {
    /// It goes on, as it was.
    On,
    /// It plays on.
    Play,
    /// It stops.
    Stop,
    /// It is so many sixteenths from where it should be.
    Jump(i8),
    /// It goes back to the start of its loop.
    Wrap,
    /// It says something that no host should.
    Odd { playing: bool, tempo: Option<f64>, beats: Option<f64>, loop_start: Option<f64> },
}

/// An event; what has no place here passes as these do.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub enum EventScript {
    /// A key goes down.
    On { channel: u8, key: u8, velocity: u8 },
    /// A key comes up.
    Off { channel: u8, key: u8 },
    /// A voice is cut.
    Choke { channel: u8, key: u8 },
    /// Controller 120 or 123.
    AllNotesOff { channel: u8, sound: bool },
    /// The sustain pedal.
    Pedal { value: u8 },
    /// Pitch bend.
    Bend { value: u8 },
    /// A note on any channel and key, which hosts may send for MPE.
    Wildcard { velocity: u8 },
    /// A system-exclusive message.
    SysEx { byte: u8 },
}

/// What the user has set for a block.
#[derive(Debug, Clone, Copy, Default, Arbitrary)]
pub struct SettingsScript {
    /// Which model, styles and take.
    pub choices: u8,
    /// How much.
    pub amount: u8,
    /// Floor and ceiling.
    pub bounds: (u8, u8),
    /// Whether it is bypassed.
    pub bypass: bool,
}

/// What plays a script.
pub enum Through {
    /// Core's scheduler, with answers at exact samples.
    Scheduler,
    /// The plugin's engine; a hundred times slower, so it gets fewer.
    Engine,
}

impl Script {
    /// What plays it.
    pub fn through(&self) -> Through {
        if self.through.is_multiple_of(8) { Through::Engine } else { Through::Scheduler }
    }

    /// In Hz.
    pub fn sample_rate(&self) -> f64 {
        [1_000.0, 8_000.0, 44_100.0, 48_000.0][usize::from(self.sample_rate % 4)]
    }

    /// How long notes are held.
    pub fn look_ahead(&self) -> SchedulerConfig {
        SchedulerConfig::for_mode(
            self.mode(),
            20.0 + 4.0 * f64::from(self.tempo),
            self.sample_rate(),
            LONGEST_BLOCK.into(),
        )
    }

    /// Whether what is played is remembered.
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

    /// Events under way at most, for the scheduler alone.
    pub fn capacity(&self) -> usize {
        1 + usize::from(self.capacity)
    }

    /// What the host does, in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().take(STEPS)
    }
}

impl BlockScript {
    /// Its length.
    pub fn samples(&self) -> u32 {
        (self.samples % (LONGEST_BLOCK + 1)).into()
    }

    /// Its events with the sample of the block at which each says to be, in order; the last may lie beyond the block.
    pub fn events(&self) -> impl Iterator<Item = (u32, EventScript)> {
        let mut at = 0;
        self.events.iter().take(EVENTS).map(move |&(gap, event)| {
            at += u32::from(gap);
            (at, event)
        })
    }
}

/// The host's transport over its song, and what core makes of it.
pub struct Song {
    sample_rate: f64,
    playing: bool,
    tempo: f64,
    beats: f64,
    watch: TransportWatch,
    resting_since: Option<SampleTime>,
}

impl Song {
    /// A song at rest.
    pub fn new(script: &Script) -> Self {
        let sample_rate = script.sample_rate();
        let watch = TransportWatch::new(sample_rate);
        Self { sample_rate, playing: false, tempo: 120.0, beats: 0.0, watch, resting_since: None }
    }

    /// The clock begins again at sample 0.
    pub fn reset(&mut self) {
        self.watch = TransportWatch::new(self.sample_rate);
        self.resting_since = None;
    }

    /// The transport of a block at `now`, and what the scheduler is told of it.
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
            // Within a block too, as the blocks fall.
            if was_before_the_end && self.beats >= LOOP.1 {
                self.beats = LOOP.0 + (self.beats - LOOP.1) % (LOOP.1 - LOOP.0);
            }
        }
        (transport, self.observe(now, block.samples(), &transport))
    }

    /// The transport that was observed, without its position where that is not believed.
    pub fn believed(&self, transport: &Transport) -> Transport {
        self.watch.believed(transport)
    }

    /// What the scheduler is told of a transport.
    pub fn observe(&mut self, now: SampleTime, samples: u32, transport: &Transport) -> Option<TransportChange> {
        let change = self.watch.observe(now, samples, transport);
        if transport.playing {
            self.resting_since = None;
        } else {
            let since = *self.resting_since.get_or_insert(now);
            match change {
                Some(TransportChange::Stopped { at }) => {
                    assert!((at - since) as f64 >= FLICKER * self.sample_rate, "a flicker counts as a stop");
                    assert!((now..now + u64::from(samples)).contains(&at), "a stop in another block");
                }
                change => assert_eq!(change, None, "at rest"),
            }
        }
        change
    }
}

/// The blocks of a host that plays for one more and then stops for good: what sounds after them never ends.
pub fn closing_blocks(sample_rate: f64, latency: u32) -> impl Iterator<Item = (u32, Transport)> {
    let block = u32::from(LONGEST_BLOCK);
    let rest = latency + (FLICKER * sample_rate) as u32 + 4 * block;
    let stopped = Transport::default();
    let playing = Transport { playing: true, ..stopped };
    std::iter::once((block, playing)).chain((0..=rest / block).map(move |_| (block, stopped)))
}
