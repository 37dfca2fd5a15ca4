//! A run of the program: opens the ports, starts the plugin and the player, shows the window, and ends every note.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use nice_plug::prelude::*;
use tonenet_engine::status::Status;
use tonenet_inference::song::Selection;
use tonenet_plugin::ToneNet;
use tonenet_plugin::player::{FilePlayer, PlayerAction};

use crate::args::Args;
use crate::backend::{Backend, Health, PortError, Running, Wanted};
use crate::host::{self, HostState, Keeper};
use crate::player::{self, PlayerHandle};
use crate::settings;
use crate::song::PlayableSong;

/// How often the threads that wait look again.
const LOOK: Duration = Duration::from_millis(5);

/// The longest that a file waits for the model.
const LONGEST_LOADING: Duration = Duration::from_secs(30);

/// How long the last notes may sound after the end of a file, besides the latency.
const LAST_NOTES: Duration = Duration::from_millis(300);

/// The longest that the end of every note takes.
const LONGEST_END: Duration = Duration::from_secs(2);

/// The exit status after Ctrl-C, as shells have it.
const INTERRUPTED: u8 = 130;

/// What the threads of a run share.
#[derive(Clone)]
struct Session {
    state: Arc<HostState>,
    status: Arc<Status>,
    player: PlayerHandle,
    health: Arc<Health>,
    interrupted: Arc<AtomicBool>,
    /// Set when the run ends, so that its threads end.
    is_over: Arc<AtomicBool>,
}

/// Runs the program.
///
/// # Errors
/// When there are no ports, the file cannot be read, or a setting is none. With a window, missing ports are shown there.
pub fn run(args: &Args) -> Result<ExitCode> {
    let (backend, no_ports) = ports(args)?;
    let sample_rate = backend.sample_rate();
    let selection = if args.all { Selection::All } else { Selection::Keyboards };
    let song = match &args.song {
        Some(path) => PlayableSong::read(path, &selection, sample_rate)?,
        None => PlayableSong::without_file(args.tempo, sample_rate),
    };
    let (player, handle) = player::pair(song, selection, sample_rate);
    let plugin = ToneNet::with_player(Arc::new(handle.clone()));
    let instance = plugin.instance().clone();
    // The latency of beats depends on the tempo.
    instance.params.remember_tempo(handle.song().first_tempo());
    let mut plugin = plugin;
    let editor = if args.no_window { None } else { plugin.editor(no_tasks()) };
    settings::apply(args, &instance.params, &host::gui_context(instance.params.clone(), Arc::default()))?;

    let (processor, keeper) = host::start(plugin, player, sample_rate, backend.longest_block(), ProcessMode::Realtime);
    let state = keeper.state().clone();
    let running = backend.run(processor)?;
    handle.set_ports(running.ports.clone());
    no_ports.into_iter().for_each(|problem| handle.set_problem(problem.to_string()));
    let session = Session {
        state: state.clone(),
        status: instance.status.clone(),
        player: handle.clone(),
        health: running.health.clone(),
        interrupted: Arc::default(),
        is_over: Arc::default(),
    };
    let interrupted = session.interrupted.clone();
    ctrlc::set_handler(move || interrupted.store(true, Ordering::Release)).context("Ctrl-C cannot be caught")?;
    let keeping = session.clone();
    let keeper = thread::Builder::new().name("tonenet keeper".into()).spawn(move || keeping.keep(keeper))?;

    let ended = match editor {
        Some(editor) => {
            let context = host::gui_context(instance.params.clone(), state);
            let starting = session.clone();
            let (plays, loops) = (args.song.is_some(), args.is_looping);
            let starter = thread::Builder::new().name("tonenet start".into()).spawn(move || {
                starting.start_song(plays, loops);
                starting.watch_with_window();
            })?;
            let shown = show(&editor, context);
            session.is_over.store(true, Ordering::Release);
            let _ = starter.join();
            shown.map(|()| ExitCode::SUCCESS)
        }
        None => {
            say(&session, &running);
            session.start_song(args.song.is_some(), args.is_looping);
            session.watch_without_window(args.song.is_some())
        }
    };
    session.end_notes();
    session.is_over.store(true, Ordering::Release);
    let _ = keeper.join();
    drop(running);
    ended
}

/// Ends the process while the window's thread draws.
///
/// `exit` would run the destructors of the graphics driver under that thread: about one run in twenty crashed.
fn end_beside_window(code: u8) -> ! {
    #[cfg(unix)]
    // SAFETY: it ends the process at once, and all notes have ended.
    unsafe {
        libc::_exit(code.into())
    }
    #[cfg(not(unix))]
    std::process::exit(code.into())
}

/// The ports that the user wants. With a window a missing port is shown there, unless the user named it.
fn ports(args: &Args) -> Result<(Backend, Option<PortError>)> {
    let wanted = Wanted { input: args.input.clone(), output: args.output.clone(), is_virtual: args.is_virtual };
    match Backend::open(args.ports, &wanted) {
        Ok(backend) => Ok((backend, None)),
        Err(error @ PortError::NeitherKind { .. }) if !args.no_window && !wanted.is_named() => {
            Ok((Backend::none(), Some(error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// The plugin has no background tasks.
fn no_tasks() -> AsyncExecutor<ToneNet> {
    AsyncExecutor::new(Arc::new(|()| {}), Arc::new(|()| {}))
}

/// Opens the window and waits until the user closes it.
fn show(editor: &<ToneNet as Plugin>::Editor, context: nice_plug::context::gui::GuiContext) -> Result<()> {
    use nice_plug::editor::EditorHandle;
    let cure = "On Linux it needs an X display; without one use --no-window";
    let spawned = editor.spawn(None, false, None, context, None);
    let spawned = spawned.map_err(|error| anyhow!("The window cannot be opened ({error}). {cure}."))?;
    // The handle must live as long as the window.
    let (window, _handle) = (spawned.window, spawned.handle);
    <<ToneNet as Plugin>::Editor as Editor>::Handle::run_until_closed(window)
        .map_err(|error| anyhow!("The window has failed ({error}). {cure}."))
}

/// Says what plays.
fn say(session: &Session, running: &Running) {
    let song = session.player.song();
    if let (Some(name), Some(end)) = (song.name(), song.end()) {
        let seconds = song.seconds(end).round() as u64;
        let parts = song.parts();
        println!(
            "{name}: {}:{:02}, {} restyled, {} untouched",
            seconds / 60,
            seconds % 60,
            count(parts.restyled, "part"),
            parts.untouched
        );
    }
    song.warnings().iter().for_each(|warning| eprintln!("warning: {warning}"));
    println!("{}", running.ports);
    println!("Ctrl-C ends it.");
    // A reader that has gone away ends the program elsewhere.
    let _ = io::stdout().flush();
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

impl Session {
    /// Restarts the plugin where it wants to be, and frees what the audio thread has done with.
    fn keep(&self, mut keeper: Keeper) {
        while !self.is_over.load(Ordering::Acquire) {
            keeper.restart_if_wanted(&self.player);
            self.player.free_spent();
            let notice = self.health.notice();
            if self.player.set_notice(notice.clone())
                && let Some(notice) = notice
            {
                eprintln!("tonenet-standalone: {notice}");
            }
            if let Some(problem) = self.problem()
                && self.player.problem().is_none()
            {
                self.player.set_problem(problem);
            }
            thread::sleep(LOOK);
        }
    }

    /// What has gone wrong, if something has.
    fn problem(&self) -> Option<String> {
        let failed = "ToneNet has stopped after an internal error. Start it again.";
        self.health.problem().or_else(|| self.state.has_failed().then(|| failed.to_owned()))
    }

    /// Plays the song once the model is there, so that its first notes are restyled, too.
    fn start_song(&self, plays: bool, loops: bool) {
        if !plays {
            return;
        }
        self.player.control(PlayerAction::Loop(loops));
        let started = Instant::now();
        self.wait_until(|| {
            let info = self.status.info();
            let is_ready = !info.model.is_empty() || info.error.is_some() || started.elapsed() > LONGEST_LOADING;
            is_ready || self.player.was_used()
        });
        self.player.begin();
    }

    /// Waits until a condition holds, or the run ends.
    fn wait_until(&self, holds: impl Fn() -> bool) {
        while !holds() && !self.is_over.load(Ordering::Acquire) && !self.interrupted.load(Ordering::Acquire) {
            thread::sleep(LOOK);
        }
    }

    /// Ends the program on Ctrl-C: the window's loop does not return by itself.
    fn watch_with_window(&self) {
        self.wait_until(|| false);
        if self.interrupted.load(Ordering::Acquire) && !self.is_over.load(Ordering::Acquire) {
            self.end_notes();
            end_beside_window(INTERRUPTED);
        }
    }

    /// Waits until the file has ended, the user interrupts, or the ports fail.
    fn watch_without_window(&self, has_song: bool) -> Result<ExitCode> {
        let state = self.player.state();
        self.wait_until(|| self.problem().is_some() || (has_song && state.ends.load(Ordering::Acquire) > 0));
        if let Some(problem) = self.problem() {
            bail!("{problem}");
        }
        if self.interrupted.load(Ordering::Acquire) {
            return Ok(INTERRUPTED.into());
        }
        let sample_rate = f64::from(self.status.sample_rate.load(Ordering::Relaxed).max(1));
        let latency = Duration::from_secs_f64(f64::from(self.state.latency()) / sample_rate);
        let ended = Instant::now();
        // The last notes leave one latency later. Those that then sound have been stopped, and end after another.
        self.wait_until(|| {
            let since = ended.elapsed();
            since > 2 * latency + LAST_NOTES || (since > latency + LAST_NOTES && self.state.sounding() == 0)
        });
        self.report();
        Ok(if self.interrupted.load(Ordering::Acquire) { INTERRUPTED.into() } else { ExitCode::SUCCESS })
    }

    /// Says what came of it.
    fn report(&self) {
        let restyled = self.status.restyled.load(Ordering::Relaxed);
        let late = self.status.late.load(Ordering::Relaxed);
        let (restyled, dropped) = (count(restyled as usize, "note"), self.state.dropped());
        print!("{restyled} restyled");
        if late > 0 {
            print!(", {late} left with their own velocity because the prediction was late");
        }
        if dropped > 0 {
            print!(", {dropped} messages lost because too many came at once");
        }
        println!();
        if let Some(error) = self.status.info().error {
            eprintln!("tonenet-standalone: {error}");
        }
    }

    /// Ends every note. The ports are still there.
    fn end_notes(&self) {
        self.state.finish();
        let started = Instant::now();
        while !self.state.has_finished() && started.elapsed() < LONGEST_END {
            thread::sleep(LOOK);
        }
    }
}
