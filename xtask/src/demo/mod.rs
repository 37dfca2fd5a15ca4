//! `cargo xtask demo`: plays a piece through the built plugin in a headless host and plots its velocities.
//!
//! It also checks that the plugin changed nothing but velocities.

pub mod piece;
mod plot;
mod render;

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tonenet_core::genre::Genre;
use tonenet_core::midi::{MidiMessage, Song, SongPart};
use tonenet_files::midi_files::read_song;
use tonenet_files::outputs::Inputs;
use tonenet_hosts::clap::ClapHost;
use tonenet_hosts::{Host, Session, check};

use crate::bundle;
use crate::cli::DemoArgs;
use crate::workspace;
use render::Renderer;

/// The piece that is played when none is named, from the workspace's root; [`piece`] is its source.
pub const DEFAULT_PIECE: &str = "assets/demo/bach-prelude-bwv-846.mid";

const SAMPLE_RATE: f64 = 48_000.0;

/// Percentage of restylable notes that must change at Amount 100 %, and the fewest notes for which this is checked.
const MUST_CHANGE: f64 = 85.0;
const FEWEST_NOTES: usize = 50;

/// `cargo xtask demo`.
pub fn run(args: &DemoArgs) -> Result<()> {
    // Bad input is reported before minutes of building.
    let (input, song) = match &args.input {
        Some(path) => (path.clone(), read_song(path)?),
        None => (workspace::root().join(DEFAULT_PIECE), Song::parse(piece::prelude()?)?),
    };
    let parts: Vec<SongPart> = song.parts().into_iter().filter(|part| has_piano_notes(&song, part)).collect();
    if parts.is_empty() {
        bail!(
            "{} holds no keyboard's notes (programs 1 to 8, A0 to C8, not on channel 10); choose one with a piano part",
            input.display()
        );
    }
    let folder = args.output.clone().unwrap_or_else(|| workspace::root().join("target/demo"));
    let name = input.file_stem().map_or_else(|| "piece".into(), |s| s.to_string_lossy().into_owned());
    let mut outputs = Inputs::default().files([&input]).outputs();
    let midi = outputs.file(&folder.join(format!("{name}-{}.mid", args.style)))?;
    let png = outputs.file(&folder.join(format!("{name}-{}.png", args.style)))?;
    let wavs = match args.render {
        true => Some((
            outputs.file(&folder.join(format!("{name}.wav")))?,
            outputs.file(&folder.join(format!("{name}-{}.wav", args.style)))?,
            Renderer::open(&render::choose(args.soundfont.as_deref())?)?,
        )),
        false => None,
    };
    let bundles = bundle::for_demo()?;

    println!("playing {} through {}", input.display(), bundles.clap().display());
    let restyled = play_parts(&bundles.clap(), &song, &parts, args)?;
    let bytes = song.with_velocities(&restyled.velocities)?;
    prove_only_velocities_changed(&song, &bytes)?;
    let changes = Changes::new(&song, &parts, &restyled.velocities);
    if args.amount == 100 && changes.pairs.len() >= FEWEST_NOTES && changes.share() < MUST_CHANGE {
        bail!(
            "only {:.1} % of the {} restylable notes have a new velocity, at least {MUST_CHANGE} % should ({} late, by \
             {}); this is a bug, and no file was written",
            changes.share(),
            changes.pairs.len(),
            restyled.late,
            restyled.runtime
        );
    }

    midi.write(&bytes)?;
    png.make(|path| plot::velocities(path, &song, &restyled.velocities, args.style).map_err(anyhow::Error::from))?;
    report(&song, &changes, &restyled, args);
    println!("restyled    {}", midi.name().display());
    println!("picture     {}", png.name().display());
    if let Some((wav_before, wav_after, renderer)) = wavs {
        let (mut before, mut after) = (renderer.render(song.bytes())?, renderer.render(&bytes)?);
        render::scale_together(&mut [&mut before, &mut after]);
        for (wav, sound) in [(&wav_before, &before), (&wav_after, &after)] {
            wav.make(|path| sound.write(path).map_err(anyhow::Error::from))?;
            println!("sound       {}", wav.name().display());
        }
    }
    Ok(())
}

#[derive(Clone)]
struct Restyled {
    velocities: Vec<u8>,
    latency: u32,
    late: u64,
    runtime: String,
}

/// Whether a part is restyled and has notes that can be.
fn has_piano_notes(song: &Song, part: &SongPart) -> bool {
    part.is_restylable() && part.notes.iter().any(|&place| song.notes()[place].note.is_restylable())
}

/// Plays each part of a song through its own instance, as if each had its track in a DAW.
fn play_parts(bundle: &Path, song: &Song, parts: &[SongPart], args: &DemoArgs) -> Result<Restyled> {
    let own: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
    let mut all: Option<Restyled> = None;
    for part in parts {
        println!("{part}");
        let (session, places) = part_session(song, part);
        let restyled = play(bundle, &session, args.style, f64::from(args.amount) / 100.0)?;
        let untouched = play(bundle, &session, args.style, 0.0)?;
        if !untouched.velocities.iter().copied().eq(places.iter().map(|&place| own[place])) {
            bail!("at Amount 0 % the plugin changed velocities; this is a bug");
        }
        let all = all.get_or_insert_with(|| Restyled { velocities: own.clone(), late: 0, ..restyled.clone() });
        all.late += restyled.late;
        for (place, velocity) in places.into_iter().zip(restyled.velocities) {
            if part.notes.binary_search(&place).is_ok() {
                all.velocities[place] = velocity;
            }
        }
    }
    all.context("the song has no part that is restyled; this is a bug")
}

/// A session of a part's tracks and channels, and the indices of its notes in the song.
fn part_session(song: &Song, part: &SongPart) -> (Session, Vec<usize>) {
    let voices: BTreeSet<(usize, u8)> =
        part.notes.iter().map(|&place| (song.notes()[place].track, song.notes()[place].note.channel)).collect();
    let mut session = Session::from_song(song, SAMPLE_RATE);
    let mut kept = song.messages().iter().map(|m| match m.message {
        MidiMessage::Channel([status, ..]) => voices.contains(&(m.track, status & 0x0F)),
        MidiMessage::SysEx(_) => part.tracks.contains(&m.track),
    });
    session.messages.retain(|_| kept.next().unwrap_or(false));
    let mut places: Vec<usize> = session.messages.iter().filter_map(|m| m.note).collect();
    places.sort_unstable();
    for message in &mut session.messages {
        message.note = message.note.and_then(|place| places.binary_search(&place).ok());
    }
    (session, places)
}

/// Plays a part through the plugin and checks every message that comes out.
fn play(bundle: &Path, session: &Session, style: Genre, amount: f64) -> Result<Restyled> {
    let session = session.clone().with_parameter("Style", style.index() as f64).with_parameter("Amount", amount);
    let mut host = ClapHost::load(bundle)?;
    host.enable_report().context("the plugin cannot be asked for a report; this is a bug")?;
    let bar = ProgressBar::new(1).with_style(
        ProgressStyle::with_template("{bar:32} {percent} % of the piece, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let played = host.play(&session, |at, end| {
        bar.set_length(end);
        bar.set_position(at);
    })?;
    bar.finish_and_clear();
    let report = host.report().context("the plugin does not say what it did; this is a bug")?;
    if host.misbehaved() {
        bail!("the plugin or its host broke CLAP's rules; see the messages above");
    }
    let velocities = check::velocities(&session, &played)
        .context("the plugin changed more than velocities; this is a bug, and no file was written")?;
    Ok(Restyled { velocities, latency: played.latency, late: report.late, runtime: report.runtime })
}

/// Reads the file to be written, and checks that only velocity bytes differ.
fn prove_only_velocities_changed(song: &Song, bytes: &[u8]) -> Result<()> {
    let again = Song::parse(bytes.to_vec())?;
    let same_notes = again.notes().len() == song.notes().len()
        && again.notes().iter().zip(song.notes()).all(|(a, b)| {
            let mut a = *a;
            a.note.velocity = b.note.velocity;
            a == *b
        });
    let own: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
    if !same_notes || again.with_velocities(&own)? != song.bytes() {
        bail!("the restyled file would differ in more than velocities; this is a bug, and no file was written");
    }
    Ok(())
}

/// Restylable notes' velocities before and after.
struct Changes {
    pairs: Vec<(u8, u8)>,
}

impl Changes {
    fn new(song: &Song, parts: &[SongPart], after: &[u8]) -> Self {
        let places = parts.iter().flat_map(|part| &part.notes).copied();
        let notes = places.map(|place| (&song.notes()[place].note, after[place]));
        Self {
            pairs: notes.filter(|(note, _)| note.is_restylable()).map(|(note, after)| (note.velocity, after)).collect(),
        }
    }

    fn changed(&self) -> usize {
        self.pairs.iter().filter(|(before, after)| before != after).count()
    }

    /// How many changed, in percent.
    fn share(&self) -> f64 {
        100.0 * self.changed() as f64 / self.pairs.len().max(1) as f64
    }
}

fn report(song: &Song, changes: &Changes, restyled: &Restyled, args: &DemoArgs) {
    let Changes { pairs } = changes;
    let stats = |values: &mut dyn Iterator<Item = u8>| {
        let values: Vec<f64> = values.map(f64::from).collect();
        let n = values.len().max(1) as f64;
        let mean = values.iter().sum::<f64>() / n;
        (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt())
    };
    let (mean_before, spread_before) = stats(&mut pairs.iter().map(|p| p.0));
    let (mean_after, spread_after) = stats(&mut pairs.iter().map(|p| p.1));
    println!();
    println!("style       {} at {} %", args.style.title(), args.amount);
    println!(
        "notes       {} ({} restylable, {} changed: {:.1} %), {} late",
        song.notes().len(),
        pairs.len(),
        changes.changed(),
        changes.share(),
        restyled.late
    );
    println!(
        "latency     {} samples ({:.0} ms), every message exactly that much later, in order",
        restyled.latency,
        f64::from(restyled.latency) * 1000.0 / SAMPLE_RATE
    );
    println!(
        "velocity    before: mean {mean_before:.1}, spread {spread_before:.1}; after: mean {mean_after:.1}, spread {spread_after:.1}"
    );
    println!("runtime     {}", restyled.runtime);
    println!("at 0 %      unchanged, note by note");
}
