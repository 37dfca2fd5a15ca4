//! The system's MIDI ports, through midir: ALSA on Linux, CoreMIDI on macOS, WinMM on Windows.

use std::sync::Arc;
use std::time::Instant;

use midir::{Ignore, MidiIO, MidiInput, MidiInputConnection, MidiOutput, MidiOutputConnection, SendError};
use rtrb::{Consumer, Producer, RingBuffer};

use super::clock::{Arrived, Clock, LONGEST_MESSAGE};
use super::names::{PortNames, choose};
use super::{CLIENT, Health, PortError, Wanted};
use crate::host::Processor;

/// The name of the system's MIDI.
pub const NAME: &str = if cfg!(target_os = "macos") {
    "CoreMIDI"
} else if cfg!(windows) {
    "WinMM"
} else {
    "ALSA"
};

/// Why there is none, and the cure.
const NO_MIDI: &str = if cfg!(target_os = "linux") {
    "there is no ALSA sequencer (/dev/snd/seq). Load it with \"sudo modprobe snd-seq\", or start a JACK server."
} else {
    "its MIDI service does not respond. Restart the computer, or start a JACK server."
};

/// Messages that wait for the next block.
const ARRIVED: usize = 4_096;

/// Ports that are open.
pub struct Ports {
    input: Option<Input>,
    output: Option<Output>,
}

struct Input {
    name: String,
    arrived: Consumer<Arrived>,
    connection: MidiInputConnection<()>,
}

struct Output {
    name: String,
    connection: MidiOutputConnection,
}

impl Ports {
    /// No ports.
    pub fn none() -> Self {
        Self { input: None, output: None }
    }

    /// Opens the ports that the user wants, or the first devices; and virtual ports where there is none.
    ///
    /// # Errors
    /// [`PortError`], in words for the user.
    pub fn open(wanted: &Wanted) -> Result<Self, PortError> {
        Ok(Self { input: Input::open(wanted)?, output: Output::open(wanted)? })
    }

    /// Drives the processor with these ports. Also returns what they are, in words.
    ///
    /// # Errors
    /// [`PortError::NoThread`] if the system gives no thread.
    pub fn run(self, processor: Processor, health: Arc<Health>) -> Result<(String, Clock), PortError> {
        if self.input.is_none() && self.output.is_none() {
            return Ok(("No ports: nothing sounds".into(), Clock::start(processor, None, |_| true)?));
        }
        let name = |name: Option<&str>| name.unwrap_or("nowhere").to_owned();
        let from = name(self.input.as_ref().map(|input| input.name.as_str()));
        let to = name(self.output.as_ref().map(|output| output.name.as_str()));
        let (arrived, connection) = self.input.map(|input| (input.arrived, input.connection)).unzip();
        let mut output = self.output;
        let clock = Clock::start(processor, arrived, move |bytes| {
            // The connection lives as long as the thread.
            let _ = &connection;
            let Some(Output { name, connection }) = &mut output else { return true };
            let sent = connection.send(bytes);
            // A message that the system cannot send says nothing about the port.
            if let Err(error @ SendError::Other(_)) = sent {
                health.fail(|| format!("The port \"{name}\" is gone ({error}). Connect it and start ToneNet again."));
            }
            sent.is_ok()
        })?;
        Ok((format!("{NAME}: from {from} to {to}"), clock))
    }
}

/// A client's ports, and the name of each. A port that has gone meanwhile has none.
fn named_ports<Client: MidiIO>(client: &Client) -> (Vec<Client::Port>, Vec<String>) {
    let ports = client.ports();
    let names = ports.iter().map(|port| client.port_name(port).unwrap_or_default()).collect();
    (ports, names)
}

/// The ports that there are.
///
/// # Errors
/// [`PortError::NoSystemMidi`] if the system has no MIDI.
pub fn list() -> Result<PortNames, PortError> {
    let (input, output) = (input_client()?, output_client()?);
    Ok(PortNames { inputs: named_ports(&input).1, outputs: named_ports(&output).1 })
}

fn input_client() -> Result<MidiInput, PortError> {
    let mut client = MidiInput::new(CLIENT).map_err(|_| PortError::NoSystemMidi(NO_MIDI))?;
    client.ignore(Ignore::TimeAndActiveSense);
    Ok(client)
}

fn output_client() -> Result<MidiOutput, PortError> {
    MidiOutput::new(CLIENT).map_err(|_| PortError::NoSystemMidi(NO_MIDI))
}

/// Receives messages on the system's thread, which may not wait.
fn receiver(mut arrived: Producer<Arrived>) -> impl FnMut(u64, &[u8], &mut ()) + Send + 'static {
    move |_, message, ()| {
        if message.len() <= LONGEST_MESSAGE {
            let mut bytes = [0; LONGEST_MESSAGE];
            bytes[..message.len()].copy_from_slice(message);
            // A queue that is full means that nothing takes messages out any more.
            let _ = arrived.push(Arrived { at: Instant::now(), length: message.len() as u8, bytes });
        }
    }
}

impl Input {
    fn open(wanted: &Wanted) -> Result<Option<Self>, PortError> {
        let client = input_client()?;
        let (ports, names) = named_ports(&client);
        let chosen = if wanted.is_virtual { None } else { choose(&names, wanted.input.as_deref(), "input")? };
        let (arriving, arrived) = RingBuffer::new(ARRIVED);
        let (name, connection) = match chosen {
            Some(chosen) => {
                let connected = client.connect(&ports[chosen], "in", receiver(arriving), ());
                (names[chosen].clone(), connected.map_err(|error| refused(&names[chosen], &error))?)
            }
            None => match virtual_input(client, arriving)? {
                Some(connection) => (format!("the virtual port {CLIENT} in"), connection),
                None if wanted.is_virtual => return Err(PortError::NoVirtualPorts),
                None => return Ok(None),
            },
        };
        Ok(Some(Self { name, arrived, connection }))
    }
}

impl Output {
    fn open(wanted: &Wanted) -> Result<Option<Self>, PortError> {
        let client = output_client()?;
        let (ports, names) = named_ports(&client);
        let chosen = if wanted.is_virtual { None } else { choose(&names, wanted.output.as_deref(), "output")? };
        let (name, connection) = match chosen {
            Some(chosen) => {
                let connected = client.connect(&ports[chosen], "out");
                (names[chosen].clone(), connected.map_err(|error| refused(&names[chosen], &error))?)
            }
            None => match virtual_output(client)? {
                Some(connection) => (format!("the virtual port {CLIENT} out"), connection),
                None if wanted.is_virtual => return Err(PortError::NoVirtualPorts),
                None => return Ok(None),
            },
        };
        Ok(Some(Self { name, connection }))
    }
}

fn refused(name: &str, reason: &dyn std::fmt::Display) -> PortError {
    PortError::Refused { name: name.into(), reason: reason.to_string() }
}

#[cfg(unix)]
fn virtual_input(client: MidiInput, arriving: Producer<Arrived>) -> Result<Option<MidiInputConnection<()>>, PortError> {
    use midir::os::unix::VirtualInput;
    let opened = client.create_virtual("ToneNet in", receiver(arriving), ());
    opened.map(Some).map_err(|error| refused("ToneNet in", &error))
}

#[cfg(unix)]
fn virtual_output(client: MidiOutput) -> Result<Option<MidiOutputConnection>, PortError> {
    use midir::os::unix::VirtualOutput;
    client.create_virtual("ToneNet out").map(Some).map_err(|error| refused("ToneNet out", &error))
}

/// Windows has no virtual ports.
#[cfg(not(unix))]
fn virtual_input(_: MidiInput, _: Producer<Arrived>) -> Result<Option<MidiInputConnection<()>>, PortError> {
    Ok(None)
}

/// Windows has no virtual ports.
#[cfg(not(unix))]
fn virtual_output(_: MidiOutput) -> Result<Option<MidiOutputConnection>, PortError> {
    Ok(None)
}
