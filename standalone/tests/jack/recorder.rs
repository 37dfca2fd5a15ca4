//! Clients of the server: a synthesizer that records what it receives, and a keyboard.

use std::sync::Arc;

use jack::{AsyncClient, ClientOptions, Control, MidiIn, MidiOut, ProcessHandler, ProcessScope, RawMidi};
use parking_lot::Mutex;

use crate::server::Server;

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its sample since the recorder's start. Samples are counted block by block: the server's clock jumps where the machine is
    /// too busy for a block.
    pub time: u64,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Runs a closure in each block.
struct EachBlock<Work>(Work);

impl<Work: FnMut(&ProcessScope) + Send> ProcessHandler for EachBlock<Work> {
    fn process(&mut self, _: &jack::Client, scope: &ProcessScope) -> Control {
        (self.0)(scope);
        Control::Continue
    }
}

/// Whatever keeps a client active.
type Active = Box<dyn std::any::Any>;

fn client(name: &str) -> jack::Client {
    jack::Client::new(name, ClientOptions::NO_START_SERVER).expect("a client").0
}

/// A synthesizer with the port `in`.
pub struct Recorder {
    received: Arc<Mutex<Vec<Received>>>,
    _active: Active,
}

impl Recorder {
    /// Starts to record.
    pub fn start(_: &Server, name: &str) -> Self {
        let client = client(name);
        let port = client.register_port("in", MidiIn::default()).expect("a port");
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let kept = received.clone();
        let mut start = 0;
        let record = move |scope: &ProcessScope| {
            let messages = port.iter(scope);
            kept.lock().extend(
                messages
                    .map(|message| Received { time: start + u64::from(message.time), bytes: message.bytes.to_vec() }),
            );
            start += u64::from(scope.n_frames());
        };
        let active = client.activate_async((), EachBlock(record)).expect("it starts");
        Self { received, _active: Box::new(active) }
    }

    /// How many messages were received.
    pub fn count(&self) -> usize {
        self.received.lock().len()
    }

    /// All that was received, in order.
    pub fn stop(self) -> Vec<Received> {
        let received = std::mem::take(&mut *self.received.lock());
        assert!(received.is_sorted_by_key(|received| received.time), "a server keeps the order");
        received
    }
}

/// A keyboard with the port `out`.
pub struct Keyboard {
    to_play: Arc<Mutex<Vec<Vec<u8>>>>,
    client: AsyncClient<(), Player>,
}

/// What the keyboard plays in its blocks.
struct Player {
    port: jack::Port<MidiOut>,
    to_play: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl ProcessHandler for Player {
    fn process(&mut self, _: &jack::Client, scope: &ProcessScope) -> Control {
        let mut writer = self.port.writer(scope);
        for (time, bytes) in self.to_play.lock().drain(..).enumerate() {
            writer.write(&RawMidi { time: time as u32, bytes: &bytes }).expect("room");
        }
        Control::Continue
    }
}

impl Keyboard {
    /// Connects a keyboard that plays nothing yet.
    pub fn start(_: &Server, name: &str) -> Self {
        let client = client(name);
        let port = client.register_port("out", MidiOut::default()).expect("a port");
        let to_play = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let player = Player { port, to_play: to_play.clone() };
        Self { to_play, client: client.activate_async((), player).expect("it starts") }
    }

    /// Whether ToneNet listens, and its synthesizer is connected.
    pub fn is_connected(&self) -> bool {
        let client = self.client.as_client();
        ["ToneNet:in", "ToneNet:out"].iter().all(|name| {
            client.port_by_name(name).is_some_and(|port| port.connected_count().is_ok_and(|count| count > 0))
        })
    }

    /// Plays messages, one at each of the first samples of the next block.
    pub fn play(&self, messages: &[&[u8]]) {
        self.to_play.lock().extend(messages.iter().map(|message| message.to_vec()));
    }
}
