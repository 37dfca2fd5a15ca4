//! Prints what the plugin must give for a MIDI file in a DAW, computed without plugin or host; `cargo xtask daw-test`
//! compares with it.
//!
//! It takes the file, the sample rate, the block size, the model's folder and the ONNX Runtime library. It prints three
//! lines: `latency` and the samples, `window` and `take` and a velocity for each note, in Window mode and with the whole
//! performance known.

use std::error::Error;
use std::path::Path;

use tonenet_core::dynamics::Expression;
use tonenet_core::grid::Grid;
use tonenet_core::midi::Song;
use tonenet_core::note::Note;
use tonenet_core::scheduler::{SampleTime, SchedulerConfig, WindowLength};
use tonenet_core::style::{StyleBlend, StyleIndex, TakeSeed};
use tonenet_core::transport::Transport;
use tonenet_hosts::Session;
use tonenet_inference::bundle::ModelFiles;
use tonenet_inference::library;
use tonenet_inference::offline::{PartEvent, Playback, events_from_song, restyle};
use tonenet_inference::performance::{LoadedModel, LookAhead, PerformanceView, RestyleSettings};
use tonenet_inference::restyler::Restyler;
use tonenet_inference::runtime::{Runtime, RuntimePreference};

/// The plugin's default style.
const STYLE: StyleIndex = StyleIndex::JAZZ;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, sample_rate, block, model, library] = arguments.as_slice() else {
        return Err("give FILE.mid SAMPLE_RATE BLOCK MODEL_FOLDER ONNXRUNTIME_LIBRARY".into());
    };
    let song = Song::parse(std::fs::read(file)?)?;
    let reference = Reference {
        model: load(Path::new(model), Path::new(library))?,
        sample_rate: sample_rate.parse()?,
        block: block.parse()?,
    };
    println!("latency {}", reference.look_ahead(&song).latency);
    print("window", &reference.velocities(&song)?);
    print("take", &reference.whole_take(&song)?);
    Ok(())
}

fn print(name: &str, velocities: &[u8]) {
    let words: Vec<String> = velocities.iter().map(u8::to_string).collect();
    println!("{name} {}", words.join(" "));
}

fn load(folder: &Path, library: &Path) -> Outcome<LoadedModel> {
    let (runtime, report) = Runtime::open(RuntimePreference::OnnxRuntime, &library::candidates(Some(library)));
    if report.library.is_none() {
        return Err(format!("ONNX Runtime does not load: {}", report.notes.join("; ")).into());
    }
    Ok(LoadedModel::load(&runtime, &ModelFiles::from_dir(folder)?)?)
}

/// What computes the velocities, at the DAW's sample rate and block size.
struct Reference {
    model: LoadedModel,
    sample_rate: f64,
    block: u32,
}

impl Reference {
    /// The look-ahead of an instance that has seen the song's tempo.
    fn look_ahead(&self, song: &Song) -> SchedulerConfig {
        // The plugin keeps the tempo in thousandths.
        let tempo = (song.tempo().beats_per_minute_at(0.0) * 1000.0).round() / 1000.0;
        SchedulerConfig::window(WindowLength::OneBeat, tempo, self.sample_rate)
    }

    /// What the song's file restyled as a whole has, in the order of its notes.
    fn whole_take(&self, song: &Song) -> Outcome<Vec<u8>> {
        let notes: Vec<Note> = song.notes().iter().map(|n| n.note).collect();
        let pedals = song.pedal_movements();
        let take = PerformanceView { notes: &notes, pedals: &pedals, grid: Grid::Sixteenths, player_level: None };
        let restyling = RestyleSettings {
            style: StyleBlend::only(STYLE),
            source_style: None,
            take: TakeSeed(0),
            expression: Expression::default(),
            look_ahead: LookAhead::WholePerformance,
        };
        Ok(restyling.velocities(&self.model, &take)?)
    }

    /// The velocities that the plugin must give in Ardour, in the order of the song's notes.
    ///
    /// Ardour compensates a latency by starting early: whole blocks before the song, at positions before its start. The
    /// plugin counts its hops from there, so they lie some samples beside those of a host that starts with the song, and
    /// what a note's network knows differs by as much.
    fn velocities(&self, song: &Song) -> Outcome<Vec<u8>> {
        let session = Session::from_song(song, self.sample_rate);
        let look_ahead = self.look_ahead(song);
        let early = u64::from(look_ahead.latency.next_multiple_of(self.block));
        let (style, take) = (StyleBlend::only(STYLE), TakeSeed(0));
        let playback = Playback { sample_rate: self.sample_rate, look_ahead, block: self.block, style, take };
        let transport = |time: SampleTime| {
            let (_, tempo) = session.position_at(time.saturating_sub(early));
            let seconds = (time as f64 - early as f64) / self.sample_rate;
            let beats = song.tempo().beats_at(seconds);
            Transport { playing: true, tempo: Some(tempo), beats: Some(beats), ..Default::default() }
        };
        let part: Vec<PartEvent> = events_from_song(song, self.sample_rate)
            .into_iter()
            .map(|e| PartEvent { time: e.time + early, ..e })
            .collect();
        let mut restyler = Restyler::new(self.model.live_model(self.sample_rate));
        let expected = restyle(&mut restyler, &part, &playback, transport)?;
        // The part's note-ons stand in the order of the file, the song's notes by onset.
        let mut velocities: Vec<u8> = song.notes().iter().map(|n| n.note.velocity).collect();
        for (note, expected) in session.messages.iter().filter_map(|m| m.note).zip(expected) {
            if let Some(expected) = expected {
                velocities[note] = Expression::default().velocity(velocities[note], expected);
            }
        }
        Ok(velocities)
    }
}
