//! `cargo xtask daw-test`: the demo piece played through the VST3 in a real DAW.
//!
//! Ardour compensates the plugin's latency, records what it sends, saves, loads and exports, all without a window. Then
//! the piece plays with the plugin's window open. This shows what the test hosts in `tests/` cannot: that a DAW which was not
//! made for the plugin gets the same results.

mod ardour;
mod export;
mod recording;
mod reference;
mod session;
mod window;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tonenet_core::midi::Song;
use tonenet_files::midi_files::read_song;

use crate::bundle::Bundles;
use crate::chroot::{Chroot, User};
use crate::demo::DEFAULT_PIECE;
use crate::setup;
use crate::workspace;
use ardour::{Answers, Ardour, Script};
use recording::Arrival;
use reference::Reference;
use session::{Folder, Setting, TICKS_PER_BEAT};

/// Debian's package of the DAW.
const PACKAGES: [&str; 1] = ["ardour"];
/// Time limit for a script, in addition to its playing time.
const STARTING: Duration = Duration::from_secs(120);
/// How much of the piece is played with the latency ignored, in seconds.
const CONTROL: f64 = 12.0;
/// The speed above which playing counts as faster than real time; [`Speed::Fast`] asks for 10.
const FAST: f64 = 2.0;
/// Silence is below this, in decibels below full scale.
const AUDIBLE: f64 = -40.0;
/// How much later a Swing of 58 % plays off-beat eighths, and how near them it moves notes, in beats.
const SWUNG: f64 = 0.08;
const SWINGS_WITHIN: f64 = 1.0 / 16.0;
/// Attempts for an export.
///
/// Ardour 7.3 without a window corrupts its own heap in about one of four, even with only its own plugins loaded.
const ATTEMPTS: u32 = 6;
/// The same as in `prelude.lua`.
const SAMPLE_RATE: f64 = 48_000.0;
const BLOCK: u32 = 256;

const BUILD: Script = Script { name: "build", text: include_str!("build.lua") };
const PLAY: Script = Script { name: "play", text: include_str!("play.lua") };
const EXPORT: Script = Script { name: "export", text: include_str!("export.lua") };

/// Installs the DAW where it is missing.
///
/// # Errors
/// When apt cannot, or has another version.
pub fn install() -> Result<()> {
    setup::require_packages(&PACKAGES)?;
    ardour::is_installed()
}

/// Cargo's command that builds the reference by itself.
pub fn build() -> Command {
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--package", "tonenet-hosts", "--locked"]);
    cargo
}

/// Runs all of it with the plugin in `bundles`; the DAW must be [installed](install). `build` is cargo's command that
/// builds the reference, without the reference's name.
///
/// # Errors
/// The first check that fails, with the folder that holds its session and logs.
pub fn run(bundles: &Bundles, build: Command) -> Result<()> {
    let piece = workspace::root().join(DEFAULT_PIECE);
    let song = read_song(&piece)?;
    let reference = Reference::compute(build, &piece)?;
    let home = tempfile::Builder::new().prefix("tonenet-daw-").tempdir()?;
    let started = Instant::now();
    let outcome = check(home.path(), &bundles.vst3(), &song, &reference);
    if outcome.is_err() {
        let kept = home.keep();
        return outcome.with_context(|| format!("Ardour's session and logs are in {}", kept.display()));
    }
    println!("all as it should be, in {:.0} s", started.elapsed().as_secs_f64());
    Ok(())
}

/// Plays a piece through a VST3 that is installed in another system, with that system's Ardour.
///
/// # Errors
/// When a note comes at another time, or with another velocity than the engine's.
pub fn play_installed(system: &Chroot, user: User<'static>, bundle: &Path, song: &Song) -> Result<()> {
    let reference = Reference::compute(build(), &workspace::root().join(DEFAULT_PIECE))?;
    let home = system.outside(user.home);
    let daw = Daw::new(Ardour::in_system(system, user, bundle)?, &home, song)?;
    let pass = daw.play(Notes::FromFile, daw.whole(), Latency::Heeded, Speed::RealTime)?;
    let played = check_on_time(song, &pass, reference.latency)?;
    print_row("played by its Ardour", &format!("{played} notes and their offs, all on the tick"));
    print_row("its velocities", &equal_to_engine(&reference.window, &velocities(&pass))?);
    Ok(())
}

fn check(home: &Path, bundle: &Path, song: &Song, reference: &Reference) -> Result<()> {
    let daw = Daw::new(Ardour::with_plugin(home, bundle)?, home, song)?;

    let first = daw.play(Notes::FromFile, daw.whole(), Latency::Heeded, Speed::RealTime)?;
    let expected = reference.latency;
    let played = check_on_time(song, &first, expected)?;
    let latency = first.latency;
    print_row(
        "played and recorded",
        &format!("{played} notes and their offs, all on the tick; latency {latency} samples"),
    );
    let first = velocities(&first);
    print_row("its velocities", &equal_to_engine(&reference.window, &first)?);

    let again = daw.play(Notes::InSession, daw.whole(), Latency::Heeded, Speed::Fast)?;
    let played = check_on_time(song, &again, expected)?;
    let speed = daw.whole() as f64 / SAMPLE_RATE / again.seconds;
    ensure!(speed > FAST, "Ardour played no faster than {speed:.1} times real time");
    print_row(
        "saved, loaded, played",
        &format!("{played} notes and their offs, all on the tick; {speed:.1} times as fast as real time"),
    );
    let again = velocities(&again);
    ensure!(again == first, "after loading, {} velocities are others", differing(&first, &again));
    print_row("its velocities", "as before, every one");

    let exports = [daw.export("first")?, daw.export("second")?];
    for export in &exports {
        let peak = export::peak(&export.samples);
        ensure!(peak > AUDIBLE, "the export is silent (peak {peak:.1} dB)");
        let speed = daw.whole() as f64 / SAMPLE_RATE / export.seconds;
        print_row("exported", &format!("peak {peak:.1} dB, {speed:.1} times as fast as real time"));
    }
    if let Some(at) = export::first_difference(&exports[0].samples, &exports[1].samples) {
        bail!("the exports differ from sample {at} on (left and right in turn)");
    }
    print_row("exported twice", &format!("the same, in all {} samples", exports[0].samples.len()));

    check_swing(&daw, song, reference)?;
    // From here on the session ignores the latency.
    let control = daw.play(Notes::InSession, (CONTROL * SAMPLE_RATE) as u64, Latency::Ignored, Speed::RealTime)?;
    print_row("control: latency ignored", &check_late_by_latency(song, &control, latency)?);
    check_timeline(&daw, song, reference)?;
    let picture = window::check(&daw.ardour, daw.home, &daw.folder)?;
    print_row("its window in Ardour", &format!("open and drawn while the piece plays: {}", picture.display()));
    Ok(())
}

/// Checks a set swing: the off-beat eighths come later by the same part of a beat, and no other note moves.
fn check_swing(daw: &Daw<'_>, song: &Song, reference: &Reference) -> Result<()> {
    daw.folder.change(Setting::SWING)?;
    let pass = daw.play(Notes::InSession, daw.whole(), Latency::Heeded, Speed::Fast)?;
    ensure!(pass.latency == reference.latency, "with Swing the plugin reports {} samples", pass.latency);
    let near = |beats: f64, expected: f64| (beats - expected).abs() <= 1.5 / TICKS_PER_BEAT as f64;
    let mut swung = 0;
    for (place, (written, came)) in song.notes().iter().zip(&pass.notes).enumerate() {
        let Some(came) = came else { bail!("with Swing, note {place} was not recorded") };
        let phase = (written.note.onset_sixteenths / 4.0).fract();
        let later = if (phase - 0.5).abs() < SWINGS_WITHIN { SWUNG } else { 0.0 };
        // An off goes with the chord before it, so that what is tied stays tied.
        let with_chord = [0.0, SWUNG].into_iter().any(|later| near(came.release_late, later));
        if !near(came.onset_late, later) || !with_chord {
            bail!("with Swing, note {place} at {phase} of a beat came {came:?}, in beats, instead of {later} later");
        }
        swung += usize::from(later > 0.0);
    }
    print_row(
        "Swing set to 58 %",
        &format!("{swung} of {} notes came {SWUNG} of a beat later, on the tick", pass.notes.len()),
    );
    ensure!(swung > 0, "the piece has no off-beat eighths");
    print_row("its velocities", &equal_to_engine(&reference.window, &velocities(&pass))?);
    daw.folder.change(Setting::STYLES_SWING)
}

/// Checks Timeline: a pass is saved in the session, and the next ones get the whole performance's velocities.
fn check_timeline(daw: &Daw<'_>, song: &Song, reference: &Reference) -> Result<()> {
    daw.folder.change(Setting::TIMELINE)?;
    let mut passes = Vec::new();
    for what in ["Timeline, first pass", "loaded, second pass", "loaded, third pass"] {
        let pass = daw.play(Notes::InSession, daw.whole(), Latency::Heeded, Speed::Fast)?;
        let played = check_on_time(song, &pass, 0)?;
        print_row(what, &format!("{played} notes and their offs, all on the tick; latency 0"));
        passes.push(velocities(&pass));
    }
    print_row("its velocities", &equal_to_whole(&reference.whole, &passes[1])?);
    ensure!(passes[2] == passes[1], "the third pass has {} other velocities", differing(&passes[1], &passes[2]));
    print_row("those of the third", "as in the second, every one");
    Ok(())
}

/// Prints a line of the table.
fn print_row(what: &str, found: &str) {
    println!("{what:<26}{found}");
}

/// Where the piece's notes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notes {
    /// They are written into the session first.
    FromFile,
    /// They were saved with the session.
    InSession,
}

/// How Ardour uses the latency that the plugin reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Latency {
    Heeded,
    /// As if it were not reported.
    Ignored,
}

/// How fast Ardour's engine without hardware runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speed {
    RealTime,
    /// Up to ten times that, as fast as the machine can. The plugin has to detect it.
    Fast,
}

/// A recording by Ardour.
struct Recording {
    /// The latency that the plugin reported, in samples.
    latency: i64,
    /// How long the playing took.
    seconds: f64,
    /// The piece's notes as they came out.
    notes: Vec<Option<Arrival>>,
}

/// An export by Ardour.
struct Export {
    samples: Vec<f32>,
    /// How long that took.
    seconds: f64,
}

/// Ardour with the session.
struct Daw<'a> {
    ardour: Ardour,
    folder: Folder,
    song: &'a Song,
    home: &'a Path,
}

impl<'a> Daw<'a> {
    fn new(ardour: Ardour, home: &'a Path, song: &'a Song) -> Result<Self> {
        export::install_format(home)?;
        let folder = Folder::in_home(home);
        let daw = Self { ardour, folder, song, home };
        let tempo = song.tempo().beats_per_minute_at(0.0);
        ensure!(song.tempo().changes().count() == 1, "the session has one tempo, the piece more");
        daw.run(&BUILD, &[tempo.to_string()], 0)?;
        let end = song.notes().iter().map(|n| n.release_tick).max().context("the piece has notes")?;
        daw.folder.add_region(session::in_ticks(song, end)? + TICKS_PER_BEAT)?;
        fs::write(daw.notes(), session::notes(song)?)?;
        Ok(daw)
    }

    /// Samples to the end of the piece, plus one second.
    fn whole(&self) -> u64 {
        ((self.song.duration() + 1.0) * SAMPLE_RATE) as u64
    }

    fn notes(&self) -> PathBuf {
        self.home.join("notes")
    }

    /// Runs a script on the session that plays so many samples.
    fn run(&self, script: &Script, arguments: &[String], samples: u64) -> Result<Answers> {
        let folder = self.ardour.seen(self.folder.path()).display().to_string();
        let limit = STARTING + Duration::from_secs_f64(2.0 * samples as f64 / SAMPLE_RATE);
        self.ardour.run(script, &[&[folder], arguments].concat(), limit)
    }

    fn play(&self, notes: Notes, samples: u64, latency: Latency, speed: Speed) -> Result<Recording> {
        let notes = match notes {
            Notes::FromFile => self.ardour.seen(&self.notes()).display().to_string(),
            Notes::InSession => "-".into(),
        };
        let latency = if latency == Latency::Heeded { "heed" } else { "ignore" };
        // As Ardour calls them.
        let speed = if speed == Speed::RealTime { "Normal Speed" } else { "10x Speed" };
        let answers = self.run(&PLAY, &[notes, samples.to_string(), latency.into(), speed.into()], samples)?;
        ensure!(answers.number("position")? == 0, "Ardour's take does not begin at the start of the session");
        let recorded = read_song(&self.folder.recording(answers.word("take")?))?;
        Ok(Recording {
            latency: answers.number("latency")?,
            seconds: answers.seconds("seconds")?,
            notes: recording::arrivals(self.song, &recorded)?,
        })
    }

    /// Exports the piece.
    fn export(&self, name: &str) -> Result<Export> {
        let folder = self.home.join("exports");
        let arguments = [self.whole().to_string(), self.ardour.seen(&folder).display().to_string(), name.to_owned()];
        let mut attempts = 1;
        let seconds = loop {
            match self.run(&EXPORT, &arguments, self.whole()) {
                Ok(answers) => break answers.seconds("export")?,
                Err(error) if attempts < ATTEMPTS => {
                    eprintln!("once more ({attempts} of {ATTEMPTS} failed): {error:#}")
                }
                Err(error) => return Err(error),
            }
            attempts += 1;
        };
        Ok(Export { samples: export::samples(&folder.join(format!("{name}.wav")))?, seconds })
    }
}

/// Checks that the plugin reports a latency, and that all notes began and ended where written; returns their number.
fn check_on_time(song: &Song, recording: &Recording, latency: i64) -> Result<usize> {
    ensure!(recording.latency == latency, "the plugin reports {} samples, not {latency}", recording.latency);
    for (place, (written, came)) in song.notes().iter().zip(&recording.notes).enumerate() {
        let (key, tick) = (written.note.key, written.onset_tick);
        let Some(came) = came else { bail!("note {place} (key {key} at tick {tick}) was not recorded") };
        if came.onset_late != 0.0 || came.release_late != 0.0 {
            bail!("note {place} (key {key} at tick {tick}) came {came:?}, in beats");
        }
    }
    Ok(recording.notes.len())
}

fn velocities(recording: &Recording) -> Vec<u8> {
    recording.notes.iter().flatten().map(|came| came.velocity).collect()
}

/// Checks that velocities equal the engine's.
fn equal_to_engine(engine: &[u8], recorded: &[u8]) -> Result<String> {
    let most = largest_difference(engine, recorded)?;
    let differing = differing(engine, recorded);
    ensure!(differing == 0, "{differing} of {} velocities are not the engine's, by up to {most}", recorded.len());
    Ok(format!("all {} as the engine's without a plugin or host", recorded.len()))
}

/// Checks that velocities equal those of the piece restyled as a whole.
///
/// Ardour rounds positions, so a predicted velocity may round the other way.
fn equal_to_whole(whole: &[u8], recorded: &[u8]) -> Result<String> {
    let most = largest_difference(whole, recorded)?;
    let differing = differing(whole, recorded);
    ensure!(most <= 1, "{differing} of {} velocities are not the whole take's, by up to {most}", recorded.len());
    Ok(format!("as the file's restyled as a whole; {differing} of {} are a step off", recorded.len()))
}

/// The largest difference between the two velocities of a note.
fn largest_difference(expected: &[u8], recorded: &[u8]) -> Result<u8> {
    let (notes, came) = (expected.len(), recorded.len());
    ensure!(notes == came, "{came} notes were recorded where {notes} are in the piece");
    expected.iter().zip(recorded).map(|(a, b)| a.abs_diff(*b)).max().context("the piece has no notes")
}

fn differing(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

/// Checks that notes came exactly one latency late, to a tick of Ardour's.
fn check_late_by_latency(song: &Song, recording: &Recording, latency: i64) -> Result<String> {
    let beats = latency as f64 / SAMPLE_RATE * song.tempo().beats_per_minute_at(0.0) / 60.0;
    let came: Vec<f64> = recording.notes.iter().flatten().map(|came| came.onset_late).collect();
    ensure!(!came.is_empty(), "no note was recorded while the latency was ignored");
    let largest_difference = came.iter().map(|late| (late - beats).abs()).fold(0.0, f64::max);
    ensure!(
        largest_difference <= 1.0 / TICKS_PER_BEAT as f64,
        "with the latency ignored, notes should be {beats:.4} beats late and are up to {largest_difference:.4} beats off that"
    );
    Ok(format!("{} notes, all {beats:.4} beats late: its latency", came.len()))
}
