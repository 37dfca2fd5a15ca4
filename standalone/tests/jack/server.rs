//! A JACK server without a sound card.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use jack::ClientOptions;
use parking_lot::{Mutex, MutexGuard};
use tonenet_test_support::wait_until;

/// The JACK library knows one server for each process, by the environment. So the tests take turns.
static TURN: Mutex<()> = Mutex::new(());

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A server that runs until this is dropped.
pub struct Server {
    process: Child,
    name: String,
    _turn: MutexGuard<'static, ()>,
}

impl Server {
    /// Starts a server of 48,000 Hz with blocks of 256 samples.
    pub fn start() -> Self {
        let turn = TURN.lock();
        let name = format!("tonenet-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        // SAFETY: every test begins with this, so all others of them wait for their turn and read no environment. The threads of
        // JACK's clients have ended with their tests.
        unsafe { std::env::set_var("JACK_DEFAULT_SERVER", &name) };
        let process = Command::new("jackd")
            // Without real time, which needs a privilege; and in step with its clients, so that a busy machine leaves out no block.
            .args(["--no-realtime", "--sync", "--timeout", "10000", "--name", &name])
            .args(["-d", "dummy", "-r", "48000", "-p", "256"])
            .env("JACK_NO_AUDIO_RESERVATION", "1")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("jackd runs (Debian: apt-get install jackd2)");
        jack::set_logger(jack::LoggerType::None);
        wait_until("the start of jackd", || jack::Client::new("probe", ClientOptions::NO_START_SERVER).is_ok());
        Self { process, name, _turn: turn }
    }

    /// The value for `JACK_DEFAULT_SERVER`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Server {
    /// Ends the server. Clients that live on keep the turn, because they may read the environment.
    pub fn stop(&mut self) {
        if let Ok(None) = self.process.try_wait() {
            let id = self.process.id().to_string();
            // It removes its shared memory only if it may end by itself.
            let _ = Command::new("kill").args(["-TERM", &id]).status();
            let _ = self.process.wait();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}
