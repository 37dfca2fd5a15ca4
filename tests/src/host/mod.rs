//! What a host does with a plugin, in no format's terms: [`crate::clap::ClapHost`] and [`crate::vst3::Vst3Host`] do it.

use tonenet_core::midi::MidiMessage;

use crate::audio::AudioBuses;
use crate::session::{Automation, Output, Played, Session};
use crate::{HostError, Report, report};

/// Restarts granted before a session plays; a plugin that asks for more never has enough.
const RESTARTS: u32 = 4;
/// Blocks at rest before a session plays, in which the plugin sees the tempo.
const PRE_ROLL: usize = 8;

/// How a plugin is activated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setup {
    /// Samples a second.
    pub sample_rate: f64,
    /// No block is longer than so many samples.
    pub longest_block: u32,
    /// Whether the host says that it renders offline.
    pub offline: bool,
}

/// Which parameter; both formats have a 32-bit number for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ParameterId(pub u32);

/// Something that goes into a block.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A message at a sample of the block.
    Message(u32, &'a MidiMessage),
    /// A message about a note with an id, at a sample of the block.
    Note(u32, &'a MidiMessage, u32),
    /// A note in the format's own words, at a sample of the block, with numbers that MIDI need not have.
    Odd(u32, OddNote),
    /// A note of a channel and key that is cut off at a sample of the block; CLAP alone has that.
    Choke(u32, u8, u8),
    /// Three bytes as MIDI has them, at a sample of the block; VST3 carries none.
    Bytes(u32, [u8; 3]),
    /// A parameter's value from a sample of the block on, as in [`Session::parameters`].
    Parameter(u32, ParameterId, f64),
}

/// A note as the formats can tell it, and hosts should not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OddNote {
    /// Whether it begins.
    pub on: bool,
    /// Its channel; CLAP takes -1 for all.
    pub channel: i16,
    /// Its key; CLAP takes -1 for all.
    pub key: i16,
    /// How hard, from 0 to 1.
    pub velocity: f32,
}

impl Input<'_> {
    /// Its sample in the block.
    pub fn sample(&self) -> u32 {
        match *self {
            Self::Message(sample, _)
            | Self::Note(sample, ..)
            | Self::Odd(sample, _)
            | Self::Choke(sample, ..)
            | Self::Bytes(sample, _)
            | Self::Parameter(sample, ..) => sample,
        }
    }
}

/// Something that came out of a block.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockOutput {
    /// Its sample in the block.
    pub sample: u32,
    /// The message; a note-on's velocity is rounded to 1–127.
    pub message: MidiMessage,
    /// The note's id, where the format brings back the one that went in.
    pub id: Option<u32>,
}

/// What the host tells of its timeline at the start of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HostTransport {
    /// Whether it plays.
    pub playing: bool,
    /// Whether it records.
    pub recording: bool,
    /// Quarter notes from the start of the song.
    pub beats: f64,
    /// Whether the plugin is told of them; some hosts tell seconds alone.
    pub tells_beats: bool,
    /// The same in seconds.
    pub seconds: f64,
    /// Quarter notes a minute.
    pub tempo: f64,
    /// Start and end of the loop in quarter notes, while looping is on.
    pub loop_beats: Option<(f64, f64)>,
    /// Beats in a bar, and which part of a whole note a beat is.
    pub signature: (u16, u16),
}

impl Default for HostTransport {
    /// At the start of a song of 120 beats a minute, in four-four time, at rest.
    fn default() -> Self {
        Self {
            playing: false,
            recording: false,
            beats: 0.0,
            tells_beats: true,
            seconds: 0.0,
            tempo: 120.0,
            loop_beats: None,
            signature: (4, 4),
        }
    }
}

impl HostTransport {
    /// Where the bar at hand began, in quarter notes, and its number.
    pub(crate) fn bar(&self) -> (f64, f64) {
        let length = f64::from(self.signature.0) * 4.0 / f64::from(self.signature.1);
        let number = (self.beats / length).floor();
        (number * length, number)
    }
}

/// One instance of the plugin in a host.
pub trait Host {
    /// What of audio the plugin is lent from the next block on. Where the format lets hosts negotiate, this one does so
    /// when it next activates the plugin, and lends the same whatever comes of it.
    fn lend_audio(&mut self, audio: AudioBuses);

    /// Activates the plugin and starts processing; gives the latency that it reports, in samples.
    ///
    /// # Errors
    /// When the plugin refuses.
    fn activate(&mut self, setup: &Setup) -> Result<u32, HostError>;

    /// Stops processing and deactivates the plugin; nothing happens where it is not active.
    fn deactivate(&mut self);

    /// The host's reset: the plugin forgets what it was doing and goes on.
    fn reset(&mut self);

    /// Whether the plugin has asked for a restart since it was last activated or asked about.
    fn wants_restart(&mut self) -> bool;

    /// The id of a parameter that must be there.
    ///
    /// # Errors
    /// When it is not.
    fn parameter_id(&mut self, name: &str) -> Result<ParameterId, HostError>;

    /// Whether the format brings a message to the plugin at all.
    fn carries(&self, message: &MidiMessage) -> bool;

    /// Runs a block of `samples` with `inputs` in the order of their samples; `each` gets what comes out. Without a
    /// transport the plugin is told of none. A block may be longer than the plugin was told that it could be.
    ///
    /// # Errors
    /// When the plugin fails, is not active, or sounds: nothing but silence is to come out of it.
    fn block(
        &mut self,
        transport: Option<&HostTransport>,
        samples: u32,
        inputs: &[Input],
        each: &mut dyn FnMut(BlockOutput),
    ) -> Result<(), HostError>;

    /// The plugin's state as it saves it in a project.
    ///
    /// # Errors
    /// When it cannot be saved.
    fn save_state(&mut self) -> Result<Vec<u8>, HostError>;

    /// Gives the plugin a state.
    ///
    /// # Errors
    /// When the plugin refuses it.
    fn load_state(&mut self, state: &[u8]) -> Result<(), HostError>;

    /// A state's JSON.
    fn json<'a>(&self, state: &'a [u8]) -> &'a [u8];

    /// A state with this JSON.
    fn state(&self, json: Vec<u8>) -> Vec<u8>;

    /// Makes the plugin tell [`report`](Self::report) what it does.
    ///
    /// # Errors
    /// When its state takes no such wish.
    fn ask_for_report(&mut self) -> Result<(), HostError> {
        let state = self.save_state()?;
        let asking = Report::ask_in(self.json(&state)).map_err(HostError::Report)?;
        self.load_state(&self.state(asking))
    }

    /// What the plugin says that it has done since it was loaded.
    ///
    /// # Errors
    /// When it says nothing, as it does until it was [asked](Self::ask_for_report).
    fn report(&mut self) -> Result<Report, HostError> {
        let state = self.save_state()?;
        Report::of_state(self.json(&state)).map_err(HostError::Report)
    }

    /// How many notes the plugin remembers of its song.
    ///
    /// # Errors
    /// When its state has no word of them.
    fn remembered(&mut self) -> Result<usize, HostError> {
        let state = self.save_state()?;
        report::remembered(self.json(&state)).map_err(HostError::Report)
    }

    /// Activates the plugin with parameters set and the transport stopped at a place of the song, where it sees the
    /// tempo and may ask for restarts; gives its latency then, and how many restarts that took.
    ///
    /// # Errors
    /// When the plugin refuses to be activated or to process.
    fn activate_at_rest(
        &mut self,
        setup: &Setup,
        parameters: &[Input],
        place: &HostTransport,
    ) -> Result<(u32, u32), HostError> {
        let at_rest = HostTransport { playing: false, ..*place };
        let mut restarts = 0;
        let latency = loop {
            let latency = self.activate(setup)?;
            for i in 0..PRE_ROLL {
                let inputs = if i == 0 { parameters } else { &[] };
                self.block(Some(&at_rest), setup.longest_block.min(512), inputs, &mut |_| {})?;
            }
            if !self.wants_restart() || restarts == RESTARTS {
                break latency;
            }
            restarts += 1;
            self.deactivate();
        };
        self.reset();
        Ok((latency, restarts))
    }

    /// Plays a session from start to end, and deactivates the plugin.
    ///
    /// `progress` is told the sample that was reached and the last one.
    ///
    /// # Errors
    /// When the plugin refuses to be activated or to process.
    fn play(&mut self, session: &Session, progress: impl FnMut(u64, u64)) -> Result<Played, HostError>
    where
        Self: Sized,
    {
        let played = self.play_and_stay(session, progress);
        self.deactivate();
        played
    }

    /// Plays a session from start to end, after a stopped pre-roll in which restarts that the plugin asks for happen;
    /// it stays active.
    ///
    /// `progress` is told the sample that was reached and the last one.
    ///
    /// # Errors
    /// When the plugin refuses to be activated or to process.
    fn play_and_stay(&mut self, session: &Session, mut progress: impl FnMut(u64, u64)) -> Result<Played, HostError>
    where
        Self: Sized,
    {
        let set = |(name, value): &(String, f64)| Ok(Input::Parameter(0, self.parameter_id(name)?, *value));
        let parameters = session.parameters.iter().map(set).collect::<Result<Vec<_>, HostError>>()?;
        let set = |a: &Automation| Ok((a.time, self.parameter_id(&a.name)?, a.value));
        let automation = session.automation.iter().map(set).collect::<Result<Vec<_>, HostError>>()?;
        let longest_block = session.blocks.iter().copied().max().unwrap_or(512).max(64);
        let setup = Setup { sample_rate: session.sample_rate, longest_block, offline: session.offline };
        let (latency, restarts) = self.activate_at_rest(&setup, &parameters, &transport(session, 0))?;
        let end = session.end() + u64::from(latency) + 1;
        let (mut at, mut next, mut outputs) = (0u64, 0usize, Vec::new());
        for &size in session.blocks.iter().cycle() {
            if at >= end {
                break;
            }
            let from = next;
            while session.messages.get(next).is_some_and(|m| m.time < at + u64::from(size)) {
                next += 1;
            }
            let in_block = |time: &u64| (at..at + u64::from(size)).contains(time);
            let mut inputs: Vec<Input> = automation
                .iter()
                .filter(|(time, ..)| in_block(time))
                .map(|&(time, id, value)| Input::Parameter((time - at) as u32, id, value))
                .collect();
            inputs
                .extend(session.messages[from..next].iter().map(|m| Input::Message((m.time - at) as u32, &m.message)));
            // A parameter comes before the notes at its sample.
            inputs.sort_by_key(Input::sample);
            let mut take =
                |out: BlockOutput| outputs.push(Output { time: at + u64::from(out.sample), message: out.message });
            self.block(Some(&transport(session, at)), size, &inputs, &mut take)?;
            at += u64::from(size);
            progress(at.min(end), end);
        }
        Ok(Played { latency, restarts, outputs })
    }
}

/// A velocity that leaves must be one, whatever came in.
///
/// # Panics
/// When it is none.
pub(crate) fn assert_velocity(velocity: f64) {
    assert!((0.0..=1.0).contains(&velocity), "a velocity of {velocity} left the plugin");
}

fn transport(session: &Session, time: u64) -> HostTransport {
    let (beats, tempo) = session.transport(time);
    let seconds = time as f64 / session.sample_rate;
    HostTransport { playing: true, beats, seconds, tempo, ..HostTransport::default() }
}
