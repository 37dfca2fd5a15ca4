//! What the plugin must give, from the engine without a plugin or host.

use anyhow::{Context, Result, ensure};
use rayon::prelude::*;
use tonenet_core::dynamics::Expression;
use tonenet_core::genre::Genre;
use tonenet_core::midi::Song;
use tonenet_core::scheduler::{Asking, LookAhead, SampleTime, WindowLength};
use tonenet_core::style::{StyleBlend, Take};
use tonenet_core::transport::Transport;
use tonenet_hosts::Session;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::offline::{PartEvent, Playback, part_of, restyle};
use tonenet_inference::restyler::Restyler;
use tonenet_inference::runtime::{Runtime, RuntimePreference};
use tonenet_inference::take::LoadedModel;

use super::{BLOCK, SAMPLE_RATE};
use crate::evaluate::model_folder;
use crate::workspace;

/// The plugin's defaults: its first model, jazz, a beat of look-ahead.
const MODEL: &str = "note";
const STYLE: Genre = Genre::Jazz;

/// The look-ahead of an instance that has seen the song's tempo.
pub fn look_ahead(song: &Song) -> LookAhead {
    // The plugin keeps the tempo in thousandths.
    let tempo = (song.tempo().beats_per_minute_at(0.0) * 1000.0).round() / 1000.0;
    LookAhead::window(WindowLength::OneBeat, tempo, SAMPLE_RATE)
}

/// The velocities for every lead of whole blocks within a hop, with the lead in samples.
///
/// The plugin asks its model once a hop, counted from its activation, which a host may do any time before it plays. So
/// what a note's network knows depends, within a hop, on the lead: the samples from the activation to the song's start.
pub fn velocities_by_lead(song: &Song) -> Result<Vec<(u64, Vec<u8>)>> {
    let library = workspace::root().join("third_party/onnxruntime/libonnxruntime.so");
    let (runtime, report) = Runtime::open(RuntimePreference::OnnxRuntime, &library::candidates(Some(&library)));
    ensure!(report.library.is_some(), "ONNX Runtime does not load: {}", report.notes.join("; "));
    let model = LoadedModel::load(&runtime, &ModelFiles::from_dir(&model_folder(MODEL)?)?)?;
    let look_ahead = look_ahead(song);
    let Asking::EveryHop(hop) = look_ahead.asking else { anyhow::bail!("a window is asked about hop by hop") };
    let leads: Vec<u64> = (0..u64::from(hop)).step_by(BLOCK as usize).collect();
    leads.par_iter().map(|&lead| Ok((lead, velocities(&model, song, look_ahead, lead)?))).collect()
}

fn velocities(model: &LoadedModel, song: &Song, look_ahead: LookAhead, lead: SampleTime) -> Result<Vec<u8>> {
    let session = Session::of_song(song, SAMPLE_RATE);
    let (style, take) = (StyleBlend::only(STYLE), Take(0));
    let playback = Playback { sample_rate: SAMPLE_RATE, look_ahead, block: BLOCK, style, take };
    let transport = |time: SampleTime| {
        let at = time.saturating_sub(lead);
        let (beats, tempo) = session.transport(at);
        Transport { playing: time >= lead, tempo: Some(tempo), beats: Some(beats), loop_start_beats: None }
    };
    let part: Vec<PartEvent> =
        part_of(song, SAMPLE_RATE).into_iter().map(|e| PartEvent { time: e.time + lead, ..e }).collect();
    let mut restyler = Restyler::new(model.listener(SAMPLE_RATE));
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
