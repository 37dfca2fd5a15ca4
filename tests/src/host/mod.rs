//! The [`Host`] trait: what a DAW does with one plugin instance, independent of the plugin format.
#![forbid(unsafe_code)]

mod block;
mod playback;
mod transport;

pub(crate) use block::assert_velocity;
pub use block::{Block, BlockInput, BlockOutput, ParameterId, RawNote};
pub use transport::{HostTransport, ReportedPosition};

use tonenet_core::midi::MidiMessage;

use crate::audio::AudioBuses;
use crate::session::{Session, SessionOutput};
use crate::{HostError, Report, report};

/// Restarts granted before a session plays. A plugin that asks for more would ask forever.
const MAX_RESTARTS: u32 = 4;
/// Blocks with a stopped transport before a session plays. The plugin learns the tempo from them.
const PRE_ROLL_BLOCKS: usize = 8;

/// How a plugin is activated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ActivationConfig {
    /// Samples per second.
    pub sample_rate: f64,
    /// The longest block that is announced, in samples.
    pub max_block_size: u32,
    /// Whether the host announces an offline render.
    pub offline: bool,
}

/// One plugin instance in a host.
pub trait Host {
    /// Sets the audio buses that the plugin gets from the next block on.
    ///
    /// Where the format lets hosts negotiate buses, this happens at the next activation. The plugin's answer changes
    /// nothing.
    fn set_audio_buses(&mut self, audio: AudioBuses);

    /// Activates the plugin, starts processing, and returns the reported latency in samples.
    ///
    /// # Errors
    /// When the plugin refuses.
    fn activate(&mut self, config: &ActivationConfig) -> Result<u32, HostError>;

    /// Stops processing and deactivates the plugin. Does nothing where it is not active.
    fn deactivate(&mut self);

    /// Resets the plugin's processing state, as a host does when playback jumps.
    fn reset(&mut self);

    /// Whether the plugin asked for a restart since its activation. Clears the request.
    fn take_restart_request(&mut self) -> bool;

    /// The id of a parameter by name.
    ///
    /// # Errors
    /// When there is no such parameter.
    fn parameter_id(&mut self, name: &str) -> Result<ParameterId, HostError>;

    /// Whether the format can carry a message to the plugin.
    fn supports(&self, message: &MidiMessage) -> bool;

    /// Processes a block and passes each output event to `on_output`.
    ///
    /// # Errors
    /// When the plugin fails, is not active, or writes anything but silence to its audio output.
    fn process(&mut self, block: &Block, on_output: &mut dyn FnMut(BlockOutput)) -> Result<(), HostError>;

    /// The plugin's state as a project stores it.
    ///
    /// # Errors
    /// When it cannot be saved.
    fn save_state(&mut self) -> Result<Vec<u8>, HostError>;

    /// Loads a state into the plugin.
    ///
    /// # Errors
    /// When the plugin refuses it.
    fn load_state(&mut self, state: &[u8]) -> Result<(), HostError>;

    /// The JSON within a state.
    fn json_of_state<'a>(&self, state: &'a [u8]) -> &'a [u8];

    /// A state that contains this JSON.
    fn state_from_json(&self, json: Vec<u8>) -> Vec<u8>;

    /// Makes the plugin add a [`report`](Self::report) to its state.
    ///
    /// # Errors
    /// When the state has no field for it.
    fn enable_report(&mut self) -> Result<(), HostError> {
        let state = self.save_state()?;
        let json = Report::enable_in(self.json_of_state(&state)).map_err(HostError::State)?;
        self.load_state(&self.state_from_json(json))
    }

    /// What the instance has done since it was loaded.
    ///
    /// # Errors
    /// When the report was not [enabled](Self::enable_report).
    fn report(&mut self) -> Result<Report, HostError> {
        let state = self.save_state()?;
        Report::from_state(self.json_of_state(&state)).map_err(HostError::State)
    }

    /// How many notes the plugin's Timeline memory holds.
    ///
    /// # Errors
    /// When the state has no Timeline memory.
    fn remembered_notes(&mut self) -> Result<usize, HostError> {
        let state = self.save_state()?;
        report::remembered_notes(self.json_of_state(&state)).map_err(HostError::State)
    }

    /// Activates the plugin with parameters set and the transport stopped, and grants the restarts it asks for.
    ///
    /// Returns the final latency and the number of restarts.
    ///
    /// # Errors
    /// When the plugin refuses to be activated or to process.
    fn activate_stopped(
        &mut self,
        config: &ActivationConfig,
        parameters: &[BlockInput],
        transport: &HostTransport,
    ) -> Result<(u32, u32), HostError> {
        let stopped = HostTransport { playing: false, ..*transport };
        let block = Block::new(config.max_block_size.min(512)).with_transport(&stopped);
        let mut restarts = 0;
        let latency = loop {
            let latency = self.activate(config)?;
            self.process(&block.with_inputs(parameters), &mut |_| {})?;
            for _ in 1..PRE_ROLL_BLOCKS {
                self.process(&block, &mut |_| {})?;
            }
            if !self.take_restart_request() || restarts == MAX_RESTARTS {
                break latency;
            }
            restarts += 1;
            self.deactivate();
        };
        self.reset();
        Ok((latency, restarts))
    }

    /// Plays a session from start to end and deactivates the plugin.
    ///
    /// `progress` receives the current and the last sample.
    ///
    /// # Errors
    /// When the plugin refuses to be activated or to process.
    fn play(&mut self, session: &Session, progress: impl FnMut(u64, u64)) -> Result<SessionOutput, HostError>
    where
        Self: Sized,
    {
        let output = self.play_and_stay_active(session, progress);
        self.deactivate();
        output
    }

    /// Plays a session like [`play`](Self::play), but leaves the plugin active.
    ///
    /// # Errors
    /// When the plugin refuses to be activated or to process.
    fn play_and_stay_active(
        &mut self,
        session: &Session,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<SessionOutput, HostError>
    where
        Self: Sized,
    {
        playback::play(self, session, &mut progress)
    }
}
