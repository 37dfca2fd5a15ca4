//! A host and a player that do anything at any time, for as long as one likes: whether every note leaves once, when it
//! should, and ends.
//!
//! `player` is what is played, `transport` where the song is, [`crate::ledger`] what has come out of it, `footprint` what
//! the process has in use meanwhile. All of it but the last follows from a seed.

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
use crate::event_tracker::{Findings, Ledger};
use crate::host::{Host, Input, ParameterId, Setup};
use footprint::Footprints;
pub use footprint::{Footprint, WARM_UP_NOTES};
use player::Player;
use transport::{Jump, RandomTransport};

/// What a host runs at.
const SAMPLE_RATES: [f64; 4] = [44_100.0, 48_000.0, 88_200.0, 96_000.0];
/// What hosts run blocks of; a session has one of these as its longest.
const LONGEST_BLOCKS: [u32; 6] = [32, 64, 256, 512, 1024, 4096];

/// How often each thing happens, in times a minute of audio.
const RESTARTS: f64 = 0.5;
const AUDIO: f64 = 4.0;
const RESETS: f64 = 1.0;
const STATES: f64 = 1.0;
const PARAMETERS: f64 = 20.0;

/// The plugin knows that the transport has stopped after so many seconds.
const STOP_SHOWS: f64 = 0.051;
/// Positions that mean nothing are not believed after so many seconds.
const HABITS_SHOW: f64 = 0.5;
/// How many note-offs come as note-ons of velocity 0, as MIDI has them.
const OFFS_AS_ONS: f64 = 0.3;

/// A rest in which everything must have ended comes after so many notes.
const NOTES_BETWEEN_RESTS: u64 = 5_000;

/// Bytes of a project's file that it has room for: longer ones than a soak makes.
const LONGEST_STATE: usize = 4 << 20;

/// Parameters that change at random, each with its lowest and highest plain value.
const KNOBS: [(&str, f64, f64); 11] = [
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
];
/// How often bypass is switched on where a parameter changes.
const BYPASSED: f64 = 0.1;

/// What a soak found.
#[derive(Debug, Clone, Default)]
pub struct SoakReport {
    /// Seed it followed from.
    pub seed: u64,
    /// Blocks processed.
    pub blocks: u64,
    /// Seconds of audio.
    pub seconds: f64,
    /// Note-ons played.
    pub notes: u64,
    /// Note-ons that were due before the model had answered, by the plugin's own count.
    pub late: u64,
    /// Note-ons that left with the model's velocity, by the plugin's own count.
    pub restyled: u64,
    /// How often the plugin was activated.
    pub activations: u64,
    /// How often it was reset.
    pub resets: u64,
    /// How often the song jumped.
    pub jumps: u64,
    /// How often it stopped.
    pub stops: u64,
    /// How often it went back, most often to the start of its loop.
    pub wraps: u64,
    /// How often the host took up other habits: where it cuts its blocks, and what it tells of the song.
    pub habits: u64,
    /// What the process had in use at each rest; nothing where the system does not tell.
    pub footprints: Vec<Footprint>,
    /// By how much it has grown since its warm-up, in bytes; `None` where the soak was too short.
    pub growth: Option<i64>,
    /// Whether everything left, in time, and ended.
    pub findings: Findings,
}

/// Plays through the plugin in `clap` for as long as `goes_on` says, which is told how many notes were played.
///
/// # Errors
/// When the plugin cannot be hosted.
pub fn run(clap: &Path, seed: u64, mut goes_on: impl FnMut(u64) -> bool) -> Result<SoakReport, HostError> {
    let mut soak = Soak::new(clap, seed)?;
    let mut footprints = Footprints::default();
    while goes_on(soak.player.notes()) {
        soak.restart_if_wanted()?;
        soak.block()?;
        if soak.player.notes() >= soak.next_rest {
            soak.rest()?;
            soak.next_rest = soak.player.notes() + NOTES_BETWEEN_RESTS;
            footprints.look(soak.player.notes(), &mut soak.host, &mut soak.state)?;
        }
    }
    soak.rest()?;
    let told = soak.host.report()?;
    let mut report = soak.report;
    report.growth = footprints.growth();
    report.footprints = footprints.into_all();
    report.notes = soak.player.notes();
    (report.late, report.restyled) = (told.late, told.restyled);
    report.findings = soak.ledger.findings();
    Ok(report)
}

struct Soak {
    random: ChaCha8Rng,
    host: ClapHost,
    /// Reported at the last activation; `None` before the first.
    latency: Option<u32>,
    sample_rate: f64,
    longest: u32,
    /// Samples since the start.
    now: u64,
    transport: RandomTransport,
    player: Player,
    ledger: Ledger,
    next_rest: u64,
    /// The project's file. It is in memory as a whole from the start on, so that what the process grows by is the plugin's.
    state: Vec<u8>,
    report: SoakReport,
}

impl Soak {
    fn new(clap: &Path, seed: u64) -> Result<Self, HostError> {
        let mut host = ClapHost::load(clap)?;
        host.ask_for_report()?;
        Ok(Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            host,
            latency: None,
            sample_rate: SAMPLE_RATES[0],
            longest: LONGEST_BLOCKS[0],
            now: 0,
            transport: RandomTransport::default(),
            player: Player::default(),
            ledger: Ledger::default(),
            next_rest: NOTES_BETWEEN_RESTS,
            state: vec![1; LONGEST_STATE],
            report: SoakReport { seed, ..SoakReport::default() },
        })
    }

    /// Whether something happens in this block that happens so many times a minute.
    fn happens(&mut self, a_minute: f64, samples: u32) -> bool {
        let minutes = f64::from(samples) / self.sample_rate / 60.0;
        self.random.random_bool((a_minute * minutes).min(1.0))
    }

    /// Activates the plugin where it is not, or anew where it asks for that or the user changes the sound card.
    fn restart_if_wanted(&mut self) -> Result<(), HostError> {
        let asked = self.host.wants_restart();
        let wanted = self.happens(RESTARTS, self.longest) || (asked && self.random.random_bool(0.9));
        if wanted || self.latency.is_none() {
            self.host.deactivate();
            self.sample_rate = *SAMPLE_RATES.choose(&mut self.random).expect("some rates");
            self.longest = *LONGEST_BLOCKS.choose(&mut self.random).expect("some blocks");
            let offline = self.random.random_bool(0.5);
            let setup = Setup { sample_rate: self.sample_rate, longest_block: self.longest, offline };
            self.latency = Some(self.host.activate(&setup)?);
            self.ledger.forget();
            self.player.forget();
            self.report.activations += 1;
        }
        Ok(())
    }

    /// Everything that happens in a block, and the block.
    fn block(&mut self) -> Result<(), HostError> {
        let samples = match self.random.random_range(0..200) {
            0 => 0,
            1..10 => 1,
            10..80 => self.random.random_range(1..=self.longest),
            _ => self.longest,
        };
        let samples = self.transport.cut(samples, self.sample_rate);
        if self.happens(AUDIO, samples) {
            let [input, output] = [(); 2].map(|()| *AudioBus::ALL.choose(&mut self.random).expect("some buses"));
            self.host.lend_audio(AudioBuses { input, output });
        }
        if self.happens(STATES, samples) {
            self.host.save_state_into(&mut self.state)?;
            self.host.load_state(&self.state)?;
        }
        if self.happens(RESETS, samples) {
            self.host.reset();
            self.ledger.everything_was_dropped();
            self.report.resets += 1;
        }
        match self.transport.next_block(samples, self.sample_rate, &mut self.random) {
            Some(Jump::Ahead) => {
                self.ledger.may_drop_notes_under_way(self.now);
                self.notes_may_end(0.0);
                self.player.lose_offs(&mut self.random);
                self.report.jumps += 1;
            }
            Some(Jump::Stopped) => {
                self.notes_may_end(STOP_SHOWS);
                self.player.lose_offs(&mut self.random);
                self.report.stops += 1;
            }
            Some(Jump::Back(seconds)) => {
                self.notes_may_end(seconds);
                self.player.lose_offs(&mut self.random);
                self.report.wraps += 1;
            }
            Some(Jump::Habits) => {
                self.ledger.may_drop_notes_under_way(self.now);
                self.notes_may_end(HABITS_SHOW);
                self.report.habits += 1;
            }
            None if self.transport.has_stopped() => self.notes_may_end(STOP_SHOWS),
            None if self.transport.goes_backwards() => self.notes_may_end(0.0),
            None => {}
        }
        let mut knobs = Vec::new();
        while samples > 0 && self.happens(PARAMETERS, samples) && knobs.len() < 4 {
            let (name, low, high) = *KNOBS.choose(&mut self.random).expect("some knobs");
            let value = low + (high - low) * self.random.random::<f64>();
            knobs.push((self.host.parameter_id(name)?, if high > 1.0 { value.round() } else { value }));
            let bypassed = f64::from(u8::from(self.random.random_bool(BYPASSED)));
            knobs.push((self.host.parameter_id("Bypass")?, bypassed));
        }
        self.player.play(self.now, samples, self.sample_rate, &mut self.random);
        self.process(samples, &knobs)
    }

    /// The plugin may end what came in until so many seconds from here on.
    fn notes_may_end(&mut self, seconds: f64) {
        let after = (seconds * self.sample_rate).ceil() as u64 + 1;
        self.ledger.may_end_what_began_before(self.now + after + u64::from(self.latency.unwrap_or(0)));
    }

    /// Stops the transport, takes the hands off the keys, and waits until all must have ended.
    fn rest(&mut self) -> Result<(), HostError> {
        let Some(latency) = self.latency else { return Ok(()) };
        self.notes_may_end(f64::from(4 * self.longest) / self.sample_rate + STOP_SHOWS);
        // The host takes up good habits.
        self.ledger.may_drop_notes_under_way(self.now);
        // What the host forgot to end, the plugin ends when the transport has played and stopped.
        for _ in 0..4 {
            self.transport.play_on(self.longest, self.sample_rate);
            self.process(self.longest, &[])?;
        }
        self.transport.stop();
        self.player.release_all(self.now);
        let end = self.now + u64::from(latency) + (0.2 * self.sample_rate) as u64 + 2 * u64::from(self.longest);
        while self.now < end {
            self.process(self.longest, &[])?;
        }
        self.ledger.all_must_have_ended();
        Ok(())
    }

    fn process(&mut self, samples: u32, knobs: &[(ParameterId, f64)]) -> Result<(), HostError> {
        let Some(latency) = self.latency else { return Ok(()) };
        // What is played in a block without samples comes at its place all the same.
        let played = self.player.take_until(self.now + u64::from(samples.max(1)));
        let mut inputs: Vec<Input> = knobs.iter().map(|&(id, value)| Input::Parameter(0, id, value)).collect();
        for event in &played {
            let sample = (event.time - self.now) as u32;
            self.ledger.came_in(event.id, &event.message, event.time, latency.into());
            inputs.push(match (&event.message, event.id) {
                (&MidiMessage::Channel([status @ 0x80..=0x8F, key, _]), _) if self.random.random_bool(OFFS_AS_ONS) => {
                    Input::Bytes(sample, [status | 0x10, key, 0])
                }
                (message, Some(id)) => Input::Note(sample, message, id),
                (message, None) => Input::Message(sample, message),
            });
        }
        let (now, ledger) = (self.now, &mut self.ledger);
        let transport = self.transport.now();
        self.host.block(Some(&transport), samples, &inputs, &mut |out| {
            ledger.came_out(now + u64::from(out.sample), &out);
        })?;
        self.now += u64::from(samples);
        self.ledger.time_is(self.now);
        self.report.blocks += 1;
        self.report.seconds += f64::from(samples) / self.sample_rate;
        Ok(())
    }
}
