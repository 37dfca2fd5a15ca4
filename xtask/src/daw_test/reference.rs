//! What the plugin must give, from the engine without a plugin or host.

use anyhow::{Context, Result, ensure};
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::scheduler::{SampleTime, SchedulerConfig, WindowLength};
use tonenet_core::style::{StyleBlend, TakeSeed};
use tonenet_core::transport::Transport;
use tonenet_hosts::Session;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::offline::{PartEvent, Playback, events_from_song, restyle};
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};
use tonenet_inference::restyler::Restyler;
use tonenet_inference::runtime::{Runtime, RuntimePreference};

use super::{BLOCK, SAMPLE_RATE};
use crate::evaluate::model_folder;
use crate::workspace;

/// The plugin's defaults: its first model, jazz, a beat of look-ahead.
const MODEL: &str = "note";
const STYLE: Genre = Genre::Jazz;

/// The look-ahead of an instance that has seen the song's tempo.
pub fn look_ahead(song: &Song) -> SchedulerConfig {
    // The plugin keeps the tempo in thousandths.
    let tempo = (song.tempo().beats_per_minute_at(0.0) * 1000.0).round() / 1000.0;
    SchedulerConfig::window(WindowLength::OneBeat, tempo, SAMPLE_RATE)
}

fn model() -> Result<LoadedModel> {
    let library = workspace::root().join("third_party/onnxruntime/libonnxruntime.so");
    let (runtime, report) = Runtime::open(RuntimePreference::OnnxRuntime, &library::candidates(Some(&library)));
    ensure!(report.library.is_some(), "ONNX Runtime does not load: {}", report.notes.join("; "));
    Ok(LoadedModel::load(&runtime, &ModelFiles::from_dir(&model_folder(MODEL)?)?)?)
}

/// What the song's file restyled as a whole has, in the order of its notes.
pub fn whole_take(song: &Song) -> Result<Vec<u8>> {
    let notes: Vec<Note> = song.notes().iter().map(|n| n.note).collect();
    let pedals = song.pedal_movements();
    let take = PerformanceView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level: None };
    let restyling = RestyleSettings {
        style: StyleBlend::only(STYLE),
        played_in: None,
        take: TakeSeed(0),
        expression: Expression::default(),
        look_ahead: LookAhead::WholePerformance,
    };
    restyling.velocities(&model()?, &take).context("the model fails on the piece")
}

/// The velocities that the plugin must give in Ardour, in the order of the song's notes.
///
/// Ardour compensates a latency by starting early: whole blocks before the song, at positions before its start. The
/// plugin counts its hops from there, so they lie some samples beside those of a host that starts with the song, and
/// what a note's network knows differs by as much.
pub fn velocities(song: &Song) -> Result<Vec<u8>> {
    let model = model()?;
    let session = Session::from_song(song, SAMPLE_RATE);
    let look_ahead = look_ahead(song);
    let early = u64::from(look_ahead.latency.next_multiple_of(BLOCK));
    let (style, take) = (StyleBlend::only(STYLE), TakeSeed(0));
    let playback = Playback { sample_rate: SAMPLE_RATE, look_ahead, block: BLOCK, style, take };
    let transport = |time: SampleTime| {
        let (_, tempo) = session.position_at(time.saturating_sub(early));
        let seconds = (time as f64 - early as f64) / SAMPLE_RATE;
        let beats = song.tempo().beats_at(seconds);
        Transport { playing: true, tempo: Some(tempo), beats: Some(beats), ..Default::default() }
    };
    let part: Vec<PartEvent> =
        events_from_song(song, SAMPLE_RATE).into_iter().map(|e| PartEvent { time: e.time + early, ..e }).collect();
    let mut restyler = Restyler::new(model.live_model(SAMPLE_RATE));
    let expected = restyle(&mut restyler, &part, &playback, transport).context("the model fails on the piece")?;
    // The part's note-ons stand in the order of the file, the song's notes by onset.
    let mut velocities: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
    for (note, expected) in session.messages.iter().filter_map(|m| m.note).zip(expected) {
        if let Some(expected) = expected {
            velocities[note] = Expression::default().velocity(velocities[note], expected);
        }
    }
    Ok(velocities)
}
