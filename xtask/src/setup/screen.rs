//! An X server that draws into memory, for tests that open windows.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::require_packages;

/// Debian's packages of the server and of what the plugin's window loads.
const PACKAGES: [&str; 7] =
    ["xvfb", "libx11-6", "libx11-xcb1", "libxcb1", "libxkbcommon-x11-0", "libegl1", "libgl1-mesa-dri"];

/// A running server. It is ended when this is dropped.
pub struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    /// Starts a server, and installs it with apt where it is missing.
    ///
    /// # Errors
    /// When there is none and apt cannot install it, or it does not start.
    pub fn open() -> Result<Self> {
        let server = match start() {
            Ok(server) => server,
            Err(_) => {
                require_packages(&PACKAGES)?;
                start().context("cannot run Xvfb; install it (Debian: apt-get install xvfb)")?
            }
        };
        let mut screen = Self { server, display: String::new() };
        // Xvfb prints its screen number once it accepts connections, and nothing if it ends before that.
        let stdout = screen.server.stdout.take().context("Xvfb has an output")?;
        BufReader::new(stdout).read_line(&mut screen.display)?;
        screen.display = format!(":{}", screen.display.trim());
        ensure!(screen.display.len() > 1, "Xvfb does not start; run it by hand to see why: Xvfb :99");
        Ok(screen)
    }

    /// The value for `DISPLAY`.
    pub fn display(&self) -> &str {
        &self.display
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn start() -> std::io::Result<Child> {
    Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}
