//! Carries out a script's steps.

use super::input::PendingInput;
use super::{RunError, Runner};
use crate::HostError;
use crate::host::ActivationConfig;
use crate::script::{Action, Step};

/// The time between two tempo changes of a ramp, in seconds.
const RAMP_INTERVAL: f64 = 0.01;
/// The longest stop that the plugin treats as a flicker, in seconds, with a margin.
const FLICKER_LIMIT: f64 = 0.051;
/// The longest time until the plugin stops trusting a wrong position, in seconds.
const DISTRUST_LIMIT: f64 = 0.1;

/// The parameters that may move notes.
const MOVING: [&str; 4] = ["Timing", "Swing", "Articulation", "Chord spread"];

/// Why an action failed.
enum ActionError {
    Host(HostError),
    /// The action is impossible at this point of the script.
    Impossible(&'static str),
}

impl From<HostError> for ActionError {
    fn from(error: HostError) -> Self {
        Self::Host(error)
    }
}

impl Runner<'_> {
    /// Carries out a step.
    pub(super) fn step(&mut self, step: &Step) -> Result<(), RunError> {
        if !continues_block(&step.action) {
            self.close_block()?;
        }
        self.begin_section(&step.text);
        self.act(&step.action).map_err(|error| match error {
            ActionError::Host(error) => RunError::Host(error),
            ActionError::Impossible(reason) => RunError::Step { step: step.text.clone(), reason },
        })
    }

    fn act(&mut self, action: &Action) -> Result<(), ActionError> {
        match action {
            Action::Activate(config) => self.activate(*config)?,
            Action::Deactivate => self.deactivate(),
            Action::Restart => self.restart()?,
            Action::Reset => {
                self.host.reset();
                self.tracker.drop_pending();
            }
            Action::Replace => {
                self.deactivate();
                self.host = (self.load)()?;
                self.input.clear();
            }
            Action::Blocks { sizes, unannounced } => self.block_sizes.set(sizes.clone(), *unannounced),
            Action::SplitBlocks(splits) => self.block_sizes.splits = *splits,
            Action::ReportPosition(position) => {
                self.allow_early_ends(DISTRUST_LIMIT);
                self.report.position = *position;
            }
            Action::ReportTempo(tempo) => self.report.tempo = *tempo,
            Action::ReportTransport(is_enabled) => {
                self.allow_early_ends(FLICKER_LIMIT);
                self.report.is_enabled = *is_enabled;
            }
            Action::Audio(audio) => self.host.set_audio_buses(*audio),
            Action::Set { name, value } => {
                let id = self.host.parameter_id(name)?;
                self.input.push(PendingInput::Parameter(id, *value));
                self.feel.moves |= MOVING.contains(&name.as_str());
                self.feel.plays_pedal |= name == "Pedal";
                self.follow_feel();
            }
            Action::Tempo(tempo) => self.song.set_tempo(*tempo),
            Action::Ramp { to, beats } => self.ramp(*to, *beats)?,
            Action::Signature(numerator, denominator) => self.song.transport.signature = (*numerator, *denominator),
            Action::Loop(range) => self.song.transport.loop_beats = *range,
            Action::Seek(beats) => {
                self.leave_track_notes();
                self.tracker.allow_drops(self.song.now);
                self.song.jump_to(*beats);
            }
            Action::Play => self.song.set_playing(true),
            Action::Stop => self.stop(),
            Action::Record(recording) => self.song.transport.recording = *recording,
            Action::SendNoteOffs(sends) => self.input.sends_note_offs = *sends,
            Action::Run(length) => self.run_for(self.song.samples_in(*length), false)?,
            Action::Flicker(length) => {
                let samples = self.song.samples_in(*length);
                if samples as f64 >= FLICKER_LIMIT * self.song.position().sample_rate() {
                    self.allow_early_ends(FLICKER_LIMIT);
                }
                self.run_for(samples, true)?;
            }
            Action::Press { channel, key, velocity } => self.input.press(*channel, *key, *velocity),
            Action::Release { channel, key } => {
                if !self.input.release(*channel, *key) {
                    return Err(ActionError::Impossible("the key is not pressed"));
                }
            }
            Action::Send(message) => self.input.push(PendingInput::Message(message.clone())),
            Action::Save(name) => {
                let state = self.host.save_state()?;
                self.saved.insert(name.clone(), state);
            }
            Action::Load(name) => match self.saved.get(name) {
                Some(state) => self.host.load_state(state)?,
                None => return Err(ActionError::Impossible("nothing was saved under this name")),
            },
        }
        Ok(())
    }

    fn activate(&mut self, config: ActivationConfig) -> Result<(), HostError> {
        self.deactivate();
        let latency = self.host.activate(&config)?;
        self.latency = Some(latency);
        self.block_sizes.set(vec![config.max_block_size], false);
        self.config = Some(config);
        self.follow_feel();
        self.song.set_sample_rate(config.sample_rate);
        self.transcript.sections.last_mut().expect("a step has begun").latency = Some(latency);
        Ok(())
    }

    fn deactivate(&mut self) {
        self.host.deactivate();
        self.latency = None;
        self.input.forget_held();
        self.tracker.reset();
    }

    fn restart(&mut self) -> Result<(), ActionError> {
        let Some(config) = self.config else { return Err(ActionError::Impossible("the plugin was never active")) };
        if !self.host.take_restart_request() {
            return Err(ActionError::Impossible("the plugin has not asked for a restart"));
        }
        Ok(self.activate(config)?)
    }

    /// Stops the transport.
    pub(super) fn stop(&mut self) {
        self.leave_track_notes();
        self.allow_early_ends(FLICKER_LIMIT);
        self.song.set_playing(false);
    }

    /// Ends the track's notes because the song leaves them.
    pub(super) fn leave_track_notes(&mut self) {
        self.allow_early_ends(0.0);
        self.input.leave_track_notes();
    }

    /// Allows the plugin to end notes that come in up to some seconds from now.
    fn allow_early_ends(&mut self, seconds: f64) {
        if let Some(latency) = self.latency {
            let after = (seconds * self.song.position().sample_rate()).ceil() as u64;
            self.tracker.allow_early_ends(self.song.now + after + u64::from(latency));
        }
    }

    fn ramp(&mut self, to: f64, beats: f64) -> Result<(), HostError> {
        let from = self.song.position().tempo();
        let interval = (RAMP_INTERVAL * self.song.position().sample_rate()).round() as u64;
        let mut done = 0.0;
        while done < beats {
            let tempo = from + (to - from) * done / beats;
            self.song.set_tempo(tempo);
            self.run_for(interval, false)?;
            done += tempo / 60.0 * RAMP_INTERVAL;
        }
        self.song.set_tempo(to);
        Ok(())
    }
}

/// Whether an action may happen within a block; all others happen between blocks.
fn continues_block(action: &Action) -> bool {
    matches!(
        action,
        Action::Run(_)
            | Action::Tempo(_)
            | Action::Ramp { .. }
            | Action::Set { .. }
            | Action::Press { .. }
            | Action::Release { .. }
            | Action::Send(_)
            | Action::SendNoteOffs(_)
    )
}
