//! Where notes come from and go to: JACK, the system's MIDI ports, or nowhere.
//!
//! A back end drives the [`Processor`]: JACK by its own clock, the others by the system's. None of them needs an audio device,
//! because ToneNet's audio is silence.

mod clock;
mod jack;
mod names;
mod system;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use thiserror::Error;

use crate::host::Processor;

/// The name of the program among others.
const CLIENT: &str = "ToneNet";

/// A kind of ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// JACK if its server runs, else the system's ports
    Auto,
    /// Ports of the JACK server
    Jack,
    /// ALSA on Linux, CoreMIDI on macOS, WinMM on Windows
    System,
    /// No ports: the window alone
    None,
}

/// Which ports the user wants.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// A part of the name of the port that notes come from.
    pub input: Option<String>,
    /// A part of the name of the port that notes go to.
    pub output: Option<String>,
    /// Whether ports of our own are to be opened, which others connect to.
    pub is_virtual: bool,
}

impl Wanted {
    /// Whether the user named a port, or wants ports of our own.
    pub fn is_named(&self) -> bool {
        self.input.is_some() || self.output.is_some() || self.is_virtual
    }
}

/// Why there are no ports.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum PortError {
    /// No server runs.
    #[error("No JACK server runs. Start one, such as \"jackd -d alsa\" or PipeWire's, or use --ports system.")]
    NoJack,
    /// JACK is not installed.
    #[error("JACK is not installed. Install it or PipeWire's, or use --ports system.")]
    NoJackLibrary,
    /// JACK refused something.
    #[error("JACK refused to {what} ({reason}). Restart its server and try again.")]
    Jack {
        /// What was asked for.
        what: &'static str,
        /// Its words.
        reason: String,
    },
    /// The system has no MIDI.
    #[error("The system offers no MIDI ports: {0}")]
    NoSystemMidi(&'static str),
    /// No port has this name.
    #[error("No {direction} port has \"{name}\" in its name. There are: {there}. --list-ports lists them.")]
    NoSuchPort {
        /// Input or output.
        direction: &'static str,
        /// What the user wrote.
        name: String,
        /// The names that there are.
        there: String,
    },
    /// A port could not be opened.
    #[error(
        "The port \"{name}\" cannot be opened ({reason}). Another program may use it: close that program, or choose another port."
    )]
    Refused {
        /// The port.
        name: String,
        /// The system's words.
        reason: String,
    },
    /// Windows has no virtual ports.
    #[error(
        "Windows has no virtual MIDI ports. Install a loopback driver, such as loopMIDI, and choose its port by name."
    )]
    NoVirtualPorts,
    /// The system gives no thread.
    #[error("The system gives no thread for MIDI ({0}). Close other programs.")]
    NoThread(String),
    /// None of the kinds works.
    #[error("No MIDI ports. {jack} {system}")]
    NeitherKind {
        /// Why there is no JACK.
        jack: Box<PortError>,
        /// Why there are no ports of the system.
        system: Box<PortError>,
    },
}

/// Ports that are found, before anything plays.
pub enum Backend {
    /// A client of the JACK server.
    Jack(jack::Client),
    /// The system's ports, or none.
    System(system::Ports),
}

/// What a back end reports while it runs.
#[derive(Debug, Default)]
pub struct Health {
    problem: Mutex<Option<String>>,
    /// What is odd, though everything runs.
    notice: Mutex<Option<String>>,
    /// Set where no lock may be taken.
    server_has_stopped: AtomicBool,
}

impl Health {
    /// What has gone wrong, if something has.
    pub fn problem(&self) -> Option<String> {
        let has_stopped = self.server_has_stopped.load(Ordering::Relaxed);
        let stopped = has_stopped.then(|| "The JACK server has stopped. Start it and ToneNet again.".to_owned());
        stopped.or_else(|| self.problem.lock().clone())
    }

    /// What is odd, though everything runs.
    pub fn notice(&self) -> Option<String> {
        self.notice.lock().clone()
    }

    /// Keeps the first problem.
    fn fail(&self, problem: impl FnOnce() -> String) {
        self.problem.lock().get_or_insert_with(problem);
    }
}

/// A back end that runs until it is dropped.
pub struct Running {
    /// Where notes come from and go to, in words.
    pub ports: String,
    /// Its health.
    pub health: Arc<Health>,
    _driver: Driver,
}

/// What drives the processor. Dropping it stops it.
enum Driver {
    Jack { _client: jack::Active },
    Clock { _clock: clock::Clock },
}

impl Backend {
    /// Finds the ports.
    ///
    /// # Errors
    /// [`PortError`], in words for the user.
    pub fn open(kind: Kind, wanted: &Wanted) -> Result<Self, PortError> {
        match kind {
            Kind::Jack => jack::Client::open(wanted).map(Self::Jack),
            Kind::System => system::Ports::open(wanted).map(Self::System),
            Kind::None => Ok(Self::none()),
            Kind::Auto => match jack::Client::open(wanted) {
                Ok(client) => Ok(Self::Jack(client)),
                // With a server but without the port, the name is to be mended.
                Err(error @ PortError::NoSuchPort { .. }) => Err(error),
                Err(jack) => system::Ports::open(wanted).map(Self::System).map_err(|system| match system {
                    PortError::NoSystemMidi(_) => {
                        PortError::NeitherKind { jack: Box::new(jack), system: Box::new(system) }
                    }
                    other => other,
                }),
            },
        }
    }

    /// No ports.
    pub fn none() -> Self {
        Self::System(system::Ports::none())
    }

    /// The sample rate in Hz.
    pub fn sample_rate(&self) -> f64 {
        match self {
            Self::Jack(client) => client.sample_rate(),
            Self::System(_) => clock::SAMPLE_RATE,
        }
    }

    /// The longest block in samples.
    pub fn longest_block(&self) -> u32 {
        match self {
            Self::Jack(client) => client.longest_block(),
            Self::System(_) => clock::BLOCK,
        }
    }

    /// Drives the processor until the result is dropped.
    ///
    /// # Errors
    /// [`PortError`], in words for the user.
    pub fn run(self, processor: Processor) -> Result<Running, PortError> {
        let health = Arc::<Health>::default();
        let (ports, driver) = match self {
            Self::Jack(client) => {
                let (ports, client) = client.run(processor, health.clone())?;
                (ports, Driver::Jack { _client: client })
            }
            Self::System(ports) => {
                let (ports, clock) = ports.run(processor, health.clone())?;
                (ports, Driver::Clock { _clock: clock })
            }
        };
        Ok(Running { ports, health, _driver: driver })
    }
}

/// The names of the ports of each kind, or why there are none.
pub fn list() -> Vec<(&'static str, Result<names::PortNames, PortError>)> {
    vec![("JACK", jack::list()), (system::NAME, system::list())]
}
