//! Ports of the JACK server, whose clock drives the processor.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jack::{
    AsyncClient, ClientOptions, ClientStatus, Control, MidiIn, MidiOut, NotificationHandler, Port, PortFlags, PortId,
    ProcessHandler, ProcessScope, RawMidi,
};

use super::names::{PortNames, choose};
use super::{CLIENT, Health, PortError, Wanted};
use crate::host::Processor;

/// The type of MIDI ports.
const MIDI: &str = "8 bit raw midi";

/// Blocks may grow while ToneNet runs. The processor splits longer ones than this.
const SHORTEST_LIMIT: u32 = 64;

/// A client whose ports are registered, but not connected.
pub struct Client {
    client: jack::Client,
    input: Port<MidiIn>,
    output: Port<MidiOut>,
    from: Option<String>,
    to: Option<String>,
}

/// A client that runs. Dropping it stops the client and takes its ports away.
pub struct Active {
    _client: AsyncClient<Notifications, Driver>,
}

fn connect() -> Result<jack::Client, PortError> {
    // Its messages go to a logger, and the program has none. Setting another one panics where JACK is not installed.
    let opened = jack::Client::new(CLIENT, ClientOptions::NO_START_SERVER);
    opened.map(|(client, _)| client).map_err(|error| match error {
        jack::Error::LibraryError(_) => PortError::NoJackLibrary,
        _ => PortError::NoJack,
    })
}

/// The devices, then the ports of other programs.
fn ports(client: &jack::Client) -> PortNames {
    let named = |flags| {
        let mut ports = client.ports(None, Some(MIDI), flags | PortFlags::IS_PHYSICAL);
        for other in client.ports(None, Some(MIDI), flags) {
            if !ports.contains(&other) {
                ports.push(other);
            }
        }
        ports
    };
    PortNames { inputs: named(PortFlags::IS_OUTPUT), outputs: named(PortFlags::IS_INPUT) }
}

/// The ports that there are.
///
/// # Errors
/// [`PortError`] if there is no server.
pub fn list() -> Result<PortNames, PortError> {
    Ok(ports(&connect()?))
}

impl Client {
    /// Registers ports, and finds those that they are to be connected to.
    ///
    /// # Errors
    /// [`PortError`], in words for the user.
    pub fn open(wanted: &Wanted) -> Result<Self, PortError> {
        let client = connect()?;
        let there = ports(&client);
        let keyboards = client.ports(None, Some(MIDI), PortFlags::IS_OUTPUT | PortFlags::IS_PHYSICAL);
        let chosen = |ports: &[String], wanted: Option<&str>, direction| {
            choose(ports, wanted, direction).map(|chosen| chosen.map(|chosen| ports[chosen].clone()))
        };
        let (mut from, mut to) = (None, None);
        if !wanted.is_virtual {
            // What other programs send is for whom their user connects. A synthesizer may well be a program.
            let inputs = if wanted.input.is_some() { &there.inputs } else { &keyboards };
            from = chosen(inputs, wanted.input.as_deref(), "input")?;
            to = chosen(&there.outputs, wanted.output.as_deref(), "output")?;
        }
        let refused = |error: jack::Error| PortError::Jack { what: "register a port", reason: error.to_string() };
        let input = client.register_port("in", MidiIn::default()).map_err(refused)?;
        let output = client.register_port("out", MidiOut::default()).map_err(refused)?;
        Ok(Self { client, input, output, from, to })
    }

    /// The server's sample rate in Hz.
    pub fn sample_rate(&self) -> f64 {
        f64::from(self.client.sample_rate())
    }

    /// The server's block size.
    pub fn longest_block(&self) -> u32 {
        self.client.buffer_size().max(SHORTEST_LIMIT)
    }

    /// Drives the processor, and connects the ports. Also returns what they are, in words.
    ///
    /// # Errors
    /// [`PortError`], in words for the user.
    pub fn run(self, processor: Processor, health: Arc<Health>) -> Result<(String, Active), PortError> {
        let Self { client, input, output, from, to } = self;
        let name = client.name().to_owned();
        let (our_input, our_output) = (format!("{name}:in"), format!("{name}:out"));
        let driver = Driver { processor, input, output };
        let active = client
            .activate_async(Notifications(health), driver)
            .map_err(|error| PortError::Jack { what: "start", reason: error.to_string() })?;
        // JACK connects ports of active clients alone.
        for (source, destination) in [(from.as_ref(), Some(&our_input)), (Some(&our_output), to.as_ref())] {
            if let (Some(source), Some(destination)) = (source, destination) {
                let connected = active.as_client().connect_ports_by_name(source, destination);
                connected.map_err(|error| PortError::Jack { what: "connect a port", reason: error.to_string() })?;
            }
        }
        let from = from.unwrap_or_else(|| format!("{our_input} (nothing connected)"));
        let to = to.unwrap_or_else(|| format!("{our_output} (nothing connected)"));
        Ok((format!("JACK: from {from} to {to}"), Active { _client: active }))
    }
}

/// What the server calls in each block.
struct Driver {
    processor: Processor,
    input: Port<MidiIn>,
    output: Port<MidiOut>,
}

impl ProcessHandler for Driver {
    fn process(&mut self, _: &jack::Client, scope: &ProcessScope) -> Control {
        let Self { processor, input, output } = self;
        let frames = scope.n_frames();
        for message in input.iter(scope) {
            processor.receive(message.time.min(frames.saturating_sub(1)), message.bytes);
        }
        let mut writer = output.writer(scope);
        // A buffer that is full refuses the message.
        processor.process(frames, |frame, bytes| writer.write(&RawMidi { time: frame, bytes }).is_ok());
        Control::Continue
    }
}

/// What the server reports.
struct Notifications(Arc<Health>);

impl NotificationHandler for Notifications {
    unsafe fn shutdown(&mut self, _: ClientStatus, _: &str) {
        self.0.server_has_stopped.store(true, Ordering::Relaxed);
    }

    fn ports_connected(&mut self, client: &jack::Client, first: PortId, second: PortId, are_connected: bool) {
        let names = [first, second].map(|id| client.port_by_id(id).and_then(|port| port.name().ok()));
        let is_ours = |name: &String| name.starts_with(&format!("{}:", client.name()));
        if let Some(ours) = names.into_iter().flatten().find(is_ours) {
            let lost = format!("The connection of {ours} is gone. Connect it in JACK, or start ToneNet again.");
            *self.0.notice.lock() = (!are_connected).then_some(lost);
        }
    }
}
