//! A randomised host and player session that accounts for every note.
//!
//! Everything but the memory measurements follows from a seed.
#![forbid(unsafe_code)]

mod feel;
mod footprint;
mod player;
mod transport;

use std::path::Path;

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;
use tonenet_core::midi::MidiMessage;

use crate::HostError;
use crate::audio::{AudioBus, AudioBuses};
use crate::clap::ClapHost;
use crate::event_tracker::{EventTracker, Findings, Tolerance};
use crate::host::{ActivationConfig, Block, BlockInput, Host, ParameterId};
use feel::RandomFeel;
use footprint::FootprintLog;
pub use footprint::{Footprint, Growth, WARM_UP_NOTES};
use player::Player;
use transport::{RandomTransport, TransportChange};

const SAMPLE_RATES: [f64; 4] = [44_100.0, 48_000.0, 88_200.0, 96_000.0];
/// The longest blocks that an activation may announce.
const MAX_BLOCK_SIZES: [u32; 6] = [32, 64, 256, 512, 1024, 4096];

/// How often each event happens, per minute of audio.
mod per_minute {
    pub const RESTARTS: f64 = 0.5;
    pub const AUDIO_CHANGES: f64 = 4.0;
    pub const RESETS: f64 = 1.0;
    pub const STATE_RELOADS: f64 = 1.0;
    pub const PARAMETER_CHANGES: f64 = 20.0;
    pub const FEEL_CHANGES: f64 = 4.0;
}

/// The longest time until the plugin detects a stop, in seconds.
const STOP_DETECTION: f64 = 0.051;
/// The longest time until the plugin stops trusting a wrong position, in seconds.
const DISTRUST_LIMIT: f64 = 0.5;
/// The share of note-offs that are sent as note-ons of velocity 0.
const OFFS_AS_NOTE_ONS: f64 = 0.3;

/// Notes between two rests, in which all notes must end.
const NOTES_BETWEEN_RESTS: u64 = 5_000;

/// A buffer size in bytes that holds every state of a soak.
const MAX_STATE_SIZE: usize = 4 << 20;

/// The parameters that change at random, each with its lowest and highest plain value.
const PARAMETERS: [(&str, f64, f64); 12] = [
    ("Style", 0.0, 2.0),
    ("Style B", 0.0, 2.0),
    ("Blend", 0.0, 1.0),
    ("Amount", 0.0, 1.0),
    ("Keep my accents", 0.0, 1.0),
    ("Level", 0.0, 80.0),
    ("Range", 0.0, 1.0),
    ("Floor", 0.0, 40.0),
    ("Ceiling", 80.0, 126.0),
    ("Take", 0.0, 1.0),
    ("Look-ahead", 0.0, 6.0),
    ("Timeline look-ahead", 0.0, 1.0),
];
/// The share of parameter changes that turn bypass on; the others turn it off.
const BYPASS_SHARE: f64 = 0.1;

/// The result of a soak.
#[derive(Debug, Clone, Default)]
pub struct SoakReport {
    /// The seed of the random generator.
    pub seed: u64,
    /// Blocks processed.
    pub blocks: u64,
    /// Seconds of audio.
    pub seconds: f64,
    /// Note-ons played.
    pub notes: u64,
    /// Note-ons that were due before the model's result was available, as the plugin counts them.
    pub late: u64,
    /// Note-ons that left with the model's velocity, as the plugin counts them.
    pub restyled: u64,
    /// How often the plugin was activated.
    pub activations: u64,
    /// How often the plugin was reset.
    pub resets: u64,
    /// How often the song jumped ahead.
    pub jumps: u64,
    /// How often the song stopped.
    pub stops: u64,
    /// How often the song jumped back, mostly to its loop's start.
    pub wraps: u64,
    /// How often the host changed how it splits blocks and reports its position.
    pub behaviour_changes: u64,
    /// How often the controls of the feel changed.
    pub feel_changes: u64,
    /// The memory in use at each rest; empty where the system does not report it.
    pub footprints: Vec<Footprint>,
    /// The growth of memory; `None` where the soak was too short.
    pub growth: Option<Growth>,
    /// Whether every note left once, on time, and ended.
    pub findings: Findings,
}

/// Plays through the plugin in `clap` while `keep_going` returns true; it receives the number of notes played.
///
/// # Errors
/// When the plugin cannot be hosted.
pub fn run(clap: &Path, seed: u64, mut keep_going: impl FnMut(u64) -> bool) -> Result<SoakReport, HostError> {
    let mut soak = Soak::new(clap, seed)?;
    let mut footprints = FootprintLog::default();
    while keep_going(soak.player.notes()) {
        soak.maybe_restart()?;
        soak.play_block()?;
        if soak.player.notes() >= soak.next_rest {
            soak.rest()?;
            soak.next_rest = soak.player.notes() + NOTES_BETWEEN_RESTS;
            footprints.record(soak.player.notes(), &mut soak.host, &mut soak.state)?;
        }
    }
    soak.rest()?;
    let plugin_report = soak.host.report()?;
    Ok(SoakReport {
        growth: footprints.growth(),
        footprints: footprints.into_footprints(),
        notes: soak.player.notes(),
        late: plugin_report.late,
        restyled: plugin_report.restyled,
        findings: soak.tracker.into_findings(),
        ..soak.report
    })
}

struct Soak {
    random: ChaCha8Rng,
    host: ClapHost,
    /// The last activation.
    config: ActivationConfig,
    /// The latency of the last activation; `None` before the first.
    latency: Option<u32>,
    /// Samples since the start.
    now: u64,
    transport: RandomTransport,
    player: Player,
    feel: RandomFeel,
    tracker: EventTracker,
    /// The number of notes after which the next rest follows.
    next_rest: u64,
    /// The project file. It is fully resident from the start, so that any growth of the process is the plugin's.
    state: Vec<u8>,
    report: SoakReport,
}

impl Soak {
    fn new(clap: &Path, seed: u64) -> Result<Self, HostError> {
        let mut host = ClapHost::load(clap)?;
        host.enable_report()?;
        let [sample_rate, ..] = SAMPLE_RATES;
        let [max_block_size, ..] = MAX_BLOCK_SIZES;
        Ok(Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            host,
            config: ActivationConfig { sample_rate, max_block_size, offline: false },
            latency: None,
            now: 0,
            transport: RandomTransport::default(),
            player: Player::default(),
            feel: RandomFeel::default(),
            tracker: EventTracker::default(),
            next_rest: NOTES_BETWEEN_RESTS,
            state: vec![1; MAX_STATE_SIZE],
            report: SoakReport { seed, ..SoakReport::default() },
        })
    }

    /// Whether an event with a rate per minute happens in a block of `samples`.
    fn happens(&mut self, per_minute: f64, samples: u32) -> bool {
        let minutes = f64::from(samples) / self.config.sample_rate / 60.0;
        self.random.random_bool((per_minute * minutes).min(1.0))
    }

    /// Activates the plugin at the start, mostly where it asks for a restart, and at random as for a new sound card.
    fn maybe_restart(&mut self) -> Result<(), HostError> {
        let requested = self.host.take_restart_request();
        let restarts = self.happens(per_minute::RESTARTS, self.config.max_block_size)
            || (requested && self.random.random_bool(0.9));
        if restarts || self.latency.is_none() {
            self.host.deactivate();
            self.config = ActivationConfig {
                sample_rate: *SAMPLE_RATES.choose(&mut self.random).expect("not empty"),
                max_block_size: *MAX_BLOCK_SIZES.choose(&mut self.random).expect("not empty"),
                offline: self.random.random_bool(0.5),
            };
            self.latency = Some(self.host.activate(&self.config)?);
            self.tracker.reset();
            self.player.reset();
            self.follow_feel();
            self.report.activations += 1;
        }
        Ok(())
    }

    /// Plays a block, with everything that happens at its start.
    fn play_block(&mut self) -> Result<(), HostError> {
        let longest = self.config.max_block_size;
        let samples = match self.random.random_range(0..200) {
            0 => 0,
            1..10 => 1,
            10..80 => self.random.random_range(1..=longest),
            _ => longest,
        };
        let samples = self.transport.limit_block(samples, self.config.sample_rate);
        if self.happens(per_minute::AUDIO_CHANGES, samples) {
            let [input, output] = [(); 2].map(|()| *AudioBus::ALL.choose(&mut self.random).expect("not empty"));
            self.host.set_audio_buses(AudioBuses { input, output });
        }
        if self.happens(per_minute::STATE_RELOADS, samples) {
            self.host.save_state_into(&mut self.state)?;
            self.host.load_state(&self.state)?;
        }
        if self.happens(per_minute::RESETS, samples) {
            self.host.reset();
            self.tracker.drop_pending();
            self.report.resets += 1;
        }
        self.advance_transport(samples);
        let parameters = self.parameter_changes(samples)?;
        self.player.play(self.now, samples, self.config.sample_rate, &mut self.random);
        self.process(samples, &parameters)
    }

    /// Advances the transport to a block and allows what the plugin may do in response.
    fn advance_transport(&mut self, samples: u32) {
        match self.transport.next_block(samples, self.config.sample_rate, &mut self.random) {
            Some(TransportChange::Ahead) => {
                self.tracker.allow_drops(self.now);
                self.allow_early_ends(0.0);
                self.player.maybe_lose_note_offs(&mut self.random);
                self.report.jumps += 1;
            }
            Some(TransportChange::Stopped) => {
                self.allow_early_ends(STOP_DETECTION);
                self.player.maybe_lose_note_offs(&mut self.random);
                self.report.stops += 1;
            }
            Some(TransportChange::Back(seconds)) => {
                self.allow_early_ends(seconds);
                self.player.maybe_lose_note_offs(&mut self.random);
                self.report.wraps += 1;
            }
            Some(TransportChange::Behaviour) => {
                self.tracker.allow_drops(self.now);
                self.allow_early_ends(DISTRUST_LIMIT);
                self.report.behaviour_changes += 1;
            }
            None if self.transport.has_stopped() => self.allow_early_ends(STOP_DETECTION),
            None if self.transport.runs_backwards() => self.allow_early_ends(0.0),
            None => {}
        }
    }

    /// How far events may move from now on.
    fn follow_feel(&mut self) {
        let tolerance = Tolerance::of_feel(self.config.sample_rate, self.latency.unwrap_or(0));
        self.tracker.set_tolerance(self.feel.moves().then_some(tolerance));
    }

    fn parameter_changes(&mut self, samples: u32) -> Result<Vec<(ParameterId, f64)>, HostError> {
        let mut changes = Vec::new();
        if samples > 0 && self.happens(per_minute::FEEL_CHANGES, samples) {
            for (name, value) in self.feel.change(&mut self.random) {
                changes.push((self.host.parameter_id(name)?, value));
            }
            self.follow_feel();
            self.report.feel_changes += 1;
        }
        let count = changes.len() + 4;
        while samples > 0 && self.happens(per_minute::PARAMETER_CHANGES, samples) && changes.len() < count {
            let (name, low, high) = *PARAMETERS.choose(&mut self.random).expect("not empty");
            let value = low + (high - low) * self.random.random::<f64>();
            changes.push((self.host.parameter_id(name)?, if high > 1.0 { value.round() } else { value }));
            let bypass = self.random.random_bool(BYPASS_SHARE);
            self.feel.set_bypass(bypass);
            changes.push((self.host.parameter_id("Bypass")?, f64::from(u8::from(bypass))));
        }
        Ok(changes)
    }

    /// Allows the plugin to end notes that come in up to some seconds from now.
    fn allow_early_ends(&mut self, seconds: f64) {
        let after = (seconds * self.config.sample_rate).ceil() as u64 + 1;
        self.tracker.allow_early_ends(self.now + after + u64::from(self.latency.unwrap_or(0)));
    }

    /// Stops the transport, releases all keys, and waits until every note must have ended.
    fn rest(&mut self) -> Result<(), HostError> {
        let Some(latency) = self.latency else { return Ok(()) };
        let ActivationConfig { sample_rate, max_block_size, .. } = self.config;
        self.allow_early_ends(f64::from(4 * max_block_size) / sample_rate + STOP_DETECTION);
        // The host returns to correct reports, which the plugin may take for a jump.
        self.tracker.allow_drops(self.now);
        // The plugin ends notes whose note-offs were lost once the transport has played and stopped.
        for _ in 0..4 {
            self.transport.play_on(max_block_size, sample_rate);
            self.process(max_block_size, &[])?;
        }
        self.transport.stop();
        self.player.release_all(self.now);
        let settling = Tolerance::of_feel(sample_rate, latency).settling();
        let end = self.now + u64::from(latency) + (0.2 * sample_rate) as u64 + 2 * u64::from(max_block_size) + settling;
        while self.now < end {
            self.process(max_block_size, &[])?;
        }
        self.tracker.expect_silence();
        Ok(())
    }

    fn process(&mut self, samples: u32, parameters: &[(ParameterId, f64)]) -> Result<(), HostError> {
        let Some(latency) = self.latency else { return Ok(()) };
        // A block without samples carries what is played at its start.
        let played = self.player.take_until(self.now + u64::from(samples.max(1)));
        let mut inputs: Vec<BlockInput> =
            parameters.iter().map(|&(id, value)| BlockInput::Parameter(0, id, value)).collect();
        for event in &played {
            let offset = (event.time - self.now) as u32;
            self.tracker.record_input(event.id, &event.message, event.time, latency.into());
            inputs.push(match (&event.message, event.id) {
                (&MidiMessage::Channel([status @ 0x80..=0x8F, key, _]), _)
                    if self.random.random_bool(OFFS_AS_NOTE_ONS) =>
                {
                    BlockInput::RawMidi(offset, [status | 0x10, key, 0])
                }
                (message, Some(id)) => BlockInput::Note(offset, message, id),
                (message, None) => BlockInput::Message(offset, message),
            });
        }
        if let Some(changes) = self.feel.next_block() {
            self.tracker.allow_styles_pedal(changes);
        }
        let (now, tracker) = (self.now, &mut self.tracker);
        let transport = self.transport.reported();
        let block = Block::new(samples).with_transport(&transport).with_inputs(&inputs);
        self.host.process(&block, &mut |out| tracker.record_output(now + u64::from(out.offset), &out))?;
        self.now += u64::from(samples);
        self.tracker.advance_to(self.now);
        self.report.blocks += 1;
        self.report.seconds += f64::from(samples) / self.config.sample_rate;
        Ok(())
    }
}
