//! The plugin's real window, open in Ardour's own interface on a virtual screen while the piece plays.
//!
//! Ardour opens the window by itself, because the session says that it was open when it was saved.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::ardour::Ardour;
use super::session::Folder;
use super::{BLOCK, SAMPLE_RATE};
use crate::setup::{self, Screen};
use crate::workspace;

/// Debian's packages that show windows, press keys and take pictures.
const PACKAGES: [&str; 3] = ["openbox", "xdotool", "imagemagick"];
/// Time limit for Ardour to start and to draw.
const STARTING: Duration = Duration::from_secs(180);
/// How long the piece plays before the picture is taken.
const PLAYING: Duration = Duration::from_secs(12);
/// Interval between two looks at the screen.
const LOOK: Duration = Duration::from_millis(250);
/// The window's title, and that of Ardour's own.
const WINDOW: &str = "^ToneNet$";
const ARDOUR: &str = "^session - Ardour$";
/// Fewer colours than a window with text has.
const COLOURS: u32 = 50;

/// Opens the session in Ardour's interface, plays it, and takes a picture of the plugin's window.
///
/// # Errors
/// When a program is missing, or the window does not open, draw, or change while the piece plays.
pub fn check(ardour: &Ardour, home: &Path, folder: &Folder) -> Result<PathBuf> {
    setup::require_packages(&PACKAGES)?;
    configure(home)?;
    folder.open_window()?;
    let pictures = workspace::root().join("target/daw-test");
    fs::create_dir_all(&pictures)?;
    let screen = Screen::open()?;
    let display = Display(screen.display().to_owned());
    let _manager = Program(display.command("openbox").stderr(Stdio::null()).spawn().context("cannot run openbox")?);
    let mut program = Program(ardour.start(&folder.file(), display.0.as_str())?);

    let window = wait_for("Ardour to open the plugin's window", STARTING, || {
        ensure!(program.0.try_wait()?.is_none(), "Ardour ended; see its log");
        if display.find(ARDOUR).is_none() {
            // It asks whether another audio device is meant.
            display.run("xdotool", &["key", "Return"])?;
        }
        Ok(display.find(WINDOW))
    })?;
    let file = pictures.join("window.png");
    wait_for("the plugin's window to be drawn", STARTING, || {
        Ok((display.picture(&window, &file)? > COLOURS).then_some(()))
    })?;
    let still = fs::read(&file)?;
    display.press(ARDOUR, "space")?;
    let played = Instant::now();
    wait_for("the plugin's window to show the playing", STARTING, || {
        display.picture(&window, &file)?;
        Ok((fs::read(&file)? != still && played.elapsed() >= PLAYING).then_some(()))
    })?;
    display.picture("root", &pictures.join("screen.png"))?;
    ensure!(program.0.try_wait()?.is_none(), "Ardour ended while it played; see its log");
    // The space bar is the host's, also after a click into the plugin's window.
    display.run("xdotool", &["mousemove", "--window", &window, "300", "662", "click", "1", "key", "space"])?;
    let stopped = pictures.join("stopped.png");
    wait_for("the space bar in the plugin's window to stop Ardour", STARTING, || {
        let before = fs::read(&stopped).ok();
        display.picture(&window, &stopped)?;
        Ok((before == Some(fs::read(&stopped)?)).then_some(()))
    })?;
    Ok(file)
}

/// Has Ardour start without questions, on the audio engine without hardware.
fn configure(home: &Path) -> Result<()> {
    let folder = home.join(".config/ardour7");
    fs::create_dir_all(&folder)?;
    // Without it, Ardour believes that it runs for the first time.
    fs::write(folder.join(".a7"), "")?;
    let config = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Ardour>
  <Config>
    <Option name="hide-dummy-backend" value="0"/>
    <Option name="try-autostart-engine" value="1"/>
  </Config>
  <Extra><AudioMIDISetup><EngineStates>
    <State backend="None (Dummy)" driver="Normal Speed" device="Silence" input-device="" output-device="" sample-rate="{SAMPLE_RATE}" buffer-size="{BLOCK}" n-periods="0" input-latency="0" output-latency="0" lm-input="" lm-output="" active="1" use-buffered-io="0" midi-option="1 in, 1 out, Silence" lru="1"><MIDIDevices/></State>
  </EngineStates></AudioMIDISetup></Extra>
</Ardour>
"#
    );
    fs::write(folder.join("config"), config)?;
    Ok(())
}

/// A program that is ended with the check.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The screen that all programs share, as `DISPLAY` names it.
struct Display(String);

impl Display {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env("DISPLAY", &self.0).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    /// Runs a program and returns what it prints. One that finds nothing ends with an error, which is no failure here.
    fn run(&self, program: &str, arguments: &[&str]) -> Result<String> {
        let output = self.command(program).args(arguments).stderr(Stdio::null()).output();
        let output = output.with_context(|| format!("cannot run {program}"))?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// The window with a title.
    fn find(&self, title: &str) -> Option<String> {
        let found = self.run("xdotool", &["search", "--onlyvisible", "--name", title]).ok()?;
        found.lines().next().map(str::to_owned)
    }

    /// Presses a key in a window.
    fn press(&self, title: &str, key: &str) -> Result<()> {
        self.run("xdotool", &["search", "--name", title, "windowactivate", "--sync", "key", key]).map(drop)
    }

    /// Takes a picture of a window; returns how many colours it has.
    fn picture(&self, window: &str, file: &Path) -> Result<u32> {
        let file = file.display().to_string();
        self.run("import", &["-window", window, "-strip", &file])?;
        let colours = self.run("identify", &["-format", "%k", &file])?;
        Ok(colours.trim().parse().unwrap_or(0))
    }
}

/// Looks until something is there.
fn wait_for<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        ensure!(started.elapsed() < limit, "waited {limit:?} in vain for {what}");
        std::thread::sleep(LOOK);
    }
}
